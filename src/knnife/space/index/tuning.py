"""How hard a search must look: the effort, tuned to a recall that is measured on the space's own points.

Points of the space are asked as queries, each without itself, and what the codes find is compared with the exact
answer. (A fixed effort that finds 0.995 of the neighbours among synthetic points finds 0.886 among sentence vectors; on
sentences that were held out, the tuned recall is the same within 0.005.) The quickest effort that finds enough is
taken; if none does, finer codes are tried, then exact search. Cost is reckoned from constants, not by the clock, so the
same points make the same index.

An effort has two knobs: how many lists are read, and how many candidates are looked at exactly, for up to 10 and for up
to 100 results (GEARS). With a filter all lists are read, and as many candidates are taken as suffice without a filter,
with one that lets points through at random, and with one that lets through those around some point.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knnife.geometry import Vectors
from knnife.space.index.codes import BITS, Codes, learn_cells, nearest_cells
from knnife.space.index.exact import Rows
from knnife.space.index.points import Points

GEARS = (10, 100)  # numbers of results that efforts are tuned for
SAMPLE = 400  # points asked
MARGIN = 1.0  # standard errors of the measured recall that it must be above the target
MOST = 1_000  # candidates looked at
LEAST_SHARE, STEP = 0.005, 1.25  # of the lists that is tried first, and from one number of them to the next
FEASIBLE = 3  # numbers of lists tried that reach the recall: more lists are hardly ever quicker
LIST, CODE, ROW = 1.5, 2.7e-5, 2.7e-3  # microseconds: to begin a list, to read 4 bits, to fetch and compare a component
LISTS = (0.5, 4.0)  # how many lists may be made, for the square root of the number of points
FILTERED_SHARE = 0.1  # of the points, let through by the filters that recall is measured with


@dataclass(frozen=True)
class Effort:
    """How hard to look."""

    lists: int  # how many lists are read
    candidates: int  # how many rows are looked at exactly


@dataclass(frozen=True)
class Tuning:
    """How an index searches, and what was measured when that was chosen."""

    method: str  # "exact", "codes" (all are read) or "lists" (the codes in the lists nearest to the query)
    points: int  # how many there were then
    seconds: float  # to build and tune
    recall: float = 1.0  # of the 10 nearest, the share found
    filtered_recall: float = 1.0  # the same with filters that let a tenth of the points through
    lists: int = 0
    bits: float = 0.0  # of code for each component
    efforts: tuple[Effort, ...] = ()  # one for each of GEARS
    filtered: tuple[Effort, ...] = ()  # with a filter

    @classmethod
    def of(cls, fields: dict[str, Any]) -> Tuning:
        """What dataclasses.asdict made of it."""
        efforts = {name: tuple(Effort(**one) for one in fields[name]) for name in ("efforts", "filtered")}
        return cls(**{**fields, **efforts})

    def check(self, rows: int, lists: int) -> None:
        """Raises ValueError for efforts that an index of so many rows and lists (0: none) cannot make."""
        efforts = self.efforts + self.filtered
        if self.lists != lists or len(efforts) != (2 * len(GEARS) if lists else 0):
            raise ValueError("an index that was tuned for other codes")
        if not all(0 < one.lists <= lists and 0 < one.candidates <= max(rows, MOST) for one in efforts):
            raise ValueError("efforts that cannot be made")

    def __str__(self) -> str:
        if self.method == "exact":
            return "exact"
        first = self.efforts[0]
        where = "all codes" if self.method == "codes" else f"{first.lists} of {self.lists} lists of codes"
        return f"{where} ({self.bits:g} bits a component), {first.candidates} re-ranked exactly"

    def effort(self, k: int) -> Effort:
        """The effort for `k` results without a filter."""
        return _geared(self.efforts, k, self.lists)

    def filtered_effort(self, k: int) -> Effort:
        """The effort for `k` results with a filter."""
        return _geared(self.filtered, k, self.lists)


def _geared(efforts: tuple[Effort, ...], k: int, lists: int) -> Effort:
    for most, effort in zip(GEARS, efforts, strict=True):
        if k <= most:
            return effort
    return Effort(lists, -(-efforts[-1].candidates * k // GEARS[-1]))


@dataclass(frozen=True)
class Trial:
    """Points asked as queries, and their true neighbours."""

    queries: Vectors  # (s, d)
    own: Rows  # (s,) the rows asked
    truth: Rows  # (s, GEARS[-1]) their neighbours, nearest first

    @classmethod
    def of(cls, points: Points, seed: int, some: Rows | None = None) -> Trial:
        """SAMPLE points chosen at random, and their neighbours among `some` rows, or all."""
        own = np.sort(np.random.default_rng(seed).choice(points.n, min(SAMPLE, points.n), replace=False))
        queries = np.ascontiguousarray(points.base.vectors[own])
        most = min(GEARS[-1], points.answers(some, own))
        return cls(queries, own, points.nearest(queries, most, some, own)[0])

    def ranks(self, codes: Codes, lists: int, mask: NDArray[np.uint8] | None = None) -> Rows:
        """For each true neighbour its rank among the candidates `(s, GEARS[-1])`; very large when it is none."""
        found = codes.candidates(self.queries, min(codes.n, MOST), lists, mask)
        found[found == self.own[:, None]] = -1
        never = np.iinfo(np.int64).max
        ranks, rank_of = np.empty(self.truth.shape, np.int64), np.full(codes.n + 1, never)
        for i, (row, truth) in enumerate(zip(found, self.truth, strict=True)):
            rank_of[row] = np.arange(len(row))
            rank_of[-1] = never
            ranks[i] = rank_of[truth]
            rank_of[row] = never
        return ranks


def choose_cells(points: Points, trial: Trial, recall: float, width: int, seed: int) -> Vectors:
    """The centres `(lists, d)` of few large cells, or of many small ones (good for clusters), whichever is cheaper."""
    truth = trial.truth[:, : GEARS[0]]
    choices = []
    for factor in LISTS:
        lists = max(1, round(factor * points.n**0.5))
        cells = learn_cells(points.base.vectors, points.metric, lists, seed)
        order = np.argsort(nearest_cells(trial.queries, cells, points.metric, lists), axis=1)  # list -> its rank
        at = nearest_cells(points.base.vectors[truth.ravel()], cells, points.metric, 1).reshape(truth.shape)
        ranks = np.take_along_axis(order, at, 1)
        enough = 1 + int(np.quantile(ranks, (1 + recall) / 2))  # the other half of the misses is left to the codes
        choices.append((_reading(enough, lists, points.n, points.dim // width), cells))
    return min(choices, key=lambda choice: choice[0])[1]


def tune(codes: Codes, points: Points, trial: Trial, recall: float, seed: int) -> Tuning | None:
    """The quickest efforts that reach `recall`, or None when there is none. All points have codes."""
    tables = _tables(trial, codes, recall)
    if not tables:
        return None
    filtered_tables = [
        Trial.of(points, seed, some).ranks(codes, codes.lists, bitmap(some, codes.n)) for some in _filters(points, seed)
    ]
    efforts, filtered = [], []
    for k in GEARS:
        choices = [
            Effort(lists, enough)
            for lists, ranks in tables.items()
            if (enough := _enough(ranks[:, :k], recall)) is not None
        ]
        hardest = [_enough(ranks[:, :k], recall) for ranks in (tables[codes.lists], *filtered_tables)]
        if None in hardest:
            return None
        efforts.append(min(choices, key=lambda effort: _cost(codes, points, effort)))
        filtered.append(Effort(codes.lists, max(enough for enough in hardest if enough)))
    first, k = efforts[0], GEARS[0]
    return Tuning(
        method="codes" if first.lists == codes.lists else "lists",
        points=points.n,
        seconds=0.0,
        recall=float(np.mean(tables[first.lists][:, :k] < first.candidates)),
        filtered_recall=float(np.mean([ranks[:, :k] < filtered[0].candidates for ranks in filtered_tables])),
        lists=codes.lists,
        bits=BITS / codes.width,
        efforts=tuple(efforts),
        filtered=tuple(filtered),
    )


def _tables(trial: Trial, codes: Codes, recall: float) -> dict[int, Rows]:
    """Ranks of true neighbours by number of lists: all, and from few to enough; empty when not even all are enough."""
    tables = {codes.lists: trial.ranks(codes, codes.lists)}
    if _enough(tables[codes.lists], recall) is None:
        return {}
    lists, feasible = float(codes.lists) * LEAST_SHARE, 0
    while feasible < FEASIBLE and lists < codes.lists:
        ranks = tables[math.ceil(lists)] = trial.ranks(codes, math.ceil(lists))
        feasible += _enough(ranks, recall) is not None
        lists *= STEP
    return tables


def _filters(points: Points, seed: int) -> list[Rows]:
    """The rows that two filters let through: some at random, and those around one of them."""
    at_random = np.flatnonzero(np.random.default_rng(seed + 1).random(points.n) < FILTERED_SHARE)
    around = points.closeness(points.base.vectors[at_random[:1]], np.arange(points.n)[None])[0]
    return [at_random, np.flatnonzero(around >= np.quantile(around, 1 - FILTERED_SHARE))]


def bitmap(rows: Rows, n: int) -> NDArray[np.uint8]:
    """One bit for each of `n` rows, 1 for those given; the lowest bit of a byte comes first."""
    chosen = np.zeros(n, bool)
    chosen[rows] = True
    return np.packbits(chosen, bitorder="little")


def _enough(ranks: Rows, recall: float) -> int | None:
    """The fewest candidates among which `recall` of the true neighbours are, or None."""
    candidates: int = ranks.shape[1]
    while candidates <= MOST:
        found = np.mean(ranks < candidates, axis=1)  # (s,)
        if found.mean() - MARGIN * found.std() / len(found) ** 0.5 >= recall:
            return candidates
        candidates = math.ceil(candidates * 1.15)
    return None


def _cost(codes: Codes, points: Points, effort: Effort) -> float:
    """About how many microseconds one query takes."""
    groups = codes.rotation.shape[1] // codes.width
    return _reading(effort.lists, codes.lists, points.n, groups) + effort.candidates * ROW * points.dim


def _reading(lists: int, of: int, n: int, groups: int) -> float:
    return LIST * lists + CODE * groups * n * lists / of
