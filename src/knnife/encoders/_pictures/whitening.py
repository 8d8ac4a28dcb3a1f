"""Whitening: principal components, scaled until each tells about as much as the others, and no noise is blown up.

What many things have in common tells nothing about any of them, but makes all of them alike. So the mean is taken
away, and each principal component is divided by its deviation (Jegou & Chum 2012). The weak components are mostly
noise: to every variance a share of the largest is added before the division.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from knnife.geometry import Vectors, unit

NOTHING: Final = 1e-6  # of the largest variance; what is below is rounding


@dataclass(frozen=True)
class Whitening:
    """mean (d,), and axes (d, k): a component of the result is (x - mean) @ axis."""

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
