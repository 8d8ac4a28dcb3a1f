"""Which rows have a word, how often and where, as SQLite's full-text indexes of texts and of names hold it."""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from knnife.geometry import Positions
from knnife.space.sqlite.connection import positions
from knnife.space.sqlite.tokens import expression, quoted
from knnife.space.sqlite.words_memo import Memo, Postings
from knnife.space.terms import Term
from knnife.space.weighing import EARLY, FIRST

MOST_ROWS = 250_000  # of all words of a query; about 50 ms when nothing of it is in the memo
COUNTED = 1_000  # rows up to which a word is counted, for the order of reading; beyond, it is estimated
OPENING, LAST = "term >= ? AND term < ? LIMIT ?", chr(sys.maxunicode)
TIMES = np.array([1, EARLY, 0], np.float32)  # that an occurrence counts: in a text, among its first words, in a name


def size(db: sqlite3.Connection) -> tuple[int, float]:
    """How many texts are indexed, and how many words each has on average: the first row of FTS5's own data."""
    row = db.execute("SELECT block FROM words_data WHERE id = 1").fetchone()
    rows, length = [*_varints(row[0] if row else b""), 0, 0][:2]
    return rows, length / max(1, rows)


def frequency(db: sqlite3.Connection, term: Term, rows: int, memo: Memo) -> int:
    """In how many rows a term is: counted up to COUNTED, beyond that estimated."""
    known = memo.frequencies.get(term.key)
    if known is None and term.opening:
        known = memo.frequencies[term.key] = len(postings(db, term, memo).positions)
    if known is None:
        known = _count(db, "words", expression(term))
        if known == COUNTED:
            known = max(COUNTED, int(rows * _share(db, term)))
        if memo.named and known < COUNTED:
            known += _count(db, "names", in_names(term))
        memo.frequencies[term.key] = known
    return known


def postings(db: sqlite3.Connection, term: Term, memo: Memo) -> Postings:
    """The rows of a term, and how often it counts in each."""
    held = memo.postings.get(term.key)
    if held is None:
        held = _read(db, term, memo)
        memo.keep(term.key, held)
    return held


def in_names(term: Term) -> str:
    """What finds a term among names, of which the index knows no phrases: all its words."""
    if len(term.stems) == 1:
        return expression(term)
    return " AND ".join(map(quoted, term.words.split(" ")))


def lengths(db: sqlite3.Connection, positions: Positions, memo: Memo) -> NDArray[np.float64]:
    """How many words each row has (0 for rows that are not indexed)."""
    wanted, known = positions.tolist(), memo.known_lengths()
    if missing := [pos for pos in wanted if pos not in known]:
        sql = "SELECT id, sz FROM words_docsize WHERE id IN (SELECT value FROM json_each(?))"
        sizes = dict(db.execute(sql, [json.dumps(missing)]).fetchall())
        known.update((pos, _length(sizes.get(pos, b"\0"))) for pos in missing)
    return np.array([known[pos] for pos in wanted], float)


def _count(db: sqlite3.Connection, table: str, match: str) -> int:
    sql = f"SELECT count(*) FROM (SELECT 1 FROM {table} WHERE {table} MATCH ? LIMIT ?)"
    return int(db.execute(sql, (match, COUNTED)).fetchone()[0])


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


def _read(db: sqlite3.Connection, term: Term, memo: Memo) -> Postings:
    """The rows of a term: of stems in a row, how often the rarest of them is; of an opening, all that begin so."""
    (stem, *others) = term.stems
    if not others:  # once an occurrence; those of an opening by term, as many as there is time for
        where, given = ("term = ?", [stem]) if not term.opening else (OPENING, [stem, stem + LAST, MOST_ROWS])
        sql = f"SELECT doc << 2 | (offset < {FIRST}) AS pos FROM words_at WHERE {where}"
        if memo.named:
            names = f"SELECT doc << 2 | 2 FROM names_at WHERE {where}"
            sql, given = f"SELECT * FROM ({sql}) UNION ALL SELECT * FROM ({names})", given * 2
        return _counted(np.sort(positions(db, sql, given), kind="stable"))
    rows = positions(db, "SELECT rowid AS pos FROM words WHERE words MATCH ?", [expression(term)])
    if memo.named:
        rows = np.union1d(rows, positions(db, "SELECT rowid AS pos FROM names WHERE names MATCH ?", [in_names(term)]))
    return Postings(rows, _rarest(db, term.stems, rows, memo))


def _counted(codes: NDArray[np.int64]) -> Postings:
    """Rows and counts of occurrences, ascending: four times the row, plus where it is; 1 where only a name has it."""
    rows = codes >> 2
    starts = np.flatnonzero(np.diff(rows, prepend=-1))
    times = np.add.reduceat(TIMES[codes & 3], starts) if len(starts) else np.empty(0, np.float32)
    return Postings(rows[starts], np.maximum(times, 1))


def _rarest(db: sqlite3.Connection, stems: Iterable[str], rows: Positions, memo: Memo) -> NDArray[np.float32]:
    """How often the rarest of some stems is in rows that have them all."""
    if not len(rows):
        return np.empty(0, np.float32)
    parts = [postings(db, Term((stem,), stem), memo) for stem in dict.fromkeys(stems)]
    times: NDArray[np.float32] = np.min([part.times[np.searchsorted(part.positions, rows)] for part in parts], axis=0)
    return times


@lru_cache(maxsize=4096)
def _length(size: bytes) -> int:
    return _varints(size)[0]


def _varints(block: Sequence[int]) -> list[int]:
    """SQLite's integers of 7 bits a byte, the highest bit saying that more follow."""
    numbers, number = [], 0
    for byte in block:
        number = number << 7 | byte & 127
        if byte < 128:
            numbers.append(number)
            number = 0
    return numbers
