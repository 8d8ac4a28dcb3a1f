"""How good a ranking, a score or a neighbourhood is, in numbers between 0 and 1; higher is better.

A measure with a value for each question returns these, to be averaged and resampled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from knnife import geometry
from knnife.geometry import Metric, Positions, Vectors

Numbers = NDArray[np.float64]


def ranking_quality(scores: Vectors, gains: Sequence[Mapping[int, float]], k: int) -> Numbers:
    """How well each row of `scores` (m, n) ranks the columns with a gain: nDCG@k, recall@k, reciprocal rank `(m, 3)`.

    gains: for each row the columns that answer it, with how well they do (above 0); at least one each. nDCG as Järvelin
    and Kekäläinen (2002), with the gain as it is given; the reciprocal rank is that of the first answer, at any rank.
    """
    discounts = 1 / np.log2(np.arange(2, k + 2))
    quality = np.zeros((len(scores), 3))
    for i, answers in enumerate(gains):
        order = np.argsort(-scores[i], kind="stable")
        gain = np.zeros(len(order))
        gain[list(answers)] = list(answers.values())
        ranked, best = gain[order], np.sort(gain)[::-1]
        first = discounts[: len(order)]
        quality[i, 0] = (ranked[:k] @ first) / (best[:k] @ first)
        quality[i, 1] = np.count_nonzero(ranked[:k]) / len(answers)
        quality[i, 2] = 1 / (1 + np.argmax(ranked > 0))
    return quality


def average_precision(scores: Numbers, truth: Numbers) -> float:
    """Precision averaged over recall, threshold by threshold, without interpolation. 0 without positives."""
    found, taken = _by_threshold(scores, truth)
    if not len(found) or not found[-1]:
        return 0.0
    return float((np.diff(found, prepend=0) / found[-1]) @ (found / taken))


def best_f1(scores: Numbers, truth: Numbers) -> float:
    """F1 at the best of all thresholds: what a well chosen limit would reach on these very pairs."""
    found, taken = _by_threshold(scores, truth)
    positives = found[-1] if len(found) else 0
    return float((2 * found / (taken + positives)).max()) if positives else 0.0


def overlap(a: NDArray[np.int64], b: NDArray[np.int64]) -> Numbers:
    """The share of each row of `a` (n, k) that is also in that row of `b` (n, k), `(n,)`."""
    shared: Numbers = (a[:, :, None] == b[:, None, :]).any(axis=2).mean(axis=1)
    return shared


def neighbours(points: Vectors, own: Positions, queries: Vectors, k: int, metric: Metric) -> Positions:
    """The k nearest of `points` (n, d) to each query (m, d), without the point `own[i]`, which it stands for."""
    found = []
    for block in geometry.blocks(len(queries), 4 * len(points)):
        scores = geometry.similarity(queries[block], points, metric)
        scores[np.arange(len(scores)), own[block]] = -np.inf
        found.append(geometry.top_k(scores, k)[0])
    return np.concatenate(found)


def row_similarities(a: Vectors, b: Vectors, metric: Metric) -> Numbers:
    """The similarity of each row of `a` (n, d) with that row of `b`, `(n,)`."""
    if metric == "cosine":
        a, b = geometry.unit(a), geometry.unit(b)
    if metric in ("cosine", "dot"):
        products: Numbers = np.einsum("ij,ij->i", a, b, dtype=np.float64)
        return products
    rows = [geometry.similarity(a[i : i + 1], b[i : i + 1], metric)[0, 0] for i in range(len(a))]
    return np.array(rows, np.float64)


def _by_threshold(scores: Numbers, truth: Numbers) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For each distinct score, from the highest: how many positives, and how many at all, reach it."""
    order = np.argsort(-scores, kind="stable")
    ends = np.flatnonzero(np.diff(scores[order], append=-np.inf))
    found: NDArray[np.int64] = np.cumsum(truth[order] > 0, dtype=np.int64)[ends]
    return found, ends.astype(np.int64) + 1
