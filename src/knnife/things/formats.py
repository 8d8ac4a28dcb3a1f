"""Which reader reads what: by the ending of a file; folders, packages and standard input."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from pathlib import Path, PurePath
from typing import Literal

from knnife.errors import BadInput, NotFound
from knnife.things.arrow import read_parquet
from knnife.things.customers import by_customer, gathered
from knnife.things.delimited import checked_delimiter
from knnife.things.documents import PARSERS, is_document, read_document, read_documents
from knnife.things.encodings import known
from knnife.things.files import STDIN, bare, files_below, format_of, is_pattern, lines, matching, opened
from knnife.things.json_rows import read_json, read_jsonl
from knnife.things.kinds import TEXT, kind, kind_of_file
from knnife.things.paths import escaped, real
from knnife.things.picture_reader import picture_things, read_album, read_archive, read_pictures
from knnife.things.pictures import ARCHIVE, ENDINGS
from knnife.things.python_source import read_python
from knnife.things.reading import Folder, OnError, Reading, RowError, Written
from knnife.things.rows import Columns
from knnife.things.tables import read_csv
from knnife.things.thing import Thing
from knnife.things.values import decoded

Per = Literal["line", "paragraph"]
PYTHON = "python:"
ALBUM = 4  # times as many pictures as documents are pictures with a few words about them
ALBUMS = (read_pictures, read_album, read_archive)


def _read_excel(stream: io.BufferedReader, reading: Reading, asked: Columns) -> Iterator[Thing]:
    from knnife.things.excel import read_xlsx  # brings zipfile, which costs as much as all other readers

    yield from read_xlsx(stream, reading, asked)


TableReader = Callable[[io.BufferedReader, Reading, Columns], Iterator[Thing]]
TABLES: dict[str, TableReader] = {
    ".csv": read_csv,
    ".json": read_json,
    ".jsonl": read_jsonl,
    ".ndjson": read_jsonl,
    ".parquet": read_parquet,
    ".tsv": partial(read_csv, delimiter="\t"),
    ".xlsm": _read_excel,
    ".xlsx": _read_excel,
}
BINARY = (".parquet", ".xlsm", ".xlsx")  # which no encoding of text is for
TEXTS = (".text", ".txt")


def read(
    source: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    *,
    text: str | Sequence[str] | None = None,
    id: str | None = None,
    vector: str | None = None,
    picture: str | None = None,
    row: bool = False,
    by: str | None = None,
    leave_out: str | Sequence[str] = (),
    per: Per = "line",
    pictures: bool | None = None,
    on_error: OnError = "stop",
    encoding: str | None = None,
    delimiter: str | None = None,
    types: Mapping[str, str] | None = None,
    blanks: bool = False,
) -> Reading:
    """The things in `source`, streamed.

    source: a file (csv, tsv, json, jsonl, parquet, xlsx, txt, md, html; each may be packed), a folder of documents
        (txt, md, html), "-" for standard input, or the documentation of a Python package ("python:json",
        "python:stdlib").
        Pictures: a file, a folder, a zip archive of them, or a list of their paths. A pattern ("photos/**/*.jpg")
        stands for the pictures or documents that match it.
    text, id, vector: the names of columns. Several text columns are joined by line breaks. By default text is the first
        column called "text", "content", "body", "value" or "document", and id the column "id", else the place
        ("films.csv#1"). A column "part_of" holds the ids of wholes; other columns become metadata. Standard input is
        lines of text, or JSON lines if a column is named.
    picture: of a table, the column with the paths of pictures, relative to its folder, or their bytes.
    row: the things are the rows of a table, for an encoder of rows (`knnife.RowEncoder`): the value is the JSON of what
        is encoded, every column is metadata. leave_out: columns that are metadata only. Standard input is JSON lines or
        csv. by: the column with the customer of a row: its rows become one thing, which tells what they add up to.
    per: "line" or "paragraph" of a text file.
    pictures: whether the things are pictures. None: decided by the files; a folder of documents and more pictures needs
        it.
    on_error: "stop" raises BadRow at the first row or picture that cannot be used, "skip" counts it in the Reading.
    encoding: of texts that are no UTF-8, such as "latin-1"; what begins with a byte order mark needs none.
    delimiter: between the cells of a csv file, one character or "tab"; by default, what its first lines tell.
    types: how columns are read that become metadata, or parts of a row: "text", "number", "decimal comma",
        "true/false", "M/D/Y", "D/M/Y", "Y/M/D" (dates, which become ISO 8601) or "list" (JSON). By default all cells of
        a column of csv decide together, and the Reading says in `types` what was taken for what. A cell that does not
        fit the type that is stated breaks its row; empty ones, and NA, - and their like, are None.
    blanks: a row of a table with nothing in it is a thing all the same, with the value "" or "{}"; else it is broken.

    A picture is called by its path, which is its value; width, height, format, bytes, and when it was taken become
    metadata. Raises NotFound for what does not exist and BadInput for what cannot be read.
    """
    if per not in ("line", "paragraph"):
        raise BadInput(f'per={per!r}: expected "line" or "paragraph"')
    asked = Columns.asked(text, id, vector, row, leave_out, picture, bool(pictures), types, blanks)
    left_out, asked = asked.leave_out, asked if by is None else by_customer(by, asked)
    written = written_so(encoding, delimiter)
    if isinstance(source, list | tuple):
        return _several_pictures([_name(each) for each in source], asked, pictures, on_error)
    name = _name(source)
    if not name.startswith(PYTHON):
        name = PurePath(name).as_posix()
    unread: list[tuple[str, str]] = []
    reader = _several(name, asked, pictures, unread) or _pictures(name, asked, pictures) or _reader(name, asked, per)
    reader = reader if by is None else partial(gathered, reader, left_out)
    whole = reader.func in (read_document, read_documents, read_python)
    own = kind("image") if reader.func in ALBUMS or asked.kind.in_files else TEXT
    reading = Reading(name, reader, on_error, complete=whole, kind=own, written=written)
    if reader.func in (read_documents, read_album) and os.path.isdir(real(name)):
        takes = is_document if reader.func is read_documents else lambda name: kind_of_file(name) is not None
        begin = "" if name == "." else f"{name.rstrip('/')}/"
        reading.folder = Folder(begin, frozenset(reader.args[0]), takes, tuple(unread))
    return reading


def written_so(encoding: str | None, delimiter: str | None) -> Written | None:
    """How a source is written, as somebody says; None where nothing is said. Raises BadInput."""
    if encoding is None and delimiter is None:
        return None
    return Written(
        None if encoding is None else known(encoding), None if delimiter is None else checked_delimiter(delimiter)
    )


def _name(source: object) -> str:
    """A source as a text. Raises BadInput where it is none, or empty."""
    if not isinstance(source, (str, os.PathLike)):
        raise BadInput(
            f"read takes a path, got {type(source).__name__}; give it to add(...) or as_things(...) as it is"
        )
    name = os.fspath(source)
    if not isinstance(name, str):
        raise BadInput(f"a path is a text, got {name!r:.60}")
    name = escaped(name)
    if not name:  # a path of "" means the current folder, which nobody means
        raise BadInput('the source is "", an empty path; expected a file, a folder, "-", or python:PACKAGE')
    return name


def _several_pictures(names: list[str], asked: Columns, pictures: bool | None, on_error: OnError) -> Reading:
    """The pictures with these paths; what else they may be is only read one source at a time."""
    others = [name for name in names if not kind_of_file(name)]
    if not names or pictures is False or (others and not pictures):
        what = repr(others[0]) if others else "none at all" if not names else "pictures=False"
        raise BadInput(
            f"read takes a path, got list; of several, only pictures are read together, which end in "
            f"{' '.join(sorted(ENDINGS))}: got {what}. Texts go to add(...) or as_things(...) as they are"
        )
    _refuse_columns("a list of paths", asked, in_files=True)
    names = [PurePath(name).as_posix() for name in names]
    found = [each for name in names for each in (matching(name) if is_pattern(name) else [name])]
    source = names[0] if len(names) == 1 else f"{len(found):,} pictures"
    return Reading(source, partial(read_pictures, found), on_error, kind=kind("image"))


def _several(
    name: str, asked: Columns, pictures: bool | None, unread: list[tuple[str, str]]
) -> partial[Iterator[Thing]] | None:
    """How the files in a folder, or those that match a pattern, are read; None where `name` is neither.

    As documents where there are as many of them as pictures, as pictures where these are many times as many. Raises
    BadInput where it is neither. What is passed over is counted; unread: gets the folders that cannot be looked into.
    """
    is_folder = os.path.isdir(real(name))
    if name == STDIN or name.startswith(PYTHON) or not (is_folder or is_pattern(name)):
        return None
    _refuse_columns(f"{name}, read as documents or pictures,", asked, in_files=True)
    names = sorted(files_below(Path(real(name)), unread)) if is_folder else matching(name)
    shown, told = sum(1 for _ in filter(kind_of_file, names)), sum(map(is_document, names))
    if pictures is None and ALBUM * told > shown > told:
        raise BadInput(
            f"{name} holds pictures ({shown:,}) and documents ({told:,}), which go into different spaces: say which "
            "with pictures=True or pictures=False (--pictures or --no-pictures)"
        )
    return partial(read_album if pictures or (pictures is None and shown > told) else read_documents, names)


def _pictures(name: str, asked: Columns, pictures: bool | None) -> partial[Iterator[Thing]] | None:
    """How a picture, an archive or a list of paths is read; None for everything else."""
    ending = format_of(name)
    if name == STDIN:
        return partial(_listed_pictures) if pictures and not asked.picture else None
    if name.startswith(PYTHON) or ending in TABLES:
        return None
    if not os.path.exists(real(name)):
        raise NotFound(f"no such file or folder: {name}")
    if not (kind_of_file(name) or ending == ARCHIVE or pictures):
        return None
    if pictures is False:
        raise BadInput(f"{name} holds pictures, and pictures=False (--no-pictures) asks for none")
    _refuse_columns(name, asked, in_files=True)
    return partial(read_archive, name) if ending == ARCHIVE else partial(read_pictures, [name])


def _reader(name: str, asked: Columns, per: Per) -> partial[Iterator[Thing]]:
    """How a table, a text, a document, a package or standard input is read."""
    ending = format_of(name)
    if name == STDIN:
        if asked.used or asked.types or asked.kind.reading:
            return partial(_table, name, _read_rows if asked.kind.whole_rows else _read_objects, asked)
    elif name.startswith(PYTHON):
        _refuse_columns(name, asked)
        return partial(read_python, name.removeprefix(PYTHON))
    elif ending in TABLES:
        if not os.path.exists(real(name)):
            raise NotFound(f"no such file or folder: {name}")
        return partial(_table, name, TABLES[ending], asked)
    _refuse_columns(name, asked)
    if name == STDIN or ending in TEXTS:
        return partial(_texts, name, per)
    if ending in PARSERS:
        return partial(read_document, name)
    known = " ".join([*TABLES, *PARSERS, *sorted(ENDINGS), ARCHIVE])
    raise BadInput(f"{name}: unknown format; expected a folder, or a name that ends in {known}")


def _refuse_columns(name: str, asked: Columns, in_files: bool = False) -> None:
    """Raises BadInput where columns are named, or things that a source without columns does not have."""
    if asked.kind.in_files and not in_files:
        raise BadInput(f"{name} has no pictures: expected a table, a folder, a zip archive or a picture")
    if asked.kind.whole_rows:
        raise BadInput(f"{name} has no rows: expected a table ({' '.join(TABLES)})")
    if asked.used or asked.types:
        raise BadInput(f"{name} has no columns: leave out text=, id=, vector=, picture= and types=")


def _table(name: str, reader: TableReader, asked: Columns, reading: Reading) -> Iterator[Thing]:
    with (bare if format_of(name) in BINARY else opened)(name, reading) as stream:
        yield from reader(stream, reading, asked)


def _read_rows(stream: io.BufferedReader, reading: Reading, asked: Columns) -> Iterator[Thing]:
    """Rows on standard input, which has no ending: JSON begins with a bracket, and no header of a csv file does."""
    begins = stream.peek(1)[:256].lstrip()[:1]
    return (read_json if begins == b"[" else read_jsonl if begins == b"{" else read_csv)(stream, reading, asked)


def _read_objects(stream: io.BufferedReader, reading: Reading, asked: Columns) -> Iterator[Thing]:
    """Objects on standard input: one a line, or the array of a json file."""
    is_array = stream.peek(1)[:256].lstrip()[:1] == b"["
    return (read_json if is_array else read_jsonl)(stream, reading, asked)


def _listed_pictures(reading: Reading) -> Iterator[Thing]:
    """The pictures whose paths are the lines of standard input."""
    with opened(STDIN, reading) as stream:
        for line, path in lines(stream, reading, STDIN):
            try:
                name = decoded(path).strip("\r\n")
            except RowError as error:
                reading.fault(line, error)
            else:
                yield from picture_things([name] if name else [], reading)


def _texts(name: str, per: Per, reading: Reading) -> Iterator[Thing]:
    """The lines of a text that are not blank, or its paragraphs without broken lines, called `<source>#<number>`."""
    with opened(name, reading) as stream:
        texts = _lines(stream, reading)
        for number, text in enumerate(_paragraphs(texts) if per == "paragraph" else texts, 1):
            if text:
                yield Thing(None if name == STDIN else f"{name}#{number}", text)


def _lines(stream: io.BufferedReader, reading: Reading) -> Iterator[str | None]:
    """Every line without the space around it; None for a broken one."""
    expected = 1
    for number, piece in lines(stream, reading, reading.source):
        yield from [None] * (number - expected)  # too long: `lines` left them out
        expected = number + 1
        try:
            yield decoded(piece).strip()
        except RowError as error:
            reading.fault(number, error)
            yield None


def _paragraphs(lines: Iterable[str | None]) -> Iterator[str | None]:
    gathered: list[str | None] = []
    for line in chain(lines, [""]):
        if line != "":
            gathered.append(line)
        elif gathered:
            yield None if None in gathered else "\n".join(filter(None, gathered))
            gathered = []
