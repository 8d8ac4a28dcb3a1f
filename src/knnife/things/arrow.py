"""Parquet files and Arrow tables, by record batches. The only file that knows pyarrow."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from typing import IO, Any

from knnife.errors import BadInput, MissingPackage
from knnife.things.files import seekable
from knnife.things.reading import Reading, RowError
from knnife.things.rows import Columns, check_thing, mapping_maker
from knnife.things.scalars import scalar
from knnife.things.thing import Thing

ROWS = 4096  # in memory at the same time


def read_parquet(stream: io.BufferedReader, reading: Reading, asked: Columns) -> Iterator[Thing]:
    """The rows of a Parquet file. A broken row is reported by its number, from 1, for want of lines."""
    with seekable(stream) as whole:
        yield from _parquet_rows(_parquet_file(whole, reading.source), reading, asked)


def _parquet_rows(file: Any, reading: Reading, asked: Columns) -> Iterator[Thing]:
    make = None
    total, number = max(1, file.metadata.num_rows), 0
    reading.progress = lambda: number / total
    for row in _batched_rows(_sound(file.iter_batches(ROWS), reading.source)):
        number += 1
        try:
            make = make or mapping_maker(row, asked, reading.source, reading.source)
            yield check_thing(make(number, row))
        except RowError as error:
            reading.fault(None, error, f"{reading.source}, row {number}")


def table_rows(table: Any) -> Iterator[Mapping[str, Any]]:
    """The rows of an Arrow table, or of anything that hands out an Arrow stream."""
    if hasattr(table, "to_batches"):
        return _batched_rows(table.to_batches(max_chunksize=ROWS))
    return _batched_rows(_pyarrow("reading an Arrow stream").RecordBatchReader.from_stream(table))


def _batched_rows(batches: Iterable[Any]) -> Iterator[Mapping[str, Any]]:
    for batch in batches:
        names = batch.schema.names
        if len(set(names)) < len(names):
            raise BadInput(f"several columns have the same name, among {', '.join(names)}; rename them")
        for cells in zip(*(_cells(column) for column in batch.columns), strict=True):
            yield dict(zip(names, cells, strict=True))


def _cells(column: Any) -> Iterable[Any]:
    """The values of a column as Python objects; lists of floats (vectors, as a rule) stay arrays."""
    kind = str(column.type)
    is_list = kind.startswith(("list<", "large_list<", "fixed_size_list<"))
    if is_list and str(column.type.value_type) in ("halffloat", "float", "double"):
        return _slices(column.flatten().to_numpy(zero_copy_only=False), column.value_lengths().to_pylist())
    if kind.startswith("timestamp[") and column.type.tz is not None:  # so that it need not be a zone that is known here
        column = column.cast(_pyarrow("reading Arrow").timestamp(column.type.unit, "UTC"))
    try:
        values: list[Any] = column.to_pylist()
        return values
    except (OverflowError, ValueError):  # Python's calendar ends with the year 9999, its durations and its nanoseconds
        return [_cell(each) for each in column]


def _cell(value: Any) -> Any:
    """A scalar of Arrow as Python has it, or as text, as far as there is one; else None."""
    if not value.is_valid:
        return None
    if str(value.type).startswith("struct<"):
        return {name: _cell(each) for name, each in value.items()}
    if hasattr(value, "values"):  # a list; a map is one of keys with values
        return [_cell(each) for each in value.values]
    try:
        return scalar(value)
    except _pyarrow("reading Arrow").ArrowException:
        return None


def _slices(numbers: Any, lengths: list[int | None]) -> Iterator[Any]:
    start = 0
    for length in lengths:
        yield None if length is None else numbers[start : start + length]
        start += length or 0


def _sound(batches: Iterator[Any], source: str) -> Iterator[Any]:
    """`batches`, with a damaged one reported as such."""
    try:
        yield from batches
    except _pyarrow("reading Parquet").ArrowException as error:
        raise BadInput(f"{source} is damaged: {error}") from error


def _parquet_file(stream: IO[bytes], source: str) -> Any:
    pyarrow = _pyarrow("reading Parquet")
    import pyarrow.parquet as parquet

    try:
        return parquet.ParquetFile(stream)
    except pyarrow.ArrowException as error:
        raise BadInput(f"{source} is no Parquet file: {error}") from error


def _pyarrow(purpose: str) -> Any:
    try:
        import pyarrow
    except ImportError as error:
        raise MissingPackage("pyarrow", "parquet", purpose) from error
    return pyarrow
