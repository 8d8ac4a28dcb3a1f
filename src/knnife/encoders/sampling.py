"""Some of many, each with the same chance, in one pass."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import TypeVar

T = TypeVar("T")


def drawn(values: Iterable[T], count: int, seed: int) -> list[T]:
    """Up to `count` values in random order, each with the same chance (Vitter 1985, algorithm R)."""
    draw = random.Random(seed)
    kept: list[T] = []
    for place, value in enumerate(values):
        if place < count:
            kept.append(value)
        elif (instead := draw.randrange(place + 1)) < count:
            kept[instead] = value
    draw.shuffle(kept)
    return kept
