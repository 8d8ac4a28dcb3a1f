"""Lets a reader read a space, a few things a transaction, until somebody kills it. Run by test_reader.py."""

from __future__ import annotations

from pathlib import Path

from tests.space.test_reader import Slow

from knnife import Space
from knnife.space import reencoding


def main(path: str) -> None:
    reencoding.READ_TOGETHER = 1
    with Space.open(Path(path)) as space:
        space.read_ahead(Slow(), progress=lambda done, _: print(done, flush=True))
