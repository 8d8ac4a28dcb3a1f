"""A number that is not what the others make it: what a regression of each column on all others leaves.

For the numbers as they are (a total of parts) and for the logarithms of positive ones (a total that is price times
quantity). The regression is fitted again without what it fits worst, so that broken rows do not break it: Rousseeuw and
Van Driessen, "A fast algorithm for the minimum covariance determinant estimator", Technometrics 41 (1999), do so often.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from knnife.tools._outliers.single_columns import Tails, logarithms
from knnife.tools._outliers.table import Numbers

KEPT: Final = 0.9  # of the things are regressed on again
RIDGE: Final = 1e-6  # on variances of 1
EXACT: Final = 2e-3  # of a column's spread: relations are not trusted beyond
TIED: Final = 0.7  # of its spread, and no more, is what the others leave of a number that depends on them
FARTHEST: Final = 20.0  # spreads: what lies beyond counts as there
DEVIATION: Final = 0.68  # of normal numbers are as close to the middle
ENOUGH: Final = 10  # things for each column


class Relations(NamedTuple):
    """What numbers make of each other: `residuals = (x - centre) / spread @ weights - offset`, one for each column.

    logged: whether x are logarithms. columns: which of the numbers. weights: `(p, p)`, 1 for the column itself. tails:
    of the residuals. tied: `(p,)`, whether the others tell much of the column.
    """

    logged: bool
    columns: NDArray[np.int64]
    centre: Numbers
    spread: Numbers
    weights: Numbers
    offset: Numbers
    tails: tuple[Tails, ...]
    tied: NDArray[np.bool_]

    @classmethod
    def of(cls, numbers: Numbers, columns: NDArray[np.int64], *, logged: bool) -> Relations | None:
        """Of numbers `(n, p)`; None where they are too few, or depend on nothing."""
        x = logarithms(numbers[:, columns]) if logged else numbers[:, columns]
        x = x[np.isfinite(x).all(axis=1)]
        n, p = x.shape
        if p < 2 or n < ENOUGH * p:
            return None
        centre = np.median(x, axis=0)
        spread = _spread(x, centre)
        scaled = np.clip((x - centre) / spread, -FARTHEST, FARTHEST)
        weights = _weights(scaled)
        left = np.abs(_centred(scaled @ weights))
        worst = (left / np.maximum(np.median(left, axis=0), EXACT)).max(axis=1)
        weights = _weights(scaled[worst <= np.quantile(worst, KEPT)])
        left = scaled @ weights
        offset = np.median(left, axis=0)
        left -= offset
        tied = np.median(np.abs(left), axis=0) < TIED * np.median(np.abs(scaled), axis=0)
        if not tied.any():
            return None
        tails = tuple(_at_least(Tails.of(column), EXACT) for column in left.T)
        return cls(logged, columns, centre, spread, weights, offset, tails, tied)

    def residuals(self, numbers: Numbers) -> Numbers:
        """Of numbers `(m, p)`: by how much each is off, in its spread `(m, len(columns))`."""
        x = logarithms(numbers[:, self.columns]) if self.logged else numbers[:, self.columns]
        found: Numbers = (x - self.centre) / self.spread @ self.weights - self.offset
        return found

    def surprise(self, numbers: Numbers) -> Numbers:
        """In nats `(m, len(columns))`."""
        left = self.residuals(numbers)
        found = np.stack([tails.surprise(column) for tails, column in zip(self.tails, left.T, strict=True)], axis=1)
        return np.where(self.tied, found, 0.0)


def _spread(x: Numbers, centre: Numbers) -> Numbers:
    """How far numbers `(n, p)` usually lie from their centre; of a column that is mostly one value, the deviation."""
    usual = np.quantile(np.abs(x - centre), DEVIATION, axis=0)
    least = 1e-9 + 1e-9 * np.abs(centre)
    found: Numbers = np.maximum(np.where(usual <= least, x.std(axis=0), usual), least)
    return found


def _weights(scaled: Numbers) -> Numbers:
    """What to multiply scaled numbers `(n, p)` with, so that each column becomes what the others leave of it."""
    covariance = np.cov(scaled, rowvar=False) + RIDGE * np.eye(scaled.shape[1])
    inverse = np.linalg.inv(covariance)
    weights: Numbers = inverse / np.diag(inverse)
    return weights


def _centred(columns: Numbers) -> Numbers:
    found: Numbers = columns - np.median(columns, axis=0)
    return found


def _at_least(tails: Tails, spread: float) -> Tails:
    return tails._replace(below=max(tails.below, spread), above=max(tails.above, spread))
