"""What the cells of one column say, read as what the column is: numbers, moments, yes or no, names.

A reader makes float64 `(n,)` of n cells, where NaN means that nothing is there, and infinity that there is something
which cannot be read as what the column is ("abc" among numbers).
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from datetime import datetime, time
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from knnife.things.values import cell_value

Numbers = NDArray[np.float64]

NOTHING: Final = frozenset(
    ["", "na", "n/a", "nan", "null", "none", "nil", "-", "?"]
)  # of a number: how "missing" reads
TRUTH: Final = dict.fromkeys(["true", "yes", "y", "t", "1"], 1.0) | dict.fromkeys(["false", "no", "n", "f", "0"], 0.0)
LARGEST: Final = 1e150  # beyond, numbers count as this one: the difference of two still fits float64
_EPOCH: Final = datetime(1970, 1, 1)
_PLAIN: Final = {float, int, type(None)}


def is_missing(cell: Any) -> bool:
    """Is nothing there: None, no number, or a text without a character to be seen?"""
    if cell is None:
        return True
    if isinstance(cell, float):
        return not math.isfinite(cell)
    return isinstance(cell, str) and (not cell or cell.isspace())


def name_of(cell: Any) -> str:
    """What a cell is called as a category: 1, 1.0 and "1" are one name. Not for missing ones."""
    if type(cell) is str:
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, int):
        return str(cell) if abs(cell) < LARGEST else hex(cell)  # Python refuses to write thousands of decimal digits
    return json.dumps(cell, ensure_ascii=False, sort_keys=True, default=str)


def are_numbers(cells: Sequence[Any]) -> bool:
    """Are all numbers already, but for missing ones?"""
    return set(map(type, cells)) <= _PLAIN


def numbers(cells: Sequence[Any]) -> Numbers:
    """The numbers in cells; texts are read as a csv file would be."""
    if are_numbers(cells):
        try:
            found = np.array(cells, np.float64)
        except OverflowError:  # an integer beyond float64
            found = np.array([_number(cell) for cell in cells])
        else:
            found[np.isinf(found)] = np.nan
    else:
        found = np.array([_number(cell) for cell in cells], np.float64)
    finite = np.isfinite(found)
    found[finite] = np.clip(found[finite], -LARGEST, LARGEST)
    return found


def moments(cells: Sequence[Any]) -> tuple[Numbers, Numbers]:
    """Dates and times in ISO 8601: seconds since 1970 in UTC, and the same by the clock on the wall; `(n,)` each."""
    both = np.array([_moment(cell) for cell in cells], np.float64).reshape(-1, 2)
    return both[:, 0], both[:, 1]


def truths(cells: Sequence[Any]) -> Numbers:
    """1 for yes and 0 for no, however they are written."""
    return np.array([_truth(cell) for cell in cells], np.float64)


def _number(cell: Any) -> float:
    if isinstance(cell, str):
        text = cell.strip()
        if text.lower() in NOTHING:
            return math.nan
        cell = cell_value(text)
    if cell is None:
        return math.nan
    if not isinstance(cell, int | float):
        return math.inf
    try:
        number = float(cell)
    except OverflowError:
        return math.copysign(LARGEST, cell)
    return number if math.isfinite(number) else math.nan


def _moment(cell: Any) -> tuple[float, float]:
    if is_missing(cell):
        return math.nan, math.nan
    if not isinstance(cell, str):
        return math.inf, math.inf
    text = cell.strip()
    try:
        if text[4:5] == "-":  # compact forms such as 20240131 might as well be numbers
            found = datetime.fromisoformat(text)
        elif text[2:3] == ":":  # a time of day
            found = datetime.combine(_EPOCH, time.fromisoformat(text))
        else:
            found = None
    except ValueError:
        found = None
    if found is None:
        unknown = math.nan if text.lower() in NOTHING else math.inf
        return unknown, unknown
    wall = (found.replace(tzinfo=None) - _EPOCH).total_seconds()
    offset = found.utcoffset()
    return wall - (offset.total_seconds() if offset else 0.0), wall


def _truth(cell: Any) -> float:
    if is_missing(cell):
        return math.nan
    name = name_of(cell).strip().lower()
    return TRUTH.get(name, math.nan if name in NOTHING else math.inf)
