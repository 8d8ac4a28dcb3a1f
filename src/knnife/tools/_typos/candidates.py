"""Which words of a vocabulary may have been meant: few enough to rank with care, and hardly ever without the right one.

Two tables of what is left of words when characters are left out (deletes.py) find them: one of letters, which has all
words within two edits, and one of sounds, which has those that sound (almost) alike and are up to four edits away.
Of these the `MOST` likely by a simple reckoning stay: common words, few edits, the same sound, the same first letter.
It is a noisy channel (Kernighan, Church and Gale, 1990) with three parameters; finer differences are for the ranking.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from knnife.tools._typos.distance import at_least, edits
from knnife.tools._typos.spelled import Spelled, folded, speak, spell
from knnife.tools._typos.vocabulary import Vocabulary

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


class Pairs(NamedTuple):
    """m candidates: the places of the words asked about, in order, and rows of the vocabulary, the likeliest first."""

    query: Rows
    word: Rows


def candidates(vocabulary: Vocabulary, words: Sequence[str], most: int = MOST) -> Pairs:
    """Up to `most` rows of the vocabulary for each of the words; the word itself among them where it is one."""
    found = [_block(vocabulary, words[at : at + BLOCK], at, most) for at in range(0, len(words), BLOCK)]
    if not found:
        return Pairs(np.empty(0, np.int32), np.empty(0, np.int32))
    return Pairs(np.concatenate([pairs.query for pairs in found]), np.concatenate([pairs.word for pairs in found]))


def _block(vocabulary: Vocabulary, words: Sequence[str], first: int, most: int) -> Pairs:
    keys = [folded(word) for word in words]
    asked, spoken, known = spell(keys), speak(keys), vocabulary.spelled
    alike = [vocabulary.by_letters.lookup(asked), vocabulary.by_sounds.lookup(spoken)]
    query, word = np.concatenate([some[0] for some in alike]), np.concatenate([some[1] for some in alike])
    by_sound = np.arange(len(query)) >= len(alike[0][0])
    apart = at_least(asked, query, known, word)
    near = np.flatnonzero(apart <= np.where(by_sound, np.uint8(FURTHEST), np.uint8(CLOSE)))
    query, word = query[near], word[near]
    score = _likely(vocabulary, asked, query, word, apart[near])
    score -= np.where(by_sound[near], np.float32(0), np.float32(UNLIKE * PER_SOUND))
    query, word = _best(query, word, score, LOOKED_AT, 4 + HOPELESS)
    apart = edits(asked, query, known, word)
    something_stays = apart < np.maximum(asked.lengths[query], known.lengths[word])
    near = np.flatnonzero((apart <= FURTHEST) & something_stays)
    query, word = query[near], word[near]
    score = _likely(vocabulary, asked, query, word, apart[near])
    best = np.full(len(words), -np.inf, np.float32)
    np.maximum.at(best, query, score)
    likely = np.flatnonzero(score >= best[query] - np.float32(HOPELESS + UNLIKE * PER_SOUND))
    query, word, score = query[likely], word[likely], score[likely]
    score -= edits(spoken, query, vocabulary.spoken, word).clip(max=UNLIKE) * np.float32(PER_SOUND)
    query, word = _best(query, word, score, most, HOPELESS)
    return Pairs(query + np.int32(first), word)


def _likely(
    vocabulary: Vocabulary, asked: Spelled, query: Rows, word: Rows, apart: NDArray[Any]
) -> NDArray[np.float32]:
    """How likely each pair is, given the edits between the letters of both `(m,)`."""
    score = vocabulary.log_counts[word] - apart * np.float32(PER_EDIT)
    begins_otherwise = asked.letters[:, 0][query] != vocabulary.spelled.letters[:, 0][word]
    return np.asarray(score - begins_otherwise * np.float32(OTHER_BEGINNING), np.float32)


def _best(query: Rows, word: Rows, score: NDArray[np.float32], most: int, within: float) -> Pairs:
    """Each pair once, those with the highest scores, up to `most` for a query, best first; equal scores by row. Those
    that are more than `within` below the best of their query are left out.

    Query, score and row of a pair make one number, since numbers are sorted much quicker than places.
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
    return Pairs(of[kept], packed[kept].astype(np.uint32).view(np.int32))
