"""How far the nearest of a random few things is, for few of several sizes: 8, 16, ... 128.

Whether a thing is odd depends on how closely one looks. Far from the nearest of a hundred is what a thing on its own
is; far from the nearest of eight is also a thing within a small group that is far from all others. The mean over many
such samples does better than the distance to the k-th neighbour, and needs no k: Pang, Ting and Albrecht, "LeSiNN:
Detecting anomalies by identifying least similar nearest neighbours", ICDM workshops 2015.

All sizes come out of one matrix of distances: the reference stands in a random order, groups are joined two by two, and
the nearest of a joined group is the nearer of two.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from knnife.geometry import Vectors, blocks

Rows = NDArray[np.int64]
Tell = Callable[[int], None]

SMALLEST, LARGEST = 8, 128
CACHE = 16 << 20  # bytes of distances at once: fewer are quicker for one core, more where two wait for each other
GROUPS = 4  # a reference makes so many samples of each size at least


def sizes(reference: int) -> list[int]:
    """How large the samples of a reference of so many things are: powers of two, one at least."""
    most = max(1, min(LARGEST, reference // GROUPS))
    return [2**level for level in range(most.bit_length()) if 2**level >= min(SMALLEST, 2 ** (most.bit_length() - 1))]


def silent(count: int) -> None:
    """Reports nothing."""


def sampled(
    queries: Vectors,
    reference: Vectors,
    stretch: Vectors | None,
    orders: Rows,
    own: Rows | None = None,
    tell: Tell = silent,
) -> Vectors:
    """The mean distance of each query `(m, d)` to the nearest of a sample, for each of `sizes`: `(m, s)`.

    reference: `(r, d)`. stretch: `(m,)`, how much farther another point is by its direction from a query, as in
    `ShrunkWhitening`; None for not at all. orders: `(t, r)`, random orders of the reference, all of which are averaged
    over. own: `(m,)`, which row of the reference a query is itself, -1 for none: samples that hold it are left out, so
    that it is compared as one that is new. tell: called with the number of queries compared with another order.
    """
    wanted = sizes(len(reference))
    found = np.zeros((len(queries), len(wanted)), np.float32)
    squares = np.einsum("ij,ij->i", queries, queries)
    with_one = np.hstack([queries, np.ones((len(queries), 1), np.float32)])
    for order in orders:
        shuffled = reference[order]
        turned = np.hstack([-2 * shuffled, np.einsum("ij,ij->i", shuffled, shuffled)[:, None]]).T
        place = None if own is None else np.where(own < 0, -1, np.argsort(order)[own])
        for some in blocks(len(queries), 4 * len(reference), CACHE):
            near = with_one[some] @ turned  # squared distances but for the squares of the query, which change no order
            if stretch is not None:
                products = near - turned[-1]  # -2 times those of the query with the reference
                products += 2 * squares[some, None]
                products *= np.sqrt(stretch[some, None]) / 2
                near += np.square(products, out=products)
            found[some] += _halved(near, squares[some], wanted, None if place is None else place[some])
            tell(len(near))
    found /= np.float32(len(orders))
    return found


def _halved(near: Vectors, squares: Vectors, wanted: list[int], own: Rows | None) -> Vectors:
    """The means for each wanted size `(m, s)`; two groups become one, again and again, by the nearer of both."""
    means, size = [], 1
    while True:
        if size in wanted:
            distances = np.sqrt(np.maximum(near + squares[:, None], 0))
            means.append(_mean(distances, own))
            if len(means) == len(wanted):
                return np.stack(means, axis=1)
        half, size = near.shape[1] // 2, 2 * size
        near = np.minimum(near[:, :half], near[:, half : 2 * half])
        own = None if own is None else np.where((own >= 0) & (own < 2 * half), own % half, -1)


def _mean(nearest: Vectors, own: Rows | None) -> Vectors:
    """The mean of each row `(m, groups)`, without the group of its own where that is one of them."""
    total, groups = nearest.sum(axis=1), nearest.shape[1]
    count = np.full(len(nearest), groups, np.float32)
    if own is not None:
        rows = np.flatnonzero(own >= 0)
        total[rows] -= nearest[rows, own[rows]]
        count[rows] -= 1
    mean: Vectors = np.maximum(total, 0) / count
    return mean
