"""The words that are right, laid out for comparing many at once, with the tables that find those like others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from knnife.errors import BadInput
from knnife.tools._typos.deletes import Deletes
from knnife.tools._typos.spelled import LONGEST, Spelled, folded, speak, spell


@dataclass(frozen=True)
class Vocabulary:
    """n words that are right, the most frequent first; those that differ in capitals alone are one.

    words: as they are mostly written. keys: as they are compared, see `folded`. counts: how often each is used `(n,)`.
    """

    words: Sequence[str]
    keys: Sequence[str]
    counts: NDArray[np.float64]

    @classmethod
    def of(cls, counted: Mapping[str, float] | Iterable[tuple[str, float]]) -> Vocabulary:
        """From words and how often they are used.

        Raises BadInput where there is none, for what is no text, and for a count that is no number from 0 up.
        """
        total: dict[str, float] = {}
        written: dict[str, tuple[float, str]] = {}
        for word, count in counted.items() if isinstance(counted, Mapping) else counted:
            count = _checked(word, count)
            key = folded(word.strip())
            if not key or len(key) > LONGEST:
                continue
            total[key] = total.get(key, 0.0) + count
            if key not in written or count > written[key][0]:
                written[key] = (count, word.strip())
        if not total:
            raise BadInput(f"the vocabulary is empty; expected words of 1 to {LONGEST} characters")
        keys = sorted(total, key=lambda key: (-total[key], key))
        return cls([written[key][1] for key in keys], keys, np.array([total[key] for key in keys]))

    def __len__(self) -> int:
        return len(self.keys)

    def __contains__(self, word: object) -> bool:
        return isinstance(word, str) and folded(word) in self.row_of

    @cached_property
    def row_of(self) -> dict[str, int]:
        """The row of each key."""
        return {key: row for row, key in enumerate(self.keys)}

    @cached_property
    def spelled(self) -> Spelled:
        """The keys as numbers."""
        return spell(self.keys)

    @cached_property
    def spoken(self) -> Spelled:
        """The sounds of the keys as numbers."""
        return speak(self.keys)

    @cached_property
    def by_letters(self) -> Deletes:
        """The table that finds words within two edits."""
        return Deletes.build(self.spelled, width=8, edits=2)

    @cached_property
    def by_sounds(self) -> Deletes:
        """The table that finds words that sound alike, but for one sound where four others agree."""
        return Deletes.build(self.spoken, width=12, edits=1, least=4)

    def prepare(self) -> None:
        """Makes what is made when first needed, before several threads need it."""
        _ = (self.by_letters, self.by_sounds, self.log_counts, self.spelled.signatures, self.spoken.signatures)

    @cached_property
    def log_counts(self) -> NDArray[np.float32]:
        """The logarithm of the share of each word among all that is written, with one more for each `(n,)`."""
        shares: NDArray[np.float32] = np.log((self.counts + 1) / (self.counts.sum() + len(self))).astype(np.float32)
        return shares


def _checked(word: object, count: object) -> float:
    if not isinstance(word, str):
        raise BadInput(f"the vocabulary holds {word!r:.60}, which is {type(word).__name__}; expected texts")
    try:
        number = float(count)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise BadInput(f"the count of {word!r:.60} is {count!r:.60}; expected a number") from None
    if not (0 <= number < float("inf")):
        raise BadInput(f"the count of {word!r:.60} is {number}; expected a number from 0 up")
    return number
