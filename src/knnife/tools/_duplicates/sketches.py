"""Which texts may be copies of each other on the surface?

Every text is represented by some forty of its pieces, of those that other texts have too, rare ones before common ones.
A piece is chosen by its own number and by how common it is, so copies choose the same ones (consistent weighted
sampling: Manasse, McSherry and Talwar, 2010). Texts that share two chosen pieces are candidates; where more than a
handful have a piece, each is paired with those that follow it in a shuffled order.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from knnife.tools._duplicates.shingles import Rows, Shingles

CHOSEN = 40.0  # pieces of a text, on average
FOLLOWING = 16  # texts that one is paired with for each piece
LEAST_SHARED = 2  # chosen pieces; one piece in common is a name or a phrase
LEAST_SHARE = 0.1  # of the chosen pieces of the smaller text
MANY = 8  # candidates for each text; where there are more, twice that share is required: the others share a phrase
FEW = 30_000  # pairs that are all candidates: there is little to save, and the tail is read from them too
BITS = 24  # of the table in which pieces are counted, at most: 16 million places


def candidates(texts: Shingles, split: int | None = None, seed: int = 0) -> tuple[Rows, Rows]:
    """Pairs of texts that may be alike, smaller row first; split: only across this row. seed: of the shuffling."""
    n = len(texts)
    if n * n <= 2 * FEW:
        left, right = np.triu_indices(n, 1)
        across = np.full(len(left), True) if split is None else (left < split) & (right >= split)
        return left[across], right[across]
    kept = _chosen(texts)
    owners, keys = texts.owners[kept].astype(np.int64), texts.keys[kept]
    sizes = np.bincount(owners, minlength=len(texts))
    order = np.random.default_rng(seed).permutation(len(texts))
    postings = (keys.astype(np.uint64) << np.uint64(32)) | order[owners].astype(np.uint64)
    postings.sort()
    keys = (postings >> np.uint64(32)).astype(np.uint32)
    owners = np.argsort(order)[(postings & np.uint64(0xFFFFFFFF)).astype(np.int64)]
    pairs = _counted(_paired(keys, owners, len(texts), split))
    left, right = np.divmod(pairs[0], len(texts))
    share = pairs[1] / np.minimum(sizes[left], sizes[right])
    enough = (pairs[1] >= LEAST_SHARED) & (share >= LEAST_SHARE)
    if np.count_nonzero(enough) > MANY * n:
        enough &= share >= 2 * LEAST_SHARE
    return left[enough], right[enough]


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


def _paired(keys: NDArray[np.uint32], owners: Rows, n: int, split: int | None) -> Rows:
    found = []
    for step in range(1, FOLLOWING + 1):
        at = np.flatnonzero(keys[step:] == keys[:-step])
        if not len(at):
            break
        a, b = owners[at], owners[at + step]
        low, high = np.minimum(a, b), np.maximum(a, b)
        if split is not None:
            across = (low < split) & (high >= split)
            low, high = low[across], high[across]
        found.append(low * n + high)
    return np.concatenate(found) if found else np.empty(0, np.int64)


def _counted(pairs: Rows) -> tuple[Rows, Rows]:
    """The different pairs, sorted, and how often each comes."""
    pairs.sort()
    first = np.flatnonzero(np.concatenate([[True], pairs[1:] != pairs[:-1]])) if len(pairs) else np.empty(0, np.int64)
    return pairs[first], np.diff(np.append(first, len(pairs)))
