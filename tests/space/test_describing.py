"""What a space says of itself: how its index stands, and what is wrong with its file."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import pytest

from knnife import Space, Thing
from knnife.space.index import index

N, DIM = 1_500, 16


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A space that is large enough for an index beside it, which is not made yet."""
    monkeypatch.setattr(index, "EXACT_NUMBERS", 500 * DIM)
    with Space.open(tmp_path / "s.knnife") as space:
        space.add([Thing(str(i), None) for i in range(N)], np.random.default_rng(0).normal(size=(N, DIM)))
    return tmp_path / "s.knnife"


def standing(path: Path) -> str:
    with Space.open(path) as space:
        return space.info().views[0].index_file


def test_how_the_index_stands_to_the_file(path: Path) -> None:
    assert standing(path) == "none"
    with Space.open(path) as space:
        space.index()
    assert standing(path) == "current"
    with Space.open(path) as space:
        space.remove("7")
    assert standing(path) == "behind"
    index_file = path.with_name(path.name + "-index1")
    index_file.write_bytes(index_file.read_bytes()[:-100])
    assert standing(path) == "outdated"


@pytest.mark.parametrize(
    ("sql", "fault"),
    [
        ("DELETE FROM vectors_1 WHERE pos < 4", "view vectors: 3 things have no vector"),
        ("INSERT INTO vectors_1 VALUES (9999, zeroblob(64))", "view vectors: 1 vectors belong to no thing"),
        ("UPDATE commits SET things = 5", "1,500 things are there, and 5 were counted"),
    ],
)
def test_what_is_wrong_with_a_file_is_told_when_asked(path: Path, sql: str, fault: str) -> None:
    with Space.open(path) as space:
        assert space.info(check=True).faults == ()
    db = sqlite3.connect(path)
    db.execute(sql)
    db.commit()
    db.close()
    with Space.open(path) as space:
        assert space.info().faults is None
        assert space.info(check=True).faults == (fault,)


def test_a_page_that_was_overwritten_is_found(path: Path) -> None:
    db = sqlite3.connect(path)
    root = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'sqlite_autoindex_things_1'").fetchone()[0]
    db.close()
    data = bytearray(path.read_bytes())
    data[8192 * (root - 1) : 8192 * (root - 1) + 64] = b"\xff" * 64
    path.write_bytes(data)
    with Space.open(path) as space:
        faults = space.info(check=True).faults
    assert faults
    assert "damaged" in faults[0]
