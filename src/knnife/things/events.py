"""Events in: the rows of a log of who chose what, from files, data frames or Python objects, by batches."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final

import numpy as np

from knnife.errors import BadInput, BadRow
from knnife.things.interactions import Events
from knnife.things.python_objects import as_things
from knnife.things.reading import OnError, Reading, RowError
from knnife.things.rows import listed
from knnife.things.scalars import name_of
from knnife.things.thing import Thing
from knnife.things.values import check_text

AT_ONCE: Final = 1 << 16  # events of a batch
PLACES: Final = ("user", "item", "weight", "time", "context")  # of what an event is where it has no names


@dataclass(frozen=True)
class EventColumns:
    """The columns of a log. rating: instead of weight, where the last one counts, and they are not added up."""

    user: str = "user"
    item: str = "item"
    weight: str | None = None
    rating: str | None = None
    time: str | None = None
    context: str | None = None

    def __post_init__(self) -> None:
        if self.weight is not None and self.rating is not None:
            raise BadInput("weight= is added up over the events of a pair, of rating= the last one counts: name one")
        names = [name for name in (self.user, self.item, self.amount, self.time, self.context) if name is not None]
        if wrong := [name for name in names if not isinstance(name, str) or not name]:
            raise BadInput(f"{wrong[0]!r:.40} is no name of a column; expected a text")
        if twice := [name for name in names if names.count(name) > 1]:
            raise BadInput(f"the column {twice[0]!r} is named twice; user, item, weight and time are columns each")

    @property
    def amount(self) -> str | None:
        """The column of numbers."""
        return self.weight or self.rating


class EventLog:
    """The events of one source, once: iterate over it for batches of at most 65,536, the rows in their order.

    given: the path of a table that `knnife.read` reads, or a Reading; a data frame; mappings; or tuples of user, item
    and perhaps weight, time and context. on_error: "stop" raises BadRow at the first row without a user or an item,
    with a negative amount, or a time that is none; "skip" counts such (`reading.broken`, `reading.problems`).
    """

    def __init__(self, given: Any, columns: EventColumns, on_error: OnError = "stop") -> None:
        self.columns = columns
        if isinstance(given, str | os.PathLike):
            from knnife.things import read  # loads the readers of all formats

            names = {name: "text" for name in (columns.item, columns.context) if name is not None}
            given = read(given, text=columns.user, types=names, blanks=True, on_error=on_error)
            self.reading = given
            self._rows: Iterator[tuple[tuple[Any, ...], str | None]] = (
                (_of_reading(thing, columns), None) for thing in given
            )
        else:
            self.reading = Reading("the events given", lambda _: iter(()), on_error)
            self._rows = _of_objects(given, columns)

    def __iter__(self) -> Iterator[Events]:
        rows = enumerate(self._rows, 1)
        while batch := [*islice(self._sound(rows), AT_ONCE)]:
            users, items, weights, times, contexts = (list(column) for column in zip(*batch, strict=True))
            yield Events(users, items, np.array(weights, np.float32), np.array(times, np.float64), contexts)

    def _sound(self, rows: Iterator[tuple[int, tuple[Any, str | None]]]) -> Iterator[tuple[Any, ...]]:
        """What the cells of each row say; what says nothing usable is told to the reading."""
        for number, (cells, wrong) in rows:
            try:
                if wrong is not None:
                    raise RowError(wrong)
                yield self._event(*cells)
            except RowError as error:
                self.reading.fault(None, error, f"{self.reading.source}, row {number:,}")

    def _event(self, user: Any, item: Any, amount: Any, time: Any, context: Any) -> tuple[Any, ...]:
        for cell, what in ((user, self.columns.user), (item, self.columns.item)):
            if cell is None or cell == "":
                raise RowError(f"nothing in column {what!r}; an event is of a user and an item")
        weight = 1.0 if self.columns.amount is None and amount is None else self._amount(amount)
        return _name(user), _name(item), weight, _seconds(time), "" if context in (None, "") else _name(context)

    def _amount(self, cell: Any) -> float:
        """The weight, or the rating, in a cell. Raises RowError where it is none."""
        name = self.columns.amount or "weight"
        if isinstance(cell, bool) or not isinstance(cell, int | float) or not math.isfinite(cell):
            raise RowError(f"{name} {cell!r:.40}: expected a number")
        if cell < 0 or (cell == 0 and self.columns.rating is None):
            raise RowError(
                f"{name} {cell}: expected a number above 0, as an event says that somebody chose something; leave out "
                "what was refused, or ask with what is disliked (--unlike)"
            )
        return float(cell)


def cell_of(thing: Thing, name: str) -> Any:
    """The cell of a column in a row that was read, None where there is nothing; readers take two names from others."""
    cell = thing.about.get(name)
    if cell is None and name in ("id", "part_of"):
        cell = thing.id if name == "id" else thing.part_of
    return None if cell == "" else cell


def _of_reading(thing: Thing, columns: EventColumns) -> tuple[Any, ...]:
    """The cells of a row whose value is the user; numbers of files are plain already."""
    others = (columns.item, columns.amount, columns.time, columns.context)
    return thing.value, *(None if name is None else cell_of(thing, name) for name in others)


def _of_objects(given: Any, columns: EventColumns) -> Iterator[tuple[tuple[Any, ...], str | None]]:
    """The cells of what Python holds, and what is wrong with them."""
    if isinstance(given, Iterable) and not hasattr(given, "columns") and not isinstance(given, Thing | dict):
        given = iter(given)
        first = next(given, None)
        if first is None:
            return
        given = _chained(first, given)
        if isinstance(first, tuple | list):
            yield from map(_of_tuple, given)
            return
    wanted = (columns.user, columns.item, columns.amount, columns.time, columns.context)
    try:
        for thing in as_things(given, row=True, blanks=True):
            missing = [name for name in wanted if name is not None and not _has(thing, name)]
            why = f"no column {missing[0]!r}; the columns are: {listed(thing.about)}" if missing else None
            yield tuple(None if name is None else cell_of(thing, name) for name in wanted), why
    except BadRow as error:
        raise BadInput(f"{error}; expected events: rows with a user and an item, or tuples (user, item)") from error


def _chained(first: Any, rest: Iterator[Any]) -> Iterator[Any]:
    yield first
    yield from rest


def _has(thing: Thing, name: str) -> bool:
    return name in thing.about or (name == "id" and thing.id is not None) or name == "part_of"


def _of_tuple(event: Any) -> tuple[tuple[Any, ...], str | None]:
    if not isinstance(event, tuple | list) or not 2 <= len(event) <= len(PLACES):
        return (None,) * 5, f"{event!r:.60}: expected ({', '.join(PLACES)}), of which the last three may lack"
    return (*event, *(None,) * (len(PLACES) - len(event))), None


def _name(cell: Any) -> str:
    """An id in a cell. Raises RowError for what is none, or cannot be stored."""
    name = cell if type(cell) is str else name_of(cell)
    if not name.isascii() or "\0" in name:
        check_text(name)
    return name


def _seconds(cell: Any) -> float:
    """The time in a cell, in seconds since 1970, or the number in it; NaN for nothing. Raises RowError."""
    if cell is None or cell == "":
        return math.nan
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return float(cell)
    try:
        moment = cell if isinstance(cell, datetime) else datetime.fromisoformat(str(cell))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError) as error:
        raise RowError(f"time {cell!r:.40}: expected a number, or a date as 2024-05-17 or 2024-05-17T12:30") from error
