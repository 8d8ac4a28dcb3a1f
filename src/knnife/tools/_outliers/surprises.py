"""What is surprising about a thing: a column by itself, two that are hardly ever together, what all others say of one.

Each is said in nats, -ln of how often something ordinary would be as surprising: 7 is once in a thousand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from knnife.geometry import blocks
from knnife.tools._outliers.relations import Relations
from knnife.tools._outliers.single_columns import POSITIVE, Rare, Recurring, Tails, straight
from knnife.tools._outliers.table import Codes, ColumnLayout, ColumnTable, Numbers

BINS: Final = 5  # of a number beside another column
ORDINARY: Final = 0.05  # of the things lie in cells of which as much can be said, where columns depend on each other
FEW: Final = 12  # different numbers that are names rather
PAIRED: Final = 32  # columns: of more, pairs are too many to tell of
CACHE: Final = 1 << 18  # cells at once


class ColumnPair(NamedTuple):
    """Two columns of codes: how surprising each cell is, and how many things it has: `(a, b)` each."""

    first: int
    second: int
    nats: Numbers
    counts: Codes

    @classmethod
    def of(
        cls, first: int, second: int, codes: Codes, sizes: NDArray[np.int64], binned: NDArray[np.bool_]
    ) -> ColumnPair:
        """The nats: by how few there are for what both columns make one expect (Chernoff's bound for a Poisson number),
        less what that says of `ORDINARY` ones; and by how few things lie in such cells: their geometric mean. What that
        adds to how few they are is for one thing, and shared by several alike. No more than those of the bins beside: a
        number that depends on another often lies just beyond where a bin was cut.
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
        usual = evidence.ravel()[order[np.searchsorted(as_rare[order], ORDINARY * len(codes))]]
        nats = np.sqrt(np.maximum(evidence - usual, 0) * rarity)
        nats = np.where(nats > rarity, rarity + (nats - rarity) / np.maximum(counts, 1), nats)
        ordered = [axis for axis, column in enumerate((first, second)) if binned[column]]
        return cls(first, second, _least_beside(nats, ordered), counts)


@dataclass(frozen=True)
class Surprises:
    """What a reference makes usual: each column, each pair of them, and their relations."""

    layout: ColumnLayout
    table: ColumnTable
    tails: tuple[Tails, ...]
    recurring: tuple[Recurring, ...]
    cuts: tuple[Numbers, ...]
    rare: tuple[Rare, ...]
    pairs: tuple[ColumnPair, ...]
    relations: tuple[Relations, ...]

    @classmethod
    def of(cls, layout: ColumnLayout, table: ColumnTable) -> Surprises:
        """Of a reference."""
        numbers = table.numbers
        cuts = tuple(_cuts(column) for column in numbers.T)
        codes = _coded(table, cuts)
        sizes = np.array([*(len(each) + 2 for each in cuts), *(len(each.levels or ()) + 1 for each in layout.names)])
        binned = np.array([*(_different(column) > FEW for column in numbers.T), *(False for _ in layout.names)])
        some = range(len(sizes) if len(sizes) <= PAIRED else 0)
        pairs = tuple(ColumnPair.of(a, b, codes, sizes, binned) for a, b in combinations(some, 2))
        rare = tuple(
            Rare.of(column, int(size)) for column, size in zip(codes.T[len(cuts) :], sizes[len(cuts) :], strict=True)
        )
        every = np.arange(numbers.shape[1])
        with np.errstate(invalid="ignore"):
            positive = np.flatnonzero((numbers > 0).mean(axis=0) > POSITIVE) if len(numbers) else every
        found = (Relations.of(numbers, every, logged=False), Relations.of(numbers, positive, logged=True))
        relations = tuple(each for each in found if each is not None)
        tails = tuple(Tails.of_column(column) for column in numbers.T)
        recurring = tuple(Recurring.of(column) for column in numbers.T)
        return cls(layout, table, tails, recurring, cuts, rare, pairs, relations)

    def singles(self, table: ColumnTable) -> Numbers:
        """How surprising each column is by itself, in nats `(m, p + q)`."""
        numbers = [
            np.maximum(tails.surprise(straight(column, own)), recurring.surprise(column))
            for tails, recurring, column, own in zip(
                self.tails, self.recurring, table.numbers.T, self.table.numbers.T, strict=True
            )
        ]
        names = [rare.nats[column] for rare, column in zip(self.rare, table.codes.T, strict=True)]
        return np.stack([*numbers, *names], axis=1) if numbers or names else np.zeros((len(table.codes), 0))

    def together(self, table: ColumnTable) -> Iterator[tuple[ColumnPair, Numbers]]:
        """Each pair of columns, and how surprising the two are together, in nats `(m,)`."""
        codes = self.codes(table)
        for pair in self.pairs:
            yield pair, pair.nats.ravel()[codes[:, pair.first] * pair.nats.shape[1] + codes[:, pair.second]]

    def codes(self, table: ColumnTable) -> Codes:
        """All columns as the codes that pairs have `(m, p + q)`."""
        return _coded(table, self.cuts)

    def most(self, table: ColumnTable) -> Numbers:
        """The greatest surprise of each thing, by one column, by two, and by what others say of it: `(m, 3)`."""
        found = np.zeros((len(table.numbers), 3))
        for some in blocks(len(found), table.numbers.shape[1] + table.codes.shape[1], CACHE):
            part, rows = table.take(some), found[some]
            singles = self.singles(part)
            if singles.shape[1]:
                rows[:, 0] = singles.max(axis=1)
            for _, nats in self.together(part):
                np.maximum(rows[:, 1], nats, out=rows[:, 1])
            for relation in self.relations:
                np.maximum(rows[:, 2], relation.surprise(part.numbers).max(axis=1), out=rows[:, 2])
        return found


def _least_beside(nats: Numbers, axes: list[int]) -> Numbers:
    """The least of each cell `(a, b)` and those beside it along these axes, whose last bin is for what is missing."""
    found = nats.copy()
    for axis in axes:
        least, bins = np.moveaxis(found, axis, 0)[:-1], np.moveaxis(nats, axis, 0)[:-1]
        np.minimum(least[1:], bins[:-1], out=least[1:])
        np.minimum(least[:-1], bins[1:], out=least[:-1])
    return found


def _different(column: Numbers) -> int:
    return len(np.unique(column[np.isfinite(column)]))


def _cuts(column: Numbers) -> Numbers:
    """Between which values a number falls into one bin or the next: few different ones each have their own."""
    some = column[np.isfinite(column)]
    different = np.unique(some)
    if len(different) <= FEW:
        return (different[1:] + different[:-1]) / 2
    return np.unique(np.quantile(some, np.arange(1, BINS) / BINS))


def _coded(table: ColumnTable, cuts: tuple[Numbers, ...]) -> Codes:
    """All columns as codes `(n, p + q)`: numbers by their bins, the last one for those that are missing."""
    binned = [
        np.where(np.isnan(column), len(each) + 1, np.searchsorted(each, column))
        for column, each in zip(table.numbers.T, cuts, strict=True)
    ]
    columns = [*binned, *table.codes.T]
    return np.asfortranarray(np.stack(columns).T) if columns else table.codes
