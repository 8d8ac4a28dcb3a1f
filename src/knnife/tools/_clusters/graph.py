"""Points as a graph: each is tied to its nearest neighbours, the more firmly the closer they are.

The weight of a tie is exp(-(d - d1) / mean(d - d1)), where d1 is the distance of the nearest (UMAP; McInnes, Healy and
Melville 2018), added up over both directions.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from knnife.geometry import Positions, Vectors

Weights = NDArray[np.float64]


@dataclass(frozen=True)
class Graph:
    """n nodes and the ties between them, both ways, in the order of `rows`; none to itself.

    starts: `(n + 1,)`, the ties of node i are those from starts[i] to starts[i + 1]. columns, weights: `(e,)`, to whom
    and how firmly. degrees: `(n,)`, the sum of each node's weights.
    """

    starts: Positions
    columns: Positions
    weights: Weights
    degrees: Weights

    def __len__(self) -> int:
        return len(self.degrees)

    @property
    def total(self) -> float:
        """The sum of all weights, each tie counted both ways."""
        return float(self.degrees.sum())

    @cached_property
    def rows(self) -> Positions:
        """The node from which each tie goes, `(e,)`."""
        return np.repeat(np.arange(len(self)), np.diff(self.starts))

    def ties(self, first: int, last: int, labels: Positions, count: int) -> Weights:
        """How firmly nodes `first` to `last` are tied to each of `count` communities `(last - first, count)`."""
        begin, end = self.starts[first], self.starts[last]
        keys = (self.rows[begin:end] - first) * count + labels[self.columns[begin:end]]
        sums = np.bincount(keys, self.weights[begin:end], minlength=(last - first) * count)
        return sums.reshape(last - first, count).astype(np.float64, copy=False)  # integers, where there are no ties

    def blocks(self, parts: int) -> Iterator[tuple[int, int]]:
        """The nodes in about so many runs of consecutive ones: first and last, of which the last is not in it."""
        step = max(1, -(-len(self) // parts))
        for first in range(0, len(self), step):
            yield first, min(len(self), first + step)


def graph_of(neighbours: Positions, similarities: Vectors) -> Graph:
    """The graph of the k nearest of n points: rows and similarities `(n, k)`, best first."""
    n, k = neighbours.shape
    beyond = np.maximum(similarities[:, :1].astype(np.float64) - similarities, 0)  # distance beyond the nearest
    scale = beyond.mean(axis=1, keepdims=True)
    weights = np.exp(-np.divide(beyond, scale, out=np.zeros_like(beyond), where=scale > 0))
    return from_ties(np.repeat(np.arange(n), k), neighbours.ravel(), weights.ravel(), n)


def from_ties(rows: Positions, columns: Positions, weights: Weights, n: int) -> Graph:
    """The graph of n nodes with these ties, added up over both directions; those of a node with itself are left out."""
    apart = rows != columns
    keys = np.concatenate([rows * n + columns, columns * n + rows])[np.concatenate([apart, apart])]
    keys, which = np.unique(keys, return_inverse=True)
    sums = np.bincount(which, np.concatenate([weights[apart], weights[apart]]), minlength=len(keys))
    rows, columns = np.divmod(keys, n)
    starts = np.searchsorted(rows, np.arange(n + 1))
    ties: Weights = sums.astype(np.float64, copy=False)
    return Graph(starts, columns, ties, np.bincount(rows, sums, minlength=n).astype(np.float64, copy=False))
