"""Words as numbers: the code points of their characters in one array, so that thousands are compared at once."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knnife.spelling.alignment import Letters as Alphabetic
from knnife.spelling.sound import BITS, sounds
from knnife.things.folding import without_unseen

Letters = NDArray[np.unsignedinteger[Any]]
LONGEST = 48  # characters of a word; what is longer is a key, an address or a sequence, and no word


@dataclass(frozen=True)
class Spelled:
    """m words as numbers. letters: the code points of their characters, zeros behind the end of a word, in the smallest
    unsigned type that holds them `(m, width)`; lengths: how many each word has `(m,)`.
    """

    letters: Letters
    lengths: NDArray[np.int16]

    @cached_property
    def signatures(self) -> NDArray[np.uint64]:
        """Which characters each word has, as bits `(m,)`; some share one, a to z do not. An edit changes one."""
        found = np.zeros(len(self.letters), np.uint64)
        for column in self.letters.T:
            found |= (column > 0) * (np.uint64(1) << (column & 63).astype(np.uint64))
        return found


def spell(words: Sequence[str]) -> Spelled:
    """The characters of `words` as numbers; of a word that is longer than `LONGEST` only so many."""
    lengths = np.fromiter(map(len, words), np.int64, len(words)).clip(max=LONGEST)
    width = max(1, int(lengths.max(initial=1)))
    points = np.array(words, f"<U{width}").view(np.uint32).reshape(-1, width)
    largest = points.max(initial=0)
    smallest = np.uint8 if largest < 1 << 8 else np.uint16 if largest < 1 << 16 else np.uint32
    return Spelled(points.astype(smallest), lengths.astype(np.int16))


def folded(word: str) -> str:
    """How a word is compared: one form of each character (NFKC), small letters, without what is not seen."""
    if word.isascii():
        return word.lower()
    return unicodedata.normalize("NFKC", without_unseen(word).replace("’", "'")).lower()


def speak(words: Sequence[str]) -> Spelled:
    """How `words` sound, as numbers, one for each sound; see sound.py."""
    keys = sounds(Alphabetic.of(list(words)))
    heard = ((keys[:, None] >> (BITS * np.arange(64 // BITS)).astype(np.uint64)) & np.uint64((1 << BITS) - 1)).astype(
        np.uint8
    )
    return Spelled(heard, np.count_nonzero(heard, axis=1).astype(np.int16))
