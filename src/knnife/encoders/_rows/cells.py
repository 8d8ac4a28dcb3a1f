"""What the cells of one column say, and so what the column is: numbers, dates, yes or no, categories, text.

A reader makes float64 `(n,)` of n cells, where NaN means that nothing is there, and infinity that there is something
which cannot be read as what the column is ("abc" among numbers).
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from datetime import datetime, time
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from knnife.things.taken import Taken
from knnife.things.values import NAMED_ID, cell_value

Numbers = NDArray[np.float64]

NOTHING: Final = frozenset(["", "na", "n/a", "nan", "null", "none", "nil", "-", "?"])  # how a missing number reads
TRUTH: Final = dict.fromkeys(["true", "yes", "y", "t", "1"], 1.0) | dict.fromkeys(["false", "no", "n", "f", "0"], 0.0)
LARGEST: Final = 1e150  # beyond, numbers count as this one: the difference of two still fits float64
_EPOCH: Final = datetime(1970, 1, 1)
_PLAIN: Final = {float, int, type(None)}
Kind = Literal["number", "yes/no", "date", "category", "text", "constant", "id", "empty", "left out"]
ENCODED: Final[tuple[Kind, ...]] = ("number", "yes/no", "date", "category", "text")

UNREAD: Final = Taken(None)

MOSTLY = 0.95  # of the cells are numbers, or dates: the others are mistakes
MANY = 20  # cells from which "all different" means something
DIFFERENT = 0.9  # of the cells differ: no categories
NAMES = 100  # different values from which long ones are read as text rather than counted


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
    """Dates and times in ISO 8601: seconds since 1970 in UTC, and the same by the clock on the wall; `(n,)` each.

    That with a zone is an instant, whichever zone it is told in: the clock on the wall is that of UTC.
    """
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
    offset = found.utcoffset()
    utc = (found.replace(tzinfo=None) - _EPOCH).total_seconds() - (offset.total_seconds() if offset else 0.0)
    return utc, utc


def _truth(cell: Any) -> float:
    if is_missing(cell):
        return math.nan
    name = name_of(cell).strip().lower()
    return TRUTH.get(name, math.nan if name in NOTHING else math.inf)


def kind_of(name: str, cells: Sequence[Any], places: Numbers, taken: Taken = UNREAD) -> Kind:
    """The kind of a column with these cells; `places` (n,) are the numbers of their rows, ascending.

    taken: what its texts were taken for, which these cells are already.
    """
    amounts = taken.type in ("number", "decimal comma")  # nobody writes names so
    if are_numbers(cells):  # most tables are full of them, so they get a quick look
        found = numbers(cells)
        there = found[np.isfinite(found)]
        different = {name_of(number) for number in np.unique(there).tolist()[:3]}
        return _kind_of_few(different, len(there) == len(cells)) or _kind_of_numbers(name, found, places, amounts)
    present = [cell for cell in cells if not is_missing(cell)]
    different = {name_of(cell) for cell in present}
    if (kind := _kind_of_few(different, len(present) == len(cells))) is not None:
        return kind
    found = numbers(cells)
    if _mostly(found) and not taken.names:
        return _kind_of_numbers(name, found, places, amounts)
    if _mostly(moments(cells)[0]) and not taken.names:
        return "date"
    return _kind_of_names([name_of(cell) for cell in present], len(different))


def _kind_of_few(different: set[str], complete: bool) -> Kind | None:
    """The kind of a column with none, one, or two different values that say it all; None for others."""
    if not different:
        return "empty"
    if len(different) == 1:
        return "constant" if complete else "category"  # whether something is there is all that it says
    truths = {TRUTH.get(each.strip().lower()) for each in different}
    return "yes/no" if len(different) == 2 and truths == {0.0, 1.0} else None


def _mostly(found: Numbers) -> bool:
    """Could nearly all be read that are there?"""
    readable = int(np.isfinite(found).sum())
    return readable > 0 and readable >= MOSTLY * int((~np.isnan(found)).sum())


def _kind_of_numbers(name: str, found: Numbers, places: Numbers, amounts: bool) -> Kind:
    there = np.isfinite(found)
    some = found[there]
    different = len(np.unique(some))
    whole = bool((some == np.floor(some)).all())
    if whole and different == len(some) >= MANY and not amounts:
        steps = np.diff(some) / np.diff(places[there])
        if NAMED_ID.fullmatch(name) or np.ptp(steps) == 0:  # a count of the rows
            return "id"
    return "category" if different == 1 or (whole and not amounts and NAMED_ID.fullmatch(name)) else "number"


def _kind_of_names(names: list[str], different: int) -> Kind:
    words = float(np.mean([len(name.split()) for name in names]))
    if len(names) >= MANY and different >= DIFFERENT * len(names):
        return "text" if words >= 1.5 else "id"
    if (different > NAMES or len(names) < MANY) and words >= 3:
        return "text"
    return "category"
