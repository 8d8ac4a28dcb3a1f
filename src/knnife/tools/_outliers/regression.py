"""A logistic regression on what is known of things: how far they are in each way, where they lie, and how far the
nearest known odd thing is.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from knnife.geometry import Vectors
from knnife.space import nearest
from knnife.statistics.regression import logistic_regression
from knnife.tools._outliers.axes import Axes

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

OTHERS = 5_000  # things not known to be odd that it is shown, drawn at random
DIRECTIONS = 32  # the widest of the whitened axes
CLOSE = 1e-3  # whitened distances below this are as good as none


class PointFeatures(NamedTuple):
    """What is known of m things: `(m, d)` where they lie, in whitened axes, and their marks `(m, f)`."""

    places: Vectors
    marks: Vectors

    @classmethod
    def of(cls, points: Vectors, marks: Vectors, axes: Axes) -> PointFeatures:
        """Of points as given `(m, d)`, whose marks are known."""
        return cls(axes.place(points), marks)

    def take(self, rows: Mask | NDArray[np.int64]) -> PointFeatures:
        """Some of them."""
        return PointFeatures(self.places[rows], self.marks[rows])


class Regression(NamedTuple):
    """What tells odd things from others.

    odd: `(o, d)`, the known odd things, whitened. centre, scale, coefficients: `(f,)`, of the features. level, width:
    mean and standard deviation of the verdict on the others.
    """

    odd: Vectors
    centre: Floats
    scale: Floats
    coefficients: Floats
    level: float
    width: float

    @classmethod
    def fit(cls, seen: PointFeatures, odd: Mask, penalty: float, random: np.random.Generator) -> Regression:
        """From things of which some are known to be `odd` `(m,)`; of the others a random part is shown."""
        known, others = np.flatnonzero(odd), random.permutation(np.flatnonzero(~odd))[:OTHERS]
        places = seen.places[known]
        theirs = _features(seen.take(known), places, own=True)
        rest = _features(seen.take(others), places)
        centre, scale = rest.mean(axis=0), rest.std(axis=0)
        scale[scale < 1e-9] = 1
        design = (np.vstack([theirs, rest]) - centre) / scale
        coefficients = _logistic(design, np.arange(len(design)) < len(known), penalty)
        logits = design[len(known) :] @ coefficients
        return cls(places, centre, scale, coefficients, float(logits.mean()), float(logits.std()) or 1.0)

    def verdict(self, seen: PointFeatures) -> Floats:
        """How much things look like the known odd ones `(m,)`, in standard deviations of the others."""
        logits: Floats = (_features(seen, self.odd) - self.centre) / self.scale @ self.coefficients
        return (logits - self.level) / self.width


def _features(seen: PointFeatures, odd: Vectors, own: bool = False) -> Floats:
    """What the regression is shown of things `(m, f)`; `own`: they are the odd ones, each of which ignores itself."""
    if own:
        _, near = nearest(odd, 1, metric="euclidean")
    else:
        _, near = nearest(odd, 1, seen.places, metric="euclidean")
    distances = np.log(np.maximum(-near.astype(np.float64), CLOSE))
    return np.hstack([seen.marks, np.tanh(seen.places[:, -DIRECTIONS:] / 3), distances])


def _logistic(features: Floats, odd: Mask, penalty: float) -> Floats:
    """The coefficients `(f,)`; all odd things together weigh as much as all others."""
    design = np.hstack([features, np.ones((len(features), 1))])
    precision = np.full(design.shape[1], penalty)
    precision[-1] = 1e-6  # the intercept is free
    weights = np.where(odd, 1.0, odd.sum() / (~odd).sum())
    return logistic_regression(design, odd, precision, weights=weights)[:-1]
