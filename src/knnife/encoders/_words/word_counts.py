"""Which words there are, and how often: counted while the corpus is read, the only time that it is read as text.

Words get numbers as they come (`count`); when all are counted the frequent ones get their final numbers, the most
frequent word 0, and the rare ones are taken out of the numbered corpus, so that their neighbours move together, as in
word2vec (`settle`). A word that only came once or so is forgotten where there are too many of them to remember; should
it come again it is a new word. So a word may be counted too low by a few, in a corpus of billions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from knnife.encoders._words.corpus import END, Corpus
from knnife.encoders._words.numbered_corpus import GAP, Ids, NumberedCorpus
from knnife.errors import BadInput

MOST: Final = 10_000_000  # words remembered while counting, about 100 bytes each
GONE: Final = -2  # a word that is left out

Report = Callable[[int, float | None], None]


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


def count(corpus: Corpus, into: NumberedCorpus, report: Report, most: int = MOST) -> Counted:
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
