"""Search by words: BM25 over SQLite's full-text index (FTS5), read rarest word first.

FTS5's own ranking looks at every row that holds any word of the query, which for "the" is nearly all of them. Here the
rows of each stem are read as arrays (postings.py), and the formula (space/weighing.py) is applied to all at once. Three
things keep it fast in large spaces: words in more than half of the rows, which have no weight, are left out while there
are others; the lists of a query add up to at most MOST_ROWS; and the length of a row counts once it is among the best
at the mean length.

Any text is a query: space/terms.py and FTS5's own tokenizer find its words. A "phrase in quotes" must be in every row
found, if it is in any.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from knnife.geometry import Positions
from knnife.space.naming import LONGEST
from knnife.space.sqlite import name_index, postings
from knnife.space.sqlite.connection import positions
from knnife.space.sqlite.postings import COUNTED, MOST_ROWS
from knnife.space.sqlite.tokens import (
    QUERY_CHARACTERS,
    STEMMING,
    expression,
    phrase,
    phrases,
    plain_tokens,
    quoted,
    storable,
    tokens,
)
from knnife.space.sqlite.word_list import word_list
from knnife.space.sqlite.words_memo import Memo, Postings
from knnife.space.terms import Asked, Term, as_indexed, asked, told, wanted
from knnife.space.weighing import K1, LEAST_WEIGHT, B, weight
from knnife.spelling.guessing import Guess, guess

Scores = NDArray[np.float32]

SCHEMA = f"""
CREATE VIRTUAL TABLE words USING fts5(value, content='things', content_rowid='pos', tokenize='{STEMMING}');
CREATE VIRTUAL TABLE words_at USING fts5vocab(words, instance);
INSERT INTO words (words, rank) VALUES ('hashsize', 8388608);
INSERT INTO words (words, rank) VALUES ('automerge', 16);
INSERT INTO words (words, rank) VALUES ('crisismerge', 64);
"""  # The last three: a batch is written as one segment, and segments are merged seldom, sixteen at a time.

MEASURED = 200  # rows whose length is looked up, beyond the number wanted


class ScoredRows(NamedTuple):
    """What a query found by words: positions, best first, with their scores.

    std: the standard deviation of the scores (taken at the mean length) of all rows with any of the words,
    allowed or not. terms, required, mean_length: what `score` needs.
    """

    positions: Positions
    scores: Scores
    std: float
    terms: tuple[tuple[float, Postings], ...]
    required: Positions | None
    mean_length: float


class SqliteWords:
    """The words of one state; see `knnife.space.protocols.WordIndex`."""

    def __init__(self, db: sqlite3.Connection, memo: Memo, *, older: bool = False) -> None:
        """older: some texts are indexed as FTS5 reads them by itself, as versions before did."""
        self._db, self._memo, self._older = db, memo, older

    def find(self, query: str, limit: int, among: Any = None) -> ScoredRows:
        """The `limit` best rows for a query; among: positions `(p,)`, None for all."""
        texts, mean_length = postings.size(self._db)
        rows = max(texts, self._memo.named)
        terms = tuple(_terms(self._db, self._asked(query), rows, self._memo))
        required = self._with_phrases(query) if terms else None
        positions, scores = _sums(terms, required)
        std = float(scores.std()) if len(scores) else 0.0
        found = ScoredRows(positions, scores, std, terms, required, mean_length)
        if among is not None:
            chosen = np.isin(positions, among, assume_unique=True)
            positions, scores = positions[chosen], scores[chosen]
        measured = limit + MEASURED
        if len(positions) > measured:
            positions = positions[np.argpartition(scores, -measured)[-measured:]]
        scores = self.score(found, positions)
        best = np.lexsort((positions, -scores))[:limit]
        return found._replace(positions=positions[best], scores=scores[best])

    def score(self, found: ScoredRows, positions: Positions) -> Scores:
        """The scores of any `positions` for the query of `found`, in their order; 0 where no word of it is."""
        weights, times = _weights_and_times(found, positions)
        held = times.any(axis=0)
        if found.required is not None:
            held &= np.isin(positions, found.required)
        lengths = postings.lengths(self._db, positions[held], self._memo)
        norms = K1 * (1 - B + B * lengths / max(found.mean_length, 1e-9))
        scores = np.zeros(len(positions), np.float32)
        scores[held] = weights @ (times[:, held] * (K1 + 1) / (times[:, held] + norms))
        return scores

    def share(self, found: ScoredRows, positions: Positions) -> Scores:
        """The share of the query's words, by weight, that each of `positions` holds."""
        weights, times = _weights_and_times(found, positions)
        held = (times > 0).T @ weights / max(float(weights.sum()), LEAST_WEIGHT)
        return np.asarray(held, np.float32)

    def matched(self, query: str, positions: Iterable[int]) -> list[tuple[str, ...]]:
        """For each position the words of the query that it holds in some form: lower case, accents removed."""
        chosen = [int(pos) for pos in positions]
        among = "rowid IN (SELECT value FROM json_each(?))"
        sql = f"SELECT rowid FROM words WHERE words MATCH ? AND {among}"
        if self._memo.named:
            sql = f"{sql} UNION ALL SELECT rowid FROM names WHERE names MATCH ? AND {among}"
        given = json.dumps(chosen)

        @cache
        def holding(term: Term) -> set[int]:
            if term.opening or term.key in self._memo.postings:
                rows = postings.postings(self._db, term, self._memo).positions
                return set(rows[np.isin(rows, chosen)].tolist())
            asked = [expression(term), given, postings.in_names(term), given]
            return {pos for (pos,) in self._db.execute(sql, asked if self._memo.named else asked[:2])}

        words = dict.fromkeys(self._asked(query))
        return [told(words, lambda term: pos in holding(term)) for pos in chosen]  # noqa: B023

    def unknown(self, words: Sequence[str]) -> list[str]:
        held = "SELECT 1 FROM words WHERE words MATCH ? LIMIT 1"  # FTS5 stems the word
        lacking = [word for word in words if self._db.execute(held, [quoted(as_indexed(word))]).fetchone() is None]
        return [word for word in lacking if not (self._memo.named and name_index.knows(self._db, word))]

    def guess(self, word: str) -> Guess | None:
        guesses = self._memo.guesses
        if word not in guesses:
            rows, length = postings.size(self._db)
            indexes = ("words", "names") if self._memo.named else ("words",)
            with word_list(self._db, rows * length, indexes) as home:
                guesses[word] = guess(word, home)
        return guesses[word]

    def named(self, query: str, among: Any = None) -> tuple[Positions, Positions]:
        """The positions of things whose name is the query, and of those whose name ends in it, ascending."""
        ids = [pos for (pos,) in self._db.execute("SELECT pos FROM things WHERE id = ?", [storable(query.strip())])]
        looked_up = self._memo.named and len(query) <= LONGEST
        whole, ends = name_index.asked(self._db, query) if looked_up else ([], [])
        allowed = None if among is None else {*np.asarray(among)[np.isin(among, whole + ends + ids)].tolist()}
        first = {pos for pos in whole + ids if allowed is None or pos in allowed}
        second = {pos for pos in ends if allowed is None or pos in allowed} - first
        return np.array(sorted(first), np.int64), np.array(sorted(second), np.int64)

    def _asked(self, query: str) -> list[Asked]:
        """The words of a query; where some texts are of older kind, also as they were read then."""
        query = query[:QUERY_CHARACTERS]
        found = list(asked(tokens(query)))
        if self._older:
            known = {stem for each in found for stem in each.whole.stems}
            found += [Asked(word, Term((stem,), word)) for word, stem in plain_tokens(query) if stem not in known]
        return found

    def _with_phrases(self, query: str) -> Positions | None:
        """The rows that hold every phrase in quotes; None when the query has none, or no row holds them."""
        required = phrases(query)
        if not required:
            return None
        ways = [[phrase(each), *([quoted(each)] if self._older else [])] for each in required]
        match = " AND ".join(f"({' OR '.join(dict.fromkeys(each))})" for each in ways)
        held = positions(self._db, "SELECT rowid AS pos FROM words WHERE words MATCH ?", [match])
        return held if len(held) else None


def _weights_and_times(found: ScoredRows, positions: Positions) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The weights `(t,)` of the terms of a query, and how often each is in each row, `(t, n)`."""
    times = np.zeros((len(found.terms), len(positions)))
    for row, (_, held) in zip(times, found.terms, strict=True):
        at = np.minimum(np.searchsorted(held.positions, positions), len(held.positions) - 1)
        np.multiply(held.times[at], held.positions[at] == positions, out=row)
    return np.array([weight for weight, _ in found.terms]), times


# --- what a query asks for ----------------------------------------------------------------------------------


def _terms(db: sqlite3.Connection, query: Iterable[Asked], rows: int, memo: Memo) -> Iterator[tuple[float, Postings]]:
    """The terms of a query that are worth reading: their weights and rows, rarest first."""
    terms: dict[str, Term] = {}
    times: Counter[str] = Counter()
    for term, count in wanted(query, lambda term: postings.frequency(db, term, rows, memo) > 0).items():
        terms.setdefault(term.key, term)  # two forms of a word are that word twice
        times[term.key] += count
    total = 0
    for n, key in sorted((postings.frequency(db, term, rows, memo), key) for key, term in terms.items()):
        if total and n > COUNTED and (n > rows / 2 or total + n > MOST_ROWS):
            return
        total += n
        held = postings.postings(db, terms[key], memo)
        if n := len(held.positions):
            yield weight(terms[key].words, times[key], n, rows), held


def _sums(terms: Sequence[tuple[float, Postings]], required: Positions | None) -> tuple[Positions, Scores]:
    """Every row with any of the words, and its score as if it had the mean length."""
    if not terms:
        return np.empty(0, np.int64), np.empty(0, np.float32)
    rows = np.concatenate([held.positions for _, held in terms])
    parts = np.concatenate([weight * held.times * (K1 + 1) / (held.times + K1) for weight, held in terms])
    first = int(rows.min())
    sums = np.bincount(rows - first, parts)
    positions = np.flatnonzero(sums > 0)
    scores = sums[positions].astype(np.float32)
    positions += first
    if required is not None:
        among = np.isin(positions, required, assume_unique=True)
        positions, scores = positions[among], scores[among]
    return positions, scores
