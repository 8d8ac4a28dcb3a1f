"""What will somebody like who likes these? From what people chose, from what the things are, or from both.

A user's choices are scored against all things, the scores of those that may be answered are ranked, and each answer can
say what it rests on. What is learned, and how, is in `knnife.encoders.taste`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from knnife.errors import BadInput
from knnife.geometry import Vectors, blocks
from knnife.space import Space, opened
from knnife.space.lookup import whole_number
from knnife.space.space import Where
from knnife.space.taste import need_taste
from knnife.tools._recommend.asking import Asker, askers
from knnife.tools._recommend.because import Because, reasons_of
from knnife.tools._recommend.catalogue import Catalogue
from knnife.tools._recommend.named_things import titles_of
from knnife.tools._recommend.ranking import best, diverse as spread, without_popularity
from knnife.tools._recommend.scoring import By, Ground, scores_of

FLOATS = 6  # arrays of the size of the scores that are in memory at once
BYS = ("both", "taste", "content")


@dataclass(frozen=True)
class Recommendations:
    """The k things that suit each of m askers best: users, a group, or a basket of nobody in particular.

    users: a name for each, "" for a basket. ids: `(m, k)`, best first; fewer where fewer can be answered. titles: of
    the things answered, by their ids. scores:
    `(m, k)`, higher is better, to be compared within a row; NaN where there is no id. grounds: what the answers of each
    rest on: "both", "taste", "content", or "popularity", where nothing is known of who asks. reasons: why, `(m, k)`,
    where that was asked for.
    """

    users: list[str]
    ids: list[list[str]]
    titles: Mapping[str, str]
    scores: Vectors
    grounds: list[Ground]
    reasons: list[list[Because]] | None = None

    def __len__(self) -> int:
        return len(self.users)

    def rows(self) -> Iterator[dict[str, Any]]:
        """One row an answer, asker by asker, best first.

        Columns:
            user (str): who is answered; "" for a basket.
            rank (int): from 1.
            id (str): the thing.
            title (str): what it is called; its id where it has no title.
            score (float): how well it suits; to be compared among the answers to one asker.
            ground (str): what the answers rest on: "both", "taste", "content" or "popularity".
            because (str): why, in words, where that was asked for.
            chosen (list): the things chosen that speak most for it, likewise.
        """
        for row, (user, ids) in enumerate(zip(self.users, self.ids, strict=True)):
            for place, id in enumerate(ids):
                said = {} if self.reasons is None else _said(self.reasons[row][place])
                score, ground = float(self.scores[row, place]), self.grounds[row]
                named = {"user": user, "rank": place + 1, "id": id, "title": self.titles[id]}
                yield {**named, "score": score, "ground": ground, **said}


def recommend(
    space: Any,
    k: int = 10,
    *,
    user: Any = None,
    group: Any = None,
    liked: Any = (),
    disliked: Any = (),
    where: Where = None,
    by: By = "both",
    seen: bool = False,
    diverse: float = 0.0,
    novel: float = 0.0,
    because: bool = False,
) -> Recommendations:
    """What will somebody like who likes these?

    Args:
        space: a Space that holds interactions, or its path (`knnife.train_recommender`; by="content" needs none).
        k: how many answers, at most; so many come back whenever so many match.
        user: the id of a user, or several, who are answered one by one.
        group: the ids of users who are answered together, by the mean of their standard scores.
        liked: ids or titles of things, by somebody without a name, or beside what the users chose.
        disliked: likewise; what is like these comes later.
        where: only things that match this filter (docs/filters.md).
        by: what counts: "taste" (who chose what), "content" (the vectors of the things), or "both".
        seen: whether what was chosen before may be answered, too.
        diverse: 0 to 1, how much an answer shall differ from those before it.
        novel: 0 to 1, how much less is thought of things for being popular.
        because: whether to say why, which takes about a millisecond an answer.

    Raises:
        NotFound: a user or a thing that is not there; the error names those that are near.
        BadInput: nobody is asked for, a title of several things, numbers that make no sense, nothing was learned yet.

    """
    k = whole_number("k", k)
    _check(by, {"diverse": diverse, "novel": novel})
    with opened(space, what="recommend") as asked_space:
        if not isinstance(asked_space, Space):
            raise BadInput(f"recommend asks a space, and this is {type(asked_space).__name__}; see docs/recommend.md")
        known = Catalogue.of(asked_space)
        if by != "content":
            need_taste(asked_space)
        asked = askers(asked_space, known, user, group, liked, disliked)
        found = None if where is None else {thing.id or "" for thing in asked_space.things(where)}
        ranking = _Ranking(known, known.among(found), by, seen, diverse, novel, k)
        answers = [ranking.of(asked[some]) for some in blocks(len(asked), len(known.ids) * 4 * FLOATS)]
        places, scores = (np.concatenate([each[part] for each in answers]) for part in (0, 1))
        grounds = [ground for each in answers for ground in each[2]]
        ids = [[known.ids[place] for place in row if place >= 0] for row in places.tolist()]
        titles = titles_of(asked_space, {id for row in ids for id in row})
        reasons = reasons_of(asked_space, known, asked, ids, grounds) if because else None
    scores = np.where(places >= 0, scores, np.float32(np.nan))
    return Recommendations([asker.name for asker in asked], ids, titles, scores, grounds, reasons)


@dataclass(frozen=True)
class _Ranking:
    """How the scores of all things become k answers."""

    known: Catalogue
    allowed: np.ndarray[Any, np.dtype[np.bool_]]
    by: By
    seen: bool
    diverse: float
    novel: float
    k: int

    def of(self, asked: Sequence[Asker]) -> tuple[Any, Vectors, list[Ground]]:
        """The places of the answers to some, -1 where there are fewer, and their scores `(q, k)`; the grounds."""
        among = np.repeat(self.allowed[None], len(asked), axis=0)
        for row, asker in enumerate(asked):
            among[row, self._left_out(asker)] = False
        scores, grounds = scores_of(self.known, asked, self.by, among)
        scores = without_popularity(scores, self.known.chosen_by, self.novel)
        if self.diverse:
            return *spread(scores, self._points, self.k, self.diverse), grounds
        return *best(scores, self.k), grounds

    @property
    def _points(self) -> Vectors:
        """By which the things are like each other."""
        if self.by == "content":
            return self.known.points
        return self.known.both_points if self.by == "both" else self.known.taste_points

    def _left_out(self, asker: Asker) -> list[int]:
        """The places of what an asker disliked, said to like, or, unless it may be answered, has chosen."""
        ids = {*asker.given}
        for member in asker.members:
            ids.update(member.disliked, () if self.seen else member.chosen)
        return [self.known.place_of[id] for id in ids if id in self.known.place_of]


def _said(reason: Because) -> dict[str, Any]:
    return {"because": reason.text, "chosen": list(reason.chosen)}


def _check(by: str, shares: dict[str, float]) -> None:
    if by not in BYS:
        raise BadInput(f"by is {by!r}; expected one of {', '.join(BYS)}")
    for name, share in shares.items():
        if not 0 <= share <= 1:
            raise BadInput(f"{name} is {share}; expected a number from 0 to 1")
