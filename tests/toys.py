"""Small encoders whose vectors can be worked out by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

LETTERS = "abcdefgh"


class Letters:
    """Counts the letters a to h: "abba" is [2, 2, 0, 0, 0, 0, 0, 0]."""

    name = "letters"
    dim = len(LETTERS)
    kind = "text"

    def __init__(self, version: str = "1") -> None:
        self.fingerprint = f"letters-{version}"
        self.seen: list[str] = []

    def encode(self, values: Sequence[str]) -> np.ndarray:
        self.seen += values
        return np.array([[v.count(c) for c in LETTERS] for v in values], np.float32).reshape(len(values), self.dim)


class Lengths:
    """One dimension: how long a text is; queries count double, as models with prefixes treat queries differently."""

    name = "lengths"
    dim = 1
    kind = "text"
    fingerprint = "lengths-1"

    def encode(self, values: Sequence[str]) -> np.ndarray:
        return np.array([[len(v)] for v in values], np.float32).reshape(len(values), 1)

    def encode_query(self, values: Sequence[str]) -> np.ndarray:
        return 2 * self.encode(values)
