"""How many edits apart words are: many pairs at once, exact up to a limit.

An edit puts a character in, leaves one out, replaces one, or swaps two neighbours (the "optimal string alignment" of
Damerau, 1964). Within `limit` edits an alignment never leaves the `2 limit + 1` diagonals around the main one (Ukkonen,
1985), so the table of a pair is that narrow; it is filled for all pairs at once, row by row.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from knnife.tools._typos.spelled import Letters, Spelled

Rows = NDArray[np.int32]
Edits = NDArray[np.uint8]
BLOCK = 1 << 13  # pairs at once: their tables stay in the processor's cache


def edits(a: Spelled, rows_a: Rows, b: Spelled, rows_b: Rows, limit: int) -> Edits:
    """The edits between word rows_a[i] of `a` and word rows_b[i] of `b` `(m,)`; `limit + 1` where there are more."""
    found = np.full(len(rows_a), limit + 1, np.uint8)
    lengths_a, lengths_b = a.lengths[rows_a], b.lengths[rows_b]
    left = np.flatnonzero(at_least(a, rows_a, b, rows_b) <= limit)
    left = left[
        np.argsort(lengths_a[left], kind="stable")
    ]  # pairs of like length together: no row of a table is wasted
    for at in range(0, len(left), BLOCK):
        these = left[at : at + BLOCK]
        found[these] = _banded(
            a.letters[rows_a[these]], lengths_a[these], b.letters[rows_b[these]], lengths_b[these], limit
        )
    return found


def at_least(a: Spelled, rows_a: Rows, b: Spelled, rows_b: Rows) -> Edits:
    """A bound of the edits of each pair, from their lengths and from which letters they have `(m,)`."""
    letters_a, letters_b = a.signatures[rows_a], b.signatures[rows_b]
    longer = np.abs(a.lengths[rows_a] - b.lengths[rows_b]).astype(np.uint8)
    gone = np.bitwise_count(letters_a & ~letters_b)  # an edit takes away one letter at most
    come = np.bitwise_count(letters_b & ~letters_a)  # and brings one at most
    return np.maximum(np.maximum(gone, come), longer)


def _banded(a: Letters, lengths_a: NDArray[Any], b: Letters, lengths_b: NDArray[Any], limit: int) -> Edits:
    """The tables, a row for each character of `a`. Diagonal k of row i is the cell (i, j = i + k - limit)."""
    width, band, far = int(lengths_a[-1]), 2 * limit + 1, np.uint8(limit + 1)
    first, second = _columns(a, 0, width), _columns(b, limit, width + band)  # letter j of b is row j + limit
    row = np.full((band + 1, len(a)), far, np.uint8)  # with one more diagonal, always far
    row[limit:band] = np.arange(limit + 1, dtype=np.uint8)[:, None]
    before, found, last = row, np.full(len(a), far, np.uint8), lengths_b - lengths_a + limit
    ends = np.searchsorted(lengths_a, np.arange(width + 2))  # lengths_a is sorted
    for i in range(width + 1):
        done = np.arange(ends[i], ends[i + 1])  # words that have i letters
        found[done] = row[last[done], done]
        if i < width:
            before, row = row, _next_row(i, first, second, before, row, limit)
    return found


def _next_row(i: int, first: Letters, second: Letters, before: Edits, row: Edits, limit: int) -> Edits:
    """Row i + 1 of the tables from row i and, for swapped letters, the one before it."""
    band, one = 2 * limit + 1, np.uint8(1)
    window = second[i : i + band]  # the letter of b that each diagonal meets
    new = np.full_like(row, limit + 1)
    np.minimum(row[:band] + (first[i] != window), row[1:] + one, out=new[:band])  # kept or replaced; left out
    if i:
        swapped = (first[i] == second[i - 1 : i - 1 + band]) & (first[i - 1] == window)
        np.minimum(new[:band], before[:band] + np.where(swapped, one, np.uint8(limit + 1)), out=new[:band])
    border = limit - 1 - i  # the diagonal that meets b before its first letter
    if border >= 0:
        new[:border] = limit + 1
        new[border] = i + 1
    for k in range(max(1, border + 1), band):
        np.minimum(new[k], new[k - 1] + one, out=new[k])  # put in
    return np.minimum(new, np.uint8(limit + 1), out=new)


def _columns(letters: Letters, before: int, count: int) -> Letters:
    """Letters of words `(m, width)` as `(count, m)`, behind `before` rows of zeros, cut or filled up with such."""
    laid = np.zeros((count, len(letters)), letters.dtype)
    taken = letters[:, : max(0, count - before)].T
    laid[before : before + len(taken)] = taken
    return laid
