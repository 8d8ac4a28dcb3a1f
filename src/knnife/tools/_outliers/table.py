"""The columns of what was given, as numbers and as categories: what is compared to say why a thing is odd.

An array has numbers only. Rows of a table have their cells, as they were read: numbers, dates (when, and the hour and
the weekday of it, as people speak of them) and names. A text of its own in each row is neither.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from knnife.space import Sample
from knnife.things import Thing

Numbers = NDArray[np.float64]
Codes = NDArray[np.int64]

LEVELS: Final = 12  # names of a column that count by themselves; the others are one
SHORT: Final = 40  # characters of a name
MOST: Final = 60  # columns: of more, pairs and relations are too many to tell of
DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
OTHER: Final = "another"


class TableColumn(NamedTuple):
    """A column as it is compared: its name in the table, which part of it ("", "hour", "weekday"), its names if any."""

    name: str
    part: str
    levels: tuple[str, ...] | None

    @property
    def title(self) -> str:
        """What people call it."""
        return f"{self.part} of {self.name}" if self.part else self.name


class ColumnTable(NamedTuple):
    """n things by their columns: numbers `(n, p)`, NaN where there is none, and codes `(n, q)` of the names."""

    numbers: Numbers
    codes: Codes

    def take(self, rows: Any) -> ColumnTable:
        """Those at these positions, or where a mask is true."""
        return ColumnTable(self.numbers[rows], self.codes[rows])


class ColumnLayout(NamedTuple):
    """Which columns are numbers and which are names, as a reference has them. of_points: they are those of an array."""

    numbers: tuple[TableColumn, ...]
    names: tuple[TableColumn, ...]
    of_points: bool

    @classmethod
    def of(cls, reference: Sample, columns: Mapping[str, slice]) -> ColumnLayout:
        """The layout of the things of a reference, whose columns are known; of none where they are too many."""
        if not 0 < len(columns) <= MOST:
            return cls((), (), False)
        if not any(name in thing.about for name in columns for thing in reference.things[:1]):
            single = all(part.stop - part.start == 1 for part in columns.values())
            whole = single and len(columns) == reference.vectors.shape[1]
            return cls(tuple(TableColumn(name, "", None) for name in columns) if whole else (), (), whole)
        found = [
            each for name in columns for each in _columns(name, [thing.about.get(name) for thing in reference.things])
        ]
        numbers = tuple(each for each in found if each.levels is None)
        return cls(numbers, tuple(each for each in found if each.levels is not None), False)

    @classmethod
    def of_state(cls, numbers: Any, names: Any, of_points: Any) -> ColumnLayout:
        """The layout of lists, as JSON has them. Raises TypeError or ValueError where they are none."""
        found = cls(tuple(_column(each) for each in numbers), tuple(_column(each) for each in names), bool(of_points))
        if any(each.levels is None for each in found.names) or any(each.levels is not None for each in found.numbers):
            raise ValueError("numbers with names, or names without")
        return found

    def table(self, things: Sequence[Thing], points: NDArray[np.float32]) -> ColumnTable:
        """These things `(n,)`, whose points are `(n, d)`, by their columns."""
        n = len(things)
        if self.of_points:
            return ColumnTable(points.astype(np.float64), np.empty((n, 0), np.int64))
        numbers = [[_number(thing.about.get(each.name), each.part) for thing in things] for each in self.numbers]
        codes = []
        for each in self.names:
            known = {level: code for code, level in enumerate(each.levels or ())}
            codes.append([known.get(_name(thing.about.get(each.name), each.part), len(known)) for thing in things])
        return ColumnTable(
            np.array(numbers, np.float64).reshape(len(numbers), n).T, np.array(codes, np.int64).reshape(len(codes), n).T
        )


def _column(state: Any) -> TableColumn:
    name, part, levels = state
    known = None if levels is None else tuple(map(str, levels))
    if not isinstance(name, str) or part not in ("", "hour", "weekday"):
        raise ValueError(f"no column: {state!r:.60}")
    return TableColumn(name, part, known)


def _columns(name: str, cells: Sequence[Any]) -> list[TableColumn]:
    """What a column of the table is compared as: nothing, a number, names, or a date and its parts."""
    there = [cell for cell in cells if cell is not None and cell != ""]
    if not there:
        return []
    if all(isinstance(cell, int | float) and not isinstance(cell, bool) for cell in there):
        return [TableColumn(name, "", None)]
    if all(_moment(cell) is not None for cell in there):
        parts = [TableColumn(name, "", None), TableColumn(name, "weekday", DAYS)]
        hours = {_number(cell, "hour") for cell in there}
        return [*parts, TableColumn(name, "hour", None)] if len(hours) > 1 else parts
    counts = Counter(_name(cell, "") for cell in cells)
    usual = [level for level, count in counts.most_common(LEVELS) if count > 1]
    told = sum(counts[level] for level in usual)
    return [TableColumn(name, "", tuple(usual))] if len(usual) > 1 and 2 * told >= len(cells) else []


def _number(cell: Any, part: str) -> float:
    if isinstance(cell, int | float):
        return float(cell) if math.isfinite(cell) else math.nan
    found = _moment(cell)
    if found is None:
        return math.nan
    if part == "hour":
        return found.hour + found.minute / 60
    return found.replace(tzinfo=None).toordinal() + found.hour / 24


def _name(cell: Any, part: str) -> str:
    if part:
        found = _moment(cell)
        return "" if found is None else DAYS[found.weekday()]
    return "" if cell is None else str(cell)[:SHORT]


def _moment(cell: Any) -> datetime | None:
    if not isinstance(cell, str) or len(cell) < len("2024-01-31") or cell[4:5] != "-":
        return None
    try:
        return datetime.fromisoformat(cell)
    except ValueError:
        return None
