"""The file of a space: one SQLite database, and what can go wrong with it.

docs/format.md describes the bytes. Things are rows of `things`, numbered by `pos` in the order of their arrival; a
number is never used twice, and a thing whose value changes gets a new one, so whatever hangs on a number (a vector, the
words in the full-text index) never changes. That makes a space easy to follow for a cache: rows with a greater `pos`
are new, and the log `gone` lists those that left; `commits` tells whether the file ever was in the state that a cache
shows.

WAL mode lets readers work beside the one writer. A transaction is the unit of everything: things, metadata, vectors
and words are committed together or not at all, and with `synchronous=FULL` a commit survives a power cut.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from knnife.errors import (
    NewerFormat,
    NotASpace,
    NotFound,
    ReadOnly,
    SpaceBusy,
    SpaceError,
)
from knnife.space.sqlite.connection import HEADER, Connection, errors
from knnife.space.sqlite.words import SCHEMA as WORDS_SCHEMA

APPLICATION_ID = 0x6B6E6E66  # "knnf", at byte 68 of the file
FORMAT = 1  # SQLite's user_version, at byte 60
COMMITS_KEPT = 10_000  # a cache older than so many transactions is built anew
WAIT_SECONDS = 30.0  # for another writer's transaction to end; adds commit about every second

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


class State(NamedTuple):
    """Which state the file is in, one row of `commits`."""

    number: int
    token: bytes
    last: int
    gone: int
    things: int


class Store:
    """Connections to one file: one to write with, and one for each thread that reads."""

    def __init__(self, path: Path, *, read_only: bool, create: bool, durable: bool) -> None:
        self.path, self.read_only = path, read_only
        self._durable = durable
        self._local = threading.local()
        self._readers: weakref.WeakSet[Connection] = weakref.WeakSet()
        self._lock = threading.RLock()  # one writer among the threads of this process
        self._writer: sqlite3.Connection | None = None
        self._closed = False
        _check_place(path, read_only=read_only, create=create)
        with errors(path):
            if not read_only:
                self._writer = self._connect()
                _prepare(self._writer, path)
            else:
                _verify(self._reader(), path)

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """A connection on which everything read belongs to one state of the file."""
        with errors(self.path):
            db = self._reader()
            if db.in_transaction:  # an outer read() of the same thread holds the state
                yield db
                return
            db.execute("BEGIN")
            try:
                yield db
            finally:
                db.rollback()

    @contextmanager
    def write(self, *, wait: bool = True) -> Iterator[sqlite3.Connection]:
        """A transaction: committed at the end of the block, undone whole when anything is raised in it.

        Raises SpaceBusy when somebody else has been writing for 30 seconds; at once, unless `wait`.
        """
        db = self._writer
        if db is None:
            raise ReadOnly(f"{self.path} was opened for reading only; open it without read_only to change it")
        if not self._lock.acquire(blocking=wait):
            raise SpaceBusy(f"another thread is writing to {self.path}")
        try:
            with errors(self.path):
                self._check_open()
                db.execute(f"PRAGMA busy_timeout = {int(1000 * WAIT_SECONDS) if wait else 0}")
                db.execute("BEGIN IMMEDIATE")
                try:
                    yield db
                    db.execute("COMMIT")
                except BaseException:
                    if db.in_transaction:
                        db.rollback()
                    raise
        finally:
            self._lock.release()

    def close(self) -> None:
        """Close every connection; the last one to leave folds the write-ahead log into the file."""
        self._closed = True
        with self._lock:
            for reader in [*self._readers]:
                reader.close()
            if self._writer is not None:
                self._writer.close()

    def _reader(self) -> sqlite3.Connection:
        self._check_open()
        reader: Connection | None = getattr(self._local, "reader", None)
        if reader is None:
            reader = self._local.reader = self._connect()
            reader.execute("PRAGMA query_only = ON")
            self._readers.add(reader)
        return reader

    def _check_open(self) -> None:
        if self._closed:
            raise SpaceError(f"the space {self.path} is closed; open it again with Space.open")

    def _connect(self) -> Connection:
        folder_is_ours = os.access(self.path.parent, os.W_OK)
        mode = "rwc"
        if self.read_only:  # where we may, tidy up the log when closing; nothing else is ever written
            mode = "rw" if folder_is_ours and os.access(self.path, os.W_OK) else "ro"
        uri = f"{self.path.absolute().as_uri()}?mode={mode}"
        if mode == "ro" and not folder_is_ours and not _wal(self.path).exists():
            uri += "&immutable=1"  # where no log can be made beside the file, nobody is writing either
        db = Connection(uri, uri=True, isolation_level=None, check_same_thread=False, timeout=WAIT_SECONDS)
        db.execute("PRAGMA cache_size = -65536")  # KiB
        db.execute("PRAGMA temp_store = MEMORY")
        db.execute("PRAGMA wal_autocheckpoint = 8192")  # pages, 64 MB: what a batch writes twice is copied once
        if not self.read_only:
            db.execute(f"PRAGMA synchronous = {'FULL' if self._durable else 'NORMAL'}")
        return db


def state(db: sqlite3.Connection) -> State:
    """The state that a connection sees now."""
    return State(*db.execute("SELECT * FROM commits ORDER BY number DESC LIMIT 1").fetchone())


def set_state(db: sqlite3.Connection, new: State) -> None:
    """Write down the state that a transaction leads to, as the successor of the one it began with."""
    number = new.number + 1
    db.execute("INSERT INTO commits VALUES (?, ?, ?, ?, ?)", new._replace(number=number, token=os.urandom(8)))
    db.execute("DELETE FROM commits WHERE number <= ?", [number - COMMITS_KEPT])


def is_past(db: sqlite3.Connection, number: int, token: bytes) -> bool:
    """Was the file once in the state of that number and token, or is it still?"""
    row = db.execute("SELECT token FROM commits WHERE number = ?", [number]).fetchone()
    return row is not None and bool(row[0] == token)


def _check_place(path: Path, *, read_only: bool, create: bool) -> None:
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


def _prepare(db: sqlite3.Connection, path: Path) -> None:
    """Make the tables of a new file; check those of an old one."""
    if not _made(db, path):
        db.execute("PRAGMA page_size = 8192")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("BEGIN IMMEDIATE")
        try:
            if not _made(db, path):  # another process may have been quicker
                for statement in (SCHEMA + WORDS_SCHEMA).split(";\n"):
                    db.execute(statement)
                set_state(db, State(0, b"", 0, 0, 0))
                db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                db.execute(f"PRAGMA user_version = {FORMAT}")
            db.execute("COMMIT")
        except BaseException:
            db.rollback()
            raise
    _verify(db, path)
    db.execute("PRAGMA journal_mode = WAL")


def _made(db: sqlite3.Connection, path: Path) -> bool:
    """Is this a space (True), or an empty file (False)? Raises NotASpace for what others made, and touches nothing."""
    if db.execute("PRAGMA application_id").fetchone()[0] == APPLICATION_ID:
        return True
    if db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        raise NotASpace(f"{path} is an SQLite database, but not a space; choose another name")
    return False


def _verify(db: sqlite3.Connection, path: Path) -> None:
    if not _made(db, path):
        raise NotASpace(f"{path} is empty; open it without read_only to make it a space")
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version > FORMAT:
        raise NewerFormat(
            f"{path} has format {version}; this knnife reads up to {FORMAT}. To open it: pip install --upgrade knnife"
        )


def _wal(path: Path) -> Path:
    return path.with_name(path.name + "-wal")
