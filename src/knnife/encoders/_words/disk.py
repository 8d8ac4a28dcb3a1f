"""Files as streams of bytes: unpacked when they are read, in one step when they are written."""

from __future__ import annotations

import gzip
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader, FileIO
from pathlib import Path
from typing import BinaryIO, cast

from knnife.errors import BadInput, DiskFull
from knnife.output_kinds import OutputKind
from knnife.outputs import whole_file
from knnife.things import Reading
from knnife.things.files import STDIN, bare, opened


@contextmanager
def reading(path: Path, text: bool = False) -> Iterator[BufferedReader]:
    """The bytes of a file, unpacked (by the content, not by the name), as every other reader opens it.

    text: as UTF-8, behind any byte order mark. Raises NotFound, and BadInput where it is a folder, or cannot be read,
    or is damaged, also while reading.
    """
    if os.path.isdir(path):  # Path.is_dir raises for names that are too long
        raise BadInput(f"{path} is a folder: expected a file of word vectors")
    name = str(path) if str(path) != STDIN else f"./{STDIN}"
    with (opened if text else bare)(name, Reading(name, lambda _: iter(())), measure=False) as stream:
        yield stream


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
    return os.fstat(stream.fileno()).st_size if isinstance(getattr(stream, "raw", None), FileIO) else None
