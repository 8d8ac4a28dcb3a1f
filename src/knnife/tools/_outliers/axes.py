"""Three ways to lay out the same points, because nobody can say beforehand which columns matter how much.

As given: the columns share a unit, or their scale was chosen with care. By spread: each column counts alike. Whitened:
each direction counts alike, so a thing is odd that breaks a correlation which all others keep. All are affine maps;
what is far from the rest in all of them is odd, whichever were the right one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from knnife.geometry import Vectors
from knnife.statistics.whitening import NOTHING, ShrunkWhitening, inverse_root

Numbers = NDArray[np.float64]

WITHIN = 1.349  # the standard deviations of a normal distribution between its quartiles
SPIKE = 0.1  # quartiles closer than so many standard deviations are those of a column that is mostly one value
DRAWN = 50_000  # points that the axes are worked out from, where there are more
SHRINKAGE = 0.3  # of the covariance towards equal variances: few points know little of small directions


class Places(NamedTuple):
    """Where m queries and r others lie in some axes: `(m, d)`, `(r, d)`; and how distances are stretched, see below."""

    queries: Vectors
    others: Vectors
    stretch: Vectors | None = None


class Axes(NamedTuple):
    """An affine map: the origin `(d,)`, and what multiplies a point then, `(d,)` for each column or `(d, d)`."""

    origin: Vectors
    factors: Vectors

    def place(self, points: Vectors) -> Vectors:
        """The points `(m, d)` in these axes."""
        centred: Vectors = points - self.origin
        placed: Vectors = centred @ self.factors if self.factors.ndim == 2 else centred * self.factors
        return placed


class LeftOut(NamedTuple):
    """The same axes for the points that taught them, each as if it had not.

    axes: the three layouts. inflation: `(3, n)`, by what the place of each point is multiplied in each. stretch:
    `(n,)`, of the whitened axes, see `ShrunkWhitening`.
    """

    axes: tuple[Axes, ...]
    inflation: Vectors
    stretch: Vectors

    def places(self, points: Vectors, others: Vectors) -> Iterator[Places]:
        """These very points `(n, d)` and others, in each of the axes."""
        stretches = (None, None, self.stretch)
        for axes, inflation, stretch in zip(self.axes, self.inflation, stretches, strict=True):
            yield Places(axes.place(points) * inflation[:, None], axes.place(others), stretch)


def three_axes(points: Vectors, random: np.random.Generator) -> tuple[tuple[Axes, ...], LeftOut]:
    """As given, by spread and whitened, from the points `(n, d)`: for new points, and for these points themselves.

    Constant columns count nothing in the last two. A point's part in the covariance and in standard deviations is taken
    out, its part in quartiles on average: whatever estimates the scale of a normal distribution consistently
    makes each of n points nearer by an n-th (its influence function has the covariance 1 with the score of the scale).
    In the whitened axes only equal variances depend on the spreads, and those have the weight SHRINKAGE.
    """
    rows = np.arange(len(points)) if len(points) <= DRAWN else random.choice(len(points), DRAWN, replace=False)
    exact = points[rows].astype(np.float64)
    mean, deviation = exact.mean(axis=0), exact.std(axis=0)
    deviation[deviation <= 1e-6 * np.abs(mean)] = 0  # what rounding leaves of a constant
    low, middle, high = np.percentile(exact, [25, 50, 75], axis=0)
    spread = (high - low) / WITHIN
    spiked = (spread <= SPIKE * deviation) & (deviation > 0)
    scale = inverse_root(np.where(spiked, deviation, spread) ** 2)
    scaled = (exact - mean) * scale
    white = ShrunkWhitening.of(scaled, SHRINKAGE)
    stretch = np.zeros(len(points), np.float32)
    inflation = np.repeat(1 + np.array([[0], [1], [SHRINKAGE]]) / len(exact), len(points), axis=1)
    if spiked.any():
        gains = _gains(scaled[:, spiked])
        inflation[1, rows] = _by_spread(gains, np.square((exact - middle) * scale), spiked)
        inflation[2, rows] = _whitened(gains, scaled, white, spiked)
    stretch[rows] = white.stretch / inflation[2, rows] ** 2
    straight = (_axes(middle, np.ones_like(middle)), _axes(middle, scale))
    left_out = LeftOut((*straight, _axes(mean, scale[:, None] * white.left_out)), inflation.astype(np.float32), stretch)
    return (*straight, _axes(mean, scale[:, None] * white.factors)), left_out


def _gains(scaled: Numbers) -> Numbers:
    """By what squared distances in a column grow when its standard deviation is that of all other points `(n, c)`.

    scaled: `(n, c)`, of mean 0 and deviation 1. 0 where the other points are all equal, as constants count nothing.
    """
    n = len(scaled)
    left = 1 - np.square(scaled) / (n - 1)
    return np.divide((n - 1) / n, left, out=np.zeros_like(left), where=left > NOTHING)


def _by_spread(gains: Numbers, squares: Numbers, spiked: NDArray[np.bool_]) -> Numbers:
    """By what each point's distance from the middle grows `(n,)`; squares: `(n, d)`, of its parts in each column."""
    usual, total = (1 + 1 / len(squares)) ** 2, squares.sum(axis=1)
    more = np.einsum("ij,ij->i", gains - usual, squares[:, spiked])
    growth: Numbers = usual + more / np.where(total > 0, total, 1)
    return np.sqrt(np.maximum(growth, NOTHING))


def _whitened(gains: Numbers, scaled: Numbers, white: ShrunkWhitening, spiked: NDArray[np.bool_]) -> Numbers:
    """By what each point's whitened distance from the mean grows `(n,)`, as the equal variances depend on the spreads.

    Without the point these change on the diagonal, and so does the shrunk covariance. The inverse is taken along the
    point's own direction alone, which never says too much: v'M⁻¹v is the largest 2 w'v - w'M w.
    """
    n, d = scaled.shape
    equal = SHRINKAGE * np.square(scaled).sum() / ((n - 1) * d)
    placed = scaled @ white.left_out
    squares = np.einsum("ij,ij->i", placed, placed)
    total = squares + white.stretch * np.square(squares)
    pull = placed @ white.left_out[spiked].T * (1 + white.stretch * squares)[:, None]  # the inverse times the point
    parts = equal * np.square(pull)
    varying = gains > 0
    lost = np.divide(gains - 1, gains, out=np.zeros_like(gains), where=varying)  # of the variance of a column
    rest = np.maximum(
        total - np.where(varying, 0, parts).sum(axis=1), NOTHING
    )  # columns that vary no more count nothing
    growth = rest / np.maximum(1 - (lost * parts).sum(axis=1) / rest, NOTHING) / np.where(total > 0, total, 1)
    inflation: Numbers = (1 + SHRINKAGE / n) * np.sqrt(np.maximum(growth, NOTHING))
    return inflation


def _axes(origin: Numbers, factors: Numbers) -> Axes:
    return Axes(origin.astype(np.float32), factors.astype(np.float32))
