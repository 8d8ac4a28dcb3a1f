"""The points of an index: their tables, which of them are still there, and every question that is answered exactly.

Rows are numbered through the base (what was built or loaded) and on through the tail (what
came later). A removed point keeps its row, marked as dead, until the index is built anew.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from knnife.geometry import Metric, Positions, Vectors, blocks
from knnife.space.index import exact
from knnife.space.index.exact import Rows
from knnife.space.index.table import Table

Pairs = tuple[NDArray[np.int64], Positions, Vectors]


@dataclass(frozen=True)
class Points:
    """Points, as they are compared: for "cosine" of length 1."""

    metric: Metric
    base: Table
    tail: Table
    live: NDArray[np.bool_] | None  # (rows,) False where a point was removed; None: all are there
    longest: float  # length of the longest vector, which rounding errors grow with

    @classmethod
    def of(cls, table: Table, metric: Metric) -> Points:
        """The points of one table."""
        return cls(metric, table, Table.empty(table.vectors.shape[1]), None, _longest(table.vectors))

    @cached_property
    def rows(self) -> int:
        """How many rows there are, dead ones included."""
        return len(self.base) + len(self.tail)

    @cached_property
    def n(self) -> int:
        """How many points there are."""
        return self.rows if self.live is None else int(np.count_nonzero(self.live))

    @property
    def dim(self) -> int:
        """The number of components of a vector."""
        return int(self.base.vectors.shape[1])

    @cached_property
    def tables(self) -> tuple[tuple[Table, int], ...]:
        """The tables that hold something, each with the number of its first row."""
        return ((self.base, 0), (self.tail, len(self.base))) if len(self.tail) else ((self.base, 0),)

    @cached_property
    def live_rows(self) -> Rows | None:
        """The rows that are not dead, ascending; None: all."""
        return None if self.live is None else np.flatnonzero(self.live)

    # Rows and positions

    def find(self, positions: Positions) -> Rows:
        """The rows of positions `(p,)`, -1 where there is none."""
        rows = self.base.find(positions)
        if len(self.tail):
            later = self.tail.find(positions)
            rows = np.where(later >= 0, later + len(self.base), rows)
        return rows

    def allowed(self, positions: Positions | None) -> Rows | None:
        """The rows of those of the (ascending) positions that are there; None: every row may be answered."""
        if positions is None:
            return self.live_rows
        rows = self.find(np.asarray(positions, np.int64))
        return rows[rows >= 0] if self.live is None else rows[(rows >= 0) & self.live[rows]]

    def answers(self, some: Rows | None, own: Rows | None) -> int:
        """How many points can be answered to every query: `some`, or all, less its own."""
        count = self.rows if some is None else len(some)
        if own is None or count == 0:
            return count
        if some is None:
            return count - bool((own >= 0).any())
        at = np.minimum(np.searchsorted(some, own), count - 1)
        return count - bool((some[at] == own).any())

    def positions(self, rows: Rows) -> Positions:
        """The positions of rows of any shape."""
        if not len(self.tail):
            return np.asarray(self.base.positions[rows])
        result = np.empty(rows.shape, np.int64)
        here = rows < len(self.base)
        result[here] = self.base.positions[rows[here]]
        result[~here] = self.tail.positions[rows[~here] - len(self.base)]
        return result

    def ids(self, positions: Positions) -> list[str]:
        """The ids of the points at positions `(p,)`, which must be there."""
        rows = self.find(positions)
        here = rows < len(self.base)
        if here.all():
            return self.base.ids(rows)
        of_base, of_tail = iter(self.base.ids(rows[here])), iter(self.tail.ids(rows[~here] - len(self.base)))
        return [next(of_base if in_base else of_tail) for in_base in here.tolist()]

    # Closeness

    def closeness(self, queries: Vectors, rows: Rows, own: Rows | None = None) -> Vectors:
        """How close queries `(m, d)` are to rows `(m, c)`; minus infinity to their `own` and where a row is -1."""
        if own is not None:
            rows = np.where(rows == own[:, None], -1, rows)
        if not len(self.tail):
            return exact.closeness(queries, self.base.vectors, rows, self.metric)
        n = len(self.base)
        of_base = exact.closeness(queries, self.base.vectors, np.where(rows < n, rows, -1), self.metric)
        of_tail = exact.closeness(queries, self.tail.vectors, np.where(rows < n, -1, rows - n), self.metric)
        return np.maximum(of_base, of_tail)

    def scan(self, queries: Vectors, k: int, some: Rows | None, first: int = 0) -> list[Rows]:
        """The closest of `some` rows (None: all) from `first` on, up to `k` of each table: arrays `(m, c)`."""
        found = []
        for table, offset in self.tables:
            start = max(0, first - offset)
            if start >= len(table):
                continue
            mine = _between(some, offset, start + offset, offset + len(table))
            if mine is None:
                found.append(exact.scan(queries, table.vectors[start:], k, self.metric) + (start + offset))
            else:
                found.append(exact.scan_some(queries, table.vectors, k, self.metric, mine) + offset)
        return found

    def nearest(self, queries: Vectors, k: int, some: Rows | None, own: Rows | None) -> tuple[Rows, Vectors]:
        """The `k` closest of `some` rows, `own` left out, which are so many at least: rows and similarities."""
        candidates = np.hstack(self.scan(queries, k + exact.SPARE, some))
        close = self.closeness(queries, candidates, own)
        rows, scores = exact.pick(close, candidates, k, self.metric)
        if candidates.shape[1] < (self.rows if some is None else len(some)):
            # Where the k-th is as close as what was left out, or too nearly so to tell, all are looked at.
            kth = np.partition(close, -k, axis=1)[:, -k]
            last = np.where(np.isneginf(close), np.inf, close).min(axis=1)
            unsure = kth - last <= exact.uncertainty(queries, self.longest, self.metric)
            for i in np.flatnonzero(unsure).tolist():
                mine = None if own is None else own[i : i + 1]
                rows[i], scores[i] = self._thorough(queries[i : i + 1], k, some, mine)
        return rows, scores

    def _thorough(self, query: Vectors, k: int, some: Rows | None, own: Rows | None) -> tuple[Rows, Vectors]:
        every = (np.arange(self.rows) if some is None else some)[None]
        parts = [self.closeness(query, every[:, block], own) for block in blocks(every.shape[1], 1, exact.GATHER)]
        return exact.pick(np.hstack(parts), every, k, self.metric)

    def within(self, queries: Vectors, at_least: float, some: Rows | None) -> Pairs:
        """All of `some` rows at least so similar: numbers of queries, rows, similarities, each `(p,)`."""
        found = [(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32))]
        for table, offset in self.tables:
            mine = _between(some, offset, offset, offset + len(table))
            for block in blocks(len(table) if mine is None else len(mine), 1, exact.GATHER):
                rows = np.arange(block.start, block.stop) if mine is None else mine[block]
                vectors = table.vectors[block if mine is None else rows]
                for asked in blocks(len(queries), 1, exact.ASKED):
                    number, row, score = exact.pairs(queries[asked], vectors, at_least, self.metric)
                    found.append((number + asked.start, rows[row] + offset, score))
        numbers, rows, scores = (np.concatenate(column) for column in zip(*found, strict=True))
        order = np.lexsort((rows, numbers))
        return numbers[order], rows[order], scores[order]

    # Changes

    def changed(self, positions: Positions, vectors: Vectors, ids: Sequence[str], gone: Positions) -> Points:
        """The points after some came, with ascending positions behind all there were, and those at `gone` left."""
        vectors = exact.prepared(np.ascontiguousarray(vectors, np.float32), self.metric)
        left = self.find(np.asarray(gone, np.int64))
        left = left[left >= 0]
        live = self.live
        if live is not None or len(left):
            live = np.ones(self.rows + len(positions), bool)
            live[: self.rows] = True if self.live is None else self.live
            live[left] = False
        tail = self.tail.extended(positions, vectors, ids) if len(positions) else self.tail
        return Points(self.metric, self.base, tail, live, max(self.longest, _longest(vectors)))

    def table(self) -> Table:
        """All live points in one table, copied."""
        rows = np.arange(self.rows) if self.live is None else np.flatnonzero(self.live)
        n = len(self.base)
        return self.base.taken(rows[rows < n]).joined(self.tail.taken(rows[rows >= n] - n))


def _between(some: Rows | None, offset: int, start: int, end: int) -> Rows | None:
    """Those of `some` rows from `start` up to `end`, numbered from `offset` on; None (all) stays None."""
    if some is None:
        return None
    low, high = np.searchsorted(some, (start, end))
    return some[low:high] - offset


def _longest(vectors: Vectors) -> float:
    return math.sqrt(np.einsum("ij,ij->i", vectors, vectors).max(initial=0))
