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
        self._analyse = analyse
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

    def matched(self, query: str, positions: Sequence[int]) -> list[tuple[str, ...]]:
        asked = {word: stem for word, stem in self._analyse(query[:QUERY_CHARACTERS])}
        return [tuple(word for word, stem in asked.items() if stem in self._stems.get(pos, ())) for pos in positions]

    def _scores(self, query: str, *, at_mean_length: bool = False) -> dict[int, float]:
        """The scores of all texts with any word of the query, and with every phrase of it, if any text has them all."""
        asked = Counter(stem for _, stem in self._analyse(query[:QUERY_CHARACTERS]))
        held = {stem: sum(stem in stems for stems in self._stems.values()) for stem in asked}
        rows = len(self._stems)
        scores = {}
        for position, stems in self._stems.items():
            times = Counter(stem for stem in stems if stem in asked)
            norm = K1 if at_mean_length else K1 * (1 - B + B * len(stems) / max(self._mean, 1e-9))
            if times:
                scores[position] = sum(
                    asked[stem]
                    * max(LEAST_WEIGHT, math.log((rows - held[stem] + 0.5) / (held[stem] + 0.5)))
                    * (f * (K1 + 1) / (f + norm))
                    for stem, f in times.items()
                )
        wanted = [
            [stem for _, stem in self._analyse(phrase)]
            for phrase in re.findall(r'"([^"]*[^\W_][^"]*)"', query[:QUERY_CHARACTERS])[:MOST_PHRASES]
        ]
        required = {pos for pos in scores if all(_holds(self._stems[pos], phrase) for phrase in wanted)}
        return {pos: score for pos, score in scores.items() if pos in required} if required else scores


def _holds(stems: Sequence[str], phrase: Sequence[str]) -> bool:
    """Do these stems come one behind the other?"""
    return any(stems[i : i + len(phrase)] == phrase for i in range(len(stems) - len(phrase) + 1))
