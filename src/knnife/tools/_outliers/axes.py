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
from knnife.statistics.whitening import ShrunkWhitening, inverse_root

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

    def places(self, queries: Vectors, others: Vectors) -> Places:
        """Both in these axes."""
        return Places(self.place(queries), self.place(others))


class LeftOut(NamedTuple):
    """The same axes for the points that taught them, each as if it had not.

    axes: the three layouts. inflation: what the place of such a point is multiplied by, in each. stretch: `(n,)`, of
    the whitened axes, see `ShrunkWhitening`.
    """

    axes: tuple[Axes, ...]
    inflation: Vectors
    stretch: Vectors

    def places(self, points: Vectors, others: Vectors) -> Iterator[Places]:
        """These very points `(n, d)` and others, in each of the axes."""
        stretches = (None, None, self.stretch)
        for axes, inflation, stretch in zip(self.axes, self.inflation, stretches, strict=True):
            yield Places(axes.place(points) * inflation, axes.place(others), stretch)


def three_axes(points: Vectors, random: np.random.Generator) -> tuple[tuple[Axes, ...], LeftOut]:
    """As given, by spread and whitened, from the points `(n, d)`: for new points, and for these points themselves.

    Constant columns count nothing in the last two. A point's part in the covariance is taken out exactly, its part in
    the spreads on average: whatever estimates the scale of a normal distribution consistently makes each of n points
    nearer by an n-th (its influence function has the covariance 1 with the score of the scale). In the whitened axes
    only equal variances depend on the spreads, and those have the weight SHRINKAGE.
    """
    rows = np.arange(len(points)) if len(points) <= DRAWN else random.choice(len(points), DRAWN, replace=False)
    exact = points[rows].astype(np.float64)
    mean, deviation = exact.mean(axis=0), exact.std(axis=0)
    deviation[deviation <= 1e-6 * np.abs(mean)] = 0  # what rounding leaves of a constant
    low, middle, high = np.percentile(exact, [25, 50, 75], axis=0)
    spread = (high - low) / WITHIN
    scale = inverse_root(np.where(spread > SPIKE * deviation, spread, deviation) ** 2)
    white = ShrunkWhitening.of((exact - mean) * scale, SHRINKAGE)
    stretch = np.zeros(len(points), np.float32)
    stretch[rows] = white.stretch
    straight = (_axes(middle, np.ones_like(middle)), _axes(middle, scale))
    left_out = (*straight, _axes(mean, scale[:, None] * white.left_out))
    inflation = (1 + np.array([0, 1, SHRINKAGE]) / len(exact)).astype(np.float32)
    return (*straight, _axes(mean, scale[:, None] * white.factors)), LeftOut(left_out, inflation, stretch)


def _axes(origin: NDArray[np.float64], factors: NDArray[np.float64]) -> Axes:
    return Axes(origin.astype(np.float32), factors.astype(np.float32))
