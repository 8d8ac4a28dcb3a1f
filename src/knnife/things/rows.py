"""From a row to a thing: which columns are text, id and vector, and how the others become metadata.

Rows of csv files come as lists of cells (`cells_maker`), all others as mappings (`mapping_maker`). A maker is a
function `(row number, row) -> Thing` that raises RowError for a row that cannot be used. These are the innermost loops
of reading, a few hundred nanoseconds each, so makers are closures over what is known about the columns.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from knnife.errors import BadInput
from knnife.things.delimited import tidied
from knnife.things.files import STDIN
from knnife.things.kinds import TEXT, Kind, kind
from knnife.things.metadata import known
from knnife.things.picture_reader import picture_cell
from knnife.things.reading import RowError
from knnife.things.scalars import name_of, scalar
from knnife.things.stated import as_stated, stated, stated_readers
from knnife.things.taken import CellType, Value
from knnife.things.thing import Thing
from knnife.things.values import VectorCells, check_text

USUAL_TEXT = ("text", "content", "body", "value", "document")
USUAL_PICTURE = ("picture", "image", "photo", "path", "file", "filename", "file_name", "value")

_as_json = json.JSONEncoder(ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")).encode
_new = tuple.__new__  # of a Thing: a third of the time that its own constructor takes


@dataclass(frozen=True)
class Columns:
    """The columns that mean something. `text` None: not chosen yet, or no text at all beside a vector.

    kind: of the things. leave_out: of the value of a row. picture: the column with paths or bytes of pictures. types:
    how other columns are read, where the user says it. blanks: a row, or a text, with nothing in it is a thing all the
    same; see `is_blank`.
    """

    text: tuple[str, ...] | None = None
    id: str | None = None
    vector: str | None = None
    part_of: str | None = None
    kind: Kind = TEXT
    leave_out: frozenset[str] = frozenset()
    picture: str | None = None
    types: Mapping[str, CellType] = field(default_factory=dict)
    blanks: bool = False

    @classmethod
    def asked(
        cls,
        text: str | Sequence[str] | None,
        id: str | None,
        vector: str | None,
        row: bool = False,
        leave_out: Iterable[str] = (),
        picture: str | None = None,
        pictures: bool = False,
        types: Mapping[str, str] | None = None,
        blanks: bool = False,
    ) -> Columns:
        """The columns as a user names them: `text` and `leave_out` are one name or several."""
        texts, left_out = None if text is None else several(text), frozenset(several(leave_out))
        if texts == ():
            raise BadInput("text=(): expected the name of a column, or of several")
        if row and (texts or vector):
            raise BadInput("row=True makes a point of the whole row: leave out text= and vector=")
        if left_out and not row:
            raise BadInput("leave_out= goes with row=True: of texts, only what text= names is encoded")
        if (pictures or picture) and (texts or row):
            raise BadInput("the things are pictures: leave out text= and row=; other columns become metadata")
        own = kind("image" if pictures or picture is not None else "row" if row else "text")
        return cls(texts, id, vector, None, own, left_out, picture, stated(types) if types else {}, blanks)

    @property
    def whole_rows(self) -> bool:
        """Whether a row is the value; of rows that are gathered (customers.py), text is (), and nothing is encoded."""
        return self.kind.whole_rows and self.text is None

    @property
    def used(self) -> frozenset[str]:
        """The columns that do not become metadata."""
        single = (self.id, self.vector, self.part_of, self.picture)
        return frozenset([*(self.text or ()), *(name for name in single if name)])

    def found(self, names: Iterable[str]) -> Columns:
        """With the names that are there for those that differ from them only by what nobody sees."""
        there = set(names)
        wanted = {*self.used, *self.leave_out, *self.types} - there
        if not wanted:
            return self
        tidy = {tidied(name): name for name in there if isinstance(name, str)}
        real = {name: tidy.get(tidied(name), name) for name in wanted}

        def one(name: str | None) -> str | None:
            return real.get(name, name) if name else name

        text = None if self.text is None else tuple(real.get(name, name) for name in self.text)
        left_out = frozenset(real.get(name, name) for name in self.leave_out)
        picture, vector = one(self.picture), one(self.vector)
        types = {real.get(name, name): type for name, type in self.types.items()}
        found = replace(self, text=text, id=one(self.id), vector=vector, leave_out=left_out, picture=picture)
        return replace(found, types=types)

    def settled(self, names: Iterable[str], source: str) -> Columns:
        """With unnamed columns chosen by their usual names. Raises BadInput without a text and a vector."""
        names = [name for name in names if name not in self.used]
        settled = replace(self, part_of="part_of" if "part_of" in names else None)
        if self.id is None and "id" in names:
            settled = replace(settled, id="id")
        if self.text is not None or self.kind.whole_rows or self.picture is not None:
            return settled
        if self.kind.in_files:
            return replace(settled, picture=_usual_picture(names, source))
        usual = next((name for name in USUAL_TEXT if name in names), None)
        if usual is not None:
            return replace(settled, text=(usual,))
        if self.vector is not None:
            return settled
        raise BadInput(
            f"{source}: which column is the text? Name it with text= (--text on the command line), or take whole rows "
            f"with row=True (--row); the columns are: {listed(names)}"
        )


def _usual_picture(names: Sequence[str], source: str) -> str:
    """The column that has the pictures, by its usual name. Raises BadInput where there is none."""
    usual = next((name for name in USUAL_PICTURE if name in names), None)
    if usual is None:
        raise BadInput(
            f"{source}: which column has the paths of the pictures, or their bytes? Name it with picture= (--picture "
            f"on the command line); the columns are: {listed(names)}"
        )
    return usual


def several(given: str | Iterable[str]) -> tuple[str, ...]:
    """One name or several, as a tuple."""
    return (given,) if isinstance(given, str) else tuple(given)


def listed(names: Iterable[object]) -> str:
    """Names for an error message, cut where there are too many."""
    shown = [str(name) for name in names]
    return ", ".join(shown[:30]) + (f" and {len(shown) - 30} more" if len(shown) > 30 else "")


def is_blank(value: Any) -> bool:
    """Whether this is the value of a text, or of a row, with nothing in it."""
    return value in ("", "{}")


def cells_maker(
    header: list[str], asked: Columns, source: str, types: Mapping[str, Mapping[str, Value] | None]
) -> Callable[[int, list[str]], Thing]:
    """The maker for rows of cells under this header. Raises BadInput when a named column is not there.

    types: what reads the cells of each column; None, or nothing, for texts.
    """
    asked = asked.found(header)
    missing = sorted(asked.used - set(header))
    if missing:
        raise BadInput(f"{source} has no column {listed(missing)}; its columns are: {listed(header)}")
    columns = asked.settled(header, source)
    texts = [header.index(name) for name in columns.text or ()]
    sole, whole_rows = texts[0] if len(texts) == 1 else None, columns.whole_rows
    id_at = None if columns.id is None else header.index(columns.id)
    vector_at = None if columns.vector is None else header.index(columns.vector)
    whole_at = None if columns.part_of is None else header.index(columns.part_of)
    picture_at, folder = None if columns.picture is None else header.index(columns.picture), os.path.dirname(source)
    others = [(name, i, types.get(name)) for i, name in enumerate(header) if name not in columns.used]
    width, vectors = len(header), VectorCells()
    prefix = None if source == STDIN else source

    def make(number: int, cells: list[str]) -> Thing:
        if len(cells) != width:
            cells = _fitted(cells, width)
        row = "".join(cells)
        if not row.isascii() or "\0" in row:
            check_text(row)
        identity = (prefix and f"{prefix}#{number}") if id_at is None else cells[id_at] or name_of("")
        about = known({name: (cells[i] or None) if values is None else values[cells[i]] for name, i, values in others})
        value: str | bytes | None = "" if sole is None else cells[sole]
        if picture_at is not None:
            value, about = _picture(cells[picture_at], folder, about)
        elif whole_rows:
            value = row_value(about, columns, (cells[i] for name, i, _ in others if name not in columns.leave_out))
        elif not value or value.isspace():
            value = _text([cells[i] for i in texts], vector_at is not None, columns.blanks)
        vector = None if vector_at is None else vectors.read(cells[vector_at])
        whole = None if whole_at is None else cells[whole_at] or None
        return _new(Thing, (identity, value, about, whole, vector))

    return make


def mapping_maker(
    first: Iterable[str], asked: Columns, source: str, prefix: str | None
) -> Callable[[int, Mapping[str, Any]], Thing]:
    """The maker for rows that are mappings; first: the names of the first one. `check_thing` has to check its things.

    Without an id column things are called `prefix#<row number>`, or not at all when `prefix` is None.
    """
    first = list(first)
    columns = asked.found(first).settled(first, source)
    texts, id_name, vector_name = columns.text or (), columns.id, columns.vector
    whole_name, used = columns.part_of, columns.used - {columns.part_of}
    picture_name, folder = columns.picture, os.path.dirname(source)
    sole, whole_rows = texts[0] if len(texts) == 1 else None, columns.whole_rows
    vectors = VectorCells()
    typed = stated_readers(columns.types, [*first], columns.used, source) if columns.types else {}

    def make(number: int, row: Mapping[str, Any]) -> Thing:
        others = dict(row)
        whole = None if whole_name is None else others.pop(whole_name, None)
        for name in used:
            if name not in others:
                raise RowError(f"no {name}; it has: {listed(row)}")
            del others[name]
        about = as_stated(known(others), typed) if typed else known(others)
        value = None if sole is None else row[sole]
        if picture_name is not None:
            value, about = _picture(row[picture_name], folder, about)
        elif whole_rows:
            value = row_value(about, columns)
        elif type(value) is not str or not value or value.isspace():
            value = _text([row[name] for name in texts], vector_name is not None, columns.blanks)
        identity = (prefix and f"{prefix}#{number}") if id_name is None else name_of(row[id_name])
        vector = None if vector_name is None else vectors.read(row[vector_name])
        return _new(Thing, (identity, value, about, whole_of(whole), vector))

    return make


def check_thing(thing: Thing) -> Thing:
    """`thing`, whose text, id and metadata can be stored; else raises RowError."""
    strings = [cell for cell in thing.about.values() if type(cell) is str]
    text = thing.value if isinstance(thing.value, str) else ""
    check_text("".join([text, thing.id or "", *thing.about, *strings]))
    return thing


def _picture(cell: Any, folder: str, about: Mapping[str, Any]) -> tuple[str | bytes, dict[str, Any]]:
    """The picture that a cell has, and what is known of it: by its file, and by its row, which goes before."""
    value, known = picture_cell(cell, folder)
    return value, {**known, **about}


def row_value(about: Mapping[str, Any], columns: Columns, written: Iterable[str] = ()) -> str:
    """The value of a row: what is there of the columns that are encoded, as JSON; written: "NA" says something, too."""
    left_out = columns.leave_out
    row = {name: cell for name, cell in about.items() if cell is not None and cell != "" and name not in left_out}
    if not row and not columns.blanks and not any(map(str.strip, written)):
        raise RowError("an empty row: nothing is there in any column that is encoded")
    return _as_json(row)


def _fitted(cells: list[str], width: int) -> list[str]:
    if any(cells[width:]):  # Excel writes empty cells behind the last column
        raise RowError(f"{len(cells)} cells, the header names {width}: is a comma not in quotation marks?")
    return (cells + [""] * (width - len(cells)))[:width]


def _text(cells: list[Any], optional: bool, blanks: bool) -> str | None:
    """The text of the text columns, one per line. None only where a vector makes a text optional."""
    parts = []
    for cell in cells:
        found = cell if isinstance(cell, str) else None if cell is None else _cell_text(cell)
        if found and not found.isspace():
            parts.append(str.__str__(found))
    if not parts and not optional:
        if blanks:
            return ""
        raise RowError("empty text")
    return "\n".join(parts) if parts else None


def _cell_text(cell: Any) -> str | None:
    """A number or a date as text; None where it is missing. Raises RowError for truth values, lists, bytes."""
    try:
        found = scalar(cell)
    except RowError as error:
        raise RowError(f"the text is no text but {type(cell).__name__}: {str(cell)[:40]}") from error
    if isinstance(found, bool):
        raise RowError(f"the text is no text but {type(cell).__name__}: {cell}")
    return None if found is None else str(found)


def whole_of(cell: Any) -> str | None:
    """The id of a whole; None where it is missing. Raises RowError where it is none."""
    found = cell if isinstance(cell, str) else scalar(cell)
    return None if found is None or found == "" else name_of(found)
