"""How good recommendations are: every measure against a slow oracle, a planted taste, and intervals that cover."""

from __future__ import annotations

import gzip
import math
from collections import defaultdict
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from tests.conftest import shared

import knnife
from knnife.things.interactions import Interactions
from knnife.tools._evaluate_recommend.comparing import figures_of, verdict_of
from knnife.tools._evaluate_recommend.measures import answers_of
from knnife.tools._evaluate_recommend.recommenders import K1, NEIGHBOURS, B, item_neighbours, most_popular
from knnife.tools._evaluate_recommend.splits import split_of
from knnife.tools.evaluate_recommend import RecommendEvaluation

Log = list[tuple[str, str, float, float]]


def planted(users: int, tastes: int, faithful: float, seed: int = 0, each: int = 20, turns: int = 10) -> Log:
    """Users of plain tastes, who choose among the items of theirs, some more than others, `faithful` of the time."""
    random = np.random.default_rng(seed)
    own = np.arange(users * turns) // turns % tastes
    drawn = np.where(random.random(len(own)) < faithful, own, random.integers(tastes, size=len(own)))
    item = drawn * each + (each * random.random(len(own)) ** 2).astype(int)
    return [(f"u{i // turns}", f"i{each}", 1.0, float(i % turns)) for i, each in enumerate(item.tolist())]


def pairs_of(log: Log) -> Interactions:
    users, items = sorted({user for user, *_ in log}), sorted({item for _, item, *_ in log})
    user = np.array([users.index(each[0]) for each in log], np.int32)
    item = np.array([items.index(each[1]) for each in log], np.int32)
    return Interactions.of_pairs(
        users, items, user, item, np.ones(len(log), np.float32), np.array([each[3] for each in log])
    )


def figure(found: RecommendEvaluation, system: str, name: str) -> dict[str, Any]:
    return next(row for row in found.rows() if (row["system"], row["figure"]) == (system, name))


def slow_figures(training: Interactions, later: Interactions, scores: Any, drawn: Any, k: int) -> dict[str, float]:
    """Every measure by its definition, user by user and item by item."""
    histories: dict[int, set[int]] = defaultdict(set)
    wanted: dict[int, set[int]] = defaultdict(set)
    users_of: dict[int, set[int]] = defaultdict(set)
    for user, item in zip(training.of.tolist(), training.chosen.tolist(), strict=True):
        histories[user].add(item)
        users_of[item].add(user)
    for user, item in zip(later.of.tolist(), later.chosen.tolist(), strict=True):
        wanted[user].add(item)
    sums: dict[str, list[float]] = defaultdict(list)
    answered = set()
    for user in sorted(set(histories) & set(wanted)):
        left = sorted(set(users_of) - histories[user], key=lambda item: (-scores[user, item], drawn[item]))
        hits = [item in wanted[user] for item in left]
        best = sum(1 / math.log2(place + 2) for place in range(min(k, len(wanted[user]))))
        sums["ndcg"].append(sum(hit / math.log2(place + 2) for place, hit in enumerate(hits[:k])) / best)
        sums["recall"].append(sum(hits[:k]) / len(wanted[user]))
        sums["mrr"].append(1 / (hits.index(True) + 1) if any(hits) else 0.0)
        answered |= {*left[:k]}
        if not left:
            continue
        share = [len(users_of[item]) / len(histories) for item in left[:k]]
        sums["novelty"].append(sum(-math.log2(each) for each in share) / len(share))
        sums["popularity"].append(sum(share) / len(share))
        own = [len(users_of[item]) / len(histories) for item in histories[user]]
        sums["own"].append(sum(own) / len(own))
    means = {name: sum(values) / len(values) for name, values in sums.items()}
    means["popularity"] = sum(sums["popularity"]) / sum(sums["own"]) if sums["own"] else math.nan
    return {**means, "coverage": len(answered) / len(users_of)}


@given(st.integers(0, 10_000), st.sampled_from(["last", "time"]), st.integers(1, 6), st.integers(2, 12))
@settings(max_examples=60)
def test_every_measure_is_that_of_a_slow_oracle(seed: int, how: Any, k: int, items: int) -> None:
    random = np.random.default_rng(seed)
    log = pairs_of(
        [(f"u{random.integers(9)}", f"i{random.integers(items)}", 1.0, float(random.integers(30))) for _ in range(60)]
    )
    split = split_of(log, how, 0.3, 100, 0)
    scores = random.integers(4, size=(len(log.users), len(log.items))).astype(np.float32)  # many are equal
    answers = answers_of(lambda users: scores[users], split, k, seed, lambda done: None)
    found = figures_of({"any": answers}, split, k, 0)
    drawn = np.random.default_rng(seed).permutation(len(log.items))
    slow = slow_figures(split.training, split.later, scores, drawn, k)
    for each in found:
        expected = slow.get(each.name.partition("@")[0], math.nan)
        assert each.value == pytest.approx(expected, nan_ok=True), each.name


def test_item_neighbours_are_those_of_the_whole_matrix() -> None:
    log = pairs_of(planted(60, 3, 0.7))
    chosen = np.zeros((len(log.users), len(log.items)))
    chosen[log.of, log.chosen] = 1
    length = 1 - B + B * chosen.sum(axis=0) / chosen.sum(axis=0).mean()
    words = np.log1p(len(log.items) / (1 + chosen.sum(axis=1)))[:, None] * chosen * (K1 + 1) / (K1 * length + 1)
    near = words.T @ words
    np.fill_diagonal(near, 0)
    assert len(log.items) <= NEIGHBOURS
    found = item_neighbours(log)(np.arange(len(log.users)))
    assert found == pytest.approx(chosen @ near, rel=1e-4)


def test_items_of_few_users_among_many_have_the_same_neighbours() -> None:
    few = pairs_of(planted(40, 2, 0.9, each=10))
    many = Interactions(
        few.users,
        [*few.items, *(f"never {i}" for i in range(20_000))],
        few.starts,
        few.chosen,
        few.weights,
        few.times,
        few.turns,
    )
    users = np.arange(40)
    few_scores, many_scores = item_neighbours(few)(users), item_neighbours(many)(users)
    assert not many_scores[:, len(few.items) :].any()
    assert ((few_scores > 0) == (many_scores[:, : len(few.items)] > 0)).all()


def test_a_planted_taste_beats_popularity_and_noise_does_not() -> None:
    found = knnife.evaluate_recommend(planted(300, 6, 0.9))
    assert figure(found, "most popular", "ndcg@10")["ahead_low"] > 0.05
    assert found.verdict[0].startswith("knnife beats the most popular by +.")
    assert figure(found, "knnife", "coverage@10")["value"] > figure(found, "most popular", "coverage@10")["value"]
    noise = knnife.evaluate_recommend(planted(300, 6, 0.0))
    assert noise.verdict[0].startswith("knnife does not beat the most popular: ")


def test_intervals_cover_what_more_users_would_show() -> None:
    truth, covered = [], []
    for seed in range(40):
        log = pairs_of(planted(60, 4, 0.6, seed))
        split = split_of(log, "last", 0.1, 1000, 0)
        answers = answers_of(most_popular(split.training), split, 10, seed, lambda done: None)
        found = next(each for each in figures_of({"any": answers}, split, 10, seed) if each.name == "recall@10")
        truth.append(found.value)
        covered.append((found.low, found.high))
    mean = np.mean(truth)
    assert np.mean([low <= mean <= high for low, high in covered]) >= 0.85


def test_the_last_choice_of_each_user_is_kept_aside() -> None:
    log = [("a", "x", 1, 3), ("a", "y", 1, 9), ("a", "z", 1, 5), ("b", "y", 1, 1), ("c", "z", 1, 4), ("c", "x", 1, 4)]
    split = split_of(pairs_of(log), "last", 0.1, 100, 0)
    later = [
        (split.later.users[u], split.later.items[i]) for u, i in zip(split.later.of, split.later.chosen, strict=True)
    ]
    assert later == [("a", "y"), ("c", "x")]
    assert len(split.training) == 4
    assert list(split.notes) == [
        "1 users made several choices at their last time: the last row of these was left out",
        "1 users have one choice: it is learned from, and they are not asked for",
    ]


def test_a_split_by_time_keeps_what_happened_at_once_together() -> None:
    log = pairs_of([(f"u{i % 4}", f"i{i}", 1, float(i // 4)) for i in range(40)])
    split = split_of(log, "time", 0.15, 100, 0)
    assert len(split.later) % 4 == 0
    assert split.later.times.min() > split.training.times.max()


def test_what_is_left_out_is_told() -> None:
    rows = [("a", "x"), ("a", "y"), ("b", "x"), ("b", "new"), ("c", "y")]
    found = knnife.evaluate_recommend(rows)
    assert found.users == 2
    assert list(found.notes) == [
        "the log has no times: the order of its rows stands for them",
        "1 users have one choice: it is learned from, and they are not asked for",
        "1 of 2 left out choices are of items that nobody chose before: they count as missed",
    ]
    assert all(row["low"] is None and row["ahead_low"] is None for row in found.rows())
    assert "2 users are too few to say whether knnife beats the most popular" in found.verdict[0]


def test_where_everybody_chose_everything_the_item_that_is_left_is_found_by_all() -> None:
    found = knnife.evaluate_recommend([(f"u{user}", f"i{item}") for user in range(12) for item in range(5)])
    for system in ("knnife", "most popular", "item-kNN"):
        assert figure(found, system, "recall@10")["value"] in (0.0, 1.0)  # the last is the same for all: nobody has it


def test_a_space_is_evaluated_and_stays_as_it_is(tmp_path: Any) -> None:
    log = planted(40, 2, 0.9)
    with knnife.Space.open(tmp_path / "taste.knnife") as space:
        knnife.add_interactions(space, log)
        before = len(space)
        by_space = knnife.evaluate_recommend(space, k=5)
        assert len(space) == before
    assert list(by_space.rows()) == list(knnife.evaluate_recommend(tmp_path / "taste.knnife", k=5).rows())
    assert list(by_space.rows()) == list(knnife.evaluate_recommend(log, k=5).rows())


def test_a_stopped_evaluation_has_what_was_done() -> None:
    def stop(done: int, share: float | None) -> None:
        if done > 40:
            raise KeyboardInterrupt

    found = knnife.evaluate_recommend(planted(40, 2, 0.9), progress=stop)
    assert {each.system for each in found.figures} == {"most popular"}
    assert list(found.unfinished) == ["item-kNN", "knnife"]
    assert list(found.verdict) == []


def test_progress_goes_up_to_all() -> None:
    told: list[tuple[int, float]] = []
    knnife.evaluate_recommend(planted(40, 2, 0.9), progress=lambda done, share: told.append((done, share or 0.0)))
    assert told == sorted(told)
    assert told[-1] == (120, 1.0)


def test_of_many_users_some_are_drawn() -> None:
    found = knnife.evaluate_recommend(planted(50, 2, 0.9), sample=20)
    assert found.users == 20
    assert "20 of 50 users were asked for, drawn by chance (--sample)" in found.notes


@pytest.mark.parametrize(
    ("log", "asked", "part"),
    [
        ([("a", "x"), ("b", "y")], {}, "none of 2 users has both a choice to learn from and a later one"),
        ([("a", "x"), ("a", "y")], {"split": "time"}, "a split by time needs times"),
        ([("a", "x", 1, 5), ("a", "y", 1, 5)], {"split": "time"}, "no choice is later than the first 90% of all"),
        ([("a", "x"), ("a", "y")], {"split": "half"}, "split is 'half'; expected one of last, time"),
        ([("a", "x"), ("a", "y")], {"share": 1.0}, "share is 1.0; expected a number between 0 and 1"),
        ([("a", "x"), ("a", "y")], {"k": 0}, "k"),
        ([("a", "x", -1)], {}, "weight -1"),
        ([], {}, "no events"),
    ],
)
def test_what_cannot_be_evaluated_is_refused(log: Any, asked: dict[str, Any], part: str) -> None:
    with pytest.raises(knnife.BadInput, match=part):
        knnife.evaluate_recommend(log, **asked)


def test_a_space_without_interactions_is_refused(tmp_path: Any) -> None:
    with (
        knnife.Space.open(tmp_path / "empty.knnife") as space,
        pytest.raises(knnife.BadInput, match="has no interactions"),
    ):
        knnife.evaluate_recommend(space)


def test_a_verdict_says_who_is_better() -> None:
    log = pairs_of(planted(100, 4, 0.9))
    split = split_of(log, "last", 0.1, 1000, 0)
    good = answers_of(item_neighbours(split.training), split, 10, 0, lambda done: None)
    poor = answers_of(lambda users: -item_neighbours(split.training)(users), split, 10, 0, lambda done: None)
    figures = figures_of({"most popular": good, "knnife": poor}, split, 10, 0)
    assert verdict_of(figures, 100)[0].endswith("the most popular is better")


@pytest.mark.nightly
def test_movielens_is_as_others_measure_it() -> None:
    text = gzip.decompress(shared("recsys/ml-100k-u.data.gz").read_bytes()).decode()
    rows = [line.split("\t") for line in text.splitlines()]
    found = knnife.evaluate_recommend([(user, item, 1.0, float(time)) for user, item, _, time in rows])
    assert figure(found, "most popular", "ndcg@10")["value"] == pytest.approx(0.044, abs=0.001)
    assert figure(found, "most popular", "recall@10")["value"] == pytest.approx(0.086, abs=0.001)
    assert figure(found, "item-kNN", "ndcg@10")["value"] == pytest.approx(0.057, abs=0.003)
    assert figure(found, "most popular", "ndcg@10")["ahead_low"] > 0
