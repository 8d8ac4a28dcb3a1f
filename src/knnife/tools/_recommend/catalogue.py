"""What a space knows when it is asked for recommendations: its things, who chose which, and what was learned of it."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from knnife.geometry import Positions, Vectors, unit
from knnife.space import Space, nearest
from knnife.space.interactions import interactions
from knnife.space.records import State
from knnife.space.taste import taste_of
from knnife.things.interactions import Interactions
from knnife.things.kinds import kind

KIN = 30  # things whose scores place one that nobody has chosen: fewer are chance, more blur it
SAMPLE = 1_000  # things that tell how such scores vary


class Kin(NamedTuple):
    """The things that were learned from whose contents are most like those of p things.

    rows: `(p, KIN)`, their places among those that were learned from; weights: `(p, KIN)`, cosines above 0, of sum 1.
    """

    rows: Positions
    weights: Vectors


@dataclass(frozen=True)
class Catalogue:
    """The n things of a space, and what is known of who chose them.

    ids: of the things, in the order of their arrival. contents: the vectors of the default view `(n, d)`. taste: what
    was learned; None where nothing was. noun: what the contents were made of: "text", "picture", "content".
    """

    ids: Sequence[str]
    contents: Vectors
    interactions: Interactions
    taste: Any
    noun: str

    @classmethod
    def of(cls, space: Space) -> Catalogue:
        """That of a space; the same again as long as nothing was written to it."""
        with space._store.read() as snapshot:
            state = snapshot.state
            default = kind(next((view.kind for view in snapshot.views if view.is_default), None))
        log, held = interactions(space), _HELD.get(space)  # the log is the same object until events come
        if held is None or held[0] != state or held[1].interactions is not log:
            noun = "picture" if default.has_picture else "text" if default.any_text else "content"
            held = state, cls(*space.vectors(), log, taste_of(space), noun)
            _HELD[space] = held
        return held[1]

    @cached_property
    def place_of(self) -> dict[str, int]:
        """The place of each thing."""
        return {id: place for place, id in enumerate(self.ids)}

    @cached_property
    def number_of(self) -> dict[str, int]:
        """The number of each item that was learned from."""
        found: dict[str, int] = {} if self.taste is None else self.taste.number_of
        return found

    @cached_property
    def learned(self) -> Positions:
        """The number of each thing among the items that were learned from, `(n,)`; -1 for the others, the cold ones."""
        return np.array([self.number_of.get(id, -1) for id in self.ids], np.int64)

    @cached_property
    def chosen_by(self) -> NDArray[np.int64]:
        """How many users chose each thing, `(n,)`."""
        counts = np.bincount(self.interactions.chosen, minlength=len(self.interactions.items))
        known = dict(zip(self.interactions.items, counts.tolist(), strict=True))
        return np.array([known.get(id, 0) for id in self.ids], np.int64)

    @cached_property
    def points(self) -> Vectors:
        """The contents, of length 1, less what all have in common, `(n, d)`: that says not what is alike."""
        points = unit(self.contents)
        return unit(points - points.mean(axis=0)) if len(points) > 2 else points

    @cached_property
    def kin_of_cold(self) -> Kin:
        """Of the things that nobody had chosen."""
        return self._kin(self.points[self.learned < 0])

    @cached_property
    def kin_of_warm(self) -> Kin:
        """Of some that were learned from, evenly spread; none is its own kin."""
        points = self.points[self.learned >= 0]
        some = np.unique(np.linspace(0, len(points) - 1, SAMPLE).astype(np.int64))
        return self._kin(points[some], some)

    def _kin(self, points: Vectors, own: Positions | None = None) -> Kin:
        rows, alike = nearest(self.points[self.learned >= 0], KIN + (own is not None), points)
        weights = np.maximum(alike, 0)
        if own is not None:
            weights[rows == own[:, None]] = 0
        weights += np.float32(1e-9)  # where nothing is alike all count the same
        return Kin(rows, weights / weights.sum(axis=1, keepdims=True))

    @cached_property
    def taste_points(self) -> Vectors:
        """The points of things by who chose them, of length 1, `(n, d)`; zeros of cold ones."""
        cold = self.learned < 0
        found = unit(self.taste.item_vectors[np.where(cold, 0, self.learned)])
        found[cold] = 0
        return found

    @cached_property
    def both_points(self) -> Vectors:
        """The points by who chose things beside those by content, `(n, d)`; cold things have the latter alone."""
        return np.hstack([self.taste_points, self.points]) / np.float32(np.sqrt(2))

    @cached_property
    def users_of(self) -> dict[str, NDArray[np.int32]]:
        """Who chose an item: the numbers of users, by the id of the item."""
        starts, pairs = self.interactions.by_item()
        users = self.interactions.of[pairs]
        return {item: users[starts[i] : starts[i + 1]] for i, item in enumerate(self.interactions.items)}

    def together(self, a: str, b: str) -> tuple[int, int]:
        """How many users chose the item a, and how many of them chose b as well."""
        ours, theirs = (self.users_of.get(id, np.empty(0, np.int32)) for id in (a, b))
        return len(ours), len(np.intersect1d(ours, theirs, assume_unique=True))

    def among(self, ids: Iterable[str] | None) -> NDArray[np.bool_]:
        """Where the things of these ids stand, as a mask `(n,)`; None: all."""
        if ids is None:
            return np.ones(len(self.ids), np.bool_)
        found = np.zeros(len(self.ids), np.bool_)
        found[[self.place_of[id] for id in ids if id in self.place_of]] = True
        return found


_HELD: weakref.WeakKeyDictionary[Space, tuple[State, Catalogue]] = weakref.WeakKeyDictionary()
