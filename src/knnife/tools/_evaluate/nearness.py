"""Who is near whom among the points of one encoder, and how alike the rows of two arrays are."""

from __future__ import annotations

import numpy as np

from knnife import geometry
from knnife.geometry import Metric, Positions, Vectors
from knnife.tools._evaluate.measures import Numbers


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
