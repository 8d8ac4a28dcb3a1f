"""Search: the best things for a text, by meaning, by words, or by both.

By both: the best of each side are candidates; each candidate gets the score of the other side too; the two scores are
brought to one scale and added (fusion.py).
"""

from __future__ import annotations

import sqlite3
from typing import Literal, NamedTuple, get_args

import numpy as np

from knnife.errors import BadInput
from knnife.geometry import Positions, Vectors
from knnife.space import fusion
from knnife.space.answers import Hit, Hits
from knnife.space.index.index import Index
from knnife.space.lookup import things_at
from knnife.space.sqlite import words
from knnife.space.sqlite.words import Memo

By = Literal["both", "meaning", "words"]
CANDIDATES = 100  # of each side, at least; pages that lie in the first half of them are cut from one ranking


class Question(NamedTuple):
    """What is asked: see `Space.search`."""

    text: str
    k: int
    by: By
    page: int
    fold: bool
    explain: bool

    def checked(self) -> Question:
        """The question itself; raises BadInput where it cannot be asked."""
        if not isinstance(self.text, str) or not self.text.strip():
            raise BadInput(
                f"the query is {'empty' if isinstance(self.text, str) else repr(self.text)}; expected a text"
            )
        if self.by not in get_args(By):
            raise BadInput(f"by {self.by!r}: expected one of {', '.join(get_args(By))}")
        return self


class Memory:
    """What searches by words have read, for as long as the file stays as it is."""

    def __init__(self) -> None:
        self._held: tuple[bytes, Memo] = (b"", Memo())

    def at(self, token: bytes) -> Memo:
        """The memo of the state with this token; that of another state is dropped."""
        if self._held[0] != token:
            self._held = (token, Memo())
        return self._held[1]


class Ranking(NamedTuple):
    """Positions, best first, with their scores and their places (from 1; 0 for none) on both sides, all `(n,)`."""

    positions: Positions
    scores: Vectors
    meaning: Positions
    words: Positions


class Sides(NamedTuple):
    """What a search looks into, as of one state of the file."""

    db: sqlite3.Connection
    neighbours: Index | None  # None where only words are asked for
    vector: Vectors | None  # of the query, (1, d); None likewise
    allowed: Positions | None
    memo: Memo


def search(sides: Sides, question: Question) -> Hits:
    """The page of hits that a question asks for."""
    first = (question.page - 1) * question.k
    wanted = first + question.k
    depth = max(CANDIDATES, 2 * wanted)
    while True:
        ranking = _ranking(sides, question, depth)
        places = _folded(sides.db, ranking) if question.fold else np.arange(len(ranking.positions))
        if len(places) >= wanted or len(ranking.positions) < depth:  # enough, or there is no more
            return _hits(sides.db, question, ranking, places[first:wanted], first + 1)
        depth *= 4  # folding left too few: look deeper


def _ranking(sides: Sides, question: Question, depth: int) -> Ranking:
    if sides.neighbours is None or sides.vector is None:
        found = words.find(sides.db, question.text, depth, sides.allowed, sides.memo)
        return Ranking(found.positions, found.scores, _none(found.positions), _places(found.positions))
    positions, scores = (rows[0] for rows in sides.neighbours.near(sides.vector, depth, sides.allowed))
    if question.by == "meaning":
        return Ranking(positions, scores, _places(positions), _none(positions))
    found = words.find(sides.db, question.text, depth, sides.allowed, sides.memo)
    among = fusion.candidates(positions, found.positions)
    candidates, similarities = _similarities(sides.neighbours, sides.vector, among)
    _, sample = _similarities(sides.neighbours, sides.vector, sides.neighbours.sample(fusion.SAMPLE))
    return Ranking(
        *fusion.fuse(
            candidates,
            fusion.Side(positions, similarities, float(sample.std()), float(sample.mean())),
            fusion.Side(found.positions, words.score(sides.db, found, candidates), found.std),
        )
    )


def _similarities(index: Index, vector: Vectors, positions: Positions) -> tuple[Positions, Vectors]:
    """The similarities to the query of ascending positions (of those that the index has)."""
    found, scores = (rows[0] for rows in index.near(vector, max(1, len(positions)), positions))
    order = np.argsort(found)
    return found[order], scores[order]


def _places(positions: Positions) -> Positions:
    return np.arange(1, len(positions) + 1)


def _none(positions: Positions) -> Positions:
    return np.zeros(len(positions), np.int64)


def _folded(db: sqlite3.Connection, ranking: Ranking) -> Positions:
    """The places in a ranking of the first thing of each whole."""
    things = things_at(db, ranking.positions.tolist())
    wholes: dict[str | None, int] = {}
    for place, pos in enumerate(ranking.positions.tolist()):
        if pos in things:
            wholes.setdefault(things[pos].part_of or things[pos].id, place)
    return np.fromiter(wholes.values(), np.int64, len(wholes))


def _hits(db: sqlite3.Connection, question: Question, ranking: Ranking, places: Positions, first: int) -> Hits:
    positions = ranking.positions[places].tolist()
    things = things_at(db, positions)
    found = words.matched(db, question.text, positions) if question.explain else [()] * len(positions)
    hits = []
    for place, pos, matched in zip(places.tolist(), positions, found, strict=True):
        if (thing := things.get(pos)) is None:
            continue  # the index shows a newer state of the file, in which another thread added or removed
        hit = Hit(
            id=thing.id or "",
            score=float(ranking.scores[place]),
            value=thing.value,
            about=thing.about,
            part_of=thing.part_of,
            position=pos,
            meaning_rank=int(ranking.meaning[place]) or None,
            words_rank=int(ranking.words[place]) or None,
            words=matched,
        )
        hits.append(hit)
    return Hits(question.text, tuple(hits), first)
