"""Blocks of files -> rows of vectors and the words they belong to -> one table.

`read_lines`, `read_records` and `words_at` are compiled (_kernels.c), with a plain twin each. They fill arrays of the
caller: `values` (rows, dim) and `places` (rows, 2), where in the block each word begins and ends. They stop at what
they cannot read and return how far they came: (rows, bytes).
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from knnife.encoders.word_table import WordTable
from knnife.errors import BadInput
from knnife.geometry import Vectors
from knnife.threads import cores

Places = NDArray[np.int64]  # (rows, 2)

LONGEST_NUMBER: Final = 400  # bytes without the sign; the kernel has room for no more
# Possessive: what was a digit is not tried as less of it again, which took a minute for a line of 80 kB.
NUMBER: Final = re.compile(rb"[+-]?((?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)(?:[eE][+-]?[0-9]++)?)")
GAP: Final = re.compile(rb"[ \t]+")
CHECKED_AT_ONCE: Final = 4096  # rows
REPEATED: Final = "repeated words left out"
T = TypeVar("T")
R = TypeVar("R")


def number(text: bytes) -> float | None:
    """The number that a text is, as the nearest double; None where it is none or a float32 cannot hold it."""
    found = NUMBER.fullmatch(text)
    if found is None or len(found[1]) > LONGEST_NUMBER:
        return None
    with np.errstate(over="ignore"):
        return float(text) if np.isfinite(np.float32(float(text))) else None


def read_line(line: bytes, dim: int) -> tuple[int, list[float]] | None:
    """Where the word at the beginning of a line ends, and the `dim` numbers behind it; None where it is no such line.

    A word may hold spaces, as a few of GloVe's do: then the numbers are those at the end of the line. But where all
    that follows the first space is numbers, there are too many of them.
    """
    gaps = list(GAP.finditer(line))[-dim:]
    if len(gaps) < dim:
        return None
    end = gaps[0].start()
    numbers = [number(field) for field in GAP.split(line[end:])[1:]]
    more = GAP.split(line[:end])[1:]
    if None in numbers or (more and None not in map(number, more)):
        return None
    return end, [value for value in numbers if value is not None]


def plain_read_lines(block: bytes, dim: int, values: Vectors, places: Places) -> tuple[int, int]:
    """`read_lines` without a compiler."""
    row = used = 0
    for line in block.split(b"\n"):
        if content := line.rstrip(b" \t\r"):
            found = read_line(content, dim) if row < len(values) else None
            if found is None:
                return row, used
            places[row] = used, used + found[0]
            values[row] = found[1]
            row += 1
        used = min(used + len(line) + 1, len(block))
    return row, used


def plain_read_records(block: bytes, dim: int, values: Vectors, places: Places) -> tuple[int, int]:
    """`read_records` without a compiler."""
    used = 0
    for row in range(len(values)):
        start = used
        while block[start : start + 1] == b"\n":
            start += 1
        space = block.find(b" ", start)
        end = space + 1 + 4 * dim
        if space < 0 or end > len(block):
            return row, used
        values[row] = np.frombuffer(block, "<f4", dim, space + 1)
        places[row] = start, space
        used = end
    return len(values), used


def plain_words_at(block: bytes | NDArray[np.uint8], places: Places, errors: str) -> list[str]:
    """`words_at` without a compiler."""
    return [bytes(block[start:end]).decode("utf-8", errors) for start, end in places.tolist()]


try:
    from knnife import _kernels
except ImportError:  # installed where there was no compiler
    read_lines, read_records, words_at = plain_read_lines, plain_read_records, plain_words_at
else:
    read_lines, read_records, words_at = _kernels.read_lines, _kernels.read_records, _kernels.words_at


class WordBlock(NamedTuple):
    """Some rows of a file."""

    words: list[str]
    vectors: Vectors  # (n, d)


def in_order(work: Callable[[T], R], todo: Iterable[T]) -> Iterator[R]:
    """What `work` makes of each, in their order. No more of them wait in memory than there are cores, and one."""
    with ThreadPoolExecutor(cores()) as pool:
        running: deque[Future[R]] = deque()
        try:
            for item in todo:
                running.append(pool.submit(work, item))
                if len(running) > cores():
                    yield running.popleft().result()
            while running:
                yield running.popleft().result()
        finally:
            for future in running:
                future.cancel()


def stacked(blocks: Iterable[Vectors]) -> Vectors:
    """The blocks one below the other, in memory for little more than that: nobody knows beforehand how many come."""
    vectors, n = np.empty((0, 0), np.float32), 0
    for block in filter(len, blocks):
        if n + len(block) > len(vectors):
            vectors.resize((max(n + len(block), n + n // 8), block.shape[1]), refcheck=False)
        vectors[n : n + len(block)] = block
        n += len(block)
    vectors.resize((n, vectors.shape[1]), refcheck=False)
    return vectors


def table_of(blocks: Iterable[WordBlock], what: str) -> tuple[WordTable, dict[str, Any]]:
    """All blocks as a table with the first vector of each word, and the number of others. Raises BadInput if empty."""
    words: list[str] = []

    def vectors() -> Iterator[Vectors]:
        for block in blocks:
            words.extend(block.words)
            yield block.vectors

    found = stacked(vectors())
    if not words:
        raise BadInput(f"{what} holds no words: expected one in each line or record, with its vector")
    return without_repeated(WordTable(words, found))


def check_finite(vectors: Vectors, what: str, before: int = 0) -> None:
    """Raises BadInput where one of some vectors, which follow `before` others, holds NaN or infinity."""
    for start in range(0, len(vectors), CHECKED_AT_ONCE):
        finite = np.isfinite(vectors[start : start + CHECKED_AT_ONCE]).all(axis=1)
        if not finite.all():
            row = before + start + int(np.argmin(finite)) + 1
            raise BadInput(
                f"{what}: the vector of word {row:,} holds NaN or infinity: the file is damaged, or of another form"
            )


def without_repeated(table: WordTable) -> tuple[WordTable, dict[str, Any]]:
    """The table with the first vector of each word, and how many others there were, as something to tell."""
    repeated = len(table.words) - len(table.row_of)
    if not repeated:
        return table, {}
    first: dict[str, int] = {}
    for row, word in enumerate(table.words):
        first.setdefault(word, row)
    rows: NDArray[np.int64] = np.fromiter(first.values(), np.int64, len(first))
    counts = None if table.counts is None else table.counts[rows]
    return WordTable(list(first), table.vectors[rows], counts, table.subwords), {REPEATED: repeated}
