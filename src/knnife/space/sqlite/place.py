"""Where the file of a space lies, and whether what lies there is still the file that was opened.

SQLite keeps its log under the name that a file had when it was opened. When the file is renamed, or another one put
in its place, commits go into a log that belongs to nothing, or to the wrong file (sqlite.org/howtocorrupt.html, 2.4 and
1.4). So the path is made absolute once, and device and inode are compared before each answer and each commit.
"""

from __future__ import annotations

import os
import struct
import sys
import weakref
from collections.abc import Callable
from pathlib import Path

from knnife.errors import SpaceMoved

Identity = tuple[int, int]  # device, inode

SHARED_FIRST, SHARED_SIZE = 0x40000002, 510  # bytes of the file that whoever has it open locks (SQLite's os.h)
SHM_IN_USE = 128  # the byte of the shared memory that whoever uses it locks (SQLite's os_unix.c, UNIX_SHM_DMS)
FLOCK = "hhqqi4x"  # struct flock of 64-bit Linux: type, whence, start, length, process

# Without a lock: a place leaves when its store is collected, which may be while another thread, or this one, is here.
_open: dict[int, weakref.ref[FilePlace]] = {}


class FilePlace:
    """The path of a space, and the file that was found there."""

    def __init__(self, path: Path, fold: Callable[[], bool]) -> None:
        """fold: puts what is in the log into the file; whether it could."""
        self.is_over = False  # this process has opened the file under another name since, with another log
        self.path = Path(os.path.abspath(path))  # before anybody changes the working directory
        self.real = Path(os.path.realpath(self.path))  # SQLite keeps the log beside the file that a link names
        self.log, self.shared_memory = _beside(self.real, "-wal"), _beside(self.real, "-shm")
        self.identity: Identity | None = None
        self._fold = weakref.WeakMethod(fold)  # the store holds its place, not the other way round

    def fold(self) -> bool:
        """Put what is in the log into the file; whether nothing is left in it."""
        fold = self._fold()
        return self.is_over or fold is None or fold()

    def settle(self, before: Identity | None) -> None:
        """Remember the file that was opened. before: what lay there just before, None where nothing did."""
        identity = identity_of(self.path)
        if identity is None or before not in (None, identity):
            raise SpaceMoved(f"{self.path} was replaced or removed while it was being opened; open it again")
        self.identity = identity
        _open[id(self)] = weakref.ref(self)

    def leave(self) -> None:
        """Nobody here has the file open any more."""
        _open.pop(id(self), None)

    def look(self) -> int:
        """When the file was last written to, in nanoseconds. Raises SpaceMoved where another, or none, lies there."""
        try:
            found = os.stat(self.path)
        except (FileNotFoundError, NotADirectoryError):
            raise self.moved() from None
        if (found.st_dev, found.st_ino) != self.identity:
            raise self.moved()
        return found.st_mtime_ns

    def standing(self) -> tuple[int, ...] | None:
        """What changes when the file is written to; None where its log holds something, so that it is not whole."""
        try:
            found = os.stat(self.path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        if self.log.exists() and self.log.stat().st_size:
            return None
        return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size

    def clear(self) -> None:
        """Delete what SQLite left under the old name of a file that was moved, where nobody uses it."""
        if identity_of(self.path) is None and self.log.exists() and not self._in_use():
            self.log.unlink(missing_ok=True)
            self.shared_memory.unlink(missing_ok=True)

    def _in_use(self) -> bool:
        return sys.platform != "linux" or bool(_locked_by(self.shared_memory, SHM_IN_USE, 1))

    def moved(self) -> SpaceMoved:
        """What is to be said of a file that is not where it was opened."""
        now, where = identity_of(self.path), self._now_called()
        happened = "was renamed, moved or deleted" if now is None else "was replaced by another file"
        if where is None:
            data = "under the name that it has now"
        elif where.endswith(" (deleted)"):
            data = f"in a deleted file, which is there until this process ends: cp {self._descriptor()} COPY"
        else:
            data = f"in {where}"
        return SpaceMoved(
            f"{self.path} {happened} while it was open. This call changed nothing; what was committed before is "
            f"{data}. Open the one that you mean"
        )

    def _now_called(self) -> str | None:
        """The name that the file has now, as far as the system tells (Linux does)."""
        descriptor = self._descriptor()
        return None if descriptor is None else os.readlink(descriptor)

    def _descriptor(self) -> str | None:
        folder = f"/proc/{os.getpid()}/fd"
        for number in os.listdir(folder) if os.path.isdir(folder) else ():
            try:
                found = os.stat(f"{folder}/{number}")
            except OSError:  # closed meanwhile
                continue
            if (found.st_dev, found.st_ino) == self.identity:
                return f"{folder}/{number}"
        return None


def identity_of(path: Path) -> Identity | None:
    """The device and inode of the file of that name; None where there is none, or the name can be none."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return found.st_dev, found.st_ino


def is_open_here(path: str | Path) -> bool:
    """Does this process have that file open as a space?

    It must then not open it by itself: closing it again would drop SQLite's locks (howtocorrupt.html, 2.2).
    """
    identity = identity_of(Path(path))
    return identity is not None and any(place.identity == identity for place in others())


def others() -> list[FilePlace]:
    """The places of all spaces that this process has open."""
    places = (known() for known in _open.copy().values())
    return [place for place in places if place is not None]


def check_neighbours(place: FilePlace) -> None:
    """Raises SpaceMoved where the log of that name is in use for another file, one that was called so before."""
    identity = identity_of(place.path)
    for other in others():
        if other.path == place.path and other.identity != identity:
            raise SpaceMoved(
                f"this process still has the file open that was called {place.path} before; close that space first, "
                "as its log has the name that the new one would take"
            )
        same_file = other.identity == identity and other.real != place.real
        if same_file and (identity_of(other.path) == identity or not other.fold()):
            raise SpaceMoved(
                f"this process has that file open under the name {other.path}; close that space first, as each name "
                "has a log of its own"
            )
        other.is_over |= same_file
    if sys.platform != "linux" or is_open_here(place.path) or not place.shared_memory.exists():
        return
    user = _locked_by(place.shared_memory, SHM_IN_USE, 1)
    if user and not (identity and _locked_by(place.real, SHARED_FIRST, SHARED_SIZE)):
        raise SpaceMoved(
            f"process {user} still has the file open that was called {place.path} before it was renamed or replaced; "
            "end that process (or let it close the space) first, as its log has the name that this file needs"
        )


def _locked_by(path: Path, start: int, length: int) -> int:
    """A process that holds a lock on some bytes of a file; 0 for none."""
    import fcntl  # not on every system

    try:
        with path.open("rb") as file:
            asked = struct.pack(FLOCK, fcntl.F_WRLCK, os.SEEK_SET, start, length, 0)
            kind, _, _, _, process = struct.unpack(FLOCK, fcntl.fcntl(file, fcntl.F_GETLK, asked))
    except OSError:  # not ours to read: nothing can be told
        return 0
    return 0 if kind == fcntl.F_UNLCK else int(process)


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)
