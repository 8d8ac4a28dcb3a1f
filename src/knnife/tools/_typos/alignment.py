"""Which letters of the right word were left out, put in, replaced or swapped: the edits between many pairs of words.

What two words have in common at both ends never needs an edit, and mostly leaves a letter or two in the middle. Only
these are aligned, with the dynamic program of Wagner and Fischer (1974) and swaps of neighbours (Damerau 1964; each
letter is edited once), for all pairs whose middles are of similar length at the same time. Of the alignments with the
fewest edits the program takes one that is likely: a vowel is sooner replaced by a vowel than by a consonant.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Kind = Literal["replaced", "missing", "extra", "swapped"]
KINDS: Final[tuple[Kind, ...]] = ("replaced", "missing", "extra", "swapped")
REPLACED, MISSING, EXTRA, SWAPPED = range(4)
TAKES_RIGHT: Final = np.array([1, 1, 0, 2])  # letters of the right word that an edit of each kind stands for
TAKES_TYPED: Final = np.array([1, 0, 1, 2])

ALPHABET: Final = "abcdefghijklmnopqrstuvwxyz'- 0123456789"  # letter numbers 1, 2, ...; 0 is outside of a word
OTHERS: Final = 64  # where the numbers of other characters begin
EDIT: Final = np.uint8(10)  # what leaving a letter out or putting one in costs
REPLACE: Final = np.uint8(10)  # 9 for a vowel by a vowel, 12 for one by a consonant: less than two edits
SWAP: Final = np.uint8(11)
NEVER: Final = np.uint8(100)  # more than any two edits and a swap
NARROW: Final = 12  # letters of a middle whose costs are below 256, whatever is added

Letters8 = NDArray[np.uint8]
Ints = NDArray[np.int64]
Costs = NDArray[np.uint8] | NDArray[np.uint16]


@dataclass(frozen=True)
class Letters:
    """m words as letter numbers 0 to 255, with two zeros between one word and the next.

    Around all of them are as many zeros as the longest has letters, so that windows of letters exist everywhere.
    """

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


def edits(typed: str, right: str) -> list[Edit]:
    """What happened to the right word, from its beginning on; nothing where both are equal."""
    one = np.zeros(1, np.int64)
    found = align(Letters.of([typed]), Letters.of([right]), one, one)
    rows = sorted(zip(found.right.tolist(), found.typed.tolist(), found.kind.tolist(), strict=True))
    return [
        Edit(KINDS[kind], right[at : at + int(TAKES_RIGHT[kind])], typed[then : then + int(TAKES_TYPED[kind])], at)
        for at, then, kind in rows
    ]


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
        replacing = _replacing(a, b)
        pair, kind, at, then = _back(_costs(a, b, replacing), replacing, ours[rows], theirs[rows])
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


def _replacing(a: Letters8, b: Letters8) -> Costs:
    """What it costs that the right letter b[i] became a[j] (w, w, g): nothing where they are the same."""
    vowel, meant = _VOWEL[a][None], _VOWEL[b][:, None]
    costs = REPLACE + 2 * (vowel ^ meant) - (vowel & meant)
    costs *= a[None] != b[:, None]
    return costs


def _costs(a: Letters8, b: Letters8, replacing: Costs) -> Costs:
    """The cost of making the first j letters typed `a` (w, g) from the first i right ones `b`: (w + 1, w + 1, g)."""
    width, n = a.shape
    kind = np.uint8 if width <= NARROW else np.uint16
    costs = np.empty((width + 1, width + 1, n), kind)
    costs[0] = costs[:, 0] = (np.arange(width + 1, dtype=kind) * EDIT)[:, None]
    crossed = (b[1:, None] == a[None, :-1]) & (b[:-1, None] == a[None, 1:])
    swapping = np.where(crossed, SWAP, NEVER).astype(kind)
    for i in range(width):
        for j in range(width):
            best = costs[i + 1, j + 1]
            np.minimum(costs[i, j + 1], costs[i + 1, j], out=best)
            best += EDIT
            np.minimum(best, costs[i, j] + replacing[i, j], out=best)
            if i and j:
                np.minimum(best, costs[i - 1, j - 1] + swapping[i - 1, j - 1], out=best)
    return costs


def _back(costs: Costs, replacing: Costs, ours: Ints, theirs: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    """The edits of a cheapest way, found from its end: pair, kind, place in the right and in the typed middle."""
    side, _, n = costs.shape
    costs, replacing = costs.ravel(), replacing.ravel()
    row, i, j = np.arange(n), theirs, ours
    found = []
    while len(row):
        cell = (i * side + j) * n + row  # cells before the first row or column are read, too, and not believed
        here = costs[cell]
        replaced = replacing[((i - 1) * (side - 1) + j - 1) * n + row]
        both = (i > 0) & (j > 0)
        straight = both & (costs[cell - (side + 1) * n] + replaced == here)
        missing = (i > 0) & (costs[cell - side * n] + EDIT == here)
        extra = (j > 0) & (costs[cell - n] + EDIT == here)
        kind = np.where(straight, REPLACED, np.where(missing, MISSING, np.where(extra, EXTRA, SWAPPED)))
        i, j = i - TAKES_RIGHT[kind], j - TAKES_TYPED[kind]
        edited = ~(straight & (replaced == 0))
        found.append((row[edited], kind[edited], i[edited], j[edited]))
        going = (i > 0) | (j > 0)
        row, i, j = row[going], i[going], j[going]
    pair, kind, at_right, at_typed = (np.concatenate([part[k] for part in found]) for k in range(4))
    return pair, kind, at_right, at_typed


def _letter_numbers() -> Letters8:
    numbers = np.array([0] + [40 + code % (OTHERS - 40) for code in range(1, 128)], np.uint8)
    for number, character in enumerate(ALPHABET, 1):
        numbers[ord(character)] = number
    return numbers


_ASCII: Final = _letter_numbers()
_VOWEL: Final = np.isin(np.arange(256), [ALPHABET.index(letter) + 1 for letter in "aeiouy"]).astype(np.uint8)
