"""Words that belong together become one: "new york" is new_york (Mikolov et al., 2013b, arXiv 1310.4546, section 4).

Two neighbours a b are a phrase where they come together more often than their own frequencies explain:

    score = (count(a b) - delta) / (count(a) * count(b)) * words in the corpus > threshold

delta keeps rare pairs from counting as phrases by chance. The factor at the end, as in word2phrase.c, makes the
threshold one for corpora of all sizes. A second pass finds phrases of phrases: new_york_times.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from knnife.encoders._words.numbered_corpus import GAP, Ids, NumberedCorpus
from knnife.encoders._words.word_counts import Counted

JOIN: Final = b"_"
MOST: Final = 50_000_000  # different pairs remembered, 16 bytes each; beyond, the rarest are forgotten

Pairs = NDArray[np.int64]  # both numbers of a pair in one: the first in the upper half


class _Found(NamedTuple):
    """Different pairs `(p,)` in order, and how often each came."""

    pairs: Pairs
    counts: NDArray[np.int64]


def join(counted: Counted, into: NumberedCorpus, threshold: float, min_count: int) -> Counted:
    """Puts phrases in the place of their words, in `into` and in the counts; min_count: of words and phrases alike."""
    found = _count_pairs(counted, into, min_count)
    first, second = found.pairs >> 32, found.pairs & 0xFFFFFFFF
    total = float(counted.counts.sum())
    expected = counted.counts[first].astype(float) * counted.counts[second]
    score = (found.counts - min_count) * total / expected
    phrases = found.pairs[(score > threshold) & (found.counts >= min_count)]
    if not len(phrases):
        return counted
    numbers = _named(counted, phrases)
    counts = np.concatenate([counted.counts, np.zeros(len(phrases), np.int64)])

    def joined(ids: Ids) -> Ids:
        place = _taken(_places(ids, phrases))
        number = numbers[np.searchsorted(phrases, _pairs(ids)[place])]
        changed = ids.copy()
        changed[place] = number
        np.add.at(counts, number, 1)
        np.subtract.at(counts, ids[place], 1)
        np.subtract.at(counts, ids[place + 1], 1)
        return np.delete(changed, place + 1)

    into.rewrite(joined)
    return Counted(counted.numbers, counts)


def _named(counted: Counted, phrases: Pairs) -> NDArray[np.int32]:
    """The number of each phrase, behind those of the words; or the one of what is spelled so already."""
    spelled = {number: word for word, number in counted.numbers.items()}
    names = [spelled[pair >> 32] + JOIN + spelled[pair & 0xFFFFFFFF] for pair in phrases.tolist()]
    numbers = [counted.numbers.setdefault(name, number) for number, name in enumerate(names, len(counted.counts))]
    return np.array(numbers, np.int32)


def _count_pairs(counted: Counted, into: NumberedCorpus, min_count: int) -> _Found:
    """All pairs of neighbours, both of them frequent."""
    alive = np.zeros(len(counted.counts) + 1, bool)
    known = np.fromiter(counted.numbers.values(), np.int64, len(counted.numbers))
    alive[known] = counted.counts[known] >= min_count
    found, least = _Found(np.empty(0, np.int64), np.empty(0, np.int64)), 1
    for ids in into.pieces():
        both = alive[ids[:-1]] & alive[ids[1:]]
        found = _merged(found, _Found(*np.unique(_pairs(ids)[both], return_counts=True)))
        while len(found.pairs) > MOST:
            least += 1
            found = _Found(*(each[found.counts >= least] for each in found))
    return found


def _pairs(ids: Ids) -> Pairs:
    return (ids[:-1].astype(np.int64) << 32) | (ids[1:].astype(np.int64) & 0xFFFFFFFF)


def _merged(a: _Found, b: _Found) -> _Found:
    pairs = np.concatenate([a.pairs, b.pairs])
    order = np.argsort(pairs, kind="stable")
    pairs, counts = pairs[order], np.concatenate([a.counts, b.counts])[order]
    starts = np.flatnonzero(np.concatenate([[True], pairs[1:] != pairs[:-1]])) if len(pairs) else np.empty(0, np.int64)
    return _Found(pairs[starts], np.add.reduceat(counts, starts) if len(starts) else counts)


def _places(ids: Ids, phrases: Pairs) -> NDArray[np.int64]:
    """Where a phrase begins; sorted."""
    pairs = _pairs(ids)
    near = phrases[np.minimum(np.searchsorted(phrases, pairs), len(phrases) - 1)]
    return np.flatnonzero((near == pairs) & (ids[:-1] != GAP))


def _taken(places: NDArray[np.int64]) -> NDArray[np.int64]:
    """From left to right the places that do not share a word with one before: of a run, every other."""
    new_run = np.concatenate([[True], np.diff(places) > 1])[: len(places)]
    within = np.arange(len(places)) - np.maximum.accumulate(np.where(new_run, np.arange(len(places)), 0))
    taken: NDArray[np.int64] = places[within % 2 == 0]
    return taken
