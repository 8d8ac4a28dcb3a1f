"""Interactions: who chose what, and when. An event is a row of a log; what is learned from is the pair, summed.

Ids are texts exactly as they are written: `Ann` and `ann ` are two users (`lookalikes` tells of such).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from knnife.errors import BadInput


class Events(NamedTuple):
    """Some rows of a log, in their order: one user, item, weight, time and context each.

    weights: above 0, or ratings of 0 and more. times: seconds since 1970, NaN where unknown. contexts: "" for none.
    """

    users: list[str]
    items: list[str]
    weights: NDArray[np.float32]
    times: NDArray[np.float64]
    contexts: list[str]


@dataclass(frozen=True)
class Interactions:
    """Who chose what: p pairs of a user and an item, user by user, the items of each ascending.

    users, items: the n and m names; numbers of users and items are places in these. starts: `(n + 1,)`, where the pairs
    of each user begin. chosen: `(p,)`, numbers of items. weights: `(p,)`, summed over the events of a pair, or the last
    rating. times: `(p,)`, of its last event, in seconds since 1970 (or any number that grows), NaN where unknown.
    turns: `(p,)`, the places of the pairs of each user in time, 0 the oldest; equal and unknown times by their arrival.
    """

    users: Sequence[str]
    items: Sequence[str]
    starts: NDArray[np.int64]
    chosen: NDArray[np.int32]
    weights: NDArray[np.float32]
    times: NDArray[np.float64]
    turns: NDArray[np.int32]

    @classmethod
    def of_pairs(
        cls,
        users: Sequence[str],
        items: Sequence[str],
        user: NDArray[np.int32],
        item: NDArray[np.int32],
        weight: NDArray[np.float32],
        time: NDArray[np.float64],
        *,
        last: bool = False,
    ) -> Self:
        """The pairs of e events, each `(e,)`, in the order of their arrival; `last`: the last weight counts, no sum.

        Raises BadInput where the arrays differ in length, or a number is that of no name.
        """
        if not len(user) == len(item) == len(weight) == len(time):
            lengths = f"{len(user)}, {len(item)}, {len(weight)} and {len(time)}"
            raise BadInput(f"events have {lengths} users, items, weights and times; expected as many of each")
        for numbers, names, what in ((user, users, "user"), (item, items, "item")):
            if len(numbers) and not 0 <= int(numbers.min()) <= int(numbers.max()) < len(names):
                raise BadInput(f"an event has the {what} of number {numbers.max()}; there are {len(names)} names")
        clock = np.where(np.isnan(time), -np.inf, time)  # what says no time came before what does
        order = np.lexsort((clock, user.astype(np.int64) * max(len(items), 1) + item))  # stable: then by arrival
        user, item = user[order], item[order]
        begins = np.append(True, (user[1:] != user[:-1]) | (item[1:] != item[:-1]))[: len(order)]
        first = np.flatnonzero(begins)
        ends = np.append(first[1:], len(order))[: len(first)] - 1
        summed = weight[order][ends] if last else np.add.reduceat(weight[order], first) if len(first) else weight[:0]
        starts = np.searchsorted(user[first], np.arange(len(users) + 1)).astype(np.int64)
        arrival = np.lexsort((order[ends], clock[order[ends]], user[first]))  # user by user, the oldest first
        turns = np.empty(len(first), np.int32)
        turns[arrival] = np.arange(len(first)) - starts[user[first]]
        return cls(users, items, starts, item[first], summed.astype(np.float32), time[order][ends], turns)

    def __len__(self) -> int:
        return len(self.chosen)

    @cached_property
    def of(self) -> NDArray[np.int32]:
        """The number of the user of each pair, `(p,)`."""
        return np.repeat(np.arange(len(self.users), dtype=np.int32), np.diff(self.starts))

    def pairs(self, user: int) -> slice:
        """Where the pairs of a user stand, by the user's number."""
        return slice(int(self.starts[user]), int(self.starts[user + 1]))

    def by_item(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The pairs item by item: where those of each item begin `(m + 1,)`, and their places here `(p,)`."""
        order = np.argsort(self.chosen, kind="stable")
        return np.searchsorted(self.chosen[order], np.arange(len(self.items) + 1)).astype(np.int64), order

    def take(self, kept: NDArray[np.bool_]) -> Interactions:
        """The pairs where a mask `(p,)` is true, of the same users and items."""
        user = self.of[kept]
        starts = np.searchsorted(user, np.arange(len(self.users) + 1)).astype(np.int64)
        old = np.lexsort((self.turns[kept], user))
        turns = np.empty(len(user), np.int32)
        turns[old] = np.arange(len(user)) - starts[user[old]]
        return Interactions(
            self.users, self.items, starts, self.chosen[kept], self.weights[kept], self.times[kept], turns
        )


def lookalikes(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Names that differ in nothing but case and white space, as pairs with the first of the kind."""
    first: dict[str, str] = {}
    for name in names:
        other = first.setdefault(" ".join(name.split()).casefold(), name)
        if other != name:
            yield other, name
