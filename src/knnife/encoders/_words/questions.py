"""Near words, similarities, the odd one out: by the cosine, sums of vectors of length 1 (Mikolov et al., 2013)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from knnife.encoders import word_table
from knnife.encoders._words.nearest import Nearest, Rows
from knnife.encoders.word_table import WordTable
from knnife.errors import BadInput
from knnife.geometry import Vectors, as_vectors, unit

Words = str | Sequence[str]


@dataclass(frozen=True)
class NearWords:
    """The k nearest words of each of m questions: words, rows and similarities, `(m, k)`, best first."""

    words: list[list[str]]
    positions: Rows
    scores: Vectors

    def rows(self) -> Iterator[dict[str, Any]]:
        """One row a word; `query` is the number of the question, from 0, and `rank` counts from 1."""
        for query, words in enumerate(self.words):
            for rank, word in enumerate(words):
                yield {
                    "query": query,
                    "rank": rank + 1,
                    "word": word,
                    "score": float(self.scores[query, rank]),
                    "position": int(self.positions[query, rank]),
                }


@dataclass(frozen=True)
class OddOneOut:
    """Words, and how similar each is to the others on average; `word` is the one that is least so."""

    word: str
    words: tuple[str, ...]
    scores: Vectors  # (n,)

    def rows(self) -> Iterator[dict[str, Any]]:
        """One row a word, the odd one first."""
        for place in np.argsort(self.scores, kind="stable").tolist():
            yield {"word": self.words[place], "score": float(self.scores[place])}


class WordQuestions:
    """Answers questions about the words of a table; what that takes is worked out once, when it is needed."""

    def __init__(self, table: WordTable) -> None:
        self._table = table
        self._nearest = Nearest(table.vectors)

    def near(self, given: Any, k: int, plus: Words, minus: Words) -> NearWords:
        """See `WordVectors.near`."""
        if not isinstance(k, int | np.integer) or isinstance(k, bool) or k < 1:
            raise BadInput(f"k={k!r}: expected a whole number, 1 or more")
        queries, own = self._queries(given)
        for words, sign in ((listed(plus), 1), (listed(minus), -1)):
            if words:
                queries = queries + sign * unit(word_table.vectors(self._table, words)).sum(axis=0)
                own = np.hstack([own, np.tile(word_table.rows(self._table, words), (len(own), 1))])
        positions, scores = self._nearest.near(queries, k + own.shape[1])
        return self._without(positions, scores, own, k)

    def similarity(self, a: Words, b: Words) -> Vectors:
        """The cosines of pairs `(m,)`; one word goes with each of the others."""
        left, right = (unit(word_table.vectors(self._table, listed(each))) for each in (a, b))
        if 1 not in (len(left), len(right)) and len(left) != len(right):
            raise BadInput(f"{len(left)} words and {len(right)}: expected as many, or one with which all are compared")
        found: Vectors = (left * right).sum(axis=1)
        return found

    def odd_one_out(self, words: Sequence[str]) -> OddOneOut:
        """See `WordVectors.odd_one_out`."""
        if isinstance(words, str) or len(words := listed(words)) < 3:
            raise BadInput(f"{words!r:.60}: expected three words or more, of which one does not belong")
        points = unit(word_table.vectors(self._table, words))
        others = points.sum(axis=0) - points
        scores: Vectors = (points * others).sum(axis=1) / np.float32(len(points) - 1)
        return OddOneOut(words[int(np.argmin(scores))], tuple(words), scores)

    def _queries(self, given: Any) -> tuple[Vectors, Rows]:
        """Vectors of length 1 `(m, d)` of what was asked, and the rows of words that are no answer to it `(m, e)`."""
        if isinstance(given, Iterable) and not isinstance(given, np.ndarray):
            given = listed(given)
        if isinstance(given, list) and all(isinstance(each, str) for each in given):
            return unit(word_table.vectors(self._table, given)), word_table.rows(self._table, given)[:, None]
        vectors = as_vectors(given, self._table.vectors.shape[1], "what is asked with")
        return unit(vectors), np.empty((len(vectors), 0), np.int64)

    def _without(self, positions: Rows, scores: Vectors, own: Rows, k: int) -> NearWords:
        """The k best that are not among a question's own words; as many for each question."""
        fit = (positions[:, :, None] != own[:, None, :]).all(axis=2)
        k = min(k, int(fit.sum(axis=1).min(initial=k)))
        order = np.argsort(~fit, axis=1, kind="stable")[:, :k]
        positions, scores = np.take_along_axis(positions, order, axis=1), np.take_along_axis(scores, order, axis=1)
        words = self._table.words
        return NearWords([[words[row] for row in each] for each in positions.tolist()], positions, scores)


def listed(words: Iterable[Any]) -> list[Any]:
    """One word as a list of it, several as they are. Raises BadInput for anything else."""
    if isinstance(words, str):
        return [words]
    if not isinstance(words, Iterable):
        raise BadInput(f"expected a word or several, got {type(words).__name__}: {words!r:.60}")
    return list(words)
