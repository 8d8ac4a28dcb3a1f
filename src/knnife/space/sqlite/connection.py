"""The driver of SQLite: connections that close themselves, and errors told in terms of a space."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from knnife.errors import BadInput, DiskFull, NotASpace, ReadOnly, SpaceBusy, SpaceError

HEADER: Final = b"SQLite format 3\0"  # how the file of a space begins


def is_space_file(path: str) -> bool:
    """Whether there is a space, by its name or by the first bytes of the file; nothing is read from pipes."""
    if path.endswith(".knnife"):  # opening it says what is wrong with it
        return True
    if not os.path.isfile(path):
        return False
    try:
        with Path(path).open("rb") as file:
            return file.read(len(HEADER)) == HEADER
    except OSError:  # reading it says what is wrong with it
        return False


class Connection(sqlite3.Connection):
    """A connection that is closed when nobody holds it any more, as that of a thread that has ended."""

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
        raise _translate(path, error) from error
    except UnicodeEncodeError as error:
        raise BadInput(f"text that is not valid Unicode (a lone surrogate) cannot be stored: {error}") from error


def _translate(path: Path, error: sqlite3.Error) -> SpaceError:
    name = getattr(error, "sqlite_errorname", None) or ""
    if name in ("SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_SHMSIZE", "SQLITE_IOERR_TRUNCATE"):
        return DiskFull(
            f"no room to write {path} (disk full, a quota or a file-size limit). Everything committed before is kept; "
            "make room and run the same again"
        )
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
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
