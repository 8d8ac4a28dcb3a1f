"""Groups of pictures that are copies, as a sheet to look at: the one that stays is marked, and comes first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from knnife.geometry import connected, members
from knnife.space import Sample
from knnife.things import Thing
from knnife.things.sheets import Cell
from knnife.tools._duplicates.groups import Group
from knnife.tools._duplicates.joins import Rows


def group_cells(
    things: Sample, groups: Sequence[Group], a: Rows, b: Rows, closeness: Any
) -> Iterator[tuple[str, list[Cell]]]:
    """Each group as its heading and its pictures. a, b, closeness: the pairs of copies, and how alike they are."""
    best = _best(len(things), a, b, closeness)
    for group in groups:
        rows = [row for row in (group.kept, *group.copies) if row is not None]
        cells = [_cell(things.things[row], None if row == group.kept else best[row], row == group.kept) for row in rows]
        yield f"{len(rows):,} copies of one picture", cells


def across_cells(things: Sample, against: Sample, a: Rows, b: Rows, closeness: Any) -> Iterator[tuple[str, list[Cell]]]:
    """The same of two sides: the pictures of the other side stay."""
    n = len(things)
    best = _best(n + len(against), a, b + n, closeness)
    for rows in members(connected(n + len(against), a, b + n)):
        stay, copies = rows[rows >= n].tolist(), rows[rows < n].tolist()
        cells = [_cell(against.things[row - n], None, True) for row in stay]
        cells += [_cell(things.things[row], best[row], False) for row in copies]
        yield f"{len(copies):,} copies of {len(stay):,} on the other side", cells


def _best(n: int, a: Rows, b: Rows, closeness: Any) -> list[float]:
    """How alike each thing is to the one it is most alike, `(n,)`."""
    best = np.zeros(n)
    np.maximum.at(best, a, closeness)
    np.maximum.at(best, b, closeness)
    told: list[float] = best.tolist()
    return told


def _cell(thing: Thing, closeness: float | None, marked: bool) -> Cell:
    known = [] if closeness is None else [f"{closeness:.2f}"]
    if "width" in thing.about and "height" in thing.about:
        known.append(f"{thing.about['width']} x {thing.about['height']}")
    if isinstance(size := thing.about.get("bytes"), int):
        known.append(f"{max(1, round(size / 1000)):,} kB")
    value: Any = thing.value
    return Cell(value, f"{thing.id}\n{' · '.join(known)}".rstrip(), marked)
