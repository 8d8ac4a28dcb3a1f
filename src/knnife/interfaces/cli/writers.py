"""The files that `knnife export` writes: JSON lines, csv, npy, parquet.

A file appears whole or not at all (outputs.py).
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from knnife.errors import BadInput, MissingPackage, SpaceBusy
from knnife.interfaces.cli.cells import json_line
from knnife.output_kinds import ARRAY, JSON_LINES, PARQUET, TABLE, OutputKind
from knnife.outputs import whole_file, whole_text

if TYPE_CHECKING:
    from knnife.geometry import Vectors
    from knnife.things import Thing

KINDS = {"jsonl": JSON_LINES, "csv": TABLE, "npy": ARRAY, "parquet": PARQUET}
FORMATS = tuple(KINDS)
ROWS = 10_000  # in a row group of a parquet file
RESERVED = ("id", "value", "part_of", "vector")  # metadata of these names is written as about.NAME


def flat(thing: Thing, vector: Any = None) -> dict[str, Any]:
    """A thing as one flat row, which `knnife add --id id --text value` reads back."""
    if isinstance(thing.value, bytes | bytearray):
        raise BadInput(
            f"{thing.id!r} is {len(thing.value):,} bytes, no text; these formats hold texts. Use --format npy"
        )
    row: dict[str, Any] = {"id": thing.id, "value": thing.value}
    if thing.part_of is not None:
        row["part_of"] = thing.part_of
    row |= {_column(name): value for name, value in thing.about.items()}
    if vector is not None:
        row["vector"] = vector.tolist()
    return row


def columns(things: Iterable[Thing], with_vector: bool) -> dict[str, set[type]]:
    """The columns of all flat rows, with the types of their values (None left out)."""
    found: dict[str, set[type]] = {"id": {str}, "value": {str}}
    for thing in things:
        if thing.part_of is not None:
            found.setdefault("part_of", {str})
        for name, value in thing.about.items():
            types = found.setdefault(_column(name), set())
            if value is not None:
                types.add(type(value) if not isinstance(value, int) or -(1 << 63) <= value < 1 << 63 else str)
    if with_vector:
        found["vector"] = {list}
    return found


@contextmanager
def text_file(path: str | None, kind: OutputKind) -> Iterator[IO[str]]:
    """A whole file of UTF-8 lines; standard output for None."""
    if path is None:
        yield sys.stdout
        return
    with whole_text(path, kind) as file:
        yield file


def ending(path: str | None) -> str:
    """The format that the name of a file says; jsonl without a file."""
    return Path(path).suffix.lstrip(".").lower() if path else "jsonl"


def write_rows(
    rows: Iterable[Mapping[str, Any]], columns: Mapping[str, set[type]], path: str | None, kind: str
) -> None:
    """Writes flat rows as csv, jsonl or parquet; to standard output where `path` is None."""
    if kind == "parquet":
        write_parquet(rows, columns, str(path))
        return
    with text_file(path, KINDS[kind]) as file:
        if kind == "csv":
            write_csv(rows, columns, file)
        else:
            write_jsonl(rows, file)


def write_jsonl(rows: Iterable[Mapping[str, Any]], file: IO[str]) -> None:
    """One JSON object a line. Nothing is lost: types, missing values and lists stay what they are."""
    for row in rows:
        file.write(json_line(row) + "\n")


def write_csv(rows: Iterable[Mapping[str, Any]], names: Iterable[str], file: IO[str]) -> None:
    """A heading, then a line for each row; lists as JSON, what is missing as nothing."""
    writer = csv.DictWriter(file, list(names), lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: _csv_cell(value) for name, value in row.items()})


def write_npy(blocks: Iterable[Vectors], count: int, dim: int, path: str) -> None:
    """All vectors as one float32 array `(count, dim)`, written block by block."""
    from numpy.lib.format import write_array_header_1_0

    with whole_file(path, ARRAY) as file:
        write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": (count, dim)})
        for block in blocks:
            file.write(block.astype("<f4", copy=False).tobytes())
            count -= len(block)
        if count:
            raise SpaceBusy("the space changed while it was written out; run the same again")


def write_parquet(rows: Iterable[Mapping[str, Any]], columns: Mapping[str, set[type]], path: str) -> None:
    """One column for each field; where the values are of several types, or are lists, JSON as text.

    Needs pyarrow (the extra `parquet`); raises MissingPackage without it.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise MissingPackage("pyarrow", "parquet", "writing parquet") from error
    schema = pa.schema([(name, _type(pa, name, types)) for name, types in columns.items()])
    convert: dict[Any, Callable[[Any], Any]] = {pa.string(): _text, pa.float64(): float}
    with whole_file(path, PARQUET) as file, pq.ParquetWriter(file, schema) as writer:
        for batch in _batches(rows):
            arrays = [_values(batch, field.name, convert.get(field.type)) for field in schema]
            writer.write_table(pa.table(arrays, schema=schema))


def _column(name: str) -> str:
    return f"about.{name}" if name in RESERVED else name


def _csv_cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | bool) else value


def _type(pa: Any, name: str, types: set[type]) -> Any:
    if name == "vector":
        return pa.list_(pa.float32())
    if types == {bool}:
        return pa.bool_()
    if types == {int}:
        return pa.int64()
    if types and types <= {int, float}:
        return pa.float64()
    return pa.string()


def _values(batch: list[Mapping[str, Any]], name: str, convert: Callable[[Any], Any] | None) -> list[Any]:
    values = [row.get(name) for row in batch]
    return values if convert is None else [None if value is None else convert(value) for value in values]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _batches(rows: Iterable[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    rows = iter(rows)
    while batch := list(islice(rows, ROWS)):
        yield batch
