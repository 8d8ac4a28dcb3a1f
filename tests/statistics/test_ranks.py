"""Ranks: by counting slowly, and what p-values promise, by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st

from knnife.statistics.ranks import auroc, mean_ranks, rank_p_values, shares_below

FEW = st.lists(st.integers(0, 9), min_size=1, max_size=20)  # with many ties


@given(FEW, FEW)
def test_p_values_count(reference: list[int], new: list[int]) -> None:
    found = rank_p_values(np.array(new, np.float32), np.array(reference, np.float32))
    assert found == pytest.approx([(1 + sum(r >= x for r in reference)) / (1 + len(reference)) for x in new])


@pytest.mark.parametrize("n", [19, 99])
def test_p_values_of_what_is_exchangeable_are_uniform(n: int) -> None:
    random = np.random.default_rng(n)
    p = np.array([rank_p_values(random.lognormal(size=1), random.lognormal(size=n))[0] for _ in range(4_000)])
    for u in (0.05, 0.25, 0.5, 0.9):
        assert (p <= u + 1e-9).mean() == pytest.approx(u, abs=4 * (u * (1 - u) / len(p)) ** 0.5)


@given(FEW)
def test_equal_values_share_a_mean_rank(values: list[int]) -> None:
    ranks = mean_ranks(np.array(values, float))
    slow = [sum(o < v for o in values) + (sum(o == v for o in values) + 1) / 2 for v in values]
    assert ranks.tolist() == slow
    assert ((ranks - 0.5) / len(values)) == pytest.approx(shares_below(np.array(values), np.array(values)))


def test_auroc_without_one_kind_is_zero() -> None:
    assert auroc(np.arange(3.0), np.ones(3)) == auroc(np.arange(3.0), np.zeros(3)) == 0
