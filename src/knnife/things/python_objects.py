"""Things from Python objects: texts, mappings, things, and tables of pandas, polars and Arrow (not imported)."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from knnife.errors import BadInput, BadRow, KnnifeError
from knnife.things.arrow import table_rows
from knnife.things.customers import by_customer, gathered
from knnife.things.kinds import TEXT, Kind, kind_of
from knnife.things.metadata import known
from knnife.things.picture_reader import picture_cell
from knnife.things.pictures import PicturePath, picture_bytes
from knnife.things.reading import Reading, RowError
from knnife.things.rows import Columns, check_thing, mapping_maker, whole_of
from knnife.things.scalars import iso, name_of, scalar
from knnife.things.thing import Thing
from knnife.things.values import check_text

LAST_YEAR = 9999  # of Python's calendar
BLOCK = 10_000  # rows of a data frame that are Python objects at the same time


def as_things(
    anything: Any,
    *,
    text: str | Sequence[str] | None = None,
    id: str | None = None,
    vector: str | None = None,
    row: bool = False,
    by: str | None = None,
    leave_out: str | Iterable[str] = (),
    picture: str | None = None,
    pictures: bool = False,
    types: Mapping[str, str] | None = None,
    blanks: bool = False,
) -> Iterator[Thing]:
    """The things in `anything`, streamed: an iterable of texts, mappings or things, a data frame, or a Reading.

    One thing or mapping is a batch of one; things pass, with ids and metadata as those of rows. text, id, vector: names
    of columns (several of text are joined by line breaks); by default id is the column "id", or there are none. A
    column "part_of" holds the ids of wholes; other columns become metadata. row: the things are the rows themselves,
    encoded but for the columns leave_out. by: the column with the customer of a row: its rows become one thing, which
    tells what they add up to, with warnings of what does not count. pictures: the things are pictures: paths, bytes, or
    rows with a column of these, `picture`. blanks: a text or a row with nothing in it, or None, is a thing all the
    same, with the value "" or "{}", which stands for nothing; else it cannot be stored. Raises BadInput for anything
    else, and BadRow, with the number of the row from 1, for what cannot be stored.
    """
    asked = Columns.asked(text, id, vector, row, leave_out, picture, pictures, types, blanks)
    return _things(anything, asked) if by is None else _by_customer(anything, by, asked)


def _by_customer(anything: Any, by: str, asked: Columns) -> Iterator[Thing]:
    if isinstance(anything, Reading):
        raise BadInput(f"{anything.source} is read already; give by={by!r} to read(...)")
    rows = by_customer(by, asked)
    reading = Reading("the rows given", partial(gathered, lambda _: _things(anything, rows), asked.leave_out))
    yield from reading
    for note in reading.notes:
        warnings.warn(note, stacklevel=2)


def _things(anything: Any, asked: Columns) -> Iterator[Thing]:
    row, blanks = asked.kind.whole_rows, asked.blanks
    make: Callable[[int, Mapping[str, Any]], Thing] | None = None
    was_read = isinstance(anything, Reading)
    for number, item in enumerate(_items(anything), 1):
        try:
            if isinstance(item, Thing):
                thing = item if was_read else _settled(item)
                yield _picture(thing) if asked.kind.in_files else thing
            elif isinstance(item, str | bytes | bytearray | memoryview | os.PathLike) and asked.kind.in_files:
                cell = os.fspath(item) if isinstance(item, os.PathLike) else item
                yield Thing(cell if isinstance(cell, str) else None, *picture_cell(cell, ""))
            elif isinstance(item, str) and not row:
                yield _text(item, blanks)
            elif hasattr(item, "keys"):
                cells = {str(name): item[name] for name in item.keys()}  # noqa: SIM118 - sqlite3.Row has no other way
                make = make or mapping_maker(cells, asked, "the rows given", None)
                yield check_thing(make(number, cells))
            elif blanks and scalar(item) is None:
                yield Thing(None, "{}" if row else "")
            else:
                expected = "a path, bytes, " if asked.kind.in_files else "" if row else "a text, "
                raise RowError(f"expected {expected}a mapping or a Thing, found {type(item).__name__}")
        except RowError as error:
            raise BadRow(f"row {number}", None, str(error)) from error


def numbered(things: Iterable[Thing], source: str = "what was given") -> list[Thing]:
    """The things, those without an id called by their numbers, from 0.

    Raises BadInput where two different things have one id: an answer about it would be about either.
    """
    found = [thing if thing.id is not None else thing._replace(id=str(number)) for number, thing in enumerate(things)]
    places: dict[str | None, int] = {}
    for number, thing in enumerate(found):
        first = places.setdefault(thing.id, number)
        if first != number and not _same(found[first], thing):
            raise BadInput(
                f"{thing.id!r:.100} is the id of rows {first + 1:,} and {number + 1:,} of {source}, and they differ: "
                "name a column whose values are unique, or none"
            )
    return found


def _same(one: Thing, other: Thing) -> bool:
    if one[:4] != other[:4] or (one.vector is None) != (other.vector is None):
        return False
    return one.vector is None or np.array_equal(one.vector, other.vector)


def check_collected(anything: Any) -> None:
    """Raises BadInput for a frame that was not computed yet; to look at its columns would compute them."""
    if hasattr(type(anything), "collect") and hasattr(type(anything), "collect_schema"):
        raise BadInput(f"a {type(anything).__name__} has no rows before it is computed; give its .collect()")


def kind_within(anything: Any) -> Kind:
    """The kind of things that a Reading gives, or a list begins with: one of those in files, else texts."""
    if isinstance(anything, Reading):
        return anything.kind
    if isinstance(anything, Thing):
        anything = [anything]
    first = anything[0] if isinstance(anything, list | tuple) and anything else None
    found = kind_of(first.value if isinstance(first, Thing) else first)
    return found if found.in_files else TEXT


def _settled(thing: Thing) -> Thing:
    """A thing that somebody made, with ids and metadata as readers give them."""
    id, _, about, whole, _ = thing
    try:
        settled = known(about) if isinstance(about, Mapping) else about
    except RowError as error:
        raise RowError(f"thing {id!r}: its metadata cannot be kept as JSON: {error}") from error
    if settled is not about:
        thing = thing._replace(about=settled)
    if id is not None and type(id) is not str:
        thing = thing._replace(id=name_of(id))
    if whole is not None and type(whole) is not str:
        thing = thing._replace(part_of=whole_of(whole))
    return thing


def _picture(thing: Thing) -> Thing:
    """A thing whose path carries the hash of its file; with a vector of its own, there need be no file."""
    value = thing.value
    if not isinstance(value, str) or isinstance(value, PicturePath) or thing.vector is not None:
        return thing
    try:
        return thing._replace(value=PicturePath.of(value, picture_bytes(value)))
    except KnnifeError as error:
        raise RowError(str(error)) from error


def _items(anything: Any) -> Iterable[Any]:
    if isinstance(anything, (str, os.PathLike)):
        raise BadInput(
            f"{str(anything)[:60]!r} is one text: use read(...) for a file of that name, or put the text into a list"
        )
    if isinstance(anything, (Thing, Mapping)):
        return [anything]
    if isinstance(anything, Reading):
        return anything
    check_collected(anything)
    table = _table(anything)
    if table is not None:
        return table
    if not isinstance(anything, Iterable) or isinstance(anything, (bytes, bytearray)):
        raise BadInput(f"expected texts, mappings, things or a table, got {type(anything).__name__}")
    return anything


def _table(anything: Any) -> Iterator[Mapping[str, Any]] | None:
    """The rows of a data frame or an Arrow table; None for anything else."""
    if hasattr(anything, "iter_rows"):  # polars
        rows: Iterator[Mapping[str, Any]] = _within_calendar(anything).iter_rows(named=True)
        return rows
    if hasattr(anything, "iloc") and hasattr(anything, "columns"):  # pandas
        return _pandas_rows(anything)
    has_columns = hasattr(anything, "columns") or hasattr(anything, "schema")
    if hasattr(anything, "__arrow_c_stream__") and has_columns:  # a single column has a stream, too
        return table_rows(anything)
    return None


def _within_calendar(frame: Any) -> Any:
    """A frame of polars with those columns as text in which a date is beyond Python's calendar: it would panic."""
    for name, kind in frame.schema.items():
        if str(kind).startswith("Date"):
            years = frame[name].dt.year()
            if len(years) and not ((years.min() or 1) >= 1 and (years.max() or 1) <= LAST_YEAR):
                texts = [text and iso(text.removeprefix("+")) for text in frame[name].dt.to_string("iso").to_list()]
                frame = frame.with_columns(type(frame[name])(name, texts))
    return frame


def _pandas_rows(frame: Any) -> Iterator[Mapping[str, Any]]:
    if not frame.columns.is_unique:
        raise BadInput("the data frame has several columns of the same name; rename them")
    for start in range(0, len(frame), BLOCK):
        block = frame.iloc[start : start + BLOCK].astype(object)
        yield from block.where(block.notna(), None).to_dict("records")  # pandas knows all its ways to say "missing"


def _text(text: str, blanks: bool) -> Thing:
    if not text or text.isspace():
        if blanks:
            return Thing(None, "")
        raise RowError("empty text")
    check_text(text)
    return Thing(None, text)
