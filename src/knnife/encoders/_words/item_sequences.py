"""Rows as sentences of items: films in the order in which a person watched them, one sequence a person.

Items that the same people use then get near vectors, as words do that occur together (Barkan and Koenigstein,
"Item2Vec", 2016, arXiv 1603.04259).
"""

from __future__ import annotations

import os
import warnings
from array import array
from collections.abc import Iterable, Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from knnife.encoders._words.corpus import END, Corpus, expanded, of_readings
from knnife.things import Reading, as_things, read
from knnife.things.events import cell_of
from knnife.things.reading import OnError
from knnife.things.rows import listed

AT_ONCE: Final = 1 << 16  # items in a block


def histories(rows: Any, *, items: str, by: str, order: str | None = None, on_error: OnError = "stop") -> Corpus:
    """The items of each group, one sequence each.

    rows: the path of a table, or several; a data frame, or mappings. items, by, order: names of columns; a row that
    lacks one of them is broken. Without `order` the rows stand in order already. Numbers are sorted as numbers, all
    else as text (dates as 2024-05-17). The rows are gathered in memory, as numbers, with the names of items and groups.
    """
    columns = [items, by] if order is None else [items, by, order]
    return of_readings(_sources(rows, on_error), lambda readings: _sequences(readings, columns))


def _sources(rows: Any, on_error: OnError) -> list[Reading]:
    if isinstance(rows, (str, os.PathLike)):
        rows = [os.fspath(rows)]
    if isinstance(rows, list | tuple) and rows and all(isinstance(row, (str, os.PathLike)) for row in rows):
        names = [name for row in rows for name in expanded(os.fspath(row))]
        return [read(name, row=True, on_error=on_error) for name in names]
    return [Reading("the rows given", lambda _: as_things(rows, row=True), on_error)]


def _sequences(sources: Iterable[Reading], columns: list[str]) -> Iterator[list[bytes]]:
    item_of: dict[str, int] = {}
    group_of: dict[str, int] = {}
    items, groups, order = array("i"), array("i"), list[Any]()
    for source in sources:
        for number, thing in enumerate(source, 1):
            cells = [cell_of(thing, name) for name in columns]
            if None in cells:
                missing = columns[cells.index(None)]
                why = f"nothing in column {missing!r}; the columns are: {listed(thing.about)}"
                source.fault(None, why, f"{source.source}, row {number}")
                continue
            items.append(item_of.setdefault(str(cells[0]), len(item_of)))
            groups.append(group_of.setdefault(str(cells[1]), len(group_of)))
            order += cells[2:]
            if number % AT_ONCE == 0:
                yield []  # so that progress is reported
    group = np.frombuffer(groups, np.int32)
    places = _in_order(group, order)
    yield from _blocks([name.encode() for name in item_of], np.frombuffer(items, np.int32)[places], group[places])


def _in_order(groups: NDArray[np.int32], order: list[Any]) -> NDArray[np.int64]:
    """Group by group, each by `order`, else as the rows stand."""
    if not order:
        return np.argsort(groups, kind="stable")
    others = [cell for cell in order if not isinstance(cell, int | float)]
    numbers = not others
    if 0 < len(others) < len(order):
        warnings.warn(
            f"what is sorted by has numbers and others, such as {others[0]!r:.40}: all is sorted as text, 10 before 9",
            stacklevel=2,
        )
    key = np.array(order, np.float64) if numbers else np.array([str(cell) for cell in order])
    return np.lexsort((key, groups))


def _blocks(names: list[bytes], items: NDArray[np.int32], groups: NDArray[np.int32]) -> Iterator[list[bytes]]:
    """The names of the items, `END` behind each group."""
    ends = np.append(groups[1:] != groups[:-1], True)
    for start in range(0, len(items), AT_ONCE):
        block: list[bytes] = []
        stop = start + AT_ONCE
        for item, end in zip(items[start:stop].tolist(), ends[start:stop].tolist(), strict=False):
            block.append(names[item])
            if end:
                block.append(END)
        yield block
