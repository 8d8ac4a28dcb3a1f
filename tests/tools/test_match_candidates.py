"""Which pairs of texts are looked at: the closest ones, held against a slow comparison of all with all."""

from __future__ import annotations

import math
import random
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, strategies as st

from knnife.things.folding import fold
from knnife.tools._match import candidate_pairs as module
from knnife.tools._match.candidate_pairs import CandidatePairs, candidates

NAMES = ["Anna Karenina", "War and Peace", "The Idiot", "Crime and Punishment", "Dead Souls", "Fathers and Sons"]
words = st.text(alphabet="abcd ", min_size=1, max_size=12)


def parts(text: str) -> set[str]:
    """The grams of a text and its words, as sets of strings."""
    folded = fold([text])[0]
    padded = f" {folded} "
    return {padded[i : i + 3] for i in range(len(padded) - 2)} | {f"word {word}" for word in folded.split()}


def all_with_all(left: list[str], right: list[str]) -> np.ndarray:
    """The cosines of all pairs, one by one."""
    distinct = [text for each in (left, right) for text in dict.fromkeys(map(str.strip, fold(each))) if text]
    seen = Counter(part for text in distinct for part in parts(text))
    weight = {part: math.log((1 + len(distinct)) / (1 + count)) + 0.1 for part, count in seen.items()}

    def length(text: str) -> float:
        return math.sqrt(sum(weight[part] ** 2 for part in parts(text)))

    return np.array(
        [
            [sum(weight[part] ** 2 for part in parts(a) & parts(b)) / (length(a) * length(b) or 1) for b in right]
            for a in left
        ]
    )


@given(st.lists(words, min_size=1, max_size=8), st.lists(words, min_size=1, max_size=8))
def test_the_closest_pairs_are_those_of_a_slow_comparison(left: list[str], right: list[str]) -> None:
    slow = all_with_all(left, right)
    found = candidates(left, right, k=len(right))
    met = {(a, b): s for a, b, s in zip(*(each.tolist() for each in found), strict=True)}
    for a in range(len(left)):
        for b in range(len(right)):
            if fold([left[a]])[0].strip() and slow[a, b] > 1e-6:
                assert met[a, b] == pytest.approx(slow[a, b], abs=1e-5)
            else:
                assert (a, b) not in met or met[a, b] < 1e-5


def test_a_name_with_a_slip_meets_its_own_first() -> None:
    found = candidates(["anna KARENNINA", "Wra and Peace", "dead-souls!"], NAMES, k=1)
    assert found.right.tolist() == [0, 1, 4]
    assert found.similarity[2] == pytest.approx(1)


def test_within_one_list_each_pair_comes_once_and_nothing_meets_itself() -> None:
    found = candidates([*NAMES, "Anna Karenin", "The Idiots"], k=3)
    pairs = list(zip(found.left.tolist(), found.right.tolist(), strict=True))
    assert len(set(pairs)) == len(pairs)
    assert all(a < b for a, b in pairs)
    assert {(0, 6), (2, 7)} <= set(pairs)


def test_many_equal_texts_are_dealt_out_in_turn() -> None:
    """So that one-to-one there is a partner for each, and the work does not grow with their square."""
    left, right = ["John Smith"] * 50, ["john smith"] * 50
    found = candidates(left, right, k=3)
    assert np.bincount(found.left, minlength=50).tolist() == [3] * 50
    assert np.bincount(found.right, minlength=50).tolist() == [3] * 50
    alone = candidates(left, k=2)
    assert set(alone.left.tolist()) | set(alone.right.tolist()) == set(range(50))


def test_texts_without_letters_or_digits_have_no_candidates() -> None:
    found = candidates(["", "?!", "  ", "The Idiot"], ["", "--", "The Idiot"], k=3)
    assert (found.left.tolist(), found.right.tolist()) == ([3], [2])
    assert len(candidates([], NAMES).left) == len(candidates(NAMES, []).left) == len(candidates([""]).left) == 0


def test_a_budget_costs_little_recall(monkeypatch: pytest.MonkeyPatch) -> None:
    random.seed(0)
    names = sorted({" ".join(random.choice(NAMES).split()[0] + random.choice("abcdefgh") for _ in range(3))
                    + str(random.randrange(10_000)) for _ in range(3000)})  # fmt: skip
    slips = [name[:4] + name[5:] for name in names]
    full = candidates(names, slips, k=1)
    monkeypatch.setattr(module, "ENTRIES", 300)
    less = candidates(names, slips, k=1)
    assert _hits(full) > 0.99 * len(names)
    assert _hits(less) > 0.97 * len(names)


def test_blocks_of_work_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"{a} {b} {i}" for i, (a, b) in enumerate(zip(NAMES * 20, reversed(NAMES * 20), strict=True))]
    whole = candidates(names, names[::-1], k=4)
    monkeypatch.setattr(module, "BLOCK", 500)
    parts = candidates(names, names[::-1], k=4)
    assert all(np.array_equal(a, b) for a, b in zip(whole, parts, strict=True))


def _hits(found: CandidatePairs) -> int:
    return int((found.left == found.right).sum())
