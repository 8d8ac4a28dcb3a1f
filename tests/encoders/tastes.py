"""Small tables of who chose what, with a right answer that is known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from knnife.encoders.taste import Taste
from knnife.things.interactions import Interactions


def interactions(histories: Sequence[Sequence[str]], *, timed: bool = True) -> Interactions:
    """User `u0` chose the first history, item by item, and so on."""
    pairs = [(user, item) for user, items in enumerate(histories) for item in items]
    names = sorted({item for _, item in pairs})
    number_of = {name: number for number, name in enumerate(names)}
    times = np.arange(len(pairs)) if timed else np.full(len(pairs), np.nan)
    return Interactions.of_pairs(
        [f"u{user}" for user in range(len(histories))],
        names,
        np.array([user for user, _ in pairs], np.int32),
        np.array([number_of[item] for _, item in pairs], np.int32),
        np.ones(len(pairs), np.float32),
        times.astype(np.float64),
    )


def checkerboard(size: int) -> list[list[str]]:
    """Even users chose the even items, odd users the odd ones, each all but the one of its own number."""
    return [[f"i{item:02}" for item in range(user % 2, size, 2) if item != user] for user in range(size)]


def encoder() -> Taste:
    """Some people go for red cars, others for a blue sky."""
    words = (["a", "red", "car", "and"], ["the", "blue", "sky", "and"], ["red", "car"], ["blue", "sky"], ["a", "the"])
    return Taste.train(interactions(words), factors=8)
