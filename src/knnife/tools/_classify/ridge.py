"""Regularised least squares beside the logistic regression: how much of a thing is explained by the examples.

For each class a function of the features that is 1 for its examples and 0 for others, as far as a penalty lets it be
(ridge regression; with the kernel of nystrom.py, a Gaussian process whose mean is 0 far from everything it has seen).
So its greatest value says how surely a thing belongs to any class; and what it would say of an example had it not seen
it follows without fitting again (Allen, "The relationship between variable selection and data augmentation and a method
for prediction", Technometrics 16, 1974).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from knnife.geometry import Vectors
from knnife.tools._classify.softmax import Codes, shares

PENALTY = 0.03
ALIKE = 3  # digits: features that are equal to so many are of copies of one thing
NOTHING = 1e-6


class Ridge(NamedTuple):
    """The slope `(r, K)`, and what leaves examples out: each distinct one counts once, with all its copies.

    features, belonging: of the distinct examples, `(u, r)` and `(u, K)`. which: `(n,)`, the distinct one of each
    example. inverse: `(r, r)`, of the products of the features.
    """

    slope: Vectors
    features: Vectors
    belonging: Vectors
    which: Codes
    inverse: NDArray[np.float64]

    @classmethod
    def of(cls, features: Vectors, codes: Codes, classes: int) -> Ridge:
        """Learned from examples with these features (n, r)."""
        first, which = _distinct(features)
        counts = np.bincount(which)
        belonging = np.zeros((len(first), classes), np.float32)
        np.add.at(belonging, which, shares(codes, classes))
        belonging /= counts[:, None].astype(np.float32)
        once = features[first]
        products = (once.T @ once).astype(np.float64)
        products[np.diag_indices(len(products))] += PENALTY
        inverse = np.linalg.inv(products).astype(np.float64)
        slope = (inverse @ (once.T @ belonging)).astype(np.float32)
        return cls(slope, once, belonging, which, inverse)

    def left_out(self, rows: Codes) -> Vectors:
        """What would be said of the examples of these rows had they, and their copies, not been there: `(m, K)`."""
        distinct = self.which[rows]
        seen, given = self.features[distinct], self.belonging[distinct]
        leverage = np.einsum("ij,ij->i", seen @ self.inverse.astype(np.float32), seen)[:, None]
        leverage = np.minimum(leverage, 1 - NOTHING)
        found: Vectors = ((seen @ self.slope - leverage * given) / (1 - leverage)).astype(np.float32)
        return found


def _distinct(features: Vectors) -> tuple[Codes, Codes]:
    """The first of each distinct row `(u,)`, and which of them each row is `(n,)`."""
    number: dict[bytes, int] = {}
    rounded = (features * np.float32(10**ALIKE)).round().astype(np.int32)
    which = np.array([number.setdefault(row.tobytes(), len(number)) for row in rounded], np.int64)
    return np.unique(which, return_index=True)[1], which
