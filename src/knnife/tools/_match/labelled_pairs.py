"""Labelled pairs: which records they name, and whether these are of the same thing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knnife.errors import BadInput, NotFound
from knnife.tools._match.fields import Records

Labels = Iterable[tuple[str | int, str | int, int | bool]] | None

TRUE, FALSE = frozenset({"1", "yes", "true", "y", "same", "match"}), frozenset({"0", "no", "false", "n", "different"})


def positions(labels: Labels, left: Records, right: Records) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The labelled pairs as positions `(m, 2)`, and whether each is a match, `(m,)`.

    A record is named by its id, or by its position where that is a number and no id. A label is 1 or 0, true or false,
    "yes" or "no".

    Raises BadInput for what is no such triple and for a pair that is labelled both ways; NotFound for an unknown id.
    """
    found: dict[tuple[int, int], bool] = {}
    sides = [{name: row for row, name in enumerate(table.ids)} for table in (left, right)]
    for number, label in enumerate(labels or (), 1):
        if isinstance(label, str | Mapping) or not isinstance(label, Sequence) or len(label) != 3:
            raise BadInput(f"label {number} is {label!r}; expected (id of the left, id of the right, 1 or 0)")
        rows = [_row(name, side, f"label {number}: ") for name, side in zip(label[:2], sides, strict=True)]
        pair, same = (rows[0], rows[1]), _same(label[2], number)
        if left is right:
            pair = (min(pair), max(pair))
        if found.setdefault(pair, same) != same:
            raise BadInput(f"label {number}: the pair {label[0]!r}, {label[1]!r} was labelled the other way before")
    pairs = np.array(list(found), np.int64).reshape(-1, 2)
    return pairs, np.fromiter(found.values(), np.bool_, len(found))


def place_of(name: Any, table: Records) -> int:
    """Where the record of this id, or at this position, stands. Raises NotFound where there is none."""
    return _row(name, {id: row for row, id in enumerate(table.ids)}, "")


def _row(name: Any, rows: Mapping[str, int], where: str) -> int:
    if isinstance(name, str) and name in rows:
        return rows[name]
    if isinstance(name, int | np.integer) and 0 <= name < len(rows):
        return int(name)
    example = f", such as {next(iter(rows))!r}" if rows else ""
    raise NotFound(f"{where}the record {name!r} is not there; expected an id of that table{example}")


def _same(value: Any, number: int) -> bool:
    plain = str(int(value)) if isinstance(value, bool | np.bool_) else str(value).strip().lower().removesuffix(".0")
    if plain not in TRUE | FALSE:
        raise BadInput(f"label {number} says {value!r}; expected 1 for the same thing, 0 for two")
    return plain in TRUE
