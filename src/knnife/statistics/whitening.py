"""Whitening: linear maps after which all directions of a cloud of points vary alike, or nearly so.

They differ in what happens to the directions that vary least, of which few points tell little: `PrincipalWhitening`
bounds them by a share of the largest variance, `zca` by a given variance, `ShrunkWhitening` by the mean variance, and
`inverse_cholesky` not at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from knnife.geometry import Vectors, unit

Numbers = NDArray[np.float64]

NOTHING: Final = 1e-6  # of the largest variance; what is below is rounding
ALONE: Final = 64  # rows that LAPACK factors in one thread


@dataclass(frozen=True)
class PrincipalWhitening:
    """Principal components, each divided by its deviation; mean `(d,)`, axes `(d, k)`.

    The weak components are mostly noise: to every variance a share of the largest is added before the division. Jégou
    and Chum, "Negative evidences and co-occurences in image retrieval", ECCV 2012.
    """

    mean: Vectors
    axes: Vectors

    @classmethod
    def learn(cls, vectors: Vectors, most: int, shrinkage: float) -> Self:
        """From examples `(n, d)`: the `most` strongest components, or as many as the examples have.

        shrinkage: the share of the largest variance that is added to each.
        """
        mean = vectors.mean(axis=0, dtype=np.float64).astype(np.float32)
        centred = vectors - mean
        wide = len(centred) < centred.shape[1]
        products = (centred @ centred.T if wide else centred.T @ centred).astype(np.float64)
        strengths, axes = np.linalg.eigh(products)
        strengths, axes = strengths[::-1][:most], axes[:, ::-1][:, :most]
        real = strengths > NOTHING * max(strengths[0], len(vectors) * NOTHING)
        strengths, axes = strengths[real], axes[:, real]
        if wide:
            axes = centred.T @ (axes / np.sqrt(strengths)).astype(np.float32)
        scaled = axes / np.sqrt((strengths + shrinkage * strengths[:1]) / len(vectors))
        return cls(mean, np.ascontiguousarray(scaled, np.float32))

    @classmethod
    def of_all(cls, vectors: Vectors, shrinkage: float) -> Self:
        """The same, but every direction is kept, `(d, d)`: those in which no two examples differ count as the weakest.

        So a few examples do, and no component is lost that others may need.
        """
        dim = vectors.shape[1]
        some = cls.learn(vectors, dim, 0.0)  # of each axis the length is 1 / deviation
        precision = np.einsum("ij,ij->j", some.axes, some.axes, dtype=np.float64)
        variances, axes = 1 / precision, some.axes / np.sqrt(precision)
        added = shrinkage * variances.max(initial=0.0) or 1.0
        beyond = axes * (1 / np.sqrt(variances + added) - added**-0.5)
        whole = np.eye(dim) * added**-0.5 + beyond @ axes.T
        return cls(some.mean, whole.astype(np.float32))

    def apply(self, vectors: Vectors) -> Vectors:
        """The vectors `(n, d)` as `(n, k)`, of length 1; what is like the mean of all becomes zeros."""
        away: Vectors = vectors - self.mean
        return unit(away @ self.axes)


def zca(points: Vectors, added: float) -> tuple[Vectors, Vectors]:
    """The mean `(d,)` of points `(n, d)` and a symmetric matrix `(d, d)`, by which points about the mean are whitened.

    added: to the variance of each direction. Bell and Sejnowski, "The independent components of natural scenes are edge
    filters", Vision Research 37 (1997).
    """
    mean = points.mean(axis=0)
    variances, axes = np.linalg.eigh(np.cov(points - mean, rowvar=False, dtype=np.float64))
    whitening = (axes / np.sqrt(np.maximum(variances, 0) + added)) @ axes.T
    return mean, whitening.astype(np.float32)


class ShrunkWhitening(NamedTuple):
    """A whitening by the covariance, shrunk towards equal variances; and the same with each point left out in turn.

    factors: `(d, d)`, to multiply centred points by. left_out, stretch: `(d, d)` and `(n,)`, with which the distance of
    point i to another, y_i and y being both times left_out, is that of a whitening that point i was no part of:

        |y_i - y|² + stretch_i (y_i · (y_i - y))²

    Without point i the covariance is the same less a matrix of rank 1, and so is its inverse (Sherman and Morrison
    1950). The difference matters as soon as the points are not many more than their dimensions: a point pulls the
    covariance towards itself, and is closer to the others by it than a new one would be.
    """

    factors: Numbers
    left_out: Numbers
    stretch: Numbers

    @classmethod
    def of(cls, centred: Numbers, shrinkage: float) -> Self:
        """Of points `(n, d)` about their mean, n at least 3.

        shrinkage: the weight, above 0, of equal variances (Ledoit and Wolf, "A well-conditioned estimator for
        large-dimensional covariance matrices", Journal of Multivariate Analysis 88, 2004, who estimate it as well).
        """
        n = len(centred)
        variances, directions = np.linalg.eigh(centred.T @ centred / (n - 1))
        variances, kept = np.maximum(variances, 0), 1 - shrinkage
        floor, fewer = shrinkage * variances.mean(), (n - 1) / (n - 2)  # without one, the same sum is of n - 2
        factors = directions * inverse_root(kept * variances + floor)
        left_out = directions * inverse_root(kept * fewer * variances + floor)
        placed = centred @ left_out
        step = kept * fewer * n / (n - 1) ** 2
        leverage = np.minimum(step * np.einsum("ij,ij->i", placed, placed), 1 - NOTHING)
        return cls(factors, left_out, step / (1 - leverage))


def inverse_root(variances: Numbers) -> Numbers:
    """1 / sqrt of each; 0 for what does not vary."""
    return np.divide(1, np.sqrt(variances), out=np.zeros_like(variances), where=variances > 0)


def inverse_cholesky(matrix: Numbers) -> Numbers:
    """Lower triangular W with W M Wᵀ = 1, of a symmetric, positive definite M `(n, n)`.

    LAPACK's own routines let threads meet at every few columns. Where other work keeps the cores busy, a matrix of
    300 x 300 then takes up to half a second instead of 10 ms. Halves of halves leave LAPACK only what it does in one
    thread, and the rest is a few products.
    """
    n = len(matrix)
    if n <= ALONE:
        inverse: Numbers = np.linalg.inv(np.linalg.cholesky(matrix))
        return inverse
    half = n // 2
    found = np.zeros_like(matrix)
    found[:half, :half] = upper = inverse_cholesky(matrix[:half, :half])
    below = matrix[half:, :half] @ upper.T  # of the Cholesky factor itself
    found[half:, half:] = lower = inverse_cholesky(matrix[half:, half:] - below @ below.T)
    found[half:, :half] = -lower @ (below @ upper)
    return found
