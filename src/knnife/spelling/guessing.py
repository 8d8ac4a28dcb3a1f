"""What a word that nobody knows was meant to be, where some words are at home: those of the texts of a space.

Words at home are given by their stems, as an index of words holds them. A guess is one of them, as the texts write it,
or an English word: of both, those nearest in letters and sounds are ranked together, by how people misspell, how common
each is here and in English, and by being at home.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from string import ascii_lowercase
from typing import Final, NamedTuple, Protocol

import numpy as np

from knnife.spelling.candidate_words import edits
from knnife.spelling.english import english
from knnife.spelling.features import Floats, Frequencies, SpelledPairs, Words, evidence
from knnife.spelling.ranking import english_shares, learned
from knnife.spelling.scanning import scanned
from knnife.spelling.spelled import folded, spell
from knnife.spelling.vocabulary import Vocabulary
from knnife.things.folding import without_accents

AT_HOME: Final = 2.0  # log-odds by which a word at home is likelier meant
FURTHER: Final = 5.0  # so many times likelier is no word meant, for each edit beyond the first: many words are so near
STEMS, BEGINNINGS, FORMS = 6, 2, 8  # at home, whose forms are looked up, and forms of each
SHORTEST, ENDING = 4, 6  # letters of what tells a word, and of what may follow it
TEXTS_WITH: Final = 3  # texts that are read for the forms of a stem
BEGINNING: Final = 20_000  # characters of a text in which they are looked for

_WORD = re.compile(r"[^\W\d_]+")
_HELD = re.compile(r"(.)\1{2,}")

Stems = Callable[[Sequence[str]], list[str]]  # the stem of each of some words, "" for what is none


class Guess(NamedTuple):
    """A word in small letters, how probable it is that it, in some form, was meant, and whether it is at home."""

    word: str
    probability: float
    at_home: bool


class Home(Protocol):
    """The words of some texts, by their stems. words: how many all texts have, each as often as it is used."""

    @property
    def words(self) -> float: ...  # noqa: D102

    def stems(self, words: Sequence[str]) -> list[str]:
        """The stem of each word, "" for what is not one word."""

    def counts(self, stems: Sequence[str]) -> list[int]:
        """How many texts, and names of things, have each stem."""

    def beginning(self, starts: Sequence[str]) -> list[tuple[str, int]]:
        """The stems of a to z that begin in one of these ways, with the number of texts and names that have each."""

    def texts(self, stem: str) -> Iterable[str]:
        """The first `TEXTS_WITH` texts that have a stem, and as many names."""


class _Candidate(NamedTuple):
    word: str
    stem: str
    at_home: float  # how often
    english: float


def guess(word: str, home: Home) -> Guess | None:
    """The likeliest word; None where no word is near. word: one that is neither at home nor English.

    Where a letter stands three times in a row or more, it was held down: it is meant once, or twice, and what is
    written is no word.
    """
    key = without_accents(folded(word))
    meant = {_HELD.sub(times, key) for times in (r"\1", r"\1\1")}
    forms = [each for each in sorted(meant) if each == key or len(each) >= SHORTEST]
    found = [_guess(each, home, float(each == key), key) for each in forms]
    return max(filter(None, found), key=lambda each: each.probability, default=None)


def _guess(key: str, home: Home, none: float, typed: str) -> Guess | None:
    """none: the odds that no word is meant. typed: what is no answer."""
    found = [each for each in _candidates(key, home) if each.word != typed]
    if not found:
        return None
    odds = _odds(key, found, home.words)
    best = int(np.argmax(odds))
    weights = np.exp(np.minimum(odds, 50).astype(np.float64))
    forms = weights[[each.stem == found[best].stem for each in found]].sum()
    none *= FURTHER ** max(0, _edits(key, found[best].word) - 1)
    return Guess(found[best].word, float(forms / (none + weights.sum())), found[best].at_home > 0)


def _edits(key: str, word: str) -> int:
    row = np.zeros(1, np.int32)
    return int(edits(spell([key]), row, spell([word]), row)[0])


def _candidates(key: str, home: Home) -> list[_Candidate]:
    listed = english()
    rows = scanned(listed, key).tolist()
    near = [listed.keys[row] for row in rows]
    stem, *theirs = home.stems([key, *near])
    at_home = zip(rows, theirs, home.counts(theirs), strict=True)
    found = [_Candidate(listed.keys[row], its, count, listed.counts[row]) for row, its, count in at_home]
    for its, count in (_alike(stem, home, {*theirs}) | _begun(key, home)).items():
        forms = written(home.texts(its), its, home.stems) or [its]
        found += [_Candidate(form, its, count, 0.0) for form in forms if form not in near]
    return found


def _alike(stem: str, home: Home, known: set[str]) -> dict[str, int]:
    """The stems at home, but for known ones, that are nearest to one, and how many texts have each."""
    listed = sorted(home.beginning(starts(stem)), key=lambda counted: (-counted[1], counted[0])) if stem else []
    stems, counts = [each for each, _ in listed], [count for _, count in listed]
    near = scanned(Vocabulary(stems, stems, np.array(counts, float)), stem).tolist() if listed else []
    return dict([listed[row] for row in near if stems[row] not in known][:STEMS])


def _begun(key: str, home: Home) -> dict[str, int]:
    """The longest stems at home with which a word begins: where the slip is in its ending, its own stem is another."""
    begun = [key[:end] for end in range(len(key) - 1, max(SHORTEST, len(key) - ENDING) - 1, -1)]
    return dict([(its, count) for its, count in zip(begun, home.counts(begun), strict=True) if count][:BEGINNINGS])


def starts(stem: str) -> list[str]:
    """How stems near this one begin: with the same letter, or otherwise where the slip is in the first one."""
    first = {letter + rest for letter in ascii_lowercase for rest in (stem[1:3], stem[:2])} | {stem[1::-1], stem[1:3]}
    return [stem[0], *sorted(start for start in first if start and start[0] != stem[0])]


def written(texts: Iterable[str], stem: str, stems: Stems) -> list[str]:
    """How texts write a word of this stem: the most frequent forms first, in small letters without accents."""
    words = Counter(
        form
        for text in texts
        for word in _WORD.findall(text[:BEGINNING])
        if (form := without_accents(folded(word))).startswith(stem[:2])
    )
    forms = [form for form, its in zip(words, stems([*words]), strict=True) if its == stem]
    return sorted(forms, key=lambda form: (-words[form], form))[:FORMS]


def _odds(key: str, found: Sequence[_Candidate], words: float) -> Floats:
    """The log-odds that each is meant `(n,)`. How common a word is: as much at home as in English, on average."""
    listed = english().counts
    total = listed.sum()
    at_home = np.array([each.at_home for each in found])
    shares = (np.array([each.english for each in found]) / total + at_home / max(words, 1)) / 2
    right = [each.word for each in found]
    own = np.log(shares + 0.5 / total).astype(np.float32)
    frequencies = Frequencies(own, english_shares(right), float(np.log(listed[0] / total / 2)))
    pairs = SpelledPairs(Words.of([key]), Words.of(right), np.zeros(len(right), np.int64), np.arange(len(right)))
    scores = learned().scores(evidence(pairs, frequencies))
    return np.asarray(scores + np.float32(AT_HOME) * (at_home > 0), np.float32)
