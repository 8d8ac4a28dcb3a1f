"""What is told of a drift in words: at most three reasons, new kinds, and what the rate rests on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.tools.test_drift import AFTER, BEFORE, a_pool, cloud, quick, texts

from knnife import Space, drift
from knnife.tools._drift.checks import inflation
from knnife.tools._drift.clumps import clumps
from knnife.tools._drift.findings import Mark
from knnife.tools._drift.reasons import of_mark
from knnife.tools._drift.statistics import look


def test_at_most_three_reasons_say_what_changed_and_none_is_said_without_drift(tmp_path: Path) -> None:
    with Space.open(tmp_path / "old.knnife") as old:
        old.add(texts(BEFORE, 80, 0))
        found = drift(old, [*texts(BEFORE, 60, 1), *texts(AFTER, 20, 2)], permutations=99)
        same = drift(old, texts(BEFORE, 60, 3), permutations=99)
        itself = drift(old, old, permutations=99)
    assert 1 <= len(found.reasons) <= 3
    assert found.reasons[0].startswith("20 of 80 are about ")
    assert found.reasons[0].endswith("; none before")
    assert not same.drifted
    for quiet in (same, itself):
        assert not any((quiet.reasons, quiet.kinds, quiet.new, quiet.vanished))


def test_a_few_new_things_that_stand_together_are_found_as_a_clump() -> None:
    for seed in range(3):
        random = np.random.default_rng(seed)
        pool = a_pool(
            cloud(seed + 50, 400, 8), np.vstack([cloud(seed, 88, 8), cloud(seed + 9, 12, 8) * 0.1 + 1]), random
        )
        found = clumps(look(pool), pool.labellings(99, random), 0.05)
        together = pool.rows[found[0].rows[pool.new[found[0].rows]]]
        assert np.isin(np.arange(88, 100), together).sum() >= 10
        assert (together >= 88).mean() > 0.8


def test_kinds_are_told_at_the_rate_where_nothing_is_new() -> None:
    told = 0
    for seed in range(40):
        random = np.random.default_rng(seed)
        pool = a_pool(cloud(seed, 60), cloud(seed + 99, 40), random)
        told += bool(clumps(look(pool), pool.labellings(99, random), 0.1))
    assert told <= 10  # of 40 at the rate 0.1: 4 ± 1.9


@pytest.mark.parametrize(
    ("mark", "said"),
    [
        (Mark("price", "median", 2.0, 1.0, 0.01), "price is lower: median 1, was 2"),
        (Mark("when", "median", "2024-01-02", "2025-01-02", 0.01), "when is later: median 2025-01-02, was 2024-01-02"),
        (Mark("price", "middle half", 2.0, 3.0, 0.01), "price varies more: the middle half is 3 wide, was 2"),
        (Mark("column 1", "spread", 2.0, 1.0, 0.01), "column 1 varies less: standard deviation 1, was 2"),
        (Mark("price", "median", 2.0, None, 0.01), "price is nowhere; median was 2"),
        (Mark("price", "median", None, 2.0, 0.01), "price was nowhere; median is 2"),
        (Mark("country = NG", "share", 0.004, 0.2, 0.01), "country = NG: in 20%, under 1% before"),
        (Mark("crash", "share", 0.0, 0.2, 0.01), "the word 'crash': in 20%, none before"),
    ],
)
def test_a_mark_is_said_in_words(mark: Mark, said: str) -> None:
    assert of_mark(mark) == said


# What the rate rests on


def test_a_reference_whose_stretches_differ_is_told_and_one_in_any_order_is_not() -> None:
    calm, doubted = 0, 0
    for seed in range(100):
        random = np.random.default_rng(seed)
        steps = random.standard_normal((300, 3))
        for i in range(1, 300):
            steps[i] += 0.6 * steps[i - 1]
        calm += inflation(random.permutation(steps).astype(np.float32)) > 1.25
        doubted += inflation(steps.astype(np.float32)) > 1.25
    assert calm <= 1
    assert doubted >= 95


def test_few_things_and_things_in_time_are_doubted_in_words() -> None:
    assert quick(cloud(0, 100), cloud(1)).calibrated
    few = quick(cloud(0, 15), cloud(1))
    assert not few.calibrated
    assert few.doubts == ("15 and 60 things are few: only a change of nearly all of them could be seen",)
    walk = np.cumsum(cloud(0, 300), axis=0)
    assert "are alike" in quick(walk, walk[::-1]).doubts[0]
