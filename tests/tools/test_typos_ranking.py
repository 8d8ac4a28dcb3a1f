"""The parts by which suggestions are ranked: edits, keys, sounds, and what was learned."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from knnife.errors import BadInput
from knnife.spelling.alignment import KINDS, TAKES_RIGHT, TAKES_TYPED, Letters, align, edits
from knnife.spelling.candidate_words import candidates
from knnife.spelling.english import english
from knnife.spelling.features import Words
from knnife.spelling.keyboard import FAR, KEYBOARDS, distance, neighbours
from knnife.spelling.ranking import Ranker
from knnife.spelling.sound import sounds, spoken
from knnife.spelling.vocabulary import Vocabulary

WORDS = st.text("abcdeé-", max_size=9)


def fewest_edits(typed: str, right: str) -> int:
    """The optimal string alignment, cell by cell."""
    table = [[i + j for j in range(len(right) + 1)] for i in range(len(typed) + 1)]
    for i in range(1, len(typed) + 1):
        for j in range(1, len(right) + 1):
            unlike = typed[i - 1] != right[j - 1]
            table[i][j] = min(table[i - 1][j] + 1, table[i][j - 1] + 1, table[i - 1][j - 1] + unlike)
            if i > 1 and j > 1 and typed[i - 2 : i] == right[j - 2 : j][::-1]:
                table[i][j] = min(table[i][j], table[i - 2][j - 2] + 1)
    return table[-1][-1]


def redone(right: str, typed: str) -> str:
    """What the edits make of the right word."""
    made, at = "", 0
    for edit in edits([typed], [right])[0]:
        made += right[at : edit.at] + edit.typed
        at = edit.at + len(edit.right)
    return made + right[at:]


@given(WORDS, WORDS)
@settings(max_examples=300)
def test_edits_are_as_few_as_can_be_and_make_one_word_from_the_other(typed: str, right: str):
    fewest = fewest_edits(typed, right)
    assert fewest <= len(edits([typed], [right])[0]) <= fewest * 12 / 9  # as likely ones are worth a little more
    assert redone(right, typed) == typed


def test_many_pairs_are_aligned_as_each_alone():
    draw = random.Random(0)
    words = ["".join(draw.choices("abcde", k=draw.randint(0, 14))) for _ in range(60)]
    letters = Letters.of(words)
    a, b = (np.array(draw.choices(range(60), k=500)) for _ in range(2))
    found = align(letters, letters, a, b)
    for pair in range(500):
        mine = found.pair == pair
        alone = edits([words[a[pair]]], [words[b[pair]]])[0]
        assert sorted(
            (KINDS[kind], at) for kind, at in zip(found.kind[mine], found.right[mine], strict=True)
        ) == sorted((edit.kind, edit.at) for edit in alone)


@pytest.mark.parametrize(
    ("typed", "right", "kind", "letters", "at"),
    [
        ("acess", "access", "missing", ("c", ""), 2),
        ("untill", "until", "extra", ("", "l"), 5),
        ("recieve", "receive", "swapped", ("ei", "ie"), 3),
        ("seperate", "separate", "replaced", ("a", "e"), 3),
    ],
)
def test_an_edit_says_what_happened_where(typed: str, right: str, kind: str, letters: tuple[str, str], at: int):
    assert edits([typed], [right])[0] == [(kind, *letters, at)]


def test_words_of_very_different_lengths_are_aligned():
    assert [edit.kind for edit in edits(["a"], ["a" * 80])[0]] == ["missing"] * 79
    assert len(edits(["x" * 80], [""])[0]) == 80
    assert TAKES_RIGHT.tolist() == [1, 1, 0, 2]
    assert TAKES_TYPED.tolist() == [1, 0, 1, 2]


def test_keys_are_as_far_apart_as_on_a_keyboard():
    assert distance("g", "g") == 0
    assert distance("g", "h") == 1
    assert distance("q", "p") == FAR
    assert distance("y", "x", "qwertz") == 1 < distance("y", "x")
    assert distance("q", "a") < distance("q", "s")
    assert distance("a", "中") == FAR


@pytest.mark.parametrize("keyboard", KEYBOARDS)
def test_neighbours_are_mutual_and_few(keyboard: str):
    near = neighbours("abcdefghijklmnopqrstuvwxyz", keyboard)
    assert (near == near.T).all()
    assert not near.diagonal().any()
    assert near.sum(axis=1).min() >= 1
    assert near.sum(axis=1).max() <= 6


def test_an_unknown_keyboard_is_refused_by_name():
    with pytest.raises(BadInput, match="colemak.*qwerty"):
        distance("a", "b", "colemak")


def keys(*words: str) -> list[str]:
    return [spoken(int(key)) for key in sounds(Letters.of(words))]


@pytest.mark.parametrize(
    "alike",
    [
        "knight night nite", "physical fisical", "nation nashun", "special speshal", "scene seen", "debt det",
        "foreign foren", "rhythm rythm", "castle cassel", "often offen", "curtains courtens", "purple perpul",
        "accommodate acomodate", "gnome nome", "writing riting", "judge juge",
    ],
)  # fmt: skip
def test_words_that_sound_alike_have_the_same_key(alike: str):
    assert len(set(keys(*alike.split()))) == 1


def test_words_that_sound_otherwise_have_other_keys():
    words = ["cat", "sat", "hat", "chat", "that", "bat"]
    assert len(set(keys(*words))) == len(words)
    assert keys("", "42", "apple") == ["", "", "apl"]


def test_letters_in_another_order_are_the_same_bag():
    one, other, third = Words.of(["silent", "listen", "tinsel's"]).bag.tolist()
    assert one == other != third


@pytest.fixture(scope="module")
def ranked():
    """Suggestions of the English list for a word, best first, with their log-odds."""
    vocabulary = english()
    ranker = Ranker(vocabulary)

    def best(word: str) -> list[tuple[str, float]]:
        pairs = candidates(vocabulary, [word])
        scores = ranker.rank([word], pairs.query, pairs.word)
        return [(vocabulary.words[pairs.word[i]], float(scores[i])) for i in np.argsort(-scores)]

    return best


@pytest.mark.parametrize(
    ("typed", "right"),
    [
        ("recieve", "receive"), ("definately", "definitely"), ("fonetic", "phonetic"), ("goverment", "government"),
        ("teh", "the"), ("occured", "occurred"), ("beleive", "believe"), ("embarassment", "embarrassment"),
        ("tommorow", "tomorrow"), ("anser", "answer"), ("neccesary", "necessary"), ("becuase", "because"),
    ],
)  # fmt: skip
def test_the_word_that_was_meant_comes_first(ranked, typed: str, right: str):
    assert ranked(typed)[0][0] == right


@pytest.mark.parametrize("word", ["house", "whether", "receive", "quickly", "through"])
def test_a_common_word_that_is_right_stays(ranked, word: str):
    (first, odds), *others = ranked(word)
    assert first == word
    assert odds > others[0][1]


def test_what_is_near_no_word_is_likelier_none_of_them(ranked):
    odds = [odds for _, odds in ranked("qzekra")]
    assert odds
    assert np.exp(odds).sum() < 1


def test_log_odds_do_not_depend_on_what_is_asked_beside():
    vocabulary = english()
    ranker, asked = Ranker(vocabulary), ["recieve", "a", "thier", "", "beleive"] * 300
    pairs = candidates(vocabulary, asked)
    together = ranker.rank(asked, pairs.query, pairs.word)
    few = pairs.query < 5
    alone = ranker.rank(asked[:5], pairs.query[few], pairs.word[few])
    np.testing.assert_allclose(together[few], alone, rtol=1e-4, atol=1e-4)


def test_the_keyboard_changes_the_odds_of_a_slip():
    vocabulary = Vocabulary.of({"zoo": 10, "too": 10})
    pairs = candidates(vocabulary, ["yoo"])
    by = {k: Ranker(vocabulary, keyboard=k).rank(["yoo"], pairs.query, pairs.word) for k in ("qwerty", "qwertz")}
    zoo = [vocabulary.words[row] for row in pairs.word].index("zoo")
    lead = {keyboard: odds[zoo] - odds[1 - zoo] for keyboard, odds in by.items()}
    assert lead["qwerty"] < lead["qwertz"]


def test_a_vocabulary_without_counts_and_one_of_one_word_are_ranked():
    vocabulary = Vocabulary.of([("Braunschweig", 0.0)])
    pairs = candidates(vocabulary, ["braunshweig"])
    assert Ranker(vocabulary).rank(["braunshweig"], pairs.query, pairs.word)[0] > 0
    nothing = np.empty(0, np.int32)
    assert Ranker(vocabulary).rank([], nothing, nothing).shape == (0,)


def test_the_english_list_is_by_frequency_writes_names_large_and_has_no_common_slips():
    words, counts = english().words, english().counts
    assert len(words) > 50_000
    assert list(counts) == sorted(counts, reverse=True)
    assert {"the", "hello", "London", "Monday", "polite"} <= set(words)
    assert not {"london", "hte", "recieve", "seperate", "definately", "occured", "untill"} & set(words)
