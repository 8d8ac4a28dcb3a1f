"""What a monitor says of a thing in numbers: how far it is from half of the reference, and where in it.

Which things of the reference define the scores does not matter for the rate of false alarms, as the ranks are taken
among others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from knnife.geometry import Vectors, unit
from knnife.space import Sample
from knnife.tools._drift.pool import Floats
from knnife.tools._drift.statistics import distances

BINS = 10  # of the ranks of a score
DIRECTIONS, CELLS = 6, 20
FAR_RANK = 5
MOST = 2_000  # things that distances are taken to


@dataclass(frozen=True)
class Scores:
    """What is said of a thing in numbers, by half of the reference. values: distance, cell, principal directions."""

    sample: Sample
    points: Vectors  # (n, d), of the first half, MOST of it at most
    centre: Vectors
    directions: Vectors  # (d, r)
    cells: Vectors  # (c, d)

    @classmethod
    def of(cls, given: Sample) -> Scores:
        """The scores that these things define; their order is random."""
        points = given.points
        centre = points.mean(axis=0)
        covariance = (points - centre).T @ (points - centre)
        variances, axes = np.linalg.eigh(covariance.astype(np.float64))
        used = np.flatnonzero(variances > 1e-9 * max(variances[-1], 1e-30))[::-1][:DIRECTIONS]
        cells = points[: max(2, min(CELLS, len(points) // 10))]
        return cls(given, points[:MOST], centre, axes[:, used].astype(np.float32), cells)

    def values(self, vectors: Vectors, random: np.random.Generator) -> list[Floats]:
        """Each score of each vector. Cells come in their order, which says nothing, and within one by lot."""
        metric = self.sample.metric
        points = unit(vectors) if metric == "cosine" else vectors
        near = np.partition(distances(points, self.points, metric), FAR_RANK - 1, axis=1)[:, FAR_RANK - 1]
        cell = distances(points, self.cells, metric).argmin(axis=1) + random.uniform(size=len(points))
        along = ((points - self.centre) @ self.directions).astype(np.float64)
        return [near.astype(np.float64), cell, *along.T]
