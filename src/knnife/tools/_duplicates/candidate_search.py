"""Two ways to find copies: by the surface of texts, and by vectors. Each gives close pairs, and their tail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from knnife.encoders.protocol import Progress
from knnife.geometry import Metric, Vectors
from knnife.statistics.neighbours import NOTHING_KNOWN, Company, NeighbourTail
from knnife.statistics.tails import PairTail
from knnife.tools._duplicates.groups import first_alike
from knnife.tools._duplicates.neighbourhoods import (
    all_distances,
    company_of_pairs,
    company_of_points,
    tail_of_probes,
)
from knnife.tools._duplicates.shingles import Shingles, shingles
from knnife.tools._duplicates.similarity_join import Rows, between, close_pairs
from knnife.tools._duplicates.sketches import candidates

HALF = 0.5  # of the rare pieces


@dataclass(frozen=True)
class Close:
    """Pairs that one way found: rows of the left and the right side, their distances `(p,)`, and the tail."""

    left: Rows
    right: Rows
    distances: Vectors
    tail: PairTail | NeighbourTail


class Surface:
    """Folded texts: those of the left side, and behind them those of the right side, if there is one."""

    def __init__(self, folded: Sequence[str], split: int | None, seed: int) -> None:
        """`split`: how many are on the left; None compares each with each."""
        self._folded, self._split, self._seed = folded, split, seed
        self._company: Company | None = None

    def close(self, reach: float | None, explored: float) -> Close:
        """Pairs at most `reach` apart (1 - Jaccard); None: up to an expectation."""
        first, second = candidates(self._texts, self._split, self._seed)
        far = 1 - self._texts.jaccard(first, second)
        if reach is not None:
            near = far <= reach
            return Close(first[near], second[near] - (self._split or 0), far[near], NOTHING_KNOWN)
        tail = self._tail()
        self._company = company_of_pairs(tail, first, second, far, len(self._texts))
        near = tail.expected(far) <= explored
        return Close(first[near], second[near] - (self._split or 0), far[near], tail)

    def formed(self, left: Rows, right: Rows) -> NDArray[np.bool_]:
        """Whether the texts of these pairs share less than half of their rare pieces: a form, a phrase, a heading."""
        return np.asarray(self._texts.rare_shared(left, right + (self._split or 0)) < HALF)

    def company(self, left: Rows, right: Rows) -> Company | None:
        """The company of these pairs, as `close` has seen it."""
        return None if self._company is None else self._company.of(left, right + (self._split or 0))

    @cached_property
    def _texts(self) -> Shingles:
        return shingles(self._folded)  # in the thread of `close`, not in that which makes this

    def _tail(self) -> NeighbourTail:
        n = len(self._texts)
        right = None if self._split is None else n - self._split

        def distances(rows: Rows, among: Rows) -> Vectors:
            return 1 - self._texts.all_with_all(rows, among + (self._split or 0))

        return tail_of_probes(n if self._split is None else self._split, right, self._seed, distances)

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

    def close(self, reach: float | None, explored: float, progress: Progress | None = None) -> Close:
        """As `Surface.close`. Each of equal points is paired with the first."""
        rows = np.flatnonzero(self._own == np.arange(len(self.points)))
        tail = NOTHING_KNOWN if reach is not None else self._tail()
        if reach is None:
            reach = tail.distance(explored) if tail.known else -np.inf
        left, right, far = close_pairs(self._distinct, self.other, reach, self.metric, progress)
        left, right = rows[left], right if self.other is not None else rows[right]
        if self.other is not None:
            return Close(left, right, far, tail)
        again = np.flatnonzero(self._own != np.arange(len(self.points)))
        if self.metric in ("cosine", "dot"):
            again = again[self.points[again].any(axis=1)]  # points without a direction say nothing
        left, right = np.concatenate([left, self._own[again]]), np.concatenate([right, again])
        return Close(left, right, np.concatenate([far, np.zeros(len(again), np.float32)]), tail)

    def company(self, left: Rows, right: Rows, tail: NeighbourTail) -> Company:
        """That of these pairs, exactly; of equal points one counts."""
        if self.other is None:
            each, places = np.unique([left, right], return_inverse=True)
            known = company_of_points(tail, self.points[each], self._distinct, self.metric, within=True)
            return known.of(*places.reshape(2, -1))
        sides = (self.points, left, self.other), (self.other, right, self._distinct)
        found = []
        for points, rows, others in sides:
            each, places = np.unique(rows, return_inverse=True)
            known = company_of_points(tail, points[each], others, self.metric, within=False)
            found.append([told[places] for told in known])
        return Company(*(np.maximum(a, b) for a, b in zip(*found, strict=True)))

    def distances(self, left: Rows, right: Rows) -> Vectors:
        """The distances of these pairs `(p,)`."""
        return between(self.points, self.points if self.other is None else self.other, left, right, self.metric)

    @cached_property
    def _own(self) -> Rows:
        """Of each point the first that is equal to it; of two sides each itself."""
        if self.other is not None:
            return np.arange(len(self.points))
        return first_alike([row.tobytes() for row in self.points])

    @cached_property
    def _distinct(self) -> Vectors:
        once = self._own == np.arange(len(self.points))
        return self.points if once.all() else self.points[once]

    def _tail(self) -> NeighbourTail:
        points, others = self._distinct, self._distinct if self.other is None else self.other

        def distances(rows: Rows, among: Rows) -> Vectors:
            return all_distances(points[rows], others[among], self.metric)

        right = None if self.other is None else len(others)
        return tail_of_probes(len(points), right, self.seed, distances, unlike=True)
