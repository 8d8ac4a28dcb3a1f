"""Drift: rates and power by simulation, slow oracles, known changes, and what is refused."""

from __future__ import annotations

import csv
import gzip
import xml.etree.ElementTree as Xml
from pathlib import Path

import numpy as np
import pytest
from tests.conftest import shared
from tests.toys import Letters

from knnife import BadInput, EncoderMismatch, Space, drift
from knnife.space import sample
from knnife.tools._drift.pool import Pool, joined, pooled, standing
from knnife.tools._drift.statistics import POWER, WEIGHTS, look, standardised, statistics
from knnife.tools.drift import Drift

BEFORE = ["the", "river", "flows", "past", "old", "trees", "and", "quiet", "green", "meadows", "full", "of", "birds"]
AFTER = ["engines", "burn", "fuel", "while", "rockets", "leave", "orbit", "towards", "distant", "cold", "planets"]


def cloud(seed: int, n: int = 60, d: int = 4, shift: float = 0.0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, d)) + shift


def quick(a: object, b: object, **options: object) -> Drift:
    return drift(a, b, **{"metric": "euclidean", "permutations": 99, **options})


def p_value(a: np.ndarray, b: np.ndarray, seed: int) -> float:
    """As `drift` finds it, without what it tells besides."""
    random = np.random.default_rng(seed)
    pool = a_pool(a, b, random)
    return standing(
        joined(np.stack(list(statistics(look(pool), pool.labellings(99, random)).values())), WEIGHTS), random
    )


def a_pool(a: np.ndarray, b: np.ndarray, random: np.random.Generator, block: int = 1, most: int = 5_000) -> Pool:
    both = [sample(each, metric="euclidean") for each in (a, b)]
    return pooled(*both, rate=0.05, block=block, most=most, random=random)


# The rate


@pytest.mark.parametrize("discrete", [False, True])
def test_false_alarms_come_at_the_rate_also_where_many_points_are_equal(discrete: bool) -> None:
    def drawn(seed: int) -> np.ndarray:
        return np.round(cloud(seed, 30, 2) / 2) if discrete else cloud(seed, 30)

    found = [p_value(drawn(2 * seed), drawn(2 * seed + 1), seed) for seed in range(150)]
    # 150 draws at the rate 0.05: 7.5 ± 2.7; at 0.5: 75 ± 6.1
    assert 1 <= sum(p <= 0.05 for p in found) <= 16
    assert 54 <= sum(p <= 0.5 for p in found) <= 96


def test_blocks_keep_the_rate_where_neighbours_in_time_are_alike_and_single_things_do_not() -> None:
    def series(seed: int) -> np.ndarray:  # of 12 days, each around a level of its own
        random = np.random.default_rng(seed)
        return np.repeat(random.standard_normal((12, 2)), 10, axis=0) + 0.3 * random.standard_normal((120, 2))

    called = {1: 0, 10: 0}
    for seed in range(40):
        days = series(seed)
        for block in called:
            random = np.random.default_rng(seed)
            pool = a_pool(days[:60], days[60:], random, block)
            parts = np.stack(list(statistics(look(pool), pool.labellings(99, random)).values()))
            called[block] += standing(joined(parts, WEIGHTS), random) <= 0.05
    assert called[1] > 30
    assert called[10] <= 7  # 40 draws: 2 ± 1.4


def test_equal_values_share_their_places_by_lot_and_nothing_is_learned_from_a_constant() -> None:
    random = np.random.default_rng(0)
    assert standing(np.ones(100), random) == 1.0
    found = [standing(np.array([1.0, 1, 1, 1, 2]), random) for _ in range(2_000)]
    assert min(found) >= 0.2
    assert max(found) <= 1.0
    assert np.mean(found) == pytest.approx(0.6, abs=0.02)


# What is seen


def test_statistics_are_what_their_slow_definitions_say() -> None:
    pool = a_pool(cloud(0, 40), cloud(1, 40, shift=0.5), np.random.default_rng(0))
    labels = pool.labellings(3, np.random.default_rng(1))
    found = look(pool)
    parts = statistics(found, labels)
    n = len(pool)
    squares = ((pool.points[:, None] - pool.points) ** 2).sum(axis=2)
    kernel = np.exp(-squares / np.median(squares[np.triu_indices(n, 1)]))
    others = np.where(np.eye(n, dtype=bool), np.inf, squares)
    reach = np.sort(others, axis=1)[:, :20].mean(axis=1)
    scaled = others - (reach[:, None] + reach) / 2
    for column in range(4):
        new = labels[:, column].astype(bool)
        mmd = kernel[new][:, new].mean() + kernel[~new][:, ~new].mean() - 2 * kernel[new][:, ~new].mean()
        assert parts["shifted"][column] == pytest.approx(mmd, rel=1e-2)
        gathered = 0.0
        for i in np.flatnonzero(new):
            near = np.argsort(scaled[i])
            gathered += sum(max((sum(new[near[:k]]) - k / 2) / np.sqrt(k / 4), 0) ** POWER for k in (5, 10))
        assert parts["gathered"][column] == pytest.approx(gathered, rel=1e-4)
    assert found.near.shape == (n, 10)
    z = standardised(pool.points, labels)[0, 0]
    values, new = pool.points[:, 0], labels[:, 0].astype(bool)
    error = values.std(ddof=1) * np.sqrt(1 / new.sum() + 1 / (~new).sum())
    assert z == pytest.approx((values[new].mean() - values[~new].mean()) / error, rel=1e-4)


def test_neighbours_of_the_same_block_do_not_count() -> None:
    pool = a_pool(cloud(0, 40), cloud(1, 40), np.random.default_rng(0), block=5)
    near = look(pool).near
    assert not (pool.blocks[near] == pool.blocks[:, None]).any()


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (lambda x: np.vstack([x[:-12], cloud(9, 12, 8) * 0.2 + 4]), "gathered"),
        (lambda x: x + 0.6, "shifted"),
        (lambda x: x * 1.6, "turned"),
        (lambda x: x * 0.6, "gathered"),
    ],
)
def test_changes_of_every_kind_are_seen(change, part: str) -> None:
    for seed in range(3):
        found = quick(cloud(seed, 120, 8), change(cloud(seed + 50, 120, 8)), permutations=199)
        assert found.drifted
        assert found.parts[part] <= 0.05


def test_what_vanished_is_told() -> None:
    old = np.vstack([cloud(0, 100, 8), cloud(1, 20, 8) * 0.2 + 5])
    found = quick(old, cloud(2, 120, 8))
    assert found.drifted
    assert found.parts["vanished"] <= 0.05
    assert {example.position for example in found.vanished} <= set(range(100, 120))
    assert found.regions[0].share_reference > 0.1
    assert found.regions[0].share_new == 0


def test_the_size_of_a_change_does_not_grow_with_the_number_of_things() -> None:
    few, many = (quick(cloud(0, n, 4), cloud(1, n, 4, 0.3)) for n in (300, 3_000))
    assert many.p_value <= 0.05
    assert few.moved < 0.35
    assert many.moved < 0.35
    assert many.told_apart == pytest.approx(few.told_apart, abs=0.1)
    apart = quick(cloud(0), cloud(1, shift=20))
    assert apart.moved > 0.95
    assert apart.told_apart > 0.99


def test_the_same_seed_gives_the_same_answer() -> None:
    a, b = cloud(0, 200), cloud(1, 200)
    one, two, other = (list(quick(a, b, seed=seed, most=50).rows()) for seed in (3, 3, 4))
    assert one == two != other


def test_more_things_than_are_compared_are_drawn_and_this_is_told() -> None:
    found = quick(cloud(0, 300), cloud(1, 90), most=100)
    assert (found.compared, found.sizes) == ((100, 90), (300, 90))


# What is told


def test_columns_that_differ_are_named_with_their_values() -> None:
    new = cloud(1, 300)
    new[:, 2] += 1
    new[:, 0] *= 2
    told = {(mark.name, mark.figure): mark for mark in quick(cloud(0, 300), new).marks}
    assert set(told) == {("column 2", "mean"), ("column 0", "spread")}
    mean, spread = told[("column 2", "mean")], told[("column 0", "spread")]
    assert mean.new - mean.reference == pytest.approx(1, abs=0.25)
    assert spread.new / spread.reference == pytest.approx(2, rel=0.2)


def texts(words: list[str], n: int, seed: int) -> list[str]:
    random = np.random.default_rng(seed)
    return [" ".join(random.choice(words, 6)) for _ in range(n)]


def test_of_texts_words_mark_a_region_that_is_new(tmp_path: Path) -> None:
    with Space.open(tmp_path / "old.knnife") as old:
        old.add(texts(BEFORE, 80, 0))
        found = drift(old, [*texts(BEFORE, 60, 1), *texts(AFTER, 20, 2)], permutations=99)
    assert found.drifted
    assert {mark.name for mark in found.marks} <= set(AFTER)
    assert {mark.figure for mark in found.marks} == {"share"}
    assert set(found.regions[0].words) <= set(AFTER)
    assert found.regions[0].share_reference == 0
    assert found.regions[0].share_new > 0.1
    assert {example.position for example in found.new} <= set(range(60, 80))


def test_the_picture_is_svg_that_no_text_can_break() -> None:
    found = drift([f"<a&b> {i}\x07" for i in range(12)], [f"</svg> {i}" for i in range(12)], permutations=99)
    root = Xml.fromstring(found.picture())
    assert len(root.findall(".//{*}circle")) == 24 + 2


# Accuracy


def test_the_accuracy_that_is_expected_is_the_one_that_comes() -> None:
    """Right with a chance that falls along one axis, along which the new things moved."""
    inside = 0
    for seed in range(12):
        random = np.random.default_rng(seed)
        old, new = cloud(seed, 1_000, 2), cloud(seed + 100, 1_000, 2) + np.array([0.7, 0])
        right = random.uniform(size=1_000) < chance(old)
        labels = random.choice(["a", "b"], 1_000)
        told = np.where(right, labels, np.where(labels == "a", "b", "a"))
        found = quick(old, new, labels=labels, predictions=told, permutations=19).accuracy
        truth = float(chance(new).mean())
        assert found.expected == pytest.approx(truth, abs=0.07)
        assert found.reference - truth > 0.1
        assert found.lost > 0.05
        inside += found.low <= truth <= found.high
    assert inside >= 9  # 11.4 of 12 are hoped for


def chance(points: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(1.2 * points[:, 0] - 1))


def test_without_predictions_it_is_that_of_the_nearest_neighbours() -> None:
    old = cloud(0, 400, 2)
    found = quick(old, cloud(1, 400, 2), labels=(old[:, 0] > 0).tolist()).accuracy
    assert found.by == "nearest neighbours"
    assert found.reference > 0.9
    assert abs(found.lost) < 0.03


# The known change of the electricity set


def test_the_known_change_is_found_and_named_where_blocks_are_weeks() -> None:
    with gzip.open(shared("drift/elec.csv.gz"), "rt") as lines:
        rows = np.array([row[1:6] for row in list(csv.reader(lines))[1:]], np.float32)
    found = quick(rows[17_760 - 2_016 : 17_760], rows[17_760 : 17_760 + 2_016], block=336, most=2_016)
    assert found.drifted
    assert found.compared == (2_016, 2_016)
    assert {"column 3", "column 4"} <= {mark.name for mark in found.marks}


# What is refused, and what is not


@pytest.mark.parametrize(
    ("a", "b", "options", "part"),
    [
        (cloud(0, 9), cloud(1), {}, "the reference has 9 things; drift needs 10"),
        (cloud(0), np.empty((0, 4)), {}, "the new sample has 0 things; drift needs 10"),
        (cloud(0), cloud(1, d=5), {}, "4 dimensions, the new sample of 5"),
        (cloud(0), np.full((20, 4), np.nan), {}, "NaN"),
        (cloud(0), cloud(1), {"rate": 0}, "rate is 0"),
        (cloud(0), cloud(1), {"permutations": 5}, "needs 19 or more"),
        (cloud(0), cloud(1), {"block": 0}, "block is 0"),
        (cloud(0), cloud(1), {"block": 30}, "2 in the reference and 2 in the new sample, too few"),
        (cloud(0), cloud(1), {"block": 70}, "the reference has 60 things"),
        (cloud(0), cloud(1), {"most": 5}, "most is 5"),
        (cloud(0), cloud(1), {"labels": ["a"] * 60}, "of one class"),
        (cloud(0), cloud(1), {"labels": ["a", "b"]}, "2 were given for 60"),
        (cloud(0), cloud(1), {"labels": "team"}, "60 of 60 things of the reference lack it"),
        (cloud(0), cloud(1), {"predictions": ["a"] * 60}, "predictions without labels"),
    ],
)
def test_what_cannot_be_told_is_refused(a: np.ndarray, b: np.ndarray, options: dict, part: str) -> None:
    with pytest.raises(BadInput, match=part):
        quick(a, b, **options)


def test_spaces_of_other_encoders_are_refused_and_empty_ones_too(tmp_path: Path) -> None:
    with (
        Space.open(tmp_path / "a.knnife", Letters("1")) as a,
        Space.open(tmp_path / "b.knnife", Letters("2")) as b,
        Space.open(tmp_path / "c.knnife", Letters("1")) as empty,
    ):
        a.add(["abc" * i for i in range(1, 20)])
        b.add(["abc" * i for i in range(1, 20)])
        with pytest.raises(EncoderMismatch, match="different encoders"):
            drift(a, b)
        with pytest.raises(BadInput, match=r"c\.knnife has 0 things"):
            drift(a, empty)


def test_duplicates_and_constant_columns_are_no_drift_unless_they_changed() -> None:
    same = np.ones((30, 3))
    found = quick(same, same)
    assert found.p_value == 1.0
    assert not found.regions
    assert not found.marks
    assert found.moved < 1e-6
    assert quick(same, same + 1).drifted
    still = np.column_stack([cloud(0, 60), np.full(60, 7.0)])
    assert "column 4" not in {mark.name for mark in quick(still, still + np.array([1, 0, 0, 0, 0])).marks}
