"""From the scores of items to the k that are answered: novelty, diversity, the best first. Arrays alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from knnife.geometry import Positions, Vectors, top_k

POOL = 10  # times k: the best, among which diversity chooses; those behind them are liked too little
LEAST = np.float32(-np.inf)  # of an item that is no answer


def standard(scores: Vectors) -> Vectors:
    """Each row of scores `(q, n)` with mean 0 and deviation 1 over the items that have one; all equal ones are 0.

    The others stay at minus infinity.
    """
    there = np.isfinite(scores)
    count = np.maximum(there.sum(axis=1, keepdims=True), 1)
    values = np.where(there, scores, 0).astype(np.float64)
    centred = np.where(there, values - values.sum(axis=1, keepdims=True) / count, 0)
    spread = np.sqrt((centred**2).sum(axis=1, keepdims=True) / count)
    found = np.divide(centred, spread, out=np.zeros_like(centred), where=spread > 1e-12)
    return np.where(there, found, LEAST).astype(np.float32)


def without_popularity(scores: Vectors, popularity: NDArray[np.integer], novel: float) -> Vectors:
    """Standard scores `(q, n)` less `novel` times the standard logarithm of how many chose each item `(n,)`."""
    if not novel:
        return scores
    known = standard(np.log1p(popularity, dtype=np.float64)[None].astype(np.float32))
    return standard(scores) - np.float32(novel) * known


def best(scores: Vectors, k: int) -> tuple[Positions, Vectors]:
    """The k best items of each row, equal ones by their place: numbers and scores `(q, k)`; -1 where there are none."""
    numbers, found = top_k(scores, min(k, scores.shape[1]))
    return np.where(np.isfinite(found), numbers, -1), found


def diverse(scores: Vectors, vectors: Vectors, k: int, share: float) -> tuple[Positions, Vectors]:
    """The k items of each row by maximal marginal relevance: `share` of what counts is to be unlike those before.

    vectors: of the items `(n, d)`, of length 1 or 0. Carbonell and Goldstein, SIGIR 1998; scores count from 0, the last
    of the pool, to 1.
    """
    pool, found = best(scores, POOL * k)
    rows = [
        _unlike(vectors[some[some >= 0]], given[some >= 0], k, share) for some, given in zip(pool, found, strict=True)
    ]
    numbers = np.full((len(pool), min(k, scores.shape[1])), -1, np.int64)
    kept = np.full(numbers.shape, LEAST)
    for row, chosen in enumerate(rows):
        numbers[row, : len(chosen)] = pool[row][chosen]
        kept[row, : len(chosen)] = found[row][chosen]
    return numbers, kept


def _unlike(vectors: Vectors, scores: Vectors, k: int, share: float) -> list[int]:
    """Which of a pool are taken, one after the other; the best is the first."""
    if not len(scores):
        return []
    low, high = float(scores.min()), float(scores.max())
    worth = (scores - low) / (high - low) if high > low else np.ones(len(scores), np.float32)
    chosen, closest = [0], vectors @ vectors[0]
    left = np.ones(len(scores), bool)
    left[0] = False
    while len(chosen) < k and left.any():
        gain = np.where(left, (1 - share) * worth - share * closest, -np.inf)
        chosen.append(int(gain.argmax()))
        left[chosen[-1]] = False
        closest = np.maximum(closest, vectors @ vectors[chosen[-1]])
    return chosen
