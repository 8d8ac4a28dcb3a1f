"""Which words of a vocabulary may have been meant: few enough to rank with care, and hardly ever without the right one.

Two tables of words with characters left out (vocabulary.py) find words within two edits, and words that sound (almost)
alike, up to four edits away. Of these the `MOST` likely by a noisy channel with three parameters (Kernighan, Church and
Gale, 1990) stay: common words, few edits, the same sound, the same first letter.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from knnife.spelling.spelled import Letters, Spelled, folded, speak, spell
from knnife.spelling.vocabulary import Vocabulary

Edits = NDArray[np.uint8]
Bits = NDArray[np.unsignedinteger[Any]]
COUNTED = 1 << 13  # pairs whose edits are counted at once: their numbers stay in the processor's cache


MOST = 24  # candidates for a word
LOOKED_AT = 96  # for a word, whose edits are counted
CLOSE, FURTHEST = 3, 4  # edits by the look of it: of words like in letters, of words like in sounds
# Log-odds, of the order that logistic regression gave on words of spell-errors; recall hardly depends on them.
PER_EDIT, PER_SOUND, OTHER_BEGINNING = 3.5, 1.5, 1.5
UNLIKE = 2  # edits between sounds, from which on more make no difference
HOPELESS = 11.0  # below the best candidate of a word: no finer difference makes up for it
STEPS = 1 << 12  # of a score, for 1
BLOCK = 1 << 11  # words looked up at once, at most 1 << 13

Rows = NDArray[np.int32]


class CandidateWords(NamedTuple):
    """m candidates: the places of the words asked about, in order, and rows of the vocabulary, the likeliest first."""

    query: Rows
    word: Rows


def candidates(vocabulary: Vocabulary, words: Sequence[str], most: int = MOST) -> CandidateWords:
    """Up to `most` rows of the vocabulary for each of the words; the word itself among them where it is one."""
    found = [_block(vocabulary, words[at : at + BLOCK], at, most) for at in range(0, len(words), BLOCK)]
    if not found:
        return CandidateWords(np.empty(0, np.int32), np.empty(0, np.int32))
    return CandidateWords(
        np.concatenate([pairs.query for pairs in found]), np.concatenate([pairs.word for pairs in found])
    )


def _block(vocabulary: Vocabulary, words: Sequence[str], first: int, most: int) -> CandidateWords:
    keys = [folded(word) for word in words]
    asked, spoken, known = spell(keys), speak(keys), vocabulary.spelled
    alike = [vocabulary.by_letters.lookup(asked), vocabulary.by_sounds.lookup(spoken)]
    query, word = np.concatenate([some[0] for some in alike]), np.concatenate([some[1] for some in alike])
    by_sound = np.arange(len(query)) >= len(alike[0][0])
    apart = at_least(asked, query, known, word)
    near = np.flatnonzero(apart <= np.where(by_sound, np.uint8(FURTHEST), np.uint8(CLOSE)))
    query, word = query[near], word[near]
    score = likely(vocabulary, asked, query, word, apart[near])
    score -= np.where(by_sound[near], np.float32(0), np.float32(UNLIKE * PER_SOUND))
    query, word = best(query, word, score, LOOKED_AT, 4 + HOPELESS)
    apart = edits(asked, query, known, word)
    something_stays = apart < np.maximum(asked.lengths[query], known.lengths[word])
    near = np.flatnonzero((apart <= FURTHEST) & something_stays)
    query, word = query[near], word[near]
    score = likely(vocabulary, asked, query, word, apart[near])
    highest = np.full(len(words), -np.inf, np.float32)
    np.maximum.at(highest, query, score)
    promising = np.flatnonzero(score >= highest[query] - np.float32(HOPELESS + UNLIKE * PER_SOUND))
    query, word, score = query[promising], word[promising], score[promising]
    score -= edits(spoken, query, vocabulary.spoken, word).clip(max=UNLIKE) * np.float32(PER_SOUND)
    query, word = best(query, word, score, most, HOPELESS)
    return CandidateWords(query + np.int32(first), word)


def likely(vocabulary: Vocabulary, asked: Spelled, query: Rows, word: Rows, apart: NDArray[Any]) -> NDArray[np.float32]:
    """How likely each pair is, given the edits between the letters of both `(m,)`."""
    score = vocabulary.log_counts[word] - apart * np.float32(PER_EDIT)
    begins_otherwise = asked.letters[:, 0][query] != vocabulary.spelled.letters[:, 0][word]
    return np.asarray(score - begins_otherwise * np.float32(OTHER_BEGINNING), np.float32)


def best(query: Rows, word: Rows, score: NDArray[np.float32], most: int, within: float) -> CandidateWords:
    """Each pair once, up to `most` for a query, best first, within `within` of its best; equal scores by row.

    Query, score and row of a pair make one number, as numbers are sorted much quicker than places.
    """
    steps = (np.clip(-score, 0, 63) * np.float32(STEPS)).astype(np.uint64)  # 18 bits
    packed = (query.astype(np.uint64) << np.uint64(50)) | (steps << np.uint64(32)) | word.astype(np.uint64)
    packed.sort()
    packed = packed[np.append(True, packed[1:] != packed[:-1])[: len(packed)]]
    upper = (packed >> np.uint64(32)).astype(np.uint32).view(np.int32)  # query and score
    of = upper >> 18
    sizes = np.bincount(of)
    starts = np.repeat(np.cumsum(sizes) - sizes, sizes)
    kept = np.flatnonzero((np.arange(len(of)) - starts < most) & (upper - upper[starts] <= within * STEPS))
    return CandidateWords(of[kept], packed[kept].astype(np.uint32).view(np.int32))


def edits(a: Spelled, rows_a: NDArray[np.integer], b: Spelled, rows_b: NDArray[np.integer]) -> Edits:
    """The edits between word rows_a[i] of `a` and word rows_b[i] of `b` `(m,)`."""
    found = np.empty(len(rows_a), np.uint8)
    lengths = b.lengths[rows_b]
    order = np.argsort(lengths.astype(np.uint8), kind="stable")  # pairs of like length together: no column is wasted
    numbers, where = _alphabet(a.letters)
    none = b.letters.dtype.type(min(len(numbers) - 1, np.iinfo(b.letters.dtype).max))
    for at in range(0, len(order), COUNTED):
        these = order[at : at + COUNTED]
        long = lengths[these]
        letters = b.letters[rows_b[these], : int(long[-1])].T
        rows = rows_a[these]
        columns = rows.astype(np.int64) * where.shape[1] + numbers[np.minimum(letters, none)]
        found[these] = _counted(where.ravel(), columns, a.lengths[rows], long)
    return found


def at_least(a: Spelled, rows_a: NDArray[np.integer], b: Spelled, rows_b: NDArray[np.integer]) -> Edits:
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
