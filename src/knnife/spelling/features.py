"""What speaks for a suggestion: numbers about a typed word and a right one, and the edits between them as tokens.

An edit becomes several tokens, each more exact: which letters, after which letter, before which, where in the word,
beside which other edits (as in Brill and Moore, 2000). Each is hashed to a number below TOKENS that has a weight.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from knnife.spelling.alignment import (
    ALPHABET,
    EXTRA,
    MISSING,
    REPLACED,
    SWAPPED,
    TAKES_RIGHT,
    Edits,
    Ints,
    Letters,
    Letters8,
    align,
)
from knnife.spelling.keyboard import neighbours
from knnife.spelling.sound import BITS, Keys, sounds

TOKENS: Final = 1 << 15
LEVELS: Final = 9  # ways to write an edit down
NUMBERS: Final = 27
MIDDLE: Final = 4  # letters between the common ends of two words that make one token

Floats = NDArray[np.float32]
Hashes = NDArray[np.uint32]


@dataclass(frozen=True)
class Words:
    """n words, and what is known of each alone.

    sound (n,): the key of how it sounds. bag (n,): a number that words of the same letters share, in any order.
    """

    letters: Letters
    sound: Keys
    bag: Keys

    @classmethod
    def of(cls, words: Sequence[str]) -> Words:
        """All that is known of `words`."""
        letters = Letters.of(words)
        return cls(letters, sounds(letters), _bags(letters))


@dataclass(frozen=True)
class Frequencies:
    """How frequent each of n right words is, as logarithms of shares.

    own (n,): in what the vocabulary was counted in. english (n,): in running English text, written small; lowest for
    names, and for what is no English word. most: the largest own one of the whole vocabulary.
    """

    own: Floats
    english: Floats
    most: float


class SpelledPairs(NamedTuple):
    """m pairs: rows of `typed` and of `right`. All pairs of one typed word stand together."""

    typed: Words
    right: Words
    typed_rows: Ints
    right_rows: Ints


class SpellingEvidence(NamedTuple):
    """Of m pairs with e edits: numbers (m, NUMBERS); of which pair each edit is (e,); its tokens (LEVELS, e).

    slips (m,): how many letters more were replaced by neighbours on the user's keyboard than on QWERTY.
    """

    numbers: Floats
    pair: Ints
    tokens: NDArray[np.int32]
    slips: Floats


def evidence(asked: SpelledPairs, frequencies: Frequencies, keyboard: str = "qwerty") -> SpellingEvidence:
    """What speaks for each pair. Raises BadInput for a keyboard that is not known."""
    edits = align(asked.typed.letters, asked.right.letters, asked.typed_rows, asked.right_rows)
    letters = _letters(asked, edits)
    moved = touching(keyboard)[letters].astype(np.float32) - touching("qwerty")[letters]
    slips = np.bincount(edits.pair, moved * (edits.kind == REPLACED), minlength=len(asked.typed_rows))
    tokens = _tokens(asked, edits, *letters)
    return SpellingEvidence(_numbers(asked, edits, frequencies), edits.pair, tokens, slips.astype(np.float32))


@cache
def touching(keyboard: str) -> NDArray[np.bool_]:
    """Which letter numbers are side by side on the keyboard (256, 256)."""
    table = np.zeros((256, 256), np.bool_)
    table[1 : len(ALPHABET) + 1, 1 : len(ALPHABET) + 1] = neighbours(ALPHABET, keyboard)
    return table


def _numbers(asked: SpelledPairs, edits: Edits, frequencies: Frequencies) -> Floats:
    """How many edits, where the words are alike, how frequent the right one is, and all that beside its rivals."""
    typed, right, typed_rows, right_rows = asked
    ours, theirs = typed.letters.lengths[typed_rows], right.letters.lengths[right_rows]
    m, prefix, suffix = len(ours), edits.prefix, edits.suffix
    kinds = np.bincount(edits.pair * 4 + edits.kind, minlength=4 * m).reshape(m, 4)
    count = kinds.sum(axis=1)
    shares, most = frequencies.own[right_rows], frequencies.most
    rivals = _rivals(typed_rows, count, shares)
    english = frequencies.english[right_rows]
    unlike = typed.sound[typed_rows] ^ right.sound[right_rows]
    columns = (
        *(count, *kinds.T, count == 0, 4 * count / np.maximum(ours, 1)),
        *(prefix == 0, suffix == 0, prefix / np.maximum(theirs, 1), suffix / np.maximum(theirs, 1)),
        *(np.minimum(prefix, 4), ours / 8, theirs / 8, ours - theirs, ours <= 3),
        *(shares / 4, (shares - most) / 4, (shares - rivals.most) / 4, (shares - rivals.best) / 4, english / 4),
        *(rivals.fewest, count - rivals.fewest, np.log1p(rivals.alike)),
        *(unlike == 0, np.minimum(_first_bit(unlike) // BITS, 6) / 4),
        typed.bag[typed_rows] == right.bag[right_rows],
    )
    numbers = np.empty((len(columns), m), np.float32)
    for row, values in enumerate(columns):
        numbers[row] = values
    return numbers.T


class _Rivals(NamedTuple):
    """Of all suggestions for a typed word: the largest share, the fewest edits, and how many have so few, the largest
    share among these; each (m,).
    """

    most: Floats
    fewest: Ints
    alike: Ints
    best: Floats


def _rivals(typed_rows: Ints, count: Ints, shares: Floats) -> _Rivals:
    begins = np.flatnonzero(np.append(True, typed_rows[1:] != typed_rows[:-1])[: len(typed_rows)])
    if not len(begins):
        return _Rivals(shares, count, count, shares)
    sizes = np.diff(np.append(begins, len(typed_rows)))
    fewest = np.repeat(np.minimum.reduceat(count, begins), sizes)
    nearest = count == fewest
    return _Rivals(
        np.repeat(np.maximum.reduceat(shares, begins), sizes),
        fewest,
        np.repeat(np.add.reduceat(nearest.astype(np.int64), begins), sizes),
        np.repeat(np.maximum.reduceat(np.where(nearest, shares, np.float32(-100)), begins), sizes),
    )


def _letters(asked: SpelledPairs, edits: Edits) -> tuple[Letters8, Letters8]:
    """The letter that was meant and the one that came of each edit, 0 for none; of swapped letters both (e,)."""
    typed, right, kind = asked.typed.letters, asked.right.letters, edits.kind
    at = right.starts[asked.right_rows[edits.pair]] + edits.right
    then = typed.starts[asked.typed_rows[edits.pair]] + edits.typed
    meant = np.where(kind == EXTRA, 0, right.flat[at])
    return meant, np.where(kind == SWAPPED, right.flat[at + 1], np.where(kind == MISSING, 0, typed.flat[then]))


def _tokens(asked: SpelledPairs, edits: Edits, meant: Letters8, came: Letters8) -> NDArray[np.int32]:
    """The tokens of all edits (LEVELS, e)."""
    near = touching("qwerty")
    typed, right, pair, kind = asked.typed.letters, asked.right.letters, edits.pair, edits.kind
    start, size = right.starts[asked.right_rows], right.lengths[asked.right_rows]
    at, then = start[pair] + edits.right, typed.starts[asked.typed_rows[pair]] + edits.typed
    taken = TAKES_RIGHT[kind]
    before, after = right.flat[at - 1], right.flat[at + taken]
    typed_before, typed_after = typed.flat[then - 1], typed.flat[then + 1]
    doubles = (meant == before) + 2 * (meant == after) + 4 * (came == typed_before) + 8 * (came == typed_after)
    beside = near[meant, came] + 2 * (near[came, typed_before] | near[came, typed_after])
    what = _mixed(_mixed(kind.astype(np.uint32), meant), came)
    manner = (kind * 16 + doubles) * 4 + beside
    where = np.minimum(edits.right, 3) * 4 + np.minimum(size[pair] - edits.right - taken, 3)
    middle = _middles(asked, edits)
    left, rest = right.flat[start + edits.prefix - 1], right.flat[start + size - edits.suffix]
    ways = (
        what,
        _mixed(what, before),
        _mixed(what, after),
        _mixed(where, manner),
        _mixed(np.minimum(size, 15)[pair], manner),
        _mixed(what, where),
        middle[pair],
        _mixed(middle, left)[pair],
        _mixed(middle, rest)[pair],
    )
    return np.stack([_mixed(way, level) >> 17 for level, way in enumerate(ways)]).astype(np.int32)


def _middles(asked: SpelledPairs, edits: Edits) -> Hashes:
    """What stands between the common ends of each pair, as one number (m,); long ones are all alike."""
    hashed = np.zeros(len(asked.typed_rows), np.uint32)
    for words, rows in ((asked.typed.letters, asked.typed_rows), (asked.right.letters, asked.right_rows)):
        size = words.lengths[rows] - edits.prefix - edits.suffix
        letters = words.windows(words.starts[rows] + edits.prefix, MIDDLE)
        letters = np.ascontiguousarray(np.where(np.arange(MIDDLE) < size[:, None], letters, 0)).view("<u4")[:, 0]
        hashed = _mixed(_mixed(hashed, letters), np.minimum(size, MIDDLE + 1))
    return hashed


def _mixed(hashes: NDArray[np.integer], values: NDArray[np.integer] | int) -> Hashes:
    """New hashes that depend on both: multiplicative hashing (Knuth, TAOCP 3, 6.4), the upper bits brought down."""
    mixed = np.asarray(hashes, np.uint32) + np.asarray(values).astype(np.uint32) + np.uint32(1)
    mixed *= np.uint32(0x9E3779B1)
    mixed ^= mixed >> np.uint32(15)
    return mixed * np.uint32(0x85EBCA77)


def _first_bit(values: Keys) -> Ints:
    """The place of the lowest bit that is set (n,), 64 where none is."""
    lowest = values & (~values + np.uint64(1))
    return np.where(values == 0, 64, np.log2(np.maximum(lowest, 1).astype(np.float64))).astype(np.int64)


def _bags(letters: Letters) -> Keys:
    """The sum of a random number for each letter, which does not depend on their order."""
    numbers = np.random.default_rng(0).integers(1, 1 << 60, 256, np.uint64)
    numbers[0] = 0
    running = np.append(np.uint64(0), np.cumsum(numbers[letters.flat]))
    bags: Keys = running[letters.starts + letters.lengths] - running[letters.starts]
    return bags
