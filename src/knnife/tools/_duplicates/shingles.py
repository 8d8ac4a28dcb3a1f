"""The surface of a text: the set of its pieces of five characters, whatever its case, punctuation and spacing.

Two texts are as alike as the share of their pieces that both have (Jaccard, 1901; shingles: Broder, "On the resemblance
and containment of documents", 1997). All texts go through NumPy at once, as one array of characters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from knnife.geometry import ranges
from knnife.things.folding import END

try:
    from knnife._kernels import shared_pieces
except ImportError:  # installed where there was no compiler
    COMPILED = False
else:
    COMPILED = True

SIZE = 5  # characters in a piece: of a typo in 5 % of the characters, three pieces in four survive
USUAL = 32  # pieces that more than one text in so many has are multiplied as a matrix, the others counted one by one
_FACTOR = np.uint32(0x9E3779B1)  # odd, so that no digit is lost; 2^32 divided by the golden ratio

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Shingles:
    """The sets of pieces of n folded texts.

    keys: the pieces of each text as numbers, sorted, each once. starts: `(n + 1,)`, where the set of each text begins.
    """

    folded: Sequence[str]
    keys: NDArray[np.uint32]
    starts: Rows

    def __len__(self) -> int:
        return len(self.folded)

    @cached_property
    def sizes(self) -> Rows:
        """How many pieces each text has, `(n,)`; none where it is shorter than a piece."""
        return np.diff(self.starts)

    @cached_property
    def owners(self) -> NDArray[np.int32]:
        """The text of each piece."""
        return np.repeat(np.arange(len(self), dtype=np.int32), self.sizes)

    def jaccard(self, a: Rows, b: Rows) -> NDArray[np.float32]:
        """The share of the pieces of texts a[i] and b[i] that both have, `(p,)`; 0 where neither has any."""
        shared = self._shared(a, b, None)
        union = self.sizes[a] + self.sizes[b] - shared
        found: NDArray[np.float32] = np.divide(
            shared, union, out=np.zeros(len(a), np.float32), where=union > 0, casting="unsafe"
        )
        return found

    def rare_shared(self, a: Rows, b: Rows) -> NDArray[np.float32]:
        """The share that both have of what the one has in common with any text, pieces of n texts counted 1 / n.

        Of the text that has less of it. Copies share nearly all of that, whatever was changed, as what no other text
        has does not count. Texts with a phrase or a form in common, which others have too, share little. `(p,)`.
        """
        rows = np.unique(np.concatenate([a, b]))
        places, of = ranges(self.starts[rows], self.sizes[rows])
        keys, wanted = np.sort(self.keys), self.keys[places]
        counts = np.searchsorted(keys, wanted, side="right") - np.searchsorted(keys, wanted)
        weights = np.zeros(len(self.keys))
        weights[places] = np.where(counts > 1, 1 / counts, 0)
        total = np.zeros(len(self))
        total[rows] = np.bincount(of, weights=weights[places], minlength=len(rows))
        least = np.minimum(total[a], total[b])
        shared = self._shared(a, b, weights)
        return np.divide(shared, least, out=np.zeros(len(a)), where=least > 0).astype(np.float32)

    def _shared(self, a: Rows, b: Rows, weights: NDArray[np.float64] | None) -> NDArray[np.float64]:
        """How many pieces texts a[i] and b[i] share, or the sum of their weights, `(p,)`."""
        if not COMPILED:
            return self._plainly_shared(a, b, weights)
        shared, (left, right) = np.empty(len(a)), (np.ascontiguousarray(side, np.int64) for side in (a, b))
        shared_pieces(self.keys, self.starts, left, right, np.empty(0) if weights is None else weights, shared)
        return shared

    def _plainly_shared(self, a: Rows, b: Rows, weights: NDArray[np.float64] | None) -> NDArray[np.float64]:
        shared = np.zeros(len(a))
        small, large = np.where(self.sizes[a] <= self.sizes[b], (a, b), (b, a))
        owned = _joined(self.owners, self.keys)
        for part in _parts(self.sizes[small]):
            places, of = ranges(self.starts[small[part]], self.sizes[small[part]])
            wanted = _joined(large[part][of], self.keys[places])
            place = np.searchsorted(owned, wanted)
            met = owned[np.minimum(place, len(owned) - 1)] == wanted
            told = None if weights is None else weights[places[met]]
            shared[part] = np.bincount(of[met], weights=told, minlength=part.stop - part.start)
        return shared

    def all_with_all(self, rows: Rows, others: Rows) -> NDArray[np.float32]:
        """The share of the pieces in common of each in `rows` with each in `others`, `(len(rows), len(others))`."""
        keys, of = self._pieces(rows)
        pieces, which = np.unique(keys, return_inverse=True)
        held = np.bincount(which, minlength=len(pieces))
        usual = np.flatnonzero(held > len(rows) / USUAL)
        place = np.full(len(pieces), -1)
        place[usual] = np.arange(len(usual))
        ours = np.zeros((len(rows), len(usual)), np.float32)
        ours[of[place[which] >= 0], place[which[place[which] >= 0]]] = 1
        order, first = np.argsort(which, kind="stable"), np.concatenate([[0], np.cumsum(held)])
        shared = np.zeros((len(rows), len(others)), np.float32)
        for part in _parts(self.sizes[others], 1 << 18):
            wanted, whose = self._pieces(others[part])
            met = np.searchsorted(pieces, wanted)
            known = np.flatnonzero(pieces[np.minimum(met, len(pieces) - 1)] == wanted) if len(pieces) else met[:0]
            met, whose, width = met[known], whose[known], part.stop - part.start
            theirs = np.zeros((width, len(usual)), np.float32)
            theirs[whose[place[met] >= 0], place[met[place[met] >= 0]]] = 1
            rare = np.flatnonzero(place[met] < 0)
            places, at = ranges(first[met[rare]], held[met[rare]])
            counts = np.bincount(of[order[places]] * width + whose[rare][at], minlength=len(rows) * width)
            shared[:, part] = ours @ theirs.T + counts.reshape(len(rows), width)
        union = self.sizes[rows][:, None] + self.sizes[others] - shared
        found: NDArray[np.float32] = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
        return found

    def _pieces(self, rows: Rows) -> tuple[NDArray[np.uint32], Rows]:
        """All pieces of these texts, and the place in `rows` of each."""
        places, of = ranges(self.starts[rows], self.sizes[rows])
        return self.keys[places], of


def shingles(folded: Sequence[str]) -> Shingles:
    """The sets of pieces of texts `(n,)` that `fold` gave."""
    codes = np.frombuffer("".join(f" {text} {END}" if text else END for text in folded).encode("utf-32-le"), np.uint32)
    hashes = codes[: len(codes) - SIZE + 1].copy() if len(codes) >= SIZE else np.zeros(0, np.uint32)
    for i in range(1, SIZE):
        hashes *= _FACTOR
        hashes += codes[i : len(codes) - SIZE + 1 + i]
    hashes ^= hashes >> np.uint32(15)
    hashes *= np.uint32(0x85EBCA6B)
    hashes ^= hashes >> np.uint32(13)
    ends = np.flatnonzero(codes == 0)
    whole = np.ones(len(hashes), bool)
    for i in range(SIZE):  # a piece does not reach beyond the end of its text
        behind = ends - i
        whole[behind[(behind >= 0) & (behind < len(whole))]] = False
    lengths = np.diff(ends, prepend=-1) - 1
    owners = np.repeat(np.arange(len(folded), dtype=np.int32), np.maximum(lengths - SIZE + 1, 0))
    owned = _joined(owners, hashes[whole])
    owned.sort()
    first = np.ones(len(owned), bool)
    np.not_equal(owned[1:], owned[:-1], out=first[1:])
    owned = owned[first]
    counts = np.bincount((owned >> np.uint64(32)).astype(np.int64), minlength=len(folded))
    starts = np.concatenate([[0], np.cumsum(counts)])
    return Shingles(folded, owned.astype(np.uint32), starts)


def _joined(owners: NDArray[np.integer], keys: NDArray[np.uint32]) -> NDArray[np.uint64]:
    joined = owners.astype(np.uint64)
    joined <<= np.uint64(32)
    joined |= keys
    return joined


def _parts(sizes: Rows, budget: int = 1 << 21) -> list[slice]:
    """Consecutive slices of so many pieces each, one text at least."""
    ends = np.searchsorted(np.cumsum(sizes), np.arange(budget, int(sizes.sum()) + budget, budget), side="right")
    bounds = np.unique(np.concatenate([[0], ends, [len(sizes)]]))
    return [slice(int(a), int(b)) for a, b in pairwise(bounds)]
