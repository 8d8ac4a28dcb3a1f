"""Vectors of texts from those of their words, by smooth inverse frequency.

S. Arora, Y. Liang and T. Ma, "A simple but tough-to-beat baseline for sentence embeddings" (ICLR 2017): the average of
the words' vectors, each weighted by a / (a + p) where p is the frequency of the word, less the first principal
component of all texts. Two differences: the component is that of texts whose words are drawn by frequency from the
vocabulary, so no text's vector depends on others; and words' vectors are scaled to length 1, as the weights express
their importance.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knnife.encoders import word_table
from knnife.encoders._words.corpus import split
from knnife.encoders.protocol import Tokens, check_texts
from knnife.encoders.word_table import WordTable
from knnife.geometry import Vectors, lengths, unit

A: Final = 1e-3  # of the paper: words more frequent than that count less
LENGTH: Final = 20  # words of the texts whose common component is taken out
FREQUENT: Final = 20_000  # words it is learned from; the others are too rare to change it
STEPS: Final = 50  # towards that component
LONGEST: Final = 4  # words that are tried as a phrase
AT_ONCE: Final = 4_096  # words of one text whose vectors are added up at once


class Sentences:
    """Encodes texts with the words of a table."""

    def __init__(self, table: WordTable) -> None:
        self._table = table

    def encode(self, texts: Sequence[str]) -> Vectors:
        """The vectors of texts `(m, d)`; zeros where there is no known word.

        One word has its own vector, unchanged, and so has a text that is a word of the vocabulary ("new_york").
        Raises BadInput where a value is no text, or `texts` is itself one.
        """
        check_texts(texts, "word vectors")
        vectors = np.zeros((len(texts), self._table.vectors.shape[1]), np.float32)
        for place, text in enumerate(texts):
            vectors[place] = self._vector(_whole_characters(text))
        return vectors

    def tokens(self, texts: Sequence[str]) -> Tokens:
        """How many words each text has, and how many of them have no vector."""
        check_texts(texts, "word vectors")
        counts = np.zeros((len(texts), 2), np.int64)
        for place, text in enumerate(texts):
            words = [text] if _whole_characters(text) in self._table.row_of else self._joined(split(text))
            unseen = [word for word in words if word_table.row(self._table.row_of, word) < 0]
            counts[place] = len(words), len(unseen) - len(word_table.by_subwords(self._table, unseen))
        return Tokens(counts[:, 0].copy(), counts[:, 1].copy(), np.zeros(len(texts), np.int64))

    def _vector(self, text: str) -> Vectors:
        row_of = self._table.row_of
        if text in row_of:
            return self._own(row_of[text])
        words = self._joined(split(text))
        rows = [row_of.get(word, -1) for word in words]
        if -1 not in rows:
            return self._mean(rows)
        rows = [word_table.row(row_of, word) if row < 0 else row for word, row in zip(words, rows, strict=True)]
        known = [row for row in rows if row >= 0]
        if self._table.subwords is None:
            return self._mean(known)
        unseen = [word for word, row in zip(words, rows, strict=True) if row < 0]
        return self._mean(known, word_table.by_subwords(self._table, unseen))

    def _mean(self, rows: list[int], unseen: Vectors | None = None) -> Vectors:
        """The vector of a text of these words, and of words that have vectors `(u, d)` by their n-grams only."""
        count = len(rows) + (0 if unseen is None else len(unseen))
        if count == 1:
            return self._own(rows[0]) if rows or unseen is None else unseen[0]
        total = np.zeros(self._table.vectors.shape[1], np.float32)
        for start in range(0, len(rows), AT_ONCE):
            some = np.array(rows[start : start + AT_ONCE])
            total += self._factors[some] @ self._table.vectors.take(some, axis=0)
        if unseen is not None:
            total += unit(unseen).sum(axis=0)  # of frequency 0, so their weight is 1
        total /= np.float32(max(count, 1))
        return total - (total @ self.common) * self.common

    def _joined(self, words: list[str]) -> list[str]:
        """Words that make a phrase of the vocabulary ("new_york") as one, the longest that fits from left to right."""
        if self._longest == 1:
            return words
        row_of, joined, first = self._table.row_of, list[str](), 0
        while first < len(words):
            ends = range(min(len(words), first + self._longest), first + 1, -1)
            known = (end for end in ends if word_table.row(row_of, "_".join(words[first:end])) >= 0)
            end = next(known, first + 1)
            joined.append("_".join(words[first:end]))
            first = end
        return joined

    @cached_property
    def _longest(self) -> int:
        """How many words the longest phrase of the vocabulary has, up to LONGEST; 1 where there are no phrases."""
        return min(LONGEST, 1 + max((word.strip("_").count("_") for word in self._table.words), default=0))

    def _own(self, row: int) -> Vectors:
        found: Vectors = self._table.vectors[row]
        return found

    @cached_property
    def weights(self) -> Vectors:
        """What each word counts `(n,)`: a / (a + p). Without counts p follows Zipf's law, 1 / rank."""
        return (A / (A + self._share)).astype(np.float32)

    @cached_property
    def _factors(self) -> Vectors:
        """What the vector of each word is multiplied by `(n,)`: its weight, once it has length 1."""
        found = lengths(self._table.vectors)
        return np.divide(self.weights, found, out=np.zeros_like(found), where=found > 0)

    @cached_property
    def common(self) -> Vectors:
        """What texts have in common `(d,)`, of length 1: the first principal component of texts of random words.

        Such a text is the average of L words, each drawn with its frequency p. With x the weighted vector of a word and
        m = Σ p x the mean, the second moment of texts is (1 - 1/L) m mᵀ + 1/L Σ p x xᵀ.
        """
        share = (self._share[:FREQUENT] / self._share[:FREQUENT].sum()).astype(np.float32)
        points = self.weights[:FREQUENT, None] * unit(self._table.vectors[:FREQUENT])
        mean = share @ points
        moment: Vectors = (1 - 1 / LENGTH) * np.outer(mean, mean) + (points.T * share) @ points / LENGTH
        first: Vectors = mean
        for _ in range(STEPS):  # the power method, from where the answer is nearly
            first = moment @ first
            first /= max(float(np.linalg.norm(first)), 1e-30)
        return first

    @cached_property
    def _share(self) -> NDArray[np.float64]:
        """How frequent each word is `(n,)`, of 1 in all."""
        counts = self._table.counts
        if counts is None or not counts.any():
            seen = 1 / np.arange(1, len(self._table.words) + 1)
        else:
            seen = counts.astype(np.float64)
        share: NDArray[np.float64] = seen / seen.sum()
        return share


def _whole_characters(text: str) -> str:
    return text if text.isascii() else text.encode("utf-8", "replace").decode()  # half a surrogate pair is no text
