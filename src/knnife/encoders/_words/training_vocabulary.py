"""The vocabulary of a corpus: its words are counted while it is read as text, the only time, and joined to phrases.

Words get numbers as they come (`count`). Then the frequent ones get their final numbers, the most frequent word 0, and
the rare ones are taken out of the numbered corpus, so that their neighbours move together, as in word2vec (`settle`).
Where there are too many words for memory, the rarest are forgotten; one that comes again is a new word. So in a corpus
of billions a count may be too low by a few.

In between, words that belong together become one, "new york" new_york (`join`; Mikolov et al., 2013b, arXiv 1310.4546,
section 4). Two neighbours a b are a phrase where they come together more often than their own frequencies explain:

    score = (count(a b) - delta) / (count(a) * count(b)) * words in the corpus > threshold

delta keeps rare pairs from counting as phrases by chance. The factor at the end, as in word2phrase.c, makes the
threshold one for corpora of all sizes. A second pass finds phrases of phrases: new_york_times.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from knnife.encoders._words.corpus import END, Corpus
from knnife.encoders._words.numbered_corpus import GAP, Ids, NumberedCorpus
from knnife.errors import BadInput

MOST_WORDS: Final = 10_000_000  # words remembered while counting, about 100 bytes each
GONE: Final = -2  # a word that is left out

Report = Callable[[int, float | None], None]
JOIN: Final = b"_"
MOST_PAIRS: Final = 50_000_000  # different pairs remembered, 16 bytes each; beyond, the rarest are forgotten

Pairs = NDArray[np.int64]  # both numbers of a pair in one: the first in the upper half


class Numbers(dict[bytes, int]):
    """`numbers[word]` is the number of the word, the next one where it is new."""

    next = 0

    def __missing__(self, word: bytes) -> int:
        number = self[word] = self.next
        self.next += 1
        return number


class Counted(NamedTuple):
    """The numbers of words, and how often each number came `(numbers,)`."""

    numbers: Numbers
    counts: NDArray[np.int64]


class CorpusVocabulary(NamedTuple):
    """The words by their final numbers, and how often each came `(n,)`."""

    words: list[str]
    counts: NDArray[np.int64]


def count(corpus: Corpus, into: NumberedCorpus, report: Report, most: int = MOST_WORDS) -> Counted:
    """Reads the corpus, writes the numbers of its words to `into`, and counts them."""
    numbers, counts, seen = Numbers({END: GAP}), np.zeros(0, np.int64), 0
    for block in corpus.blocks:
        ids = np.fromiter(map(numbers.__getitem__, block), np.int32, len(block))
        into.append(ids)
        if numbers.next > len(counts):
            counts = np.concatenate([counts, np.zeros(numbers.next, np.int64)])  # twice as many: it happens rarely
        words = ids[ids != GAP]
        np.add.at(counts, words, 1)
        if len(numbers) > most:
            forget(numbers, counts)
        seen += len(words)
        report(seen, corpus.fraction())
    del numbers[END]
    return Counted(numbers, counts[: numbers.next])


def forget(numbers: Numbers, counts: NDArray[np.int64]) -> None:
    """Forgets the rarest words, half of them at least; their numbers stay in the corpus, and are no word's."""
    known = np.fromiter(numbers.values(), np.int64, len(numbers))
    rare = np.median(counts[known[known >= 0]])
    keep = {word: number for word, number in numbers.items() if number == GAP or counts[number] > rare}
    numbers.clear()
    numbers.update(keep)


def settle(counted: Counted, into: NumberedCorpus, min_count: int, max_words: int | None) -> CorpusVocabulary:
    """The words that came `min_count` times or more, at most `max_words` of them; `into` gets their final numbers.

    Raises BadInput where fewer than two words are left.
    """
    known = np.fromiter(counted.numbers.values(), np.int64, len(counted.numbers))
    frequent = known[counted.counts[known] >= min_count]
    chosen = frequent[np.lexsort((frequent, -counted.counts[frequent]))][:max_words]
    if len(chosen) < 2:
        raise BadInput(_too_few(counted, known, len(chosen), min_count))
    place = np.full(len(counted.counts) + 1, GONE, np.int32)  # the last one is that of GAP, which is -1
    place[chosen] = np.arange(len(chosen))
    place[GAP] = GAP
    into.rewrite(lambda ids: _closed_up(place[ids]))
    spelled = {number: word for word, number in counted.numbers.items()}
    return CorpusVocabulary([spelled[number].decode() for number in chosen.tolist()], counted.counts[chosen])


def _closed_up(ids: Ids) -> Ids:
    """Without words that are left out, and with one gap where several follow each other."""
    ids = ids[ids != GONE]
    again = np.zeros(len(ids), bool)
    again[1:] = (ids[1:] == GAP) & (ids[:-1] == GAP)
    return ids[~again]


def _too_few(counted: Counted, known: NDArray[np.int64], left: int, min_count: int) -> str:
    words, distinct = int(counted.counts[known].sum()), len(known)
    if not words:
        return "the corpus holds no words: expected text, or sequences of items"
    if distinct == 1:
        only = next(iter(counted.numbers)).decode()
        return f"the corpus holds one word only, {only!r:.40} ({words:,} times): expected two different ones or more"
    most = np.sort(counted.counts[known])[-2]
    return (
        f"{left} of the {distinct:,} different words came {min_count:,} times or more, expected two of them at least "
        f"(the corpus has {words:,} words): train on more text, or set min_count (--min-count) to {most} or less"
    )


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
        while len(found.pairs) > MOST_PAIRS:
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
