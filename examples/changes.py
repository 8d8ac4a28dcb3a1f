"""What would another encoder change? Makes a view beside the one that answers, compares, and decides."""

from __future__ import annotations

import tempfile
from pathlib import Path

import knnife
from knnife.encoders.static import StaticEncoder, english_folder

TEXTS = ["a heist goes wrong", "robbers in a bank", "love at a station", "a rat who cooks", "the crew of a space ship"]
QUERIES = ["thieves", "romance", "kitchen", "astronauts"]
ENOUGH = 0.8


def main() -> None:
    small = StaticEncoder.load(english_folder(), name="small", dim=32)
    with tempfile.TemporaryDirectory() as folder, knnife.Space.open(Path(folder) / "films.knnife") as films:
        films.add(TEXTS)
        films.reencode(small, switch=False)  # the old view goes on answering
        found = knnife.changes(films, QUERIES, before="english", after="small", k=3)
        for row in found.rows():
            print(f"{row['rbo']:.2f}  {row['query']}")
        if found.summary()["rbo"] >= ENOUGH:
            films.use("small")
        print("answering now:", films.encoder.name)


if __name__ == "__main__":
    main()
