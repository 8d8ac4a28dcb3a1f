"""Room for bent borders: points seen by how near they are to some examples, the landmarks.

Components are chosen so that products of features are, for points among the landmarks, exp(-|x - y|²/2): a logistic
regression on them is one with that kernel (the Nyström method: Williams and Seeger, "Using the Nyström method to speed
up kernel machines", NIPS 2000). With a few hundred examples all of them are landmarks.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from knnife.geometry import Vectors
from knnife.tools._classify.softmax import Codes

MOST, LEAST = 1_000, 256
WORK = 4_000_000  # examples times landmarks: many examples can make do with fewer, and fitting stays quick
FREE = 500  # of more points than MOST, so many at least are no landmarks: they show how new points are seen
FAINT = 1e-3  # components of less strength than that are noise


class Nystrom(NamedTuple):
    """The landmarks `(m, d)`, and how similarity to them is mixed into features, `(m, r)`."""

    places: Vectors
    mixing: Vectors

    @classmethod
    def of(cls, points: Vectors, seed: int, others: Vectors | None = None) -> Nystrom:
        """Landmarks among these points (n, d); where they are few, among `others`, too."""
        if others is not None and len(points) < MOST:
            points = np.vstack([points, others[: MOST - len(points)]])
        places = points[landmarks(len(points), seed)]
        strengths, axes = np.linalg.eigh(_similarity(places, places).astype(np.float64))
        strong = strengths > FAINT
        mixing = axes[:, strong] / np.sqrt(strengths[strong])
        return cls(places, np.ascontiguousarray(mixing, np.float32))

    def features(self, points: Vectors) -> Vectors:
        """`(n, r)`, of points (n, d)."""
        found: Vectors = _similarity(points, self.places) @ self.mixing
        return found


def landmarks(count: int, seed: int) -> Codes:
    """Which of so many points serve as landmarks, ascending; all of them where they are few."""
    if count <= MOST:
        return np.arange(count)
    wanted = min(MOST, max(LEAST, WORK // count), count - FREE)
    return np.sort(np.random.default_rng(seed).permutation(count)[:wanted])


def _similarity(points: Vectors, places: Vectors) -> Vectors:
    """exp(-|x - y|²/2), `(n, m)`."""
    squares = [np.einsum("ij,ij->i", each, each)[:, None] for each in (points, places)]
    exponents = points @ places.T - squares[0] / 2 - squares[1].T / 2
    found: Vectors = np.exp(np.minimum(exponents, 0, out=exponents), out=exponents)
    return found
