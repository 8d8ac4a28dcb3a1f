"""What is learned from who chose what: against dense algebra, and where the right answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from tests.encoders.tastes import checkerboard, encoder, interactions

from knnife.encoders._taste import als, best_items
from knnife.encoders._taste.als import factorise
from knnife.encoders._taste.ease import dense, together
from knnife.encoders._taste.history import of_user
from knnife.encoders._taste.links import ItemLinks, add_links, flat
from knnife.encoders._taste.taste_settings import TasteSettings
from knnife.encoders.taste import Taste
from knnife.errors import BadInput

_taste = als._taste if als.COMPILED else None

TASTE = encoder()


def matrix(given):
    chosen = np.zeros((len(given.users), len(given.items)))
    chosen[given.of, given.chosen] = 1
    return chosen


def test_on_a_checkerboard_the_item_that_was_withheld_comes_first():
    board = interactions(checkerboard(20))
    taste = Taste.train(board, factors=8, smoothing=2, regularisation=0.1)
    best, _ = taste.top([of_user(board, user) for user in range(20)], 1)
    assert best[:, 0].tolist() == list(range(20))


def test_factors_solve_the_normal_equations_of_dense_matrices():
    chance = np.random.default_rng(3)
    some = interactions([[f"i{each}" for each in chance.permutation(12)[: chance.integers(1, 9)]] for _ in range(15)])
    found = factorise(some, TasteSettings(factors=3, confidence=4.0, regularisation=0.3, rounds=60))
    chosen, items = matrix(some), found.items.astype(np.float64)
    for user, row in enumerate(chosen):
        sure = np.diag(1 + 4 * row)
        expected = np.linalg.solve(items.T @ sure @ items + 0.3 * np.eye(3), items.T @ sure @ row)
        np.testing.assert_allclose(found.users[user], expected, rtol=1e-3, atol=1e-4)


def test_links_are_the_least_squares_of_each_item_by_the_others():
    chance = np.random.default_rng(4)
    some = interactions([[f"i{each}" for each in chance.permutation(9)[: chance.integers(1, 7)]] for _ in range(30)])
    chosen, weights = matrix(some), dense(together(some, np.arange(9, dtype=np.int32)), 2.0)
    for item in range(9):
        others = np.arange(9) != item
        own = chosen[:, others]
        expected = np.linalg.solve(own.T @ own + 2 * np.eye(8), own.T @ chosen[:, item])
        np.testing.assert_allclose(weights[others, item], expected, atol=1e-5)


def test_of_many_items_the_most_chosen_are_linked(monkeypatch):
    monkeypatch.setattr("knnife.encoders._taste.ease.MOST", 2)
    taste = Taste.train(interactions([["a", "c"], ["a", "c"], ["a", "b"], ["c", "b"], ["d", "c", "a"]]), blend=0)
    scores = taste.scores([taste.history([each]) for each in "abcd"])
    assert [[name for name, said in zip("abcd", row, strict=True) if said] for row in scores] == [["c"], [], ["a"], []]


def test_of_the_links_to_an_item_those_that_say_most_are_kept():
    weights = np.array([[0, 1, -3], [2, 0, 1], [5, -4, 0]], np.float32)
    links = ItemLinks.of_dense(weights, 1)
    kept = links.scores([(np.array([item], np.int32), np.ones(1, np.float32)) for item in range(3)])
    assert kept.tolist() == [[0, 0, -3], [0, 0, 0], [5, -4, 0]]


def test_what_was_chosen_last_counts_more_unless_the_order_says_nothing():
    evenings = [["horror", "scream"], ["horror", "scream"], ["comedy", "laugh"], ["comedy", "laugh"]] * 5
    taste = Taste.train(interactions(evenings), factors=4, smoothing=2, recency=1)
    horror, comedy = taste.number_of["scream"], taste.number_of["laugh"]
    late, early = taste.scores([taste.history(["comedy", "horror"]), taste.history(["horror", "comedy"])])
    assert late[horror] - late[comedy] > early[horror] - early[comedy] + 0.1
    one, other = taste.scores(
        [taste.history(each, timed=False) for each in (["comedy", "horror"], ["horror", "comedy"])]
    )
    np.testing.assert_allclose(one, other, atol=1e-6)


def test_the_reasons_of_a_score_sum_to_it():
    history = TASTE.history(["red", "and", "sky"])
    scores = TASTE.scores([history])[0]
    for item in range(len(TASTE.items)):
        np.testing.assert_allclose(TASTE.because(history, item).sum(), scores[item], atol=1e-5)


def test_a_user_folded_in_lies_where_the_trained_one_does():
    board = interactions(checkerboard(20))
    taste = Taste.train(board, factors=4, regularisation=0.1)
    folded = taste.encode([[board.items[item] for item in board.chosen[board.pairs(user)]] for user in range(20)])
    np.testing.assert_allclose(folded, taste.user_vectors, atol=1e-3)


def test_dislike_takes_away():
    liked, torn = TASTE.scores([TASTE.history({"red": 1.0}), TASTE.history({"red": 1.0, "sky": -1.0})])
    assert torn[TASTE.number_of["blue"]] < liked[TASTE.number_of["blue"]]


def test_only_what_is_allowed_is_answered_and_nothing_stands_for_the_rest():
    allowed = np.zeros(len(TASTE.items), np.bool_)
    allowed[[TASTE.number_of["blue"], TASTE.number_of["red"]]] = True
    best, scores = TASTE.top([TASTE.history(["red"])], 3, allowed=allowed)
    assert best.tolist() == [[TASTE.number_of["blue"], -1, -1]]
    assert np.isneginf(scores[0, 1:]).all()


def test_ids_of_any_characters_come_back_from_bytes():
    strange = ["\0", "\x01", "\x01\x02", "", "a\0b", "\ud800", "ü", "\x01\x03"]
    taste = Taste.train(interactions([strange, strange[:3]]), factors=2)
    again = Taste.from_bytes(taste.to_bytes())
    assert again.items == taste.items
    assert again.users == ["u0", "u1"]
    assert again.fingerprint == taste.fingerprint
    np.testing.assert_array_equal(*(each.scores([each.history(["ü"])]) for each in (taste, again)))


def test_bytes_that_are_damaged_are_refused():
    good = TASTE.to_bytes()
    chance = np.random.default_rng(0)
    for place in chance.integers(0, len(good), 200):
        bad = bytearray(good)
        bad[place] ^= 1 << int(chance.integers(8))
        try:
            Taste.from_bytes(bytes(bad)).scores([TASTE.history(["red"])])
        except BadInput:
            continue
    for length in range(0, len(good), 97):
        with pytest.raises(BadInput):
            Taste.from_bytes(good[:length])


@settings(max_examples=30)
@given(st.lists(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=5, unique=True), min_size=1, max_size=5))
def test_it_learns_from_as_little_as_there_is_and_twice_the_same(histories):
    some = interactions(histories)
    taste, again = Taste.train(some, factors=3), Taste.train(some, factors=3)
    assert taste.fingerprint == again.fingerprint
    scores = taste.scores([of_user(some, user) for user in range(len(histories))])
    assert np.isfinite(scores).all()
    best, _ = taste.top([of_user(some, user) for user in range(len(histories))], 2)
    for user, row in enumerate(best):
        assert not set(row.tolist()) & set(some.chosen[some.pairs(user)].tolist())


def test_nothing_to_learn_from_and_senseless_settings_are_refused():
    with pytest.raises(BadInput, match="no interaction"):
        Taste.train(interactions([]))
    for wrong in (
        {"factors": 0},
        {"factors": 2.5},
        {"smoothing": -1},
        {"confidence": np.nan},
        {"recency": -1},
        {"links": 0},
        {"recentcy": 1},
    ):
        with pytest.raises(BadInput):
            Taste.train(interactions([["a", "b"]]), **wrong)
    with pytest.raises(BadInput, match="one history"):
        TASTE.encode("red")
    with pytest.raises(BadInput, match="value 0"):
        TASTE.encode(["red"])


@pytest.mark.skipif(not als.COMPILED, reason="installed without a compiler")
@pytest.mark.parametrize("factors", [1, 3, 16, 37])
def test_the_compiled_steps_are_those_of_numpy(factors):
    chance = np.random.default_rng(factors)
    some = interactions([[f"i{each}" for each in chance.permutation(40)[: chance.integers(0, 30)]] for _ in range(60)])
    side = als.PairsOfRows(some.starts, some.chosen, chance.uniform(0, 5, len(some)).astype(np.float32))
    fixed = chance.normal(size=(len(some.items), factors)).astype(np.float32)
    moved = chance.normal(size=(len(some.users), factors)).astype(np.float32)
    gram = fixed.T @ fixed + np.eye(factors, dtype=np.float32)
    plain = als.steps_of(side, slice(0, len(moved)), fixed, moved.copy(), gram, 3)
    _taste.solve_rows(side.starts, side.others, side.counts, fixed, gram, moved, factors, 0, len(moved), 3)
    np.testing.assert_allclose(moved, plain, rtol=1e-3, atol=1e-4)


@pytest.mark.skipif(not als.COMPILED, reason="installed without a compiler")
@given(st.data())
def test_compiled_ranking_is_that_of_numpy(data):
    q, m, k = (data.draw(st.integers(1, most)) for most in (4, 60, 12))
    chance = np.random.default_rng(data.draw(st.integers(0, 99)))
    scores = chance.integers(0, 8, (q, m)).astype(np.float32)  # with many that are equal
    seen = [chance.permutation(m)[: chance.integers(0, m + 1)].astype(np.int32) for _ in range(q)]
    plain = best_items.Best(np.empty((q, k), np.int32), np.empty((q, k), np.float32))
    begins = np.cumsum([0, *map(len, seen)], dtype=np.int64)
    best_items.best_plainly(scores.copy(), begins, np.concatenate(seen), *plain)
    for found, expected in zip(best_items.best(scores, seen, k), plain, strict=True):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.skipif(not als.COMPILED, reason="installed without a compiler")
def test_compiled_links_are_those_of_numpy():
    chance = np.random.default_rng(7)
    links = ItemLinks.of_dense(chance.normal(size=(30, 30)).astype(np.float32), 9)
    histories = [
        (chance.permutation(30)[:size].astype(np.int32), chance.normal(size=size).astype(np.float32))
        for size in (0, 3, 30)
    ]
    plain = np.zeros((3, 30), np.float32)
    add_links(*flat(histories), links.starts, links.to, links.says, plain)
    np.testing.assert_allclose(links.scores(histories), plain, atol=1e-5)


@pytest.mark.skipif(not als.COMPILED, reason="installed without a compiler")
def test_compiled_code_refuses_arrays_that_do_not_fit_together():
    starts, one, two = np.array([0, 2], np.int64), np.ones((1, 2), np.float32), np.ones(2, np.float32)
    gram, bad = np.eye(2, dtype=np.float32), np.array([0, 1], np.int32)
    for others, first, last in ((bad, 0, 1), (bad - 1, 0, 1), (bad * 0, 0, 2), (bad * 0, -1, 1), (bad[:1] * 0, 0, 1)):
        with pytest.raises(ValueError, match="fit together"):
            _taste.solve_rows(starts, others, two, one, gram, one.copy(), 2, first, last, 1)
    for begins in (np.array([0, 3], np.int64), np.array([1, 0], np.int64), np.array([-1, 0], np.int64)):
        with pytest.raises(ValueError, match="fit together"):
            _taste.add_links(begins, bad * 0, two, starts, bad * 0, two, np.zeros((1, 1), np.float32))
        with pytest.raises(ValueError, match="fit together"):
            _taste.best(one.copy(), begins, bad, 2, np.empty((1, 1), np.int32), np.empty((1, 1), np.float32))
