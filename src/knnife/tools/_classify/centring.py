"""Vectors as the head sees them: moved so that the examples lie around the origin, and brought to one scale.

Vectors of sentence models all point roughly the same way; without that common direction one penalty suits any encoder.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from knnife.geometry import Metric, Vectors, unit


class Centring(NamedTuple):
    """Where the examples lie: their mean (d,), and their typical distance from it."""

    metric: Metric
    centre: Vectors
    scale: float

    @classmethod
    def of(cls, vectors: Vectors, metric: Metric) -> Centring:
        """By these examples (n, d)."""
        first = cls(metric, np.zeros(vectors.shape[1], np.float32), 1.0)
        centre = first.compared(vectors).mean(axis=0, dtype=np.float64).astype(np.float32)
        away = first.compared(vectors) - centre
        spread = float(np.sqrt(np.einsum("ij,ij->i", away, away).mean(dtype=np.float64)))
        return cls(metric, centre, spread or 1.0)

    def points(self, vectors: Vectors) -> Vectors:
        """Vectors (n, d) about the mean: of length 1 where directions count (cosine), else of about that length."""
        away = self.compared(vectors) - self.centre
        if self.metric == "cosine":
            return unit(away)
        scaled: Vectors = away / np.float32(self.scale)
        return scaled

    def compared(self, vectors: Vectors) -> Vectors:
        """Vectors of length 1 where directions count, as they are where not."""
        return unit(vectors) if self.metric == "cosine" else vectors
