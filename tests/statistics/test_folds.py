"""Folds spread every class evenly."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings, strategies as st

from knnife.statistics.folds import stratified_folds


@given(st.lists(st.integers(0, 4), min_size=1, max_size=60), st.integers(1, 7), st.integers(0, 5))
@settings(max_examples=50)
def test_folds_spread_each_class_evenly(codes: list[int], count: int, seed: int) -> None:
    fold = stratified_folds(np.array(codes), count, np.random.default_rng(seed))
    sizes = np.bincount(fold, minlength=count)
    assert len(sizes) == count
    assert sizes.max() - sizes.min() <= 1
    for code in set(codes):
        counts = np.bincount(fold[np.array(codes) == code], minlength=count)
        assert counts.max() - counts.min() <= 1
