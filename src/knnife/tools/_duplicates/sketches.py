"""Which texts may be copies of each other on the surface?

Every text is represented by some forty of its pieces, of those that other texts have too, rare ones before common ones.
A piece is chosen by its own number and by how common it is, so copies choose the same ones (consistent weighted
sampling: Manasse, McSherry and Talwar, 2010). Texts that share two chosen pieces are candidates; where more than a
handful have a piece, each is paired with those that follow it in a shuffled order.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knnife.tools._duplicates.shingles import Rows, Shingles

try:
    from knnife._kernels import shared_by_texts as following
except ImportError:  # installed where there was no compiler
    COMPILED = False
else:
    COMPILED = True

Shared = Iterator[tuple[NDArray[Any], NDArray[Any], NDArray[Any]]]

CHOSEN = 40.0  # pieces of a text, on average
FOLLOWING = 16  # texts that one is paired with for each piece
LEAST_SHARED = 2  # chosen pieces; one piece in common is a name or a phrase
LEAST_SHARE = 0.1  # of the chosen pieces of the smaller text
MANY = 8  # candidates for each text; where there are more, twice that share is required: the others share a phrase
FEW = 30_000  # pairs that are all candidates: there is little to save, and the tail is read from them too
ROOM = 1 << 20  # pairs that are counted at once
BITS = 24  # of the table in which pieces are counted, at most: 16 million places


def candidates(texts: Shingles, split: int | None = None, seed: int = 0) -> tuple[Rows, Rows]:
    """Pairs of texts that may be alike, smaller row first; split: only across this row. seed: of the shuffling."""
    n = len(texts)
    if n * n <= 2 * FEW:
        left, right = np.triu_indices(n, 1)
        across = np.full(len(left), True) if split is None else (left < split) & (right >= split)
        return left[across], right[across]
    kept = _chosen(texts)
    owners, keys = texts.owners[kept], texts.keys[kept]
    sizes = np.bincount(owners, minlength=n)
    order = np.random.default_rng(seed).permutation(n)
    postings = (keys.astype(np.uint64) << np.uint64(32)) | order[owners].astype(np.uint64)
    postings.sort()
    keys = (postings >> np.uint64(32)).astype(np.uint32)
    owners = np.argsort(order).astype(np.int32)[postings.astype(np.uint32)]
    found = []
    for left, right, count in (compiled_shared if COMPILED else plain_shared)(keys, owners, n):
        if split is not None:
            across = (left < split) & (right >= split)
            left, right, count = left[across], right[across], count[across]
        share = count / np.minimum(sizes[left], sizes[right])
        enough = share >= LEAST_SHARE
        found.append((left[enough], right[enough], share[enough]))
    left, right, share = (np.concatenate(each) for each in zip(*found, strict=True))
    if len(left) > MANY * n:
        enough = share >= 2 * LEAST_SHARE
        left, right = left[enough], right[enough]
    pairs = np.sort(left.astype(np.int64) * n + right)
    left, right = np.divmod(pairs, n)
    return left, right


def plain_shared(keys: NDArray[np.uint32], texts: NDArray[np.int32], n: int) -> Shared:
    """Pairs of n texts, the smaller first, that share LEAST_SHARED keys, and how many.

    keys: sorted. texts: that of each. Of a key each text is paired with the FOLLOWING behind it.
    """
    pairs = [np.empty(0, np.int64)]
    for step in range(1, FOLLOWING + 1):
        at = np.flatnonzero(keys[step:] == keys[:-step])
        a, b = texts[at], texts[at + step]
        pairs.append(np.minimum(a, b).astype(np.int64) * n + np.maximum(a, b))
    found, count = np.unique(np.concatenate(pairs), return_counts=True)
    enough = count >= LEAST_SHARED
    left, right = np.divmod(found[enough], max(1, n))
    yield left, right, count[enough]


def compiled_shared(keys: NDArray[np.uint32], texts: NDArray[np.int32], n: int) -> Shared:
    """The same by parts, in another order."""
    starts = np.searchsorted(texts[places := np.argsort(texts, kind="stable").astype(np.int32)], np.arange(n + 1))
    seen, found = np.zeros((2, n), np.int32), np.empty((max(n, ROOM), 3), np.int32)
    first = 0
    while first < n:
        some, first = following(
            keys, texts, starts.astype(np.int32), places, FOLLOWING, LEAST_SHARED, first, seen, found
        )
        a, b, count = found[:some].T.copy()
        yield np.minimum(a, b), np.maximum(a, b), count


def commonness(keys: NDArray[np.uint32]) -> NDArray[np.int64]:
    """A table of how many texts have each piece; some pieces share a place in it, and seem more common than so."""
    size = 1 << min(BITS, max(12, (4 * len(keys)).bit_length()))
    return np.bincount(_slots(keys, size), minlength=size)


def looked_up(keys: NDArray[np.uint32], table: NDArray[Any]) -> NDArray[Any]:
    """What a table of `commonness` says of these pieces."""
    return table[_slots(keys, len(table))]


def _slots(keys: NDArray[np.uint32], size: int) -> NDArray[np.uint32]:
    return keys >> np.uint32(33 - size.bit_length())


def choose(
    keys: NDArray[np.uint32], owners: NDArray[np.int32], common: NDArray[np.integer], n: int
) -> NDArray[np.bool_]:
    """Which pieces are chosen, CHOSEN of each of n texts on average; `common` says in how many texts each is."""
    weight = 1 / common.astype(np.float32)
    total = np.bincount(owners, weights=weight, minlength=n)
    bar = (CHOSEN / np.maximum(total, 1e-9)).astype(np.float32)[owners] * weight
    luck = (keys * np.uint32(0x9E3779B1)).astype(np.float32) * np.float32(2.0**-32)
    return np.asarray(luck <= bar)


def _chosen(texts: Shingles) -> Rows:
    """The places of the chosen pieces; those of one text alone can join it with no other."""
    common = looked_up(texts.keys, commonness(texts.keys))
    several = np.flatnonzero(common > 1)
    return several[choose(texts.keys[several], texts.owners[several], common[several], len(texts))]
