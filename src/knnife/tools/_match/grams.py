"""A text as the set of its runs of three characters ("grams") and of its whole words.

Each is weighted by its rarity in both lists (inverse document frequency: Spärck Jones, 1972); texts compare by cosine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from knnife.geometry import ranges
from knnife.things.folding import END

SIZE = 3  # characters in a gram
BUCKETS = 1 << 22  # that grams are hashed to

_FACTOR = np.uint32(0x9E3779B1)  # odd, so that no digit is lost; 2^32 divided by the golden ratio

Rows = NDArray[np.int32]


@dataclass(frozen=True)
class Grams:
    """The weighted grams of n texts, one text after another: a sparse matrix in rows of length 1.

    grams: of each text sorted, the rarest first. weights: likewise. starts: `(n + 1,)` where each text begins.
    """

    grams: NDArray[np.int32]
    weights: NDArray[np.float32]
    starts: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def owners(self) -> Rows:
        """The text of each gram."""
        return np.repeat(np.arange(len(self), dtype=np.int32), np.diff(self.starts))

    @cached_property
    def owned(self) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Text and gram as one number, ascending, and the weights."""
        keys = self.owners.astype(np.int64) * BUCKETS + self.grams
        order = np.argsort(keys)
        return keys[order], self.weights[order]

    def expanded(self, rows: NDArray[np.integer]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Where the grams of some texts stand, and the place in `rows` of the text of each."""
        return ranges(self.starts[rows], self.starts[np.asarray(rows) + 1] - self.starts[rows])


def weighted(left: Sequence[str], right: Sequence[str] | None) -> tuple[Grams, Grams]:
    """The grams of two lists of folded texts, weighted by how rare each is in both together."""
    both = [*left, *(right or ())]
    owners, grams = _found(both)
    seen = np.bincount(grams, minlength=BUCKETS)
    idf = np.log((1 + len(both)) / (1 + seen)) + 0.1  # what all have counts a little, too
    order = np.lexsort((grams, seen[grams], owners))
    owners, grams = owners[order], grams[order]
    starts = np.concatenate([[0], np.cumsum(np.bincount(owners, minlength=len(both)))])
    length = np.sqrt(np.bincount(owners, idf[grams] ** 2, minlength=len(both)))
    weights = (idf[grams] / length[owners]).astype(np.float32)
    if right is None:
        return (whole := Grams(grams, weights, starts)), whole
    n, cut = len(left), int(starts[len(left)])
    return Grams(grams[:cut], weights[:cut], starts[: n + 1]), Grams(grams[cut:], weights[cut:], starts[n:] - cut)


def cosines(ours: Grams, theirs: Grams, left: NDArray[np.integer], right: NDArray[np.integer]) -> NDArray[np.float32]:
    """How close texts left[i] and right[i] are, `(m,)`, exactly."""
    score = np.zeros(len(left), np.float32)
    owned, weights = theirs.owned
    for begin in range(0, len(left), 1 << 16):
        part = slice(begin, begin + (1 << 16))
        at, of = ours.expanded(left[part])
        wanted = right[part].astype(np.int64)[of] * BUCKETS + ours.grams[at]
        place = np.minimum(np.searchsorted(owned, wanted), len(owned) - 1)
        product = np.where(owned[place] == wanted, ours.weights[at] * weights[place], 0)
        score[part] = np.bincount(of, product, minlength=len(score[part]))
    return score


def _found(folded: Sequence[str]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """The grams and words of texts, each once: (texts, hashes)."""
    codes = np.frombuffer("".join(f" {text} {END}" for text in folded).encode("utf-32-le"), np.uint32)
    ends = np.flatnonzero(codes == 0)
    text_of = np.zeros(len(codes), np.int64)
    text_of[ends[:-1] + 1] = 1
    text_of = np.cumsum(text_of)
    hashes = codes[:-2].copy()
    for i in (1, 2):
        hashes = hashes * _FACTOR + codes[i : len(codes) - 2 + i]
    inside = (codes[:-2] != 0) & (codes[1:-1] != 0) & (codes[2:] != 0)
    grams = (_mixed(hashes[inside]) % BUCKETS).astype(np.int64)
    words, word_of = _words(codes, text_of)
    pairs = np.concatenate([text_of[:-2][inside] * BUCKETS + grams, word_of * BUCKETS + words])
    pairs.sort()  # several times quicker than np.unique
    pairs = pairs[np.concatenate([[True], pairs[1:] != pairs[:-1]])[: len(pairs)]]
    return (pairs // BUCKETS).astype(np.int32), (pairs % BUCKETS).astype(np.int32)


def _words(codes: NDArray[np.uint32], text_of: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The words of the texts as hashes, and the text of each."""
    letter = (codes != 32) & (codes != 0)
    begins = np.flatnonzero(letter & ~np.concatenate([[False], letter[:-1]]))
    if not len(begins):
        return begins, begins
    size = np.flatnonzero(letter & ~np.concatenate([letter[1:], [False]])) + 1 - begins
    at = np.flatnonzero(letter)
    first = np.cumsum(size) - size
    place = (np.arange(len(at)) - np.repeat(first, size)).astype(np.uint32)
    total = np.add.reduceat(_mixed(codes[at] * _FACTOR + place), first)
    return (_mixed(total) % BUCKETS).astype(np.int64), text_of[begins]


def _mixed(hashes: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Every bit spread over all others (the finish of MurmurHash3)."""
    hashes = (hashes ^ (hashes >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    hashes = (hashes ^ (hashes >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return hashes ^ (hashes >> np.uint32(16))
