"""What the tests share: toy encoders, a small space, and the way to the shared data."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from knnife import Space
from tests.toys import Letters

os.environ["KNNIFE_CACHE"] = "off"  # no test writes into the home of whoever runs it
DATA = Path(__file__).resolve().parents[1] / ".." / "shared" / "data"

WORDS = {"cab": "cab", "bad": "bad", "dad": "dad", "face": "face", "egg": "egg", "high": "high"}


@pytest.fixture
def letters() -> Letters:
    return Letters()


@pytest.fixture
def words(tmp_path: Path, letters: Letters):
    """A space of six short words, encoded by their letters."""
    with Space.open(tmp_path / "words.knnife", letters) as space:
        space.add([{"id": id, "text": text, "size": len(text)} for id, text in WORDS.items()])
        yield space


def shared(name: str) -> Path:
    """A file of the shared data; skips the test where it is missing."""
    path = DATA / name
    if not path.exists():
        pytest.skip(f"the shared data set {name} is not here")
    return path
