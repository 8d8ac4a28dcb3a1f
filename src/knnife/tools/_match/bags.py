"""Texts as sets of weighted pieces, for many texts at once: sparse rows in plain NumPy.

Pieces are words or runs of three characters, each known by a number of 64 bits. The rarer a piece is among all
records, the more it says that two records share it (inverse document frequency; Spärck Jones, 1972).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, lru_cache
from hashlib import blake2b
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from knnife.geometry import ranges

Numbers = NDArray[np.float64]
Keys = NDArray[np.int64]
Rows = NDArray[np.int64]
Words = Sequence[str]  # of one text, in order


class Bag:
    """n sets of pieces, one behind another: row i has keys[starts[i]:starts[i + 1]], ascending, each once."""

    def __init__(self, rows: Rows, keys: Keys, n: int) -> None:
        order = np.lexsort((keys, rows))
        rows, keys = rows[order], keys[order]
        first = np.ones(len(keys), np.bool_)
        first[1:] = (keys[1:] != keys[:-1]) | (rows[1:] != rows[:-1])
        places = np.flatnonzero(first)
        self.keys: Keys = keys[places]
        self.times: Numbers = np.diff(places, append=len(keys)).astype(np.float64)
        self.starts: Rows = np.searchsorted(rows[places], np.arange(n + 1)).astype(np.int64)

    def __len__(self) -> int:
        return len(self.starts) - 1

    @cached_property
    def rows(self) -> Rows:
        """Which row each key belongs to."""
        return np.repeat(np.arange(len(self)), np.diff(self.starts))

    @cached_property
    def sizes(self) -> Rows:
        """How many pieces each row has."""
        return np.diff(self.starts)

    def of(self, rows: Rows) -> tuple[Rows, Rows]:
        """What these rows hold, one behind another: places in the bag, and of which of `rows` each piece is."""
        return ranges(self.starts[rows], self.sizes[rows])


class Rarity(NamedTuple):
    """In how many of `total` records each piece occurs: keys `(v,)`, ascending, and counts `(v,)`."""

    keys: Keys
    counts: NDArray[np.int64]
    total: int

    @classmethod
    def of(cls, bags: Sequence[Bag]) -> Rarity:
        """Counted in these bags together."""
        keys, counts = np.unique(np.concatenate([bag.keys for bag in bags]), return_counts=True)
        return cls(keys, counts.astype(np.int64), sum(map(len, bags)))

    def weights(self, keys: Keys) -> Numbers:
        """How much pieces say `(m,)`: log((1 + total) / (1 + count)) + 1, as a share of what one never seen says."""
        counts = np.zeros(len(keys), np.int64)
        if len(self.keys):
            at = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
            counts = np.where(self.keys[at] == keys, self.counts[at], 0)
        found: Numbers = (np.log((1 + self.total) / (1 + counts)) + 1) / (np.log1p(self.total) + 1)
        return found


@lru_cache(1 << 18)
def key_of(word: str) -> int:
    """The number of a word, the same in every run and on every machine."""
    return int.from_bytes(blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little", signed=True)


def word_bag(texts: Sequence[Words]) -> Bag:
    """The words of each text."""
    rows = np.repeat(np.arange(len(texts)), [len(text) for text in texts])
    return Bag(rows, np.array([key_of(word) for text in texts for word in text], np.int64), len(texts))


def gram_bag(texts: Sequence[Words]) -> Bag:
    """The runs of three characters of each text, with a space at both ends of it and between its words."""
    spaced = "\n".join(f" {' '.join(text)} " if text else "" for text in texts)
    letters = np.frombuffer(spaced.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.int64)
    if len(letters) < 3:
        return Bag(np.empty(0, np.int64), np.empty(0, np.int64), len(texts))
    ends = letters == ord("\n")
    keys = (letters[:-2] << 42) | (letters[1:-1] << 21) | letters[2:]
    inside = ~(ends[:-2] | ends[1:-1] | ends[2:])
    return Bag(np.cumsum(ends)[:-2][inside], keys[inside], len(texts))
