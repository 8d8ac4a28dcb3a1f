"""The words that are right, laid out for comparing many at once, with the tables that find those like others."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray

from knnife.errors import BadInput
from knnife.geometry import ranges
from knnife.spelling.spelled import LONGEST, Spelled, folded, speak, spell
from knnife.things.folding import without_accents

BASE = np.uint64(0x9E3779B97F4A7C15)  # 2^64 / the golden ratio: odd, its bits spread well (Knuth, TAOCP 3, 6.4)
MIX = np.uint64(0xD6E8FEB86659FD93)  # another odd number, for the upper bits to depend on all
UPPER = np.uint64(0xFFFFFFFF00000000)
BLOCK = 1 << 15  # words whose variants are made at once

Keys = NDArray[np.uint64]
Rows = NDArray[np.int32]


@dataclass(frozen=True)
class Deletes:
    """A table of what is left of words, ordered by hash.

    width: characters of each word that are looked at. edits: how many of them are left out at most. least: how many are
    left at least where one is. starts: where the entries begin whose hashes share their upper `bits` bits
    `(2 ** bits + 1,)`. hashes: the upper 32 bits of each entry. rows: of which word it is.
    """

    width: int
    edits: int
    least: int
    bits: int
    starts: NDArray[np.int32]
    hashes: NDArray[np.uint32]
    rows: Rows

    @classmethod
    def build(cls, words: Spelled, *, width: int, edits: int, least: int = 0) -> Deletes:
        """The table of the first `width` characters of each word with up to `edits` of them left out."""
        entries = np.concatenate(
            [
                (hashes & UPPER) | rows.astype(np.uint64)
                for at in range(0, len(words.lengths), BLOCK)
                for hashes, rows in [variants(words, slice(at, at + BLOCK), width, edits, least)]
            ]
        )
        entries.sort()
        bits = max(1, int(np.log2(len(entries) + 1)) - 1)
        edges = np.arange(1 << bits, dtype=np.uint64) << np.uint64(64 - bits)
        starts = np.append(np.searchsorted(entries, edges), len(entries)).astype(np.int32)
        hashes, rows = (entries >> np.uint64(32)).astype(np.uint32), entries.astype(np.uint32).view(np.int32)
        return cls(width, edits, least, bits, starts, hashes, rows)

    def lookup(self, words: Spelled) -> tuple[Rows, Rows]:
        """All entries in common with each of m words: places in `words` and rows, repeated, with false positives."""
        hashes, asked = variants(words, slice(None), self.width, self.edits, self.least)
        bucket = (hashes >> np.uint64(64 - self.bits)).astype(np.int64)
        entry, owner = ranges(self.starts[bucket], self.starts[bucket + 1] - self.starts[bucket])
        same = self.hashes[entry] == (hashes >> np.uint64(32)).astype(np.uint32)[owner]
        return asked[owner[same]], self.rows[entry[same]]


def variants(words: Spelled, part: slice, width: int, edits: int, least: int) -> tuple[Keys, Rows]:
    """The hashes of what is left of the words of a part, and of which word each is, by its place in `words`."""
    lengths, codes = words.lengths[part].clip(max=width), words.letters[part, :width].astype(np.uint64)
    first = part.start or 0
    hashes, rows = [], []
    for length in np.unique(lengths).tolist():
        these = np.flatnonzero(lengths == length)
        left = _left(codes[these, :length], max(0, min(edits, length - least)))
        hashes.append(left.ravel())
        rows.append(np.tile((these + first).astype(np.int32), len(left)))
    return np.concatenate(hashes), np.concatenate(rows)


def _left(codes: NDArray[np.uint64], edits: int) -> Keys:
    """The hashes of all ways to leave out up to `edits` characters of words of one length `(m, length)`: (ways, m)."""
    grown = [np.ones((1, len(codes)), np.uint64)] + [
        np.empty((0, len(codes)), np.uint64)
    ] * edits  # by characters left out
    for column in codes.T:
        taken = [hashes * BASE + (column + np.uint64(1)) * MIX for hashes in grown]
        grown = [taken[0]] + [np.concatenate([taken[out], grown[out - 1]]) for out in range(1, edits + 1)]
    together = np.concatenate(grown)
    return (together ^ (together >> np.uint64(32))) * MIX


@dataclass(frozen=True)
class Vocabulary:
    """n words that are right, the most frequent first; those that differ in capitals alone are one.

    words: as they are mostly written. keys: as they are compared, see `folded`. counts: how often each is used `(n,)`.
    """

    words: Sequence[str]
    keys: Sequence[str]
    counts: NDArray[np.float64]

    @classmethod
    def of(cls, counted: Mapping[str, float] | Iterable[tuple[str, float]]) -> Vocabulary:
        """From words and how often they are used. Raises BadInput where none are left, and for no text or count."""
        total: dict[str, float] = {}
        written: dict[str, tuple[float, str]] = {}
        for word, count in counted.items() if isinstance(counted, Mapping) else counted:
            count = _checked(word, count)
            key = folded(word.strip())
            if not key or len(key) > LONGEST:
                continue
            total[key] = total.get(key, 0.0) + count
            if key not in written or count > written[key][0]:
                written[key] = (count, word.strip())
        if not total:
            raise BadInput(f"the vocabulary is empty; expected words of 1 to {LONGEST} characters")
        keys = sorted(total, key=lambda key: (-total[key], key))
        return cls([written[key][1] for key in keys], keys, np.array([total[key] for key in keys]))

    def __len__(self) -> int:
        return len(self.keys)

    def __contains__(self, word: object) -> bool:
        """Whether a word is right, be it for its accents: naïve is where naive is."""
        if not isinstance(word, str):
            return False
        key = folded(word)
        return key in self.row_of or (not key.isascii() and without_accents(key) in self.row_of)

    def spells(self, word: str) -> bool:
        """Whether all letters of a word are of those that these words are written with.

        Of the letters of a script that is used the plain ones are; those with accents where words have them.
        """
        return all(map(self._is_used, folded(word)))

    def _is_used(self, letter: str) -> bool:
        if letter in self._letters or not (letter.isalpha() or unicodedata.category(letter)[0] == "M"):
            return True
        return without_accents(letter) == letter and script(letter) in self._scripts

    @cached_property
    def _letters(self) -> frozenset[str]:
        """The characters that are used by one of a thousand words, or more."""
        counts = Counter(letter for key in self.keys for letter in set(key))
        return frozenset(letter for letter, count in counts.items() if 1000 * count >= len(self))

    @cached_property
    def _scripts(self) -> frozenset[str]:
        return frozenset(script(letter) for letter in self._letters if letter.isalpha())

    @cached_property
    def accented(self) -> dict[str, list[int]]:
        """The rows of the keys that have accents, by what they are without."""
        found: dict[str, list[int]] = {}
        for row, key in enumerate(self.keys):
            if not key.isascii() and (bare := without_accents(key)) != key:
                found.setdefault(bare, []).append(row)
        return found

    def but_for_accents(self, key: str) -> list[int]:
        """The rows of the keys from which a key differs in accents alone."""
        if key in self.row_of:
            return []
        bare = without_accents(key)
        plain = self.row_of.get(bare) if bare != key else None
        return self.accented.get(bare, []) + ([plain] if plain is not None else [])

    @cached_property
    def row_of(self) -> dict[str, int]:
        """The row of each key."""
        return {key: row for row, key in enumerate(self.keys)}

    @cached_property
    def spelled(self) -> Spelled:
        """The keys as numbers."""
        return spell(self.keys)

    @cached_property
    def spoken(self) -> Spelled:
        """The sounds of the keys as numbers."""
        return speak(self.keys)

    @cached_property
    def by_letters(self) -> Deletes:
        """The table that finds words within two edits."""
        return Deletes.build(self.spelled, width=8, edits=2)

    @cached_property
    def by_sounds(self) -> Deletes:
        """The table that finds words that sound alike, but for one sound where four others agree."""
        return Deletes.build(self.spoken, width=12, edits=1, least=4)

    def prepare(self) -> None:
        """Makes what is made when first needed, before several threads need it."""
        _ = (
            self.accented,
            self.by_letters,
            self.by_sounds,
            self.log_counts,
            self.spelled.signatures,
            self.spoken.signatures,
        )

    @cached_property
    def log_counts(self) -> NDArray[np.float32]:
        """The logarithm of the share of each word among all that is written, with one more for each `(n,)`."""
        shares: NDArray[np.float32] = np.log((self.counts + 1) / (self.counts.sum() + len(self))).astype(np.float32)
        return shares


@cache
def script(letter: str) -> str:
    """The script of a letter, as its name begins: LATIN, CYRILLIC, CJK."""
    return unicodedata.name(letter, "").split(" ")[0]


def _checked(word: object, count: object) -> float:
    if not isinstance(word, str):
        raise BadInput(f"the vocabulary holds {word!r:.60}, which is {type(word).__name__}; expected texts")
    try:
        number = float(count)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise BadInput(f"the count of {word!r:.60} is {count!r:.60}; expected a number") from None
    if not (0 <= number < float("inf")):
        raise BadInput(f"the count of {word!r:.60} is {number}; expected a number from 0 up")
    return number
