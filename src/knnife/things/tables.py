"""csv and tsv: a thing per row.

The standard library's parser in strict mode notices a stray quotation mark where it stands, and goes on with the next
line. Invalid bytes are carried along as surrogates and fault only the row they are in.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator

from knnife.things.cell_types import Shapes
from knnife.things.delimited import OpenTable, explained, table_in
from knnife.things.reading import Reading, RowError
from knnife.things.rows import Columns, cells_maker
from knnife.things.stated import undecided
from knnife.things.survey import looked_through, readers, seen_in
from knnife.things.thing import Thing


def read_csv(
    stream: io.BufferedReader, reading: Reading, asked: Columns, delimiter: str | None = None
) -> Iterator[Thing]:
    """The rows of a table whose first line names the columns.

    delimiter: by default what the file tells. Rows with too many cells, bad quotation, NULs or invalid UTF-8 are
    broken, and reported by the line they start at; missing cells are empty, and rows of nothing else are passed over.
    Raises BadInput for the header.
    """
    seen: dict[str, Shapes] = {}

    def survey(whole: io.BufferedReader, quiet: Reading) -> None:
        with table_in(whole, quiet, delimiter) as table:
            columns = asked.found(table.names)
            used = columns.settled(table.names, reading.source).used
            seen_in(table.rows, table.names, undecided(table.names, columns.types, used, reading.source), seen)

    with looked_through(stream, reading, survey) as whole, table_in(whole, reading, delimiter) as table:
        columns = asked.found(table.names)
        types = readers(seen, columns.types, reading, table.delimiter)
        yield from _things(table, reading, cells_maker(table.names, columns, reading.source, types))


def _things(table: OpenTable, reading: Reading, make: Callable[[int, list[str]], Thing]) -> Iterator[Thing]:
    rows, exact, width = table.rows, table.exact, len(table.names)
    number = 0
    while True:
        line = rows.line_num + 1
        try:
            for cells in rows:
                if cells:  # a blank line is no row
                    number += 1
                    if exact and len(cells) < width:
                        raise RowError(f"{len(cells)} cells, where every other line has {width}")
                    yield make(number, cells)
                line = rows.line_num + 1
            return
        except RowError as error:
            if any(map(str.strip, cells)):  # rows of nothing but delimiters count, and are none
                reading.fault(line, error)
        except csv.Error as error:
            number += 1
            reading.fault(line, explained(error))
