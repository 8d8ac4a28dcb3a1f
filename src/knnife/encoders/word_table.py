"""Words and their vectors side by side, and how a word is looked up.

A word is looked up as it is, then in lower case, then with "_" for each space, as files write phrases (new_york). The
n-grams of unknown words are those of the word as it is, or in lower case where the file has no capitals.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from knnife.encoders._words.subwords import ngrams_of
from knnife.errors import BadInput, NotFound
from knnife.geometry import Vectors

Rows = NDArray[np.int64]

SUGGESTED = 3
ALIKE = 60.0  # of 100, by rapidfuzz's ratio: below it a suggestion is no help


@dataclass(frozen=True)
class Subwords:
    """Vectors of character n-grams (Bojanowski et al., 2017), by which a word that was never seen has a vector, too.

    An n-gram of shortest..longest characters of "<word>" is hashed (FNV-1a, as fastText does) to a row of `vectors`.
    """

    shortest: int
    longest: int
    vectors: Vectors  # (buckets, d)


@dataclass(frozen=True)
class WordTable:
    """n words, the most frequent first where counts are known."""

    words: list[str]
    vectors: Vectors  # (n, d) float32; perhaps a memory map, never written to. With subwords: what they add up to
    counts: NDArray[np.int64] | None = None  # (n,): how often each word was seen
    subwords: Subwords | None = None

    @cached_property
    def row_of(self) -> dict[str, int]:
        """The row of each word; made when first needed, as it is the slow part of a large file."""
        return dict(zip(self.words, range(len(self.words)), strict=True))

    @cached_property
    def has_capitals(self) -> bool:
        """Whether the words are spelled as they were found, rather than in small letters."""
        return any(word != word.lower() for word in self.words)


def row(row_of: Mapping[str, int], word: str) -> int:
    """The row of a word, -1 where it has none."""
    for spelled in (word, lower := word.lower(), lower.replace(" ", "_")):
        if (found := row_of.get(spelled)) is not None:
            return found
    return -1


def rows(table: WordTable, words: Sequence[str]) -> Rows:
    """The row of each word `(m,)`, -1 where it has none. Raises BadInput for what is no word."""
    if isinstance(words, str):
        raise BadInput(f"expected a list of words, got one text: write [{words!r}]")
    for word in words:
        if not isinstance(word, str):
            raise BadInput(f"expected words (str), got {type(word).__name__}: {word!r:.60}")
    row_of = table.row_of
    return np.fromiter((row(row_of, word) for word in words), np.int64, len(words))


def vectors(table: WordTable, words: Sequence[str]) -> Vectors:
    """The vector of each word `(m, d)`: its row; of unseen words the mean of their n-grams, where there are subwords.

    Raises NotFound for words that have neither, with words that are spelled alike.
    """
    found = rows(table, words)
    made: Vectors = np.ascontiguousarray(table.vectors[np.maximum(found, 0)], np.float32)
    unseen = np.flatnonzero(found < 0).tolist()
    if unseen:
        parts = [by_subwords(table, [words[place]]) for place in unseen]
        if missing := [words[place] for place, part in zip(unseen, parts, strict=True) if not len(part)]:
            raise unknown(table, missing[0])
        made[unseen] = np.concatenate(parts)
    return made


def by_subwords(table: WordTable, words: Sequence[str]) -> Vectors:
    """The mean of the vectors of each word's n-grams `(m, d)`; words without any are left out."""
    if table.subwords is None or not words:
        return np.empty((0, table.vectors.shape[1]), np.float32)
    parts = table.subwords
    spelled = words if table.has_capitals else [word.lower() for word in words]
    starts, rows = ngrams_of(spelled, parts.shortest, parts.longest, len(parts.vectors))
    spans = [slice(*span) for span in itertools.pairwise(starts.tolist())]
    means = [parts.vectors[rows[span]].mean(axis=0) for span in spans if span.stop > span.start]
    return np.array(means, np.float32).reshape(-1, table.vectors.shape[1])


def unknown(table: WordTable, word: str) -> NotFound:
    """The error for a word without a vector, with words of the vocabulary that are spelled like it."""
    from rapidfuzz import fuzz, process  # rarely needed

    near = process.extract(word.lower(), table.words, scorer=fuzz.ratio, limit=SUGGESTED, score_cutoff=ALIKE)
    perhaps = f"; perhaps {', '.join(repr(each) for each, *_ in near)}" if near else "; nothing is spelled like it"
    return NotFound(f"no word {word!r:.60} among the {len(table.words):,} words{perhaps}")
