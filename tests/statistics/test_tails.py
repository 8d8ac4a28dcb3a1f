"""Tails: values drawn from distributions whose tails are known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st

from knnife.statistics.tails import PowerTail, fit_pair_tail, mean_excess, truncated_rate


@pytest.mark.parametrize("share", [1.0, 0.5, 0.25])
def test_the_mean_excess_is_that_of_the_whole_tail_though_a_part_of_it_is_not_looked_at(share: float) -> None:
    values = np.random.default_rng(0).exponential(3.0, size=20_000)
    end = np.quantile(values, share)
    values = np.where(values > end, 1e9, values)  # outliers, of which only the number counts
    assert mean_excess(values, 0.0, end if share < 1 else np.inf) == pytest.approx(3.0, rel=0.04)


def test_without_values_in_the_tail_there_is_no_excess() -> None:
    assert mean_excess(np.ones(5), 1.0) == 0


@given(st.floats(0.01, 30))
def test_the_rate_of_a_truncated_exponential_is_found_by_its_mean(rate: float) -> None:
    places = (np.arange(20_000) + 0.5) / 20_000
    weights = np.exp(-rate * places)
    assert truncated_rate(float(weights @ places / weights.sum())) == pytest.approx(rate, rel=1e-3, abs=1e-3)


def test_a_power_tail_states_rates_below_one_in_the_number_of_values() -> None:
    """Distances 1 - s with the density of a power 5: a share of 1e-5 is within 0.1."""
    similarities = 1 - np.random.default_rng(0).random(3_000) ** 0.2
    tail = PowerTail.learn(similarities, 3_000, beyond=300)
    assert tail.rate(0.9) == pytest.approx(1e-5, rel=1)
    assert tail.rate(tail.threshold(1e-4)) == pytest.approx(1e-4)


def test_pairs_expected_within_a_distance_are_those_of_the_cloud_and_not_the_copies() -> None:
    random = np.random.default_rng(0)
    far = random.random(40_000) ** (1 / 6)  # as in six dimensions
    tail = fit_pair_tail(np.concatenate([np.full(500, 1e-4), far]), 1.0)
    assert tail.known
    for distance in (0.15, 0.2, 0.3):
        assert tail.expected(np.array([distance]))[0] == pytest.approx(40_000 * distance**6, rel=0.7, abs=1)
    assert tail.expected(np.array([tail.distance(0.5)]))[0] == pytest.approx(0.5)
