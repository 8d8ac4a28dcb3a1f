"""Blocks of words and vectors, made by several threads one after another -> one table."""

from __future__ import annotations

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

REPEATED: Final = "repeated words left out"
T = TypeVar("T")
R = TypeVar("R")


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
    """The table of all blocks, with the first vector of each word; the mapping says how many others there were.

    Raises BadInput where there are no words.
    """
    words: list[str] = []

    def vectors() -> Iterator[Vectors]:
        for block in blocks:
            words.extend(block.words)
            yield block.vectors

    found = stacked(vectors())
    if not words:
        raise BadInput(f"{what} holds no words: expected one in each line or record, with its vector")
    return without_repeated(WordTable(words, found))


def check_finite(vectors: Vectors, before: int, what: str) -> None:
    """Raises BadInput where one of some vectors, which follow `before` others, holds NaN or infinity."""
    finite = np.isfinite(vectors).all(axis=1)
    if not finite.all():
        row = before + int(np.argmin(finite)) + 1
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
