"""Search by words: BM25 over SQLite's full-text index (FTS5), read rarest word first.

FTS5's own ranking looks at every row that holds any word of the query, which for "the" is nearly all of them. Here the
rows of each stem are read as arrays, and the same formula is applied to all at once:

    score(row) = sum over words   weight · f · (k1 + 1) / (f + k1 · (1 - b + b · length / mean length))
    weight     = times in the query · log((N - n + 0.5) / (n + 0.5)), at least 1e-6

with f the times the word is in the row, n of N rows holding it, k1 = 1.2 and b = 0.75 (Robertson and Zaragoza, "The
probabilistic relevance framework", 2009). Three things keep it fast in large spaces: words in more than half of the
rows, which have no weight, are left out while there are others; the lists of a query add up to at most MOST_ROWS; and
the length of a row counts once it is among the best at the mean length.

Any text is a query: space/terms.py and FTS5's own tokenizer find its words. A "phrase in quotes" must be in every row
found, if it is in any.
"""

from __future__ import annotations

import json
import math
import sqlite3
import sys
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from knnife.geometry import Positions
from knnife.space.sqlite.connection import positions
from knnife.space.sqlite.tokens import (
    QUERY_CHARACTERS,
    STEMMING,
    expression,
    phrase,
    phrases,
    plain_tokens,
    quoted,
    tokens,
)
from knnife.space.sqlite.word_list import word_list
from knnife.space.sqlite.words_memo import Memo, Postings
from knnife.space.terms import Asked, Term, as_indexed, asked, told, wanted
from knnife.spelling.guessing import Guess, guess

Scores = NDArray[np.float32]

SCHEMA = f"""
CREATE VIRTUAL TABLE words USING fts5(value, content='things', content_rowid='pos', tokenize='{STEMMING}');
CREATE VIRTUAL TABLE words_at USING fts5vocab(words, instance);
INSERT INTO words (words, rank) VALUES ('hashsize', 8388608);
INSERT INTO words (words, rank) VALUES ('automerge', 16);
INSERT INTO words (words, rank) VALUES ('crisismerge', 64);
"""  # The last three: a batch is written as one segment, and segments are merged seldom, sixteen at a time.

K1, B = 1.2, 0.75
LEAST_WEIGHT = 1e-6
MOST_ROWS = 250_000  # of all words of a query; about 50 ms when nothing of it is in the memo
OPENING, LAST = "term >= ? AND term < ? LIMIT ?", chr(sys.maxunicode)
COUNTED = 1_000  # rows up to which a word is counted, for the order of reading; beyond, it is estimated
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
        rows, mean_length = _size(self._db)
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
        norms = K1 * (1 - B + B * _lengths(self._db, positions[held]) / max(found.mean_length, 1e-9))
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
        sql = "SELECT rowid FROM words WHERE words MATCH ? AND rowid IN (SELECT value FROM json_each(?))"
        given = json.dumps(chosen)

        @cache
        def holding(term: Term) -> set[int]:
            if term.opening or term.key in self._memo.postings:
                rows = _postings(self._db, term, self._memo).positions
                return set(rows[np.isin(rows, chosen)].tolist())
            return {pos for (pos,) in self._db.execute(sql, (expression(term), given))}

        words = dict.fromkeys(self._asked(query))
        return [told(words, lambda term: pos in holding(term)) for pos in chosen]  # noqa: B023

    def unknown(self, words: Sequence[str]) -> list[str]:
        held = "SELECT 1 FROM words WHERE words MATCH ? LIMIT 1"  # FTS5 stems the word
        return [word for word in words if self._db.execute(held, [quoted(as_indexed(word))]).fetchone() is None]

    def guess(self, word: str) -> Guess | None:
        guesses = self._memo.guesses
        if word not in guesses:
            rows, length = _size(self._db)
            with word_list(self._db, rows * length) as home:
                guesses[word] = guess(word, home)
        return guesses[word]

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
    for row, (_, postings) in zip(times, found.terms, strict=True):
        at = np.minimum(np.searchsorted(postings.positions, positions), len(postings.positions) - 1)
        np.multiply(postings.times[at], postings.positions[at] == positions, out=row)
    return np.array([weight for weight, _ in found.terms]), times


# --- what a query asks for ----------------------------------------------------------------------------------


def _terms(db: sqlite3.Connection, query: Iterable[Asked], rows: int, memo: Memo) -> Iterator[tuple[float, Postings]]:
    """The terms of a query that are worth reading: their weights and rows, rarest first."""
    times = wanted(query, lambda term: _frequency(db, term, rows, memo) > 0)
    total = 0
    for n, _, term in sorted((_frequency(db, term, rows, memo), term.key, term) for term in times):
        if total and n > COUNTED and (n > rows / 2 or total + n > MOST_ROWS):
            return
        total += n
        held = _postings(db, term, memo)
        if n := len(held.positions):
            yield times[term] * max(LEAST_WEIGHT, math.log((rows - n + 0.5) / (n + 0.5))), held


# --- what the index holds -----------------------------------------------------------------------------------


def _size(db: sqlite3.Connection) -> tuple[int, float]:
    """How many rows are indexed, and how many words each has on average: the first row of FTS5's own data."""
    row = db.execute("SELECT block FROM words_data WHERE id = 1").fetchone()
    rows, length = [*_varints(row[0] if row else b""), 0, 0][:2]
    return rows, length / max(1, rows)


def _frequency(db: sqlite3.Connection, term: Term, rows: int, memo: Memo) -> int:
    """In how many rows a term is: counted up to COUNTED, beyond that estimated."""
    known = memo.frequencies.get(term.key)
    if known is None and term.opening:
        known = memo.frequencies[term.key] = len(_postings(db, term, memo).positions)
    if known is None:
        sql = "SELECT count(*) FROM (SELECT 1 FROM words WHERE words MATCH ? LIMIT ?)"
        known = db.execute(sql, (expression(term), COUNTED)).fetchone()[0]
        if known == COUNTED:
            known = max(COUNTED, int(rows * _share(db, term)))
        memo.frequencies[term.key] = known
    return known


def _share(db: sqlite3.Connection, term: Term) -> float:
    """The share of rows that hold a term, about: as counted in eight windows of 64 rows."""
    low, high = db.execute("SELECT min(id), (SELECT max(id) FROM words_docsize) FROM words_docsize").fetchone()
    held = seen = 0
    for start in np.linspace(low, max(low, high - 63), 8).astype(int).tolist():
        window = (start, start + 63)
        seen += db.execute("SELECT count(*) FROM words_docsize WHERE id BETWEEN ? AND ?", window).fetchone()[0]
        sql = "SELECT count(*) FROM words WHERE words MATCH ? AND rowid BETWEEN ? AND ?"
        held += db.execute(sql, (expression(term), *window)).fetchone()[0]
    return held / max(1, seen)


def _postings(db: sqlite3.Connection, term: Term, memo: Memo) -> Postings:
    held = memo.postings.get(term.key)
    if held is None:
        held = _read(db, term, memo)
        memo.keep(term.key, held)
    return held


def _read(db: sqlite3.Connection, term: Term, memo: Memo) -> Postings:
    """The rows of a term: of stems in a row, how often the rarest of them is; of an opening, all that begin so."""
    (stem, *others) = term.stems
    if not others:  # once an occurrence; those of an opening by term, as many as there is time for
        where, given = ("term = ?", [stem]) if not term.opening else (OPENING, [stem, stem + LAST, MOST_ROWS])
        rows = np.sort(positions(db, f"SELECT doc AS pos FROM words_at WHERE {where}", given), kind="stable")
        starts = np.flatnonzero(np.diff(rows, prepend=-1))
        return Postings(rows[starts], np.diff(starts, append=len(rows)).astype(np.float32))
    rows = positions(db, "SELECT rowid AS pos FROM words WHERE words MATCH ?", [expression(term)])
    times = np.ones(len(rows), np.float32)
    if len(rows):
        parts = [_postings(db, Term((stem,), stem), memo) for stem in dict.fromkeys(term.stems)]
        times = np.min([part.times[np.searchsorted(part.positions, rows)] for part in parts], axis=0)
    return Postings(rows, times)


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


def _lengths(db: sqlite3.Connection, positions: Positions) -> NDArray[np.float64]:
    """How many words each row has (0 for rows that are not indexed)."""
    sql = "SELECT id, sz FROM words_docsize WHERE id IN (SELECT value FROM json_each(?))"
    sizes = dict(db.execute(sql, [json.dumps(positions.tolist())]).fetchall())
    return np.array([_length(sizes.get(pos, b"\0")) for pos in positions.tolist()], float)


@lru_cache(maxsize=4096)
def _length(size: bytes) -> int:
    return _varints(size)[0]


def _varints(block: bytes) -> list[int]:
    """SQLite's integers of 7 bits a byte, the highest bit saying that more follow."""
    numbers, number = [], 0
    for byte in block:
        number = number << 7 | byte & 127
        if byte < 128:
            numbers.append(number)
            number = 0
    return numbers
