"""The store in one SQLite file: connections that read, one that writes, and the transactions on them."""

from __future__ import annotations

import os
import sqlite3
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from knnife.errors import BadInput, DiskFull, ReadOnly, SpaceBusy, SpaceError, SpaceMoved
from knnife.space.filter_tree import Tree, leaves
from knnife.space.index_sync import IndexSync
from knnife.space.protocols import Moved
from knnife.space.records import State
from knnife.space.sqlite import file, readings, seal, sums
from knnife.space.sqlite.conditions import INDEXED_FROM, missing_indexes
from knnife.space.sqlite.connection import Connection, errors, is_busy, translated
from knnife.space.sqlite.history import check_log, check_same
from knnife.space.sqlite.place import FilePlace, check_neighbours, identity_of
from knnife.space.sqlite.snapshot import Caches, SqliteSnapshot
from knnife.space.sqlite.writer import SqliteWriter

WAIT_SECONDS = 30.0  # for another writer's transaction to end; adds commit about every second


class SqliteStore:
    """One file: see `knnife.space.protocols.Store`."""

    def __init__(self, path: Path, *, read_only: bool, create: bool, durable: bool) -> None:
        self.path, self.read_only = path, read_only
        self._durable, self._closed = durable, False
        self._place = FilePlace(path, self._fold)
        self._caches = Caches(IndexSync(self._place.path, read_only))
        self._asked: set[str] = set()  # fields that have an index, or will have none
        self._idle: list[Connection] = []  # readers that nobody uses; the last one used, whose pages are warm, first
        self._readers: weakref.WeakSet[Connection] = weakref.WeakSet()
        self._lock = threading.RLock()  # one writer among the threads of this process
        self._writer: Connection | None = None
        self._written = 0  # when the file was last looked at that closely
        self._seen: State | None = None  # the newest state that was shown
        file.check_place(path, read_only=read_only, create=create)
        with errors(path):
            check_neighbours(self._place)
            check_log(self._place)
            before = identity_of(self._place.path)
            self._whole, self._damage = (None, None) if before is None else seal.compare(self._place)
            if not read_only:
                self._writer = self._begin_writing(before is None)
            if self._writer is None:
                file.verify(reader := self._new_reader(), path)
                self._idle.append(reader)
            self._place.settle(before)
            weakref.finalize(self, self._place.leave)

    def _begin_writing(self, is_new: bool) -> Connection | None:
        """The connection that writes; None where there is no room for that, and what is there can still be read."""
        writer = None
        try:
            writer = self._connect_writer("rwc" if is_new else "rw")
            file.make(writer, self.path)
        except sqlite3.Error as error:
            if writer is not None:
                writer.close()
            if is_new or not isinstance(translated(self.path, error), DiskFull):
                raise
            return None
        return writer

    def _connect_writer(self, how: str) -> Connection:
        writer = file.connect(self._place, how, wait=WAIT_SECONDS)
        writer.execute(f"PRAGMA synchronous = {'FULL' if self._durable else 'NORMAL'}")
        return writer

    @contextmanager
    def read(self) -> Iterator[SqliteSnapshot]:
        """See `Store`. A connection that is in use belongs to one snapshot alone."""
        with errors(self.path):
            self._check_open()
            self._look()
            db, seen = self._reader(), self._seen
            db.execute("BEGIN")
            try:
                self._seen = check_same(db, self._place, seen)
                snapshot = SqliteSnapshot(db, self._place, self._caches, self._damage)
                snapshot._state = self._seen
                yield snapshot
                if db.fixed is not None and db.fixed != self._place.standing():
                    raise SpaceBusy(f"{self.path} was written to while it was read; ask again")
            finally:
                if not self._closed:  # which has closed the connection too
                    db.rollback()
                    self._idle.append(db)

    @contextmanager
    def write(self, expected: State | None = None, *, wait: bool = True) -> Iterator[SqliteWriter]:
        """See `Store`. SpaceBusy after 30 seconds."""
        if self.read_only:
            raise ReadOnly(f"{self.path} was opened for reading only; open it without read_only to change it")
        if not self._lock.acquire(blocking=wait):
            raise SpaceBusy(f"another thread is writing to {self.path}")
        try:
            with errors(self.path):
                self._check_open()
                self._look()
                with self._transaction(wait) as writer:
                    if expected is not None and writer.state != expected:
                        raise Moved
                    yield writer
                for number in writer.dropped:
                    self._caches.indexes.forget(number)
        finally:
            self._lock.release()

    @contextmanager
    def _transaction(self, wait: bool) -> Iterator[SqliteWriter]:
        if self._writer is None:  # there was no room when the file was opened
            self._writer = self._connect_writer("rw")
        db, seen = self._writer, self._seen
        self._refresh(db)
        db.execute(f"PRAGMA busy_timeout = {int(1000 * WAIT_SECONDS) if wait else 0}")
        db.execute("BEGIN IMMEDIATE")
        try:
            check_same(db, self._place, seen)
            writer = SqliteWriter(db, self._place, self._caches, self._damage)
            yield writer
            seal.remove(self._place)
            writer.end()
            self._place.look()
            db.execute("COMMIT")
        except BaseException as error:
            if db.in_transaction:
                db.rollback()
            if isinstance(error, SpaceMoved):
                self._fold()
            raise

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
            writer.compact_words()
            readings.remove_lost(writer._db)
            sums.put_together(writer._db, sums.THINGS)
            for view in writer.views:
                sums.put_together(writer._db, view.number, view.width)
        self._caches.indexes.forget_all()
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

    def __reduce__(self) -> NoReturn:
        raise BadInput(
            f"an open space cannot be copied, nor sent to another process; send its path, {str(self.path)!r}, and open "
            "it there with Space.open"
        )

    def close(self) -> None:
        """See `Store`. The last one to leave folds the write-ahead log into the file."""
        if self._closed:
            return
        self._closed = True
        with self._lock:
            moved = self._place.identity is not None and identity_of(self._place.path) != self._place.identity
            folded = not moved or self._fold()
            where = "" if folded else str(self._place.moved())
            for reader in [*self._readers]:
                reader.close()
            self._idle.clear()
            if self._writer is not None:
                self._writer.close()
            self._place.leave()
        if where:
            raise SpaceMoved(f"{where}. What was committed last is in its log, {self._place.log}: others are using it")
        if moved:
            self._place.clear()
        elif self._writer is not None:
            seal.leave(self._place, self._whole)

    def _look(self) -> None:
        """Raises SpaceMoved where the file that is open does not lie under its path any more, or has other contents."""
        try:
            written = self._place.look()
            if written != self._written:
                check_log(self._place)
                self._written = written
        except SpaceMoved:
            self._fold()
            raise

    def _fold(self) -> bool:
        """Put what is in the log of a file that was moved into the file itself: SQLite does not when it closes it.

        False where somebody reads or writes just now, and it stays in the log.
        """
        db = self._writer or next(iter(self._idle), None)
        if db is None or db.fixed or self._place.is_over:
            return True
        if not self._lock.acquire(blocking=False):
            return False
        try:
            return not db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        except sqlite3.Error:
            return False
        finally:
            self._lock.release()

    def _refresh(self, db: Connection) -> None:
        """Let go of pages in memory that were read before the file was written to."""
        if db.written != self._written:
            db.execute("PRAGMA shrink_memory")
            db.written = self._written

    def _reader(self) -> Connection:
        try:
            db = self._idle.pop()
        except IndexError:
            return self._new_reader()
        if db.fixed is not None and db.fixed != self._place.standing():
            db.close()
            return self._new_reader()
        self._refresh(db)
        return db

    def _new_reader(self) -> Connection:
        """A connection that reads. Where SQLite cannot share memory beside the file, nobody may be writing."""
        writable = not self.read_only or (
            os.access(self._place.path, os.W_OK) and os.access(self._place.real.parent, os.W_OK)
        )
        try:
            reader = file.connect(self._place, "rw" if writable else "ro", wait=WAIT_SECONDS)  # rw: to tidy up the log
        except sqlite3.OperationalError as error:
            fixed = self._place.standing()
            if fixed is None or is_busy(error):
                raise
            reader = file.connect(self._place, "ro&immutable=1", wait=WAIT_SECONDS)
            reader.fixed = fixed
        if self._place.identity is not None:
            self._place.look()
        reader.execute("PRAGMA query_only = ON")
        reader.written = self._written
        self._readers.add(reader)
        return reader

    def _check_open(self) -> None:
        if self._closed:
            raise SpaceError(f"the space {self.path} is closed; open it again with Space.open")
