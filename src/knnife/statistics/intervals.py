"""Intervals: between which values a figure would lie if others had been drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from knnife.geometry import blocks
from knnife.statistics.ranks import mean_ranks

Numbers = NDArray[np.float64]
Figure = Callable[[Numbers], float]  # one number from units `(n, columns)`

RESAMPLES: Final = 1_000
STEPS: Final = 20_000  # of the numerical integral of a share's posterior


def resampled(figure: Figure, units: Sequence[Numbers], seed: int) -> Numbers:
    """The bootstrap: `figure` of units drawn again with replacement, `(len(units), RESAMPLES)`.

    Each member of `units` (n, columns) is measured on the same n things, and is drawn alike: so the difference of two
    rows of the result shows how sure a difference is. Efron, "Bootstrap methods: another look at the jackknife", Annals
    of Statistics 7 (1979).
    """
    random = np.random.default_rng(seed)
    n = len(units[0])
    draws = np.empty((len(units), RESAMPLES))
    for i in range(RESAMPLES):
        chosen = random.integers(n, size=n)
        draws[:, i] = [figure(each[chosen]) for each in units]
    return draws


def percentile_interval(draws: Numbers) -> tuple[float, float]:
    """What the middle 95% of the draws lie between."""
    low, high = np.percentile(draws, [2.5, 97.5])
    return float(low), float(high)


def share_interval(share: float, count: int) -> tuple[float, float]:
    """The 95% interval of a share that was seen among `count`, from the posterior of Jeffreys' prior.

    Brown, Cai and DasGupta, "Interval estimation for a binomial proportion", Statistical Science 16 (2001).
    """
    places = (np.arange(STEPS) + 0.5) / STEPS
    places = places**4  # close together near 0, where small shares are
    seen = share * count
    heights = (seen - 0.5) * np.log(places) + (count - seen - 0.5) * np.log1p(-places)
    sums = np.cumsum(np.exp(heights - heights.max()) * np.gradient(places))
    low, high = np.interp([0.025, 0.975], sums / sums[-1], places)
    return float(low), float(high)


def count_interval(expected: float, error: float) -> tuple[float, float]:
    """Between which numbers a count will lie, in 95 of 100 cases, where so many are expected.

    error: the standard error of the logarithm of what is expected. Chance adds to it what the square root of a count
    varies by (Freeman and Tukey, "Transformations related to the angular and the square root", 1950).
    """
    factor = float(np.exp(2 * min(error, 50.0)))
    return max(0.0, float(np.sqrt(expected / factor)) - 1) ** 2, (float(np.sqrt(expected * factor)) + 1) ** 2


def spearman(a: Numbers, b: Numbers) -> float:
    """Spearman's rank correlation of two samples `(n,)`. Equal values share a mean rank; 0 where one is constant."""
    x, y = mean_ranks(a), mean_ranks(b)
    x, y = x - x.mean(), y - y.mean()
    spread = np.sqrt((x @ x) * (y @ y))
    return float(x @ y / spread) if spread > 0 else 0.0


class Correlation(NamedTuple):
    """Spearman's ρ, and the interval in which 95 % of the resamples lie; NaN where one side is constant."""

    value: float
    low: float
    high: float


def spearman_interval(a: Numbers, b: Numbers, seed: int = 0) -> Correlation:
    """Spearman's ρ of two samples `(n,)`, with the bootstrap's percentile interval.

    Resamples in which one side is constant are left out; NaN where none varies. A resample is held as how often each
    pair was drawn, so nothing is sorted again: a rank follows from how many draws are below and how many equal.
    """
    n = len(a)
    if n < 2:
        return Correlation(np.nan, np.nan, np.nan)
    random = np.random.default_rng(seed)
    parts = blocks(RESAMPLES, 64 * n)
    found = np.concatenate([_correlations(a, b, _counts(part.stop - part.start, n, random)) for part in parts])
    found = found[~np.isnan(found)]
    value = float(_correlations(a, b, np.ones((1, n)))[0])
    return Correlation(value, *(percentile_interval(found) if len(found) else (np.nan, np.nan)))


def _counts(m: int, n: int, random: np.random.Generator) -> Numbers:
    """How often each of n pairs is drawn when n are, with replacement; m times, `(m, n)`."""
    cells = random.integers(0, n, (m, n)) + n * np.arange(m)[:, None]
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
