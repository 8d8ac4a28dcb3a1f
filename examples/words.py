"""What do words mean, by the company they keep? Learns from Python's own documentation, asks, and makes a space."""

from __future__ import annotations

import tempfile
from pathlib import Path

import knnife

MODULES = ("json", "csv", "socket", "threading", "datetime", "pathlib", "random", "statistics", "subprocess", "asyncio")


def main() -> None:
    texts = [thing.value for name in MODULES for thing in knnife.read(f"python:{name}") if thing.value]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "python.vectors"
        knnife.WordVectors.train(texts, dim=50, epochs=20, min_count=5, threads=1).save(path)
        words = knnife.WordVectors.load(path)  # opened in an instant, however large it is
        print(f"{len(words):,} words; the most frequent: {' '.join(words.words[:8])}")
        for word in ("file", "thread", "date"):
            print(f"near {word!r}: {' '.join(words.near(word, k=5).words[0])}")
        print("file and path, date:", *(f"{score:.2f}" for score in words.similarity("file", ["path", "date"])))
        print("does not belong:", words.odd_one_out(["year", "month", "day", "socket"]).word)
        try:
            words["thraed"]
        except knnife.NotFound as error:
            print(error)
        with knnife.Space.open(Path(folder) / "words.knnife", words) as space:
            space.add(words.things())  # every word is a thing: near, search, clusters, duplicates, outliers
            print("near a text:", " ".join(space.near("wait for a running thread", k=5).ids[0]))


if __name__ == "__main__":
    main()
