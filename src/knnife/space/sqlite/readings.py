"""What readers made of the texts of things: kept for the next question, and checked when it is fetched.

A reading is known by the position of its thing and a hash of the text that was read, so it fits that text whatever else
of the thing is read later, or how a later knnife cuts it. What is damaged is as good as not there: it is read again.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterator, Mapping, Sequence

from knnife.space.records import ReadBy, Reading
from knnife.space.sqlite import tables
from knnife.space.sqlite.tables import AMONG


def found(db: sqlite3.Connection, reader: str, positions: Sequence[int]) -> dict[Reading, bytes]:
    """The vectors that the reader of this fingerprint made of texts of the things at these positions."""
    if (number := _number(db, reader)) is None:
        return {}
    # CROSS: position by position, never through all that the reader has read
    joined = "json_each(?) AS given CROSS JOIN readings ON reader = ? AND pos = given.value"
    sql = f"SELECT pos, text, vector, sum FROM {joined}"
    rows = db.execute(sql, [json.dumps(list(positions)), number])
    return {(pos, text): vector for pos, text, vector, sum in rows if _is_whole(text, vector, sum)}


def keep(db: sqlite3.Connection, name: str, reader: str, readings: Mapping[Reading, bytes]) -> None:
    """Keep what a reader made of things that are there."""
    given = json.dumps(sorted({pos for pos, _ in readings}))
    there = {pos for (pos,) in db.execute(f"SELECT pos FROM things WHERE {AMONG}", [given])}
    number = _number(db, reader)
    if number is None:
        tables.put(db, "readers", [(None, name, reader)])
        number = db.execute("SELECT number FROM readers WHERE fingerprint = ?", [reader]).fetchone()[0]
    rows = ((number, *key, blob, _sum(key[1], blob)) for key, blob in sorted(readings.items()) if key[0] in there)
    tables.put(db, "readings", rows)


def remove(db: sqlite3.Connection, positions: str) -> None:
    """Delete what was read of things that go; the positions as a JSON list."""
    if tables.there(db, "readings"):
        db.execute(f"DELETE FROM readings WHERE reader IN (SELECT number FROM readers) AND {AMONG}", [positions])


def remove_lost(db: sqlite3.Connection) -> None:
    """Delete what belongs to nothing: an earlier knnife removes things, and knows nothing of what was read of them."""
    if tables.there(db, "readings"):
        db.execute("DELETE FROM readings WHERE pos NOT IN (SELECT pos FROM things)")
        db.execute("DELETE FROM readings WHERE reader NOT IN (SELECT number FROM readers)")


def drop(db: sqlite3.Connection, reader: str) -> None:
    """Delete all that a reader made."""
    if (number := _number(db, reader)) is not None:
        db.execute("DELETE FROM readings WHERE reader = ?", [number])
        db.execute("DELETE FROM readers WHERE number = ?", [number])


def counted(db: sqlite3.Connection) -> list[ReadBy]:
    """The readers, and how much each has read."""
    if not tables.there(db, "readings"):
        return []
    counts = "count(DISTINCT pos), count(*), coalesce(sum(length(vector)), 0)"
    there = "readers JOIN readings ON reader = number JOIN things USING (pos)"  # an earlier knnife leaves some behind
    sql = f"SELECT name, fingerprint, {counts} FROM {there} GROUP BY number"
    return [ReadBy(str(name), str(reader), *numbers) for name, reader, *numbers in db.execute(sql)]


def faults(db: sqlite3.Connection) -> Iterator[str]:
    """What is wrong with what was read: a sentence each."""
    if not tables.there(db, "readings"):
        return
    lost = db.execute("SELECT count(*) FROM readings WHERE pos NOT IN (SELECT pos FROM things)").fetchone()[0]
    if lost:
        older = "an earlier version of knnife removed those, and compacting erases the vectors"
        yield f"vectors of a reader that belong to no thing: {lost:,}; {older}"
    damaged = sum(not _is_whole(*row) for row in db.execute("SELECT text, vector, sum FROM readings"))
    if damaged:
        yield f"vectors of a reader that are not what was stored, by their checksums: {damaged:,}; they are made anew"


def _number(db: sqlite3.Connection, reader: str) -> int | None:
    if not tables.there(db, "readings"):
        return None
    row = db.execute("SELECT number FROM readers WHERE fingerprint = ?", [reader]).fetchone()
    return row[0] if row and isinstance(row[0], int) else None


def _is_whole(text: object, vector: object, sum: object) -> bool:
    return isinstance(text, int) and isinstance(vector, bytes) and _sum(text, vector) == sum


def _sum(text: int, vector: bytes) -> int:
    return zlib.crc32(vector, text & 0xFFFFFFFF)
