"""Words in memory: every text is read for every query. The formula is BM25, as sqlite/words.py explains it."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from knnife.geometry import Positions
from knnife.space.protocols import Scores
from knnife.space.terms import END, Asked, Term, asked, told, wanted
from knnife.spelling.guessing import TEXTS_WITH, Guess, guess

K1, B, LEAST_WEIGHT = 1.2, 0.75, 1e-6
QUERY_CHARACTERS, MOST_PHRASES = 10_000, 8  # of a query; what follows is not looked at
Analyse = Callable[[str], list[tuple[str, str]]]  # the words of a text in their order, each with its stem


class MemoryFound(NamedTuple):
    """What a query found by words; see `knnife.space.protocols.WordMatches`."""

    positions: Positions
    scores: Scores
    std: float
    query: str


class MemoryWords:
    """The words of texts by position; see `knnife.space.protocols.WordIndex`."""

    def __init__(self, analyse: Analyse, texts: Mapping[int, str]) -> None:
        self._analyse, self._texts = analyse, texts
        self._stems = {position: [stem for _, stem in analyse(text)] for position, text in texts.items()}
        self._mean = sum(map(len, self._stems.values())) / max(1, len(self._stems))

    def find(self, query: str, limit: int, among: Any = None) -> MemoryFound:
        everywhere = self._scores(query, at_mean_length=True)
        scores = {pos: score for pos, score in self._scores(query).items() if among is None or pos in among}
        best = sorted(scores, key=lambda pos: (-np.float32(scores[pos]), pos))[:limit]
        std = float(np.std([*everywhere.values()])) if everywhere else 0.0
        return MemoryFound(np.array(best, np.int64), np.array([scores[pos] for pos in best], np.float32), std, query)

    def score(self, found: Any, positions: Positions) -> Scores:
        scores = self._scores(found.query)
        return np.array([scores.get(pos, 0.0) for pos in positions.tolist()], np.float32)

    def share(self, found: Any, positions: Positions) -> Scores:
        weights = self._weights(found.query)
        total = max(sum(weights.values()), LEAST_WEIGHT)
        texts = [self._stems.get(pos, []) for pos in positions.tolist()]
        held = [sum(weight for term, weight in weights.items() if _count(term, stems)) for stems in texts]
        return np.array([each / total for each in held], np.float32)

    def matched(self, query: str, positions: Sequence[int]) -> list[tuple[str, ...]]:
        words = dict.fromkeys(self._asked(query))
        texts = [self._stems.get(pos, []) for pos in positions]
        return [told(words, lambda term: _count(term, stems) > 0) for stems in texts]  # noqa: B023

    def unknown(self, words: Sequence[str]) -> list[str]:
        phrases = [(word, _phrase([stem for _, stem in self._analyse(word)])) for word in words]
        return [word for word, phrase in phrases if not any(_holds(stems, *phrase) for stems in self._stems.values())]

    def guess(self, word: str) -> Guess | None:
        return guess(word, self)

    @property
    def words(self) -> float:
        """See `knnife.spelling.guessing.Home`."""
        return self._mean * len(self._stems)

    def counts(self, stems: Sequence[str]) -> list[int]:
        """See `knnife.spelling.guessing.Home`."""
        return [sum(stem in held for held in self._stems.values()) for stem in stems]

    def beginning(self, starts: Sequence[str]) -> list[tuple[str, int]]:
        """See `knnife.spelling.guessing.Home`."""
        counts = Counter(stem for held in self._stems.values() for stem in {*held} if stem.startswith(tuple(starts)))
        return [(stem, count) for stem, count in counts.items() if stem.isascii() and stem.isalpha()]

    def stems(self, words: Sequence[str]) -> list[str]:
        """See `knnife.spelling.guessing.Home`."""
        found = [self._analyse(word) for word in words]
        return [each[0][1] if len(each) == 1 else "" for each in found]

    def texts(self, stem: str) -> list[str]:
        """See `knnife.spelling.guessing.Home`."""
        return [text for position, text in self._texts.items() if stem in self._stems[position]][:TEXTS_WITH]

    def _asked(self, query: str) -> list[Asked]:
        return list(asked(self._analyse(query[:QUERY_CHARACTERS])))

    def _weights(self, query: str) -> dict[Term, float]:
        """What each term of a query is worth: how often it is asked for, and how rare it is."""
        texts, rows = self._stems.values(), len(self._stems)
        times = wanted(self._asked(query), lambda term: any(_count(term, stems) for stems in texts))
        held = {term: sum(_count(term, stems) > 0 for stems in texts) for term in times}
        rarity = {term: math.log((rows - n + 0.5) / (n + 0.5)) for term, n in held.items() if n}
        return {term: times[term] * max(LEAST_WEIGHT, each) for term, each in rarity.items()}

    def _scores(self, query: str, *, at_mean_length: bool = False) -> dict[int, float]:
        """The scores of all texts with any word of the query, and with every phrase of it, if any text has them all."""
        weights = self._weights(query)
        scores = {}
        for position, stems in self._stems.items():
            counts = {term: f for term in weights if (f := _count(term, stems))}
            norm = K1 if at_mean_length else K1 * (1 - B + B * len(stems) / max(self._mean, 1e-9))
            if counts:
                scores[position] = sum(weights[term] * f * (K1 + 1) / (f + norm) for term, f in counts.items())
        phrases = re.findall(r'"([^"]*[^\W_][^"]*)"', query[:QUERY_CHARACTERS])[:MOST_PHRASES]
        terms = [_phrase([stem for _, stem in self._analyse(phrase)]) for phrase in phrases]
        required = {pos for pos in scores if all(_holds(self._stems[pos], *term) for term in terms)}
        return {pos: score for pos, score in scores.items() if pos in required} if required else scores


def _phrase(stems: list[str]) -> tuple[list[str], bool]:
    """The stems of a phrase, and whether the last one is how a term begins: where it ends, its run may go on."""
    run_on = bool(stems) and stems[-1].endswith(END)
    return [*stems[:-1], *(stem.removesuffix(END) for stem in stems[-1:])], run_on


def _count(term: Term, stems: Sequence[str]) -> int:
    """How often a text has a term: of stems in a row, the rarest of them; of an opening, all that begin so."""
    if term.opening:
        return sum(stem.startswith(term.stems[0]) for stem in stems)
    return min(stems.count(stem) for stem in term.stems) if _holds(stems, term.stems, False) else 0


def _holds(stems: Sequence[str], phrase: Sequence[str], opening: bool) -> bool:
    """Do these stems come one behind the other, the last one perhaps as the beginning of a stem?"""
    *before, last = phrase or [""]
    for at, stem in enumerate(stems):
        if (stem.startswith(last) if opening else stem == last) and [*stems[at - len(before) : at]] == before:
            return True
    return not phrase
