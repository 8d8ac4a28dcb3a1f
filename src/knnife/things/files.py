"""Finding and opening files: whatever is packed is seen through, text comes as UTF-8, progress is in bytes."""

from __future__ import annotations

import codecs
import glob
import io
import os
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import cache, partial
from itertools import islice
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, Any, cast

from knnife.errors import BadInput, KnnifeError, NotFound
from knnife.things.encodings import LOOKED_AT, Recoded, advice, marked
from knnife.things.paths import escaped, real
from knnife.things.reading import Reading
from knnife.things.unpacking import BUFFER, PACKED, Damaged, unpacked

STDIN = "-"
LONGEST_LINE = 64 << 20  # what one row may take of memory; also keeps a gzip bomb without line breaks harmless
IN_MEMORY = 64 << 20  # bytes of a packed file that has to be read back and forth
LINE_ENDS = (b"\n", b"\r")
LONGEST_MARK = 4
MOST_LINES = 1_000_000  # looked at to say what a file is written in


@contextmanager
def opened(name: str, reading: Reading, measure: bool = True) -> Iterator[io.BufferedReader]:
    """The text in the file `name` ("-" for standard input) as bytes of UTF-8, behind any byte order mark.

    Files that are packed are unpacked. UTF-16 and UTF-32 are told by their marks; without one, what `reading.written`
    says counts. What cannot be decoded is no UTF-8 here either, and `reading.fault` says what to do about it.
    measure: sets the progress of `reading`; to look at a file for a second time, leave it out. Damaged data are a fault
    of the reading; what was read before stays. Raises NotFound and BadInput when the file cannot be opened.
    """
    with bare(name, reading, measure) as stream:
        yield _as_utf8(stream, name, reading)


@contextmanager
def bare(name: str, reading: Reading, measure: bool = True) -> Iterator[io.BufferedReader]:
    """The bytes in a file, unpacked, for what is no text or says itself how it is written. Raises as `opened` does."""
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
            yield unpacked(binary, name)
        except Damaged as error:
            reading.fault(None, f"the packed data is damaged, the rest cannot be read ({error})", name)
        except OSError as error:
            raise BadInput(f"{name} cannot be read: {error.strerror or error}") from error


def read_on(stream: io.BufferedReader, size: int) -> bytes:
    """So many bytes; fewer at the end, or before damage, which comes up with the next call: none of them is lost."""
    pieces: list[bytes] = []
    while size > 0:
        try:
            piece = stream.read1(size)
        except Damaged:
            if not pieces:
                raise
            break
        if not piece:
            break
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


@contextmanager
def seekable(stream: io.BufferedReader) -> Iterator[IO[bytes]]:
    """A stream that one can go back and forth in: a copy, on disk if it is large, of what is packed or a pipe."""
    if stream.seekable():
        yield stream
        return
    with SpooledTemporaryFile(IN_MEMORY) as copy:
        while piece := read_on(stream, BUFFER):
            copy.write(piece)
        copy.seek(0)
        yield copy


def lines(stream: io.BufferedReader, reading: Reading, source: str) -> Iterator[tuple[int, bytes]]:
    """The lines of `stream`, numbered from 1. One that is too long for memory is a fault, and is skipped."""
    too_long = False
    number = 0
    for piece in iter(partial(_line_reader(stream), LONGEST_LINE), b""):
        ends = len(piece) < LONGEST_LINE or piece.endswith(LINE_ENDS)
        if too_long:
            too_long = not ends
            continue
        number += 1
        if ends:
            yield number, piece
        else:
            too_long = True
            reading.fault(number, f"a line of more than {LONGEST_LINE >> 20} MB", source)


def _line_reader(stream: io.BufferedReader) -> Callable[[int], bytes]:
    """What reads a line, or so much of it: by what old Macs ended lines with where there is nothing else."""
    try:
        head = stream.peek(1)
    except Damaged:
        head = b""
    if b"\r" not in head or b"\n" in head or head.find(b"\r") == len(head) - 1:
        return stream.readline
    pieces = _old_lines(stream)
    return lambda size: next(pieces, b"")


def _old_lines(stream: io.BufferedReader) -> Iterator[bytes]:
    """Lines that end as on old Macs, or pieces of one that is too long."""
    rest = b""
    while piece := stream.read1(BUFFER):
        *whole, rest = (rest + piece).splitlines(keepends=True)
        yield from whole
        if len(rest) >= LONGEST_LINE:
            yield rest
            rest = b""
    if rest:
        yield rest


def format_of(name: str) -> str:
    """The ending that says the format of a file, in lower case: "films.CSV.gz" is ".csv"."""
    path = Path(name)
    if path.suffix.lower() in PACKED:
        path = path.with_suffix("")
    return path.suffix.lower()


def files_below(folder: Path, unread: list[tuple[str, str]]) -> Iterator[str]:
    """The paths of all files below a folder; hidden ones are left out, and links to folders are not followed.

    unread: gets the folders that cannot be looked into, and why.
    """

    def failed(error: OSError) -> None:
        unread.append((escaped(os.fsdecode(error.filename)), error.strerror or str(error)))

    for place, folders, files in os.walk(folder, onerror=failed):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in files:
            path = Path(place, name)
            if not name.startswith(".") and path.is_file():
                yield escaped(path.as_posix())


def matching(pattern: str) -> list[str]:
    """The files that match a pattern ("photos/**/*.jpg"), sorted. Raises NotFound where there is none."""
    found: dict[tuple[str, str], str] = {}  # by where they really lie: links to folders may lead in a circle
    for name in sorted(glob.iglob(pattern, recursive=True), key=lambda name: (name.count(os.sep), name)):
        if os.path.isfile(name):
            folder, last = os.path.split(name)
            found.setdefault((os.path.realpath(folder), last), escaped(Path(name).as_posix()))
    if not found:
        raise NotFound(f"no file matches the pattern {pattern}")
    return sorted(found.values())


def is_pattern(name: str) -> bool:
    """Is this a pattern for the names of files, and not the name of one?"""
    return glob.has_magic(name) and not os.path.lexists(name)


def _raw(name: str) -> io.FileIO:
    try:
        return io.FileIO(real(name))
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


def _as_utf8(stream: io.BufferedReader, name: str, reading: Reading) -> io.BufferedReader:
    """A stream behind its mark, as UTF-8."""
    try:
        encoding, length = marked(stream.peek(LONGEST_MARK))
    except Damaged:  # which whoever reads the stream gets once more
        return stream
    stream.read(length)
    encoding = encoding or reading.written.encoding or "utf-8"
    if codecs.lookup(encoding).name == "utf-8":
        reading.undecodable = cache(partial(_advice, name))
        return stream
    reading.undecodable = lambda: f"some bytes mean nothing in {encoding}, which this file was read as"
    return io.BufferedReader(Recoded(stream, encoding), BUFFER)


def _advice(name: str) -> str:
    """What to do about a file that is no UTF-8, by its first lines that are not ASCII."""
    strange: list[bytes] = []
    with suppress(KnnifeError), bare(name, Reading(name, lambda _: iter(())), measure=False) as stream:
        size = 0
        for line in islice(iter(partial(stream.readline, LOOKED_AT), b""), MOST_LINES) if name != STDIN else ():
            if not line.isascii() or b"\0" in line:
                strange.append(line)
                size += len(line)
            if size > LOOKED_AT:
                break
    return advice(b"".join(strange))
