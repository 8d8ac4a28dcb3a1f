"""What was read of the full-text index at one state of a space, for the next questions."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from knnife.geometry import Positions
from knnife.spelling.guessing import Guess

MOST_REMEMBERED = 4_000_000  # rows in a memo: 50 MB
MOST_LENGTHS = 500_000  # of texts in a memo: 50 MB


class Postings(NamedTuple):
    """The rows that hold a term, ascending, and how often it counts in each."""

    positions: Positions
    times: NDArray[np.float32]


class Memo:
    """What was read of the index at one state of the space; when the space changes, start another."""

    def __init__(self) -> None:
        self.frequencies: dict[str, int] = {}  # key of a term -> in how many rows it is, if many then about
        self.postings: dict[str, Postings] = {}
        self.guesses: dict[str, Guess | None] = {}  # of words that no text has
        self.older: bool | None = None  # are there texts of the older kind? None: not looked up yet
        self.named = 0  # how many things there are, where their names are indexed
        self._rows = 0
        self._lengths: dict[int, int] = {}

    def known_lengths(self) -> dict[int, int]:
        """How many words texts have, by position, to be added to; begun again when there are too many."""
        if len(self._lengths) > MOST_LENGTHS:
            self._lengths = {}  # another one, as threads may be reading the old one
        return self._lengths

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
