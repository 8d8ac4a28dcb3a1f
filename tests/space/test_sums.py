"""Checksums of what is stored: kept with it, compared by `info(check=True)`, never in the way of old files."""

from __future__ import annotations

import sqlite3
import zlib
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st
from tests.toys import Letters

from knnife import NotASpace, Space, Thing, doctor
from knnife.space.sqlite import sums


def made(path: Path, count: int = 5, **options: Any) -> Path:
    with Space.open(path, Letters(), **options) as space:
        space.add([Thing(f"t{i}", f"abc {'d' * i}", {"n": i}, "whole" if i % 2 else None) for i in range(count)])
    return path


def changed(path: Path, sql: str, *parameters: object) -> None:
    """Does what damage does, past the sums."""
    with closing(sqlite3.connect(path)) as db:
        assert db.execute(sql, parameters).rowcount
        db.commit()


def seal(path: Path) -> Path:
    return path.with_name(path.name + "-sums")


def faults(path: Path) -> tuple[str, ...]:
    with Space.open(path) as space:
        found = space.info(check=True).faults
    assert found is not None
    return found


@pytest.mark.parametrize("dtype", ["float32", "float16", "int8"])
@pytest.mark.parametrize("bit", [0, 7, 23, 30, 31, 63])
def test_a_flipped_bit_in_a_vector_is_told_and_answers_nothing(tmp_path: Path, dtype: Any, bit: int) -> None:
    path = made(tmp_path / "s.knnife", dtype=dtype)
    with closing(sqlite3.connect(path)) as db:
        blob = bytearray(db.execute("SELECT vector FROM vectors_1 WHERE pos = 3").fetchone()[0])
    blob[bit // 8] ^= 1 << bit % 8
    changed(path, "UPDATE vectors_1 SET vector = ? WHERE pos = 3", bytes(blob))
    told = "view letters: vectors that are not what was stored, by their checksums: 1 ('t2')"
    assert told in faults(path)
    seal(path).unlink(missing_ok=True)  # which refuses every answer
    assert faults(path) == (told,)
    with Space.open(path, Letters()) as space:
        for ask in (lambda: space.near("abc"), lambda: space.search("abc"), space.vectors):
            with pytest.raises(NotASpace, match="position 3 in the view 'letters' is not what was stored"):
                ask()
        assert len(list(space)) == 5
    assert doctor(str(path))["file"].state == "bad"


@pytest.mark.parametrize("column", ["id", "value", "about", "part_of", "content"])
def test_whatever_changes_of_a_thing_is_told(tmp_path: Path, column: str) -> None:
    path = made(tmp_path / "s.knnife")
    value = "CAST(x'00112233445566778899aabbccddeeff' AS BLOB)" if column == "content" else "'{}'"
    changed(path, f"UPDATE things SET {column} = {value} WHERE pos = 4")
    (said,) = [fault for fault in faults(path) if "damaged" not in fault]
    assert said.startswith("things that are not what was stored, by their checksums: 1 (")


def test_what_is_changed_by_knnife_is_right(tmp_path: Path) -> None:
    path = made(tmp_path / "s.knnife", 20)
    with Space.open(path, Letters()) as space:
        space.add([Thing("t3", "abc ddd", {"n": 33}, "another")])  # metadata alone
        space.add([Thing("t4", "another text", {"n": 4})])  # a new value
        space.remove(["t5", "t19"])
        space.reencode(Letters("2"), name="second")
        space.derive("derived", np.eye(18, 4, dtype=np.float32))
        assert space.info(check=True).faults == ()
        space.drop("derived")
        space.derive("again", np.ones((18, 3), np.float32))
        space.compact()
        assert space.info(check=True).faults == ()
        assert space.near("abc", 3).ids
    with closing(sqlite3.connect(path)) as db:
        rows = db.execute("SELECT view, length(positions), length(sums) FROM sums ORDER BY view").fetchall()
        assert rows == [(view, 18 * 8, 18 * 8) for view in range(4)]  # none of what is gone
    assert faults(path) == ()


def test_a_file_without_sums_is_read_and_gets_them_when_it_is_compacted(tmp_path: Path) -> None:
    path = made(tmp_path / "s.knnife")
    with closing(sqlite3.connect(path)) as db:
        db.execute("DROP TABLE sums")
        db.commit()
    with Space.open(path, Letters()) as space:
        assert space.near("abc", 1).ids
        space.add(["egg"])
        assert space.info(check=True).faults == ()
        space.compact()
    changed(path, "UPDATE things SET value = 'abd' WHERE id = 't0'")
    assert len([fault for fault in faults(path) if "not what was stored" in fault]) == 1


def test_compacting_blesses_no_damage(tmp_path: Path) -> None:
    path = made(tmp_path / "s.knnife")
    changed(path, "UPDATE vectors_1 SET vector = zeroblob(32) WHERE pos = 2")
    with Space.open(path, Letters()) as space:
        space.compact()
    assert len(faults(path)) == 1


@given(data=st.data(), width=st.sampled_from([4, 8, 12, 100, 1024]))
def test_one_changed_byte_changes_the_sum(data: Any, width: int) -> None:
    rows = data.draw(st.binary(min_size=3 * width, max_size=3 * width))
    place, change = data.draw(st.integers(0, 3 * width - 1)), data.draw(st.integers(1, 255))
    other = bytearray(rows)
    other[place] ^= change
    differ = sums.of_vectors(rows, width) != sums.of_vectors(bytes(other), width)
    assert differ.tolist() == [i == place // width for i in range(3)]


def test_known_sums() -> None:
    """A file that was written once is told apart by the same sums for ever."""
    assert sums.of_vectors(bytes(range(16)), 16).tolist() == [
        (
            int.from_bytes(bytes(range(8)), "little") * 0x9E3779B97F4A7C15
            + int.from_bytes(bytes(range(8, 16)), "little") * (0x3C6EF372FE94F82A | 1)
        )
        % 2**64
    ]
    assert sums.of_things([("a", "text", "{}", None, b"0" * 16)]).tolist() == [
        zlib.crc32(b"0" * 16, zlib.crc32(b"a\0text\0{}\0"))
    ]
