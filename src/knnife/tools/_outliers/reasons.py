"""Why a thing is odd, in words: the value and what is usual, of one column, of two, or of what others make of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np

from knnife.tools._outliers.lifting import Lift
from knnife.tools._outliers.relations import Relations
from knnife.tools._outliers.surprises import ColumnPair, Surprises
from knnife.tools._outliers.table import OTHER, ColumnTable, Numbers, TableColumn

LEAST: Final = 3.0  # nats: what one in twenty has is no reason
USUAL: Final = (0.025, 0.975)  # the range that is called usual
ENOUGH: Final = 10  # things with a name, to say which numbers are usual beside it
PART: Final = 0.1  # of the greatest weight: columns with less make a number hardly
LARGEST: Final = 100_000  # numbers below are written as they are


class OddReason(NamedTuple):
    """One reason: the columns it is about, what it says, and how rare that is in nats: 7 is once in a thousand."""

    columns: tuple[str, ...]
    says: str
    nats: float


def reasons(lift: Lift, table: ColumnTable, most: int) -> list[OddReason]:
    """Why the one thing of a table is odd, the most surprising first; each names a column that none before did."""
    found: list[OddReason] = []
    for reason in sorted(_all(lift, table), key=lambda each: -each.nats):
        told = {name for each in found for name in each.columns}
        if reason.nats >= LEAST and not set(reason.columns) <= told:
            found.append(reason)
    return found[:most]


def _all(lift: Lift, table: ColumnTable) -> Iterator[OddReason]:
    """All that is rare. Two numbers are not said to be rare together where a relation says which number they make."""
    surprises, (alone, together, _) = lift.surprises, lift.kinds
    columns = (*surprises.layout.numbers, *surprises.layout.names)
    for number, nats in enumerate(alone.surprise(surprises.singles(table)[0]).tolist()):
        if nats > 0:
            yield OddReason((columns[number].name,), _alone(surprises, table, number), nats)
    related = list(_related(lift, table))
    yield from related
    told = [set(reason.columns) for reason in related if reason.nats >= LEAST]
    for pair, raw in surprises.together(table):
        nats = float(together.surprise(raw)[0])
        names = columns[pair.first].name, columns[pair.second].name
        if nats > 0 and names[0] != names[1] and not any(set(names) <= each for each in told):
            yield OddReason(names, _together(surprises, table, pair), nats)


def _related(lift: Lift, table: ColumnTable) -> Iterator[OddReason]:
    """The number that is least what the others make it, for each kind of relation."""
    surprises, made = lift.surprises, lift.kinds[-1]
    for relation in surprises.relations:
        every = made.surprise(relation.surprise(table.numbers)[0])
        if every.max() > 0:
            worst = int(every.argmax())
            own, others = _involved(relation, worst)
            involved = tuple(dict.fromkeys(surprises.layout.numbers[place].name for place in (own, *others)))
            yield OddReason(involved, _made(surprises, table, relation, worst), float(every.max()))


def _alone(surprises: Surprises, table: ColumnTable, number: int) -> str:
    count = len(surprises.layout.numbers)
    if number < count:
        own = surprises.table.numbers[:, number]
        value = _word(surprises, table, number)
        negative = " (never negative)" if table.numbers[0, number] < 0 <= np.nanmin(_usual(own)) else ""
        return f"{surprises.layout.numbers[number].title} {value}: usually {_range(own)}{negative}"
    codes = surprises.table.codes[:, number - count]
    column = surprises.layout.names[number - count]
    same = int((codes == table.codes[0, number - count]).sum())
    usual = np.argsort(-np.bincount(codes, minlength=1), kind="stable")[:2].tolist()
    return (
        f"{column.title} {_word(surprises, table, number)}: {_times(same, len(codes))}; usually "
        f"{' or '.join(_level(column, code) for code in usual)}"
    )


def _together(surprises: Surprises, table: ColumnTable, pair: ColumnPair) -> str:
    """Two values; what is usual of the number, if one is, where the name is the same."""
    count, layout = len(surprises.layout.numbers), (*surprises.layout.numbers, *surprises.layout.names)
    first, second = layout[pair.first], layout[pair.second]
    a, b = _word(surprises, table, pair.first), _word(surprises, table, pair.second)
    if pair.first < count <= pair.second:
        same = surprises.table.codes[:, pair.second - count] == table.codes[0, pair.second - count]
        beside = surprises.table.numbers[same, pair.first]
        value = table.numbers[0, pair.first]
        low, high = _usual(beside) if same.sum() >= ENOUGH else (np.nan, np.nan)
        if value < low or value > high:
            return f"{first.title} {a} where {second.title} is {b}: there usually {_range(beside)}"
    codes = surprises.codes(table)[0]
    times = int(pair.counts[codes[pair.first], codes[pair.second]])
    return (
        f"{first.title} {a} and {second.title} {b}: each is usual, together {_times(times, len(surprises.table.codes))}"
    )


def _involved(relation: Relations, worst: int) -> tuple[int, list[int]]:
    """The number that is off, and those that make it."""
    weights = np.abs(relation.weights[:, worst]).copy()
    weights[worst] = 0
    order = [place for place in np.argsort(-weights).tolist() if weights[place] > PART * weights.max()]
    return int(relation.columns[worst]), [int(relation.columns[place]) for place in order[:2]]


def _made(surprises: Surprises, table: ColumnTable, relation: Relations, worst: int) -> str:
    own, others = _involved(relation, worst)
    left = float(relation.residuals(table.numbers)[0, worst] * relation.spread[worst])
    value = float(table.numbers[0, own])
    made = value / float(np.exp(left)) if relation.logged else value - left
    names = surprises.layout.numbers
    by = " and ".join(names[place].title for place in others)
    usual = max(relation.tails[worst].high, -relation.tails[worst].low) * float(relation.spread[worst])
    about = f"{100 * np.expm1(usual):.2g}%" if relation.logged else _figure(usual)
    make = "makes" if len(others) == 1 else "make"
    return f"{names[own].title} {_figure(value)}: {by} {make} it {_figure(made)}, usually within {about}"


def _word(surprises: Surprises, table: ColumnTable, number: int) -> str:
    count = len(surprises.layout.numbers)
    if number < count:
        return _figure(float(table.numbers[0, number]))
    return _level(surprises.layout.names[number - count], int(table.codes[0, number - count]))


def _level(column: TableColumn, code: int) -> str:
    levels = column.levels or ()
    return OTHER if code >= len(levels) else levels[code] or "nothing"


def _usual(values: Numbers) -> tuple[float, float]:
    low, high = np.nanquantile(values, USUAL, method="nearest")
    return float(low), float(high)


def _range(values: Numbers) -> str:
    low, high = map(_figure, _usual(values))
    return low if low == high else f"{low} to {high}"


def _times(count: int, n: int) -> str:
    return f"never in {n:,}" if count == 0 else f"{'once' if count == 1 else f'{count:,} times'} in {n:,}"


def _figure(value: float) -> str:
    if abs(value) >= LARGEST or (value and abs(value) < 1e-3):
        return f"{value:.4g}"
    return f"{value:.2f}".rstrip("0").rstrip(".") if abs(value) >= 10 else f"{value:.4g}"
