"""What each item says for others, as rows of a sparse matrix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from knnife.threads import on_all_cores

try:
    from knnife import _taste
except ImportError:  # installed where there was no compiler
    COMPILED = False
else:
    COMPILED = True

Weighed = tuple[NDArray[np.int32], NDArray[np.float32]]  # the items of a history, and what each counts
AT_ONCE: Final = 64  # histories of a block


@dataclass(frozen=True)
class ItemLinks:
    """starts: `(m + 1,)`, where the links of each item begin; to, says: `(l,)`, the item spoken for, and how much.

    Those of an item stand in ascending order of `to`.
    """

    starts: NDArray[np.int64]
    to: NDArray[np.int32]
    says: NDArray[np.float32]

    @classmethod
    def of_dense(cls, weights: NDArray[np.float32], most: int) -> ItemLinks:
        """Of a matrix from item to item: the `most` largest of each column, whatever their sign; no zeros."""
        m = len(weights)
        kept = weights != 0
        if m > most:
            for column in range(m):  # one at a time, as an index of all would be twice as large as the matrix
                size = np.abs(weights[:, column])
                kept[np.argpartition(-size, most)[most:], column] = False
        starts = np.concatenate(([0], np.cumsum(kept.sum(axis=1)))).astype(np.int64)
        return cls(starts, np.nonzero(kept)[1].astype(np.int32), weights[kept])

    def among(self, numbers: NDArray[np.int32], m: int) -> ItemLinks:
        """The same of m items, among which these have the numbers `numbers`, ascending; the others have no link."""
        lengths = np.zeros(m, np.int64)
        lengths[numbers] = np.diff(self.starts)
        return ItemLinks(np.concatenate(([0], np.cumsum(lengths))), numbers[self.to], self.says)

    @classmethod
    def checked(cls, m: int, starts: NDArray[Any], to: NDArray[Any], says: NDArray[Any]) -> ItemLinks:
        """Arrays that somebody wrote down, of m items. Raises ValueError where they do not fit together."""
        fits = starts.dtype == np.int64 and to.dtype == np.int32 and says.dtype == np.float32
        fits = fits and starts.shape == (m + 1,) and to.shape == says.shape == (int(starts[-1]),) and starts[0] == 0
        if not fits or (np.diff(starts) < 0).any() or not np.isfinite(says).all():
            raise ValueError(f"links of shapes {starts.shape}, {to.shape} and {says.shape} for {m} items")
        if len(to) and not 0 <= int(to.min()) <= int(to.max()) < m:
            raise ValueError(f"links to item {to.max()} of {m}")
        within = np.ones(len(to), np.bool_)
        within[starts[:-1][starts[:-1] < len(to)]] = False
        if (np.diff(to) <= 0)[within[1:]].any():
            raise ValueError("links that are not in ascending order")
        return cls(starts, to, says)

    def scores(self, histories: Sequence[Weighed]) -> NDArray[np.float32]:
        """What all items of each history say together for each item, `(q, m)`."""
        scores = np.zeros((len(histories), len(self.starts) - 1), np.float32)

        def work(rows: slice) -> None:
            add = _taste.add_links if COMPILED else add_links
            add(*flat(histories[rows]), self.starts, self.to, self.says, scores[rows])

        on_all_cores(work, (slice(row, row + AT_ONCE) for row in range(0, len(histories), AT_ONCE)))
        return scores

    def between(self, items: NDArray[np.int32], target: int) -> NDArray[np.float32]:
        """What each of `items` says for one, `(h,)`."""
        said = np.zeros(len(items), np.float32)
        for row, item in enumerate(items.tolist()):
            own = slice(int(self.starts[item]), int(self.starts[item + 1]))
            at = int(np.searchsorted(self.to[own], target))
            if at < own.stop - own.start and self.to[own][at] == target:
                said[row] = self.says[own][at]
        return said


def flat(histories: Sequence[Weighed]) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]]:
    """Histories one behind the other: where each begins `(q + 1,)`, all items, and what each counts."""
    begins = np.cumsum([0, *(len(items) for items, _ in histories)], dtype=np.int64)
    items = np.concatenate([np.empty(0, np.int32), *(items for items, _ in histories)])
    return begins, items, np.concatenate([np.empty(0, np.float32), *(weights for _, weights in histories)])


def add_links(
    begins: NDArray[np.int64],
    items: NDArray[np.int32],
    weights: NDArray[np.float32],
    starts: NDArray[np.int64],
    to: NDArray[np.int32],
    says: NDArray[np.float32],
    scores: NDArray[np.float32],
) -> None:
    """The plain twin of what is compiled: adds to each row of `scores` `(q, m)` what its history says."""
    for row, (first, last) in enumerate(pairwise(begins.tolist())):
        for item, weight in zip(items[first:last].tolist(), weights[first:last], strict=True):
            links = slice(int(starts[item]), int(starts[item + 1]))
            scores[row, to[links]] += weight * says[links]
