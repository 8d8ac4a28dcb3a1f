"""How far two partitions of the same points agree."""

from __future__ import annotations

import numpy as np

from knnife.geometry import Positions
from knnife.tools._clusters.graph import Weights


def table(a: Positions, b: Positions) -> Weights:
    """How many points are in cluster i of one and j of the other: `(clusters of a, clusters of b)`."""
    width = int(b.max()) + 1
    return np.bincount(a * width + b, minlength=(int(a.max()) + 1) * width).reshape(-1, width).astype(np.float64)


def adjusted_rand(a: Positions, b: Positions) -> float:
    """1 where two partitions are the same, about 0 where they agree by chance only (Hubert and Arabie 1985)."""
    counts = table(a, b)

    def pairs(sizes: Weights) -> float:
        return float((sizes * (sizes - 1)).sum()) / 2

    both, one, other = pairs(counts), pairs(counts.sum(axis=1)), pairs(counts.sum(axis=0))
    expected = one * other / max(1.0, pairs(np.array([counts.sum()])))
    most = (one + other) / 2
    return (both - expected) / (most - expected) if most > expected else 1.0


def recovered(a: Positions, b: Positions) -> Weights:
    """For each cluster of a the share it has in common with the most similar one of b (Jaccard; Hennig 2007)."""
    counts = table(a, b)
    union = counts.sum(axis=1)[:, None] + counts.sum(axis=0) - counts
    best: Weights = (counts / np.maximum(union, 1)).max(axis=1)
    return best
