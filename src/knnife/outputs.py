"""Files that are written: whole or not at all, never over what is read, nor over another kind of file.

Every file that a user asks for is opened here, from Python and by the command line. It is written without a name, or
under another one, in the folder where it shall be, goes to the disk, and then takes the place of what was there.
"""

from __future__ import annotations

import errno
import io
import os
import re
import secrets
import stat
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from glob import has_magic, iglob
from typing import Any, BinaryIO, Final, NamedTuple, cast

from knnife.errors import BadInput, DiskFull, KnnifeError, ReadOnly
from knnife.output_kinds import OutputKind

Path = str | os.PathLike[str]

STDOUT: Final = "-"
BUFFER: Final = 1 << 18
HEAD: Final = 1 << 16  # bytes by which a kind is known
DATABASE: Final = b"SQLite format 3\0"
SPACE: Final = ".knnife"
BESIDE_A_SPACE: Final = re.compile(r"(.+)-(?:wal|shm|journal|sums|index\d.*)")  # what a space and SQLite keep beside it
DESCRIPTOR: Final = re.compile(r"/(?:dev|proc/self)/fd/(\d+)")
STANDARD: Final = {"/dev/stdout": 1, "/dev/stderr": 2}
FULL: Final = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EFBIG)
FORBIDDEN: Final = (errno.EACCES, errno.EPERM, errno.EROFS)
NAMELESS: Final = getattr(os, "O_TMPFILE", None)  # files without a name, of which a killed process leaves nothing
BINARY: Final = getattr(os, "O_BINARY", 0)


class _Command(NamedTuple):
    """What a command reads, as it was named, and whether another kind of file may be written over."""

    inputs: tuple[str, ...] = ()
    force: bool = False


_NONE: Final = _Command()
_command: ContextVar[_Command] = ContextVar("_command", default=_NONE)


@contextmanager
def guarded(inputs: Iterable[str], *, force: bool = False) -> Iterator[None]:
    """Within the block none of `inputs` is written over, under whatever name; `force`: another kind of file is."""
    token = _command.set(_Command(tuple(inputs), force))
    try:
        yield
    finally:
        _command.reset(token)


@contextmanager
def whole_file(path: Path, kind: OutputKind, *, private: bool = False) -> Iterator[BinaryIO]:
    """A stream for the new content of a file, which takes the place of the old at the end; after an error it stays.

    "-" is standard output. Devices and pipes stay what they are, and are written to as the content comes.
    private: nobody but its owner may read the file; so it is with what is made of a space that nobody else may read.
        Else it may be read by whoever could read the old one.

    Raises BadInput for a place that cannot be used (see `check`), ReadOnly, DiskFull.
    """
    name = os.fsdecode(path)
    if _is_stream(name):
        with _standing(name) as stream:
            yield stream
        return
    check(name, kind)
    private = private or any(map(_is_private_space, _command.get().inputs))
    with _explained(name):
        descriptor, part = _new(os.path.dirname(name) or os.curdir, 0o600 if private else 0o666)
    raw = _Output(descriptor, name)
    stream = io.BufferedWriter(raw, BUFFER)
    try:
        yield stream
        stream.flush()
        check(name, kind)  # what came there meanwhile is not written over either
        with _explained(name):
            part = _settle(descriptor, part, name, private)
    finally:
        raw.close()
        if part is not None:
            with suppress(FileNotFoundError):
                os.unlink(part)


@contextmanager
def whole_text(
    path: Path, kind: OutputKind, *, errors: str = "strict", private: bool = False
) -> Iterator[io.TextIOWrapper]:
    """A `whole_file` of UTF-8; line ends are written as they are."""
    with whole_file(path, kind, private=private) as stream:
        text = io.TextIOWrapper(stream, "utf-8", errors, newline="")
        try:
            yield text
        finally:
            text.detach()


def check(path: Path, kind: OutputKind | None = None) -> None:
    """Raises where a file cannot be written, before any work is done for it.

    BadInput: what is there is read by the command that runs, or a space, another `kind` of file, a symbolic link, a
    folder; or there is no folder for it. ReadOnly: this user may not write there.
    """
    name = os.fsdecode(path)
    if _is_stream(name):
        return
    held = _status(name)
    folder = os.path.dirname(name) or os.curdir
    if any(_is_same(name, each) for each in _command.get().inputs):
        what = "the space itself, which is what is read" if _head(name).startswith(DATABASE) else "what is read"
        raise _refused(name, f"it is {what}; choose another file")
    if held is not None and stat.S_ISLNK(held.st_mode):
        raise _refused(name, f"it is a symbolic link to {os.readlink(name)}; name that file itself")
    if held is not None and stat.S_ISDIR(held.st_mode):
        raise _refused(name, "it is a folder; expected the name of a file")
    if not os.path.isdir(folder) or not os.path.basename(name):
        raise _refused(name, f"there is no folder {folder}; make it first")
    if not os.access(folder, os.W_OK) or not (held is None or os.access(name, os.W_OK)):
        raise ReadOnly(f"{name} cannot be written to: this user may not write there; give another place")
    _check_kind(name, held, kind)


def unwritable(path: Path, error: OSError) -> KnnifeError:
    """Why a file cannot be written, in our words."""
    name, why = os.fsdecode(path), error.strerror or str(error)
    if error.errno in FULL:
        return DiskFull(f"no room to write {name}: {why}; what was there before is as it was")
    if error.errno in FORBIDDEN:
        return ReadOnly(f"{name} cannot be written to: {why}; give another place")
    return _refused(name, why)


class _Output(io.FileIO):
    """A file that says in our words why it cannot be written to."""

    def __init__(self, descriptor: int, path: str) -> None:
        super().__init__(descriptor, "wb")
        self.path = path

    def write(self, data: Any, /) -> int:
        try:
            return super().write(data) or 0
        except BrokenPipeError:  # who reads went away: no fault of what is written
            raise
        except OSError as error:
            raise unwritable(self.path, error) from error


def _new(folder: str, mode: int) -> tuple[int, str | None]:
    """A descriptor of a new file in a folder, and its name; None for one without."""
    if NAMELESS is not None:
        with suppress(OSError):  # not every file system has them
            return os.open(folder, NAMELESS | os.O_RDWR, mode), None
    name = _part(folder)
    return os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL | BINARY, mode), name


def _part(folder: str) -> str:
    return os.path.join(folder, f".{secrets.token_hex(8)}.part")


def _settle(descriptor: int, part: str | None, path: str, private: bool) -> str | None:
    """What was written goes to the disk and to its place; the name that is left to be deleted, None for none."""
    folder = os.path.dirname(path) or os.curdir
    with suppress(FileNotFoundError):
        if not private and hasattr(os, "fchmod"):
            os.fchmod(descriptor, stat.S_IMODE(os.stat(path).st_mode))
    os.fsync(descriptor)
    if part is None:
        part, root = _part(folder), os.open(folder, os.O_RDONLY)
        try:  # given a folder, Python asks the system in the way that gives a name to a file that has none
            os.link(f"/proc/self/fd/{descriptor}", part, src_dir_fd=root)
        finally:
            os.close(root)
    os.replace(part, path)
    if hasattr(os, "O_DIRECTORY"):
        entries = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(entries)
        finally:
            os.close(entries)
    return None


def _is_stream(name: str) -> bool:
    """Whether this is a device, a pipe, or what a descriptor leads to: whatever it is, it stays."""
    if name == STDOUT or name in STANDARD or DESCRIPTOR.fullmatch(name):
        return True
    try:
        mode = os.stat(name).st_mode
    except (OSError, ValueError):
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


@contextmanager
def _standing(name: str) -> Iterator[BinaryIO]:
    if name == STDOUT:
        sys.stdout.flush()
        yield cast(BinaryIO, sys.stdout.buffer)
        sys.stdout.buffer.flush()
        return
    number = DESCRIPTOR.fullmatch(name)
    with _explained(name):
        own = STANDARD.get(name, int(number[1]) if number else None)
        descriptor = os.open(name, os.O_WRONLY | BINARY) if own is None else os.dup(own)
    with io.BufferedWriter(_Output(descriptor, name), BUFFER) as stream:
        yield stream


def _status(name: str) -> os.stat_result | None:
    try:
        return os.lstat(name)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except ValueError as error:  # a NUL in the name
        raise _refused(repr(name), "no file can be called so") from error
    except OSError as error:
        raise unwritable(f"{name:.80}…" if len(name) > 200 else name, error) from error


def _check_kind(name: str, held: os.stat_result | None, kind: OutputKind | None) -> None:
    beside = BESIDE_A_SPACE.fullmatch(name)
    if beside and _head(beside[1]).startswith(DATABASE):
        raise _refused(name, f"it belongs to the space {beside[1]}; choose another file")
    if held is None or not held.st_size:
        return
    head = _head(name)
    if head.startswith(DATABASE):
        raise _refused(name, "there is a space, or another database, which is never written over; choose another file")
    if kind is None or kind.known(head, name):
        return
    command = _command.get()
    if not command.force:
        raise _refused(
            name,
            f"what is there is not {kind.name}; choose another file, or remove that one first (on the command line, "
            "--force writes over it)",
        )
    if any(_is_below(name, each) for each in command.inputs):
        raise _refused(name, "it lies among the files that are read; choose another file")


def _is_same(name: str, other: str) -> bool:
    try:
        return os.path.samefile(name, other)
    except (OSError, ValueError):
        return os.path.realpath(name) == os.path.realpath(other) if "\0" not in other else False


def _is_private_space(name: str) -> bool:
    try:
        mode = os.stat(name).st_mode
    except (OSError, ValueError):
        return False
    return os.name == "posix" and stat.S_ISREG(mode) and not mode & 0o077 and _head(name).startswith(DATABASE)


def _is_below(name: str, given: str) -> bool:
    """Whether a file is in a folder, or one of those that a pattern is for."""
    if os.path.isdir(given):
        return os.path.realpath(name).startswith(os.path.join(os.path.realpath(given), ""))
    return has_magic(given) and any(_is_same(name, each) for each in iglob(given, recursive=True))


def _head(path: str) -> bytes:
    """How a file begins. A space is told by its name: to close a file again that SQLite has open drops its locks."""
    if path.endswith(SPACE) and os.path.exists(path):
        return DATABASE
    try:
        with open(path, "rb") as file:
            return file.read(HEAD)
    except OSError:
        return b""


@contextmanager
def _explained(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise unwritable(name, error) from error


def _refused(name: str, why: str) -> BadInput:
    return BadInput(f"{name} cannot be written to: {why}")
