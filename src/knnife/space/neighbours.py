"""The nearest things of a question: in one view, or in several at once.

In several views each candidate gets its standard score in each view, (similarity - mean) / std over a fixed sample of
the points, as in fusion.py; the weighted mean is the score. A thing without a vector in a view counts there as average,
0.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from knnife.errors import BadInput
from knnife.geometry import Metric, Positions, Vectors, as_vectors, top_k
from knnife.space import fusion
from knnife.space.answers import Neighbours, Pairs
from knnife.space.lookup import positions_of, ready, vectors_at
from knnife.space.models import Models
from knnife.space.protocols import Neighbourhood, Progress, Selection, Snapshot
from knnife.space.records import View

VALUES = (str, bytes, os.PathLike, Mapping)  # what a query may be beside a vector
CANDIDATES, TIMES = 100, 4  # of each view at least; for each result that is wanted

NO_NEIGHBOURS = Neighbours([], np.empty((0, 0), np.int64), np.empty((0, 0), np.float32))
NO_PAIRS = Pairs(np.empty(0, np.int64), [], np.empty(0, np.int64), np.empty(0, np.float32))


class NearQuery(NamedTuple):
    """What is asked of one state of a space: queries (values or vectors), or ids of things."""

    snapshot: Snapshot
    models: Models
    metric: Metric  # of the space
    recall: float
    among: Selection | None
    queries: Any
    ids: list[str] | None

    def points(self, view: View, progress: Progress | None = None) -> Neighbourhood:
        """The points of a view; `progress` gets the share of an index that is built."""
        return self.snapshot.neighbours(view, view.metric or self.metric, self.recall, progress)

    def near(self, view: str | Mapping[str, float] | None, k: int) -> Neighbours:
        """The k nearest things in one view, or in several; see `Space.near`."""
        if isinstance(view, Mapping):
            return self._near_in_several(view, k)
        chosen = ready(self.snapshot.views, view)
        if chosen is None:
            return NO_NEIGHBOURS
        vectors, own = self._vectors(chosen)
        found = self.points(chosen)
        positions, scores = found.near(vectors, k, self.among, own)
        return Neighbours(found.ids_of(positions), positions, scores)

    def within(self, view: str | None, at_least: float) -> Pairs:
        """All things at least so close in one view; see `Space.within`."""
        if isinstance(view, Mapping):
            raise BadInput("several views have no similarity in common; ask for the k nearest, by near")
        chosen = ready(self.snapshot.views, view)
        if chosen is None:
            return NO_PAIRS
        vectors, own = self._vectors(chosen)
        found = self.points(chosen)
        number, positions, scores = _best_first(*found.within(vectors, at_least, self.among), own)
        return Pairs(number, found.ids_of(positions[None, :])[0], positions, scores)

    def _near_in_several(self, weights: Mapping[str, float], k: int) -> Neighbours:
        """The k things nearest by the weighted mean of standard scores in several views."""
        sides = [self._side(view, weight) for view, weight in _weighted(self.snapshot.views, weights)]
        positions, scores = [], []
        own = positions_of(self.snapshot, self.ids) if self.ids is not None else None
        for number in range(len(sides[0].vectors)):
            candidates = np.unique(np.concatenate([side.candidates(number, k, self.among) for side in sides]))
            if own is not None:
                candidates = candidates[candidates != own[number]]
            total = sum(side.weight * side.standard_scores(number, candidates) for side in sides)
            best, score = top_k(np.asarray(total, np.float32)[None] / sum(abs(side.weight) for side in sides), k)
            positions.append(candidates[best[0]])
            scores.append(score[0])
        width = min(map(len, positions), default=0)
        found = np.array([row[:width] for row in positions], np.int64).reshape(len(positions), width)
        named = {pos: thing.id or "" for pos, thing in self.snapshot.things(np.unique(found).tolist()).items()}
        ids = [[named[pos] for pos in row] for row in found.tolist()]
        return Neighbours(ids, found, np.array([row[:width] for row in scores], np.float32).reshape(found.shape))

    def _vectors(self, view: View) -> tuple[Vectors, Positions | None]:
        """The vectors `(m, d)` of the question, and the positions `(m,)` of the things that ask (None for others)."""
        if (self.queries is None) == (self.ids is None):
            raise BadInput("give either queries (texts, rows or vectors) or ids, not both and not neither")
        if self.ids is not None:
            positions = positions_of(self.snapshot, self.ids)
            return vectors_at(self.snapshot, view, positions), np.array(positions, np.int64)
        queries = [self.queries] if isinstance(self.queries, VALUES) else _listed(self.queries)
        if isinstance(queries, (list, tuple)) and (not queries or any(isinstance(q, VALUES) for q in queries)):
            return self.models.encode_query(self.snapshot, view, queries), None
        return as_vectors(queries, view.dim, "query"), None

    def _side(self, view: View, weight: float) -> _ViewSide:
        """One of several views; a thing that asks and has no vector there asks nothing of it."""
        found = self.points(view)
        if self.ids is None:
            vectors, _ = self._vectors(view)
            return _ViewSide(found, weight, [*vectors])
        positions = positions_of(self.snapshot, self.ids)
        there = {
            int(pos): row
            for some, rows in self.snapshot.vectors(view, sorted({*positions}))
            for pos, row in zip(some, rows, strict=True)
        }
        return _ViewSide(found, weight, [there.get(pos) for pos in positions])


class _ViewSide(NamedTuple):
    """One of several views that are asked together."""

    points: Neighbourhood
    weight: float
    vectors: Sequence[Vectors | None]  # of each query, `(d,)`

    def candidates(self, number: int, k: int, among: Selection | None) -> Positions:
        """The positions nearest to a query here."""
        vector = self.vectors[number]
        if vector is None:
            return np.empty(0, np.int64)
        positions, _ = self.points.near(vector[None], max(CANDIDATES, TIMES * k), among)
        first: Positions = positions[0]
        return first

    def standard_scores(self, number: int, positions: Positions) -> Vectors:
        """By how many standard deviations each position is closer to a query than the average; 0 where unknown."""
        vector = self.vectors[number]
        if vector is None:
            return np.zeros(len(positions), np.float32)
        mean, std = fusion.mean_and_std(self.points.similarities(vector[None], self.points.sample(fusion.SAMPLE)))
        close = self.points.similarities(vector[None], positions)[0]
        scores = (close - mean) / max(std, fusion.LEAST_STD)
        return np.where(np.isfinite(close), scores, 0).astype(np.float32)


def _listed(queries: Any) -> Any:
    """A column of texts, of NumPy, pandas, polars or Arrow, as a list; anything else as it is."""
    turn = next((name for name in ("to_list", "to_pylist", "tolist") if hasattr(queries, name)), None)
    if turn is None or hasattr(queries, "columns") or getattr(queries, "ndim", 1) != 1:
        return queries
    if isinstance(queries, np.ndarray) and queries.dtype.kind in "fiu":
        return queries
    values = getattr(queries, turn)()
    return values if any(isinstance(value, VALUES) for value in values) else queries


def _weighted(views: Sequence[View], weights: Mapping[str, float]) -> list[tuple[View, float]]:
    """The views of these names with their weights. Raises BadInput for weights that are none, NotFound."""
    if not weights:
        raise BadInput('no view is named; expected names with weights, such as {"plot": 1, "taste": 2}')
    for name, weight in weights.items():
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not np.isfinite(weight) or weight == 0:
            raise BadInput(f"the weight of the view {name!r} is {weight!r}; expected a number, not 0")
    chosen = [(ready(views, name), float(weight)) for name, weight in weights.items()]
    return [(view, weight) for view, weight in chosen if view is not None]


def _best_first(
    queries: Positions, positions: Positions, scores: Vectors, own: Positions | None
) -> tuple[Positions, Positions, Vectors]:
    """Pairs of queries (their numbers) and positions, best first for each query; no thing with itself."""
    order = np.lexsort((positions, -scores, queries))
    if own is not None:
        order = order[positions[order] != own[queries[order]]]
    return queries[order], positions[order], scores[order]
