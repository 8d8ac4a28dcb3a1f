"""Which reader reads what: by the ending of a file; folders, packages and standard input."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path, PurePath

from knnife.errors import BadInput, NotFound
from knnife.things.arrow import read_parquet
from knnife.things.documents import PARSERS, read_document, read_folder
from knnife.things.files import STDIN, format_of, opened
from knnife.things.json_rows import read_json, read_jsonl
from knnife.things.python_source import read_python
from knnife.things.reading import OnError, Reading
from knnife.things.rows import Columns
from knnife.things.tables import read_csv
from knnife.things.texts import Per, read_texts
from knnife.things.thing import Thing

PYTHON = "python:"

TableReader = Callable[[io.BufferedReader, Reading, Columns], Iterator[Thing]]
TABLES: dict[str, TableReader] = {
    ".csv": read_csv,
    ".json": read_json,
    ".jsonl": read_jsonl,
    ".ndjson": read_jsonl,
    ".parquet": read_parquet,
    ".tsv": partial(read_csv, delimiter="\t"),
}
TEXTS = (".text", ".txt")


def read(
    source: str | os.PathLike[str],
    *,
    text: str | Sequence[str] | None = None,
    id: str | None = None,
    vector: str | None = None,
    row: bool = False,
    leave_out: str | Sequence[str] = (),
    per: Per = "line",
    on_error: OnError = "stop",
) -> Reading:
    """The things in `source`, streamed.

    source: a file (csv, tsv, json, jsonl, parquet, txt, md, html; each may be gzipped), a folder of documents
        (txt, md, html), "-" for standard input, or the documentation of a Python package ("python:json",
        "python:stdlib").
    text, id, vector: the names of columns. Several text columns are joined by line breaks; without text= a
        column with a usual name is taken ("text", "content", "body", "value", "document"). Without id= a column
        named "id" is taken, or things are called by their place: "films.csv#1". A column named "part_of" holds
        the ids of wholes. The other columns become metadata. Standard input is lines
        of text, or JSON lines if a column is named.
    row: the things are the rows of a table, for an encoder of rows (`knnife.RowEncoder`): the value is the JSON of what
        is encoded, every column is metadata. leave_out: columns that are metadata only, such as a label. Standard
        input is JSON lines, or csv where it does not begin like JSON.
    per: "line" or "paragraph" of a text file. on_error: "stop" raises BadRow at the first row that cannot be
    used, "skip" counts it in the Reading and goes on.

    Raises NotFound for what does not exist and BadInput for what cannot be read.
    """
    if not isinstance(source, (str, os.PathLike)):
        raise BadInput(
            f"read takes a path, got {type(source).__name__}; give it to add(...) or as_things(...) as it is"
        )
    if per not in ("line", "paragraph"):
        raise BadInput(f'per={per!r}: expected "line" or "paragraph"')
    name = os.fspath(source)
    if not name:  # a path of "" means the current folder, which nobody asked for
        raise BadInput('the source is "", an empty path; expected a file, a folder, "-", or python:PACKAGE')
    asked = Columns.asked(text, id, vector, row, leave_out)
    if not name.startswith(PYTHON):
        name = PurePath(name).as_posix()
    reader = _reader(name, asked, per)
    return Reading(name, reader, on_error, complete=reader.func in (read_document, read_folder, read_python))


def _reader(name: str, asked: Columns, per: Per) -> partial[Iterator[Thing]]:
    """The function that reads `name`, after a look at what it is."""
    ending = format_of(name)
    if name == STDIN:
        if asked.any:
            return partial(_table, name, _read_rows if asked.row else read_jsonl, asked)
    elif name.startswith(PYTHON):
        _refuse_columns(name, asked)
        return partial(read_python, name.removeprefix(PYTHON))
    elif not Path(name).exists():
        raise NotFound(f"no such file or folder: {name}")
    elif ending in TABLES and not Path(name).is_dir():
        return partial(_table, name, TABLES[ending], asked)
    _refuse_columns(name, asked)
    if Path(name).is_dir():
        return partial(read_folder, Path(name))
    if name == STDIN or ending in TEXTS:
        return partial(_texts, name, per)
    if ending in PARSERS:
        return partial(read_document, name)
    raise BadInput(f"{name}: unknown format; expected a folder, or a name that ends in {' '.join([*TABLES, *PARSERS])}")


def _refuse_columns(name: str, asked: Columns) -> None:
    if asked.row:
        raise BadInput(f"{name} has no rows: expected a table ({' '.join(TABLES)})")
    if asked.any:
        raise BadInput(f"{name} has no columns: leave out text=, id= and vector=")


def _table(name: str, reader: TableReader, asked: Columns, reading: Reading) -> Iterator[Thing]:
    with opened(name, reading) as stream:
        yield from reader(stream, reading, asked)


def _read_rows(stream: io.BufferedReader, reading: Reading, asked: Columns) -> Iterator[Thing]:
    """Rows on standard input, which has no ending: JSON begins with a bracket, and no header of a csv file does."""
    is_json = stream.peek(1)[:256].lstrip()[:1] in (b"{", b"[")
    return (read_jsonl if is_json else read_csv)(stream, reading, asked)


def _texts(name: str, per: Per, reading: Reading) -> Iterator[Thing]:
    with opened(name, reading) as stream:
        yield from read_texts(stream, reading, per)
