"""What is surprising about a thing, column by column: by itself, beside another column, and by what all others say of it.

Each is said in nats, -ln of how often something ordinary would be as surprising: 7 is once in a thousand.

A number far out in its column; a name that is rare. Two values, each usual, that hardly ever come together: a cell of the
table of both columns with far fewer things than each column by itself would put there. And a number that is not what the
others make it: what a regression on them leaves, for the numbers as they are (a total of parts) and for the logarithms of
positive ones (a total that is price times quantity). The regression is fitted again without what it fits worst, so that
broken rows do not break it: Rousseeuw and Van Driessen, "A fast algorithm for the minimum covariance determinant estimator",
Technometrics 41 (1999), from which its one step is taken.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from knnife.statistics.tails import mean_excess
from knnife.tools._outliers.table import Codes, Layout, Numbers, Table

OUTER: Final = 0.1  # of the values make a tail, all but the last hundredth of them
SHAPE: Final = 0.3  # how much heavier than exponential a tail of a column may be
LIGHT: Final = 0.1  # of logarithms, and of surprises
BINS: Final = 5  # of a number beside another column
AGAIN: Final = 20  # times on average: values that recur
FEW: Final = 12  # different numbers that are names rather
KEPT: Final = 0.9  # of the things are regressed on again
RIDGE: Final = 1e-6  # on variances of 1
EXACT: Final = 2e-3  # of a column's spread: relations are not trusted beyond
TIED: Final = 0.7  # of its spread, and no more, is what the others leave of a number that depends on them


class Tails(NamedTuple):
    """Both ends of a column of numbers: where they begin, how far values go beyond on average, and how heavy that may be."""

    low: float
    high: float
    below: float
    above: float
    shape: float

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
    """A number that has few different values, which come again and again: how surprising each of them is, and others."""

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


class Pair(NamedTuple):
    """Two columns of codes: how surprising each cell is, and how many things it has: `(a, b)` each."""

    first: int
    second: int
    nats: Numbers
    counts: Codes

    @classmethod
    def of(cls, first: int, second: int, codes: Codes, sizes: NDArray[np.int64]) -> Pair:
        """The nats: by how few there are for what both columns make one expect (Chernoff's bound for a Poisson number),
        and by how few things lie in cells for which that says as much: their geometric mean.
        """
        a, b = int(sizes[first]), int(sizes[second])
        counts = np.bincount(codes[:, first] * b + codes[:, second], minlength=a * b).reshape(a, b)
        expected = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0) / max(1, len(codes))
        seen = np.maximum(counts, 1e-9)
        evidence = np.where(
            counts < expected, expected - counts + counts * np.log(seen / np.maximum(expected, 1e-9)), 0.0
        )
        order = np.argsort(-evidence.ravel(), kind="stable")
        as_rare = np.empty(a * b)
        as_rare[order] = np.cumsum(counts.ravel()[order])
        rarity = np.log(len(codes) + 1) - np.log(as_rare.reshape(a, b) + 1)
        return cls(first, second, np.sqrt(evidence * rarity), counts)


class Relations(NamedTuple):
    """What numbers make of each other: `residuals = (x - centre) / spread @ weights`, one for each column.

    logged: whether x are logarithms. columns: which of the numbers. weights: `(p, p)`, 1 for the column itself. tails: of
    the residuals. tied: `(p,)`, whether the others tell much of the column.
    """

    logged: bool
    columns: NDArray[np.int64]
    centre: Numbers
    spread: Numbers
    weights: Numbers
    tails: tuple[Tails, ...]
    tied: NDArray[np.bool_]

    @classmethod
    def of(cls, numbers: Numbers, columns: NDArray[np.int64], *, logged: bool) -> Relations | None:
        """Of numbers `(n, p)`; None where they are too few, or depend on nothing."""
        x = _logarithms(numbers[:, columns]) if logged else numbers[:, columns]
        x = x[np.isfinite(x).all(axis=1)]
        n, p = x.shape
        if p < 2 or n < 10 * p:
            return None
        centre = np.median(x, axis=0)
        spread = np.maximum(np.quantile(np.abs(x - centre), 0.68, axis=0), 1e-9 + 1e-9 * np.abs(centre))
        scaled = np.clip((x - centre) / spread, -20, 20)
        weights = _weights(scaled)
        left = np.abs(scaled @ weights)
        worst = (left / np.maximum(np.median(left, axis=0), EXACT)).max(axis=1)
        weights = _weights(scaled[worst <= np.quantile(worst, KEPT)])
        left = scaled @ weights
        tied = np.median(np.abs(left), axis=0) < TIED * np.median(np.abs(scaled), axis=0)
        if not tied.any():
            return None
        tails = tuple(_at_least(Tails.of(column), EXACT) for column in left.T)
        return cls(logged, columns, centre, spread, weights, tails, tied)

    def residuals(self, numbers: Numbers) -> Numbers:
        """Of numbers `(m, p)`: by how much each is off, in its spread `(m, len(columns))`."""
        x = _logarithms(numbers[:, self.columns]) if self.logged else numbers[:, self.columns]
        found: Numbers = (x - self.centre) / self.spread @ self.weights
        return found

    def surprise(self, numbers: Numbers) -> Numbers:
        """In nats `(m, len(columns))`."""
        left = self.residuals(numbers)
        found = np.stack([tails.surprise(column) for tails, column in zip(self.tails, left.T, strict=True)], axis=1)
        return np.where(self.tied, found, 0.0)


@dataclass(frozen=True)
class Surprises:
    """What a reference makes usual: each column, each pair of them, and their relations."""

    layout: Layout
    table: Table
    tails: tuple[Tails, ...]
    recurring: tuple[Recurring, ...]
    cuts: tuple[Numbers, ...]
    rare: tuple[Rare, ...]
    pairs: tuple[Pair, ...]
    relations: tuple[Relations, ...]

    @classmethod
    def of(cls, layout: Layout, table: Table) -> Surprises:
        """Of a reference."""
        numbers = table.numbers
        cuts = tuple(_cuts(column) for column in numbers.T)
        codes = _coded(table, cuts)
        sizes = np.array([*(len(each) + 2 for each in cuts), *(len(each.levels or ()) + 1 for each in layout.names)])
        pairs = tuple(Pair.of(a, b, codes, sizes) for a, b in combinations(range(len(sizes)), 2))
        rare = tuple(
            Rare.of(column, int(size)) for column, size in zip(codes.T[len(cuts) :], sizes[len(cuts) :], strict=True)
        )
        every = np.arange(numbers.shape[1])
        with np.errstate(invalid="ignore"):
            positive = np.flatnonzero((numbers > 0).mean(axis=0) > 0.98) if len(numbers) else every
        found = (Relations.of(numbers, every, logged=False), Relations.of(numbers, positive, logged=True))
        relations = tuple(each for each in found if each is not None)
        tails = tuple(_tails(column) for column in numbers.T)
        recurring = tuple(Recurring.of(column) for column in numbers.T)
        return cls(layout, table, tails, recurring, cuts, rare, pairs, relations)

    def singles(self, table: Table) -> Numbers:
        """How surprising each column is by itself, in nats `(m, p + q)`."""
        numbers = [
            np.maximum(tails.surprise(_straight(column, own)), recurring.surprise(column))
            for tails, recurring, column, own in zip(
                self.tails, self.recurring, table.numbers.T, self.table.numbers.T, strict=True
            )
        ]
        names = [rare.nats[column] for rare, column in zip(self.rare, table.codes.T, strict=True)]
        return np.stack([*numbers, *names], axis=1) if numbers or names else np.zeros((len(table.codes), 0))

    def together(self, table: Table) -> Iterator[tuple[Pair, Numbers]]:
        """Each pair of columns, and how surprising the two are together, in nats `(m,)`."""
        codes = self.codes(table)
        for pair in self.pairs:
            yield pair, pair.nats[codes[:, pair.first], codes[:, pair.second]]

    def codes(self, table: Table) -> Codes:
        """All columns as the codes that pairs have `(m, p + q)`."""
        return _coded(table, self.cuts)

    def most(self, table: Table) -> Numbers:
        """The greatest surprise of each thing, by one column, by two, and by what others say of it: `(m, 3)`."""
        found = np.zeros((len(table.numbers), 3))
        singles = self.singles(table)
        if singles.shape[1]:
            found[:, 0] = singles.max(axis=1)
        for _, nats in self.together(table):
            np.maximum(found[:, 1], nats, out=found[:, 1])
        for relation in self.relations:
            np.maximum(found[:, 2], relation.surprise(table.numbers).max(axis=1), out=found[:, 2])
        return found


def _weights(scaled: Numbers) -> Numbers:
    """What to multiply scaled numbers `(n, p)` with, so that each column becomes what the others leave of it."""
    covariance = np.cov(scaled, rowvar=False) + RIDGE * np.eye(scaled.shape[1])
    inverse = np.linalg.inv(covariance)
    weights: Numbers = inverse / np.diag(inverse)
    return weights


def _tails(column: Numbers) -> Tails:
    straight = _straight(column, column)
    return Tails.of(straight, SHAPE if straight is column else LIGHT)


def _at_least(tails: Tails, spread: float) -> Tails:
    return tails._replace(below=max(tails.below, spread), above=max(tails.above, spread))


def _logarithms(numbers: Numbers) -> Numbers:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(numbers > 0, np.log(numbers), np.nan)


def _straight(values: Numbers, own: Numbers) -> Numbers:
    """Numbers `(m,)` of a column; their logarithms where those of the reference are positive, and skewed.

    What is not positive then lies as far below all others as the reference is wide.
    """
    some = own[np.isfinite(own)]
    positive = some[some > 0]
    if len(positive) < 0.98 * len(some) or len(positive) < FEW or np.ptp(positive) <= 0:
        return values
    low, middle, high = np.quantile(positive, [OUTER, 0.5, 1 - OUTER])
    if high - middle < 1.5 * (middle - low):
        return values
    floor = 2 * np.log(positive.min()) - np.log(positive.max())
    return np.where(np.isfinite(values), np.maximum(_logarithms(np.maximum(values, 1e-300)), floor), np.nan)


def _cuts(column: Numbers) -> Numbers:
    """Between which values a number falls into one bin or the next: few different ones each have their own."""
    some = column[np.isfinite(column)]
    different = np.unique(some)
    if len(different) <= FEW:
        return (different[1:] + different[:-1]) / 2
    return np.unique(np.quantile(some, np.arange(1, BINS) / BINS))


def _coded(table: Table, cuts: tuple[Numbers, ...]) -> Codes:
    """All columns as codes `(n, p + q)`: numbers by their bins, the last one for those that are missing."""
    binned = [
        np.where(np.isnan(column), len(each) + 1, np.searchsorted(each, column))
        for column, each in zip(table.numbers.T, cuts, strict=True)
    ]
    return np.stack([*binned, *table.codes.T], axis=1) if binned or table.codes.shape[1] else table.codes
