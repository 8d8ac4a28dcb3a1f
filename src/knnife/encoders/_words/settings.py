"""How vectors are trained: what Mikolov et al. and Bojanowski et al. leave to choose, with the usual values."""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass, fields
from typing import Any

from knnife.errors import BadInput, check_settings


@dataclass(frozen=True)
class Settings:
    """All that decides the vectors, beside the corpus. Raises BadInput for a value that cannot be.

    dim: components of a vector. window: the most words to each side that count as near. epochs: passes over the corpus.
    negatives: random words for each pair. cbow: predict a word from the mean of its neighbours, rather than each
    neighbour from the word (skip-gram).
    min_count: words that occur less often are left out. max_words: the most frequent so many stay; None for all.
    sample: words that make up more of the text than this are skipped at times (2013b, section 2.3).
    rate: of learning, at the beginning; it falls evenly to nothing.
    subwords: n-grams of so many characters, as (3, 6), which give unknown words vectors. buckets: rows for all n-grams.
    phrases: passes that join words to phrases; each doubles how many words one may have. phrase_score: how much more
    often than by chance; each further pass takes half of it.
    """

    dim: int = 100
    window: int = 5
    epochs: int = 5
    negatives: int = 5
    cbow: bool = False
    min_count: int = 5
    max_words: int | None = None
    sample: float = 1e-3
    rate: float = 0.05
    subwords: tuple[int, int] | None = None
    buckets: int = 200_000
    phrases: int = 0
    phrase_score: float = 100.0
    seed: int = 0

    @classmethod
    def of(cls, chosen: dict[str, Any]) -> Settings:
        """Settings by their names. Raises BadInput for a name that is none of theirs."""
        check_settings(chosen, [field.name for field in fields(cls)])
        return cls(**chosen)

    def __post_init__(self) -> None:
        for name, least, most in _WHOLE:
            object.__setattr__(self, name, _whole(name, getattr(self, name), least, most))
        for name in ("sample", "phrase_score"):
            if not _is_number(getattr(self, name)) or getattr(self, name) < 0:
                raise _wrong(name, getattr(self, name), "a number of 0 or more")
        if not (_is_number(self.rate) and 0 < self.rate <= 1):
            raise _wrong("rate", self.rate, "a number above 0 and up to 1")
        if self.max_words is not None:
            object.__setattr__(self, "max_words", _whole("max_words", self.max_words, 2, 2**31 - 1))
        if self.subwords is not None:
            object.__setattr__(self, "subwords", _lengths(self.subwords))


_WHOLE = (
    ("dim", 1, 10_000),
    ("window", 1, 1_000),
    ("epochs", 1, 100_000),
    ("negatives", 1, 1_000),
    ("min_count", 1, 2**31),
    ("buckets", 1, 2**31 - 1),
    ("phrases", 0, 10),
    ("seed", 0, 2**63 - 1),
)


def _whole(name: str, value: Any, least: int, most: int) -> int:
    """A setting as a whole number; those of NumPy are, too."""
    try:
        found = least - 1 if isinstance(value, bool) else operator.index(value)
    except TypeError:
        found = least - 1
    if not least <= found <= most:
        raise _wrong(name, value, f"a whole number from {least:,} to {most:,}")
    return found


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _lengths(given: Any) -> tuple[int, int]:
    """The shortest and the longest n-gram."""
    try:
        shortest, longest = given
    except (TypeError, ValueError):
        shortest = longest = None
    if type(shortest) is not int or type(longest) is not int or not 1 <= shortest <= longest <= 30:
        raise _wrong("subwords", given, "None, or the shortest and the longest number of characters, such as (3, 6)")
    return shortest, longest


def _wrong(name: str, value: Any, expected: str) -> BadInput:
    return BadInput(f"{name}={value!r}: expected {expected}")
