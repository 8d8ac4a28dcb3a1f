"""Words and their vectors side by side, and how a word is looked up.

A word is looked up as it is, then in lower case, then with "_" for each space, as files write phrases (new_york).

An unknown word has a vector by its character n-grams (Bojanowski et al., TACL 5, 2017). The n-grams of where, of 3
characters: <wh, whe, her, ere, re>. Each is hashed to one of a fixed number of rows by FNV-1a over its bytes in UTF-8,
bytes above 127 as negative numbers, as in fastText, so the rows of its models fit. The n-grams are those of the word as
it is, or in lower case where the file has no capitals.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from knnife.errors import BadInput, NotFound
from knnife.geometry import Vectors

Rows = NDArray[np.int64]

SUGGESTED = 3
ALIKE = 60.0  # of 100, by rapidfuzz's ratio: below it a suggestion is no help
OFFSET: Final = np.uint32(2166136261)
PRIME: Final = np.uint32(16777619)
HASHED_AT_ONCE: Final = 20_000  # words


class WordGrams(NamedTuple):
    """The character n-grams of each word: of word w, rows[starts[w] : starts[w + 1]] of `TrainingWeights.ngrams`."""

    starts: NDArray[np.int64]  # (V + 1,)
    rows: NDArray[np.int32]


@dataclass(frozen=True)
class Subwords:
    """Vectors of the n-grams of shortest..longest characters of "<word>", by the row that each is hashed to."""

    shortest: int
    longest: int
    vectors: Vectors  # (buckets, d)


@dataclass(frozen=True)
class WordTable:
    """n words, the most frequent first where counts are known."""

    words: list[str]
    vectors: Vectors  # (n, d) float32; perhaps a memory map, never written to. With subwords: what they add up to
    counts: NDArray[np.int64] | None = None  # (n,): how often each word was seen
    subwords: Subwords | None = None

    @cached_property
    def row_of(self) -> dict[str, int]:
        """The row of each word; made when first needed, as it is the slow part of a large file."""
        return dict(zip(self.words, range(len(self.words)), strict=True))

    @cached_property
    def has_capitals(self) -> bool:
        """Whether the words are spelled as they were found, rather than in small letters."""
        return any(word != word.lower() for word in self.words)


def row(row_of: Mapping[str, int], word: str) -> int:
    """The row of a word, -1 where it has none."""
    for spelled in (word, lower := word.lower(), lower.replace(" ", "_")):
        if (found := row_of.get(spelled)) is not None:
            return found
    return -1


def rows(table: WordTable, words: Sequence[str]) -> Rows:
    """The row of each word `(m,)`, -1 where it has none. Raises BadInput for what is no word."""
    if isinstance(words, str):
        raise BadInput(f"expected a list of words, got one text: write [{words!r}]")
    for word in words:
        if not isinstance(word, str):
            raise BadInput(f"expected words (str), got {type(word).__name__}: {word!r:.60}")
    row_of = table.row_of
    return np.fromiter((row(row_of, word) for word in words), np.int64, len(words))


def vectors(table: WordTable, words: Sequence[str]) -> Vectors:
    """The vector of each word `(m, d)`: its row; of unseen words the mean of their n-grams, where there are subwords.

    Raises NotFound for words that have neither, with words that are spelled alike.
    """
    made, known = found(table, words)
    if not known.all():
        raise NotFound(unknown(table, words[int(np.argmin(known))]))
    return made


def found(table: WordTable, words: Sequence[str]) -> tuple[Vectors, NDArray[np.bool_]]:
    """The vector of each word `(m, d)` as `vectors` has it, zeros for words without one, and which have one `(m,)`."""
    places = rows(table, words)
    known = places >= 0
    made: Vectors = np.ascontiguousarray(table.vectors[np.maximum(places, 0)], np.float32)
    made[~known] = 0
    for place in np.flatnonzero(~known).tolist():
        if len(parts := by_subwords(table, [words[place]])):
            made[place], known[place] = parts[0], True
    return made, known


def by_subwords(table: WordTable, words: Sequence[str]) -> Vectors:
    """The mean of the vectors of each word's n-grams `(m, d)`; words without any are left out."""
    if table.subwords is None or not words:
        return np.empty((0, table.vectors.shape[1]), np.float32)
    parts = table.subwords
    spelled = words if table.has_capitals else [word.lower() for word in words]
    starts, rows = ngrams_of(spelled, parts.shortest, parts.longest, len(parts.vectors))
    spans = [slice(*span) for span in itertools.pairwise(starts.tolist())]
    means = [parts.vectors[rows[span]].mean(axis=0) for span in spans if span.stop > span.start]
    return np.array(means, np.float32).reshape(-1, table.vectors.shape[1])


def unknown(table: WordTable, word: str) -> str:
    """What to say of a word without a vector, with words of the vocabulary that are spelled like it."""
    from rapidfuzz import fuzz, process  # rarely needed

    near = process.extract(word.lower(), table.words, scorer=fuzz.ratio, limit=SUGGESTED, score_cutoff=ALIKE)
    perhaps = f"; perhaps {', '.join(repr(each) for each, *_ in near)}" if near else "; nothing is spelled like it"
    return f"no word {word!r:.60} among the {len(table.words):,} words{perhaps}"


def missing(table: WordTable, words: Sequence[str], known: NDArray[np.bool_], some_left: np.bool_) -> dict[str, str]:
    """The words of a batch without a vector, and what is said of each. Raises NotFound unless some question is left."""
    without = {word: unknown(table, word) for word, one in zip(words, known.tolist(), strict=True) if not one}
    if without and not some_left:
        raise NotFound("; ".join(list(without.values())[:SUGGESTED]))
    return without


def ngrams_of(words: Sequence[str], shortest: int, longest: int, buckets: int) -> WordGrams:
    """The rows (0 to buckets - 1) of the n-grams of each word, of shortest..longest characters of "<word>"."""
    counts, rows = [np.zeros(1, np.int64)], [np.empty(0, np.int32)]
    for start in range(0, len(words), HASHED_AT_ONCE):
        some = words[start : start + HASHED_AT_ONCE]
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
