"""word2vec's binary form: a line of two numbers, then each word, a space, and its floats as they lie in memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO, Final

import numpy as np

from knnife.encoders._words.disk import size_of
from knnife.encoders._words.row_parsing import read_records, words_at
from knnife.encoders._words.table_building import WordBlock, check_finite, table_of
from knnife.encoders._words.text_files import Header, header, shown
from knnife.encoders.word_table import WordTable
from knnife.errors import BadInput

BLOCK: Final = 2 << 20  # bytes that are read at once; what one takes stays in the cache
LONGEST_WORD: Final = 100_000  # bytes
WRITTEN_AT_ONCE: Final = 4096  # records


def read(stream: BinaryIO, what: str, limit: int | None) -> tuple[WordTable, dict[str, Any]]:
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
        more = stream.read(BLOCK)
        content += more
        room = min(wanted - found, len(content) // (4 * said.dim + 1))
        values, places = np.empty((room, said.dim), np.float32), np.empty((room, 2), np.int64)
        rows, used = read_records(content, said.dim, values, places)
        check_finite(values[:rows], found, what)
        yield WordBlock(words_at(content, places[:rows], "replace"), values[:rows])
        content, found = content[used:], found + rows
        if found < wanted and (not more or len(content) > 4 * said.dim + LONGEST_WORD):
            raise _broken(content, said, found, bool(more), what)
    if limit is None and (content + stream.read(BLOCK)).strip(b"\n"):
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


def write(table: WordTable, stream: BinaryIO) -> None:
    """Writes words, which hold no white space, and floats, as gensim does (no line ends)."""
    stream.write(b"%d %d\n" % table.vectors.shape)
    for start in range(0, len(table.words), WRITTEN_AT_ONCE):
        rows = np.ascontiguousarray(table.vectors[start : start + WRITTEN_AT_ONCE], "<f4")
        words = table.words[start : start + WRITTEN_AT_ONCE]
        stream.write(b"".join(word.encode() + b" " + row.tobytes() for word, row in zip(words, rows, strict=True)))
