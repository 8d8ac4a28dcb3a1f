"""Rows of counts, mostly zero, and their products with a matrix, by NumPy alone."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from knnife.geometry import Vectors


class Rows(NamedTuple):
    """The columns that each row counts: those of row i stand at `starts[i]` to `starts[i + 1]` of `columns`."""

    starts: NDArray[np.int64]
    columns: NDArray[np.int64]

    @classmethod
    def of(cls, rows: list[NDArray[np.int64]]) -> Rows:
        """Those of these columns."""
        starts = np.cumsum([0, *map(len, rows)], dtype=np.int64)
        return cls(starts, np.concatenate(rows) if rows else np.zeros(0, np.int64))

    def taken(self, some: NDArray[np.int64]) -> Rows:
        """These rows only."""
        sizes = np.diff(self.starts)[some]
        places = np.arange(sizes.sum()) + np.repeat(self.starts[some] - (np.cumsum(sizes) - sizes), sizes)
        return Rows(np.concatenate([[0], np.cumsum(sizes)]), self.columns[places])

    def times(self, matrix: Vectors) -> Vectors:
        """The rows times a matrix `(columns, d)`: `(rows, d)`."""
        return _summed(matrix[self.columns], self.starts)

    def transposed_times(self, other: Vectors, columns: int) -> tuple[NDArray[np.int64], Vectors]:
        """The transpose times `other` `(rows, d)`: the columns that are counted, and the sums of each `(c, d)`."""
        order = np.argsort(self.columns, kind="stable")
        rows = np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts))[order]
        sizes = np.bincount(self.columns, minlength=columns)
        there = np.flatnonzero(sizes)
        return there, _summed(other[rows], np.concatenate([[0], np.cumsum(sizes[there])]))


def _summed(values: Vectors, starts: NDArray[np.int64]) -> Vectors:
    """The sums of `values` between the starts; empty ones are zeros."""
    sums = np.zeros((len(starts) - 1, values.shape[1]), np.float32)
    full = np.flatnonzero(np.diff(starts))
    if len(full):
        sums[full] = np.add.reduceat(values, starts[:-1][full], axis=0)
    return sums
