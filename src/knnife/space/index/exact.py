"""Exact search and exact scores: the truth that codes are re-ranked and tuned with.

A thin layer over the loops of FAISS, which read rows straight from a matrix without copying them. Closeness is what
FAISS computes, signed so that higher is closer: the inner product (of vectors of length 1 for "cosine"), the negated
squared Euclidean distance, the negated Manhattan distance. `as_similarity` turns it into what geometry.similarity
gives.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from math import inf
from typing import Any

import faiss as _faiss
import numpy as np
from numpy.typing import NDArray

from knnife.geometry import Metric, Vectors, blocks, check_scale, unit

faiss: Any = _faiss  # its own type hints lag behind it

Rows = NDArray[np.int64]

ALONE = 8  # up to so many queries are answered by one thread: two threads on busy cores take 100 ms for a query of 4
SMALL = 1 << 24  # up to so many products of numbers, too: what takes a few ms is not worth waiting for a second thread
SPARE = 16  # candidates taken beyond k, because matrix products round otherwise than single distances
ROUNDING = 4e-6  # relative error of those products, with room to spare
ASKED = 1_024  # queries compared at once with so many rows
GATHER = 16_384  # rows copied together to be compared with many queries at once

_FAISS = {
    "cosine": faiss.METRIC_INNER_PRODUCT,
    "dot": faiss.METRIC_INNER_PRODUCT,
    "euclidean": faiss.METRIC_L2,
    "manhattan": faiss.METRIC_L1,
}


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Let FAISS use so many threads; the setting belongs to the calling thread, and is put back."""
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(count)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)


def threads_for(queries: int, products: float = inf) -> AbstractContextManager[None]:
    """One thread for a few queries, or for few products of numbers; all that there are for many."""
    return threads(1) if queries <= ALONE or products <= SMALL else nullcontext()


def prepared(vectors: Vectors, metric: Metric) -> Vectors:
    """Vectors as they are compared: of length 1 for "cosine"; not copied when nothing is to be done.

    Raises BadInput for those whose closeness float32 cannot hold.
    """
    if metric != "cosine":
        check_scale(vectors, metric, least=False)
        return vectors
    with np.errstate(over="ignore"):
        squares = np.einsum("ij,ij->i", vectors, vectors)
    return vectors if np.all(np.abs(squares - 1) < 1e-6) else unit(vectors)


def as_similarity(closeness: Vectors, metric: Metric) -> Vectors:
    """The similarity of geometry.py for a closeness of this module."""
    if metric != "euclidean":
        return closeness
    return -np.sqrt(-closeness)


def closeness(queries: Vectors, vectors: Vectors, rows: Rows, metric: Metric) -> Vectors:
    """How close queries `(m, d)` are to the rows `(m, c)` of `vectors`; where a row is negative, minus infinity."""
    if metric == "manhattan":
        return _manhattan(queries, vectors, rows)
    rows = np.ascontiguousarray(rows)
    result: Vectors = np.empty(rows.shape, np.float32)
    by_row = faiss.fvec_L2sqr_by_idx if metric == "euclidean" else faiss.fvec_inner_products_by_idx
    arrays = (result, queries, vectors, rows)
    with threads_for(len(queries), result.size * queries.shape[1]):
        by_row(*(faiss.swig_ptr(array) for array in arrays), queries.shape[1], *rows.shape)
    if metric == "euclidean":
        np.negative(result, out=result)
    return result


def _manhattan(queries: Vectors, vectors: Vectors, rows: Rows) -> Vectors:
    result: Vectors = np.full(rows.shape, -np.inf, np.float32)
    if len(vectors):
        width = queries.shape[1] * 4
        for part in blocks(rows.shape[1], width):
            for some in blocks(len(rows), (part.stop - part.start) * width):
                differences = vectors[rows[some, part]]
                differences -= queries[some, None]
                result[some, part] = -np.abs(differences, out=differences).sum(axis=2)
        result[rows < 0] = -np.inf
    return result


def scan(queries: Vectors, vectors: Vectors, k: int, metric: Metric) -> Rows:
    """The rows `(m, min(k, n))` of the closest vectors, of all; in no promised order."""
    k = min(k, len(vectors))
    if k == 0:
        return np.empty((len(queries), 0), np.int64)
    with threads_for(len(queries), len(queries) * vectors.size):
        rows: Rows = faiss.knn(queries, vectors, k, metric=_FAISS[metric])[1]
    return rows


def scan_some(queries: Vectors, vectors: Vectors, k: int, metric: Metric, some: Rows) -> Rows:
    """The same among `some` rows only. Few queries read them where they are; for many they are copied together."""
    if len(queries) <= ALONE and metric != "manhattan":
        every = np.broadcast_to(some, (len(queries), len(some)))
        if k >= len(some):
            return every
        close = closeness(queries, vectors, every, metric)
        return some[np.argpartition(close, len(some) - k, axis=1)[:, len(some) - k :]]
    found = [np.empty((len(queries), 0), np.int64)]
    for block in blocks(len(some), 1, GATHER):
        found.append(some[block][scan(queries, vectors[some[block]], k, metric)])
    return np.hstack(found)


def shortlist(closeness: Vectors, rows: Rows, k: int) -> tuple[Vectors, Rows]:
    """The candidates `(m, c)` reduced to some more than the `k` closest, where that saves sorting."""
    if closeness.shape[1] <= 4 * (k + SPARE):
        return closeness, rows
    best = np.argpartition(closeness, -k - SPARE, axis=1)[:, -k - SPARE :]
    return np.take_along_axis(closeness, best, 1), np.take_along_axis(rows, best, 1)


def pick(closeness: Vectors, rows: Rows, k: int, metric: Metric) -> tuple[Rows, Vectors]:
    """The `k` best of candidates `(m, c)`, best first: rows and similarities `(m, k)`; ties in the order of rows."""
    scores = as_similarity(closeness, metric)
    order = np.lexsort((rows, -scores), axis=1)[:, :k]
    return np.take_along_axis(rows, order, 1), np.take_along_axis(scores, order, 1)


def pairs(queries: Vectors, vectors: Vectors, at_least: float, metric: Metric) -> tuple[Rows, Rows, Vectors]:
    """All pairs at least so similar, exactly: numbers of queries, of vectors, and similarities, each `(p,)`."""
    squares = np.einsum("ij,ij->i", vectors, vectors)
    limit = np.float32(at_least)
    if metric == "manhattan":
        close = -faiss.pairwise_distances(queries, vectors, metric=faiss.METRIC_L1)
    else:
        close = queries @ vectors.T
    if metric == "euclidean":
        limit = -(min(limit, np.float32(0)) ** 2)
        close = 2 * close - np.einsum("ij,ij->i", queries, queries)[:, None] - squares
    longest = float(squares.max(initial=0)) ** 0.5
    number, row = np.nonzero(close >= limit - uncertainty(queries, longest, metric)[:, None])
    scores: Vectors = np.empty(len(number), np.float32)
    for some in blocks(len(number), queries.shape[1] * 4):
        scores[some] = closeness(queries[number[some]], vectors, row[some, None], metric)[:, 0]
    scores = as_similarity(scores, metric)
    kept = scores >= at_least
    return number[kept], row[kept], scores[kept]


def uncertainty(queries: Vectors, largest: float, metric: Metric) -> Vectors:
    """By how much the closeness used by `scan` may be off, for each query `(m,)`; `largest` is the longest vector."""
    lengths: Vectors = np.linalg.norm(queries, axis=1)
    if metric == "euclidean":
        lengths = (lengths + np.float32(largest)) ** 2
    elif metric == "manhattan":  # |x| <= sqrt(d) |x|, the first in L1, the second in L2
        lengths = (lengths + np.float32(largest)) * np.float32(queries.shape[1] ** 0.5)
    else:
        lengths = lengths * np.float32(largest)
    return np.float32(ROUNDING) * lengths
