"""The best of many, without what was seen."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

try:
    from knnife._taste import best as _best
except ImportError:  # installed where there was no compiler
    COMPILED = False
else:
    COMPILED = True


class Best(NamedTuple):
    """The k best of each row: numbers and scores `(q, k)`, the best first; -1 and -inf where there is none."""

    items: NDArray[np.int32]
    scores: NDArray[np.float32]


def best(scores: NDArray[np.float32], seen: Sequence[NDArray[np.int32]], k: int) -> Best:
    """Of each row `(m,)` without what it has seen; equal ones by their numbers. `scores` becomes -inf where seen."""
    begins = np.cumsum([0, *map(len, seen)], dtype=np.int64)
    numbers = np.concatenate([np.empty(0, np.int32), *seen])
    found = Best(np.empty((len(scores), k), np.int32), np.empty((len(scores), k), np.float32))
    if not scores.size or not k:
        return Best(np.full_like(found.items, -1), np.full_like(found.scores, -np.inf))
    if COMPILED:
        _best(scores, begins, numbers, scores.shape[1], *found)
    else:
        best_plainly(scores, begins, numbers, *found)
    return found


def best_plainly(
    scores: NDArray[np.float32],
    begins: NDArray[np.int64],
    seen: NDArray[np.int32],
    numbers: NDArray[np.int32],
    found: NDArray[np.float32],
) -> None:
    """The plain twin of what is compiled."""
    k = numbers.shape[1]
    for row, (first, last) in enumerate(pairwise(begins.tolist())):
        scores[row, seen[first:last]] = -np.inf
        order = np.argsort(-scores[row], kind="stable")[:k]
        numbers[row], found[row] = -1, -np.inf
        found[row, : len(order)] = scores[row, order]
        numbers[row, : len(order)] = np.where(scores[row, order] > -np.inf, order, -1)
