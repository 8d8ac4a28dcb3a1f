"""csv and tsv: a header that names the columns, then a thing per row.

The standard library's parser in strict mode notices a stray quotation mark where it stands, and goes on with the next
line. Invalid bytes are carried along as surrogates and fault only the row they are in.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

from knnife.errors import BadInput
from knnife.things.files import LONGEST_LINE
from knnife.things.reading import Reading, RowError
from knnife.things.rows import Columns, cells_maker, listed
from knnife.things.thing import Thing

if TYPE_CHECKING:
    import _csv

LONGEST_CELL = 32 << 20
DELIMITERS = ",;\t|"


def read_csv(
    stream: io.BufferedReader, reading: Reading, asked: Columns, delimiter: str | None = None
) -> Iterator[Thing]:
    """The rows of a table whose first line names the columns.

    delimiter: by default the one that the header has most of. Rows with too many cells, bad quotation, NULs or invalid
    UTF-8 are broken, and reported by the line they start at; missing cells are empty. Raises BadInput for the header.
    """
    # The limit belongs to the whole process; it is only ever raised.
    csv.field_size_limit(max(csv.field_size_limit(), LONGEST_CELL))
    text = io.TextIOWrapper(stream, "utf-8", "surrogateescape", newline="")
    try:
        first = text.readline(LONGEST_LINE)
        delimiter = delimiter or max(DELIMITERS, key=first.count)
        pieces = chain([first], iter(partial(text.readline, LONGEST_LINE), ""))
        rows = csv.reader(pieces, delimiter=delimiter, strict=True)
        yield from _things(rows, reading, asked)
    finally:
        text.detach()  # the stream is closed where it was opened


def _things(rows: _csv.Reader, reading: Reading, asked: Columns) -> Iterator[Thing]:
    header = _header(rows, reading.source)
    make = cells_maker(header, asked, reading.source)
    number = 0
    while True:
        line = rows.line_num + 1
        try:
            for cells in rows:
                if cells:  # a blank line is no row
                    number += 1
                    yield make(number, cells)
                line = rows.line_num + 1
            return
        except RowError as error:
            reading.fault(line, error)
        except csv.Error as error:
            number += 1
            reading.fault(line, _explained(error))


def _header(rows: _csv.Reader, source: str) -> list[str]:
    try:
        names = next((cells for cells in rows if cells), None)
    except csv.Error as error:
        raise BadInput(f"{source}: the header cannot be read: {_explained(error)}") from error
    if names is None:
        raise BadInput(f"{source} is empty, expected a first line that names the columns")
    names = [name.strip() or f"column {i}" for i, name in enumerate(names, 1)]  # pandas leaves its index unnamed
    repeated = [name for name, times in Counter(names).items() if times > 1]
    if repeated:
        raise BadInput(f"{source}: the header names {listed(repeated)} more than once; rename one of them")
    if not all(name.isprintable() for name in names):
        raise BadInput(f"{source}: the first line names no columns (is the file binary, or not UTF-8?)")
    return names


def _explained(error: csv.Error) -> str:
    if "field larger" in str(error):
        return f"a cell of more than {LONGEST_CELL >> 20} MB: is a quotation mark not closed?"
    return f"bad quotation ({error}); a quotation mark inside of a quoted cell must be doubled"
