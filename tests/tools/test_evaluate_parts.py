"""What `evaluate` is made of: measures against slow definitions and cases done by hand, labels, draws, verdicts."""

from __future__ import annotations

import json
import math
import random
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, strategies as st

from knnife import BadInput, NotFound, Thing, geometry
from knnife.statistics import intervals, ranks
from knnife.tools._evaluate import labels, measures
from knnife.tools._evaluate.measures import neighbours, row_similarities
from knnife.tools._evaluate.verdict import FEWEST, standings, verdict

# Few distinct scores, so that ties come often.
JUDGED = st.lists(st.tuples(st.sampled_from([0.1, 0.2, 0.3, 0.5, 0.8]), st.booleans()), min_size=1, max_size=12)
SAMPLES = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=2, max_size=12)


def mean(units: np.ndarray) -> float:
    return float(units.mean())


# --- measures ---------------------------------------------------------------------------------------------------


def test_ndcg_recall_and_reciprocal_rank_of_a_case_done_by_hand() -> None:
    scores = np.array([[0.1, 0.9, 0.8, 0.2, 0.7]], np.float32)  # order of the columns: 1 2 4 3 0
    quality = measures.ranking_quality(scores, [{2: 3.0, 0: 2.0, 3: 1.0}], 3)
    dcg = 3 / math.log2(3)  # only column 2 is among the first three, at rank 2
    ideal = 3 + 2 / math.log2(3) + 1 / 2
    np.testing.assert_allclose(quality, [[dcg / ideal, 1 / 3, 1 / 2]])


def test_the_best_order_has_quality_one_and_an_answer_far_down_has_a_rank() -> None:
    scores = np.array([[3, 2, 1, 0], [0, 1, 2, 3]], np.float32)
    quality = measures.ranking_quality(scores, [{0: 2.0, 1: 1.0}, {0: 1.0}], 2)
    np.testing.assert_allclose(quality, [[1, 1, 1], [0, 0, 1 / 4]])


@given(SAMPLES)
def test_spearman_is_pearson_of_ranks(sample: list[tuple[int, int]]) -> None:
    a, b = np.array(sample, np.float64).T
    assume(len(set(a)) > 1 and len(set(b)) > 1)

    def ranks(values: np.ndarray) -> list[float]:
        return [
            sum(other < value for other in values) + (sum(other == value for other in values) + 1) / 2
            for value in values
        ]

    assert intervals.spearman(a, b) == pytest.approx(np.corrcoef(ranks(a), ranks(b))[0, 1])


def test_what_is_constant_correlates_with_nothing() -> None:
    assert intervals.spearman(np.zeros(5), np.arange(5.0)) == 0


@given(JUDGED)
def test_auroc_is_the_share_of_pairs_in_order(judged: list[tuple[float, bool]]) -> None:
    scores, truth = np.array(judged).T
    pairs = [(p > n) + (p == n) / 2 for p in scores[truth > 0] for n in scores[truth == 0]]
    assert ranks.auroc(scores, truth) == pytest.approx(np.mean(pairs) if pairs else 0)


@given(JUDGED)
def test_average_precision_and_best_f1_by_every_threshold(judged: list[tuple[float, bool]]) -> None:
    scores, truth = np.array(judged).T
    positives, area, recall_before, best = truth.sum(), 0.0, 0.0, 0.0
    for threshold in sorted(set(scores), reverse=True) if positives else ():
        taken = truth[scores >= threshold]
        precision, recall = taken.mean(), taken.sum() / positives
        area += precision * (recall - recall_before)
        recall_before = recall
        if precision + recall > 0:
            best = max(best, 2 * precision * recall / (precision + recall))
    assert measures.average_precision(scores, truth) == pytest.approx(area)
    assert measures.best_f1(scores, truth) == pytest.approx(best)


def test_overlap_does_not_depend_on_the_order() -> None:
    shared = measures.overlap(np.array([[1, 2, 3], [4, 5, 6]]), np.array([[3, 2, 1], [6, 7, 8]]))
    np.testing.assert_allclose(shared, [1, 1 / 3])


def test_the_interval_is_as_wide_as_the_error_of_a_mean() -> None:
    units = np.random.default_rng(1).normal(0.5, 0.2, size=(400, 1))
    low, high = intervals.percentile_interval(intervals.resampled(mean, [units], 0)[0])
    error = 0.2 / math.sqrt(400)
    assert low < units.mean() < high
    assert high - low == pytest.approx(2 * 1.96 * error, rel=0.15)


@pytest.mark.parametrize("metric", geometry.METRICS)
def test_neighbours_and_row_similarities_are_those_of_all_similarities(metric: geometry.Metric) -> None:
    chance = np.random.default_rng(0)
    points, queries = chance.normal(size=(30, 4)).astype(np.float32), chance.normal(size=(7, 4)).astype(np.float32)
    own, every = chance.integers(30, size=7), geometry.similarity(queries, points, metric)
    for found, row, left_out in zip(neighbours(points, own, queries, 5, metric), every, own, strict=True):
        others = [i for i in range(30) if i != left_out]
        assert found.tolist() == sorted(others, key=lambda i: -row[i])[:5]
    np.testing.assert_allclose(row_similarities(queries, points[:7], metric), np.diag(every), atol=1e-6)


# --- the verdict ------------------------------------------------------------------------------------------------


def noisy(n: int, lead: float, seed: int = 0) -> list[np.ndarray]:
    """The same n hard and easy questions to two encoders, the second of which is better by `lead` on average."""
    chance = np.random.default_rng(seed)
    common = chance.normal(0.5, 0.2, size=(n, 1))
    return [common + chance.normal(0, 0.05, (n, 1)), common + lead + chance.normal(0, 0.05, (n, 1))]


def test_a_lead_on_the_same_questions_is_seen_though_the_intervals_overlap() -> None:
    worse, better = standings(mean, noisy(100, 0.04), 0)
    assert worse.high > better.low
    assert (worse.sure, better.behind, better.sure) == (True, 0, False)
    assert worse.behind_low < 0.04 < worse.behind_high
    (line,) = verdict(["a", "b"], [worse, better], [30_000.0, 1_000.0], "ndcg@10 of 100 queries")
    assert line.startswith("b is better than a by 0.0")
    assert line.endswith("in ndcg@10 of 100 queries, at 1/30 of the speed")


def test_a_winner_is_rarely_claimed_where_there_is_none() -> None:
    claimed = [any(each.sure for each in standings(mean, noisy(60, 0.0, seed), seed)) for seed in range(40)]
    assert sum(claimed) <= 6  # 5% of 40 is 2


def test_of_few_questions_no_winner_is_claimed() -> None:
    units = noisy(FEWEST - 1, 0.5)
    worse, _ = ranked = standings(mean, units, 0)
    assert not worse.sure
    assert "too few to tell" in verdict(["a", "b"], ranked, [1.0, 1.0], "x")[0]


def test_equal_encoders_are_called_alike() -> None:
    units = noisy(50, 0)[0]
    assert verdict(["a", "b"], standings(mean, [units, units], 0), [3.0, 1.0], "mrr") == [
        "no winner: a and b do alike in mrr, a at 3 times the speed"
    ]


# --- labels -----------------------------------------------------------------------------------------------------


def test_queries_come_alike_from_every_form(tmp_path: Path) -> None:
    expected = [labels.Query("heist", {"1501.00010": 1, "Heat": 1}), labels.Query("love", {"Up": 1})]
    (tmp_path / "a.csv").write_text("query,relevant\nheist,1501.00010\nheist,Heat\nlove,Up\n")
    rows = [{"query": "heist", "relevant": ["1501.00010", "Heat"]}, {"query": "love", "relevant": "Up"}]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert labels.read_queries(tmp_path / "a.csv") == expected
    assert labels.read_queries(str(tmp_path / "a.jsonl")) == expected
    assert labels.read_queries(rows) == expected
    assert labels.read_queries({"heist": ["1501.00010", "Heat"], "love": "Up"}) == expected


def test_grades_are_gains_and_what_has_none_is_no_answer(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("query,relevant,grade\nheist,Heat,3\nheist,Up,0\nheist,Rififi,1.5\n")
    expected = [labels.Query("heist", {"Heat": 3, "Rififi": 1.5})]
    assert labels.read_queries(tmp_path / "a.csv") == expected
    assert labels.read_queries({"heist": {"Heat": 3, "Up": 0, "Rififi": 1.5}}) == expected


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([{"query": "a", "answer": "x"}], "row 1: no relevant"),
        ([{"query": "a", "relevant": "x", "grade": "good"}], "row 1: the grade is 'good'"),
        ([{"query": "a", "relevant": "x", "grade": 0}], "there are none with a relevant thing"),
        ([{"question": "a"}], "no|which column is the text|query"),
    ],
)
def test_queries_that_cannot_be_used_are_refused(given: list[dict[str, object]], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        labels.read_queries(given)


def test_a_missing_file_is_said() -> None:
    with pytest.raises(NotFound, match=r"nowhere\.csv"):
        labels.read_pairs("nowhere.csv")


def test_pairs_come_alike_from_a_file_and_from_tuples(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b,score\none,two,0.5\nthree,4,1\n")
    expected = [labels.Pair("one", "two", 0.5), labels.Pair("three", "4", 1)]
    assert labels.read_pairs(tmp_path / "a.csv") == expected
    assert labels.read_pairs([("one", "two", 0.5), ("three", "4", 1)]) == expected


@pytest.mark.parametrize("rows", [[("a", "b", "high")], [("a", None, 1)], [("a", "b", 1), ("c", "d", 1)]])
def test_pairs_that_cannot_be_used_are_refused(rows: list[tuple[object, ...]]) -> None:
    with pytest.raises(BadInput, match="pairs"):
        labels.read_pairs(rows)


# --- draws and texts --------------------------------------------------------------------------------------------


def test_things_are_drawn_evenly_and_those_to_be_kept_always() -> None:
    things = [Thing(str(i), f"text {i}") for i in range(20)] + [Thing("empty", " "), Thing("none", None)]
    seen: Counter[str | None] = Counter()
    for seed in range(600):
        drawn, total = labels.draw(iter(things), 5, seed, frozenset({"7"}))
        assert (len(drawn), total) == (5, 20)
        seen.update({thing.id for thing in drawn})
    assert seen.pop("7") == 600
    expected = 600 * 4 / 19
    assert len(seen) == 19
    assert all(abs(count - expected) < 5 * math.sqrt(expected) for count in seen.values()), seen


def test_the_same_seed_draws_the_same_and_another_shuffles_otherwise() -> None:
    things = [Thing(None, f"text {i}") for i in range(50)]
    first = labels.draw(things, 100, 3, frozenset())
    assert first == labels.draw(things, 100, 3, frozenset())
    assert first != labels.draw(things, 100, 4, frozenset())
    assert {thing.id for thing in first[0]} == {str(i) for i in range(50)}


@pytest.mark.parametrize(
    ("text", "field", "expected"),
    [
        ("The title\nThe body.", None, ("The title", "The body")),
        ("It all begins here. Then it goes on. And on.", None, ("It all begins here.", "Then it goes on. And on")),
        ("Dr. Who meets a friend. They travel.", None, ("Dr. Who meets a friend.", "They travel")),
        ("Only one sentence stands here.", None, None),
        ("HEAT: a detective hunts robbers", "name", ("Heat", "a detective hunts robbers")),
        ("a detective hunts robbers", "name", ("Heat", "a detective hunts robbers")),
        ("a detective hunts robbers", "id", ("film-1", "a detective hunts robbers")),
        ("a detective hunts robbers", "year", None),
        ("Heat", "name", None),
    ],
)
def test_titles_are_told_from_bodies(text: str, field: str | None, expected: tuple[str, str] | None) -> None:
    assert labels.title_and_body(Thing("film-1", text, {"name": "Heat"}), field) == expected


def test_texts_are_perturbed_a_little_and_alike_for_a_seed() -> None:
    text = " ".join(f"word{i:03}" for i in range(1000))
    changed = labels.perturb(text, random.Random(0))
    assert changed == labels.perturb(text, random.Random(0))
    words = set(text.split())
    kept = changed.split()
    assert 860 < len(kept) < 940  # one in ten is gone
    assert 50 < sum(word not in words for word in kept) < 130  # one in ten of the rest is mistyped
    assert all(sorted(word) in [sorted(other) for other in words] for word in kept[:50])


@given(st.text(max_size=40))
def test_any_text_can_be_perturbed_and_no_word_is_made_up(text: str) -> None:
    assume(text.split())
    changed = labels.perturb(text, random.Random(1))
    assert changed
    assert not Counter("".join(changed.split())) - Counter("".join(text.split()))
