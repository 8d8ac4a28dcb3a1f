"""The tail read from the ranks behind copies: right for clouds of known dimension, and deaf to how many have copies."""

from __future__ import annotations

import numpy as np
import pytest

from knnife.statistics.intervals import count_interval
from knnife.statistics.neighbours import NOTHING_KNOWN, RANK, Company, as_many_as_expected, deepest, fit_neighbour_tail


def nearest(points: np.ndarray, deep: int) -> np.ndarray:
    """By definition: the distances of each point to its neighbours, sorted."""
    far = np.linalg.norm(points[:, None] - points[None], axis=2)
    return np.sort(far, axis=1)[:, 1 : deep + 1]


def uniform(n: int, dim: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).random((n, dim))


def within(points: np.ndarray, reach: float) -> int:
    far = np.linalg.norm(points[:, None] - points[None], axis=2)
    return int((far < reach).sum() - len(points)) // 2


@pytest.mark.parametrize("copied", [0.0, 0.15, 0.6])
def test_what_is_expected_is_found_however_many_have_copies(copied: float) -> None:
    """Of points in a cube as many pairs are as near as expected, on average over draws, to a factor of 2.5."""
    seen = []
    for seed in range(20):
        points = uniform(400, 4, seed)
        some = points[: round(copied * 400)]
        together = np.vstack([points, some + 1e-5])
        tail = fit_neighbour_tail(nearest(together, 50), 1.0, len(together) / 2)
        seen.append(within(points, tail.distance(10)) / (len(points) / len(together)) ** 2)
        assert tail.calibrated
    assert 4 <= np.mean(seen) <= 25


def test_expected_and_distance_are_inverse_and_exact_copies_are_expected_nowhere() -> None:
    points = uniform(300, 3, 0)
    tail = fit_neighbour_tail(nearest(points, 37), 1.0, 150.0, unlike=True)
    for wanted in (0.01, 1.0, 30.0):
        assert tail.expected(np.array([tail.distance(wanted)]))[0] == pytest.approx(wanted, rel=1e-3)
    assert tail.expected(np.array([0.0]), tail.company(np.array([0.0]), np.array([0.0]))).tolist() == [0]
    assert np.all(np.diff(tail.expected(np.linspace(0.001, 0.2, 50))) >= 0)


def test_in_a_crowd_a_pair_must_be_closer_by_as_much_as_the_crowd_is() -> None:
    tail = fit_neighbour_tail(nearest(uniform(300, 3, 0), 37), 1.0, 150.0)
    usual, near = np.exp([-tail.level]), tail.distance(1)
    crowd = tail.company(usual / 10, np.array([np.inf]))
    assert tail.expected(np.array([near / 10]), crowd)[0] == pytest.approx(1, rel=0.01)
    room = tail.company(usual * 3, usual * 4)
    assert tail.expected(np.array([near]), room)[0] == pytest.approx(1, rel=0.01)  # room around it earns nothing
    spread = tail.company(usual / 10, usual / 2)
    assert tail.expected(np.array([near / 10]), spread)[0] > 3
    assert [each.tolist() for each in Company(np.array([0.0, 2]), np.array([3.0, 1])).of(*np.array([[0], [1]]))] == [
        [2],
        [3],
    ]


def test_of_few_things_nothing_is_told() -> None:
    assert fit_neighbour_tail(np.ones((50, 2 * RANK)), 1.0, 25.0) is NOTHING_KNOWN
    assert fit_neighbour_tail(np.ones((50, 40)), 1.0, 25.0) is NOTHING_KNOWN  # all equally far
    assert not NOTHING_KNOWN.calibrated
    assert NOTHING_KNOWN.expected(np.array([0.0, 0.5])).tolist() == [0, np.inf]
    assert NOTHING_KNOWN.distance(1) == 0
    assert deepest(10) < 2 * RANK < deepest(60) <= deepest(1000) == 50


def test_ranks_that_end_at_a_step_are_not_calibrated() -> None:
    """Each thing has ten copies: no rank tells of anything but copies and the gap behind them."""
    points = np.repeat(uniform(60, 8, 0), 11, axis=0)
    points += 1e-6 * np.random.default_rng(1).standard_normal(points.shape)
    assert not fit_neighbour_tail(nearest(points, 50), 1.0, len(points) / 2).calibrated


def test_a_count_lies_between_its_bounds_in_19_of_20_draws() -> None:
    random = np.random.default_rng(0)
    for expected, error in ((1.0, 0.0), (1.0, 1.0), (20.0, 0.3)):
        low, high = count_interval(expected, error)
        counts = random.poisson(expected * np.exp(error * random.standard_normal(4000)))
        assert np.mean((counts >= low) & (counts <= high)) >= 0.93


def test_more_pairs_beyond_the_limit_than_expected_are_told() -> None:
    steady, crowded = np.arange(0.5, 100), np.concatenate([np.linspace(1.1, 10, 60), np.arange(10, 100)])
    assert as_many_as_expected(steady, 1.0, 100.0, 0.2)
    assert not as_many_as_expected(crowded, 1.0, 100.0, 0.2)
    assert as_many_as_expected(crowded, 1.0, 100.0, 1.5)  # so little is known
    assert as_many_as_expected(np.zeros(50), 1.0, 100.0, 0.0)  # copies
