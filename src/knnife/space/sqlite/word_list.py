"""The words of a file as a list, by which the words of a question that it lacks are guessed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from knnife.space.sqlite.tokens import tokens
from knnife.spelling.guessing import TEXTS_WITH

LIST = "CREATE VIRTUAL TABLE temp.words_listed USING fts5vocab(main, words, row)"
BEGINNING = "SELECT term, doc FROM temp.words_listed WHERE term >= ?1 AND term < ?1 || '{'"  # which follows z
COUNT = "SELECT doc FROM temp.words_listed WHERE term = ?"
TEXTS = (
    "SELECT value FROM (SELECT DISTINCT doc FROM words_at WHERE term = ? LIMIT ?) JOIN things ON pos = doc ORDER BY doc"
)


class WordList(NamedTuple):
    """See `knnife.spelling.guessing.Home`."""

    db: sqlite3.Connection
    words: float

    def stems(self, words: Sequence[str]) -> list[str]:
        found = tokens(" ".join(words))
        if [word for word, _ in found] == [*words]:
            return [stem for _, stem in found]
        apart = [tokens(word) for word in words]
        return [each[0][1] if len(each) == 1 else "" for each in apart]

    def counts(self, stems: Sequence[str]) -> list[int]:
        found = (self.db.execute(COUNT, [stem]).fetchone() for stem in stems)
        return [0 if row is None else int(row[0]) for row in found]

    def beginning(self, starts: Sequence[str]) -> list[tuple[str, int]]:
        found = (row for start in starts for row in self.db.execute(BEGINNING, [start]))
        return [(stem, count) for stem, count in found if stem.isascii() and stem.isalpha()]

    def texts(self, stem: str) -> Iterator[str]:
        for (text,) in self.db.execute(TEXTS, [stem, TEXTS_WITH]):
            yield text


@contextmanager
def word_list(db: sqlite3.Connection, words: float) -> Iterator[WordList]:
    """The list, as a table of this connection alone."""
    (forbidden,) = db.execute("PRAGMA query_only").fetchone()
    db.execute("PRAGMA query_only = OFF")  # nothing is written to the file
    try:
        db.execute(LIST)
        yield WordList(db, words)
    finally:
        db.execute("DROP TABLE IF EXISTS temp.words_listed")
        db.execute(f"PRAGMA query_only = {forbidden}")
