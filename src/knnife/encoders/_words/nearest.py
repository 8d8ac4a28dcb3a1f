"""The k nearest words of vectors, exactly: most words are ruled out by eight bits of each component.

A word x and a query q, both of length 1, are rounded to whole numbers times a scale of their own, to a and b. Then

    |x·q - a·b| = |a·(q - b) + (x - a)·q| <= |a| |q - b| + |x - a|   (Cauchy and Schwarz)

so a·b, which compiled code computes from a quarter of the memory, bounds the similarity on both sides. Only words whose
upper bound reaches what k others have at least are compared in full. Rounding all words takes as long as a dozen
queries: the first ones are compared in full, and all of them where there was no compiler.
"""

from __future__ import annotations

from functools import cached_property
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from knnife.geometry import Vectors, blocks, lengths, top_k, unit

try:
    from knnife._kernels import dot_rows
except ImportError:  # installed where there was no compiler
    COMPILED = False
else:
    COMPILED = True

Rows = NDArray[np.int64]

PLAINLY: Final = 20  # questions that are answered before the words are rounded
BYTE, SHORT = 127, 2047  # the largest numbers that words and questions are rounded to
LONGEST: Final = 2**31 // (BYTE * SHORT)  # components whose products' sum surely fits in 32 bits
WIDTH: Final = (
    16  # rounded words have a multiple of so many components, zeros at the end: instructions take them at once
)
PIECES: Final = 50  # times k pieces, whose k best members tell what k words reach at least
ROUNDING: Final = np.float32(1e-5)  # what sums in float32 may be wrong by


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
        found: Vectors = queries @ self._vectors[rows].T / self.lengths[rows]
        return found

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
