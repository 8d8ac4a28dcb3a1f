"""From pairs to groups, from groups to the one that stays, and groups of pictures as a contact sheet."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from knnife.errors import BadInput
from knnife.geometry import connected, members
from knnife.space import Sample
from knnife.things import Thing
from knnife.things.sheets import Cell
from knnife.tools._duplicates.shingles import Rows

RULES = ("first", "last", "longest", "central", "max:FIELD", "min:FIELD")


class Group(NamedTuple):
    """Copies of one thing: the position of the one that stays (None: it is on the other side), and of the others."""

    kept: int | None
    copies: tuple[int, ...]


def first_alike(keys: Sequence[Hashable]) -> Rows:
    """For each key the place of the first that is equal to it, `(n,)`."""
    first: dict[Hashable, int] = {}
    return np.fromiter((first.setdefault(key, place) for place, key in enumerate(keys)), np.int64, len(keys))


def check_rule(rule: str) -> None:
    """Raises BadInput unless this is a rule by which one copy stays."""
    named = rule.startswith(("max:", "min:")) and len(rule) > 4
    if not named and rule not in RULES[:4]:
        raise BadInput(f"keep is {rule!r}; expected one of {', '.join(RULES)}")


def worth(rule: str, things: Sequence[Any], linked: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scores `(n,)`; the best of a group stays, of equals the first. linked: sums of similarities to the group."""
    n = len(things)
    if rule == "first":
        return np.zeros(n)
    if rule == "last":
        return np.arange(n, dtype=float)
    if rule == "central":
        return linked
    if rule == "longest":
        return np.array([float(len(thing.value)) if isinstance(thing.value, str) else 0.0 for thing in things])
    return _ranked([thing.about.get(rule[4:]) for thing in things], rule)


def grouped(rule: str, things: Sequence[Any], a: Rows, b: Rows, similarity: NDArray[np.float64]) -> list[Group]:
    """What is connected by pairs of copies a[i] and b[i], and the one that stays by the rule."""
    linked = np.zeros(len(things))
    np.add.at(linked, a, similarity)
    np.add.at(linked, b, similarity)
    value = worth(rule, things, linked)
    groups = []
    for rows in members(connected(len(things), a, b)):
        kept = int(rows[np.argmax(value[rows])])
        groups.append(Group(kept, tuple(row for row in rows.tolist() if row != kept)))
    return groups


def _ranked(values: list[Any], rule: str) -> NDArray[np.float64]:
    """The rank of each value among them, turned round for "min:"; what is missing comes last."""
    known = [value for value in values if value is not None]
    if values and not known:
        raise BadInput(f"keep is {rule!r}, but nothing has the field {rule[4:]!r}")
    try:
        ranks = {value: rank for rank, value in enumerate(sorted(set(known)), 1)}
    except TypeError as error:  # of several kinds, or lists
        kinds = ", ".join(sorted({type(value).__name__ for value in known}))
        raise BadInput(f"keep is {rule!r}, but the values of {rule[4:]!r} cannot be put in order: {kinds}") from error
    sign = 1 if rule.startswith("max:") else -1
    return np.array([-np.inf if value is None else float(sign * ranks[value]) for value in values])


def group_cells(
    things: Sample, groups: Sequence[Group], a: Rows, b: Rows, similarity: Any
) -> Iterator[tuple[str, list[Cell]]]:
    """Each group as heading and pictures, the one that stays first and marked. a, b, similarity: pairs of copies."""
    best = _best(len(things), a, b, similarity)
    for group in groups:
        rows = [row for row in (group.kept, *group.copies) if row is not None]
        cells = [_cell(things.things[row], None if row == group.kept else best[row], row == group.kept) for row in rows]
        yield f"{len(rows):,} copies of one picture", cells


def across_cells(
    things: Sample, against: Sample, a: Rows, b: Rows, similarity: Any
) -> Iterator[tuple[str, list[Cell]]]:
    """The same of two sides: the pictures of the other side stay."""
    n = len(things)
    best = _best(n + len(against), a, b + n, similarity)
    for rows in members(connected(n + len(against), a, b + n)):
        stay, copies = rows[rows >= n].tolist(), rows[rows < n].tolist()
        cells = [_cell(against.things[row - n], None, True) for row in stay]
        cells += [_cell(things.things[row], best[row], False) for row in copies]
        yield f"{len(copies):,} copies of {len(stay):,} on the other side", cells


def _best(n: int, a: Rows, b: Rows, similarity: Any) -> NDArray[np.float64]:
    """How alike each thing is to the one it is most alike, `(n,)`."""
    best = np.zeros(n)
    np.maximum.at(best, a, similarity)
    np.maximum.at(best, b, similarity)
    return best


def _cell(thing: Thing, similarity: float | None, marked: bool) -> Cell:
    known = [] if similarity is None else [f"{similarity:.2f}"]
    if "width" in thing.about and "height" in thing.about:
        known.append(f"{thing.about['width']} x {thing.about['height']}")
    if isinstance(size := thing.about.get("bytes"), int):
        known.append(f"{max(1, round(size / 1000)):,} kB")
    value: Any = thing.value
    return Cell(value, f"{thing.id}\n{' · '.join(known)}".rstrip(), marked)
