"""csv and tsv: a thing per row.

The standard library's parser in strict mode notices a stray quotation mark where it stands, and goes on with the next
line. Invalid bytes are carried along as surrogates and fault only the row they are in.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from knnife.things.delimited import OpenTable, explained, table_in
from knnife.things.reading import Reading, RowError
from knnife.things.rows import Columns, cells_maker
from knnife.things.thing import Thing


def read_csv(
    stream: io.BufferedReader, reading: Reading, asked: Columns, delimiter: str | None = None
) -> Iterator[Thing]:
    """The rows of a table whose first line names the columns.

    delimiter: by default what the file tells. Rows with too many cells, bad quotation, NULs or invalid UTF-8 are
    broken, and reported by the line they start at; missing cells are empty, and rows of nothing else are passed over.
    Raises BadInput for the header.
    """
    with table_in(stream, reading, delimiter) as table:
        yield from _things(table, reading, asked)


def _things(table: OpenTable, reading: Reading, asked: Columns) -> Iterator[Thing]:
    make = cells_maker(table.names, asked, reading.source)
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
