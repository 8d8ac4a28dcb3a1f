"""The words of the built-in English model as a home for misspelled ones: what texts that are compared were to say.

A word that is not whole in the model falls into pieces which mean something else: "helo" is as far from "hello" as any
word. The model itself stays as it is, for its vectors lie in spaces, and most of what it reads is long, or right. But
texts side by side are read twice where they are misspelled, as written and as meant, and both count alike
(`similarity`): word vectors learned from what people write have a slip near to what was meant, not in its place.

Never read as another is a word that is listed as English, whole in the model, or a regular form of such a word; nor
what `misspelled.read` leaves alone: names, code, other languages.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache

import numpy as np

from knnife.encoders.english_words import english_names
from knnife.space import misspelled
from knnife.spelling.english import english
from knnife.spelling.guessing import Guess
from knnife.spelling.spelled import folded
from knnife.spelling.suggesting import Suggesting
from knnife.spelling.texts import is_form
from knnife.spelling.vocabulary import Vocabulary


def meant(texts: Sequence[str]) -> list[misspelled.Understood]:
    """Each of some texts as it was likely meant."""
    words = _ModelWords(word for text in texts for word in misspelled.strange(text))
    return [misspelled.read(text, words) for text in texts]


class _ModelWords:
    """The words of the model beside some strange ones, all of which are looked at at once."""

    def __init__(self, strange: Iterable[str]) -> None:
        every = dict.fromkeys(strange)
        rows = _vocabulary().row_of if every else {}
        found = [word for word in every if folded(word) not in rows and not is_form(folded(word), rows)]
        self._guesses = dict(zip(found, _guesses(found), strict=True))

    def unknown(self, words: Sequence[str]) -> list[str]:
        return [word for word in words if word in self._guesses]

    def guess(self, word: str) -> Guess | None:
        return self._guesses[word]


def _guesses(words: Sequence[str]) -> list[Guess | None]:
    """The likeliest word of the model for each of some words."""
    if not words:
        return []
    ranked, named = _suggesting().rank(words, 1), _vocabulary().words
    return [
        Guess(named[row], probability, True) if row >= 0 else None
        for row, probability in zip(ranked.rows[:, 0].tolist(), ranked.probabilities[:, 0].tolist(), strict=True)
    ]


@cache
def _suggesting() -> Suggesting:
    return Suggesting(_vocabulary(), None, "qwerty")


@cache
def _vocabulary() -> Vocabulary:
    """The words of the model, with how often English uses them."""
    listed, names = english(), english_names()
    rows = [listed.row_of.get(name, -1) for name in names]
    counts = np.where(np.array(rows) >= 0, listed.counts[rows], 1.0)
    order = np.argsort(-counts, kind="stable").tolist()
    words = [names[place] for place in order]
    return Vocabulary(words, words, counts[order])
