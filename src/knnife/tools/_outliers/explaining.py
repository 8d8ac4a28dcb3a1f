"""Why a thing is odd: the normal things that are nearest to it, and the columns in which it differs from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from knnife.geometry import Vectors
from knnife.things import Thing
from knnife.tools._outliers.axes import Axes


class Share(NamedTuple):
    """A column's part in how far a thing is from its nearest normal examples.

    share: of the squared distance, each component by its own spread. value, usual: of a column of one number, the
    thing's and the mean of the examples'; None of others.
    """

    column: str
    share: float
    value: Any
    usual: Any


def shares(
    point: Vectors, examples: Vectors, axes: Axes, columns: Mapping[str, slice], told: Sequence[str], most: int
) -> list[Share]:
    """The columns told of, then those in which a point `(d,)` differs most from the examples `(k, d)`, up to `most`."""
    usual = examples.mean(axis=0)
    squares = (((point - usual) * axes.factors).astype(np.float64)) ** 2
    parts = np.array([squares[part].sum() for part in columns.values()])
    total, names = parts.sum(), list(columns)
    found = []
    first = {name: -len(told) + place for place, name in reversed(list(enumerate(told)))}
    order = sorted(np.argsort(-parts, kind="stable").tolist(), key=lambda number: first.get(names[number], 0))
    for number in order[: max(most, len(first))] if total > 0 else []:
        part = columns[names[number]]
        alone = part.stop - part.start == 1
        value, typical = (float(point[part][0]), float(usual[part][0])) if alone else (None, None)
        found.append(Share(names[number], float(parts[number] / total), value, typical))
    return found


def table_values(column: str, thing: Thing, examples: Sequence[Thing]) -> dict[str, Any]:
    """The value of a column and what is usual for it in the words of the table, where things bring the table along.

    Usual is the mean of numbers, else what most examples have.
    """
    if column not in thing.about:
        return {}
    others = [each.about[column] for each in examples if each.about.get(column) is not None]
    numbers = [float(each) for each in others if isinstance(each, int | float)]
    usual: Any = max(others, key=others.count) if others else None
    if numbers and len(numbers) == len(others):
        usual = sum(numbers) / len(numbers)
    return {"value": thing.about[column], "usual": usual}
