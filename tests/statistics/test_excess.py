"""What is more than the tail of the others explains: by simulation, where the truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra.numpy import arrays

from knnife.statistics.excess import excess, halves_agree

ORDINARY = {
    "normal": lambda random, n: random.normal(size=n),
    "uniform": lambda random, n: random.random(n),
    "exponential": lambda random, n: random.exponential(size=n),
    "logistic": lambda random, n: random.logistic(size=n),
    "Gumbel": lambda random, n: random.gumbel(size=n),
    "skewed": lambda random, n: random.gamma(2.0, size=n),
}


@pytest.mark.parametrize("shape", ORDINARY)
def test_where_all_are_ordinary_nothing_is_in_excess(shape: str) -> None:
    random, believed = np.random.default_rng(0), []
    for n in (150, 1_000):
        for seed in range(30):
            values = ORDINARY[shape](random, n)
            believed.append(excess(values, 0.1).count > 0 and halves_agree(values, 0.1, seed))
    assert np.mean(believed) <= 0.12  # 0.1 is stated


@pytest.mark.parametrize("share", [0.01, 0.05, 0.15, 0.3])
def test_those_that_lie_apart_are_found_whatever_their_share(share: float) -> None:
    random, recall, false, inside = np.random.default_rng(1), [], [], []
    for shape in ORDINARY:
        for _ in range(5):
            values = ORDINARY[shape](random, 1_000)
            odd = int(1_000 * share)
            values[:odd] = values[odd:].max() + np.std(values) * (2 + 0.3 * random.normal(size=odd))
            found = excess(values, 0.1)
            right = int((values[:odd] >= found.limit).sum())
            wrong = found.count - right
            recall.append(right / odd)
            false.append(wrong / max(1, found.count))
            _, low, high = found.false
            inside.append(low <= wrong <= high)
    assert np.mean(recall) >= 0.85
    assert np.mean(false) <= 0.1
    assert np.mean(inside) >= 0.8


def test_p_values_are_the_share_of_ordinary_ones_beyond_also_where_none_was_seen() -> None:
    random = np.random.default_rng(2)
    found = excess(random.exponential(size=3_000), 0.1)
    for share in (0.5, 0.2, 0.02, 1e-3):
        stated = found.p_values(np.array([-np.log(share)]))[0]
        assert share / 1.5 <= stated <= 2.5 * share
    assert 1e-6 < found.p_values(np.array([-np.log(1e-6)]))[0] < 1e-3  # rather too large: the tail may be heavier


@given(arrays(float, st.integers(0, 120), elements=st.floats(-5, 5)), st.floats(0.01, 0.5))
def test_no_values_break_it_and_p_values_fall_as_values_rise(values: np.ndarray, rate: float) -> None:
    found = excess(values, rate)
    assert 0 <= found.count <= len(values)
    places = np.sort(values)
    p = found.p_values(places)
    assert (np.diff(p) <= 1e-12).all()
    assert ((p >= 0) & (p <= 1)).all()
    assert (values >= found.limit).sum() >= found.count


def test_all_equal_or_few_values_have_no_tail() -> None:
    assert excess(np.ones(500), 0.1).tail is None
    assert excess(np.arange(30.0), 0.1).tail is None
    assert excess(np.array([]), 0.1).count == 0
