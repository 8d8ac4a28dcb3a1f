"""Records and their fields: what stands in each column, and which columns of two tables belong together.

A field is a column of the left table with the one of the right table that says the same. Its kind decides how two cells
are compared, and is read from the cells of both:

    name       a few words: names, titles, addresses       number    prices, amounts, years, lengths of time
    text       many words: descriptions                    date      a day
    code       phone and model numbers, ISBN, ids          category  few values, each in many rows
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal, get_args

from knnife.errors import BadInput
from knnife.space import Space, opened
from knnife.things import Reading, Thing, as_things
from knnife.things.files import format_of
from knnife.things.formats import TEXTS
from knnife.tools._match.values import day_of, folded, number_of, text_of, words

Kind = Literal["name", "text", "code", "number", "date", "category"]
KINDS: tuple[str, ...] = get_args(Kind)

LOOKED_AT = 2_000  # cells of a column that its kind is read from
MOST = 0.9  # share of the cells that have to agree on a kind
LONG = 15  # words in a cell, on average, from which on a column holds texts and not names
VALUES = 0.05  # a category has at most this many values for each cell


@dataclass(frozen=True)
class Records:
    """The rows of a table: ids `(n,)`, and for each column its cells as texts `(n,)`, None where nothing is there.

    Cells stand as they were given, but for HTML entities and white space; what compares them folds them.
    """

    ids: Sequence[str]
    columns: Mapping[str, Sequence[str | None]]

    def __len__(self) -> int:
        return len(self.ids)

    @classmethod
    def of(cls, given: Any, what: str = "records") -> Records:
        """Records of what is given: Records, mappings, texts, a table, a Space, what `knnife.read` gives, or a path.

        Texts become records of one column, "text". Raises BadInput for what cannot be read as any of these.
        """
        if isinstance(given, Records):
            return given
        rows: list[Mapping[str, Any]] = []
        ids: list[str] = []
        with opened(given, row=True, what=what) as readable:
            lines = isinstance(readable, Reading) and format_of(readable.source) in TEXTS  # are called by their number
            for number, thing in enumerate(_things(readable)):
                rows.append(_row(thing, what))
                ids.append(thing.id if thing.id is not None and not lines else str(number))
        names = list(dict.fromkeys(name for row in rows for name in row))
        return cls(ids, {name: [text_of(row.get(name)) for row in rows] for name in names})

    def take(self, rows: Iterable[int]) -> Records:
        """Those at these positions, in that order."""
        rows = [int(row) for row in rows]
        columns = {name: [cells[row] for row in rows] for name, cells in self.columns.items()}
        return Records([self.ids[row] for row in rows], columns)


@dataclass(frozen=True)
class Field:
    """What is compared: a column of the left records with a column of the right ones, as what kind."""

    left: str
    right: str
    kind: Kind

    @property
    def name(self) -> str:
        """What it is called in answers."""
        return self.left if self.left == self.right else f"{self.left}/{self.right}"


FieldNames = Iterable[str | tuple[str, str]] | Mapping[str | tuple[str, str], Kind] | None


def fields_of(left: Records, right: Records, names: FieldNames = None) -> tuple[Field, ...]:
    """The fields of two tables.

    names: which to compare: names of columns that both have, or pairs (left name, right name); as a mapping to say
        of what kind they are, too. None takes all columns that both tables have, where a cell on each side says
        something. Case and what is no letter make no difference between names, where none are given.

    Raises BadInput for columns that are not there, for kinds there are not, and where nothing is left to compare.
    """
    kinds: Mapping[Any, Kind] = names if isinstance(names, Mapping) else {}
    pairs = _same_names(left, right) if names is None else [_pair(each) for each in names]
    found = []
    for given, (a, b) in zip(pairs if names is None else names, pairs, strict=True):
        for name, table, side in ((a, left, "left"), (b, right, "right")):
            if name not in table.columns:
                raise BadInput(f"the {side} records have no column {name!r}; they have: {', '.join(table.columns)}")
        kind = kinds.get(given) or kind_of([*_some(left.columns[a]), *_some(right.columns[b])])
        if kind not in KINDS:
            raise BadInput(f"field {given!r}: its kind is {kind!r}, expected one of {', '.join(KINDS)}")
        found.append(Field(a, b, kind))
    if len({field.name for field in found}) < len(found):
        raise BadInput(f"a field is named twice: {', '.join(field.name for field in found)}")
    if not found and len(left) and len(right):
        if shared := _columns_in_common(left, right):
            raise BadInput(
                f"there is nothing to compare: in no column that both tables have ({', '.join(a for a, _ in shared)}) "
                "is there on each side a cell with a letter, a digit or a sign in it"
            )
        raise BadInput(
            "there is no column to compare: both tables need columns of the same name, or name pairs of them; the left "
            f"one has: {', '.join(left.columns) or 'none'}; the right one has: {', '.join(right.columns) or 'none'}"
        )
    return tuple(found)


def kind_of(cells: Sequence[str]) -> Kind:
    """What kind of field these cells are of, which are all there: see the head of this file."""
    if not cells:
        return "name"
    cells = [folded(cell) for cell in cells]

    def share(reads: Callable[[str], object]) -> float:
        return sum(reads(cell) is not None for cell in cells) / len(cells)

    if share(day_of) >= MOST:
        return "date"
    if share(number_of) >= MOST:
        return "code" if share(lambda cell: cell if cell.isdigit() and len(cell) > 7 else None) >= MOST else "number"
    if share(lambda cell: cell if _coded(cell) else None) >= MOST:
        return "code"
    distinct = len(Counter(cells))
    if len(cells) >= 40 and distinct <= VALUES * len(cells):
        return "category"
    return "text" if sum(len(words(cell)) for cell in cells) / len(cells) >= LONG else "name"


def _coded(cell: str) -> bool:
    """Hardly more than digits and letters mixed: "212/632-5000", "sa750pu", "978-3-16-148410-0"."""
    digits = sum(map(str.isdigit, cell))
    letters = sum(map(str.isalpha, cell))
    return digits >= 3 and letters <= digits + 4 and len(cell.split()) <= 3


def _some(cells: Sequence[str | None]) -> list[str]:
    return list(islice((cell for cell in cells if cell is not None), LOOKED_AT))


def _same_names(left: Records, right: Records) -> list[tuple[str, str]]:
    """The columns that both have, where a cell on each side says something."""
    pairs = _columns_in_common(left, right)
    return [(a, b) for a, b in pairs if _some(left.columns[a])[:1] and _some(right.columns[b])[:1]]


def _columns_in_common(left: Records, right: Records) -> list[tuple[str, str]]:
    plain = {_plain(name): name for name in right.columns}
    pairs = [(name, name if name in right.columns else plain.get(_plain(name), "")) for name in left.columns]
    return [(a, b) for a, b in pairs if b]


def _plain(name: str) -> str:
    return "".join(filter(str.isalnum, name.lower()))


def _pair(given: Any) -> tuple[str, str]:
    if isinstance(given, str):
        return given, given
    if isinstance(given, tuple | list) and len(given) == 2 and all(isinstance(each, str) for each in given):
        return given[0], given[1]
    raise BadInput(f"a field is a name, or a pair of names (left, right); got {given!r}")


def _things(given: Any) -> Iterable[Thing]:
    if isinstance(given, Space):
        return given.things()
    if isinstance(given, Reading | Thing):
        return as_things(given)
    if isinstance(given, Sequence) and not isinstance(given, str | bytes) and given:
        rows = any(hasattr(each, "keys") for each in given[:LOOKED_AT])
        return as_things(given, row=rows, blanks=True)
    if isinstance(given, Sequence) and not isinstance(given, str | bytes):
        return []
    return as_things(given, row=hasattr(given, "columns") or hasattr(given, "keys"), blanks=True)


def _row(thing: Thing, what: str) -> Mapping[str, Any]:
    """The columns of a thing: of the row of a table its metadata, which hold all of it; else its text, too."""
    if thing.value is None or (thing.about and isinstance(thing.value, str) and thing.value.startswith("{")):
        row: Mapping[str, Any] = thing.about
    elif isinstance(thing.value, str):
        row = {"text": thing.value, **thing.about}
    else:
        raise BadInput(f"{what}: expected rows or texts, got {type(thing.value).__name__} as {thing.id!r}")
    return row
