"""How much do the answers change when another encoder gives them?

Two lists of ids for each query, from two views of a space or from anywhere, are compared: by the share that both have
(overlap), and by rank-biased overlap, which weighs the first ranks most.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knnife.errors import BadInput
from knnife.space import Space, opened

PERSISTENCE = 0.9  # of a reader: from one rank to the next go so many. The first ten ranks have 86 % of the weight

Rankings = Sequence[Sequence[str]]


@dataclass(frozen=True)
class Changes:
    """What m queries were answered before and after: ids, best first; and how alike that is, each `(m,)`.

    overlap: of the longer list, the share that is in both. rbo: rank-biased overlap, from 0 (nothing in common) to 1
    (the same order). same_first: the first answer is the same.
    """

    queries: Sequence[str]
    before: Rankings
    after: Rankings
    overlap: NDArray[np.float64]
    rbo: NDArray[np.float64]
    same_first: NDArray[np.bool_]

    def rows(self) -> Iterator[dict[str, Any]]:
        """One row a query.

        Columns:
            query (str): what was asked.
            overlap (float): the share of answers that both have, of the longer list.
            rbo (float): rank-biased overlap, from 0 (nothing in common) to 1 (the same order).
            same_first (bool): whether the first answer is the same.
            came (list[str]): answers that came.
            went (list[str]): answers that went.
        """
        for i, (query, before, after) in enumerate(zip(self.queries, self.before, self.after, strict=True)):
            yield {
                "query": query,
                "overlap": float(self.overlap[i]),
                "rbo": float(self.rbo[i]),
                "same_first": bool(self.same_first[i]),
                "came": [id for id in after if id not in set(before)],
                "went": [id for id in before if id not in set(after)],
            }

    def summary(self) -> dict[str, float]:
        """The means and medians over the queries, and the share of those whose first answer stays."""
        return {
            "queries": len(self.queries),
            "overlap": float(self.overlap.mean()),
            "overlap_median": float(np.median(self.overlap)),
            "rbo": float(self.rbo.mean()),
            "rbo_median": float(np.median(self.rbo)),
            "same_first": float(self.same_first.mean()),
        }


def changes(
    space: Space | str | os.PathLike[str] | None,
    queries: Sequence[str],
    *,
    before: str | Rankings,
    after: str | Rankings | None = None,
    k: int = 10,
) -> Changes:
    """Compares what queries are answered by meaning before and after a change.

    Args:
        space: what is asked, or its path; None where both sides are lists of ids.
        queries: the texts `(m,)` to ask; for lists of ids their names.
        before: the name of a view, or for each query the ids that it was answered, best first.
        after: likewise; the default view by default.
        k: how many answers are compared.

    Raises:
        BadInput: no queries; lists of another number than the queries, or with an id twice; a view that lacks
            things, so that its answers would differ for that alone; a view asked for without a space.
        NotFound: the space has no such view.

    """
    if isinstance(queries, str):
        raise BadInput(f"queries is one text, {queries!r:.40}; expected a list of texts")
    queries = list(queries)
    if not queries:
        raise BadInput("there are no queries; expected one text or more")
    with opened(space, what="the space") if space is not None else nullcontext() as given:
        if given is not None and not isinstance(given, Space):
            raise BadInput(f"the space is {type(space).__name__}; expected a Space, its path, or None")
        old, new = (_answers(given, queries, side, k) for side in (before, after))
    pairs = list(zip(old, new, strict=True))
    return Changes(
        queries,
        old,
        new,
        overlap=np.array([_overlap(a, b) for a, b in pairs]),
        rbo=np.array([_rank_biased_overlap(a, b, PERSISTENCE) for a, b in pairs]),
        same_first=np.array([a[:1] == b[:1] for a, b in pairs]),
    )


def _answers(space: Space | None, queries: Sequence[str], side: str | Rankings | None, k: int) -> Rankings:
    """The ids `(m, k)` that one side answers."""
    if side is None or isinstance(side, str):
        if space is None:
            raise BadInput("without a space, before and after are lists of ids, one for each query")
        _check_complete(space, side)
        return space.near(queries, k, view=side).ids or [[]] * len(queries)  # a space without vectors has no answers
    lists = [list(ids)[:k] for ids in side]
    if len(lists) != len(queries):
        raise BadInput(f"{len(lists)} lists of ids were given for {len(queries)} queries; expected one for each")
    for query, ids in zip(queries, lists, strict=True):
        if len(set(ids)) < len(ids):
            raise BadInput(f"the answers to {query!r:.60} hold an id twice; expected each once")
    return lists


def _check_complete(space: Space, name: str | None) -> None:
    info = space.info()
    for view in info.views:
        if view.name == name and not view.complete:
            raise BadInput(
                f"the view {name!r} has vectors of {view.vectors:,} of {info.things:,} things, so its answers would "
                f"differ for that alone; to complete it: knnife reencode {space.path} --encoder {view.encoder} "
                "--no-switch"
            )


def _overlap(a: Sequence[str], b: Sequence[str]) -> float:
    longer = max(len(a), len(b))
    return len(set(a) & set(b)) / longer if longer else 1.0


def _rank_biased_overlap(a: Sequence[str], b: Sequence[str], p: float) -> float:
    """How much two rankings agree, weighted by p^depth and extrapolated beyond their ends.

    Webber, Moffat and Zobel, "A similarity measure for indefinite rankings", ACM TOIS 28 (2010), equation 32. Where the
    shorter list has ended, it is taken to go on agreeing as it did.
    """
    short, long = sorted((a, b), key=len)
    s, n = len(short), len(long)
    if s == 0:
        return float(n == 0)
    ranks = {id: rank for rank, id in enumerate(short, 1)}
    met = [max(rank, ranks[id]) for rank, id in enumerate(long, 1) if id in ranks]  # depths at which both have one
    common = np.cumsum(np.bincount(met, minlength=n + 1)[1:]).astype(float)  # (n,), in the first d of both
    depths = np.arange(1, n + 1)
    common[s:] += common[s - 1] * (depths[s:] - s) / s
    agreement = common / depths
    return float((1 - p) * (agreement * p ** (depths - 1)).sum() + agreement[-1] * p**n)
