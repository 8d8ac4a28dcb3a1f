"""The tables that a space has once they are needed: trained encoders, thumbnails, notes, interactions, checksums ….

Each is made with the first of its rows, so older files do without.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from knnife.errors import NotASpace
from knnife.geometry import METRICS, Metric
from knnife.space.records import Origin, View

TABLES = {
    "models": """
CREATE TABLE IF NOT EXISTS models (     -- encoders that were trained for this space
    fingerprint TEXT PRIMARY KEY,       -- that of the views whose vectors it makes
    form        TEXT NOT NULL,          -- how the bytes are to be read
    bytes       BLOB NOT NULL
) WITHOUT ROWID
""",
    "thumbnails": """
CREATE TABLE IF NOT EXISTS thumbnails (     -- small pictures of the things
    pos     INTEGER PRIMARY KEY,            -- that of the thing
    picture BLOB NOT NULL                   -- a JPEG file
)
""",
    "notes": """
CREATE TABLE IF NOT EXISTS notes (      -- what tools remember of this space
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL                 -- JSON
) WITHOUT ROWID
""",
    "sums": """
CREATE TABLE IF NOT EXISTS sums (       -- checksums of what is stored, see sums.py
    seq       INTEGER PRIMARY KEY,      -- the later one of a position counts
    view      INTEGER NOT NULL,         -- its number; 0: of the things
    positions BLOB NOT NULL,            -- little-endian int64
    sums      BLOB NOT NULL             -- little-endian uint64, one for each position
)
""",
    "readers": """
CREATE TABLE IF NOT EXISTS readers (    -- encoders that read what the words and the default view choose
    number      INTEGER PRIMARY KEY,
    name        TEXT NOT NULL,
    fingerprint TEXT NOT NULL UNIQUE
)
""",
    "readings": """
CREATE TABLE IF NOT EXISTS readings (   -- what they have read so far, see readings.py
    reader INTEGER NOT NULL,            -- its number
    pos    INTEGER NOT NULL,            -- that of the thing
    text   INTEGER NOT NULL,            -- 64 bits of BLAKE2b over the text that was read, see space/reader.py
    vector BLOB NOT NULL,               -- as one of a view of dtype int8
    sum    INTEGER NOT NULL,            -- CRC-32 of the vector, begun with the lower half of text
    PRIMARY KEY (reader, pos, text)
) WITHOUT ROWID
""",
    "events": """
CREATE TABLE IF NOT EXISTS events (     -- interactions, see event_tables.py
    seq      INTEGER PRIMARY KEY,       -- order of arrival
    source   TEXT NOT NULL,             -- what they were read from; empty where that has no name
    number   INTEGER NOT NULL,          -- of the block in its source
    digest   BLOB NOT NULL,             -- a hash of the events as they were read
    sum      INTEGER NOT NULL,          -- CRC-32 of what follows
    users    BLOB NOT NULL,             -- little-endian: int32 numbers of names
    items    BLOB NOT NULL,
    weights  BLOB NOT NULL,             -- float32
    times    BLOB NOT NULL,             -- float64, seconds since 1970, NaN where unknown
    contexts BLOB NOT NULL,             -- int32, -1 for none
    UNIQUE (source, number)
)
""",
    "event_names": """
CREATE TABLE IF NOT EXISTS event_names (    -- users, items and contexts of interactions
    what   TEXT NOT NULL,                   -- user, item or context
    number INTEGER NOT NULL,                -- from 0, without gaps
    name   TEXT NOT NULL,
    about  TEXT,                            -- what is known of a user, a flat JSON object
    PRIMARY KEY (what, number),
    UNIQUE (what, name)
) WITHOUT ROWID
""",
    "origins": """
CREATE TABLE IF NOT EXISTS origins (    -- where the vectors of derived views come from
    number INTEGER PRIMARY KEY,         -- that of the view
    metric TEXT,                        -- NULL: that of the space
    origin TEXT NOT NULL                -- JSON
)
""",
}
DAMAGED = "unknown: what was written of it is damaged"
AMONG = "pos IN (SELECT value FROM json_each(?))"


def table_of(view: View) -> str:
    """The table that has the vectors of a view."""
    return f"vectors_{int(view.number)}"


def there(db: sqlite3.Connection, table: str) -> bool:
    """Has this space that table?"""
    return db.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", [table]).fetchone() is not None


def put(db: sqlite3.Connection, table: str, rows: Iterable[Sequence[object]]) -> None:
    """Write rows, in place of those with the same key; the table is made where there is none."""
    db.execute(TABLES[table])
    rows = [*rows]
    if rows:
        db.executemany(f"INSERT OR REPLACE INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", rows)


def thumbnail(db: sqlite3.Connection, position: int) -> bytes | None:
    """The thumbnail of the thing at a position; None where it has none."""
    if not there(db, "thumbnails"):
        return None
    row = db.execute("SELECT picture FROM thumbnails WHERE pos = ?", [position]).fetchone()
    return row[0] if row and isinstance(row[0], bytes) else None


def without_thumbnail(db: sqlite3.Connection, positions: Sequence[int]) -> list[int]:
    """Those of these positions that have no thumbnail."""
    if not there(db, "thumbnails"):
        return list(positions)
    held = {pos for (pos,) in db.execute(f"SELECT pos FROM thumbnails WHERE {AMONG}", [json.dumps(list(positions))])}
    return [pos for pos in positions if pos not in held]


def count_thumbnails(db: sqlite3.Connection) -> tuple[int, int]:
    """How many thumbnails there are, and how many of them belong to no thing."""
    if not there(db, "thumbnails"):
        return 0, 0
    total, owned = db.execute("SELECT count(*), count(t.pos) FROM thumbnails LEFT JOIN things t USING (pos)").fetchone()
    return int(total), int(total - owned)


def remove_thumbnails(db: sqlite3.Connection, positions: str) -> None:
    """Delete the thumbnails of things that go; the positions as a JSON list."""
    if there(db, "thumbnails"):
        db.execute(f"DELETE FROM thumbnails WHERE {AMONG}", [positions])


def with_origins(db: sqlite3.Connection, views: list[View]) -> list[View]:
    """The views, the derived ones with where they come from."""
    if len(views) < 2 or not there(db, "origins"):  # the default view is never derived
        return views
    held = {number: (metric, origin) for number, metric, origin in db.execute("SELECT * FROM origins")}
    return [
        view._replace(metric=_metric(held[view.number][0]), origin=_origin(held[view.number][1]))
        if view.number in held
        else view
        for view in views
    ]


def remove_view(db: sqlite3.Connection, number: int) -> None:
    """Delete where a view comes from, and the encoders of views that are gone."""
    if there(db, "origins"):
        db.execute("DELETE FROM origins WHERE number = ?", [number])
    if there(db, "models"):
        db.execute(
            "DELETE FROM models WHERE fingerprint NOT IN (SELECT fingerprint FROM views WHERE fingerprint NOTNULL)"
        )


def about_of(stored: str) -> dict[str, Any]:
    """The metadata of a thing. Raises NotASpace for what is none."""
    try:
        found = json.loads(stored)
    except (TypeError, ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise NotASpace(f"the space is damaged: metadata of a thing are {stored!r:.60}; restore the file from a copy")
    return found


def _metric(held: object) -> Metric | None:
    return held if held in METRICS else None  # type: ignore[return-value]


def _origin(held: str) -> Origin:
    """Where a view comes from; where that is damaged, from nowhere that is known, so that it is stale."""
    try:
        source, views, last, gone = (json.loads(held)[name] for name in Origin._fields)
        made_from = {str(name): (fingerprint, int(filled)) for name, (fingerprint, filled) in views.items()}
        return Origin(str(source), made_from, int(last), int(gone))
    except (TypeError, ValueError, LookupError, AttributeError, RecursionError):
        return Origin(DAMAGED, {}, -1, -1)
