"""Small encoders whose vectors can be worked out by hand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import pytest

from knnife.encoders import Encoder, load_encoder, wordpiece

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


@contextmanager
def no_compiled_code() -> Iterator[None]:
    """Static encoders that are made meanwhile read texts as they do where there is no compiler."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wordpiece, "KERNELS", "none")
        yield


def english_without_compiled_code() -> Encoder:
    with no_compiled_code():
        return load_encoder("english")
