"""The monitor of a stream: its ranks are uniform, its wealth is what the sum says, its rate holds over many looks."""

from __future__ import annotations

from math import lgamma, log
from pathlib import Path

import numpy as np
import pytest
from tests.encoders.tables import encoder as payments_encoder, payments
from tests.toys import Letters

from knnife import BadInput, DriftMonitor, EncoderMismatch, Space
from knnife.tools._drift.monitor import PRIOR, ranked, wealth
from knnife.tools._drift.scores import BINS


def test_ranks_are_uniform_also_among_equal_values() -> None:
    random = np.random.default_rng(0)
    ranks = []
    for _ in range(300):
        values = random.integers(0, 3, 30).astype(float)
        found, known = ranked(values[10:], np.sort(values[:10]), random)
        assert known.tolist() == sorted(values)
        ranks += found.tolist()
    assert np.mean(ranks) == pytest.approx(0.5, abs=0.02)  # 6,000 ranks: ± 0.004
    shares = np.bincount((np.array(ranks) * 10).astype(int), minlength=10) / len(ranks)
    assert shares == pytest.approx(np.full(10, 0.1), abs=0.02)


def test_wealth_is_the_mixture_over_scores_and_first_looks() -> None:
    random = np.random.default_rng(1)
    steps = random.integers(0, 5, (4, 3, BINS))
    counts = np.concatenate([np.zeros((1, 3, BINS), np.int64), np.cumsum(steps, axis=0)])
    total = 1 / 5  # kept for the looks to come
    for start in range(4):
        for score in range(3):
            since = counts[-1, score] - counts[start, score]
            bet = sum(lgamma(PRIOR + c) - lgamma(PRIOR) for c in since) + since.sum() * log(BINS)
            bet -= lgamma(PRIOR * BINS + since.sum()) - lgamma(PRIOR * BINS)
            total += np.exp(bet) / 3 / ((start + 1) * (start + 2))
    assert wealth(counts) == pytest.approx(total, rel=1e-9)
    assert wealth(counts[:1]) == 1.0


def test_no_more_alarms_than_the_rate_over_a_hundred_looks() -> None:
    alarms = 0
    for seed in range(30):
        random = np.random.default_rng(seed)
        monitor = DriftMonitor.of(random.standard_normal((60, 3)), metric="euclidean", rate=0.2, seed=seed)
        for _ in range(100):
            look = monitor.add(random.standard_normal((3, 3)))
        alarms += look.drifted
    assert alarms <= 12  # at the rate 0.2 at most 6 ± 2.2


@pytest.mark.parametrize("change", [lambda x: x + 1.0, lambda x: x * 2, lambda x: x * 0.3])
def test_what_changes_later_is_seen_and_stays_seen(change) -> None:
    random = np.random.default_rng(0)
    monitor = DriftMonitor.of(random.standard_normal((400, 4)), metric="euclidean")
    for _ in range(20):
        quiet = monitor.add(random.standard_normal((20, 4)))
    assert not quiet.drifted
    assert quiet.seen == 400
    for _ in range(20):
        look = monitor.add(change(random.standard_normal((20, 4))))
    assert look.drifted
    assert monitor.drifted
    assert look.p_value <= 0.05
    assert monitor.add(np.empty((0, 4))).drifted


def test_one_thing_at_a_time_does_as_well_and_texts_are_encoded_as_the_reference_was(tmp_path) -> None:
    words = ["abc", "cab", "abab", "bca"] * 15
    with Space.open(tmp_path / "a.knnife", Letters()) as space:
        space.add([{"id": str(i), "text": word} for i, word in enumerate(words)])
        monitor = DriftMonitor.of(space)
        for _ in range(60):
            look = monitor.add(["hhhh"])
        assert look.seen == 60
        assert look.drifted
        with Space.open(tmp_path / "b.knnife", Letters("2")) as other:
            other.add(["abc"])
            with pytest.raises(EncoderMismatch):
                monitor.add(other)


def test_what_cannot_be_watched_is_refused() -> None:
    points = np.random.default_rng(0).standard_normal((60, 3))
    with pytest.raises(BadInput, match="has 39 things; a monitor needs 40"):
        DriftMonitor.of(points[:39])
    with pytest.raises(BadInput, match="rate is 1"):
        DriftMonitor.of(points, rate=1)
    monitor = DriftMonitor.of(points)
    with pytest.raises(BadInput, match="3 dimensions"):
        monitor.add(points[:, :2])
    with pytest.raises(BadInput, match="NaN"):
        monitor.add(np.full((1, 3), np.nan))
    constant = DriftMonitor.of(np.ones((60, 3)))
    assert not constant.add(np.ones((200, 3))).drifted


def test_a_column_that_was_the_same_in_all_rows_and_is_another_now_is_seen_by_a_monitor(tmp_path: Path) -> None:
    learned = payments_encoder()
    monitor = DriftMonitor.of(payments(300), encoder=learned, rate=0.05)
    monitor.save(tmp_path / "a.monitor")
    dollars = [{**row, "currency": "USD"} for row in payments(100, seed=1)]
    for each in (monitor, DriftMonitor.load(tmp_path / "a.monitor")):
        assert not each.add(payments(100, seed=2)).drifted
        assert each.add(dollars).drifted
    vectors = learned.encode(
        [{name: cell for name, cell in row.items() if name != "fraud"} for row in payments(100, seed=3)]
    )
    assert not DriftMonitor.load(tmp_path / "a.monitor").add(vectors).drifted  # nothing is known of these
