"""The edits between many pairs of words: letters of the right word left out, put in, replaced or swapped.

Common beginnings and ends are cut off; the rest is aligned with the dynamic program of Wagner and Fischer (1974) and
swaps of neighbours (Damerau 1964; each letter is edited once), for all pairs of similar length at once. A vowel is
sooner replaced by a vowel than by a consonant, so where three or more vowels became consonants there may be one edit
more than needed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Kind = Literal["replaced", "missing", "extra", "swapped"]
KINDS: Final[tuple[Kind, ...]] = ("replaced", "missing", "extra", "swapped")
REPLACED, MISSING, EXTRA, SWAPPED = range(4)
TAKES_RIGHT: Final = np.array([1, 1, 0, 2])  # letters of the right word that an edit of each kind stands for
TAKES_TYPED: Final = np.array([1, 0, 1, 2])
_WAY_RIGHT: Final = np.append(1, TAKES_RIGHT)  # the same for what is kept, and then for the kinds
_WAY_TYPED: Final = np.append(1, TAKES_TYPED)

ALPHABET: Final = "abcdefghijklmnopqrstuvwxyz'- 0123456789"  # letter numbers 1, 2, ...; 0 is outside of a word
OTHERS: Final = 64  # where the numbers of other characters begin
EDIT: Final = 10  # what leaving a letter out or putting one in costs
REPLACE: Final = np.uint8(10)  # 9 for a vowel by a vowel, 12 for one by a consonant: less than two edits
SWAP: Final = 11
NEVER: Final = np.uint16(1 << 14)  # more than any edits cost
WAY: Final = 3  # bits beside a cost that tell with which edit it ends

Letters8 = NDArray[np.uint8]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Letters:
    """m words as letter numbers 0 to 255, two zeros between words, and zeros around, wide enough for any window."""

    flat: Letters8
    starts: Ints  # (m,) where each word begins in `flat`
    lengths: Ints  # (m,)

    @classmethod
    def of(cls, words: Sequence[str]) -> Letters:
        """The letters of words; characters beyond ALPHABET share 192 numbers."""
        lengths = np.fromiter(map(len, words), np.int64, len(words))
        around = int(lengths.max(initial=0)) + 2
        points = np.frombuffer("\0\0".join(["", *words, ""]).encode("utf-32-le", "surrogatepass"), np.uint32)
        numbers = np.where(points < 128, _ASCII[points & 127], OTHERS + points % (256 - OTHERS)).astype(np.uint8)
        starts = around + np.cumsum(lengths + 2) - lengths
        return cls(np.pad(numbers, around), starts, lengths)

    def windows(self, places: Ints, width: int) -> Letters8:
        """The `width` letters from each place of `flat` on (p, width); zeros where it ends."""
        beyond = int(places.max(initial=0)) + width - len(self.flat)
        flat = np.pad(self.flat, (0, beyond)) if beyond > 0 else self.flat
        return sliding_window_view(flat, width)[places]


class Edits(NamedTuple):
    """e edits of m pairs, and what the pairs have in common.

    pair, kind (e,): of which pair, and a place in KINDS. right, typed (e,): where in each word, counted from its first
    letter. prefix, suffix (m,): how many letters both words begin and end with.
    """

    pair: Ints
    kind: Ints
    right: Ints
    typed: Ints
    prefix: Ints
    suffix: Ints


class Edit(NamedTuple):
    """One edit, to be shown: the letters of the right word from `at` on became those that were typed."""

    kind: Kind
    right: str
    typed: str
    at: int


def edits(typed: Sequence[str], right: Sequence[str]) -> list[list[Edit]]:
    """What happened to each right word, from its beginning on; nothing where both are equal."""
    rows = np.arange(len(typed))
    found = align(Letters.of(typed), Letters.of(right), rows, rows)
    edited: list[list[Edit]] = [[] for _ in typed]
    order = np.lexsort((found.kind, found.typed, found.right))
    for pair, at, then, kind in np.stack([found.pair, found.right, found.typed, found.kind], axis=1)[order].tolist():
        meant = right[pair][at : at + int(TAKES_RIGHT[kind])]
        edited[pair].append(Edit(KINDS[kind], meant, typed[pair][then : then + int(TAKES_TYPED[kind])], at))
    return edited


def align(typed: Letters, right: Letters, typed_rows: Ints, right_rows: Ints) -> Edits:
    """The edits between words of `typed` and of `right`, m pairs of rows."""
    starts = typed.starts[typed_rows], right.starts[right_rows]
    lengths = typed.lengths[typed_rows], right.lengths[right_rows]
    prefix, suffix = _common(typed, right, starts, lengths)
    ours, theirs = (length - prefix - suffix for length in lengths)
    parts = []
    for rows, width in _by_width(np.maximum(ours, theirs)):
        a = typed.windows((starts[0] + prefix)[rows], width).T
        b = right.windows((starts[1] + prefix)[rows], width).T
        pair, kind, at, then = _back(_ways(a, b), ours[rows], theirs[rows])
        parts.append((rows[pair], kind, at + prefix[rows[pair]], then + prefix[rows[pair]]))
    pair, kind, at, then = (
        np.concatenate([part[i] for part in parts]) if parts else np.zeros(0, np.int64) for i in range(4)
    )
    return Edits(pair, kind, at, then, prefix, suffix)


def _common(typed: Letters, right: Letters, starts: tuple[Ints, Ints], lengths: tuple[Ints, Ints]) -> tuple[Ints, Ints]:
    """How many letters each pair begins with and, of the others, ends with."""
    shorter = np.minimum(*lengths)
    width = int(shorter.max(initial=0))
    if not width:
        return shorter, shorter
    unlike = typed.windows(starts[0], width) != right.windows(starts[1], width)
    prefix = np.minimum(np.where(unlike.any(axis=1), unlike.argmax(axis=1), width), shorter)
    ends = [start + length - width for start, length in zip(starts, lengths, strict=True)]
    unlike = (typed.windows(ends[0], width) != right.windows(ends[1], width))[:, ::-1]
    suffix = np.minimum(np.where(unlike.any(axis=1), unlike.argmax(axis=1), width), shorter - prefix)
    return prefix, suffix


def _by_width(longer: Ints) -> Iterator[tuple[Ints, int]]:
    """The rows of pairs whose middles are about as long, and how long they are at most; not those without one."""
    order = np.argsort(longer, kind="stable")
    edges = np.searchsorted(longer[order], [0, 1, 2, 3, 4, 6, 8, 12, 24, int(longer.max(initial=24))], side="right")
    for first, last in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        if first < last:
            rows = order[first:last]
            yield rows, int(longer[rows[-1]])


def _replacing(a: Letters8, b: Letters8) -> NDArray[np.uint16]:
    """What it costs that the right letter b[i] became a[j] (w, w, g), and that this is replacing: 0 for the same."""
    vowel, meant = _VOWEL[a][None], _VOWEL[b][:, None]
    costs = vowel ^ meant
    costs += costs
    costs -= vowel & meant
    costs += REPLACE
    costs <<= WAY
    costs += np.uint8(1 + REPLACED)
    costs *= a[None] != b[:, None]
    return costs.astype(np.uint16)


def _ways(a: Letters8, b: Letters8) -> Letters8:
    """By which edit the first j letters typed `a` (w, g) come from the first i right ones `b`: (w + 1, w + 1, g).

    A cost and the edit that it ends with make one number, the cost in its upper bits, so the least of several numbers
    is the lowest cost, and among equal ones the edit that stands first: none (0), then the KINDS, counted from 1.
    All cells (i, j) of one i + j = `step` depend only on cells before them, so they are reckoned at once.
    """
    width, n = a.shape
    a, b = np.ascontiguousarray(a), np.ascontiguousarray(b)
    replacing = _replacing(a, b)
    crossed = (b[1:, None] == a[None, :-1]) & (b[:-1, None] == a[None, 1:])
    swapping = np.where(crossed, np.uint16((SWAP << WAY) + 1 + SWAPPED), NEVER)
    missing, extra = (np.uint16((EDIT << WAY) + 1 + kind) for kind in (MISSING, EXTRA))
    ways = np.zeros((width + 1, width + 1, n), np.uint8)
    ways[0], ways[1:, 0] = 1 + EXTRA, 1 + MISSING
    costs = [np.zeros((width + 1, n), np.uint16)]  # of each step, by i
    for step in range(1, 2 * width + 1):
        first, last = max(1, step - width), min(step - 1, width) + 1  # i of the cells that are inside
        here = np.full((width + 1, n), step * (EDIT << WAY), np.uint16)
        if first < last:
            best = np.minimum(costs[-1][first - 1 : last - 1] + missing, costs[-1][first:last] + extra)
            np.minimum(
                best, costs[-2][first - 1 : last - 1] + _across(replacing, step - 2, first - 1, last - 1), out=best
            )
            low, high = max(2, first), min(last, step - 1)
            if low < high:
                swapped = costs[-4][low - 2 : high - 2] + _across(swapping, step - 4, low - 2, high - 2)
                np.minimum(best[low - first : high - first], swapped, out=best[low - first : high - first])
            way = np.bitwise_and(best, (1 << WAY) - 1)
            np.subtract(best, way, out=here[first:last])
            _across(ways, step, first, last)[:] = way
        costs.append(here)
    return ways


def _across(table: NDArray[Any], step: int, first: int, last: int) -> NDArray[Any]:
    """The cells (i, step - i) of a table (s, s, g), for i from `first` to before `last`, as a view."""
    size = len(table)
    begin, apart = step + first * (size - 1), max(1, size - 1)
    return table.reshape(size * size, -1)[begin : begin + (last - first - 1) * apart + 1 : apart]


def _back(ways: Letters8, ours: Ints, theirs: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    """The edits of a cheapest way, found from its end: pair, kind, place in the right and in the typed middle."""
    side, _, n = ways.shape
    flat, row, i, j = ways.ravel(), np.arange(n), theirs, ours
    found = []
    while len(row):
        way = flat[(i * side + j) * n + row]
        i, j = i - _WAY_RIGHT[way], j - _WAY_TYPED[way]
        edited = np.flatnonzero(way)
        found.append((row[edited], way[edited], i[edited], j[edited]))
        going = np.flatnonzero(i + j)
        row, i, j = row[going], i[going], j[going]
    pair, kind, at_right, at_typed = (np.concatenate([part[k] for part in found]) for k in range(4))
    return pair, kind.astype(np.int64) - 1, at_right, at_typed


def _letter_numbers() -> Letters8:
    numbers = np.array([0] + [40 + code % (OTHERS - 40) for code in range(1, 128)], np.uint8)
    for number, character in enumerate(ALPHABET, 1):
        numbers[ord(character)] = number
    return numbers


_ASCII: Final = _letter_numbers()
_VOWEL: Final = np.isin(np.arange(256), [ALPHABET.index(letter) + 1 for letter in "aeiouy"]).astype(np.uint8)
