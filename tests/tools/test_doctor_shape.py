"""The figures of a cloud of points: known values, slow obvious oracles, and what literature says of simple clouds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra.numpy import arrays

from knnife.geometry import METRICS
from knnife.tools._doctor import shape


def quiet(done: int, share: float) -> None:
    pass


def gaussian(n: int, d: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, d)).astype(np.float32)


def oracle(points: np.ndarray, metric: str) -> np.ndarray:
    """What is near: all pairs, one by one, in float64; closeness, higher is closer."""
    x = points.astype(np.float64)
    if metric in ("cosine", "dot"):
        lengths = np.linalg.norm(x, axis=1) if metric == "cosine" else np.ones(len(x))
        return (x @ x.T) / np.outer(lengths, lengths)
    apart = x[:, None, :] - x[None, :, :]
    return -np.linalg.norm(apart, ord=1 if metric == "manhattan" else 2, axis=2)


@pytest.mark.parametrize("metric", METRICS)
def test_neighbours_are_those_of_comparing_all_pairs(metric: str) -> None:
    points = gaussian(80, 6) + 0.5
    close = oracle(points, metric)
    np.fill_diagonal(close, -np.inf)
    rows, _ = shape.neighbours(points, 5, metric, quiet)
    np.testing.assert_allclose(
        np.take_along_axis(close, rows, axis=1), -np.sort(-close, axis=1)[:, :5], rtol=1e-4, atol=1e-5
    )
    assert not (rows == np.arange(80)[:, None]).any()


@pytest.mark.parametrize("metric", ["euclidean", "manhattan"])
def test_distances_are_those_of_the_metric(metric: str) -> None:
    points = gaussian(50, 4) + 1_000  # far from the origin, where |x|² - 2xy + |y|² would lose every digit
    rows, distances = shape.neighbours(points, 3, metric, quiet)
    expected = -np.take_along_axis(oracle(points, metric), rows, axis=1)
    np.testing.assert_allclose(distances, expected, rtol=1e-6)


def test_occurrences_count_in_how_many_lists_a_point_stands() -> None:
    assert shape.occurrences(np.array([[1, 2], [2, 0], [1, 0], [2, 1]])).tolist() == [2, 3, 3, 0]


@given(arrays(np.int64, st.integers(3, 30), elements=st.integers(0, 50)))
def test_skewness_is_the_third_standardised_moment(counts: np.ndarray) -> None:
    values = [float(count) for count in counts]
    mean = sum(values) / len(values)
    second = sum((value - mean) ** 2 for value in values) / len(values)
    third = sum((value - mean) ** 3 for value in values) / len(values)
    assert shape.skewness(counts) == pytest.approx(third / second**1.5 if second else 0.0, rel=1e-6, abs=1e-9)


def test_points_seen_from_afar_have_hubs_and_their_directions_have_none() -> None:
    """Radovanovic et al.: k-occurrences of a Gaussian cloud are the more skewed the more dimensions; a sphere's not."""
    by_dimension = []
    for d in (3, 20, 100):
        rows, _ = shape.neighbours(gaussian(1_000, d), 10, "euclidean", quiet)
        by_dimension.append(shape.skewness(shape.occurrences(rows)))
    assert by_dimension == sorted(by_dimension)
    assert by_dimension[0] < 0.5 < 2.5 < by_dimension[2]
    rows, _ = shape.neighbours(gaussian(1_000, 100), 10, "cosine", quiet)
    assert abs(shape.skewness(shape.occurrences(rows))) < 0.5


@pytest.mark.parametrize("dimension", [1, 2, 5])
def test_two_nearest_neighbours_tell_the_dimension_of_a_curved_sheet(dimension: int) -> None:
    flat = np.random.default_rng(dimension).random((1_500, dimension))
    rolled = np.hstack([np.sin(flat), np.cos(flat), flat @ np.ones((dimension, 30))]).astype(np.float32)
    _, distances = shape.neighbours(rolled, 2, "euclidean", quiet)
    assert shape.two_nn(distances) == pytest.approx(dimension, rel=0.15)


def test_two_nearest_neighbours_leave_copies_out() -> None:
    points = np.vstack([gaussian(500, 3), gaussian(500, 3)])  # each point twice: no ratio of distances is left
    assert shape.two_nn(shape.neighbours(points, 2, "euclidean", quiet)[1]) is None
    some = np.vstack([gaussian(500, 3), gaussian(100, 3)])
    assert shape.two_nn(shape.neighbours(some, 2, "euclidean", quiet)[1]) == pytest.approx(3, rel=0.25)


def test_the_mean_cosine_is_that_of_all_pairs() -> None:
    points = gaussian(60, 5) + 0.7
    close = oracle(points, "cosine")
    expected = close[~np.eye(60, dtype=bool)].mean()
    found = shape.cosines(points, seed=0)
    assert found.mean == pytest.approx(expected, abs=1e-6)
    low, high = np.quantile(close[~np.eye(60, dtype=bool)], [0.05, 0.95])
    assert (found.low, found.high) == (pytest.approx(low, abs=0.05), pytest.approx(high, abs=0.05))


@pytest.mark.parametrize(("n", "d"), [(200, 7), (40, 90)])
def test_the_spectrum_is_that_of_the_covariance(n: int, d: int) -> None:
    points = gaussian(n, d) * np.arange(1, d + 1, dtype=np.float32)
    variances = np.linalg.eigvalsh(np.cov(points.T))
    found = shape.spectrum(points)
    assert found.strongest == pytest.approx(variances[-1] / variances.sum(), rel=1e-4)
    assert found.participation == pytest.approx(variances.sum() ** 2 / (variances**2).sum(), rel=1e-4)


def test_the_spectrum_of_vectors_wider_than_it_decomposes_is_close() -> None:
    d = shape.SPECTRUM_ROWS + 200
    points = gaussian(1_300, 20) @ gaussian(20, d, seed=1)
    assert shape.spectrum(points).participation == pytest.approx(20, rel=0.1)


def test_points_that_are_all_the_same_are_one_direction() -> None:
    points = np.full((30, 4), 3.0, np.float32)
    assert shape.spectrum(points) == (1.0, 1.0, 4)


@given(st.integers(0, 2**32))
def test_a_seed_gives_the_same_figures(seed: int) -> None:
    points = gaussian(40, 3)
    assert shape.cosines(points, seed) == shape.cosines(points, seed)
    assert shape.typical_distance(points, "cosine", seed) == shape.typical_distance(points, "cosine", seed)
