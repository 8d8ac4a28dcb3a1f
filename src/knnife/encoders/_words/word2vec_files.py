"""word2vec's and GloVe's files: each word with its numbers as text, or with its floats as they lie in memory.

Text (word2vec's, fastText's .vec; GloVe's lacks the first line): a line of the numbers of words and of dimensions, then
a word and its numbers a line, parted by spaces or tabs. Lines are read by all cores; the word of a line may itself hold
spaces (a few of GloVe's do). Bytes that are no UTF-8, which some well-known files have, become U+FFFD.
Binary (word2vec's): the same first line, then each word, a space, and its float32.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, BinaryIO, Final, NamedTuple

import numpy as np

from knnife.encoders._words.disk import size_of
from knnife.encoders._words.word_rows import (
    GAP,
    REPEATED,
    WordBlock,
    check_finite,
    in_order,
    number,
    read_lines,
    read_records,
    table_of,
    words_at,
)
from knnife.encoders.word_table import WordTable
from knnife.errors import BadInput

BLOCK: Final = 8 << 20  # bytes that one core works on at once
LONGEST_LINE: Final = 64 << 20  # bytes; a million numbers take a quarter of it
MOST_DIMENSIONS: Final = 1_000_000
HEADER: Final = re.compile(rb"[ \t]*([0-9]{1,18})[ \t]+([0-9]{1,18})[ \t]*\r?\n?")
WRITTEN_AT_ONCE: Final = 1024  # lines
BINARY_BLOCK: Final = 2 << 20  # bytes that are read at once; what one takes stays in the cache
LONGEST_WORD: Final = 100_000  # bytes


class Header(NamedTuple):
    """What the first line says: how many words of how many dimensions."""

    words: int
    dim: int


class Lines(NamedTuple):
    """Some whole lines of a file."""

    first: int  # the number of the first of them, counted from 1
    content: bytes


def header(line: bytes, what: str) -> Header:
    """The header that a first line is. Raises BadInput where it is none."""
    found = HEADER.fullmatch(line)
    if found is None:
        raise BadInput(f"{what}: the first line should be two numbers, of words and of dimensions; it is {shown(line)}")
    words, dim = int(found[1]), int(found[2])
    if not words or not 0 < dim <= MOST_DIMENSIONS:
        raise BadInput(
            f"{what}: the first line says {words:,} words of {dim:,} dimensions; "
            f"expected one word at least, and 1 to {MOST_DIMENSIONS:,} dimensions"
        )
    return Header(words, dim)


def read_text(stream: BinaryIO, what: str, limit: int | None, *, headed: bool) -> tuple[WordTable, dict[str, Any]]:
    """The words of a file with a header (word2vec) or without (GloVe); with a limit, those of the first lines.

    Raises BadInput naming the line that is wrong, and where the header says another number of words than there are.
    """
    first = stream.readline(LONGEST_LINE)
    said = header(first, what) if headed else None
    dim = said.dim if said else width(first, what)
    lines = blocks_of_lines(stream, b"" if said else first, 2 if said else 1, limit, what)
    table, about = table_of(in_order(lambda own: block_of(own, dim, what), lines), what)
    found = len(table.words) + about.get(REPEATED, 0)
    if said and found != (said.words if limit is None else min(said.words, limit)):
        why = "it is truncated, or its first line is wrong" if found < said.words else "its first line is wrong"
        raise BadInput(
            f"{what}: the first line says {said.words:,} words, but there are {found:,}: {why}. "
            "Fetch or make the file again, or correct the line"
        )
    return table, about


def blocks_of_lines(stream: BinaryIO, start: bytes, number: int, limit: int | None, what: str) -> Iterator[Lines]:
    """The lines of a stream, of which `start` has been read, some megabytes at a time; at most `limit` of them.

    `number` is that of the first line. Raises BadInput where a line is so long that it is none.
    """
    left = limit
    while (content := start + stream.read(BLOCK)) and left != 0:
        rest = stream.readline(LONGEST_LINE)
        if len(rest) == LONGEST_LINE:
            raise BadInput(f"{what} has a line of more than {LONGEST_LINE:,} bytes: it is no text of word vectors")
        content, start = content + rest, b""
        n = content.count(b"\n")
        if left is not None:
            if n >= left:
                content = content[: np.flatnonzero(np.frombuffer(content, np.uint8) == ord("\n"))[left - 1] + 1]
            left -= min(n, left)
        yield Lines(number, content)
        number += n


def block_of(lines: Lines, dim: int, what: str) -> WordBlock:
    """The words and vectors of some lines. Raises BadInput naming the first that is wrong."""
    content = lines.content
    room = len(content) // (2 * dim)  # no line of so many numbers is shorter, so what a header says costs nothing
    values, places = np.empty((room, dim), np.float32), np.empty((room, 2), np.int64)
    rows, used = read_lines(content, dim, values, places)
    if used < len(content):
        line = content[used:].split(b"\n", 1)[0]
        at = lines.first + content.count(b"\n", 0, used)
        raise BadInput(f"{what}, line {at:,}: {why_not(line, dim)}")
    return WordBlock(words_at(content, places[:rows], "replace"), values[:rows])


def width(line: bytes, what: str) -> int:
    """How many numbers stand at the end of a line, behind a word."""
    fields = GAP.split(line.rstrip())
    n = next((i for i, field in enumerate(reversed(fields)) if number(field) is None), len(fields) - 1)
    if not 0 < n <= MOST_DIMENSIONS:
        raise BadInput(
            f"{what} is no text of word vectors: expected a word and its numbers in each line, got {shown(line)}"
        )
    return n


def why_not(line: bytes, dim: int) -> str:
    """What is wrong with a line that is not a word and `dim` numbers."""
    fields = GAP.split(line.rstrip())[1:]
    wrong = [field for field in fields[-dim:] if number(field) is None]
    if wrong and len(fields) >= dim:
        return f"expected {dim:,} numbers behind the word, got {shown(wrong[0])}, which is none (or too great)"
    return f"expected a word and {dim:,} numbers, got {len(fields):,} numbers: {shown(line)}"


def shown(line: bytes) -> str:
    """The beginning of a line, for a message."""
    return repr(line[:60].decode("utf-8", "replace").rstrip("\r\n")) + ("..." if len(line) > 60 else "")


def write_text(table: WordTable, stream: BinaryIO, *, headed: bool) -> None:
    """Writes words, which hold no white space, and numbers of nine digits: the same floats when they are read again."""
    if headed:
        stream.write(b"%d %d\n" % table.vectors.shape)
    line = b"%b" + b" %.9g" * table.vectors.shape[1] + b"\n"
    for start in range(0, len(table.words), WRITTEN_AT_ONCE):
        rows = table.vectors[start : start + WRITTEN_AT_ONCE].tolist()
        words = table.words[start : start + WRITTEN_AT_ONCE]
        stream.write(b"".join(line % (word.encode(), *row) for word, row in zip(words, rows, strict=True)))


def read_binary(stream: BinaryIO, what: str, limit: int | None) -> tuple[WordTable, dict[str, Any]]:
    """The words of a file; with a limit, the first of them.

    Raises BadInput where it is truncated, or holds more than its first line says.
    """
    said = header(stream.readline(1000), what)
    least = said.words * (4 * said.dim + 1)
    if (size := size_of(stream)) is not None and least > size:
        raise BadInput(
            f"{what}: the first line says {said.words:,} words of {said.dim:,} dimensions, which take {least:,} bytes "
            f"at least; the file has {size:,}: it is truncated, or of another form. Fetch or make it again"
        )
    return table_of(_blocks(stream, said, limit, what), what)


def _blocks(stream: BinaryIO, said: Header, limit: int | None, what: str) -> Iterator[WordBlock]:
    wanted, found = said.words if limit is None else min(said.words, limit), 0
    content = b""
    while found < wanted:
        more = stream.read(BINARY_BLOCK)
        content += more
        room = min(wanted - found, len(content) // (4 * said.dim + 1))
        values, places = np.empty((room, said.dim), np.float32), np.empty((room, 2), np.int64)
        rows, used = read_records(content, said.dim, values, places)
        check_finite(values[:rows], what, found)
        yield WordBlock(words_at(content, places[:rows], "replace"), values[:rows])
        content, found = content[used:], found + rows
        if found < wanted and (not more or len(content) > 4 * said.dim + LONGEST_WORD):
            raise _broken(content, said, found, bool(more), what)
    if limit is None and (content + stream.read(BINARY_BLOCK)).strip(b"\n"):
        raise BadInput(
            f"{what} goes on behind the {said.words:,} words of its first line: the line is wrong; correct it"
        )


def _broken(rest: bytes, said: Header, found: int, goes_on: bool, what: str) -> BadInput:
    if goes_on:
        return BadInput(f"{what}: word {found + 1:,} has no end; {shown(rest)} is no word: the file is damaged")
    return BadInput(
        f"{what}: the first line says {said.words:,} words of {said.dim:,} dimensions; the file ends behind word "
        f"{found:,}: it is truncated, or the line is wrong. Fetch or make it again"
    )


def write_binary(table: WordTable, stream: BinaryIO) -> None:
    """Writes words, which hold no white space, and floats, as gensim does (no line ends)."""
    stream.write(b"%d %d\n" % table.vectors.shape)
    for start in range(0, len(table.words), WRITTEN_AT_ONCE):
        rows = np.ascontiguousarray(table.vectors[start : start + WRITTEN_AT_ONCE], "<f4")
        words = table.words[start : start + WRITTEN_AT_ONCE]
        stream.write(b"".join(word.encode() + b" " + row.tobytes() for word, row in zip(words, rows, strict=True)))
