"""Files as streams of bytes: gzip or not when they are read, in one step when they are written."""

from __future__ import annotations

import errno
import gzip
import os
import shutil
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from knnife.errors import BadInput, DiskFull, NotFound, ReadOnly

GZIP = b"\x1f\x8b"
FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EFBIG)


@contextmanager
def reading(path: Path) -> Iterator[BinaryIO]:
    """The bytes of a file, those of *.gz as they were before (by the content, not by the name).

    Raises NotFound, and BadInput where it is a folder, or cannot be read, or is a damaged gzip, also while reading.
    """
    try:
        with path.open("rb") as stream:
            start = stream.read(len(GZIP))
            stream.seek(0)
            if start != GZIP:
                yield stream
                return
            with gzip.open(stream) as unpacked:
                yield cast(BinaryIO, unpacked)
    except FileNotFoundError as error:
        raise NotFound(f"there is no file {path}") from error
    except IsADirectoryError as error:
        raise BadInput(f"{path} is a folder: expected a file of word vectors") from error
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise BadInput(f"{path} is a damaged or truncated gzip file ({error}): fetch or make it again") from error
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror or error}") from error


@contextmanager
def writing(path: Path) -> Iterator[BinaryIO]:
    """A stream for the new content of a file, gzip where the name ends so. At the end it takes the place of the old.

    Whoever reads meanwhile, or has the file mapped into memory, keeps the old one; after an error it stays.
    Raises DiskFull, and ReadOnly where the place cannot be written.
    """
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as stream:
            if path.suffix == ".gz":
                with gzip.GzipFile(filename="", fileobj=stream, mode="wb", compresslevel=6, mtime=0) as packed:
                    yield cast(BinaryIO, packed)
            else:
                yield stream
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        if error.errno in FULL:
            raise DiskFull(f"no room to write {path}: {error.strerror}; what was there before is as it was") from error
        raise ReadOnly(f"{path} cannot be written: {error.strerror or error}; give another place") from error
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def require_room(path: Path, size: int) -> None:
    """Raises DiskFull where a file of `size` bytes would not find room at a path: before hours of work, not behind."""
    free = shutil.disk_usage(path.absolute().parent).free
    if free < size:
        raise DiskFull(
            f"{path.absolute().parent} has room for {free:,} bytes, the vectors take {size:,}: make room, or write "
            "them to another disk"
        )


def size_of(stream: BinaryIO) -> int | None:
    """How many bytes a stream of `reading` has; None where it is packed, and nobody knows."""
    return None if isinstance(stream, gzip.GzipFile) else os.fstat(stream.fileno()).st_size
