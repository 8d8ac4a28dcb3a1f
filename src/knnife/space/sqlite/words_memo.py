"""What was read of the full-text index at one state of a space, for the next questions."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from knnife.geometry import Positions
from knnife.space.sqlite.word_list import WordList, vocabulary
from knnife.spelling.guessing import Guess, guess
from knnife.spelling.vocabulary import Vocabulary

MOST_REMEMBERED = 4_000_000  # rows in a memo: 50 MB


class Postings(NamedTuple):
    """The rows that hold a stem, ascending, and how often each does."""

    positions: Positions
    times: NDArray[np.float32]


class Memo:
    """What was read of the index at one state of the space; when the space changes, start another."""

    def __init__(self) -> None:
        self.frequencies: dict[str, int] = {}  # key of a term -> in how many rows it is, if many then about
        self.postings: dict[str, Postings] = {}
        self.vocabulary: Vocabulary | None = None  # not read yet
        self.guesses: dict[str, Guess | None] = {}
        self.older: bool | None = None  # are there texts of the older kind? None: not looked up yet
        self._rows = 0

    def guess(self, word: str, db: sqlite3.Connection) -> Guess | None:
        """What a word that no text has was likely meant to be."""
        if word not in self.guesses:
            self.vocabulary = self.vocabulary or vocabulary(db)
            self.guesses[word] = guess(word, WordList(db, self.vocabulary))
        return self.guesses[word]

    def keep(self, key: str, postings: Postings) -> None:
        """Remember the rows of a term; when it gets too much, begin again with this one."""
        self._rows += len(postings.positions)
        if self._rows > MOST_REMEMBERED:
            self.postings, self._rows = {}, len(postings.positions)
        self.postings[key] = postings


class MemoCache:
    """The memo of the state that was asked last."""

    def __init__(self) -> None:
        self._held: tuple[bytes, Memo] = (b"", Memo())

    def at(self, token: bytes) -> Memo:
        """The memo of the state with this token; that of another state is dropped."""
        held = self._held
        if held[0] != token:
            held = self._held = (token, Memo())
        return held[1]
