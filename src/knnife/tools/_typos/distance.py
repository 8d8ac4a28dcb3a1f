"""How many edits apart words are: many pairs at once.

An edit puts a character in, leaves one out, replaces one, or swaps two neighbours (the "optimal string alignment" of
Damerau, 1964). A column of the table of two words differs from cell to cell by one at most, so it fits into the bits of
two numbers, and a few operations on them make the next column (Myers, "A fast bit-vector algorithm", 1999; with swaps
Hyyrö, "A bit-vector algorithm for computing Levenshtein and Damerau edit distances", 2003). Here each operation is done
for thousands of pairs.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from knnife.tools._typos.spelled import Letters, Spelled

Rows = NDArray[np.int32]
Edits = NDArray[np.uint8]
Bits = NDArray[np.unsignedinteger[Any]]
BLOCK = 1 << 13  # pairs at once: their numbers stay in the processor's cache


def edits(a: Spelled, rows_a: Rows, b: Spelled, rows_b: Rows) -> Edits:
    """The edits between word rows_a[i] of `a` and word rows_b[i] of `b` `(m,)`."""
    found = np.empty(len(rows_a), np.uint8)
    lengths = b.lengths[rows_b]
    order = np.argsort(lengths.astype(np.uint8), kind="stable")  # pairs of like length together: no column is wasted
    numbers, where = _alphabet(a.letters)
    none = b.letters.dtype.type(min(len(numbers) - 1, np.iinfo(b.letters.dtype).max))
    for at in range(0, len(order), BLOCK):
        these = order[at : at + BLOCK]
        long = lengths[these]
        letters = b.letters[rows_b[these], : int(long[-1])].T
        rows = rows_a[these]
        columns = rows.astype(np.int64) * where.shape[1] + numbers[np.minimum(letters, none)]
        found[these] = _counted(where.ravel(), columns, a.lengths[rows], long)
    return found


def at_least(a: Spelled, rows_a: Rows, b: Spelled, rows_b: Rows) -> Edits:
    """A bound of the edits of each pair, from their lengths and from which letters they have `(m,)`."""
    letters_a, letters_b = a.signatures[rows_a], b.signatures[rows_b]
    longer = np.abs(a.lengths[rows_a] - b.lengths[rows_b]).astype(np.uint8)
    both = letters_a & letters_b
    gone = np.bitwise_count(letters_a ^ both)  # an edit takes away one letter at most
    come = np.bitwise_count(letters_b ^ both)  # and brings one at most
    bound: Edits = np.maximum(np.maximum(gone, come, out=gone), longer, out=gone)
    return bound


def _alphabet(letters: Letters) -> tuple[NDArray[np.uint16], Bits]:
    """Small numbers for the letters of m words, and in which places of each word each of them stands, as bits.

    The number of each code point `(largest + 2,)`, 0 for what no word has; the bits `(m, numbers)`, none for 0.
    """
    used = np.zeros(int(letters.max(initial=0)) + 2, np.uint16)
    used[letters.ravel()] = 1
    used[0] = 0
    numbers = used * np.cumsum(used, dtype=np.uint16)
    kind = np.uint32 if letters.shape[1] <= 32 else np.uint64
    where = np.zeros((len(letters), int(numbers.max()) + 1), kind)
    rows = np.arange(len(letters))
    for place, column in enumerate(letters.T):
        where[rows, numbers[column]] |= kind(1 << place)
    where[:, 0] = 0
    return numbers, where


def _counted(where: Bits, columns: NDArray[np.int64], own: NDArray[Any], lengths: NDArray[Any]) -> Edits:
    """The edits of each pair of words, the second of which is read letter by letter.

    where: in which places of a first word a letter stands. columns: the entry of `where` for each letter of the second
    words `(longest, m)`. own, lengths: of the first and second words `(m,)`, those of the second sorted. The bits of
    `up` and `down` say where the table's column rises and falls, those of `kept` where its diagonal stays.
    """
    one = where.dtype.type(1)
    last = (own.clip(min=1) - 1).astype(where.dtype)
    up = np.full(len(own), ~where.dtype.type(0))
    down, kept, before = np.zeros_like(up), np.zeros_like(up), np.zeros_like(up)
    found, first = own.astype(where.dtype), 0
    for place, column in enumerate(columns):
        begin = int(np.searchsorted(lengths, place + 1))  # words before it have no letter here
        up, down, kept, before, last = (each[begin - first :] for each in (up, down, kept, before, last))
        first = begin
        alike = where[column[begin:]]
        swapped = ((~kept & alike) << one) & before
        kept = (((alike & up) + up) ^ up) | alike | down | swapped
        rises, falls = down | ~(kept | up), kept & up  # from the letter before to this one
        found[begin:] += ((rises >> last) & one) - ((falls >> last) & one)
        rises = (rises << one) | one
        up, down, before = (falls << one) | ~(kept | rises), kept & rises, alike
    least = np.abs(lengths - own).astype(np.uint8)  # of an empty word, all
    counted: Edits = np.maximum(found.astype(np.uint8), least)
    return counted
