"""What each item says for others, as rows of a sparse matrix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


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

    def scores(self, histories: list[tuple[NDArray[np.int32], NDArray[np.float32]]]) -> NDArray[np.float32]:
        """What all items of each history say together for each item, `(q, m)`: items, and what each counts."""
        m = len(self.starts) - 1
        scores = np.zeros((len(histories), m), np.float32)
        for row, (items, weights) in enumerate(histories):
            places = [np.arange(self.starts[item], self.starts[item + 1]) for item in items.tolist()]
            if places:
                where = np.concatenate(places)
                counts = np.repeat(weights, [len(each) for each in places])
                scores[row] = np.bincount(self.to[where], counts * self.says[where], m)
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
