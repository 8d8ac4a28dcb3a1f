"""One word beside all of a vocabulary, and what it was meant to be; against the distances counted cell by cell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pytest
from hypothesis import given, strategies as st
from tests.tools.test_typos_parts import osa

from knnife.spelling.candidate_words import MOST
from knnife.spelling.english import english
from knnife.spelling.guessing import Guess, guess, written
from knnife.spelling.scanning import FURTHEST, LONG, scanned
from knnife.spelling.vocabulary import Vocabulary

WORDS = st.text("abcd", min_size=1, max_size=10)


class Plain:
    """A home whose words are their own stems, but for an s at the end."""

    def __init__(self, *texts: str) -> None:
        self.given = texts
        self.words = float(sum(len(text.split()) for text in texts))

    def stems(self, words: Sequence[str]) -> list[str]:
        return [word.removesuffix("s") for word in words]

    def counts(self, stems: Sequence[str]) -> list[int]:
        return [len([*self.texts(stem)]) for stem in stems]

    def beginning(self, starts: Sequence[str]) -> list[tuple[str, int]]:
        known = {*self.stems(" ".join(self.given).split())}
        return [(stem, *self.counts([stem])) for stem in sorted(known) if stem.startswith(tuple(starts))]

    def texts(self, stem: str) -> Iterable[str]:
        return [text for text in self.given if stem in self.stems(text.split())]


@given(st.lists(WORDS, min_size=1, max_size=MOST, unique=True), WORDS)
def test_what_is_scanned_is_near_and_the_nearest_are_among_it(words: list[str], key: str) -> None:
    vocabulary = Vocabulary.of((word, 1.0) for word in words)
    found = {vocabulary.keys[row] for row in scanned(vocabulary, key).tolist()}
    apart = {word: osa(word, key) for word in words}
    furthest = FURTHEST + (len(key) >= LONG)
    near = {word for word, edits in apart.items() if edits <= furthest and edits < max(len(word), len(key))}
    assert found <= near
    assert {word for word in near if apart[word] == min(apart[each] for each in near)} <= found


def test_nothing_is_scanned_in_an_empty_vocabulary() -> None:
    assert scanned(Vocabulary([], [], np.empty(0)), "word").tolist() == []


@pytest.mark.parametrize(
    ("typed", "right"),
    [("recieve", "receive"), ("definately", "definitely"), ("teh", "the"), ("intresting", "interesting")],
)
def test_the_word_that_was_meant_is_scanned(typed: str, right: str) -> None:
    assert right in [english().keys[row] for row in scanned(english(), typed).tolist()]


def test_a_word_at_home_comes_before_an_english_one() -> None:
    away, home = guess("camtor", Plain("nothing of it")), guess("camtor", Plain("a camtora of camtores", "the camtors"))
    assert home == Guess("camtors", home.probability if home else 0.0, at_home=True)
    assert away is None or away.word != "camtors"


def test_letters_that_were_held_down_are_meant_once_or_twice() -> None:
    home = Plain("well")
    for typed, meant in (("helllo", "hello"), ("hEeeeelOo", "hello"), ("weeeelllll", "well"), ("sooooon", "soon")):
        found = guess(typed, home)
        assert found is not None
        assert found.word == meant


def test_forms_are_those_of_the_texts_the_most_frequent_first() -> None:
    plain = Plain("Widgets, widget WIDGETS", "wídget widgét wide")
    assert written(plain.given, "widget", plain.stems) == ["widget", "widgets"]
    assert written(plain.given, "button", plain.stems) == []
