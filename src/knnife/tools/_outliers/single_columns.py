"""How surprising a value is in its column: far out, rare, or none of those that come again and again.

A surprise is said in nats, -ln of how often something ordinary would be as surprising: 7 is once in a thousand.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from knnife.statistics.tails import mean_excess
from knnife.tools._outliers.table import Codes, Numbers

OUTER: Final = 0.1  # of the values make a tail, all but the last hundredth of them
SHAPE: Final = 0.3  # how much heavier than exponential a tail of a column may be
LIGHT: Final = 0.1  # of logarithms, and of surprises
AGAIN: Final = 20  # times on average: values that recur
POSITIVE: Final = 0.98  # of the numbers: the others are mistakes
SKEWED: Final = 1.5  # times as far from the middle to the upper tail as to the lower one


class Tails(NamedTuple):
    """Both ends of a column of numbers: where they begin, how far values go beyond on average, how heavy it may be."""

    low: float
    high: float
    below: float
    above: float
    shape: float

    @classmethod
    def of_column(cls, column: Numbers) -> Tails:
        """Of a column of numbers as `straight` lays it out."""
        laid = straight(column, column)
        return cls.of(laid, SHAPE if laid is column else LIGHT)

    @classmethod
    def of(cls, values: Numbers, shape: float = SHAPE) -> Tails:
        """Of the values `(n,)`, NaN left out."""
        some = values[np.isfinite(values)]
        if not len(some):
            return cls(0.0, 0.0, 1.0, 1.0, shape)
        far_low, low, high, far_high = np.quantile(some, [0.01, OUTER, 1 - OUTER, 0.99])
        least = max((high - low) / 20, 1e-9 * max(abs(low), abs(high), 1e-9))
        above = max(mean_excess(some, high, far_high), least)
        below = max(mean_excess(-some, -low, -far_low), least)
        return cls(float(low), float(high), below, above, shape)

    def surprise(self, values: Numbers) -> Numbers:
        """In nats, of values `(m,)`; 0 for most, and for NaN."""
        beyond = np.fmax((values - self.high) / self.above, (self.low - values) / self.below)
        beyond = np.fmax(beyond, 0)  # 0 for NaN
        nats = np.log1p(self.shape * beyond) / self.shape if self.shape else beyond
        found = nats - np.log(2 * OUTER)
        return np.where(beyond > 0, found, 0.0)


class Rare(NamedTuple):
    """How surprising each of the codes of a column is, `(c,)`."""

    nats: Numbers

    @classmethod
    def of(cls, codes: Codes, count: int) -> Rare:
        """As the share of things whose code is as rare."""
        counts = np.bincount(codes, minlength=count).astype(np.float64)
        order = np.argsort(counts, kind="stable")
        as_rare = np.empty(count)
        as_rare[order] = np.cumsum(counts[order])
        return cls(np.log(len(codes) + 1) - np.log(np.maximum(as_rare, 0) + 1))


class Recurring(NamedTuple):
    """A number of few different values, which come again and again: how surprising each of them is, and others."""

    values: Numbers
    nats: Numbers
    unseen: float

    @classmethod
    def of(cls, column: Numbers) -> Recurring:
        """Of a column `(n,)`; nothing is surprising in one whose values do not recur."""
        some = column[np.isfinite(column)]
        values, codes = np.unique(some, return_inverse=True)
        if not len(some) or AGAIN * len(values) > len(some):
            return cls(np.zeros(1), np.zeros(1), 0.0)
        return cls(values, Rare.of(codes, len(values)).nats, float(np.log(len(some) + 1)))

    def surprise(self, values: Numbers) -> Numbers:
        """In nats, of values `(m,)`."""
        places = np.minimum(np.searchsorted(self.values, values), len(self.values) - 1)
        found = np.where(self.values[places] == values, self.nats[places], self.unseen)
        return np.where(np.isfinite(values), found, 0.0)


def logarithms(numbers: Numbers) -> Numbers:
    """Of numbers of any shape; NaN of what is not positive."""
    with np.errstate(invalid="ignore", divide="ignore"):
        found: Numbers = np.where(numbers > 0, np.log(numbers), np.nan)
    return found


def straight(values: Numbers, own: Numbers) -> Numbers:
    """Numbers `(m,)` of a column; their logarithms where those of the reference are positive, and skewed.

    What is not positive then lies as far below all others as the reference is wide.
    """
    some = own[np.isfinite(own)]
    positive = some[some > 0]
    if len(positive) < POSITIVE * max(1, len(some)) or np.ptp(positive) <= 0:
        return values
    low, middle, high = np.quantile(positive, [OUTER, 0.5, 1 - OUTER])
    if high - middle < SKEWED * (middle - low):
        return values
    floor = 2 * np.log(positive.min()) - np.log(positive.max())
    found: Numbers = np.where(np.isnan(values), np.nan, np.fmax(logarithms(values), floor))
    return found
