"""How near the neighbours of things are: of a sample, to read the tail of pairs from that are no copies, and of each.

A pair of copies stands out from the company that both things keep. Texts from one template, or the hundred forms of a
press release, keep close company: the neighbour of rank RANK of each is as near as a copy would be (a crowd).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from knnife.geometry import Metric, Vectors, blocks, similarity
from knnife.statistics.neighbours import (
    NOTHING_KNOWN,
    RANK,
    WIDE,
    Company,
    NeighbourTail,
    deepest,
    fit_neighbour_tail,
)
from knnife.tools._duplicates.similarity_join import Rows

PROBED = 1_000  # things whose neighbours are looked at
AMONG = 20_000  # others among which these are looked for, at the most

Nearest = Callable[[Rows, Rows], Vectors]  # rows of the left and of the right -> all distances between them


def tail_of_probes(
    left: int, right: int | None, seed: int, distances: Nearest, *, unlike: bool = False
) -> NeighbourTail:
    """The tail of pairs between so many things on the left and on the right (None: of the left with each other).

    unlike: as in `fit_neighbour_tail`.
    """
    random = np.random.default_rng(seed)
    within = right is None
    others = np.sort(random.permutation(left if right is None else right)[:AMONG])
    rows = np.sort(random.permutation(left)[:PROBED])
    among = len(others) - within
    deep = deepest(among)
    if deep <= 2 * RANK or len(rows) < 2 * RANK:
        return NOTHING_KNOWN
    nearest = []
    for some in blocks(len(rows), len(others) * 8):
        far = distances(rows[some], others)
        if within:  # a thing is no neighbour of its own
            far[others[None, :] == rows[some, None]] = np.inf
        nearest.append(np.sort(np.partition(far, deep - 1, axis=1)[:, :deep], axis=1))
    of_all = (left - 1 if right is None else right) / among
    pairs = left / 2 if within else float(left)
    return fit_neighbour_tail(np.vstack(nearest), of_all, pairs, unlike=unlike)


def company_of_pairs(tail: NeighbourTail, left: Rows, right: Rows, distances: Vectors, n: int) -> Company:
    """The company of n things as far as these pairs tell: that of the others is as usual."""
    rows, far = np.concatenate([left, right]), np.concatenate([distances, distances])
    order = np.lexsort((far, rows))
    rows, far = rows[order], far[order]
    first, count = np.searchsorted(rows, np.arange(n)), np.bincount(rows, minlength=n)
    found = np.full((2, n), np.inf, np.float32)
    for told, rank in zip(found, (RANK, WIDE), strict=True):
        enough = count >= rank
        told[enough] = far[first[enough] + rank - 1]
    return tail.company(*found)


def company_of_points(
    tail: NeighbourTail, points: Vectors, others: Vectors, metric: Metric, *, within: bool
) -> Company:
    """The company of points among others, exactly. How it is spread is in the tail, which knows unlike scales."""
    rank = RANK - 1 + within  # a point is the nearest to itself
    near, usual = np.full(len(points), np.inf, np.float32), float(np.exp(-tail.level))
    for some in blocks(len(points), len(others) * 8):
        for row, far in zip(range(len(points))[some], all_distances(points[some], others, metric), strict=True):
            closer = far[far <= usual]  # the rest is not looked through: further than usual is as usual
            if len(closer) > rank:
                near[row] = np.partition(closer, rank)[rank]
    return tail.company(near, np.full(len(points), np.inf))


def all_distances(some: Vectors, others: Vectors, metric: Metric) -> Vectors:
    """Of each with each, as similarity_join.py measures them."""
    if metric in ("cosine", "dot"):
        found: Vectors = np.maximum(1 - some @ others.T, 0)
        return found
    return -similarity(some, others, metric)
