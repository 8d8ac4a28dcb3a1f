"""Thumbnails: small pictures kept in the file of a space, so that answers can be shown where the photos are not.

They hang on positions as vectors do, and are written and removed in the same transactions as their things. The table
is made with the first of them, and the side that was asked for once is kept for later additions.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from knnife.errors import BadInput
from knnife.space.sqlite.store import Store
from knnife.things.kinds import kind_of

SMALLEST, LARGEST = 16, 2048  # pixels of the longer side
TABLE = """
CREATE TABLE IF NOT EXISTS thumbnails (     -- small pictures of the things
    pos     INTEGER PRIMARY KEY,            -- that of the thing
    picture BLOB NOT NULL                   -- a JPEG file
)
"""


def side_for(store: Store, asked: int | None) -> int:
    """The longer side of the thumbnails to make, in pixels, 0 for none: as asked now, or as it was asked before.

    Raises BadInput for a side that is too small or too large.
    """
    with store.read() as db:
        row = db.execute("SELECT value FROM settings WHERE name = 'thumbnails'").fetchone()
    held = row[0] if row else 0
    for side, who in ((asked, ""), (held, f"the file {store.path} says ")):
        if side is not None and not (side == 0 or (isinstance(side, int) and SMALLEST <= side <= LARGEST)):
            raise BadInput(
                f"{who}thumbnails={side!r}: expected a side of {SMALLEST} to {LARGEST:,} pixels, or 0 for none"
            )
    if asked is not None and asked != held:
        with store.write() as db:
            db.execute("INSERT OR REPLACE INTO settings VALUES ('thumbnails', ?)", [asked])
    return held if asked is None else asked


def is_shown(value: Any) -> bool:
    """Is there anything to see in the value of a thing?"""
    return kind_of(value).has_picture


def made(values: Sequence[Any], side: int) -> list[bytes]:
    """The pictures as JPEG files whose longer side has at most so many pixels. Raises BadPictures."""
    if not values:
        return []
    from knnife.things.pixels import each_picture, jpeg  # who keeps none need not wait for it

    return each_picture(values, jpeg, side)


def put(db: sqlite3.Connection, positions: Iterable[int], pictures: Iterable[bytes]) -> None:
    """Store thumbnails under the positions of their things."""
    db.execute(TABLE)
    db.executemany("INSERT OR REPLACE INTO thumbnails VALUES (?, ?)", zip(positions, pictures, strict=True))


def lacking(db: sqlite3.Connection, positions: Sequence[int]) -> set[int]:
    """Which of these positions have no thumbnail."""
    if not _there(db):
        return set(positions)
    among = "pos IN (SELECT value FROM json_each(?))"
    held = db.execute(f"SELECT pos FROM thumbnails WHERE {among}", [json.dumps(list(positions))])
    return set(positions) - {pos for (pos,) in held}


def remove(db: sqlite3.Connection, positions: Sequence[int]) -> None:
    """Delete the thumbnails of things that go."""
    if _there(db):
        db.execute(
            "DELETE FROM thumbnails WHERE pos IN (SELECT value FROM json_each(?))", [json.dumps(list(positions))]
        )


def thumbnail(db: sqlite3.Connection, pos: int) -> bytes | None:
    """The thumbnail of the thing at a position, a JPEG file; None where it has none."""
    if not _there(db):
        return None
    row = db.execute("SELECT picture FROM thumbnails WHERE pos = ?", [pos]).fetchone()
    return row[0] if row and isinstance(row[0], bytes) else None


def count(db: sqlite3.Connection) -> tuple[int, int]:
    """How many thumbnails there are, and how many of them belong to no thing."""
    if not _there(db):
        return 0, 0
    total, owned = db.execute("SELECT count(*), count(t.pos) FROM thumbnails LEFT JOIN things t USING (pos)").fetchone()
    return int(total), int(total - owned)


def _there(db: sqlite3.Connection) -> bool:
    return db.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'thumbnails'").fetchone() is not None
