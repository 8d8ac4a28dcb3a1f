"""A misspelled question: its words that neither the space nor English knows are read as what was likely meant.

Never read as another is a word that some text of the space holds, an English word, what stands in "quotes", what is no
plain word (ids, names of files, code), and what is not written in a to z. Nor is a question that is not English:
one of which too many words are not, or of which more are strange than understood.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from knnife.spelling.english import is_english, is_listed
from knnife.spelling.guessing import Guess
from knnife.spelling.spelled import folded

if TYPE_CHECKING:
    from knnife.spelling.texts import Place

# Chosen on 1,048 slips in the questions to five collections, and on 4,200 questions without any, English and German.
SURE: Final = 0.6  # probability from which a word is read as one of the space
ABROAD: Final = 0.9  # and as an English one that the space lacks
CERTAIN: Final = 0.97  # and from which what is read says in which language the question is
NAMED: Final = 20.0  # so many times sooner is a word with a capital within the question right: a name
SHORTEST: Final = 3  # letters
FOREIGN, SHARE = 1.5, 0.25  # so many words, and of all the words such a share, may be no English ones
LONGEST: Final = 3_000  # characters of a question; in longer ones a word tells little

_QUOTED = re.compile(r'"[^"]*"')
_WORDS = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")


class Correction(NamedTuple):
    """A word of a question as it is written, and as it is read."""

    written: str
    read: str


class Understood(NamedTuple):
    """A question as it is read, and what was corrected in it, in order."""

    text: str
    corrections: tuple[Correction, ...] = ()


class Guessing(Protocol):
    """What a reader of questions asks the words of a space, or of a model."""

    def unknown(self, words: Sequence[str]) -> list[str]:
        """Those of some words that are not among them."""

    def guess(self, word: str) -> Guess | None:
        """What an unknown word was likely meant to be; None where nothing is like it."""


def read(question: str, words: Guessing) -> Understood:
    """The question as it was likely meant; itself where nothing of it is misspelled."""
    asked = _asked(question)
    odd = _strange(asked)
    if not odd:
        return Understood(question)
    from knnife.spelling.texts import without_possessive  # patterns that take a while to make

    unknown = {*words.unknown([*odd.values()])}
    guessed = [(place, word, words.guess(word)) for place, word in odd.items() if word in unknown]
    likely = [(place, word, guess, _probability(place, guess)) for place, word, guess in guessed if guess]
    sure = [(place, word, guess.word) for place, word, guess, p in likely if p >= (SURE if guess.at_home else ABROAD)]
    certain = {place: guess.word for place, _, guess, p in likely if p >= CERTAIN}
    foreign = sum(not is_english(certain.get(place, folded(without_possessive(place.word)))) for place in asked)
    if 2 * len(sure) < len(guessed) or foreign > FOREIGN + SHARE * len(asked):
        return Understood(question)
    return _corrected(question, sure)


def strange(question: str) -> list[str]:
    """The words of a question that are not listed as English, of which some may be misspelled."""
    return [*_strange(_asked(question)).values()]


def _asked(question: str) -> list[Place]:
    """The words of a question; none where it is too long, or all are plain ones, as in most."""
    if len(question) > LONGEST or all(map(_is_plain, _WORDS.findall(question.lower()))):
        return []
    from knnife.spelling.texts import places

    return [*places(_QUOTED.sub(lambda found: " " * len(found[0]), question))]


def _strange(asked: Sequence[Place]) -> dict[Place, str]:
    if not asked:
        return {}
    from knnife.spelling.texts import without_possessive

    return {place: word for place in asked if not _is_plain(word := without_possessive(place.word))}


def _is_plain(word: str) -> bool:
    """Whether a word is listed, or none that is looked at."""
    key = folded(word)
    return len(key) < SHORTEST or not key.isascii() or is_listed(key)


def _probability(place: Place, guess: Guess) -> float:
    """That a word of a question was meant, and not a name that nobody knows."""
    doubt = NAMED if place.named else 1.0
    return guess.probability / (guess.probability + doubt * (1 - guess.probability))


def _corrected(question: str, found: list[tuple[Place, str, str]]) -> Understood:
    from knnife.spelling.texts import dressed

    parts, done, corrections = [], 0, []
    for place, word, meant in found:
        corrections.append(Correction(word, dressed(meant, word)))
        parts += [question[done : place.start], corrections[-1].read]
        done = place.start + len(word)
    return Understood("".join([*parts, question[done:]]), tuple(corrections))
