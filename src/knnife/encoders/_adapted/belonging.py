"""Belonging of what belongs together: labelled things, pairs or triplets, as distinct values in groups."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from knnife.errors import BadInput

PLACES: Final = ("one", "its partner", "what does not belong to them")


@dataclass(frozen=True)
class Belonging:
    """n distinct values; things of one group belong together.

    groups: `(n,)`, numbers from 0. A value of a triplet that belongs to nothing is a group of its own.
    """

    values: list[Any]
    groups: NDArray[np.int64]

    @classmethod
    def labelled(cls, values: Iterable[Any], labels: Iterable[Hashable]) -> Belonging:
        """Values with a label each: those of one label belong together.

        Raises BadInput where there are not as many, and where one value has two labels.
        """
        values, labels = list(values), list(labels)
        if len(values) != len(labels):
            raise BadInput(f"{len(values):,} things and {len(labels):,} labels; expected one for each")
        label_of: dict[Any, Hashable] = {}
        for value, label in zip(values, labels, strict=True):
            if label is None or label == "":
                raise BadInput(f"{value!r:.60} has no label; leave out what has none")
            if label_of.setdefault(value, label) != label:
                raise BadInput(f"{value!r:.60} has two labels, {label_of[value]!r:.40} and {label!r:.40}; keep one")
        numbers = {label: number for number, label in enumerate(dict.fromkeys(label_of.values()))}
        return cls([*label_of], np.array([numbers[label] for label in label_of.values()], np.int64))

    @classmethod
    def paired(cls, rows: Iterable[Sequence[Any]]) -> Belonging:
        """Pairs (a, b) that belong together, or triplets (a, b, c) of which c does not belong to the others.

        What belongs to the same thing belongs together. Raises BadInput for rows of another length, and where a
        triplet keeps apart what pairs join.
        """
        joined, apart = _Groups(), list[tuple[Any, Any]]()
        for number, row in enumerate(rows, 1):
            if isinstance(row, str | bytes) or not 2 <= len(row) <= len(PLACES):
                raise BadInput(f"example {number}: expected ({', '.join(PLACES)}), the last may lack; got {row!r:.60}")
            if any(value is None or value == "" for value in row):
                raise BadInput(f"example {number} of {row!r:.60} has nothing in one place; leave it out")
            joined.join(row[0], row[1])
            apart += [(row[0], other) for other in row[2:]]
        values = [*joined.above, *(other for _, other in apart if other not in joined.above)]
        for one, other in apart:
            if joined.first(one) == joined.first(other):
                raise BadInput(f"{one!r:.60} and {other!r:.60} are said to belong together, and not to")
        roots = {root: number for number, root in enumerate(dict.fromkeys(map(joined.first, values)))}
        values = [*dict.fromkeys(values)]
        return cls(values, np.array([roots[joined.first(value)] for value in values], np.int64))


class _Groups:
    """What belongs together, by joining pairs (union-find)."""

    def __init__(self) -> None:
        self.above: dict[Any, Any] = {}

    def first(self, value: Any) -> Any:
        """What stands for the group of a value."""
        while (above := self.above.get(value, value)) != value:
            self.above[value] = self.above.get(above, above)
            value = above
        return value

    def join(self, one: Any, other: Any) -> None:
        for each in (one, other):
            self.above.setdefault(each, each)
        self.above[self.first(other)] = self.first(one)
