"""What is a column: numbers, yes or no, dates, categories, text, or nothing that tells rows apart?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final, Literal

import numpy as np

from knnife.encoders._rows.cells import TRUTH, Numbers, are_numbers, is_missing, moments, name_of, numbers

Kind = Literal["number", "yes/no", "date", "category", "text", "constant", "id", "empty", "left out"]
ENCODED: Final[tuple[Kind, ...]] = ("number", "yes/no", "date", "category", "text")

MOSTLY = 0.95  # of the cells are numbers, or dates: the others are mistakes
MANY = 20  # cells from which "all different" means something
DIFFERENT = 0.9  # of the cells differ: no categories
NAMES = 100  # different values from which long ones are read as text rather than counted
_NAMED_ID = re.compile(r"(?i:(?:.*[_ .-])?(?:id|uuid|guid))|.*[a-z]I[dD]")


def kind_of(name: str, cells: Sequence[Any], places: Numbers) -> Kind:
    """The kind of a column with these cells; `places` (n,) are the numbers of their rows, ascending."""
    if are_numbers(cells):  # most tables are full of them, so they get a quick look
        found = numbers(cells)
        there = found[np.isfinite(found)]
        different = {name_of(number) for number in np.unique(there).tolist()[:3]}
        return _kind_of_few(different, len(there) == len(cells)) or _kind_of_numbers(name, found, places)
    present = [cell for cell in cells if not is_missing(cell)]
    different = {name_of(cell) for cell in present}
    if (kind := _kind_of_few(different, len(present) == len(cells))) is not None:
        return kind
    found = numbers(cells)
    if _mostly(found):
        return _kind_of_numbers(name, found, places)
    if _mostly(moments(cells)[0]):
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


def _kind_of_numbers(name: str, found: Numbers, places: Numbers) -> Kind:
    there = np.isfinite(found)
    some = found[there]
    different = len(np.unique(some))
    whole = bool((some == np.floor(some)).all())
    if whole and different == len(some) >= MANY:
        steps = np.diff(some) / np.diff(places[there])
        if _NAMED_ID.fullmatch(name) or np.ptp(steps) == 0:  # a count of the rows
            return "id"
    return "category" if different == 1 or (whole and _NAMED_ID.fullmatch(name)) else "number"


def _kind_of_names(names: list[str], different: int) -> Kind:
    words = float(np.mean([len(name.split()) for name in names]))
    if len(names) >= MANY and different >= DIFFERENT * len(names):
        return "text" if words >= 1.5 else "id"
    if (different > NAMES or len(names) < MANY) and words >= 3:
        return "text"
    return "category"
