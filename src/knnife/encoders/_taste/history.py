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


def recent(history: History, recency: float) -> NDArray[np.float32]:
    """What each item of a history counts `(h,)`: its weight, where the order is time, times n ** -recency for the n-th
    from the end.
    """
    if not history.timed or not recency:
        return history.weights
    faded: NDArray[np.float32] = np.arange(len(history.items), 0, -1).astype(np.float32) ** np.float32(-recency)
    return history.weights * faded


def evened(counts: NDArray[np.float32]) -> NDArray[np.float32]:
    """Counts with a mean size of 1."""
    total = np.abs(counts).sum()
    return counts * (len(counts) / total) if total > 0 else counts
