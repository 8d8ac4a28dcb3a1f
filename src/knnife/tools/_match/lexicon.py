"""All words of two tables, and how similar two of them are by their letters.

Words of letters compare by Jaro and Winkler (Winkler, "String comparator metrics and enhanced decision rules in the
Fellegi-Sunter model", 1990); one letter may stand for a name that it begins. Names of models ("dsch50b") are similar
when one holds the other or when only their last letters differ. Numbers are equal or they are not.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import JaroWinkler, Prefix
from rapidfuzz.process import cpdist

from knnife.tools._match.bags import Keys, Numbers, Rows, Words, key_of
from knnife.tools._match.values import SIGNS, is_code, sign_of

NEARLY = 0.9  # words less alike than this have nothing in common; Winkler's own limit for names is 0.88
INITIAL = 0.6  # what "j" counts for "john"
HELD = 0.9  # what a name of a model counts for a longer one that holds it
BEGUN = 0.7  # and for one that differs in its last letters
SHORTEST = 4  # letters of a word that may have a typo
OTHERS = 6  # kinds of letters that only one of two near words may have

Marks = NDArray[np.bool_]


class Lexicon:
    """v words, in the order of their keys `(v,)`; codes: which name models; numbers: which others hold digits."""

    def __init__(self, tables: Iterable[Iterable[Words]]) -> None:
        words = {word for texts in tables for word in chain.from_iterable(texts)}
        known = {key_of(word): word for word in words}
        self.keys: Keys = np.array(sorted(known), np.int64)
        self.words = [known[key] for key in self.keys.tolist()]
        digits = np.array([any(map(str.isdigit, word)) for word in self.words], np.bool_)
        signs = [sign_of(word) for word in self.words]
        self.signs = np.array([SIGNS.index(sign) for sign in signs], np.int64)  # what kind of sign each word is
        measures = np.array([sign == "measure" for sign in signs], np.bool_)
        self.codes: Marks = np.array([is_code(word) for word in self.words], np.bool_) & ~measures
        self.numbers: Marks = digits & ~self.codes
        self._plain = ~digits
        self._sizes = np.array([len(word) for word in self.words], np.int64)
        self._first = np.array([ord(word[0]) for word in self.words], np.int64)
        self._letters = np.array([_letters(word) for word in self.words], np.uint64)

    def __len__(self) -> int:
        return len(self.words)

    def near(self, a: Rows, b: Rows) -> Numbers:
        """How near the words `a` and `b` (m,) are, which differ: 0 or from INITIAL on to 1."""
        found = np.zeros(len(a))
        plain = self._plain[a] & self._plain[b]
        sizes = np.minimum(self._sizes[a], self._sizes[b])
        found[plain & (sizes == 1) & (self._first[a] == self._first[b])] = INITIAL
        alike = np.bitwise_count(self._letters[a] ^ self._letters[b]) <= OTHERS
        worth = plain & (sizes >= SHORTEST) & alike & (np.abs(self._sizes[a] - self._sizes[b]) <= SHORTEST)
        typos = np.flatnonzero(worth)
        found[typos] = cpdist(
            self._of(a[typos]), self._of(b[typos]), scorer=JaroWinkler.similarity, score_cutoff=NEARLY, dtype=np.float64
        )
        codes = np.flatnonzero(self.codes[a] & self.codes[b])
        found[codes] = self._models(a[codes], b[codes])
        return found

    def _models(self, a: Rows, b: Rows) -> Numbers:
        left, right = self._of(a), self._of(b)
        held = np.array([x in y or y in x for x, y in zip(left, right, strict=True)], np.bool_)
        begun = cpdist(left, right, scorer=Prefix.similarity, dtype=np.int64)
        ends = zip(left, right, begun.tolist(), strict=True)
        only_letters = np.array([x[n:].isalpha() and y[n:].isalpha() for x, y, n in ends], np.bool_)
        near = only_letters & (begun > SHORTEST) & (begun + 2 >= np.minimum(self._sizes[a], self._sizes[b]))
        return np.where(held, HELD, np.where(near, BEGUN, 0.0))

    def _of(self, places: Rows) -> list[str]:
        return [self.words[place] for place in places.tolist()]


def _letters(word: str) -> int:
    """Which letters a word has, as bits: a quick look whether two words can be near at all."""
    bits = 0
    for letter in word:
        bits |= 1 << (ord(letter) % 61)
    return bits
