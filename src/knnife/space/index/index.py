"""Nearest neighbours: an immutable index of the vectors of one view, which any number of threads may ask.

Few points are compared with the query one by one; of many, codes (codes.py) choose candidates, as many as reach a
recall that is measured on the points themselves (tuning.py). Either way the scores are exact, and a filter is applied
before the search. `changed` makes another index that shares what it can: new points are compared one by one until there
are enough of them to be given codes, removed ones are passed over, and when the space is twice as large, or a fifth
removed, the index is built anew.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knnife.geometry import METRICS, Metric, Positions, Vectors, blocks, check_scale
from knnife.space.index import cache_file, exact
from knnife.space.index.cache_file import DamagedCache
from knnife.space.index.codes import Codes
from knnife.space.index.exact import Rows
from knnife.space.index.points import Pairs, Points
from knnife.space.index.table import Table, pack_ids
from knnife.space.index.tuning import Effort, Trial, Tuning, bitmap, choose_cells, tune

EXACT_NUMBERS = 12_500 * 256  # an index of at most so many components is searched exactly, in half a millisecond
LEAST_DIM = 8  # below, codes have too little to tell apart
FEW = 16  # a filter that lets through fewer than 1 point in so many is searched exactly
SPAN = 8  # as is all of which more than 1 point in so many would be a candidate
UNCODED, UNCODED_SHARE = 1_024, 64  # points without codes: at most so many, or 1 in so many
DEAD, DEAD_SHARE = 64, 5  # points removed but still there: at most so many, or 1 in so many
HELD = 4 << 20  # candidates at a time

Progress = Callable[[float], None]


@dataclass(frozen=True)
class Stamp:
    """Which state of a space an index shows."""

    view: int
    filled: int  # the commit by which a re-encoding last filled the view
    commit: int
    token: str
    last: int
    gone: int


@dataclass(frozen=True)
class Index:
    """Points, found by closeness. Made by `build`, `changed` or `load`."""

    points: Points
    codes: Codes | None  # of the first rows; the others, or all, are compared one by one
    tuning: Tuning
    wanted: float  # recall
    seed: int = 0

    @classmethod
    def build(
        cls,
        vectors: Vectors,
        positions: Positions,
        ids: Sequence[str],
        *,
        metric: Metric,
        recall: float,
        seed: int = 0,
        progress: Progress | None = None,
    ) -> Index:
        """An index of `vectors` (n, d) with ascending `positions` (n,) and `ids`, tuned to `recall`.

        The arrays are kept, not copied, where they can be used as they are: they must not be changed afterwards.
        `progress` is told the share that is done.
        """
        vectors = exact.prepared(np.ascontiguousarray(vectors, np.float32), metric)
        check_scale(vectors, metric)
        table = Table.of(np.ascontiguousarray(positions, np.int64), vectors, *pack_ids(ids))
        return cls._of(Points.of(table, metric), recall, seed, progress or (lambda share: None))

    @classmethod
    def _of(cls, points: Points, recall: float, seed: int, progress: Progress) -> Index:
        codes, tuning = _learn(points, recall, seed, progress)
        return cls(points, codes, tuning, recall, seed)

    @property
    def metric(self) -> Metric:
        """What similarity means."""
        return self.points.metric

    @property
    def n(self) -> int:
        """How many points there are."""
        return self.points.n

    @property
    def unsaved(self) -> float:
        """How much came and left since the index was built or loaded, as a share of what there was."""
        dead = 0 if self.points.live is None else int(np.count_nonzero(~self.points.live))
        return (len(self.points.tail) + dead) / max(1, len(self.points.base))

    # Asking

    def near(
        self, queries: Vectors, k: int, among: Any = None, exclude: Positions | None = None
    ) -> tuple[Positions, Vectors]:
        """The `k` points closest to each of `queries` (m, d), best first: positions and similarities `(m, k)`.

        among: positions `(p,)` that may be answered, ascending; None: all. exclude: for each query `(m,)` its own
        position. Fewer columns when fewer points can be answered. Equal similarities come by position.
        """
        points = self.points
        queries = exact.prepared(queries, points.metric)
        some = points.allowed(among)
        own = None if exclude is None else points.find(exclude)
        k = min(k, points.answers(some, own))
        rows, scores = np.empty((len(queries), k), np.int64), np.empty((len(queries), k), np.float32)
        if k:
            effort = self._effort(k, some)
            bits = self._live_bits if among is None or effort is None or some is None else bitmap(some, points.rows)
            with exact.threads_for(len(queries)):
                for block in blocks(len(queries), effort.candidates if effort else k + exact.SPARE, HELD):
                    asked, mine = queries[block], None if own is None else own[block]
                    if effort is None:
                        rows[block], scores[block] = points.nearest(asked, k, some, mine)
                    else:
                        rows[block], scores[block] = self._by_codes(asked, k, some, mine, effort, bits)
        return points.positions(rows), scores

    def within(self, queries: Vectors, at_least: float, among: Any = None) -> Pairs:
        """All points at least so similar, by query and position: numbers of queries, positions, similarities."""
        points = self.points
        queries = exact.prepared(queries, points.metric)
        numbers, rows, scores = points.within(queries, at_least, points.allowed(among))
        return numbers, points.positions(rows), scores

    def similarities(self, queries: Vectors, positions: Positions) -> Vectors:
        """The similarities `(m, p)` of `queries` (m, d) to `positions` (p,); minus infinity where there is no point."""
        points = self.points
        queries = exact.prepared(queries, points.metric)
        rows = points.find(positions)
        if points.live is not None:
            rows = np.where((rows >= 0) & points.live[rows], rows, -1)
        close = points.closeness(queries, np.broadcast_to(rows, (len(queries), len(rows))), None)
        return exact.as_similarity(close, points.metric)

    def ids_of(self, positions: Positions) -> list[list[str]]:
        """The ids at positions `(m, k)`, which must be those of points that are here."""
        flat, width = self.points.ids(positions.ravel()), positions.shape[1]
        return [flat[i * width : (i + 1) * width] for i in range(len(positions))]

    def sample(self, count: int) -> Positions:
        """Up to `count` positions, evenly spread over those of all points."""
        points = self.points
        rows = np.arange(points.rows) if points.live is None else np.flatnonzero(points.live)
        return points.positions(rows[:: max(1, -(-len(rows) // count))])

    def _by_codes(
        self,
        queries: Vectors,
        k: int,
        some: Rows | None,
        own: Rows | None,
        effort: Effort,
        bits: NDArray[np.uint8] | None,
    ) -> tuple[Rows, Vectors]:
        assert self.codes is not None
        points = self.points
        rows = self.codes.candidates(queries, effort.candidates, effort.lists, bits)
        uncoded = points.scan(queries, k + 1, some, self.codes.n)
        if uncoded:
            rows = np.hstack([rows, *uncoded])
        close = points.closeness(queries, rows, own)
        rows, scores = exact.pick(*exact.shortlist(close, rows, k), k, points.metric)
        short = np.isneginf(scores[:, -1])  # the lists that were read hold too few that may be answered
        if short.any():
            mine = None if own is None else own[short]
            rows[short], scores[short] = points.nearest(queries[short], k, some, mine)
        return rows, scores

    def _effort(self, k: int, some: Rows | None) -> Effort | None:
        """How hard to look with the codes; None when an exact search is quicker."""
        if self.codes is None:
            return None
        count = self.n if some is None else len(some)
        effort = self.tuning.effort(k) if count == self.n else self.tuning.filtered_effort(k)
        return None if count * FEW < self.points.rows or effort.candidates * SPAN > count else effort

    @cached_property
    def _live_bits(self) -> NDArray[np.uint8] | None:
        live = self.points.live
        return None if live is None else np.packbits(live, bitorder="little")

    # Following

    def changed(self, positions: Positions, vectors: Vectors, ids: Sequence[str], gone: Positions) -> Index:
        """The index after points came (ascending `positions` behind all there were) and the ones at `gone` left."""
        points = self.points.changed(positions, vectors, ids, gone)
        if self._is_outgrown(points):
            return Index._of(Points.of(points.table(), points.metric), self.wanted, self.seed, lambda share: None)
        codes = self.codes
        if codes is not None and points.rows - codes.n > max(UNCODED, points.rows // UNCODED_SHARE):
            codes = codes.extended([table.vectors[max(0, codes.n - first) :] for table, first in points.tables])
        return replace(self, points=points, codes=codes)

    def _is_outgrown(self, points: Points) -> bool:
        """Whether the points are so different from those tuned for that the index is to be built anew."""
        if points.rows - points.n > max(DEAD, points.rows // DEAD_SHARE):
            return True
        was_small = self.tuning.points * points.dim <= EXACT_NUMBERS
        return points.n * points.dim > EXACT_NUMBERS and (was_small or points.n >= 2 * self.tuning.points)

    # Keeping

    def save(self, path: Path, stamp: Stamp) -> None:
        """Leave the index in a file. Raises OSError, and leaves nothing behind then."""
        points, codes = self.points, self.codes
        base, tail = points.base, points.tail
        arrays: dict[str, Sequence[NDArray[Any]]] = {
            "positions": [base.positions, tail.positions],
            "id_ends": [base.id_ends.array, tail.id_ends.array + base.id_bytes.n],
            "id_bytes": [base.id_bytes.array, tail.id_bytes.array],
            "live": [np.empty(0, bool) if points.live is None else points.live],
            "codes": [np.empty(0, np.uint8) if codes is None else codes.packed()],
            "rotation": [np.empty((0, 0), np.float32) if codes is None else codes.rotation],
            "vectors": [base.vectors, tail.vectors],
        }
        about = {"metric": points.metric, "longest": points.longest, "wanted": self.wanted, "seed": self.seed}
        cache_file.save(path, arrays, {**about, "stamp": asdict(stamp), "tuning": asdict(self.tuning)})

    def settled(self) -> Index:
        """The same index as `load` gives it after `save`: all its points in one table, and nothing unsaved."""
        points = self.points
        if not len(points.tail):
            return self
        table = points.base.joined(points.tail)
        return replace(self, points=replace(points, base=table, tail=Table.empty(points.dim)))

    @classmethod
    def load(cls, path: Path) -> tuple[Index, Stamp]:
        """What `save` left. Raises DamagedCache, or OSError."""
        arrays, about = cache_file.load(path)
        try:
            return cls._from(arrays, about), Stamp(**about["stamp"])
        except (
            ValueError,
            TypeError,
            LookupError,
            OverflowError,
        ) as error:  # the sums are right: written so by somebody
            raise DamagedCache(f"{path}: {error}; delete the file, it will be made again") from error

    @classmethod
    def _from(cls, arrays: Mapping[str, NDArray[Any]], about: Mapping[str, Any]) -> Index:
        """An index of what a file says, as far as that fits together. Raises ValueError."""
        vectors, live, rotation = arrays["vectors"], arrays["live"], arrays["rotation"]
        table = Table.of(arrays["positions"], vectors, arrays["id_ends"], arrays["id_bytes"])
        table.check()
        if about["metric"] not in METRICS or live.dtype != np.bool_ or live.shape not in ((0,), (len(table),)):
            raise ValueError("an index of no known metric, or of other points than it lists")
        if live.view(np.uint8).max(initial=0) > 1 or not np.isfinite([about["longest"], about["wanted"]]).all():
            raise ValueError("numbers that are none")
        points = Points(
            about["metric"], table, Table.empty(vectors.shape[1]), live if len(live) else None, float(about["longest"])
        )
        codes = None
        if len(arrays["codes"]):
            if rotation.dtype != np.float32 or rotation.ndim != 2 or len(rotation) != vectors.shape[1]:
                raise ValueError("codes of other vectors")
            codes = Codes.unpacked(arrays["codes"], rotation, len(table))
        tuning = Tuning.of(about["tuning"])
        tuning.check(len(table), codes.lists if codes else 0)
        return cls(points, codes, tuning, float(about["wanted"]), int(about["seed"]))


def _learn(points: Points, recall: float, seed: int, progress: Progress) -> tuple[Codes | None, Tuning]:
    """Codes that reach the recall, the coarsest first; None when points are few, no codes reach it, or it is 1."""
    started = time.perf_counter()
    n, dim = points.n, points.dim
    if recall < 1 and n * dim > EXACT_NUMBERS and dim >= LEAST_DIM:
        trial = Trial.of(points, seed)
        for width in (4, 2) if dim > 512 else (2,):
            cells = choose_cells(points, trial, recall, width, seed)
            progress(0.3)
            codes = Codes.learn(points.base.vectors, points.metric, cells=cells, width=width, seed=seed)
            progress(0.8)
            tuning = tune(codes, points, trial, recall, seed)
            if tuning is not None:
                progress(1.0)
                return codes, replace(tuning, seconds=time.perf_counter() - started)
    progress(1.0)
    return None, Tuning("exact", n, time.perf_counter() - started)
