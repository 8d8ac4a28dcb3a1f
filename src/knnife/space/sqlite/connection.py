"""The driver of SQLite: connections that close themselves, and errors told in terms of a space."""

from __future__ import annotations

import errno
import os
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from knnife.errors import BadInput, DiskFull, NotASpace, ReadOnly, SpaceBusy, SpaceError
from knnife.space.sqlite.place import is_open_here

HEADER: Final = b"SQLite format 3\0"  # how the file of a space begins

ROOM: Final = 1 << 16  # bytes without which there is none


def is_space_file(path: str) -> bool:
    """Whether there is a space, by its name or by the first bytes of the file; nothing is read from pipes."""
    if path.endswith(".knnife"):  # opening it says what is wrong with it
        return True
    if not os.path.isfile(path):
        return False
    if is_open_here(path):
        return True
    try:
        with Path(path).open("rb") as file:
            return file.read(len(HEADER)) == HEADER
    except OSError:  # reading it says what is wrong with it
        return False


class Connection(sqlite3.Connection):
    """A connection that is closed when nobody holds it any more, as that of a thread that has ended.

    written: when the file was last written to, as far as the pages that it holds in memory show. fixed: what the file
    was like when it was opened as one that nobody writes to; None: others may write, and SQLite notices.
    """

    written = 0
    fixed: tuple[int, ...] | None = None

    def __del__(self) -> None:
        with suppress(sqlite3.ProgrammingError):  # of a connection that could not even be opened
            self.close()


def positions(db: sqlite3.Connection, sql: str, parameters: Sequence[Any]) -> NDArray[np.int64]:
    """The column `pos` of a query, as an array. SQLite joins it into one text: one row costs less than thousands."""
    joined = db.execute(f"SELECT group_concat(pos) FROM ({sql})", parameters).fetchone()[0]
    return np.fromstring(joined, np.int64, sep=",") if joined else np.empty(0, np.int64)


@contextmanager
def errors(path: Path) -> Iterator[None]:
    """SQLite's errors, told in terms of the space."""
    try:
        yield
    except sqlite3.Error as error:
        raise translated(path, error) from error
    except UnicodeEncodeError as error:
        raise BadInput(f"text that is not valid Unicode (a lone surrogate) cannot be stored: {error}") from error


def is_busy(error: sqlite3.Error) -> bool:
    """Whether another process holds what is needed."""
    return (getattr(error, "sqlite_errorname", None) or "").startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))


def translated(path: Path, error: sqlite3.Error) -> SpaceError:
    """An error of SQLite in terms of the space."""
    name = getattr(error, "sqlite_errorname", None) or ""
    if name == "SQLITE_FULL" or (name.startswith("SQLITE_IOERR") and _is_full(path)):
        return DiskFull(
            f"no room to write {path} (disk full, a quota or a file-size limit). Everything committed before is kept; "
            "make room and run the same again"
        )
    if name.startswith("SQLITE_IOERR"):
        return SpaceError(
            f"the system reported an input/output error for {path} ({name}), though there is room: look at the disk "
            "(dmesg), or at the network that it is reached by. Everything committed before is kept; copy the file to "
            "another disk before going on"
        )
    if is_busy(error):
        return SpaceBusy(
            f"another process is writing to {path}; waited for its transaction to end. Try again when it is done"
        )
    if name.startswith(("SQLITE_READONLY", "SQLITE_PERM")):
        return ReadOnly(f"{path} cannot be written: the file or its folder is read-only")
    if name.startswith("SQLITE_CANTOPEN"):
        return ReadOnly(f"{path} cannot be opened; may its folder be written, and may the file be read?")
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return NotASpace(f"{path} is damaged ({error}); restore it from a copy")
    return SpaceError(f"{path}: {error}")


def _is_full(path: Path) -> bool:
    """Whether more finds no room beside a file: SQLite tells quotas and limits like a broken disk."""
    longest = max((each.stat().st_size for each in _files(path)), default=0)
    try:
        with tempfile.TemporaryFile(dir=path.absolute().parent) as probe:
            probe.seek(longest)  # as far behind as the longest of them, for limits on that
            probe.write(bytes(ROOM))
            probe.flush()
            os.fsync(probe.fileno())
    except OSError as error:
        return error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    return False


def _files(path: Path) -> list[Path]:
    beside = (path.with_name(path.name + ending) for ending in ("", "-wal", "-shm"))
    return [each for each in beside if each.exists()]
