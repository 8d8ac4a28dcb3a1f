"""Texts in columns that are numbers, dates, or yes and no, written otherwise than programs do: "12,50", "2/24/2015"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from knnife.encoders._rows.cells import NOTHING, TRUTH
from knnife.things.cell_types import Shapes, reader
from knnife.things.deciding import decide, given
from knnife.things.stated import stated
from knnife.things.taken import CellType, Taken, Value

READ: Final = frozenset(["number", "decimal comma", "true/false", "M/D/Y", "D/M/Y", "Y/M/D"])


def columns_taken(
    columns: Mapping[str, Sequence[Any]], read: Mapping[str, Taken], types: Mapping[str, str]
) -> dict[str, Taken]:
    """What the columns of a sample are taken for; read: when their file was read; types: as the user states them."""
    shapes: dict[str, Shapes] = {}
    for name, cells in columns.items():
        if name not in read and (texts := [cell for cell in cells if isinstance(cell, str)]):
            shapes[name] = Shapes()
            shapes[name].add(texts, 1)
    return {**decide(shapes), **read, **given(stated(types))}


def kept(cells: Sequence[Any], taken: Taken) -> CellType | None:
    """How the texts of a column have to be read from now on; None for what is read anyway."""
    if taken.type not in READ:
        return None
    if taken.type != "true/false":
        return taken.type
    words = {cell.strip().lower() for cell in cells if isinstance(cell, str)}
    return None if words <= {*TRUTH, *NOTHING} else taken.type


def as_read(cells: Sequence[Any], texts: Mapping[str, Value] | None) -> Sequence[Any]:
    """The cells, their texts as `texts` reads them."""
    return cells if texts is None else [texts[cell] if type(cell) is str else cell for cell in cells]


def reader_of(read: CellType | None) -> Mapping[str, Value] | None:
    """What reads texts of this type; None where they stay as they are."""
    return None if read is None else reader(read)
