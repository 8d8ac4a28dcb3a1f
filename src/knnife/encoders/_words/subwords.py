"""The character n-grams of words, which give unknown words a vector (Bojanowski et al., TACL 5, 2017).

The n-grams of where, of 3 characters: <wh, whe, her, ere, re>. Each is hashed to one of a fixed number of rows by
FNV-1a over its bytes in UTF-8, bytes above 127 as negative numbers, as in fastText, so the rows of its models fit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knnife.encoders._words.weights import WordGrams

OFFSET: Final = np.uint32(2166136261)
PRIME: Final = np.uint32(16777619)
AT_ONCE: Final = 20_000  # words


def ngrams_of(words: Sequence[str], shortest: int, longest: int, buckets: int) -> WordGrams:
    """The rows (0 to buckets - 1) of the n-grams of each word, of shortest..longest characters of "<word>"."""
    counts, rows = [np.zeros(1, np.int64)], [np.empty(0, np.int32)]
    for start in range(0, len(words), AT_ONCE):
        some = words[start : start + AT_ONCE]
        owners, found = _hashed([f"<{word}>" for word in some], shortest, longest)
        counts.append(np.bincount(owners, minlength=len(some)))
        rows.append((found % np.uint32(buckets)).astype(np.int32))
    return WordGrams(np.cumsum(np.concatenate(counts)), np.concatenate(rows))


def _hashed(words: list[str], shortest: int, longest: int) -> tuple[NDArray[np.int64], NDArray[np.uint32]]:
    """The number of its word, and the hash, of each n-gram; word by word."""
    spelled = "".join(words).encode()
    data = np.frombuffer(spelled, np.int8)
    begins = np.append(np.flatnonzero((data.view(np.uint8) & 0xC0) != 0x80), len(data))  # (characters + 1,), in bytes
    lengths = np.fromiter(map(len, words), np.int64, len(words))
    owner = np.repeat(np.arange(len(words)), lengths)
    end = np.repeat(np.cumsum(lengths), lengths)  # of its word, in characters
    first = np.arange(len(owner))
    value = np.full(len(owner), OFFSET)
    places, hashes = [np.empty(0, np.int64)], [np.empty(0, np.uint32)]
    for n in range(1, longest + 1):
        inside = first + n <= end[first]
        first, value = first[inside], _with_character(value[inside], data, begins, first[inside] + n - 1)
        if n >= shortest:
            alone = (n == 1) & ((first + 1 == end[first]) | (first + lengths[owner[first]] == end[first]))
            places.append(first[~alone])  # < and > alone say nothing
            hashes.append(value[~alone])
    place = np.concatenate(places)
    order = np.argsort(place, kind="stable")
    return owner[place[order]], np.concatenate(hashes)[order]


def _with_character(
    value: NDArray[np.uint32], data: NDArray[np.int8], begins: NDArray[np.int64], characters: NDArray[np.int64]
) -> NDArray[np.uint32]:
    """The hashes gone on by one character each, of up to four bytes."""
    for byte in range(4):
        at = begins[characters] + byte
        there = at < begins[characters + 1]
        if not there.any():
            break
        signed = data[np.minimum(at, len(data) - 1)].astype(np.int32).view(np.uint32)
        value = np.where(there, (value ^ signed) * PRIME, value)
    return value
