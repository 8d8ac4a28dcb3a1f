"""Customers as points: the many rows of each customer become one thing, with what they add up to.

What a column is, the first block of rows with something in it decides, and it stays that: a large file that grows at
its end keeps the columns that it had. Memory is for each customer and column, and each different value of a customer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any, Final

import numpy as np

from knnife.errors import BadInput
from knnife.things.interactions import lookalikes
from knnife.things.reading import Reader, Reading
from knnife.things.rows import Columns, row_value
from knnife.things.taken import Taken
from knnife.things.tallies import CategoryTally, ColumnTally, DateTally, NumberTally, TruthTally, is_there, seconds
from knnife.things.thing import Scalar, Thing
from knnife.things.values import NAMED_ID

BLOCK: Final = 16_384  # rows gathered together
MOSTLY: Final = 0.95  # of the cells are of a kind: the others are mistakes
MANY: Final = 20  # cells from which "most differ" means something
PHRASE: Final = 2  # spaces in a text of three words
ROWS: Final = "rows"
LAST: Final = "last"  # said by the days since, so that it is no part of a point
TOLD: Final = ("sum", "mean", "share", "first", LAST, "days ago", "usual gap", "usual", "usual share", "different")
NAMES: Final = Taken("text", names=True)


class TextTally:
    """A column of sentences, which have no usual one; nothing is kept."""

    misfits, full = 0, False

    def add(self, owners: Any, cells: Sequence[Any]) -> None:
        """Keeps nothing."""

    def told(self, count: int) -> Mapping[str, list[Any]]:
        """Nothing."""
        return {}


NOUNS: Final[Mapping[type[ColumnTally], str]] = {NumberTally: "number", DateTally: "date", TruthTally: "true or false"}


def gathered_names(column: str) -> set[str]:
    """What the columns of a customer may be called that come from this column of the rows, and its own name."""
    return {column, *(f"{column} {told}" for told in TOLD)}


def by_customer(by: str, asked: Columns) -> Columns:
    """The columns to read the rows with whose customer the column `by` names; nothing of them is encoded.

    Raises BadInput where the things are not asked to be rows, or have ids of their own.
    """
    if not asked.kind.whole_rows or asked.id is not None:
        raise BadInput(
            f"by={by!r} makes one thing of the rows of each customer, called by that column: it goes with row=True "
            "(--row), and without id="
        )
    return replace(asked, text=(), id=by, blanks=True, leave_out=frozenset())


def gathered(read: Reader, leave_out: frozenset[str], reading: Reading) -> Iterator[Thing]:
    """A thing for each customer, in the order of their first rows; `read` gives the rows, called by their customers.

    leave_out: columns of the rows, or of the customers, that are metadata only. Raises BadInput where two columns
    would be called alike.
    """
    customers: dict[str, int] = {}
    columns: dict[str, ColumnTally | None] = {}
    counts: Counter[int] = Counter()
    things = iter(read(reading))
    while block := list(islice(things, BLOCK)):
        owners = [customers.setdefault(thing.id or "", len(customers)) for thing in block]
        counts.update(owners)
        _add(columns, np.array(owners, np.int64), [_cells(thing) for thing in block])
    told, source = _told(columns, len(customers))
    _say(reading, columns, customers)
    reading.taken = {f"{name} usual": NAMES for name in columns if f"{name} usual" in told}
    kept_out = [
        name for name in told if name in leave_out or source[name] in leave_out or name == f"{source[name]} {LAST}"
    ]
    encoded = Columns(leave_out=frozenset([*kept_out, *(leave_out & {ROWS})]), blanks=True)
    for name, number in customers.items():
        about: dict[str, Scalar] = {ROWS: counts[number], **{each: cells[number] for each, cells in told.items()}}
        yield Thing(name, row_value(about, encoded), about)


def _cells(thing: Thing) -> Mapping[str, Any]:
    return thing.about if thing.part_of is None else {**thing.about, "part_of": thing.part_of}


def _add(columns: dict[str, ColumnTally | None], owners: Any, rows: Sequence[Mapping[str, Any]]) -> None:
    """Adds a block of rows; a column of which nothing is known yet is of the kind that these say."""
    for name in dict.fromkeys(name for row in rows for name in row):
        cells = [row.get(name) for row in rows]
        column = columns.get(name)
        if column is None:
            column = columns[name] = _column(name, cells)
        if column is not None:
            column.add(owners, cells)


def _column(name: str, cells: Iterable[Any]) -> ColumnTally | None:
    """A column of the kind of these cells; None where there is nothing in them."""
    there = [cell for cell in cells if is_there(cell)]
    if not there:
        return None
    types = Counter(map(type, there))
    enough = MOSTLY * len(there)
    if types[bool] >= enough:
        return TruthTally()
    if types[int] + types[float] >= enough and NAMED_ID.fullmatch(name) is None:
        return NumberTally()
    texts = [cell for cell in there if isinstance(cell, str)]
    if sum(seconds(text) is not None for text in texts) >= enough:
        return DateTally()
    phrases = sum(text.count(" ") >= PHRASE for text in texts)
    is_text = len(texts) >= MANY and 2 * phrases > len(there) and 2 * len(set(texts)) > len(there)
    return TextTally() if is_text else CategoryTally()


def _told(columns: Mapping[str, ColumnTally | None], count: int) -> tuple[dict[str, list[Any]], dict[str, str]]:
    """What the columns come to, by the names that it has for a customer, and the column that each name is of."""
    told: dict[str, list[Any]] = {}
    source: dict[str, str] = {}
    for name, column in columns.items():
        for words, cells in column.told(count).items() if column is not None else ():
            called = f"{name} {words}"
            if called in told:
                raise BadInput(f"{called!r} is told of the columns {source[called]!r} and {name!r}; rename one of them")
            told[called], source[called] = cells, name
    return told, source


def _say(reading: Reading, columns: Mapping[str, ColumnTally | None], customers: Iterable[str]) -> None:
    """Notes on what was read otherwise than it is written, or not at all, and on ids that look alike."""
    reading.notes += [f"{name}: {words}" for name, words in reading.types.items() if name in columns]
    for name, column in columns.items():
        if column is None:
            continue
        if column.misfits:
            noun = NOUNS[type(column)]
            reading.notes.append(f"{name}: {column.misfits:,} cells of another kind than {noun} do not count")
        if column.full or isinstance(column, TextTally):
            why = "too many different values for categories" if column.full else "texts that differ"
            reading.notes.append(f"{name}: {why}; left out")
    if alike := list(lookalikes(customers)):
        one, other = alike[0]
        reading.notes.append(
            f"{len(alike):,} customers are called as others but for case and spaces, and are points of their own: "
            f"{other!r:.60} beside {one!r:.60}"
        )
