"""Types of columns as somebody states them, where the cells do not tell or tell wrongly."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set as AbstractSet
from typing import Any

from knnife.errors import BadInput
from knnife.things.taken import CellType, Value


def stated(types: Mapping[str, str]) -> dict[str, CellType]:
    """The types by column. Raises BadInput for others than there are."""
    from knnife.things.cell_types import cell_type  # slow to load, and seldom needed

    return {name: cell_type(type, name) for name, type in types.items()}


def undecided(names: Iterable[str], types: Mapping[str, CellType], used: AbstractSet[str], source: str) -> list[str]:
    """The columns of these names whose cells say what they are; used: the others that are read as they are.

    Raises BadInput where types are stated of columns that are not there, or are read as they are.
    """
    there = list(names)
    if strange := [name for name in types if name not in there]:
        known = ", ".join(there[:30])
        raise BadInput(f"{source} has no column {', '.join(strange)}, whose type is stated; its columns are: {known}")
    if wrong := [name for name, type in types.items() if name in used and type != "text"]:
        raise BadInput(f"{source}: {', '.join(wrong)} is text, id or vector, and read as it is; leave its type out")
    return [name for name in there if name not in used and name not in types]


def stated_readers(
    types: Mapping[str, CellType], first: Iterable[str], used: AbstractSet[str], source: str
) -> dict[str, Mapping[str, Value]]:
    """What reads the columns that are not text; first: the names in the first row. Raises as `undecided` does."""
    from knnife.things.cell_types import reader

    undecided([*first, *(name for name in types if name.split(".")[0] in first)], types, used, source)
    return {name: reader(type, strict=True) for name, type in types.items() if type != "text"}


def as_stated(about: Mapping[str, Any], types: Mapping[str, Mapping[str, Value]]) -> Mapping[str, Any]:
    """With the texts read that stand in columns whose types are stated."""
    return {**about, **{name: read[about[name]] for name, read in types.items() if type(about.get(name)) is str}}
