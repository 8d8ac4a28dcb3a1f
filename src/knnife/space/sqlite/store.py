"""The store in one SQLite file: connections that read, one that writes, and the transactions on them."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from knnife.errors import ReadOnly, SpaceBusy, SpaceError
from knnife.space.filter_tree import Tree, leaves
from knnife.space.index_sync import IndexSync
from knnife.space.protocols import Moved
from knnife.space.records import State
from knnife.space.sqlite import file
from knnife.space.sqlite.conditions import INDEXED_FROM, missing_indexes
from knnife.space.sqlite.connection import Connection, errors
from knnife.space.sqlite.snapshot import Caches, SqliteSnapshot
from knnife.space.sqlite.writer import SqliteWriter

WAIT_SECONDS = 30.0  # for another writer's transaction to end; adds commit about every second


class SqliteStore:
    """One file: see `knnife.space.protocols.Store`."""

    def __init__(self, path: Path, *, read_only: bool, create: bool, durable: bool) -> None:
        self.path, self.read_only = path, read_only
        self._durable, self._closed = durable, False
        self._caches = Caches(IndexSync(path, read_only))
        self._asked: set[str] = set()  # fields that have an index, or will have none
        self._idle: list[Connection] = []  # readers that nobody uses; the last one used, whose pages are warm, first
        self._readers: weakref.WeakSet[Connection] = weakref.WeakSet()
        self._lock = threading.RLock()  # one writer among the threads of this process
        self._writer: Connection | None = None
        file.check_place(path, read_only=read_only, create=create)
        with errors(path):
            if not read_only:
                self._writer = self._connect()
                file.make(self._writer, path)
            else:
                file.verify(reader := self._new_reader(), path)
                self._idle.append(reader)

    @contextmanager
    def read(self) -> Iterator[SqliteSnapshot]:
        """See `Store`. A connection that is in use belongs to one snapshot alone."""
        with errors(self.path):
            self._check_open()
            try:
                db = self._idle.pop()
            except IndexError:
                db = self._new_reader()
            db.execute("BEGIN")
            try:
                yield SqliteSnapshot(db, self.path, self._caches)
            finally:
                db.rollback()
                self._idle.append(db)

    @contextmanager
    def write(self, expected: State | None = None, *, wait: bool = True) -> Iterator[SqliteWriter]:
        """See `Store`. SpaceBusy after 30 seconds."""
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
                    writer = SqliteWriter(db, self.path, self._caches)
                    if expected is not None and writer.state != expected:
                        raise Moved
                    yield writer
                    writer.end()
                    db.execute("COMMIT")
                except BaseException:
                    if db.in_transaction:
                        db.rollback()
                    raise
                for number in writer.dropped:
                    self._caches.indexes.forget(number)
        finally:
            self._lock.release()

    def prepare(self, tree: Tree) -> None:
        """See `Store`: indexes on the fields of a filter, where that is worth it and the file can be written now."""
        fields = {leaf.field for leaf in leaves(tree)}
        if self.read_only or fields <= self._asked:
            return
        with self.read() as snapshot:
            statements = missing_indexes(snapshot._db, tree, things := snapshot.state.things)
        for statement in statements.values():
            try:
                with self.write(wait=False) as writer:
                    writer._db.execute(statement)
            except (SpaceBusy, ReadOnly):
                return  # the next filter tries again
        if things >= INDEXED_FROM:
            self._asked |= fields

    def compact(self) -> None:
        """See `Store`. SpaceBusy where another process has the file open: what was removed may still lie in its log."""
        with self.write() as writer:
            numbers = [view.number for view in writer.views]
            writer._db.execute("INSERT INTO words (words) VALUES ('optimize')")
        for number in numbers:
            self._caches.indexes.forget(number)
        with self._lock, errors(self.path):
            assert self._writer is not None  # write() has refused files that may only be read
            self._writer.execute("VACUUM")
            busy = self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        if busy:
            raise SpaceBusy(
                f"what was removed is gone from all answers, but another process has {self.path} open, so its bytes "
                "may still lie in the file; close that, and remove anything again (or open and close the file) to "
                "clear them"
            )

    def close(self) -> None:
        """See `Store`. The last one to leave folds the write-ahead log into the file."""
        self._closed = True
        with self._lock:
            for reader in [*self._readers]:
                reader.close()
            self._idle.clear()
            if self._writer is not None:
                self._writer.close()

    def _new_reader(self) -> Connection:
        reader = self._connect()
        reader.execute("PRAGMA query_only = ON")
        self._readers.add(reader)
        return reader

    def _connect(self) -> Connection:
        return file.connect(self.path, read_only=self.read_only, durable=self._durable, wait=WAIT_SECONDS)

    def _check_open(self) -> None:
        if self._closed:
            raise SpaceError(f"the space {self.path} is closed; open it again with Space.open")
