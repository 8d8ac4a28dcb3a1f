"""The parts of typos: edit distances, tables of deletes, candidates; each against a slow and obvious twin."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, strategies as st

from knnife import BadInput
from knnife.spelling import candidate_words as finding
from knnife.spelling.candidate_words import at_least, candidates, edits
from knnife.spelling.spelled import LONGEST, folded, spell
from knnife.spelling.suggesting import splits
from knnife.spelling.vocabulary import Deletes, Vocabulary

SHORT = st.text("abcéж", max_size=7)


def osa(a: str, b: str) -> int:
    """Edits between two words, swaps of neighbours included: the table, cell by cell."""
    cost = {(i, 0): i for i in range(len(a) + 1)} | {(0, j): j for j in range(len(b) + 1)}
    for i, j in itertools.product(range(1, len(a) + 1), range(1, len(b) + 1)):
        cost[i, j] = min(cost[i - 1, j] + 1, cost[i, j - 1] + 1, cost[i - 1, j - 1] + (a[i - 1] != b[j - 1]))
        if i > 1 and j > 1 and a[i - 2 : i] == b[j - 2 : j][::-1]:
            cost[i, j] = min(cost[i, j], cost[i - 2, j - 2] + 1)
    return cost[len(a), len(b)]


def test_the_twin_counts_a_swap_once() -> None:
    assert [osa("teh", "the"), osa("ca", "abc"), osa("", "ab"), osa("kitten", "sitting")] == [1, 3, 2, 3]


@given(st.lists(st.tuples(SHORT, SHORT), min_size=1, max_size=30))
def test_edits_are_those_of_the_table(pairs: list[tuple[str, str]]) -> None:
    a, b = (spell([pair[side] for pair in pairs]) for side in (0, 1))
    rows = np.arange(len(pairs), dtype=np.int32)
    true = np.array([osa(*pair) for pair in pairs])
    assert edits(a, rows, b, rows).tolist() == true.tolist()
    assert (at_least(a, rows, b, rows) <= true).all()


@pytest.mark.parametrize(
    ("a", "b"), [("abc", "abж"), ("abж", "abc"), ("x" * 40, "x" * 35), ("a" * 20 + "🙂" * 20, "é")]
)
def test_edits_of_words_of_other_alphabets_and_of_long_ones(a: str, b: str) -> None:
    row = np.zeros(1, np.int32)
    assert edits(spell([a]), row, spell([b]), row).tolist() == [osa(a, b)]


@given(st.lists(SHORT, min_size=1, max_size=20), st.lists(SHORT, min_size=1, max_size=8), st.integers(3, 5))
def test_a_table_of_deletes_misses_nothing_within_its_edits(words: list[str], asked: list[str], width: int) -> None:
    query, row = Deletes.build(spell(words), width=width, edits=2).lookup(spell(asked))
    found = set(zip(query.tolist(), row.tolist(), strict=True))
    near = {(i, j) for i, a in enumerate(asked) for j, b in enumerate(words) if osa(a, b) <= 2}
    assert near <= found


def test_a_table_of_deletes_finds_little_that_is_far_away() -> None:
    rng = np.random.default_rng(0)
    words = ["".join(rng.choice(list("abcdefghijklmnop"), 9)) for _ in range(500)]
    query, _ = Deletes.build(spell(words), width=8, edits=2).lookup(spell(words[:50]))
    assert len(query) < 50 * 90  # each finds itself by 37 ways to leave letters out, and hardly anybody else


WORDS = ["receive", "relieve", "believe", "address", "dress", "the", "then", "tea", "phone", "fone", "physics", "zebra"]


def test_candidates_are_all_words_within_two_edits_and_those_that_sound_alike() -> None:
    vocabulary = Vocabulary.of(dict.fromkeys(WORDS, 1))
    for word in ["recieve", "teh", "adress", "dres", "zebr", "xyzzy", "phone"]:
        found = {vocabulary.keys[row] for row in candidates(vocabulary, [word]).word}
        assert {other for other in WORDS if osa(word, other) <= 2} <= found
        assert all(osa(word, other) <= finding.FURTHEST for other in found)
    assert "physics" in {vocabulary.keys[row] for row in candidates(vocabulary, ["fysiks"]).word}  # three edits


@given(st.lists(st.text("abcd", min_size=1, max_size=6), min_size=1, max_size=12, unique=True), SHORT)
def test_candidates_of_one_word_do_not_depend_on_the_others(words: list[str], asked: str) -> None:
    vocabulary = Vocabulary.of({word: count for count, word in enumerate(words)})
    alone, among = candidates(vocabulary, [asked]), candidates(vocabulary, ["ab", asked, *words])
    assert alone.word.tolist() == among.word[among.query == 1].tolist()
    assert len(set(alone.word.tolist())) == len(alone.word)


def test_blocks_of_words_give_what_they_give_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    vocabulary = Vocabulary.of(dict.fromkeys(WORDS, 1))
    whole = candidates(vocabulary, WORDS)
    monkeypatch.setattr(finding, "BLOCK", 5)
    parts = candidates(vocabulary, WORDS)
    assert whole.query.tolist() == parts.query.tolist()
    assert whole.word.tolist() == parts.word.tolist()


def test_of_too_many_candidates_the_common_and_close_ones_stay() -> None:
    counted = {f"{a}at{b}": 1.0 for a in "bcdfghjklm" for b in "bcdfghjklm"} | {"catch": 1000.0}
    vocabulary = Vocabulary.of(counted)
    found = [vocabulary.keys[row] for row in candidates(vocabulary, ["catb"], most=5).word]
    assert len(found) == 5
    assert found[0] == "catb"
    assert "catch" in found


def test_words_of_any_script_and_length_find_themselves() -> None:
    words = ["naïve", "Straße", "дом", "東京", "🙂🙃", "a", "o'clock", "x" * LONGEST]
    vocabulary = Vocabulary.of(dict.fromkeys(words, 1))
    pairs = candidates(vocabulary, [*words, "", "y" * 5000])
    for number, word in enumerate(words):
        assert vocabulary.row_of[folded(word)] in pairs.word[pairs.query == number]


def test_a_vocabulary_merges_capitals_and_keeps_the_common_way_to_write() -> None:
    vocabulary = Vocabulary.of([("Paris", 10), ("paris", 2), ("the", 50), ("  ", 5), ("x" * 1000, 9)])
    assert list(zip(vocabulary.words, vocabulary.counts.tolist(), strict=True)) == [("the", 50.0), ("Paris", 12.0)]
    assert "PARIS" in vocabulary
    assert "rome" not in vocabulary
    assert 7 not in vocabulary


@pytest.mark.parametrize(
    ("counted", "told"),
    [
        ({}, "empty"),
        ({"": 3, " ": 2}, "empty"),
        ({"a": float("nan")}, "nan"),
        ({"a": -1}, "from 0 up"),
        ({"a": float("inf")}, "inf"),
        ({"a": "many"}, "many"),
        ({"a": None}, "number"),
        ([(7, 1)], "int"),
        ([(None, 1)], "NoneType"),
        ([(b"a", 1)], "bytes"),
    ],
)
def test_a_vocabulary_refuses_what_is_none(counted: object, told: str) -> None:
    with pytest.raises(BadInput, match=told):
        Vocabulary.of(counted)  # type: ignore[arg-type]


def test_two_words_in_one_are_the_commonest_two() -> None:
    vocabulary = Vocabulary.of({"thank": 900, "you": 1000, "than": 900, "kyou": 1, "a": 5000, "lot": 100, "b": 1})
    found, odds = splits(vocabulary, ["thankyou", "alot", "lota", "blot", "zzz", "", "a"])
    assert found == ["thank you", "a lot", "lot a", "", "", "", ""]
    assert np.isfinite(odds).tolist() == [True, True, True, False, False, False, False]
