"""How hard a search must look: the effort, tuned to a recall that is measured on the space's own points.

Fixed effort is what makes nearest-neighbour search bad on real data: what finds 0.995 of the neighbours among
synthetic points finds 0.886 among sentence vectors. So points of the space are asked as queries, each without
itself, and what the codes find is held against the exact answer. Of the efforts that find enough the quickest
is taken; if none does, finer codes are tried, and then the space is searched exactly.

An effort has two knobs: how many lists are read, and how many candidates are looked at exactly. It is tuned
for up to 10 and for up to 100 results (GEARS); beyond that all lists are read. With a filter all lists are
read too, since what it lets through may lie anywhere.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knnife.geometry import Metric, Vectors
from knnife.space import exact
from knnife.space.codes import Codes
from knnife.space.exact import Rows

GEARS = (10, 100)  # numbers of results that efforts are tuned for
SAMPLE = 256  # points asked
TIMED = 24  # of them asked one by one, to see how long an effort takes
MARGIN = 1.0  # standard errors of the measured recall that it must be above the target
MOST = 3_000  # candidates looked at
FILTERED_SHARE = 0.1  # of the points, let through by the filters that recall is measured with


@dataclass(frozen=True)
class Effort:
    """How hard to look."""

    lists: int  # how many lists are read
    candidates: int  # how many rows are looked at exactly


@dataclass(frozen=True)
class Tuning:
    """How an index searches, and what was measured when that was chosen."""

    method: str  # "exact", "codes" (all of them are read) or "lists" (the codes in the lists nearest to the query)
    points: int  # how many there were then
    seconds: float  # to build and tune
    recall: float = 1.0  # of the 10 nearest, the share found
    filtered_recall: float = 1.0  # the same with filters that let a tenth of the points through
    lists: int = 0
    efforts: tuple[Effort, ...] = ()  # one for each of GEARS
    bits: float = 0.0  # of code for each component

    def __str__(self) -> str:
        if self.method == "exact":
            return "exact"
        first = self.efforts[0]
        where = "all codes" if self.method == "codes" else f"{first.lists} of {self.lists} lists of codes"
        return f"{where} ({self.bits:g} bits a component), {first.candidates} re-ranked exactly"

    def effort(self, k: int) -> Effort:
        """The effort for `k` results without a filter."""
        for most, effort in zip(GEARS, self.efforts, strict=True):
            if k <= most:
                return effort
        last = self.efforts[-1]
        return Effort(self.lists, -(-last.candidates * k // GEARS[-1]))

    def filtered_effort(self, k: int) -> Effort:
        """The effort for `k` results with a filter."""
        return Effort(self.lists, self.effort(k).candidates)


@dataclass(frozen=True)
class Trial:
    """Points of an index asked as queries, and their true neighbours."""

    queries: Vectors  # (s, d)
    own: Rows  # (s,) the rows asked
    truth: Rows  # (s, GEARS[-1]) their neighbours, nearest first

    @classmethod
    def of(cls, vectors: Vectors, metric: Metric, seed: int) -> Trial:
        """SAMPLE points, chosen at random."""
        own = np.sort(np.random.default_rng(seed).choice(len(vectors), min(SAMPLE, len(vectors)), replace=False))
        queries = np.ascontiguousarray(vectors[own])
        return cls(queries, own, _truth(queries, own, vectors, metric, np.arange(len(vectors))))

    def filtered(self, some: Rows, vectors: Vectors, metric: Metric) -> Trial:
        """The same with the neighbours among `some` rows."""
        return Trial(self.queries, self.own, _truth(self.queries, self.own, vectors, metric, some))

    def ranks(self, codes: Codes, lists: int, mask: NDArray[np.uint8] | None = None) -> Rows:
        """For each true neighbour its rank among the candidates `(s, GEARS[-1])`; very large when it is none."""
        most = min(codes.n, MOST)
        found = codes.candidates(self.queries, most, lists, mask)
        found = np.where(found == self.own[:, None], -2, found)
        missing = np.iinfo(np.int64).max
        ranks = np.full(self.truth.shape, missing)
        for i, (row, truth) in enumerate(zip(found, self.truth, strict=True)):
            order = np.argsort(row)
            at = np.minimum(np.searchsorted(row, truth, sorter=order), len(row) - 1)
            hit = row[order[at]] == truth
            ranks[i, hit] = order[at][hit]
        return ranks


def tune(codes: Codes, vectors: Vectors, metric: Metric, recall: float, seed: int) -> Tuning | None:
    """The quickest efforts that reach `recall`, or None when there is none."""
    started = time.perf_counter()
    trial = Trial.of(vectors, metric, seed)
    tables = {lists: trial.ranks(codes, lists) for lists in _steps(codes.lists)}
    efforts: list[Effort] = []
    for k in GEARS:
        choices = [
            Effort(lists, count)
            for lists, ranks in tables.items()
            if (count := _enough(ranks[:, :k], recall)) is not None
        ]
        if not choices:
            return None
        efforts.append(min(choices, key=lambda effort: _seconds(codes, vectors, metric, trial.queries, effort)))
    first = efforts[0]
    return Tuning(
        method="codes" if first.lists == codes.lists else "lists",
        points=codes.n,
        seconds=time.perf_counter() - started,
        recall=float(np.mean(tables[first.lists][:, : GEARS[0]] < first.candidates)),
        filtered_recall=_filtered_recall(codes, vectors, metric, trial, first.candidates, seed),
        lists=codes.lists,
        efforts=tuple(efforts),
        bits=4 / codes.width,
    )


def _steps(lists: int) -> list[int]:
    """Numbers of lists to try: each a quarter more than the one before, and all."""
    steps, step = [lists], float(lists)
    while step > 1.5:
        step /= 1.25
        steps.append(int(step))
    return sorted({*steps[:14]})


def _enough(ranks: Rows, recall: float) -> int | None:
    """How many candidates must be looked at so that `recall` of the true neighbours are among them."""
    k = ranks.shape[1]
    count = float(k)
    while count <= MOST:
        found = np.mean(ranks < count, axis=1)  # (s,)
        if found.mean() - MARGIN * found.std() / len(found) ** 0.5 >= recall:
            return int(count)
        count *= 1.15
    return None


def _seconds(codes: Codes, vectors: Vectors, metric: Metric, queries: Vectors, effort: Effort) -> float:
    """The time of one query; a low quantile, since a busy machine adds to it."""

    def ask(query: Vectors) -> None:
        rows = codes.candidates(query, effort.candidates, effort.lists, None)
        exact.pick(exact.closeness(query, vectors, rows, metric), rows, GEARS[0], metric)

    with exact.threads_for(1):
        return float(np.quantile([_timed(ask, query[None]) for query in queries[:TIMED]], 0.25))


def _timed(call: Callable[[Vectors], None], query: Vectors) -> float:
    started = time.perf_counter()
    call(query)
    return time.perf_counter() - started


def _filtered_recall(codes: Codes, vectors: Vectors, metric: Metric, trial: Trial, candidates: int, seed: int) -> float:
    """Recall with a filter that lets points through at random."""
    random = np.random.default_rng(seed + 1)
    some = np.flatnonzero(random.random(len(vectors)) < FILTERED_SHARE)
    ranks = trial.filtered(some, vectors, metric).ranks(codes, codes.lists, bitmap(some, codes.n))
    return float(np.mean(ranks[:, : GEARS[0]] < candidates))


def bitmap(rows: Rows, n: int) -> NDArray[np.uint8]:
    """One bit for each of `n` rows, 1 for those given."""
    chosen = np.zeros(n, bool)
    chosen[rows[rows < n]] = True
    return np.packbits(chosen, bitorder="little")


def _truth(queries: Vectors, own: Rows, vectors: Vectors, metric: Metric, some: Rows) -> Rows:
    k = min(GEARS[-1], len(some) - 1)
    if len(some) == len(vectors):
        rows = exact.scan(queries, vectors, k + 1, metric)
    else:
        rows = exact.scan_some(queries, vectors, k + 1, metric, some)
    close = exact.closeness(queries, vectors, np.where(rows == own[:, None], -1, rows), metric)
    return exact.pick(close, rows, k, metric)[0]
