"""The words that a text is made of: one vector for a whole text blurs the one word that tells.

How much a text sounds like a class is, on average over its words, how near each comes to the nearest word that the
examples of the class have ("late interaction": Khattab and Zaharia, "ColBERT", SIGIR 2020, here against all examples of
a class together). A word that comes near to words of every class counts for less, by the logarithm, as rare words do
elsewhere (Sparck Jones 1972). Words are compared by the English model that ships, whatever encodes the texts: so a word
it does not know is still equal to itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from knnife.encoders import DEFAULT, Encoder, load_encoder
from knnife.geometry import Vectors, blocks, unit
from knnife.tools._classify.softmax import Codes

WORD = re.compile(r"[^\W\d_]+|\d+")
WORK = 50_000_000  # words times words of each class: of more, classes share nearly all, and fitting would be slow
USUAL = 1e-3  # what a word of no class comes near to, at least


class ClassWords(NamedTuple):
    """The words of the examples of K classes.

    words: each once (w,), ascending. points: `(w, d)`, around their mean `centre`. owners, places: for each class and
    each of its words the class and the place of the word in `words` `(p,)`, class by class. classes: K.
    """

    words: tuple[str, ...]
    points: Vectors
    centre: Vectors
    owners: Codes
    places: Codes
    classes: int

    def sounds(self, texts: Sequence[str]) -> Vectors:
        """How much each text sounds like each class `(m, K)`, from 0 to 1; a text without words like none."""
        spoken = [words_of(text) for text in texts]
        known = sorted({word for words in spoken for word in words})
        number = {word: place for place, word in enumerate(known)}
        best = self.nearest(unit(_encoded(known) - self.centre)) if known else np.zeros((0, self.classes), np.float32)
        weights = _telling(best)
        found = np.zeros((len(texts), self.classes), np.float32)
        for row, words in enumerate(spoken):
            if words:
                here = [number[word] for word in words]
                found[row] = _mean(best[here], weights[here])
        return found

    def nearest(self, points: Vectors) -> Vectors:
        """How near each of these words (v, d) comes to the nearest of each class `(v, K)`; 0 where it has none."""
        present, starts = np.unique(self.owners, return_index=True)
        found = np.zeros((len(points), self.classes), np.float32)
        for block in blocks(len(points), 4 * len(self.places)):
            near = np.maximum(points[block] @ self.points.T, 0)
            found[block, present] = np.maximum.reduceat(near[:, self.places], starts, axis=1)
        return found


class Heard(NamedTuple):
    """A wording, and the words of each of the texts it is of, for answers without one of them.

    spoken: for each text the places of its words. counts: how many texts of its class, each once, have the word `(p,)`.
    """

    wording: ClassWords
    codes: Codes
    spoken: Sequence[Codes]
    counts: Codes

    @classmethod
    def of(cls, texts: Sequence[str], codes: Codes, classes: int) -> Heard | None:
        """The words of texts of these classes; None where there are none, or too many."""
        spoken = [words_of(text) for text in texts]
        words = tuple(sorted({word for words in spoken for word in words}))
        number = {word: place for place, word in enumerate(words)}
        places = [np.array(sorted(number[word] for word in each), np.int64) for each in spoken]
        once = {(int(code), here.tobytes()): here for code, here in zip(codes, places, strict=True)}
        pairs = [code * len(words) + here for (code, _), here in once.items()]
        distinct, counts = np.unique(np.concatenate(pairs), return_counts=True)
        if not 0 < len(words) * len(distinct) <= WORK:
            return None
        vectors = _encoded(words)
        centre = vectors.mean(axis=0)
        owners, owned = np.divmod(distinct, len(words))
        return cls(ClassWords(words, unit(vectors - centre), centre, owners, owned, classes), codes, places, counts)

    def left_out(self, rows: Codes) -> Vectors:
        """What would be said of the texts of these rows had they, and copies of them, not been there `(h, K)`."""
        wording = self.wording
        found = np.zeros((len(rows), wording.classes), np.float32)
        best = wording.nearest(wording.points)
        starts = np.searchsorted(wording.owners, np.arange(wording.classes + 1))
        for code in np.unique(self.codes[rows]):
            own = slice(starts[code], starts[code + 1])
            places, single = wording.places[own], self.counts[own] == 1
            points = wording.points[places]
            for place in np.flatnonzero(self.codes[rows] == code):
                here = self.spoken[rows[place]]
                if not len(here):
                    continue
                near = np.maximum(wording.points[here] @ points.T, 0)
                near[:, single & _among(places, here, len(best))] = 0  # words that no other text of the class has
                said = best[here]
                said[:, code] = near.max(axis=1)
                found[place] = _mean(said, _telling(said))
        return found


def words_of(text: str) -> list[str]:
    """The words and numbers of a text, in small letters, each once."""
    return list(dict.fromkeys(WORD.findall(text.lower())))


@cache
def model() -> Encoder:
    """What words are compared by."""
    return load_encoder(DEFAULT)


def _encoded(words: Sequence[str]) -> Vectors:
    return unit(model().encode(list(words)))


def _among(places: Codes, here: Codes, count: int) -> NDArray[np.bool_]:
    """Which of `places`, all below `count`, are `here`."""
    found = np.zeros(count, np.bool_)
    found[here] = True
    return found[places]


def _telling(best: Vectors) -> Vectors:
    """How much each word tells the classes apart `(v,)`, by how near it comes to all of them (v, K)."""
    found: Vectors = -np.log(np.clip(best.mean(axis=1), USUAL, 1))
    return found


def _mean(best: Vectors, weights: Vectors) -> Vectors:
    found: Vectors = weights @ best / np.maximum(weights.sum(), np.float32(1e-9))
    return found
