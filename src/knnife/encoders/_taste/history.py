"""What somebody chose, as every method here takes it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from knnife.things.interactions import Interactions


class History(NamedTuple):
    """The h things that somebody chose.

    items: `(h,)` int32, their numbers, the oldest first. weights: `(h,)` float32, how much each says; below 0 for
    what is disliked. timed: whether their order is that of time; else it says nothing.
    """

    items: NDArray[np.int32]
    weights: NDArray[np.float32]
    timed: bool = True


def of_user(interactions: Interactions, user: int) -> History:
    """What a user chose, by the user's number."""
    pairs = interactions.pairs(user)
    order = np.argsort(interactions.turns[pairs])
    chosen = interactions.chosen[pairs][order]
    times = interactions.times[pairs]
    timed = len(times) > 1 and bool(np.isfinite(times).all())
    return History(chosen, np.ones(len(chosen), np.float32), timed)


def recent(history: History, recency: float, items: float) -> NDArray[np.float32]:
    """The weights of a history `(h,)` where what came last counts more.

    recency: 0, all count alike, to 1, what is old counts nothing. items: after so many the advantage has fallen to 1/e.
    """
    if not history.timed or not recency:
        return history.weights
    age = np.arange(len(history.items) - 1, -1, -1)
    faded: NDArray[np.float32] = ((1 - recency) + recency * np.exp(-age / items)).astype(np.float32)
    return history.weights * faded
