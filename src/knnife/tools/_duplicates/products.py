"""Which pairs of rows may have a product as large as it must be: by bytes, or by floats where nothing is compiled.

Rows are rounded to bytes, and what a product can lose by that (Cauchy and Schwarz) is added to it. So no pair is
missed, some more are to be looked at, and one instruction multiplies four components of sixteen pairs.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from knnife.geometry import Positions, Vectors

try:
    from knnife._kernels import PRODUCTS_OF_BYTES, near_rows
except ImportError:  # installed where there was no compiler
    FAST = False
else:
    FAST = bool(PRODUCTS_OF_BYTES)

Numbers = NDArray[np.float64]

COLUMNS: Final = 4_096  # of one block of the product of floats: it stays in the cache of the processor
BLOCK: Final = 64  # rows that the kernel compares with one at once
BYTE: Final = 127  # the largest number that is rounded to
WIDEST: Final = 1 << 14  # components; the sum of so many products is below 2^29
FAR: Final = 2.0**30  # no sum of products is beyond it, and two of these still fit in 32 bits


class Sought(NamedTuple):
    """Rows of both sides `(n, w)`, `(m, w)`: a pair is wanted where left . right >= least[left] + more[right]."""

    left: Vectors
    right: Vectors
    least: Numbers
    more: Numbers


class ByFloats:
    """Pairs by the product of matrices."""

    def __init__(self, sought: Sought) -> None:
        left, right, least, more = sought
        ones = np.ones((len(left), 1), np.float32), np.ones((len(right), 1), np.float32)
        self._left = np.hstack([left, ones[0], -least.astype(np.float32)[:, None]])
        self._right = np.hstack([right, -more.astype(np.float32)[:, None], ones[1]])

    def wanted(self, rows: slice, first: int) -> tuple[Positions, Positions]:
        """The pairs of these rows of the left with those of the right from `first` on."""
        some, lefts, rights = self._left[rows], [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        for start in range(first, len(self._right), COLUMNS):
            products = some @ self._right[start : start + COLUMNS].T
            left, right = np.divmod(np.flatnonzero((products >= 0).ravel()), products.shape[1])
            lefts.append(left + rows.start)
            rights.append(right + start)
        return np.concatenate(lefts), np.concatenate(rights)


class ByBytes:
    """Pairs by the products of bytes, and some more."""

    def __init__(self, sought: Sought) -> None:
        left, right, least, more = sought
        unit = max(step(left), step(right))
        own, others = (np.rint(side / unit) for side in (left, right))
        lost, lost_there = (np.linalg.norm(side - unit * near, axis=1) for side, near in ((left, own), (right, others)))
        length = float(np.linalg.norm(right, axis=1).max())
        least = least - lost * length - unit * np.linalg.norm(own, axis=1) * lost_there.max()
        self._n = len(right)
        self._rows = _padded(own + BYTE + 1, 4).astype(np.uint8)
        self._least = _whole(least / unit**2)
        above = (BYTE + 1) * others.sum(axis=1)  # the rows are made positive
        self._others = _side_by_side(_padded(others, 4))
        self._more = _padded(_whole(more / unit**2 + above)[None], BLOCK)[0]

    def wanted(self, rows: slice, first: int) -> tuple[Positions, Positions]:
        """The pairs of these rows of the left with those of the right from `first` on, or a few before it."""
        block = first // BLOCK
        others, some = self._others[block:], self._rows[rows]
        near = np.empty((len(some), len(others)), "<u8")
        near_rows(some, self._least[rows], others, self._more[block * BLOCK :], near)
        at = np.flatnonzero(near)
        which, bit = np.nonzero(
            np.unpackbits(near.ravel()[at].view(np.uint8).reshape(-1, 8), axis=1, bitorder="little")
        )
        left, right = np.divmod(at[which], len(others))
        right = (right + block) * BLOCK + bit
        known = right < self._n
        return left[known] + rows.start, right[known]


def step(rows: Vectors) -> float:
    """How far apart the numbers are that components are rounded to."""
    return max(float(np.abs(rows).max()), 1e-30) / BYTE


def _whole(numbers: Numbers) -> NDArray[np.int32]:
    """Rounded down, with room for what floats lose."""
    found: NDArray[np.int32] = np.clip(np.floor(numbers) - 1, -FAR, FAR).astype(np.int32)
    return found


def _padded(rows: NDArray[Any], by: int) -> NDArray[Any]:
    """With columns of zeros, up to a multiple of `by`."""
    return np.pad(rows, ((0, 0), (0, -rows.shape[1] % by)))


def _side_by_side(rows: Vectors) -> NDArray[np.int8]:
    """BLOCK rows after the other, four components of each: `(blocks, w / 4, BLOCK, 4)`."""
    rows = np.pad(rows.astype(np.int8), ((0, -len(rows) % BLOCK), (0, 0)))
    return np.ascontiguousarray(rows.reshape(-1, BLOCK, rows.shape[1] // 4, 4).transpose(0, 2, 1, 3))
