"""Who has habits like those of a user, and what is chosen together with an item: neighbours by what people chose."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from knnife.errors import BadInput
from knnife.geometry import Vectors, similarity, top_k
from knnife.space import Space, opened, sample
from knnife.space.lookup import several, whole_number
from knnife.space.space import Where
from knnife.space.taste import TASTE, USERS, need_taste
from knnife.tools._recommend.catalogue import Catalogue
from knnife.tools._recommend.named_things import things_named, titles_of, users_named


@dataclass(frozen=True)
class Alike:
    """The k users, or items, nearest to each of m, by what people chose.

    queries: whose neighbours they are. ids: `(m, k)`, best first; fewer where there are fewer. titles: of items, by
    their ids; of users, their ids. scores: `(m, k)`, cosines. both: `(m, k)`, how many items both users chose, or how
    many users chose both items.
    """

    queries: list[str]
    ids: list[list[str]]
    titles: Mapping[str, str]
    scores: Vectors
    both: list[list[int]]

    def rows(self) -> Iterator[dict[str, Any]]:
        """One row a neighbour, best first."""
        for row, (query, ids) in enumerate(zip(self.queries, self.ids, strict=True)):
            for place, id in enumerate(ids):
                score, both = float(self.scores[row, place]), self.both[row][place]
                named = {"query": query, "rank": place + 1, "id": id, "title": self.titles[id]}
                yield {**named, "score": score, "both": both}


def similar_users(space: Any, user: Any, k: int = 10) -> Alike:
    """The k users whose habits are most like those of a user, or of each of several.

    Raises NotFound for an unknown user, with names that are near; BadInput where nothing was learned yet.
    """
    k = whole_number("k", k)
    with opened(space, what="similar_users") as asked:
        known = _known(asked, "similar_users")
        names = several(user)
        log = known.interactions
        numbers = users_named(log.users, names)
        points = sample(asked, view=USERS).points
        scores = similarity(points[numbers], points)
        scores[np.arange(len(numbers)), numbers] = -np.inf
        near, found = top_k(scores, min(k, len(points) - 1))
        chosen = {user: log.chosen[log.pairs(user)] for user in {*numbers, *near.ravel().tolist()}}
        both = [
            [len(np.intersect1d(chosen[number], chosen[other], assume_unique=True)) for other in row]
            for number, row in zip(numbers, near.tolist(), strict=True)
        ]
    ids = [[log.users[other] for other in row] for row in near.tolist()]
    return Alike(names, ids, {id: id for row in ids for id in row}, found, both)


def similar_items(space: Any, item: Any, k: int = 10, *, where: Where = None) -> Alike:
    """The k things that are chosen by those who choose a thing, or each of several: bought, watched, heard together.

    item: ids, or titles. where: only things that match this filter. Raises NotFound for an unknown one, with names that
    are near; BadInput where nothing was learned yet, and for a title of several things.
    """
    with opened(space, what="similar_items") as asked:
        known = _known(asked, "similar_items")
        names = things_named(asked, several(item))
        if new := [name for name in names if name not in known.number_of]:
            raise BadInput(
                f"{new[0]!r}: nobody had chosen it when `knnife recommend train` learned, so nothing goes with it; "
                f"by what it is: `knnife near {asked.path} --id {shlex.quote(new[0])}`"
            )
        found = asked.near(ids=names, k=k, view=TASTE, where=where)
        both = [[known.together(name, id)[1] for id in ids] for name, ids in zip(names, found.ids, strict=True)]
        titles = titles_of(asked, {id for row in found.ids for id in row})
    return Alike(names, found.ids, titles, found.scores, both)


def _known(asked: Any, what: str) -> Catalogue:
    if not isinstance(asked, Space):
        raise BadInput(f"{what} asks a space, and this is {type(asked).__name__}; see docs/recommend.md")
    need_taste(asked)
    return Catalogue.of(asked)
