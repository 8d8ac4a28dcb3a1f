"""k-means finds groups that are apart, whatever the order of the points."""

from __future__ import annotations

import numpy as np
import pytest

from knnife.statistics.kmeans import centroids


def test_groups_that_are_apart_have_a_centroid_each() -> None:
    random = np.random.default_rng(0)
    middles = np.array([[0, 0], [9, 0], [0, 9]])
    points = (middles.repeat(50, axis=0) + random.normal(0, 0.3, (150, 2))).astype(np.float32)
    found = centroids(random.permutation(points), 3, rounds=10, seed=0)
    distances = np.linalg.norm(found[:, None] - middles, axis=2)
    assert sorted(distances.argmin(axis=1)) == [0, 1, 2]
    assert distances.min(axis=1) == pytest.approx(np.zeros(3), abs=0.3)
    assert np.linalg.norm(centroids(points, 3, rounds=5, seed=0, spherical=True), axis=1) == pytest.approx(np.ones(3))
