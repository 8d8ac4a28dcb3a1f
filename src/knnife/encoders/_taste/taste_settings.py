"""What there is to choose, with values that nobody has to tune."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from knnife.errors import BadInput, check_settings

MOST_FACTORS = 4096  # what compiled code takes


@dataclass(frozen=True)
class TasteSettings:
    """All that decides what is learned, beside the interactions. Raises BadInput for a value that cannot be.

    factors: components of a vector. confidence: what a pair counts beyond 1; regularisation: of the factors; rounds:
    how often both sides are solved for (als.py). smoothing: of what items say for each other, in users; links: of the
    items that speak for one, those that say most are kept (ease.py).
    recency: the n-th item from the end of a history counts n ** -recency: 0, all alike; 0.5 and more where only the
    very next choice matters. blend: what the factors count in a ranking, where the links count 1.
    """

    factors: int = 64
    confidence: float = 1.0
    regularisation: float = 0.1
    rounds: int = 10
    smoothing: float = 150.0
    links: int = 200
    recency: float = 0.25
    blend: float = 0.3
    seed: int = 0

    @classmethod
    def of(cls, chosen: Mapping[str, Any]) -> TasteSettings:
        """Settings by their names. Raises BadInput for a name that is none of theirs."""
        check_settings(chosen, [field.name for field in fields(cls)])
        return cls(**chosen)

    def __post_init__(self) -> None:
        for name in ("factors", "rounds", "links", "seed"):
            value, least = getattr(self, name), 0 if name == "seed" else 1
            if type(value) is not int or value < least:
                raise BadInput(f"{name}={value!r}: expected a whole number of {least} or more")
        if self.factors > MOST_FACTORS:
            raise BadInput(f"factors={self.factors}: expected {MOST_FACTORS} at most")
        for name in ("confidence", "regularisation", "smoothing", "recency", "blend"):
            value, zero = getattr(self, name), name in ("recency", "blend")
            number = isinstance(value, int | float) and not isinstance(value, bool) and bool(np.isfinite(value))
            if not number or value < 0 or (value == 0 and not zero):
                raise BadInput(f"{name}={value!r}: expected a number {'of 0 or more' if zero else 'above 0'}")
