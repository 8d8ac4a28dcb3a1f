"""The statistics behind faces: rates that hold for people not seen, and groups that a slow oracle makes as well."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from knnife import BadInput
from knnife.geometry import unit
from knnife.statistics.intervals import share_interval
from knnife.statistics.tails import PowerTail
from knnife.tools._faces.average_linkage import group
from knnife.tools._faces.error_rates import Limits, best_of_each, measure
from knnife.tools._faces.thresholds import USUAL, decide


class Model:
    """A model of faces, as far as decisions ask it."""

    def __init__(self, threshold: float | None = None, form: str | None = None) -> None:
        self.threshold, self.form = threshold, form


def faces(people: int, each: int, dim: int, spread: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Points of people who were drawn by chance, and whose they are."""
    draw = np.random.default_rng(seed)
    centres = draw.standard_normal((people, 1, dim))
    points = centres + spread * draw.standard_normal((people, each, dim))
    return unit(points.reshape(-1, dim).astype(np.float32)), np.repeat(np.arange(people), each)


def tail(people: int = 40, each: int = 20, seed: int = 0) -> PowerTail:
    """Of likenesses that reach 1 - d in a share of d^10 of cases."""
    return PowerTail.learn(1 - np.random.default_rng(seed).random(people * each) ** 0.1, people, beyond=10)


def test_a_tail_of_that_kind_is_found_as_it_is() -> None:
    found = tail(people=200, each=50)
    for rate in (0.05, 0.01, 0.001):
        line = 1 - rate**0.1
        assert line < found.threshold(rate) < 1.08 * line  # a little above: the power is an estimate


def test_no_line_is_beyond_the_same_picture() -> None:
    close = PowerTail.learn(np.linspace(0.9, 0.999, 100), 5, beyond=10)
    assert 0.999 < close.threshold(1e-9) < 1
    assert PowerTail.learn(np.full(10, 0.5), 5, beyond=10).threshold(0.01) == pytest.approx(0.5, abs=1e-4)
    assert close.rate(1.0) == 0


@given(st.floats(1e-6, 0.04))
def test_rate_and_threshold_undo_each_other(rate: float) -> None:
    assert tail().rate(tail().threshold(rate)) == pytest.approx(rate, rel=1e-6)


def test_the_interval_narrows_with_people_and_not_with_their_photos() -> None:
    def width(people: int, each: int) -> float:
        found = tail(people, each)
        low, high = found.between(found.threshold(0.01))
        assert low < 0.01 < high
        return high - low

    assert width(400, 2) < width(40, 2) / 2
    assert width(40, 20) == pytest.approx(width(40, 2))


@pytest.mark.parametrize(
    ("share", "count", "low", "high"),
    [(0.0, 10, 0.0, 0.2172), (0.2, 50, 0.1077, 0.3258), (0.01, 1000, 0.0052, 0.0177)],  # of scipy.stats.beta
)
def test_intervals_of_shares_are_those_of_jeffreys(share: float, count: int, low: float, high: float) -> None:
    assert share_interval(share, count) == pytest.approx((low, high), abs=0.0002)


def test_a_tail_comes_back_from_json() -> None:
    found = tail()
    assert PowerTail.of_state(json.loads(json.dumps(found.state()))) == found


@pytest.mark.parametrize("broken", [{"power": 0}, {"share": 2}, {"start": float("nan")}, {"people": 0}, {"count": "x"}])
def test_a_damaged_tail_is_refused(broken: dict[str, object]) -> None:
    with pytest.raises((ValueError, TypeError)):
        PowerTail.of_state({**tail().state(), **broken})


def test_strangers_pass_at_the_stated_rate() -> None:
    """People who were not there when it was measured; the rate is stated for the mean over galleries."""
    passed, missed = [], []
    for seed in range(40):
        points, codes = faces(60, 4, 24, 0.35, seed)
        known, strangers = codes < 30, codes >= 30
        rows = np.flatnonzero(known)
        limits = measure(codes[rows], lambda _, rows=rows, points=points: points[rows], trained=False)
        assert limits.strangers is not None
        line = limits.strangers.threshold(0.01)
        best = best_of_each(points[strangers] @ points[rows].T, codes[rows], 30).max(axis=1)
        passed.append((best >= line).mean())
        missed.append(limits.missed(line))
    assert 0.002 < np.mean(passed) < 0.02
    assert np.mean(missed) < 0.05


def test_a_trained_encoder_is_measured_on_those_left_out() -> None:
    """One that learns people by heart looks perfect on them, and must not be believed."""
    points, codes = faces(20, 6, 24, 0.8, 1)

    def by_heart(rows: np.ndarray | None) -> np.ndarray:
        taught = np.arange(len(points)) if rows is None else rows
        made = points.copy()
        for person in np.unique(codes[taught]):
            own = taught[codes[taught] == person]
            made[own] = unit(np.eye(24, dtype=np.float32)[[person]] + 0.01 * points[own])
        return made

    honest = measure(codes, by_heart, trained=True)
    fooled = measure(codes, by_heart, trained=False)
    fixed = measure(codes, lambda _: points, trained=False)
    assert honest.strangers is not None
    assert fooled.strangers is not None
    assert fixed.strangers is not None
    assert fooled.strangers.threshold(0.01) < 0.3 < honest.strangers.threshold(0.01)
    assert fooled.missed(0.3) == 0
    assert honest.missed(0.3) is not None
    assert honest.missed(0.3) > 0.1  # type: ignore[operator]


def test_limits_come_back_from_json() -> None:
    points, codes = faces(12, 3, 16, 0.3, 0)
    found = measure(codes, lambda _: points, trained=False)
    assert Limits.of_state(json.loads(json.dumps(found.state()))) == found
    few = measure(codes[:6], lambda _: points[:6], trained=False)
    assert few == Limits(2, 6, None, None, ())
    assert Limits.of_state(json.loads(json.dumps(few.state()))) == few


def test_the_best_of_each_person() -> None:
    likenesses = np.array([[0.1, 0.9, 0.3, 0.2]], np.float32)
    assert best_of_each(likenesses, np.array([0, 1, 0, 1]), 2)[0] == pytest.approx([0.3, 0.9])


def test_with_few_people_the_line_is_that_of_the_model() -> None:
    points, codes = faces(12, 4, 24, 0.3, 0)
    none = measure(codes[:4], lambda _: points[:4], trained=False)
    advised = decide(none.strangers, none, Model(0.4), 0.01)  # type: ignore[arg-type]
    assert (advised.threshold, advised.false_matches, advised.chance(0.5)) == (0.4, None, None)
    with pytest.raises(BadInput, match="3 or more are needed"):
        decide(none.strangers, none, Model(form="faces"), 0.01)  # type: ignore[arg-type]
    assert decide(none.strangers, none, Model(), 0.01).threshold == USUAL  # type: ignore[arg-type]
    few = measure(codes[:20], lambda _: points[:20], trained=False)
    assert decide(few.pairs, few, Model(0.99), 0.01).threshold == 0.99  # type: ignore[arg-type]
    many = measure(codes, lambda _: points, trained=False)
    assert decide(many.pairs, many, Model(0.99), 0.01).threshold < 0.99  # type: ignore[arg-type]


def oracle(points: np.ndarray, photos: np.ndarray, names: np.ndarray, at_least: float) -> set[frozenset[int]]:
    """Average linkage by its definition: all means over all pairs, again after every join."""
    groups = [[row] for row in range(len(points))]

    def alike(a: list[int], b: list[int]) -> float:
        likenesses = []
        for i in a:
            for j in b:
                both = names[i] >= 0 and names[j] >= 0
                apart = (photos[i] >= 0 and photos[i] == photos[j]) or names[i] != names[j]
                same = both and names[i] == names[j]
                likenesses.append(
                    4.0
                    if same
                    else -np.inf
                    if apart and (both or photos[i] == photos[j] >= 0)
                    else points[i] @ points[j]
                )
        return float(np.mean(likenesses))

    while len(groups) > 1:
        value, i, j = max((alike(a, b), -i, -j) for i, a in enumerate(groups) for j, b in enumerate(groups) if i < j)
        if value < at_least:
            break
        groups[-i] += groups.pop(-j)
    return {frozenset(each) for each in groups}


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.floats(-0.2, 0.9))
def test_groups_are_those_of_the_slow_way(seed: int, at_least: float) -> None:
    draw = np.random.default_rng(seed)
    n = int(draw.integers(1, 14))
    points = unit(draw.standard_normal((n, 3)).astype(np.float32))
    photos, names = draw.integers(-1, 6, n), np.where(draw.random(n) < 0.7, -1, draw.integers(0, 3, n))
    found = group(points, photos, names, at_least)
    made = {frozenset(np.flatnonzero(found == number).tolist()) for number in range(found.max() + 1)}
    assert made == oracle(points, photos, names, at_least)
    sizes = np.bincount(found)
    assert (np.diff(sizes) <= 0).all()


def test_many_faces_are_grouped_by_person() -> None:
    points, codes = faces(50, 20, 64, 0.3, 3)
    none = np.full(len(codes), -1)
    found = group(points, none, none, 0.6)
    assert len(set(zip(found.tolist(), codes.tolist(), strict=True))) == 50 == found.max() + 1
