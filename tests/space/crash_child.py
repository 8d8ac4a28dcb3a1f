"""Adds things to a space and says what was committed, until somebody kills it. Run by test_crash.py."""

from __future__ import annotations

from pathlib import Path

from tests.toys import Letters

from knnife import Space, Thing
from knnife.space import batching

COUNT = 1_000


def things() -> list[Thing]:
    """Texts with metadata, some of them parts of a whole."""
    return [
        Thing(
            f"thing {i}",
            f"abc {i} deed cafe {'h' * (i % 13)}",
            {"i": i, "even": i % 2 == 0},
            f"document {i // 10}" if i % 2 else None,
        )
        for i in range(COUNT)
    ]


def main(path: str) -> None:
    batching.SMALLEST_BATCH = batching.LARGEST_BATCH = 40
    with Space.open(Path(path), Letters()) as space:
        space.add(things(), progress=lambda done, _: print(done, flush=True))
