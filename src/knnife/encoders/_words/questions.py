"""Near words, similarities, the odd one out: by the cosine, sums of vectors of length 1 (Mikolov et al., 2013).

The k nearest words are exact: most words are ruled out by eight bits of each component (`Nearest`). A word x and a
query q, both of length 1, are rounded to whole numbers times a scale of their own, to a and b. Then

    |x·q - a·b| = |a·(q - b) + (x - a)·q| <= |a| |q - b| + |x - a|   (Cauchy and Schwarz)

so a·b, which compiled code computes from a quarter of the memory, bounds the similarity on both sides. Only words whose
upper bound reaches what k others have at least are compared in full. Rounding all words takes as long as a dozen
queries: the first ones are compared in full, and all of them where there was no compiler.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from knnife.encoders import word_table
from knnife.encoders.word_table import WordTable
from knnife.errors import BadInput
from knnife.geometry import Vectors, as_vectors, blocks, lengths, top_k, unit

try:
    from knnife._kernels import dot_rows
except ImportError:  # installed where there was no compiler
    COMPILED = False
else:
    COMPILED = True

Words = str | Sequence[str]
Rows = NDArray[np.int64]

PLAINLY: Final = 20  # questions that are answered before the words are rounded
BYTE, SHORT = 127, 2047  # the largest numbers that words and questions are rounded to
LONGEST: Final = 2**31 // (BYTE * SHORT)  # components whose products' sum surely fits in 32 bits
WIDTH: Final = 16  # rounded words are padded with zeros to a multiple of so many components, as instructions take
PIECES: Final = 50  # times k pieces, whose k best members tell what k words reach at least
ODD: Final = 3  # words, of which one does not belong, at the least
ROUNDING: Final = np.float32(1e-5)  # what sums in float32 may be wrong by


@dataclass(frozen=True)
class NearWords:
    """The k nearest words of each of m questions: words, rows and similarities, `(m, k)`, best first.

    missing: the words asked about that have no vector, and what is said of each. Their questions have no words, the
    positions -1 and the scores NaN.
    """

    words: list[list[str]]
    positions: Rows
    scores: Vectors
    missing: Mapping[str, str] = field(default_factory=dict)

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
    """Words, and how similar each is to the others on average; `word` is the one that is least so.

    missing: those that have no vector, and are not among the words; what is said of each.
    """

    word: str
    words: tuple[str, ...]
    scores: Vectors  # (n,)
    missing: Mapping[str, str] = field(default_factory=dict)

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
        given = listed(given) if isinstance(given, Iterable) and not isinstance(given, np.ndarray) else given
        if not (isinstance(given, list) and all(isinstance(each, str) for each in given)):
            points = as_vectors(given, self._table.vectors.shape[1], "what is asked with")
            return self._near(points, np.empty((len(points), 0), np.int64), k, plus, minus)
        points, known = word_table.found(self._table, given)
        missing = word_table.missing(self._table, given, known, known.any())
        own = word_table.rows(self._table, given)[:, None]
        answer = self._near(points[known], own[known], k, plus, minus)
        return replace(_spread(answer, known), missing=missing) if missing else answer

    def similarity(self, a: Words, b: Words) -> Vectors:
        """See `WordVectors.similarity`, `(m,)`."""
        sides = listed(a), listed(b)
        if 1 not in map(len, sides) and len(sides[0]) != len(sides[1]):
            raise BadInput(
                f"{len(sides[0])} words and {len(sides[1])}: expected as many, or one with which all are compared"
            )
        found: Any = np.float32(1)
        for words in sides:
            points, known = word_table.found(self._table, words)
            word_table.missing(self._table, words, known, known.any())
            points = unit(points)
            points[~known] = np.nan
            found = found * points
        cosines: Vectors = found.sum(axis=1)
        return cosines

    def odd_one_out(self, words: Sequence[str]) -> OddOneOut:
        """See `WordVectors.odd_one_out`."""
        if isinstance(words, str) or len(words := listed(words)) < ODD:
            raise BadInput(f"{words!r:.60}: expected three words or more, of which one does not belong")
        points, known = word_table.found(self._table, words)
        missing = word_table.missing(self._table, words, known, known.sum() >= ODD)
        words, points = [word for word in words if word not in missing], unit(points[known])
        others = points.sum(axis=0) - points
        scores: Vectors = (points * others).sum(axis=1) / np.float32(len(points) - 1)
        return OddOneOut(words[int(np.argmin(scores))], tuple(words), scores, missing)

    def _near(self, queries: Vectors, own: Rows, k: int, plus: Words, minus: Words) -> NearWords:
        """For the vectors of m questions `(m, d)`, and the rows of words that are no answer to each `(m, e)`."""
        queries = unit(queries)
        for words, sign in ((listed(plus), 1), (listed(minus), -1)):
            if words:
                queries = queries + sign * unit(word_table.vectors(self._table, words)).sum(axis=0)
                own = np.hstack([own, np.tile(word_table.rows(self._table, words), (len(own), 1))])
        positions, scores = self._nearest.near(queries, k + own.shape[1])
        return self._without(positions, scores, own, k)

    def _without(self, positions: Rows, scores: Vectors, own: Rows, k: int) -> NearWords:
        """The k best that are not among a question's own words; as many for each question."""
        fit = (positions[:, :, None] != own[:, None, :]).all(axis=2)
        k = min(k, int(fit.sum(axis=1).min(initial=k)))
        order = np.argsort(~fit, axis=1, kind="stable")[:, :k]
        positions, scores = np.take_along_axis(positions, order, axis=1), np.take_along_axis(scores, order, axis=1)
        words = self._table.words
        return NearWords([[words[row] for row in each] for each in positions.tolist()], positions, scores)


def _spread(answer: NearWords, known: NDArray[np.bool_]) -> NearWords:
    """The answers to the questions that are known `(m,)`, with empty ones between them for the others."""
    shape = len(known), answer.positions.shape[1]
    positions, scores = np.full(shape, -1, np.int64), np.full(shape, np.nan, np.float32)
    positions[known], scores[known] = answer.positions, answer.scores
    answered = iter(answer.words)
    return NearWords([next(answered) if one else [] for one in known.tolist()], positions, scores)


def listed(words: Iterable[Any]) -> list[Any]:
    """One word as a list of it, several as they are. Raises BadInput for anything else."""
    if isinstance(words, str):
        return [words]
    if not isinstance(words, Iterable):
        raise BadInput(f"expected a word or several, got {type(words).__name__}: {words!r:.60}")
    return list(words)


class _Rounded(NamedTuple):
    """n unit vectors as bytes."""

    bytes: NDArray[np.int8]  # (n, width)
    scale: Vectors  # (n,): bytes times scale are about the vector
    wrong: Vectors  # (n,): the length of what is missing


class Nearest:
    """n vectors, and those of them nearest to others by the cosine. Safe to use from several threads at once."""

    def __init__(self, vectors: Vectors) -> None:
        self._vectors = vectors
        self._answered = 0

    @cached_property
    def lengths(self) -> Vectors:
        """The length of each vector `(n,)`; 1 for those of zeros, so that they can be divided by."""
        found = lengths(self._vectors)
        return np.where(found > 0, found, np.float32(1))

    def near(self, queries: Vectors, k: int) -> tuple[Rows, Vectors]:
        """The k nearest of each query (m, d), best first: rows and similarities `(m, min(k, n))`."""
        (n, d), queries = self._vectors.shape, unit(queries)
        k = min(k, n)
        self._answered += len(queries)
        rows, scores = np.empty((len(queries), k), np.int64), np.empty((len(queries), k), np.float32)
        if not COMPILED or self._answered <= PLAINLY or PIECES * k > n or d > LONGEST:
            for some in blocks(len(queries), 4 * n):
                rows[some], scores[some] = top_k(self._exact(queries[some], slice(None)), k)
        else:
            for i, query in enumerate(queries):
                rows[i], scores[i] = self._one(query, k)
        return rows, scores

    def _one(self, query: Vectors, k: int) -> tuple[Rows, Vectors]:
        """For one query `(d,)`."""
        about, within = self._about(query)
        least = _reached_by(about - within, k) - ROUNDING
        left = np.flatnonzero(about + within >= least)
        columns, scores = top_k(self._exact(query[None], left), k)
        return left[columns[0]], scores[0]

    def _about(self, query: Vectors) -> tuple[Vectors, Vectors]:
        """The similarities of all words to a query `(n,)`, and by how much they may be wrong `(n,)`."""
        words = self._rounded
        scale = max(float(np.abs(query).max()), 1e-30) / SHORT
        rounded = np.zeros(words.bytes.shape[1], np.int16)
        rounded[: len(query)] = np.rint(query / np.float32(scale))
        missing = np.linalg.norm(query - rounded[: len(query)] * np.float32(scale))
        dots = np.empty(len(words.bytes), np.int32)
        dot_rows(words.bytes, rounded, dots)
        about = dots.astype(np.float32) * words.scale * np.float32(scale)
        return about, words.wrong * np.float32(1 + missing) + np.float32(missing)

    def _exact(self, queries: Vectors, rows: Rows | slice) -> Vectors:
        """The cosines of queries of length 1 (m, d) and these rows `(m, r)`."""
        return queries @ self._vectors[rows].T / self.lengths[rows]

    @cached_property
    def _rounded(self) -> _Rounded:
        n, d = self._vectors.shape
        made = np.zeros((n, -(-d // WIDTH) * WIDTH), np.int8)
        scale, wrong = np.empty(n, np.float32), np.empty(n, np.float32)
        for rows in blocks(n, 16 * d):
            points = self._vectors[rows] / self.lengths[rows, None]
            scale[rows] = np.maximum(np.abs(points).max(axis=1), np.float32(1e-30)) / np.float32(BYTE)
            whole = np.rint(points / scale[rows, None])
            made[rows, :d] = whole
            wrong[rows] = lengths(points - whole * scale[rows, None])
        return _Rounded(made, scale, wrong)


def _reached_by(values: Vectors, count: int) -> np.float32:
    """A value that `count` of the values (n,) reach: the maxima of as many of their pieces do."""
    starts = np.arange(0, len(values), len(values) // (PIECES * count))
    lowest: np.float32 = np.partition(np.maximum.reduceat(values, starts), -count)[-count]
    return lowest
