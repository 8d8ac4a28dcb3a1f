"""Files as streams of bytes: gzip or not when they are read, in one step when they are written."""

from __future__ import annotations

import gzip
import os
import shutil
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from knnife.errors import BadInput, DiskFull, NotFound
from knnife.output_kinds import OutputKind
from knnife.outputs import whole_file

GZIP = b"\x1f\x8b"


@contextmanager
def reading(path: Path) -> Iterator[BinaryIO]:
    """The bytes of a file, those of *.gz as they were before (by the content, not by the name).

    Raises NotFound, and BadInput where it is a folder, or cannot be read, or is a damaged gzip, also while reading.
    """
    if "\0" in str(path):
        raise NotFound(f"there is no file {str(path)!r}")
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
def writing(path: Path, kind: OutputKind) -> Iterator[BinaryIO]:
    """The stream of `outputs.whole_file`, packed by gzip where the name ends so.

    Whoever reads meanwhile, or has the file mapped into memory, keeps the old one. Raises what `whole_file` raises.
    """
    with whole_file(path, kind) as stream:
        if path.suffix == ".gz":
            with gzip.GzipFile(filename="", fileobj=stream, mode="wb", compresslevel=6, mtime=0) as packed:
                yield cast(BinaryIO, packed)
        else:
            yield stream


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
