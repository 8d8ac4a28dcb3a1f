"""Whenever a process is killed: nothing committed is lost, nothing is half there, and it goes on from there."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path
from typing import Any

from tests.space.crash_child import things
from tests.space.killing import Doomed, needs_fork
from tests.toys import Letters

from knnife import Space

KILLS = 100
pytestmark = needs_fork


def contents(path: Path) -> dict[str, list[Any]]:
    """Everything in the file, but for the random tokens of its commits."""
    db = sqlite3.connect(path)
    try:
        tables = {
            name: db.execute(f"SELECT * FROM {name} ORDER BY 1").fetchall()
            for name in ("things", "gone", "vectors_1", "settings")
        }
        tables["state"] = db.execute("SELECT last, gone, things FROM commits ORDER BY number DESC LIMIT 1").fetchall()
        tables["words"] = db.execute("SELECT rowid FROM words WHERE words MATCH 'cafe' ORDER BY 1").fetchall()
        return tables
    finally:
        db.close()


def check_whole(path: Path) -> None:
    db = sqlite3.connect(path)
    try:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        if not db.execute("SELECT * FROM sqlite_master").fetchone():
            return  # killed before it was a space
        db.execute("INSERT INTO words (words) VALUES ('integrity-check')")
        things = db.execute("SELECT pos FROM things ORDER BY 1").fetchall()
        views = db.execute("SELECT number FROM views").fetchall()  # made by the first commit: before it, there is none
        vectors = db.execute("SELECT pos FROM vectors_1 ORDER BY 1").fetchall() if views else []
        assert things == vectors
        assert db.execute("SELECT things FROM commits ORDER BY number DESC LIMIT 1").fetchone()[0] == len(things)
    finally:
        db.rollback()
        db.close()


def test_a_hundred_kills_lose_nothing(tmp_path: Path) -> None:
    undisturbed = tmp_path / "undisturbed.knnife"
    clock = random.Random(2)
    kills = spaces = 0
    with Doomed("tests.space.crash_child") as adding:
        duration = adding.run(undisturbed).seconds
        expected = contents(undisturbed)
        while kills < KILLS:
            spaces += 1
            assert spaces < 5 * KILLS, "most runs ended before they were killed: make the input longer"
            path, killed = tmp_path / f"killed{spaces}.knnife", True
            while killed and kills < KILLS:
                # What is left to do takes the less time, the later the last one was killed.
                said, killed, _ = adding.run(path, clock.uniform(0, duration / 2))
                reported = max(map(int, said), default=0)
                kills += killed
                check_whole(path)
                ids = {thing.id for thing in things()[:reported]}
                with Space.open(path, Letters()) as space:
                    assert all(id in space for id in ids)
                    if kills % 10 == 1 and len(space):
                        assert len(space.near("abc", 3).ids[0]) == 3
            with Space.open(path, Letters()) as space:
                space.add(things())
            assert contents(path) == expected
