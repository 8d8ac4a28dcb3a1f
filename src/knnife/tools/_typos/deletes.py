"""Which words are within a few edits of others, found by what is left when characters are left out.

Two words within d edits (a character left out, put in, replaced, or two neighbours swapped) become equal when at most d
characters are left out of each (Garbe, "SymSpell", 2012: https://github.com/wolfgarbe/SymSpell), and it is enough to
look at their beginnings. So whatever is left of the beginning of every word of the vocabulary goes into a table, by its
hash, and what is left of a query is looked up there. Here the table is arrays rather than a dictionary, and thousands
of queries are answered at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knnife.tools._typos.spelled import Spelled

BASE = np.uint64(0x9E3779B97F4A7C15)  # 2^64 / the golden ratio: odd, its bits spread well (Knuth, TAOCP 3, 6.4)
MIX = np.uint64(0xD6E8FEB86659FD93)  # another odd number, for the upper bits to depend on all
UPPER = np.uint64(0xFFFFFFFF00000000)
BLOCK = 1 << 15  # words whose variants are made at once

Keys = NDArray[np.uint64]
Rows = NDArray[np.int32]


@dataclass(frozen=True)
class Deletes:
    """A table of what is left of words, ordered by hash.

    width: characters of each word that are looked at. edits: how many of them are left out at most. least: how many are
    left at least where one is. starts: where the entries begin whose hashes share their upper `bits` bits
    `(2 ** bits + 1,)`. hashes: the upper 32 bits of each entry. rows: of which word it is.
    """

    width: int
    edits: int
    least: int
    bits: int
    starts: NDArray[np.int32]
    hashes: NDArray[np.uint32]
    rows: Rows

    @classmethod
    def build(cls, words: Spelled, *, width: int, edits: int, least: int = 0) -> Deletes:
        """The table of the first `width` characters of each word with up to `edits` of them left out."""
        entries = np.concatenate(
            [
                (hashes & UPPER) | rows.astype(np.uint64)
                for at in range(0, len(words.lengths), BLOCK)
                for hashes, rows in [variants(words, slice(at, at + BLOCK), width, edits, least)]
            ]
        )
        entries.sort()
        bits = max(1, int(np.log2(len(entries) + 1)) - 1)
        edges = np.arange(1 << bits, dtype=np.uint64) << np.uint64(64 - bits)
        starts = np.append(np.searchsorted(entries, edges), len(entries)).astype(np.int32)
        hashes, rows = (entries >> np.uint64(32)).astype(np.uint32), entries.astype(np.uint32).view(np.int32)
        return cls(width, edits, least, bits, starts, hashes, rows)

    def lookup(self, words: Spelled) -> tuple[Rows, Rows]:
        """All that has something left in common with each of m words: places in `words` and rows, with repetitions.

        A few come by chance (their hashes agree), and many are further away than `edits`: the rest is for whoever asks.
        """
        hashes, asked = variants(words, slice(None), self.width, self.edits, self.least)
        bucket = (hashes >> np.uint64(64 - self.bits)).astype(np.int64)
        entry, owner = _ranges(self.starts[bucket], self.starts[bucket + 1])
        same = self.hashes[entry] == (hashes >> np.uint64(32)).astype(np.uint32)[owner]
        return asked[owner[same]], self.rows[entry[same]]


def _ranges(starts: NDArray[np.int32], stops: NDArray[np.int32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The numbers from each start to before its stop, one after another, and which of the ranges each is in."""
    lengths = stops - starts
    owner = np.repeat(np.arange(len(starts)), lengths)
    before = np.cumsum(lengths) - lengths
    return np.arange(len(owner)) + (starts - before)[owner], owner


def variants(words: Spelled, part: slice, width: int, edits: int, least: int) -> tuple[Keys, Rows]:
    """The hashes of what is left of the words of a part, and of which word each is, by its place in `words`."""
    lengths, codes = words.lengths[part].clip(max=width), words.letters[part, :width].astype(np.uint64)
    first = part.start or 0
    hashes, rows = [], []
    for length in np.unique(lengths).tolist():
        these = np.flatnonzero(lengths == length)
        left = _left(codes[these, :length], max(0, min(edits, length - least)))
        hashes.append(left.ravel())
        rows.append(np.tile((these + first).astype(np.int32), len(left)))
    return np.concatenate(hashes), np.concatenate(rows)


def _left(codes: NDArray[np.uint64], edits: int) -> Keys:
    """The hashes of all ways to leave out up to `edits` characters of words of one length `(m, length)`: (ways, m).

    A hash grows character by character; at each one it either takes it or leaves it out.
    """
    grown = [np.ones((1, len(codes)), np.uint64)] + [
        np.empty((0, len(codes)), np.uint64)
    ] * edits  # by characters left out
    for column in codes.T:
        taken = [hashes * BASE + (column + np.uint64(1)) * MIX for hashes in grown]
        grown = [taken[0]] + [np.concatenate([taken[out], grown[out - 1]]) for out in range(1, edits + 1)]
    together = np.concatenate(grown)
    return (together ^ (together >> np.uint64(32))) * MIX
