"""The file of a space: one SQLite database, whose bytes docs/format.md describes.

Things are rows of `things`, numbered by `pos` in the order of their arrival; a number is never used twice. That makes a
space easy to follow for a cache: rows with a greater `pos` are new, the log `gone` lists those that left, and `commits`
tells whether the file ever was in the state that a cache shows. WAL mode lets readers work beside the one writer, and
with `synchronous=FULL` a commit survives a power cut.
"""

from __future__ import annotations

import os
from pathlib import Path

from knnife.errors import NewerFormat, NotASpace, NotFound, ReadOnly
from knnife.space.sqlite import trusted_schema
from knnife.space.sqlite.connection import HEADER, Connection
from knnife.space.sqlite.indexing import PLAIN
from knnife.space.sqlite.place import FilePlace, is_open_here
from knnife.space.sqlite.words import SCHEMA as WORDS_SCHEMA

APPLICATION_ID = 0x6B6E6E66  # "knnf", at byte 68 of the file
FORMAT = 2  # SQLite's user_version, at byte 60: the greatest that is read; a new file has 1, see indexing.py

SCHEMA = """
CREATE TABLE things (
    pos     INTEGER PRIMARY KEY,    -- order of arrival; never used twice
    id      TEXT NOT NULL UNIQUE,
    value,                          -- TEXT, BLOB or NULL
    about   TEXT NOT NULL,          -- a flat JSON object
    part_of TEXT,                   -- id of the whole
    content BLOB NOT NULL           -- 16 bytes of BLAKE2b over what is encoded
);
CREATE INDEX things_part_of ON things (part_of) WHERE part_of IS NOT NULL;
CREATE TABLE gone (seq INTEGER PRIMARY KEY, pos INTEGER NOT NULL);
CREATE TABLE views (
    number      INTEGER PRIMARY KEY,    -- its vectors are in vectors_<number> (pos INTEGER PRIMARY KEY, vector BLOB)
    name        TEXT NOT NULL UNIQUE,
    encoder     TEXT,                   -- NULL: the vectors were brought by the user
    fingerprint TEXT,
    kind        TEXT,
    dim         INTEGER NOT NULL,
    dtype       TEXT NOT NULL,          -- float32, float16 or int8
    ready       INTEGER NOT NULL,       -- 0 while a re-encoding fills it
    is_default  INTEGER NOT NULL,
    filled      INTEGER NOT NULL DEFAULT 0, -- the commit by which a re-encoding last filled it
    loss_sum    REAL NOT NULL DEFAULT 0,    -- relative rounding errors of the vectors added so far
    loss_max    REAL NOT NULL DEFAULT 0,
    loss_count  INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE settings (name TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;
CREATE TABLE commits (      -- one row a transaction: which state it left; the newest row is the state now
    number INTEGER PRIMARY KEY,
    token  BLOB NOT NULL,   -- random, so that a copy of the file that went another way is told apart
    last   INTEGER NOT NULL,    -- the greatest pos ever given
    gone   INTEGER NOT NULL,    -- the greatest seq ever given
    things INTEGER NOT NULL     -- how many are in the space
);
"""


def connect(place: FilePlace, how: str, *, wait: float) -> Connection:
    """A connection to the file. how: the mode of SQLite's address; wait: seconds for another's transaction to end."""
    uri = f"{place.path.as_uri()}?mode={how}"
    db = Connection(uri, uri=True, isolation_level=None, check_same_thread=False, timeout=wait)
    try:
        trusted_schema.restrain(db)
        db.execute("PRAGMA cache_size = -65536")  # KiB
        db.execute("PRAGMA temp_store = MEMORY")
        db.execute("PRAGMA wal_autocheckpoint = 8192")  # pages, 64 MB: what a batch writes twice is copied once
        db.execute("SELECT 1 FROM sqlite_master").fetchone()  # meets what hinders reading here
    except BaseException:
        db.close()
        raise
    return db


def file_bytes(place: FilePlace) -> int:
    """The size of the file and of its write-ahead log."""
    return sum(each.stat().st_size for each in (place.path, place.log) if each.exists())


def check_place(path: Path, *, read_only: bool, create: bool) -> None:
    """Raises NotASpace, NotFound or ReadOnly where there can be no space at `path`; opens nothing for writing."""
    if is_open_here(path):
        return
    if path.is_dir():
        raise NotASpace(f"{path} is a folder; a space is one file, such as {path / 'my.knnife'}")
    if not path.exists():
        if read_only or not create:
            raise NotFound(f"there is no space {path}; `knnife add {path} SOURCE` makes one")
        if not path.parent.is_dir():
            raise NotFound(f"there is no folder {path.parent}; make it first")
        return
    try:
        with path.open("rb") as file:
            header = file.read(100)
    except PermissionError as error:
        raise ReadOnly(f"{path} cannot be read: {error.strerror}") from error
    if not header and not create:
        raise NotASpace(f"{path} is empty; `knnife add {path} SOURCE` makes it a space")
    if header and not header.startswith(HEADER):
        raise NotASpace(
            f"{path} is not a space: it does not begin like one. To put it into a space: knnife add NEW.knnife {path}"
        )


def make(db: Connection, path: Path) -> None:
    """Make the tables of a new file; check those of an old one."""
    if not _made(db, path):
        db.execute("PRAGMA page_size = 8192")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("BEGIN IMMEDIATE")
        try:
            if not _made(db, path):  # another process may have been quicker
                for statement in (SCHEMA + WORDS_SCHEMA).split(";\n"):
                    db.execute(statement)
                db.execute("INSERT INTO commits VALUES (1, ?, 0, 0, 0)", [os.urandom(8)])
                db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                db.execute(f"PRAGMA user_version = {PLAIN}")
            db.execute("COMMIT")
        except BaseException:
            db.rollback()
            raise
    verify(db, path)
    db.execute("PRAGMA journal_mode = WAL")


def _made(db: Connection, path: Path) -> bool:
    """Is this a space (True), or an empty file (False)? Raises NotASpace for what others made, and touches nothing."""
    if db.execute("PRAGMA application_id").fetchone()[0] == APPLICATION_ID:
        return True
    if db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        raise NotASpace(f"{path} is an SQLite database, but not a space; choose another name")
    return False


def verify(db: Connection, path: Path) -> None:
    """Raises NotASpace or NewerFormat for a file that this knnife does not read."""
    if not _made(db, path):
        raise NotASpace(f"{path} is empty; open it without read_only to make it a space")
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version > FORMAT:
        raise NewerFormat(
            f"{path} has format {version}; this knnife reads up to {FORMAT}. To open it: pip install --upgrade knnife"
        )
    trusted_schema.check(db, path)
