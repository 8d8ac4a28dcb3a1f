"""Whitening: against LAPACK, and against doing it again without each point."""

from __future__ import annotations

import numpy as np
import pytest

from knnife.statistics.whitening import ALONE, ShrunkWhitening, inverse_cholesky, zca


@pytest.mark.parametrize("n", [1, 2, ALONE, ALONE + 1, 2 * ALONE + 1, 300])
def test_it_is_the_inverse_of_the_cholesky_factor(n: int) -> None:
    half = np.random.default_rng(n).standard_normal((n, 2 * n))
    matrix = half @ half.T
    found = inverse_cholesky(matrix)
    assert np.array_equal(found, np.tril(found))
    assert found @ matrix @ found.T == pytest.approx(np.eye(n), abs=1e-8)
    assert found == pytest.approx(np.linalg.inv(np.linalg.cholesky(matrix)), abs=1e-8)


@pytest.mark.parametrize(("n", "d"), [(5, 3), (40, 3), (12, 30), (30, 30)])
def test_what_is_left_out_is_left_out(n: int, d: int) -> None:
    """The distance of each point to others is that of a covariance which was worked out again without it."""
    random = np.random.default_rng(n)
    points = random.normal(size=(n, d)) @ random.normal(size=(d, d))
    shrinkage, mean = 0.3, points.mean(axis=0)
    white = ShrunkWhitening.of(points - mean, shrinkage)
    placed = (points - mean) @ white.left_out
    equal = np.trace(np.cov(points.T)) / d  # of the shrinkage: one number for all
    for i in range(n):
        without = (1 - shrinkage) * np.cov(np.delete(points, i, axis=0).T) + shrinkage * equal * np.eye(d)
        apart = points[i] - points
        expected = np.einsum("ij,jk,ik->i", apart, np.linalg.inv(without), apart)
        away = placed[i] - placed
        found = (away**2).sum(axis=1) + white.stretch[i] * (away @ placed[i]) ** 2
        assert found == pytest.approx(expected, rel=1e-6)


def test_shrunk_whitening_makes_many_points_alike_in_all_directions() -> None:
    random = np.random.default_rng(0)
    points = random.normal(size=(4_000, 3)) @ np.diag([1.0, 3.0, 9.0])
    white = (points - points.mean(axis=0)) @ ShrunkWhitening.of(points - points.mean(axis=0), 1e-6).factors
    assert np.cov(white.T) == pytest.approx(np.eye(3), abs=0.01)


def test_zca_is_the_inverse_root_of_the_covariance_and_what_is_added() -> None:
    points = np.random.default_rng(0).normal(size=(200, 4)) @ np.diag([1.0, 2.0, 3.0, 0.0])
    mean, whitening = zca(points.astype(np.float32), 0.1)
    assert mean == pytest.approx(points.mean(axis=0), abs=1e-5)
    assert whitening @ whitening == pytest.approx(np.linalg.inv(np.cov(points.T) + 0.1 * np.eye(4)), abs=1e-3)
