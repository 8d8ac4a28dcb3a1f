"""Intervals hold what they promise: coverage by simulation."""

from __future__ import annotations

import numpy as np
import pytest

from knnife.statistics.intervals import (
    percentile_interval,
    resampled,
    share_interval,
    spearman,
    spearman_interval,
)


def test_the_bootstrap_covers_the_mean_in_95_of_100_cases() -> None:
    random, inside = np.random.default_rng(0), 0
    for seed in range(60):
        units = random.gamma(4.0, size=(80, 1))
        low, high = percentile_interval(resampled(lambda each: float(each.mean()), [units], seed)[0])
        inside += low <= 4.0 <= high
    assert inside >= 51  # 57 are expected, with a standard error of 1.7


def test_spearmans_interval_covers_the_correlation_in_95_of_100_cases() -> None:
    random, inside = np.random.default_rng(1), 0
    truth = 6 / np.pi * np.arcsin(0.6 / 2)  # Spearman's rho of a binormal distribution with Pearson's 0.6
    for seed in range(60):
        a = random.normal(size=100)
        low, high = spearman_interval(a, 0.6 * a + 0.8 * random.normal(size=100), seed)[1:]
        inside += low <= truth <= high
    assert inside >= 51


def test_the_value_beside_the_interval_is_spearmans() -> None:
    a, b = np.random.default_rng(2).integers(0, 9, (2, 40)).astype(float)
    assert spearman_interval(a, b).value == pytest.approx(spearman(a, b))
    assert spearman(a, np.zeros(40)) == 0
    assert np.isnan(spearman_interval(a, np.zeros(40)).value)


@pytest.mark.parametrize("share", [0.01, 0.2])
def test_the_interval_of_a_share_covers_it_in_95_of_100_cases(share: float) -> None:
    seen = np.random.default_rng(3).binomial(300, share, size=400)
    intervals = {k: share_interval(k / 300, 300) for k in set(seen.tolist())}
    covered = np.mean([low <= share <= high for low, high in map(intervals.__getitem__, seen.tolist())])
    assert covered == pytest.approx(0.95, abs=0.035)
