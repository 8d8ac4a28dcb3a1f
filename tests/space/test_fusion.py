"""Words and meaning added up: hand-made numbers, and what must not matter."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from knnife.space.fusion import FURTHEST, MEANING, READER_STEP, SOME_WORDS, Side, by_share, candidates, fuse, reread


def positions(*numbers):
    return np.array(numbers, np.int64)


def scores(*numbers):
    return np.array(numbers, np.float32)


def test_candidates_are_what_either_side_found_once_each():
    assert candidates(positions(9, 2), positions(4, 9)).tolist() == [2, 4, 9]
    assert candidates(positions(), positions()).tolist() == []


def test_standard_scores_are_added():
    meaning = Side(positions(7, 3), scores(0.5, 0.2, 0.8), std=0.1, mean=0.2)
    words = Side(positions(5, 3), scores(3, 6, 0), std=2.0)
    fused = fuse(positions(3, 5, 7), meaning, words)
    assert fused.positions.tolist() == [7, 3, 5]
    assert fused.scores.tolist() == pytest.approx([MEANING * 6 + 0, MEANING * 3 + 1.5, MEANING * 0 + 3])
    assert fused.meaning_ranks.tolist() == [1, 2, 0]
    assert fused.words_ranks.tolist() == [0, 2, 1]


def test_equal_scores_stay_in_the_order_of_their_positions():
    same = Side(positions(1, 2, 3), scores(1, 1, 1), std=1.0)
    assert fuse(positions(1, 2, 3), same, same).positions.tolist() == [1, 2, 3]


def test_where_no_word_is_found_meaning_decides():
    meaning = Side(positions(2, 1), scores(0.1, 0.4), std=0.1, mean=0.0)
    fused = fuse(positions(1, 2), meaning, Side(positions(), scores(0, 0), std=0.0))
    assert fused.positions.tolist() == [2, 1]
    assert fused.scores.tolist() == pytest.approx([MEANING * 4, MEANING * 1])


def test_where_meaning_sees_no_difference_words_decide():
    meaning = Side(positions(1, 2), scores(0, 0), std=0.0, mean=0.0)
    assert fuse(positions(1, 2), meaning, Side(positions(2, 1), scores(1, 3), std=1.0)).positions.tolist() == [2, 1]


def test_a_single_match_is_worth_much_but_no_more_than_the_limit():
    meaning = Side(positions(1, 2), scores(0.9, 0.1), std=0.1, mean=0.0)
    fused = fuse(positions(1, 2), meaning, Side(positions(2), scores(0, 8), std=0.0))
    assert fused.positions.tolist() == [2, 1]
    assert fused.scores.tolist() == pytest.approx([FURTHEST + MEANING * 1, MEANING * 9])


def test_words_count_more_where_a_text_holds_all_of_the_query_against_none():
    worth = 4 * np.array([SOME_WORDS, SOME_WORDS + 0.5, SOME_WORDS + 1])
    assert by_share(scores(4, 4, 4), scores(0, 0.5, 1)).tolist() == pytest.approx(worth.tolist())


def test_a_reader_adds_its_cosines_and_what_it_did_not_read_counts_as_its_least():
    side = Side(positions(1, 2, 3, 4), scores(4, 3, 2, 1), std=1.0)
    ranking = fuse(positions(1, 2, 3, 4), side, Side(positions(), scores(0, 0, 0, 0), std=0.0))
    read = reread(ranking, np.array([0.1, np.nan, 0.1 + 4 * READER_STEP]))
    assert read.positions.tolist() == [3, 1, 2, 4]
    assert read.reader_ranks.tolist() == [1, 2, 0, 0]
    expected = [4 - 2 * MEANING, 0, -MEANING, -3 * MEANING]
    assert (read.scores - read.scores[1]).tolist() == pytest.approx(expected, abs=1e-5)


def test_nothing_in_nothing_out():
    nothing = Side(positions(), scores(), std=0.0)
    assert fuse(positions(), nothing, nothing).positions.tolist() == []


numbers = st.lists(st.tuples(st.integers(-100, 100), st.integers(0, 100)), min_size=1, max_size=20)


@given(numbers, st.sampled_from([0.5, 2, 8]), st.sampled_from([-4, 0, 16]), st.sampled_from([0.25, 4]))
def test_neither_scale_nor_origin_of_the_scores_matters(pairs, factor, shift, words_factor):
    where = np.arange(len(pairs), dtype=np.int64)
    m, w = np.array(pairs, np.float32).T
    found = positions()
    before = fuse(where, Side(found, m, std=10.0, mean=3.0), Side(found, w, std=5.0))
    after = fuse(
        where,
        Side(found, m * factor + shift, std=10.0 * factor, mean=3.0 * factor + shift),
        Side(found, w * words_factor, std=5.0 * words_factor),
    )
    assert before.scores.tolist() == pytest.approx(after.scores.tolist())
    assert (np.diff(before.scores) <= 0).all()


@given(numbers)
def test_being_better_on_both_sides_is_being_better(pairs):
    where = np.arange(len(pairs), dtype=np.int64)
    m, w = np.array(pairs, np.float32).T
    fused = fuse(where, Side(positions(), m, std=10.0), Side(positions(), w, std=5.0))
    place = {pos: i for i, pos in enumerate(fused.positions.tolist())}
    for i in where.tolist():
        for j in where.tolist():
            if m[i] > m[j] and w[i] > w[j]:
                assert place[i] < place[j]
