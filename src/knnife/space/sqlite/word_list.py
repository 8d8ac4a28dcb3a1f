"""The words of a file as a list, by which the words of a question that it lacks are guessed."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from knnife.space import naming
from knnife.space.sqlite.tokens import tokens
from knnife.spelling.guessing import TEXTS_WITH

LIST = "CREATE VIRTUAL TABLE temp.{0}_listed USING fts5vocab(main, {0}, row)"
BEGINNING = "SELECT term, doc FROM temp.{0}_listed WHERE term >= ?1 AND term < ?1 || '{{'"  # which follows z
COUNT = "SELECT doc FROM temp.{0}_listed WHERE term = ?"
THINGS = (
    "SELECT {1} FROM (SELECT DISTINCT doc FROM {0}_at WHERE term = ? LIMIT ?) JOIN things ON pos = doc ORDER BY doc"
)
TEXTS, NAMES = THINGS.format("words", "value"), THINGS.format("names", "id, about, part_of")


class WordList(NamedTuple):
    """See `knnife.spelling.guessing.Home`. indexes: of texts and, where the file has them, of names."""

    db: sqlite3.Connection
    words: float
    indexes: Sequence[str]

    def stems(self, words: Sequence[str]) -> list[str]:
        found = tokens(" ".join(words))
        if [word for word, _ in found] == [*words]:
            return [stem for _, stem in found]
        apart = [tokens(word) for word in words]
        return [each[0][1] if len(each) == 1 else "" for each in apart]

    def counts(self, stems: Sequence[str]) -> list[int]:
        asked = [COUNT.format(index) for index in self.indexes]
        return [sum(count for sql in asked for (count,) in self.db.execute(sql, [stem])) for stem in stems]

    def beginning(self, starts: Sequence[str]) -> list[tuple[str, int]]:
        counts = Counter[str]()
        for sql in map(BEGINNING.format, self.indexes):
            for start in starts:
                for stem, count in self.db.execute(sql, [start]):
                    if stem.isascii() and stem.isalpha():
                        counts[stem] += count
        return [*counts.items()]

    def texts(self, stem: str) -> Iterator[str]:
        for (text,) in self.db.execute(TEXTS, [stem, TEXTS_WITH]):
            yield text
        if len(self.indexes) > 1:
            for name in self.db.execute(NAMES, [stem, TEXTS_WITH]):
                yield naming.words(*name)


@contextmanager
def word_list(db: sqlite3.Connection, words: float, indexes: Sequence[str]) -> Iterator[WordList]:
    """The list, as tables of this connection alone."""
    (forbidden,) = db.execute("PRAGMA query_only").fetchone()
    db.execute("PRAGMA query_only = OFF")  # nothing is written to the file
    try:
        for index in indexes:
            db.execute(LIST.format(index))
        yield WordList(db, words, indexes)
    finally:
        for index in indexes:
            db.execute(f"DROP TABLE IF EXISTS temp.{index}_listed")
        db.execute(f"PRAGMA query_only = {forbidden}")
