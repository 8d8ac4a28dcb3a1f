"""What word vectors say to analogies and to pairs of words, and the figures that follow from it.

By the rules of gensim's `evaluate_word_analogies` and `evaluate_word_pairs`: case makes no difference, and of the
spellings of a word the first in the vocabulary counts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from knnife.encoders import word_table
from knnife.encoders.analogies import Method, solve
from knnife.encoders.protocol import Progress
from knnife.encoders.word_table import WordTable
from knnife.geometry import unit
from knnife.tools._evaluate_words.files import RatedPairs

Rows = NDArray[np.int64]
Question = tuple[str, str, str, str]

SYNTACTIC: Final = "gram"  # how the names of the sections of questions-words.txt begin that are about grammar


class ComparedPairs(NamedTuple):
    """Of n pairs: the cosines, NaN where a word is missing `(n,)`, and the words that are not in the vocabulary."""

    similarities: NDArray[np.float64]
    missing: list[str]  # without a vector
    by_subwords: list[str]  # with one, made of the n-grams of the word


def answer(
    table: WordTable, questions: Sequence[Question], common: int | None, method: Method, progress: Progress | None
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Asks for d, given a, b and c: which of m questions could be asked, and which were answered rightly `(m,)`.

    Only the `common` first words are asked about and may answer; None is all.
    """
    words = table.words[:common]
    spellings = _Spellings(words)
    rows = np.array([spellings.rows(question) for question in questions], np.int64).reshape(-1, 4)
    asked: NDArray[np.bool_] = np.all(rows >= 0, axis=1)
    right = np.zeros(len(rows), bool)
    known, numbers = np.unique(rows[asked, :3], return_inverse=True)
    vectors, without = table.vectors[: len(words)], spellings.all_of(rows[asked, :3])
    best, _ = solve(vectors, vectors[known], numbers.reshape(-1, 3), without, 1, method=method, progress=progress)
    if best.size:  # else nobody is left to answer
        right[asked] = spellings.first[best[:, 0]] == rows[asked, 3]
    return asked, right


def compare(table: WordTable, pairs: RatedPairs) -> ComparedPairs:
    """The cosine of the two words of each pair. Words never seen are made of their subwords, where there are any."""
    words = list(dict.fromkeys(word for pair in zip(pairs.a, pairs.b, strict=True) for word in pair))
    rows = np.array(_Spellings(table.words).rows(words), np.int64)
    vectors = table.vectors[np.maximum(rows, 0)].astype(np.float32)
    missing: list[str] = []
    by_subwords: list[str] = []
    for unseen in np.flatnonzero(rows < 0).tolist():
        made = word_table.by_subwords(table, [words[unseen]])  # none, or one
        vectors[unseen] = made[0] if len(made) else 0
        (by_subwords if len(made) else missing).append(words[unseen])

    place = {word: i for i, word in enumerate(words)}
    points = unit(vectors)
    a, b = (points[[place[word] for word in side]] for side in (pairs.a, pairs.b))
    similarities = np.einsum("ij,ij->i", a, b).astype(np.float64)
    similarities[[not {*pair}.isdisjoint(missing) for pair in zip(pairs.a, pairs.b, strict=True)]] = np.nan
    return ComparedPairs(similarities, missing, by_subwords)


class _Spellings:
    """Words that differ in upper and lower case only are one; first: the row of its first spelling `(n,)`."""

    def __init__(self, words: Sequence[str]) -> None:
        folded = [word.upper() for word in words]
        self._row_of: dict[str, int] = {}
        for row, word in enumerate(folded):
            self._row_of.setdefault(word, row)
        self.first = np.fromiter((self._row_of[word] for word in folded), np.int64, len(folded))
        self._others: dict[int, list[int]] = {}
        for row in np.flatnonzero(self.first != np.arange(len(folded))).tolist():
            self._others.setdefault(int(self.first[row]), []).append(row)

    def rows(self, words: Sequence[str]) -> list[int]:
        """The row of the first spelling of each, -1 where there is none."""
        return [self._row_of.get(word.upper(), -1) for word in words]

    def all_of(self, rows: Rows) -> Rows:
        """All spellings of the words in these rows (m, 3): `(m, e)`, filled up with -1."""
        others = [[other for row in each for other in self._others.get(row, ())] for each in rows.tolist()]
        padded = np.full((len(rows), max(map(len, others), default=0)), -1, np.int64)
        for question, each in enumerate(others):
            padded[question, : len(each)] = each
        return np.hstack([rows, padded])


@dataclass(frozen=True)
class AnalogyAccuracy:
    """Of `asked` analogies, `right` were solved; `skipped` were not asked, as a word of theirs is not known.

    section: its name, or "semantic", "syntactic" or "all" for sums.
    """

    file: str
    section: str
    right: int
    asked: int
    skipped: int

    @property
    def value(self) -> float:
        """The share that was solved; NaN where none could be asked."""
        return self.right / self.asked if self.asked else math.nan

    def row(self) -> dict[str, Any]:
        """For `WordEvaluation.rows`; None stands for what is not known."""
        return {
            "file": self.file,
            "what": self.section,
            "figure": "accuracy",
            "value": _known(self.value),
            "low": None,
            "high": None,
            "asked": self.asked,
            "skipped": self.skipped,
            "right": self.right,
        }


@dataclass(frozen=True)
class RankCorrelation:
    """Spearman's ρ between similarities and what people said, of `asked` pairs.

    low, high: between which 95 % of the resamples lie. column: which of the file holds the scores. skipped: pairs with
    a word that has no vector, of those in `missing`. by_subwords: words that were never seen, whose vectors were made
    of their n-grams. NaN where nothing can be said.
    """

    file: str
    column: str
    value: float
    low: float
    high: float
    asked: int
    skipped: int
    missing: tuple[str, ...]
    by_subwords: tuple[str, ...]

    def row(self) -> dict[str, Any]:
        """For `WordEvaluation.rows`; None stands for what is not known."""
        return {
            "file": self.file,
            "what": self.column,
            "figure": "spearman",
            "value": _known(self.value),
            "low": _known(self.low),
            "high": _known(self.high),
            "asked": self.asked,
            "skipped": self.skipped,
            "missing": list(self.missing),
            "by_subwords": list(self.by_subwords),
        }


def sums_of(sections: Sequence[AnalogyAccuracy]) -> list[AnalogyAccuracy]:
    """Of the sections of one file: of all semantic and of all syntactic ones, where it has both kinds, and of all."""
    syntactic = [each for each in sections if each.section.startswith(SYNTACTIC)]
    semantic = [each for each in sections if not each.section.startswith(SYNTACTIC)]
    kinds = {"semantic": semantic, "syntactic": syntactic} if semantic and syntactic else {}
    kinds["all"] = list(sections)
    return [
        AnalogyAccuracy(
            rows[0].file,
            name,
            sum(each.right for each in rows),
            sum(each.asked for each in rows),
            sum(each.skipped for each in rows),
        )
        for name, rows in kinds.items()
    ]


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value
