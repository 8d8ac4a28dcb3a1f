"""Are 64 dimensions enough for the documentation of Python? Nobody labelled it, so titles have to find their texts."""

from __future__ import annotations

import knnife
from knnife.encoders.static import StaticEncoder, english_folder

PACKAGES = ["json", "csv", "pathlib", "zipfile", "logging", "argparse", "random", "statistics"]


def main() -> None:
    things = [thing for package in PACKAGES for thing in knnife.read(f"python:{package}")]
    short = StaticEncoder.load(english_folder(), name="english, 64 dimensions", dim=64)
    found = knnife.evaluate(things, ["english", short])
    for row in found.rows():
        print(f"{row['encoder']:22} {found.main} {row[found.main]:.3f} ({row['low']:.3f} to {row['high']:.3f})")
    print(*found.verdict, *found.notes, sep="\n")


if __name__ == "__main__":
    main()
