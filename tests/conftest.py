"""What the tests share: toy encoders, a small space, and the way to the shared data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from knnife import Space
from tests.toys import Letters

# The same examples in every run, so that what makes a test fail is a change; `make nightly` looks for others. None is
# timed: how long it takes says more about what else the machine does.
UNTIMED: dict[str, Any] = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("same", derandomize=True, **UNTIMED)
settings.register_profile("new", **UNTIMED)
settings.load_profile("same")

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
