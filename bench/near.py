"""Nearest neighbours in memory: the index of a space beside the libraries, at equal recall.

Real vectors are sentences encoded by the model in the package, synthetic ones a mixture of Gaussians (bench/data.py).
The effort of each rival is raised until recall@10 reaches 0.98 on 1,000 queries that are not among the points; of the
efforts that do the quickest is taken. knnife never sees these queries: it tuned itself on its own points. Then all take
turns: one query at a time, and 1,000 in one call. Whole engines, a space among them: bench/engines.py.
"""

from __future__ import annotations

import time
from typing import Any

import faiss
import numpy as np

from bench import data
from bench.libraries import Contender, contenders
from bench.report import Report, interleaved, options

WANTED, K = 0.98, 10


def main() -> None:
    parser = options(__doc__ or "")
    parser.add_argument("--points", type=int, nargs="+", help="how many points (10,000 and 100,000 by default)")
    arguments = parser.parse_args()
    report = Report("near", as_json=arguments.json)
    kinds = {"real": data.real} if arguments.quick else {"real": data.real, "synthetic": data.synthetic}
    for n in arguments.points or ([12_000] if arguments.quick else [10_000, 100_000]):
        for kind, make in kinds.items():
            vectors, queries = make(n)
            measure(report, f"{kind} {n:,}", vectors, queries, repeats=3 if arguments.quick else 5)
    report.close()


def measure(report: Report, work: str, vectors: np.ndarray, queries: np.ndarray, repeats: int) -> None:
    """Building, recall, queries one by one and all at once, of everyone who reaches the recall."""
    truth = faiss.knn(queries, vectors, K, metric=faiss.METRIC_INNER_PRODUCT)[1]
    ready: dict[str, tuple[Contender, Any]] = {}
    for one in contenders(WANTED):
        if len(vectors) > one.most:
            report.note(f"{work}: {one.who} is left out, it would take too long to build")
            continue
        began = time.perf_counter()
        one.ask = one.build(vectors)
        report.add(f"{work}: build", one.who, time.perf_counter() - began, "s")
        effort = enough(one, queries, truth)
        found = recall(one, queries, truth, effort)
        report.add(f"{work}: recall@10", one.who, found, "")
        if found < WANTED - 0.01:
            report.note(f"{work}: {one.who} does not reach {WANTED} with any effort tried ({effort})")
            one.ask = None
        else:
            ready[one.who] = one, effort
    alone(report, work, ready, queries, repeats)
    together(report, work, ready, queries, repeats)


def enough(one: Contender, queries: np.ndarray, truth: np.ndarray) -> Any:
    """Of the efforts that reach the recall, the quickest on a batch; the last when none does."""
    best, least = one.efforts[-1], np.inf
    for effort in one.efforts:
        began = time.perf_counter()
        found = recall(one, queries, truth, effort)
        seconds = time.perf_counter() - began
        if found >= WANTED and seconds < least:
            best, least = effort, seconds
        if seconds > 2 * least:
            break
    return best


def recall(one: Contender, queries: np.ndarray, truth: np.ndarray, effort: Any) -> float:
    assert one.ask is not None
    rows = one.ask(queries, K, effort)
    return float(np.mean([len(set(a) & set(b)) / K for a, b in zip(rows.tolist(), truth.tolist(), strict=True)]))


def alone(
    report: Report, work: str, ready: dict[str, tuple[Contender, Any]], queries: np.ndarray, repeats: int
) -> None:
    """The median time of one query; all take turns with 20 of them."""
    taken: dict[str, list[float]] = {who: [] for who in ready}
    for some in np.array_split(queries[: 60 * repeats, None], 3 * repeats):
        for who, (one, effort) in ready.items():
            assert one.ask is not None
            for query in some:
                began = time.perf_counter()
                one.ask(query, K, effort)
                taken[who].append(time.perf_counter() - began)
    for who, seconds in taken.items():
        report.add(f"{work}: one query, p50", who, 1000 * float(np.median(seconds)), "ms")


def together(
    report: Report, work: str, ready: dict[str, tuple[Contender, Any]], queries: np.ndarray, repeats: int
) -> None:
    """Queries a second, all in one call."""

    def batch(one: Contender, effort: Any) -> Any:
        assert one.ask is not None
        return one.ask(queries, K, effort)

    runs = {who: lambda one=one, effort=effort: batch(one, effort) for who, (one, effort) in ready.items()}
    for who, seconds in interleaved(runs, repeats).items():
        report.add(f"{work}: {len(queries):,} in one call", who, len(queries) / seconds, "queries/s")


if __name__ == "__main__":
    main()
