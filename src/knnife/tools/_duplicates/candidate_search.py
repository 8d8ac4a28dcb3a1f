"""Two ways to find copies: by the surface of texts, and by vectors. Each gives close pairs, and their tail."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from knnife.encoders.protocol import Progress
from knnife.geometry import Metric, Vectors, blocks, similarity
from knnife.statistics.tails import NOTHING_KNOWN, PairTail, fit_pair_tail
from knnife.tools._duplicates.groups import first_alike
from knnife.tools._duplicates.shingles import shingles
from knnife.tools._duplicates.similarity_join import Rows, between, close_pairs
from knnife.tools._duplicates.sketches import candidates

PROBED = 500  # things compared with all others, to see how far the nearest one usually is
NEAREST = 64  # of those others that are looked at
FEWEST = 1_000  # pairs from which the tail is read, where there are so many
PAIRS_EACH = (0.02, 0.5, 4.0)  # pairs for each thing to look for; more where copies are so many that they hide the tail


@dataclass(frozen=True)
class Close:
    """Pairs that one way found: rows of the left and the right side, their distances `(p,)`, and the tail."""

    left: Rows
    right: Rows
    distances: Vectors
    tail: PairTail


class Surface:
    """Folded texts: those of the left side, and behind them those of the right side, if there is one."""

    def __init__(self, folded: Sequence[str], split: int | None, seed: int) -> None:
        """`split`: how many are on the left; None compares each with each."""
        self._texts, self._split, self._seed = shingles(folded), split, seed

    def close(self, reach: float | None) -> Close:
        """Pairs at most `reach` apart (1 - Jaccard); None: as far as the tail of other pairs reaches."""
        first, second = candidates(self._texts, self._split, self._seed)
        far = 1 - self._texts.jaccard(first, second)
        tail = NOTHING_KNOWN
        if reach is None:
            nearest = np.ones(len(self._texts), np.float32)
            np.minimum.at(nearest, first, far)
            np.minimum.at(nearest, second, far)
            reach = float(np.median(nearest[: self._split])) if len(nearest[: self._split]) else 0.0
            tail = fit_pair_tail(self._spread(first, second, far), reach)
        near = far <= reach
        return Close(first[near], second[near] - (self._split or 0), far[near], tail)

    def _spread(self, first: Rows, second: Rows, far: Vectors) -> Vectors:
        """The distances as if half a piece more or less could be shared: whole numbers would pass for a steep fall."""
        sizes = (self._texts.sizes[first] + self._texts.sizes[second]).astype(np.float32)
        shared = (1 - far) / (2 - far) * sizes
        shared += np.random.default_rng(self._seed).random(len(far), dtype=np.float32) - np.float32(0.5)
        return np.where(far > 0, np.clip(1 - shared / (sizes - shared), 1e-6, 1), 0)

    def distances(self, left: Rows, right: Rows) -> Vectors:
        """The distances of these pairs `(p,)`."""
        return 1 - self._texts.jaccard(left, right + (self._split or 0))


@dataclass(frozen=True)
class ComparedPoints:
    """Points of both sides as they are compared; `other` is None where it is each against each."""

    points: Vectors
    other: Vectors | None
    metric: Metric
    seed: int

    def close(
        self, reach: float | None, copies: Callable[[], tuple[Rows, Rows]], progress: Progress | None = None
    ) -> Close:
        """As `Surface.close`. Each of equal points is paired with the first. copies: pairs that the tail is not of."""
        own = first_alike([row.tobytes() for row in self.points]) if self.other is None else np.arange(len(self.points))
        rows = np.flatnonzero(own == np.arange(len(own)))
        points = self.points if len(rows) == len(own) else self.points[rows]
        reaches, most = _far_enough(points, self.other, self.metric, self.seed) if reach is None else ([reach], 0.0)
        width = len(self.points) if self.other is None else len(self.other)
        for reach in reaches:
            left, right, far = close_pairs(points, self.other, reach, self.metric, progress)
            left, right = rows[left], right if self.other is not None else rows[right]
            known = copies()
            unknown = ~np.isin(left * width + right, known[0] * width + known[1])
            tail = fit_pair_tail(far[unknown], most)
            if tail.known:
                break
        if self.other is not None:
            return Close(left, right, far, tail)
        again = np.flatnonzero(own != np.arange(len(own)))
        if self.metric in ("cosine", "dot"):
            again = again[self.points[again].any(axis=1)]  # points without a direction say nothing
        left, right = np.concatenate([left, own[again]]), np.concatenate([right, again])
        return Close(left, right, np.concatenate([far, np.zeros(len(again), np.float32)]), tail)

    def distances(self, left: Rows, right: Rows) -> Vectors:
        """The distances of these pairs `(p,)`."""
        return between(self.points, self.points if self.other is None else self.other, left, right, self.metric)


def _far_enough(a: Vectors, b: Vectors | None, metric: Metric, seed: int) -> tuple[list[float], float]:
    """Distances within which enough pairs are, ascending; and how far from its nearest half of the points are.

    Most things have no copy, so pairs further apart than that are none.
    """
    others = a if b is None else b
    if len(a) < 2 or not len(others):
        return [0.0], 0.0
    rows = np.sort(np.random.default_rng(seed).permutation(len(a))[:PROBED])
    close = []
    for some in blocks(len(rows), len(others) * 8):
        far = _all_distances(a[rows[some]], others, metric)
        if b is None:
            far[np.arange(len(far)), rows[some]] = np.inf
        close.append(np.partition(far, min(NEAREST, far.shape[1] - 1), axis=1)[:, :NEAREST])
    found = np.sort(np.vstack(close).ravel())
    most = float(np.median(np.concatenate([part.min(axis=1) for part in close])))
    each = len(rows) / len(a) * (2 if b is None else 1)  # how often a pair is seen from the points probed

    def distance_of(pairs: int) -> float:
        return float(found[min(len(found) - 1, round(pairs * each))])

    wanted = [distance_of(max(FEWEST, round(pairs * len(a)))) for pairs in PAIRS_EACH]
    return sorted({max(distance_of(FEWEST), min(most, reach)) for reach in wanted}), most


def _all_distances(some: Vectors, others: Vectors, metric: Metric) -> Vectors:
    if metric in ("cosine", "dot"):
        found: Vectors = np.maximum(1 - some @ others.T, 0)
        return found
    return -similarity(some, others, metric)
