"""Pairs of two lists of texts that are worth a closer look: those that share rare runs of letters.

The texts that hold a gram (`grams.py`) are walked through from the rarest gram of a text to commoner ones, ENTRIES of
them at most; the best by these sums are then scored exactly. So the work grows with the texts, not with all pairs.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from knnife.encoders.protocol import Progress
from knnife.geometry import ranges
from knnife.things.folding import fold
from knnife.threads import cores
from knnife.tools._match.grams import BUCKETS, Grams, Rows, cosines, weighted

ENTRIES = 2_000  # of others' grams that are walked through for a text
BLOCK = 1 << 22  # entries at a time
MOST_ROWS = 1 << 16  # texts at a time
SPARE = 3  # so many times k are scored exactly
MOST, OTHER = np.uint64(0xFFFF), np.uint64(0xFFFFFFFF)


class CandidatePairs(NamedTuple):
    """m pairs: a row of the left, a row of the right, and how close they are, 0 to 1; by left, the closest first."""

    left: Rows
    right: Rows
    similarity: NDArray[np.float32]


def candidates(
    left: Sequence[str], right: Sequence[str] | None = None, *, k: int = 10, progress: Progress | None = None
) -> CandidatePairs:
    """For each of n texts the k closest of the other list, or within the one list (each pair once, left < right).

    A text gets fewer where fewer share a gram with it, and none where it has no letter or digit. Texts that are equal
    but for case and punctuation are compared once; each of many equal ones gets others of them first. progress: called
    with the texts done and their share.
    """
    ours = Distinct.of(left)
    theirs = ours if right is None else Distinct.of(right)
    close = closest(
        *weighted(ours.texts, None if right is None else theirs.texts), k, within=right is None, progress=progress
    )
    found = _expanded(close, ours, theirs, k, within=right is None)
    return _once(found, len(left)) if right is None else found


@dataclass(frozen=True)
class Distinct:
    """The distinct folded texts of n, with letters or digits in them, and which of the n each one is.

    members: positions, one text's after another; starts, sizes: of each text. rank: `(n,)` the place of a position
    among those of its text. text_of: `(n,)` its text, -1 for none.
    """

    texts: list[str]
    members: NDArray[np.int64]
    starts: NDArray[np.int64]
    sizes: NDArray[np.int64]
    rank: NDArray[np.int64]
    text_of: NDArray[np.int64]

    @classmethod
    def of(cls, texts: Sequence[str]) -> Distinct:
        """Those of a list, in the order in which they come first."""
        number: dict[str, int] = {}
        found = (number.setdefault(text, len(number)) if text else -1 for text in map(str.strip, fold(texts)))
        text_of = np.fromiter(found, np.int64, len(texts))
        members = np.argsort(text_of, kind="stable")[np.count_nonzero(text_of < 0) :]
        sizes = np.bincount(text_of[members], minlength=len(number))
        starts = np.cumsum(sizes) - sizes
        rank = np.zeros(len(texts), np.int64)
        rank[members] = np.arange(len(members)) - np.repeat(starts, sizes)
        return cls(list(number), members, starts, sizes, rank, text_of)


def _expanded(close: CandidatePairs, ours: Distinct, theirs: Distinct, k: int, *, within: bool) -> CandidatePairs:
    """Pairs of distinct texts as pairs of positions, at most k a position."""
    if within:  # a text is as close to itself as can be, which concerns those that are there several times
        own = np.flatnonzero(ours.sizes > 1).astype(np.int32)
        left = np.concatenate([close.left, own])
        order = np.argsort(left, kind="stable")
        right = np.concatenate([close.right, own])[order]
        close = CandidatePairs(
            left[order], right, np.concatenate([close.similarity, np.ones(len(own), np.float32)])[order]
        )
    begins = np.searchsorted(close.left, np.arange(len(ours.texts)))
    ends = np.searchsorted(close.left, np.arange(len(ours.texts)), "right")
    at, of = ranges(begins[ours.text_of[ours.members]], (ends - begins)[ours.text_of[ours.members]])
    positions, text = ours.members[of], close.right[at]
    number, again = ranges(np.zeros(len(positions), np.int64), np.minimum(theirs.sizes[text], k))
    positions, text, score = positions[again], text[again], close.similarity[at][again]
    # Equals are dealt out in turn: the first meets the first, the second the second.
    right = theirs.members[theirs.starts[text] + (ours.rank[positions] + number + within) % theirs.sizes[text]]
    if within:
        other = positions != right
        positions, right, score = positions[other], right[other], score[other]
    best = top(positions, score, k)
    return CandidatePairs(positions[best].astype(np.int32), right[best].astype(np.int32), score[best])


def closest(
    ours: Grams, theirs: Grams, k: int, *, within: bool = False, progress: Progress | None = None
) -> CandidatePairs:
    """For each of n distinct texts, the k closest others, given the grams of both."""
    none = np.zeros(0, np.int32)
    if not len(ours) or not len(theirs):
        return CandidatePairs(none, none, np.zeros(0, np.float32))
    holders = Holders.of(theirs)
    entries = holders.entries(ours)
    walked = np.cumsum(np.bincount(ours.owners, entries, minlength=len(ours)))
    cuts = np.searchsorted(walked, np.arange(0, walked[-1], BLOCK)).tolist()
    bounds = sorted({*cuts, *range(0, len(ours), MOST_ROWS), 0, len(ours)})

    def block(rows: NDArray[np.int64]) -> CandidatePairs:
        at, of = ours.expanded(rows)
        left, right = holders.shared(ours, at, of, entries[at], len(rows), SPARE * k + within)
        if within:
            other = rows[left] != right
            left, right = left[other], right[other]
        score = cosines(ours, theirs, rows[left], right)
        best = top(left, score, k)
        return CandidatePairs(rows[left[best]].astype(np.int32), right[best].astype(np.int32), score[best])

    with ThreadPoolExecutor(cores()) as pool:
        parts = []
        for part, done in zip(pool.map(block, [np.arange(a, b) for a, b in pairwise(bounds)]), bounds[1:], strict=True):
            parts.append(part)
            if progress is not None:
                progress(done, done / len(ours))
    return CandidatePairs(*(np.concatenate(each) for each in zip(*parts, strict=True)))


@dataclass(frozen=True)
class Holders:
    """Who has a gram: the texts of each, one gram after another; those first of which it is the largest part."""

    texts: Rows
    weights: NDArray[np.float32]
    starts: NDArray[np.int64]
    sizes: NDArray[np.int64]

    @classmethod
    def of(cls, grams: Grams) -> Holders:
        """The lists of a sparse matrix turned over."""
        order = np.lexsort((-grams.weights, grams.grams))
        sizes = np.bincount(grams.grams, minlength=BUCKETS)
        return cls(grams.owners[order], grams.weights[order], np.cumsum(sizes) - sizes, sizes)

    def entries(self, ours: Grams) -> NDArray[np.int64]:
        """How many entries of each gram are walked through: all of them, until those of a text are ENTRIES."""
        sizes = self.sizes[ours.grams]
        total = np.cumsum(sizes)
        before = total - sizes - np.concatenate([[0], total])[ours.starts[:-1]][ours.owners]
        walked: NDArray[np.int64] = np.clip(ENTRIES - before, 0, sizes)
        return walked

    def shared(
        self, ours: Grams, at: NDArray[np.int64], of: NDArray[np.int64], sizes: NDArray[np.int64], n: int, k: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The k texts that share most with each of n, by `sizes` entries of the grams at `at` of the texts `of`."""
        grams = ours.grams[at]
        entries, which = ranges(self.starts[grams], sizes)
        # Owner, other and weight as one number: sorting puts what belongs to a pair side by side, which is several
        # times quicker than sorting places. 16 bits are plenty for what only chooses who is scored exactly.
        weight = ours.weights[at][which] * self.weights[entries]
        keys = of[which].astype(np.uint64) << np.uint64(48)
        keys |= self.texts[entries].astype(np.uint64) << np.uint64(16)
        keys |= np.minimum(weight * MOST, MOST).astype(np.uint64)
        keys.sort()
        pair = keys >> np.uint64(16)
        first = np.flatnonzero(np.concatenate([[True], pair[1:] != pair[:-1]])[: len(pair)])
        if not len(first):
            return first, first
        keys &= np.uint64(MOST)
        score = np.minimum(np.add.reduceat(keys, first), MOST)
        pair = pair[first]
        # Once more, the best of each owner in front; owner, score, other.
        pair = (pair >> np.uint64(32) << np.uint64(48)) | ((MOST - score) << np.uint64(32)) | (pair & OTHER)
        pair.sort()
        owner = (pair >> np.uint64(48)).astype(np.int64)
        begins = np.searchsorted(owner, np.arange(n))
        best = np.arange(len(owner)) - begins[owner] < k
        return owner[best], (pair[best] & OTHER).astype(np.int64)


def top(owner: NDArray[np.integer], score: NDArray[np.float32], k: int) -> NDArray[np.int64]:
    """The places of the k highest scores of each owner, the highest first; owners in order. At a tie the first."""
    order = np.lexsort((-score, owner))
    sorted_owner = owner[order]
    first = np.searchsorted(sorted_owner, sorted_owner, side="left")
    return order[np.arange(len(order)) - first < k]


def _once(found: CandidatePairs, n: int) -> CandidatePairs:
    """Each pair of a list with itself once, the smaller row first."""
    low, high = np.minimum(found.left, found.right), np.maximum(found.left, found.right)
    _, first = np.unique(low.astype(np.int64) * n + high, return_index=True)
    low, high, score = low[first], high[first], found.similarity[first]
    order = np.lexsort((-score, low))
    return CandidatePairs(low[order], high[order], score[order])
