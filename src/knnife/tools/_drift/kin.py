"""Who is near whom in a pool, so that a few things of one new kind stand together.

In vectors of hundreds of components most neighbours are chance: components in which things hardly differ add noise to
every distance, and some things are near to all others (hubs), which fills lists that should hold a thing's own kind.
So neighbours are looked for in the main directions of the pool, around its mean, and a candidate that is near to
everybody is put back by how near (Lample et al. 2018, ICLR, "Word translation without parallel data", CSLS; Radovanović
et al. 2010, JMLR 11, on hubs). Nothing here knows which things are new.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from knnife.geometry import Metric, Vectors, unit
from knnife.space import nearest
from knnife.tools._drift.pool import Pool, Rows

MAIN = 32  # directions; with fewer components than that, all
MORE, ROUNDS = 8, 6  # directions and steps by which the iteration comes close to them
REACH = 20  # neighbours whose mean says how near a thing is to others in general
CANDIDATES = 4  # times as many as are wanted are put in order anew


def kin(pool: Pool, k: int) -> Rows:
    """The k nearest points of other blocks, nearest first: `(N, k)`. Those of its own block are near in any case."""
    own = int(np.bincount(pool.blocks).max()) - 1
    count = min(max(CANDIDATES * k, REACH), len(pool) - 1 - own)
    metric: Metric = "manhattan" if pool.metric == "manhattan" else "euclidean"
    rows, near = nearest(main(pool), count + own, metric=metric)
    closeness = near.astype(np.float64) if metric == "manhattan" else -(near.astype(np.float64) ** 2)
    rows, closeness = _of_other_blocks(pool, rows, closeness, count)
    reach = closeness[:, :REACH].mean(axis=1)
    order = np.argsort(reach[rows] / 2 - closeness, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(rows, order, 1)


def main(pool: Pool) -> Vectors:
    """The points around their mean, in the main directions `(N, MAIN or fewer)`; of length 1 where angles count.

    By orthogonal iteration on random directions (Halko, Martinsson and Tropp 2011, SIAM Review 53).
    """
    centred = pool.points - pool.points.mean(axis=0)
    if pool.metric != "manhattan" and centred.shape[1] > MAIN:
        directions = np.random.default_rng(0).standard_normal((centred.shape[1], MAIN + MORE)).astype(np.float32)
        for _ in range(ROUNDS):
            directions = np.linalg.qr(centred.T @ (centred @ directions))[0]
        placed = centred @ directions
        strongest = np.linalg.eigh(placed.T @ placed)[1][:, : -MAIN - 1 : -1]
        centred = placed @ strongest
    return unit(centred) if pool.metric == "cosine" else centred


def _of_other_blocks(
    pool: Pool, rows: Rows, closeness: NDArray[np.float64], count: int
) -> tuple[Rows, NDArray[np.float64]]:
    first = np.argsort(pool.blocks[rows] == pool.blocks[:, None], axis=1, kind="stable")[:, :count]
    return np.take_along_axis(rows, first, 1), np.take_along_axis(closeness, first, 1)
