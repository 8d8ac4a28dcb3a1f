"""Spearman's rank correlation, and how far it would be off with other pairs: a bootstrap.

A resample of n pairs is how often each was drawn, so nothing is sorted again: the rank of a value follows from how many
draws are below it and how many equal to it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from knnife.geometry import blocks

Numbers = NDArray[np.float64]

RESAMPLES = 1_000
INSIDE = 0.95  # of the resamples lie within the interval


class Correlation(NamedTuple):
    """Spearman's ρ, and the interval in which 95 % of the resamples lie; NaN where one side is constant."""

    value: float
    low: float
    high: float


def spearman(a: Numbers, b: Numbers, seed: int = 0) -> Correlation:
    """How alike two samples `(n,)` are in order; equal values share their mean rank.

    The interval is that of percentiles (Efron, 1979), of resamples in which both sides vary; NaN where none does.
    """
    n = len(a)
    if n < 2:
        return Correlation(np.nan, np.nan, np.nan)
    value = float(_correlations(a, b, np.ones((1, n)))[0])
    rng = np.random.default_rng(seed)
    resamples = blocks(RESAMPLES, 64 * n)
    found = np.concatenate([_correlations(a, b, _drawn(some.stop - some.start, n, rng)) for some in resamples])
    found = found[~np.isnan(found)]
    if not len(found):
        return Correlation(value, np.nan, np.nan)
    low, high = np.quantile(found, [(1 - INSIDE) / 2, (1 + INSIDE) / 2])
    return Correlation(value, float(low), float(high))


def _drawn(m: int, n: int, rng: np.random.Generator) -> Numbers:
    """How often each of n pairs is drawn when n are, with replacement; m times, `(m, n)`."""
    cells = rng.integers(0, n, (m, n)) + n * np.arange(m)[:, None]
    return np.bincount(cells.ravel(), minlength=m * n).reshape(m, n).astype(float)


def _correlations(a: Numbers, b: Numbers, counts: Numbers) -> Numbers:
    """Spearman's ρ of each of m resamples `(m,)`; counts `(m, n)` say how often each pair is in it."""
    total = counts.sum(axis=1, keepdims=True)
    x, y = _ranks(a, counts), _ranks(b, counts)
    x -= (counts * x).sum(axis=1, keepdims=True) / total
    y -= (counts * y).sum(axis=1, keepdims=True) / total
    spread = np.sqrt((counts * x * x).sum(axis=1) * (counts * y * y).sum(axis=1))
    found = np.full(len(counts), np.nan)
    np.divide((counts * x * y).sum(axis=1), spread, out=found, where=spread > 1e-9)
    return found


def _ranks(values: Numbers, counts: Numbers) -> Numbers:
    """The rank of each value in each resample `(m, n)`."""
    order = np.argsort(values, kind="stable")
    inverse = np.empty(len(order), np.int64)
    _, starts, inverse[order] = np.unique(values[order], return_index=True, return_inverse=True)
    drawn = np.add.reduceat(counts[:, order], starts, axis=1)  # (m, different values), how often each was drawn
    ranks: Numbers = (np.cumsum(drawn, axis=1) - drawn / 2 + 0.5)[:, inverse]
    return ranks
