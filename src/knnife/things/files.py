"""Finding and opening files: gzip is seen through, byte order marks are dropped, progress is measured in bytes."""

from __future__ import annotations

import glob
import gzip
import io
import os
import stat
import sys
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Any, cast

from knnife.errors import BadInput, NotFound
from knnife.things.reading import Reading

STDIN = "-"
BUFFER = 1 << 17
LONGEST_LINE = 64 << 20  # what one row may take of memory; also keeps a gzip bomb without line breaks harmless
GZIP_MAGIC = b"\x1f\x8b"
UTF8_MARK = b"\xef\xbb\xbf"
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")

_DAMAGE = (EOFError, zlib.error, gzip.BadGzipFile)


@contextmanager
def opened(name: str, reading: Reading, measure: bool = True) -> Iterator[io.BufferedReader]:
    """The decompressed bytes of the file `name` ("-" for standard input), behind any byte order mark.

    measure: sets the progress of `reading`. Damaged compressed data are a fault of the reading; what was read before
    stays. Raises NotFound and BadInput when the file cannot be opened.
    """
    with ExitStack() as stack:
        if name == STDIN:
            binary = _standard_input()
            reading.progress = lambda: None
        else:
            raw = stack.enter_context(_raw(name))
            binary = io.BufferedReader(raw, BUFFER)
            if measure:
                reading.progress = partial(_consumed, raw)
        try:
            yield _begun(binary, name, reading)
        except _DAMAGE as error:
            reading.fault(None, f"the compressed data is damaged, the rest cannot be read ({error})", name)
        except OSError as error:
            raise BadInput(f"{name} cannot be read: {error.strerror or error}") from error


def lines(stream: IO[bytes], reading: Reading, source: str) -> Iterator[tuple[int, bytes]]:
    """The lines of `stream`, numbered from 1. One that is too long for memory is a fault, and is skipped."""
    too_long = False
    number = 0
    for piece in iter(partial(stream.readline, LONGEST_LINE), b""):
        ends = len(piece) < LONGEST_LINE or piece.endswith(b"\n")
        if too_long:
            too_long = not ends
            continue
        number += 1
        if ends:
            yield number, piece
        else:
            too_long = True
            reading.fault(number, f"a line of more than {LONGEST_LINE >> 20} MB", source)


def format_of(name: str) -> str:
    """The ending that says the format of a file, in lower case: "films.CSV.gz" is ".csv"."""
    path = Path(name)
    if path.suffix.lower() == ".gz":
        path = path.with_suffix("")
    return path.suffix.lower()


def files_below(folder: Path) -> Iterator[str]:
    """The paths of all files below a folder; hidden ones are left out, and links to folders are not followed."""
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in files:
            path = Path(place, name)
            if not name.startswith(".") and path.is_file():
                yield path.as_posix()


def matching(pattern: str) -> list[str]:
    """The files that match a pattern ("photos/**/*.jpg"), sorted. Raises NotFound where there is none."""
    found: dict[tuple[str, str], str] = {}  # by where they really lie: links to folders may lead in a circle
    for name in sorted(glob.iglob(pattern, recursive=True), key=lambda name: (name.count(os.sep), name)):
        if os.path.isfile(name):
            folder, last = os.path.split(name)
            found.setdefault((os.path.realpath(folder), last), Path(name).as_posix())
    if not found:
        raise NotFound(f"no file matches the pattern {pattern}")
    return sorted(found.values())


def is_pattern(name: str) -> bool:
    """Is this a pattern for the names of files, and not the name of one?"""
    return glob.has_magic(name) and not os.path.lexists(name)


def _raw(name: str) -> io.FileIO:
    try:
        return io.FileIO(name)
    except FileNotFoundError as error:
        raise NotFound(f"no such file or folder: {name}") from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise BadInput(f"{name} cannot be read: {getattr(error, 'strerror', None) or error}") from error


def _consumed(raw: io.FileIO) -> float | None:
    if raw.closed:
        return 1.0
    status = os.fstat(raw.fileno())
    if not stat.S_ISREG(status.st_mode):
        return None
    return min(1.0, raw.tell() / status.st_size) if status.st_size else 1.0


def _standard_input() -> io.BufferedReader:
    binary: Any = sys.stdin.buffer
    # The real one is used as it is: a second buffer in front of a pipe would wait for more than is there.
    return cast(io.BufferedReader, binary) if hasattr(binary, "peek") else io.BufferedReader(binary)


def _begun(binary: io.BufferedReader, name: str, reading: Reading) -> io.BufferedReader:
    """The decompressed stream behind its mark; an empty one where even the first bytes are damaged."""
    try:
        return _unmarked(_unzipped(binary), name)
    except _DAMAGE as error:
        reading.fault(None, f"the compressed data is damaged ({error})", name)
        return io.BufferedReader(cast(io.RawIOBase, io.BytesIO()))


def _unzipped(stream: io.BufferedReader) -> io.BufferedReader:
    if not stream.peek(2).startswith(GZIP_MAGIC):
        return stream
    return io.BufferedReader(cast(io.RawIOBase, gzip.GzipFile(fileobj=stream)), BUFFER)


def _unmarked(stream: io.BufferedReader, name: str) -> io.BufferedReader:
    head = stream.peek(3)
    if head.startswith(UTF16_MARKS):
        raise BadInput(f"{name} is UTF-16, expected UTF-8: convert it with  iconv -f UTF-16 -t UTF-8")
    if head.startswith(UTF8_MARK):
        stream.read(len(UTF8_MARK))
    return stream
