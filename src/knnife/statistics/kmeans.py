"""k-means, by FAISS."""

from __future__ import annotations

from typing import Any

import faiss as _faiss
import numpy as np

from knnife.geometry import Vectors

faiss: Any = _faiss  # its own type hints lag behind it


def centroids(points: Vectors, count: int, *, rounds: int, seed: int, spherical: bool = False) -> Vectors:
    """The centroids `(count, d)` of groups of points `(n, d)`, n at least `count`; a group that runs empty is refilled.

    rounds: of Lloyd's algorithm ("Least squares quantization in PCM", IEEE Transactions on Information Theory 28,
    1982). seed: of the points it starts from. spherical: whether centroids are brought to length 1 after each round.
    """
    means = faiss.Kmeans(
        points.shape[1],
        count,
        niter=rounds,
        seed=seed,
        spherical=spherical,
        min_points_per_centroid=1,
        max_points_per_centroid=len(points),
    )
    means.train(np.ascontiguousarray(points))
    found: Vectors = means.centroids
    return found
