"""Three ways to lay out the same points, because nobody can say beforehand which columns matter how much.

As given: the columns share a unit, or their scale was chosen with care. By spread: each column counts alike. Whitened:
each direction counts alike, so a thing is odd that breaks a correlation which all others keep. All are affine maps;
what is far from the rest in all of them is odd, whichever were the right one.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from knnife.geometry import Vectors

WITHIN = 1.349  # the standard deviations of a normal distribution between its quartiles
SPIKE = 0.1  # quartiles closer than so many standard deviations are those of a column that is mostly one value
DRAWN = 50_000  # points that the axes are worked out from, where there are more
SHRINKAGE = 0.3  # of the covariance towards equal variances: few points know little of small directions


class Axes(NamedTuple):
    """An affine map: the origin `(d,)`, and what multiplies a point then, `(d,)` for each column or `(d, d)`."""

    origin: Vectors
    factors: Vectors

    def place(self, points: Vectors) -> Vectors:
        """The points `(m, d)` in these axes."""
        centred: Vectors = points - self.origin
        placed: Vectors = centred @ self.factors if self.factors.ndim == 2 else centred * self.factors
        return placed


def three_axes(points: Vectors, random: np.random.Generator) -> tuple[Axes, Axes, Axes]:
    """As given, by spread and whitened, from the points `(n, d)`. Constant columns count nothing in the last two."""
    if len(points) > DRAWN:
        points = points[random.choice(len(points), DRAWN, replace=False)]
    exact = points.astype(np.float64)
    mean, deviation = exact.mean(axis=0), exact.std(axis=0)
    deviation[deviation <= 1e-6 * np.abs(mean)] = 0  # what rounding leaves of a constant
    low, middle, high = np.percentile(exact, [25, 50, 75], axis=0)
    spread = (high - low) / WITHIN
    spread = np.where(spread > SPIKE * deviation, spread, deviation)
    return (
        _axes(middle, np.ones_like(middle)),
        _axes(middle, _inverse(spread)),
        _axes(mean, _inverse(deviation)[:, None] * _whitening((exact - mean) * _inverse(deviation))),
    )


def _whitening(standard: NDArray[np.float64]) -> NDArray[np.float64]:
    """The matrix `(d, d)` that makes all directions of centred points equally wide, or nearly so."""
    variances, directions = np.linalg.eigh(standard.T @ standard / len(standard))
    variances = np.maximum(variances, 0)
    shrunk = (1 - SHRINKAGE) * variances + SHRINKAGE * variances.mean()
    return directions * np.sqrt(_inverse(shrunk))


def _inverse(widths: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.divide(1, widths, out=np.zeros_like(widths), where=widths > 0)


def _axes(origin: NDArray[np.float64], factors: NDArray[np.float64]) -> Axes:
    return Axes(origin.astype(np.float32), factors.astype(np.float32))
