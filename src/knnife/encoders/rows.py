"""A row of a table as a vector: the components of its columns, one column after another; `parts` says which are whose.

`RowEncoder.train` looks at a sample of rows: what each column is (_rows/cells.py), and how its cells become components
(_rows/column_encoders.py). Distances are Euclidean, and their square is the sum over the columns. A column is weighted
so that two rows of the sample are on average no farther apart in it than two random numbers of a normal distribution
with a deviation of 1; less where it hardly varies.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from operator import itemgetter
from types import MappingProxyType
from typing import Any, Final, Self, get_args

import numpy as np

from knnife.encoders._rows import column_encoders as made
from knnife.encoders._rows.cells import ENCODED, UNREAD, Kind, Numbers, are_numbers, is_missing, kind_of, numbers
from knnife.encoders._rows.scale import finite
from knnife.encoders._rows.text_column import TextColumn
from knnife.encoders._rows.texts_read import as_read, columns_taken, kept, reader_of
from knnife.encoders.protocol import check_list
from knnife.encoders.sampling import drawn
from knnife.errors import BadInput
from knnife.geometry import Metric, Vectors
from knnife.things import Reading, Thing, as_things
from knnife.things.cell_types import cell_type
from knnife.things.metadata import known
from knnife.things.reading import RowError
from knnife.things.rows import listed, several
from knnife.things.taken import CellType, Taken

VERSION: Final = 1  # of what `to_bytes` writes, and of how vectors follow from it
STRUCTURE: Final = frozenset(["id", "part_of"])  # what readers take from a row before it is encoded
FAR: Final = 4.0  # components beyond do not count when a column is weighted: outliers must not make it small

_CLASSES: Final[dict[str, Any]] = {
    "number": made.NumberColumn,
    "yes/no": made.TruthColumn,
    "date": made.DateColumn,
    "category": made.CategoryColumn,
    "text": TextColumn,
}


@dataclass(frozen=True)
class RowColumn:
    """What is known of one column: what it is, in what share of the sample it was missing, its components, its weight.

    A column that is "constant", "empty", "id" (different in every row) or "left out" has no components. read: how its
    texts are read, where that is not as programs write them, such as "decimal comma" or "M/D/Y".
    """

    name: str
    kind: Kind
    missing: float
    components: int = 0
    weight: float = 0.0
    read: CellType | None = None


class RowEncoder:
    """Encodes rows; made by `train` or `from_bytes`. Safe to use from several threads at once."""

    name = "rows"
    kind = "row"
    form = "rows"
    cheap = True
    metric: Metric = "euclidean"
    SAMPLE: Final = 20_000  # rows learned from; of more, so many are drawn at random

    def __init__(self, columns: Sequence[RowColumn], encoders: Mapping[str, made.ColumnEncoder], rows: int) -> None:
        """columns: all, in the order of the table; encoders: of those with components, by name; rows: learned from."""
        self.columns = tuple(columns)
        self.rows = rows
        self._encoders = {each.name: encoders[each.name] for each in columns if each.name in encoders}
        self._texts = {each.name: reader_of(each.read) for each in columns}
        self._accepted = STRUCTURE | {each.name for each in columns}
        sizes = [encoder.size for encoder in self._encoders.values()]
        ends = np.cumsum(sizes).tolist()
        slices = [slice(end - size, end) for size, end in zip(sizes, ends, strict=True)]
        self.parts: Mapping[str, slice] = MappingProxyType(dict(zip(self._encoders, slices, strict=True)))
        self.dim = int(ends[-1])
        self.fingerprint = hashlib.blake2b(self.to_bytes(), digest_size=16).hexdigest()  # of all that vectors depend on

    @classmethod
    def train(
        cls, rows: Any, *, leave_out: Iterable[str] = (), types: Mapping[str, str] | None = None, seed: int = 0
    ) -> Self:
        """An encoder for rows like these.

        rows: a data frame (pandas, polars, Arrow), an iterable of mappings, or rows that were read: Things of
            `knnife.read(..., row=True)`. All are looked at; of more than 20,000, so many are drawn at random.
        leave_out: columns that are no part of a point, such as a label. types: how the texts in columns are read, as
            `knnife.read` has them; by default all texts of a column decide. seed: of the drawing.

        Raises BadInput where there are fewer than two rows, for an unknown column or type, and where no column tells
        the rows apart.
        """
        left_out = several(leave_out)
        places, things = _sample(as_things(rows, row=True, leave_out=left_out), cls.SAMPLE, seed)
        if len(things) < 2:
            raise BadInput(f"{len(things)} row{'s' * (len(things) != 1)} to learn from; expected 2 or more")
        sample = [_parsed(thing.value) for thing in things]
        names, ignored = _columns(things, sample, left_out)
        cells = {name: [row.get(name) for row in sample] for name in names}
        if unknown := [name for name in types or () if name not in cells]:
            raise BadInput(f"no column {listed(unknown)} to state a type of; the columns are: {listed(names)}")
        taken = columns_taken(cells, rows.taken if isinstance(rows, Reading) else {}, types or {})
        learned = [_learn(name, cells[name], places, taken.get(name, UNREAD), name in ignored) for name in names]
        encoders = {about.name: encoder for about, encoder in learned if encoder is not None}
        columns = [about for about, _ in learned]
        if not encoders:
            kinds = listed(f"{each.name} ({each.kind})" for each in columns)
            raise BadInput(f"no column tells these {len(sample):,} rows apart: {kinds}")
        return cls(columns, encoders, len(sample))

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """The encoder that `to_bytes` wrote down. Raises BadInput for anything else."""
        try:
            state = json.loads(data, parse_constant=_no_number)
            if state["form"] != cls.form or state["version"] != VERSION:
                raise ValueError(f"form {state['form']!r}, version {state['version']!r}; this knnife reads {VERSION}")
            columns = [_column(each) for each in state["columns"]]
            encoders = {
                about.name: _CLASSES[about.kind].of_state(each["learned"])
                for about, each in zip(columns, state["columns"], strict=True)
                if about.kind in ENCODED
            }
            if any(encoders[each.name].size != each.components for each in columns if each.kind in ENCODED):
                raise ValueError("components are counted wrongly")
            if not encoders or len({each.name for each in columns}) < len(columns) or type(state["rows"]) is not int:
                raise ValueError("expected different columns, some of them encoded")
            return cls(columns, encoders, state["rows"])
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError, UnicodeError) as error:
            raise BadInput(f"this is no encoder of rows, or it is damaged: {type(error).__name__}: {error}") from error

    def to_bytes(self) -> bytes:
        """All that was learned, as JSON; equal encoders have equal bytes."""
        learned = {name: {"learned": encoder.state()} for name, encoder in self._encoders.items()}
        columns = [_state(each) | learned.get(each.name, {}) for each in self.columns]
        state = {"form": self.form, "version": VERSION, "rows": self.rows, "columns": columns}
        return json.dumps(state, separators=(",", ":"), allow_nan=False).encode()

    @property
    def leave_out(self) -> tuple[str, ...]:
        """The columns that are known and no part of a point."""
        return tuple(each.name for each in self.columns if each.kind == "left out")

    def encode(self, values: Sequence[str | Mapping[str, Any]]) -> Vectors:
        """The vectors of rows, float32 `(n, dim)`; a row is a mapping, or a JSON object as text.

        A column that a row lacks is missing. Raises BadInput for what is no row, and for columns that are not known.
        """
        check_list(values, "row")
        rows = [self._known(_parsed(value)) for value in values]
        vectors = np.empty((len(rows), self.dim), np.float32)
        weights = {each.name: np.float32(each.weight) for each in self.columns}
        for name, encoder in self._encoders.items():
            try:
                part = encoder.encode(as_read([row.get(name) for row in rows], self._texts[name]))
            except ValueError as error:  # a text model of another knnife
                raise BadInput(f"column {name!r}: {error}") from error
            np.multiply(part, weights[name], out=vectors[:, self.parts[name]])
        return vectors

    def _known(self, row: dict[str, Any]) -> dict[str, Any]:
        """The row itself; raises BadInput where it has columns that are not known."""
        if not row.keys() <= self._accepted:
            unknown = listed(name for name in row if name not in self._accepted)
            raise BadInput(
                f"no column {unknown} among those learned: {listed(each.name for each in self.columns)}. Leave it out, "
                "or give it the name that it had"
            )
        return row


def _columns(things: list[Thing], rows: list[dict[str, Any]], left_out: Sequence[str]) -> tuple[list[str], set[str]]:
    """The names of all columns, in order, and of those that are left out."""
    known = {name for thing in things for name, cell in thing.about.items() if cell is not None}
    encoded = {name for row in rows for name in row}
    names = list(dict.fromkeys([*(name for thing in things for name in thing.about), *sorted(encoded)]))
    if unknown := [name for name in left_out if name not in names]:
        raise BadInput(f"no column {listed(unknown)} to leave out; the columns are: {listed(names)}")
    return names, {*left_out, *(known - encoded)}  # what is known and no part of a value was left out when it was read


def _sample(things: Iterable[Thing], count: int, seed: int) -> tuple[Numbers, list[Thing]]:
    """Up to `count` things, each with the same chance, in their order, and the places `(n,)` where they stood."""
    kept = sorted(drawn(enumerate(things), count, seed), key=itemgetter(0))
    return np.array([place for place, _ in kept], np.float64), [thing for _, thing in kept]


def _parsed(value: Any) -> dict[str, Any]:
    """The cells of a row by name, nested ones by joined names. Raises BadInput for what is no row."""
    row = value
    if isinstance(value, str):
        try:
            row = json.loads(value)
        except (ValueError, RecursionError):
            row = None
    if not isinstance(row, Mapping):
        hint = "; to find words in rows, search by words alone" if isinstance(value, str) else ""
        raise BadInput(
            f'expected a row, as a mapping or a JSON object such as {{"amount": 12.5}}; got {value!r:.60}{hint}'
        )
    try:
        cells = known(row)
    except RowError as error:
        raise BadInput(f"the row {value!r:.60}: {error}") from error
    return cells if type(cells) is dict else dict(cells)


def _learn(
    name: str, cells: Sequence[Any], places: Numbers, taken: Taken, left_out: bool
) -> tuple[RowColumn, made.ColumnEncoder | None]:
    """One column, and what encodes it (None for those that have no components)."""
    read = kept(cells, taken)
    cells = as_read(cells, reader_of(read))
    kind = "left out" if left_out else kind_of(name, cells, places, taken)
    absent = np.isnan(numbers(cells)).sum() if are_numbers(cells) else sum(map(is_missing, cells))
    missing = 0.0 if kind == "left out" else float(absent) / len(cells)
    if kind not in ENCODED:
        return RowColumn(name, kind, missing), None
    encoder: made.ColumnEncoder = _CLASSES[kind].learn(cells)
    components = np.clip(encoder.encode(cells).astype(np.float64), -FAR, FAR)
    varies = float(components.var(axis=0).sum())
    return RowColumn(name, kind, missing, encoder.size, 1.0 / max(1.0, varies) ** 0.5, read), encoder


def _state(column: RowColumn) -> dict[str, Any]:
    """What is known of a column; nothing of how it is read where nothing is special, as older versions wrote it."""
    return {name: value for name, value in asdict(column).items() if name != "read" or value is not None}


def _column(state: Mapping[str, Any]) -> RowColumn:
    """One column as `to_bytes` wrote it. Raises ValueError and its like where it is none."""
    name, kind, components = state["name"], state["kind"], state["components"]
    missing, weight = finite([state["missing"], state["weight"]], 2, 1.0)
    if not isinstance(name, str) or kind not in get_args(Kind) or type(components) is not int:
        raise ValueError(f"a column {name!r:.40} of kind {kind!r:.40}")
    read = None if state.get("read") is None else cell_type(state["read"], name)
    return RowColumn(name, kind, missing, components, weight, read)


def _no_number(word: str) -> float:
    raise ValueError(f"{word} is no number")
