"""One score out of many distances: by how much each is larger than usual, on average.

A distance counts by its logarithm, in standard deviations from the mean of the reference. Twice as far then says as
much in millimetres as in kilometres, axes of many columns as much as axes of few, and what is odd in one way only, but
very much so, still stands out; with ranks it would not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knnife.geometry import Vectors
from knnife.tools._outliers.axes import Axes, three_axes
from knnife.tools._outliers.samples import Rows, sampled

Progress = Callable[[int, float | None], None]

REFERENCE = 4_096  # things that others are compared with: more of them change the scores by less than chance does
NEGLIGIBLE = 1e-3  # of the usual distance: what is closer than that is as good as equal


@dataclass(frozen=True)
class Scorer:
    """Scores points by their distances to a reference.

    axes: the layouts, of which there are a. reference: `(r, d)`, as given. orders: `(t, r)`, of the reference, for
    random samples. means, deviations: `(a * s,)`, of the logarithms of the distances, each axes with s sizes.
    """

    axes: tuple[Axes, ...]
    reference: Vectors
    orders: Rows
    means: Vectors
    deviations: Vectors

    @classmethod
    def fit(cls, points: Vectors, seed: int, progress: Progress | None = None) -> tuple[Scorer, Vectors, Rows]:
        """A scorer of these points `(n, d)`, their own marks `(n, a * s)`, and which of them are the reference."""
        random = np.random.default_rng(seed)
        rows = np.sort(random.permutation(len(points))[:REFERENCE])
        orders = np.stack([random.permutation(len(rows)) for _ in range(max(1, REFERENCE // len(rows)))])
        nothing = np.empty(0, np.float32)
        bare = cls(three_axes(points, random), points[rows], orders, nothing, nothing)
        own = np.full(len(points), -1, np.int64)
        own[rows] = np.arange(len(rows))
        distances = bare._distances(points, own, progress)
        distances = np.maximum(distances, np.finfo(np.float32).tiny)  # where all are equal, all are as usual
        usual = distances.mean(axis=0)
        logarithms = np.log(np.maximum(distances / usual, NEGLIGIBLE))
        deviations = logarithms.std(axis=0)
        means = logarithms.mean(axis=0) + np.log(usual)
        scorer = cls(bare.axes, bare.reference, orders, means, np.where(deviations > 1e-6, deviations, 1))
        return scorer, scorer._marks(distances), rows

    def marks(self, points: Vectors) -> Vectors:
        """How much farther than usual the points `(m, d)` are, in each axes and size: `(m, a * s)`."""
        return self._marks(self._distances(points, None, None))

    def _distances(self, points: Vectors, own: Rows | None, progress: Progress | None) -> Vectors:
        done, rounds = 0, len(self.axes) * len(self.orders)

        def tell(count: int) -> None:
            nonlocal done
            done += count
            if progress is not None:
                progress(done // rounds, done / (rounds * len(points)))

        return np.hstack([sampled(a.place(points), a.place(self.reference), self.orders, own, tell) for a in self.axes])

    def _marks(self, distances: Vectors) -> Vectors:
        floor = NEGLIGIBLE * np.exp(self.means) + np.finfo(np.float32).tiny
        found: NDArray[np.float32] = (np.log(np.maximum(distances, floor)) - self.means) / self.deviations
        return found
