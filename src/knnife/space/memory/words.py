"""Words in memory: every text, and every name, is read for every query. The formula is that of space/weighing.py."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

from knnife.geometry import Positions
from knnife.space import naming
from knnife.space.protocols import Scores
from knnife.space.records import Row
from knnife.space.terms import END, Asked, Term, asked, told, wanted
from knnife.space.weighing import EARLY, FIRST, K1, LEAST_WEIGHT, B, weight
from knnife.spelling.guessing import TEXTS_WITH, Guess, guess

QUERY_CHARACTERS, MOST_PHRASES = 10_000, 8  # of a query; what follows is not looked at
Analyse = Callable[[str], list[tuple[str, str]]]  # the words of a text in their order, each with its stem


class MemoryFound(NamedTuple):
    """What a query found by words; see `knnife.space.protocols.WordMatches`."""

    positions: Positions
    scores: Scores
    std: float
    query: str


class Held(NamedTuple):
    """The words of one thing: the stems of its text, in order, and of its names."""

    text: list[str]
    names: set[str]

    def times(self, term: Term) -> float:
        """How often a term counts in the text, the first words for more than one; once where only a name has it."""
        if term.opening:
            return self._counted(lambda stem: stem.startswith(term.stems[0]))
        if not _holds(self.text, term.stems, False) and not self.names.issuperset(term.stems):
            return 0
        return min(self._counted(wanted.__eq__) for wanted in term.stems)

    def _counted(self, wanted: Callable[[str], bool]) -> float:
        times = [EARLY if at < FIRST else 1.0 for at, stem in enumerate(self.text) if wanted(stem)]
        return sum(times) or float(any(map(wanted, self.names)))


_NOTHING = Held([], set())


class MemoryWords:
    """The words of things by position; see `knnife.space.protocols.WordIndex`."""

    def __init__(self, analyse: Analyse, rows: Mapping[int, Row]) -> None:
        self._analyse, self._rows = analyse, rows
        self._held = {position: self._words(row) for position, row in rows.items()}
        texts = [len(self._held[position].text) for position, row in rows.items() if isinstance(row.value, str)]
        self._mean = sum(texts) / max(1, len(texts))

    def _words(self, row: Row) -> Held:
        text = [stem for _, stem in self._analyse(row.value)] if isinstance(row.value, str) else []
        return Held(text, self._stems(naming.words(row.id, row.about, row.part_of)))

    def _stems(self, text: str) -> set[str]:
        return {stem for _, stem in self._analyse(text)}

    def named(self, query: str, among: Any = None) -> tuple[Positions, Positions]:
        key = naming.key(query) if len(query) <= naming.LONGEST else ""
        stems = self._stems(key)
        whole, ends = set(), set()
        for pos, row in self._rows.items():
            own, last = naming.keys(row.id, row.about, row.part_of)
            held = bool(stems) and stems <= self._held[pos].names
            if row.id == query.strip() or (held and key in own):
                whole.add(pos)
            elif held and key in last:
                ends.add(pos)
        allowed = [pos for pos in self._rows if among is None or pos in among]
        return _array(whole & {*allowed}), _array(ends & {*allowed})

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
        things = [self._held.get(pos, _NOTHING) for pos in positions.tolist()]
        held = [sum(worth for term, worth in weights.items() if thing.times(term)) for thing in things]
        return np.array([each / total for each in held], np.float32)

    def matched(self, query: str, positions: Sequence[int]) -> list[tuple[str, ...]]:
        words = dict.fromkeys(self._asked(query))
        things = [self._held.get(pos, _NOTHING) for pos in positions]
        return [told(words, lambda term: thing.times(term) > 0) for thing in things]  # noqa: B023

    def unknown(self, words: Sequence[str]) -> list[str]:
        phrases = [(word, _phrase([stem for _, stem in self._analyse(word)])) for word in words]
        return [word for word, phrase in phrases if not any(map(_knows(*phrase), self._held.values()))]

    def guess(self, word: str) -> Guess | None:
        return guess(word, self)

    @property
    def words(self) -> float:
        """See `knnife.spelling.guessing.Home`."""
        return float(sum(len(held.text) for held in self._held.values()))

    def counts(self, stems: Sequence[str]) -> list[int]:
        """See `knnife.spelling.guessing.Home`."""
        return [sum((stem in held.text) + (stem in held.names) for held in self._held.values()) for stem in stems]

    def beginning(self, starts: Sequence[str]) -> list[tuple[str, int]]:
        """See `knnife.spelling.guessing.Home`."""
        stems = (stem for held in self._held.values() for stem in (*{*held.text}, *held.names))
        counts = Counter(stem for stem in stems if stem.startswith(tuple(starts)))
        return [(stem, count) for stem, count in counts.items() if stem.isascii() and stem.isalpha()]

    def stems(self, words: Sequence[str]) -> list[str]:
        """See `knnife.spelling.guessing.Home`."""
        found = [self._analyse(word) for word in words]
        return [each[0][1] if len(each) == 1 else "" for each in found]

    def texts(self, stem: str) -> list[str]:
        """See `knnife.spelling.guessing.Home`."""
        texts = (self._rows[pos].value for pos, held in self._held.items() if stem in held.text)
        rows = (self._rows[pos] for pos, held in self._held.items() if stem in held.names)
        named = (naming.words(row.id, row.about, row.part_of) for row in rows)
        return [*islice((text for text in texts if isinstance(text, str)), TEXTS_WITH), *islice(named, TEXTS_WITH)]

    def _asked(self, query: str) -> list[Asked]:
        return list(asked(self._analyse(query[:QUERY_CHARACTERS])))

    def _weights(self, query: str) -> dict[Term, float]:
        """What each term of a query is worth, two forms of one word together."""
        things, rows = self._held.values(), len(self._held)
        terms: dict[str, Term] = {}
        times: Counter[str] = Counter()
        for term, count in wanted(self._asked(query), lambda term: any(map(_counter(term), things))).items():
            terms.setdefault(term.key, term)
            times[term.key] += count
        held = {term: sum(thing.times(term) > 0 for thing in things) for term in terms.values()}
        return {term: weight(term.words, times[term.key], n, rows) for term, n in held.items() if n}

    def _scores(self, query: str, *, at_mean_length: bool = False) -> dict[int, float]:
        """The scores of all things with any word of the query, and with every phrase of it, if any text has all."""
        weights = self._weights(query)
        scores = {}
        for position, held in self._held.items():
            counts = {term: f for term in weights if (f := held.times(term))}
            norm = K1 if at_mean_length else K1 * (1 - B + B * len(held.text) / max(self._mean, 1e-9))
            if counts:
                scores[position] = sum(weights[term] * f * (K1 + 1) / (f + norm) for term, f in counts.items())
        phrases = re.findall(r'"([^"]*[^\W_][^"]*)"', query[:QUERY_CHARACTERS])[:MOST_PHRASES]
        terms = [_phrase([stem for _, stem in self._analyse(phrase)]) for phrase in phrases]
        required = {pos for pos in scores if all(_holds(self._held[pos].text, *term) for term in terms)}
        return {pos: score for pos, score in scores.items() if pos in required} if required else scores


def _counter(term: Term) -> Callable[[Held], float]:
    return lambda thing: thing.times(term)


def _knows(stems: list[str], opening: bool) -> Callable[[Held], bool]:
    """Whether a thing holds a phrase: in its text, or all the words of it in a name."""
    return lambda thing: _holds(thing.text, stems, opening) or thing.names.issuperset(stems)


def _array(positions: set[int]) -> Positions:
    return np.array(sorted(positions), np.int64)


def _phrase(stems: list[str]) -> tuple[list[str], bool]:
    """The stems of a phrase, and whether the last one is how a term begins: where it ends, its run may go on."""
    run_on = bool(stems) and stems[-1].endswith(END)
    return [*stems[:-1], *(stem.removesuffix(END) for stem in stems[-1:])], run_on


def _holds(stems: Sequence[str], phrase: Sequence[str], opening: bool) -> bool:
    """Do these stems come one behind the other, the last one perhaps as the beginning of a stem?"""
    *before, last = phrase or [""]
    for at, stem in enumerate(stems):
        if (stem.startswith(last) if opening else stem == last) and [*stems[at - len(before) : at]] == before:
            return True
    return not phrase
