"""The words of a file as a list, by which the words of a question that it lacks are guessed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from knnife.space.sqlite.tokens import tokens
from knnife.spelling.guessing import TEXTS_WITH
from knnife.spelling.vocabulary import Vocabulary

LIST = "CREATE VIRTUAL TABLE temp.words_listed USING fts5vocab(main, words, row)"
STEMS = "SELECT term, doc FROM temp.words_listed"
TEXTS = (
    "SELECT value FROM (SELECT DISTINCT doc FROM words_at WHERE term = ? ORDER BY doc LIMIT ?) "
    "JOIN things ON pos = doc ORDER BY doc"
)


class WordList(NamedTuple):
    """See `knnife.spelling.guessing.Home`."""

    db: sqlite3.Connection
    vocabulary: Vocabulary

    def stems(self, words: Sequence[str]) -> list[str]:
        found = tokens(" ".join(words))
        if [word for word, _ in found] == [*words]:
            return [stem for _, stem in found]
        apart = [tokens(word) for word in words]
        return [each[0][1] if len(each) == 1 else "" for each in apart]

    def texts(self, stem: str) -> Iterator[str]:
        for (text,) in self.db.execute(TEXTS, [stem, TEXTS_WITH]):
            yield text


def vocabulary(db: sqlite3.Connection) -> Vocabulary:
    """The stems of a to z and how many texts have each. Reading them takes two seconds for a million of texts."""
    (forbidden,) = db.execute("PRAGMA query_only").fetchone()
    db.execute("PRAGMA query_only = OFF")  # the list is a table of this connection alone, and nothing is written
    try:
        db.execute(LIST)
        found = [(stem, count) for stem, count in db.execute(STEMS) if stem.isascii() and stem.isalpha()]
        db.execute("DROP TABLE temp.words_listed")
    finally:
        db.execute(f"PRAGMA query_only = {forbidden}")
    found.sort(key=lambda counted: (-counted[1], counted[0]))
    stems = [stem for stem, _ in found]
    return Vocabulary(stems, stems, np.array([count for _, count in found], float))
