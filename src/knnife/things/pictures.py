"""Pictures as values: paths, which may lead into an archive ("photos.zip/beach.jpg"), or the bytes of files."""

from __future__ import annotations

import os
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from hashlib import blake2b
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import IO, Any, Final, Self, cast

from knnife.errors import BadInput, NotFound
from knnife.things.paths import real

ENDINGS: Final = frozenset((
    ".avif", ".bmp", ".gif", ".heic", ".heif", ".jfif", ".jpe", ".jpeg", ".jpg", ".mpo", ".pbm", ".pgm", ".png",
    ".pnm", ".ppm", ".tif", ".tiff", ".webp",
))  # fmt: skip
ARCHIVE: Final = ".zip"
LARGEST: Final = 512 << 20  # bytes of one picture's file
SMALL: Final = 64 << 20  # bytes that a member of an archive may always unpack to,
MOST_PACKED: Final = 100  # beside so many times what it has there: photos are packed already, a bomb a thousandfold
PIECE: Final = 1 << 16  # bytes read at once
PIECES: Final = {12: 1 << 6, 14: 1 << 12}  # of bzip2 and LZMA, which zipfile unpacks whole: up to 90 MB of so little
SHOWN: Final = 200  # characters of a path in an error: it may be a text that was taken for one

Value = str | bytes


class PicturePath(str):
    """The path of a picture, and the hash of what lies there (`content`, 16 bytes)."""

    content: bytes

    def __new__(cls, path: str, content: bytes) -> Self:
        """A path, and the hash of what lies there."""
        made = super().__new__(cls, path)
        made.content = content
        return made

    def __getnewargs__(self) -> tuple[str, bytes]:  # type: ignore[override]  # so that it can be copied and pickled
        return str(self), self.content

    @classmethod
    def of(cls, path: str, data: bytes) -> Self:
        """A path behind which `data` lies."""
        return cls(path, content(data))


def content(value: Value) -> bytes:
    """The hash of the bytes of a picture, 16 bytes; equal for equal files, wherever they lie."""
    if isinstance(value, PicturePath):
        return value.content
    data = picture_bytes(value) if isinstance(value, str) else value
    return blake2b(data, digest_size=16, person=b"picture").digest()


def picture_bytes(path: str) -> bytes:
    """What is in the file of a picture, which may lie in a zip archive ("photos.zip/beach.jpg").

    Raises NotFound where there is none, BadInput where it cannot be read, is empty, or is larger than 512 MB.
    """
    shown = path if len(path) <= SHOWN else f"{path[:SHOWN]}…"
    path = real(path)
    try:
        is_file = stat.S_ISREG(os.stat(path).st_mode)  # opening a pipe would wait for its writer
        data = Path(path).read_bytes() if is_file and os.path.getsize(path) <= LARGEST else None
    except (FileNotFoundError, NotADirectoryError):
        is_file, data = True, _archived(path, shown)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise BadInput(f"{shown!r} cannot be read: {getattr(error, 'strerror', None) or error}") from error
    if not is_file:
        raise BadInput(f"{shown} is no file; expected a picture")
    if data is not None and not data:
        raise BadInput(f"{shown} is empty (0 bytes); expected a picture")
    if data is None:
        raise BadInput(f"{shown} has more than {LARGEST >> 20} MB; expected a picture")
    return data


def members(archive: str) -> list[str]:
    """The paths of the files in a zip archive, sorted, without hidden ones. Raises BadInput where it is no archive."""
    with _broken_archive(archive):
        names = {each.filename for each in _archive(real(archive)).zip.infolist() if not each.is_dir()}
    hidden = (".", "__MACOSX")
    plain = (name for name in names if not any(part.startswith(hidden) for part in name.split("/")))
    return sorted(f"{archive}/{name}" for name in plain)


def _archived(path: str, shown: str) -> bytes:
    """The bytes of a member of the archive that a path leads into."""
    for parent in Path(path).parents:
        if parent.suffix.lower() == ARCHIVE and (archive := Path(real(str(parent)))).is_file():
            break
    else:
        raise NotFound(f"no such picture: {shown}")
    member = Path(path).relative_to(parent).as_posix()
    with _broken_archive(shown):
        data = _archive(str(archive)).read(member)
    if data is None:
        raise NotFound(f"no such picture: {member} is not in {parent}")
    return data


class _Archive:
    """A zip archive that stays open: to open one means to read its whole list of contents."""

    def __init__(self, path: str) -> None:
        from zipfile import ZipFile  # costs as much to import as all of this package

        try:
            self.zip = ZipFile(path)
        except UnicodeDecodeError:
            self.zip = ZipFile(BytesIO(_with_plain_names(path)))
        self._lock = Lock()

    def read(self, member: str) -> bytes | None:
        """The bytes of a member; None where there is none. What is too large by its own account is not unpacked."""
        with self._lock, suppress(KeyError):
            known = self.zip.getinfo(member)
            if known.file_size > LARGEST:
                raise ValueError(f"it has more than {LARGEST >> 20} MB; expected a picture")
            # What it says of its size may be a lie, in either direction.
            largest = min(LARGEST, max(SMALL, MOST_PACKED * known.compress_size))
            with self.zip.open(known) as file:
                piece = PIECES.get(known.compress_type, PIECE)
                cast(Any, file).MIN_READ_SIZE = piece
                data = _bounded(file, largest, piece)
            if len(data) > largest:
                raise ValueError(f"it unpacks to more than {largest >> 20} MB, from {known.compress_size:,} bytes")
            return data
        return None


def _with_plain_names(path: str) -> bytes:
    """An archive with names that say they are UTF-8 and are not. Then they are read as those that say nothing."""
    if os.path.getsize(path) > LARGEST:
        raise ValueError(f"a name in it is no UTF-8, and it has more than {LARGEST >> 20} MB")
    data = bytearray(Path(path).read_bytes())
    end = data.rfind(b"PK\5\6")
    at = int.from_bytes(data[end + 16 : end + 20], "little") - 1  # where the list of contents begins
    while (at := data.find(b"PK\1\2", at + 1, end)) >= 0:
        length = int.from_bytes(data[at + 28 : at + 30], "little")
        try:
            data[at + 46 : at + 46 + length].decode()
        except UnicodeDecodeError:
            own = int.from_bytes(data[at + 42 : at + 46], "little")  # where the member itself begins
            for flags in (at + 9, own + 7):
                if flags < end:
                    data[flags] &= 0xF7  # all but the flag that says UTF-8
    return bytes(data)


def _bounded(file: IO[bytes], largest: int, piece: int) -> bytes:
    """What is in a file, or little more than `largest` bytes of it, read by pieces."""
    data = bytearray()
    while len(data) <= largest and (more := file.read(piece)):
        data += more
    return bytes(data)


def _archive(path: str) -> _Archive:
    """The archive at a path, as it is now."""
    status = os.stat(path)
    return _known_archive(path, status.st_mtime_ns, status.st_size, status.st_ino)


@lru_cache(maxsize=4)
def _known_archive(path: str, *_: int) -> _Archive:
    return _Archive(path)


@contextmanager
def _broken_archive(path: str) -> Iterator[None]:
    """Raises BadInput for whatever is wrong with an archive, or with the member that a path leads to."""
    from zipfile import BadZipFile

    try:
        yield
    except (OSError, BadZipFile, zlib.error, RuntimeError, NotImplementedError, ValueError, EOFError) as error:
        raise BadInput(f"{path} cannot be read out of a zip archive: {error}") from error
