"""Words and their vectors side by side: what training makes, files hold and `WordVectors` asks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from knnife.geometry import Vectors


@dataclass(frozen=True)
class Subwords:
    """Vectors of character n-grams (Bojanowski et al., 2017), by which a word that was never seen has a vector, too.

    An n-gram of shortest..longest characters of "<word>" is hashed (FNV-1a, as fastText does) to a row of `vectors`.
    """

    shortest: int
    longest: int
    vectors: Vectors  # (buckets, d)


@dataclass(frozen=True)
class Table:
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
