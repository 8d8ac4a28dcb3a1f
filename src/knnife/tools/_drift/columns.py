"""The columns of a table as figures that may differ between samples, told in the table's own units.

Each figure is a number for each row, whose means are compared: of numbers and dates the rank, so that no scale and no
single value decides, and how far that is from the middle; of categories whether a row has it; of texts whether a word
is in it; of all whether anything is there. What is told of a figure that differs is a median, a width or a share.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import numpy as np

from knnife.geometry import Vectors
from knnife.statistics.ranks import shares_below
from knnife.tools._drift.pool import Bools, Floats

VOCABULARY, CATEGORIES = 2_000, 200  # words looked at of texts, and of a column: the most frequent
RARE = 5  # things at least that have them
FEW = 12  # numbers of so many different values are categories
WORD = re.compile(r"[^\W\d_]{2,}")


class Figure(NamedTuple):
    """What is compared. name: of the column; values: `(N,)`, of each row; of: what to tell of some of the rows."""

    name: str
    figure: str
    values: Vectors
    of: Callable[[Bools], Any]


def figures(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> list[Figure]:
    """All figures of these columns; none of a column in which nothing is there."""
    return [figure for name in columns for figure in _of_column(name, [row.get(name) for row in rows])]


def share(name: str, has: Vectors) -> Figure:
    """How many rows have something; has: `(N,)`, 1 or 0."""
    return Figure(name, "share", has, lambda side: float(has[side].mean()))


def frequent(sets: Sequence[set[str]], most: int = VOCABULARY) -> tuple[list[str], Vectors]:
    """The most frequent members of sets, and which sets have them `(N, w)`, 1 or 0."""
    counts = Counter(member for members in sets for member in members)
    names = sorted(name for name, count in counts.most_common(most) if count >= RARE)
    numbers = {name: number for number, name in enumerate(names)}
    found = np.zeros((len(sets), len(names)), np.float32)
    for row, members in enumerate(sets):
        found[row, [numbers[member] for member in members if member in numbers]] = 1
    return names, found


def sayings(looked: Sequence[Figure]) -> tuple[list[str], list[Vectors]]:
    """What may be typical of some rows, and of each row how far it is so `(N,)`: a category, a word, high or low."""
    names, values = [], []
    for each in looked:
        if each.figure == "share":
            names.append(each.name)
            values.append(each.values)
        elif each.figure == "median":
            names += [f"{each.name} high", f"{each.name} low"]
            values += [each.values, 1 - each.values]
    return names, values


def words(text: str) -> set[str]:
    """Those in a text, in lower case."""
    return set(WORD.findall(text.lower()))


def _of_column(name: str, cells: list[Any]) -> Iterator[Figure]:
    there = np.array([cell is not None for cell in cells])
    present = [cell for cell in cells if cell is not None]
    if not present:
        return
    if len(present) < len(cells):
        yield share(f"{name} missing", (~there).astype(np.float32))
    ordered = _ordered(present)
    if ordered is not None:
        yield from _ranked(name, cells, there, ordered)
        return
    different = len(set(map(str, present)))
    if different > max(FEW, len(present) / 2):
        found, has = frequent([words(str(cell)) if cell is not None else set() for cell in cells], CATEGORIES)
        yield from (share(f"{name}: {word}", column) for word, column in zip(found, has.T, strict=True))
    else:
        found, has = frequent([{str(cell)} if cell is not None else set() for cell in cells], CATEGORIES)
        for value, column in zip(found, has.T, strict=True):
            if value != "False" or different != 2:
                yield share(f"{name} = {value}", column)


def _ordered(present: list[Any]) -> Floats | None:
    """Numbers, or dates as numbers, `(m,)`; None for what has no order, or few different values."""
    if all(isinstance(cell, int | float) and not isinstance(cell, bool) for cell in present):
        if len(set(present)) <= FEW:
            return None
        return np.array(present, np.float64)
    try:
        return np.array([_moment(cell) for cell in present])
    except (ValueError, TypeError):
        return None


def _moment(cell: Any) -> float:
    if not isinstance(cell, str) or cell[4:5] != "-":
        raise ValueError("no date")
    found = datetime.fromisoformat(cell.strip())
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def _ranked(name: str, cells: list[Any], there: Bools, ordered: Floats) -> Iterator[Figure]:
    places = np.flatnonzero(there)
    values = np.full(len(cells), np.nan)
    values[places] = ordered
    ranks = np.full(len(cells), 0.5, np.float32)  # of what is missing: in the middle, where it says nothing
    ranks[places] = shares_below(ordered, ordered)
    is_number = isinstance(cells[places[0]], int | float)

    def median(side: Bools) -> Any:
        """Of some rows; of dates one that is there, as it is written."""
        rows = places[side[places]]
        if not len(rows):
            return None
        if is_number:
            return float(np.median(values[rows]))
        return cells[rows[np.argsort(values[rows], kind="stable")[len(rows) // 2]]]

    def width(side: Bools) -> float | None:
        """Of the middle half."""
        rows = places[side[places]]
        return float(np.subtract(*np.quantile(values[rows], [0.75, 0.25]))) if len(rows) else None

    yield Figure(name, "median", ranks, median)
    if is_number:
        yield Figure(name, "middle half", np.where(there, np.abs(ranks - 0.5), 0.25).astype(np.float32), width)
