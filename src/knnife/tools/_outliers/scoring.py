"""One score out of many distances: by how much each is larger than usual, on average.

A distance counts by its logarithm, in standard deviations from the mean of the reference. Twice as far then says as
much in millimetres as in kilometres, axes of many columns as much as axes of few, and what is odd in one way only, but
very much so, still stands out; with ranks it would not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knnife.encoders.protocol import Progress
from knnife.geometry import Vectors
from knnife.tools._outliers.axes import Axes, Places, three_axes
from knnife.tools._outliers.samples import Rows, Tell, sampled, silent

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
        """A scorer of these points `(n, d)`, their own marks `(n, a * s)`, and which of them are the reference.

        The marks of each point are those it would have if it were new: it is in none of the samples it is compared
        with, and its part in the axes is taken out. So new points and these have marks of one distribution.
        """
        random = np.random.default_rng(seed)
        rows = np.sort(random.permutation(len(points))[:REFERENCE])
        orders = np.stack([random.permutation(len(rows)) for _ in range(max(1, REFERENCE // len(rows)))])
        axes, left_out = three_axes(points, random)
        nothing = np.empty(0, np.float32)
        bare = cls(axes, points[rows], orders, nothing, nothing)
        own = np.full(len(points), -1, np.int64)
        own[rows] = np.arange(len(rows))
        tell = _telling(progress, len(points), len(axes) * len(orders))
        distances = bare._distances(left_out.places(points, bare.reference), own, tell)
        distances = np.maximum(distances, np.finfo(np.float32).tiny)  # where all are equal, all are as usual
        usual = distances.mean(axis=0)
        logarithms = np.log(np.maximum(distances / usual, NEGLIGIBLE))
        deviations = logarithms.std(axis=0)
        means = logarithms.mean(axis=0) + np.log(usual)
        scorer = cls(axes, bare.reference, orders, means, np.where(deviations > 1e-6, deviations, 1))
        return scorer, scorer._marks(distances), rows

    def marks(self, points: Vectors) -> Vectors:
        """How much farther than usual the points `(m, d)` are, in each axes and size: `(m, a * s)`."""
        places = (Places(axes.place(points), axes.place(self.reference)) for axes in self.axes)
        return self._marks(self._distances(places, None, silent))

    def _distances(self, places: Iterable[Places], own: Rows | None, tell: Tell) -> Vectors:
        return np.hstack([sampled(*each, self.orders, own, tell) for each in places])

    def _marks(self, distances: Vectors) -> Vectors:
        floor = NEGLIGIBLE * np.exp(self.means) + np.finfo(np.float32).tiny
        found: NDArray[np.float32] = (np.log(np.maximum(distances, floor)) - self.means) / self.deviations
        return found


def _telling(progress: Progress | None, count: int, rounds: int) -> Tell:
    """Counts how often `count` points were compared, of so many rounds, and reports it."""
    if progress is None:
        return silent
    report, done = progress, 0

    def tell(more: int) -> None:
        nonlocal done
        done += more
        report(done // rounds, done / (rounds * count))

    return tell
