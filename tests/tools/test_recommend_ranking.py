"""The arrays between scores and answers: standard scores, popularity taken off, the best, and the best that differ."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra.numpy import arrays

from knnife.geometry import Vectors, unit
from knnife.tools._recommend.ranking import LEAST, best, diverse, standard, without_popularity

VALUES = st.floats(-1e3, 1e3, width=32) | st.just(-np.inf)
SCORES = arrays(np.float32, st.tuples(st.integers(1, 4), st.integers(1, 12)), elements=VALUES)


@given(SCORES)
def test_standard_scores_keep_the_order_and_what_has_none(scores: Vectors) -> None:
    found = standard(scores)
    assert (np.isfinite(found) == np.isfinite(scores)).all()
    for row, given_row in zip(found, scores, strict=True):
        there = np.isfinite(given_row)
        if there.any():
            assert row[there].mean() == pytest.approx(0, abs=1e-4)
            assert row[there].std() == pytest.approx(1, abs=1e-3) or not row[there].any()
            assert (np.diff(row[there][np.argsort(given_row[there])]) >= 0).all()


@given(SCORES, st.integers(1, 15))
def test_the_best_are_those_that_sorting_finds(scores: Vectors, k: int) -> None:
    numbers, found = best(scores, k)
    for row, given_row in enumerate(scores):
        there = [i for i in sorted(range(len(given_row)), key=lambda i: (-given_row[i], i)) if given_row[i] > LEAST]
        assert [i for i in numbers[row].tolist() if i >= 0] == there[:k]
        assert found[row][: len(there[:k])].tolist() == given_row[there[:k]].tolist()


def slowly_diverse(scores: Vectors, vectors: Vectors, k: int, share: float) -> list[int]:
    """Maximal marginal relevance of all that have a score, one row, word for word as the paper has it."""
    left = [i for i in np.argsort(-scores, kind="stable").tolist() if scores[i] > LEAST]
    low, high = min(scores[left]), max(scores[left])
    worth = {i: (scores[i] - low) / (high - low) if high > low else 1.0 for i in left}
    chosen = [left.pop(0)]
    while left and len(chosen) < k:
        gain = [(1 - share) * worth[i] - share * max(float(vectors[i] @ vectors[j]) for j in chosen) for i in left]
        chosen.append(left.pop(int(np.argmax(gain))))
    return chosen


@pytest.mark.parametrize("share", [0.0, 0.3, 0.7, 1.0])
def test_diverse_answers_are_those_of_the_slow_way(share: float) -> None:
    rng = np.random.default_rng(3)
    scores = rng.normal(size=(20, 30)).astype(np.float32)
    scores[:, ::7] = LEAST
    vectors = unit(rng.normal(size=(30, 5)).astype(np.float32))
    numbers, found = diverse(scores, vectors, 4, share)
    for row in range(20):
        assert numbers[row].tolist() == slowly_diverse(scores[row], vectors, 4, share)
        assert found[row].tolist() == scores[row][numbers[row]].tolist()


def test_a_share_of_nothing_is_the_best_and_few_are_all() -> None:
    scores = np.array([[3, 1, LEAST, 2], [LEAST] * 4], np.float32)
    numbers, found = diverse(scores, np.eye(4, dtype=np.float32), 10, 0.5)
    assert numbers.tolist() == [[0, 3, 1, -1], [-1] * 4]
    assert np.isneginf(found[1]).all()


def test_popularity_is_taken_off_in_proportion() -> None:
    scores = np.array([[1.0, 1.0, 0.5]], np.float32)
    popularity = np.array([100, 1, 1])
    assert (without_popularity(scores, popularity, 0) == scores).all()
    less, least = (without_popularity(scores, popularity, novel)[0] for novel in (0.5, 1.0))
    assert less[0] < less[1]
    assert least[1] - least[0] == pytest.approx(2 * (less[1] - less[0]), rel=1e-3)
