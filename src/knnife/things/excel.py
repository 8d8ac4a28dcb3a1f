"""Excel's .xlsx: the rows of its first sheet, with cells of the types they have. The only file that knows openpyxl.

A workbook is a zip archive of XML. What it says of its sizes is not trusted: it may not unpack to more than it should,
and openpyxl reads the sheet as a stream, so that neither a bomb nor a cell in the last row of all takes memory.
"""

from __future__ import annotations

import warnings
import zlib
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from itertools import islice
from typing import IO, Any, Final
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

from knnife.errors import BadInput, MissingPackage
from knnife.things.delimited import tidied
from knnife.things.files import seekable
from knnife.things.reading import Reading, RowError
from knnife.things.rows import Columns, check_thing, mapping_maker
from knnife.things.thing import Thing

ALWAYS: Final = 64 << 20  # bytes that a workbook may unpack to,
MOST_PACKED: Final = 100  # beside so many times its size: those of Excel unpack tenfold
PIECE: Final = 1 << 16
AT_ONCE: Final = 256  # rows
ERRORS: Final = frozenset(("#N/A", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#NULL!", "#GETTING_DATA"))

Cells = Sequence[Any]


def read_xlsx(stream: Any, reading: Reading, asked: Columns) -> Iterator[Thing]:
    """The rows of the first sheet, whose first row that is not blank names the columns; cells in error are missing.

    Of formulas it is what they were when the workbook was saved. Raises BadInput where it is none, or unpacks to too
    much, and MissingPackage.
    """
    with seekable(stream) as file:
        rows = _rows(file, reading)
        names = _names(next(rows, (0, ()))[1], reading.source)
        make = mapping_maker(names, asked, reading.source, reading.source)
        for count, (line, cells) in enumerate(rows, 1):
            try:
                if any(cells[len(names) :]):
                    raise RowError(f"{len(cells)} cells, the header names {len(names)}")
                cells = [*cells[: len(names)], *[None] * (len(names) - len(cells))]
                yield check_thing(make(count, dict(zip(names, cells, strict=True))))
            except RowError as error:
                reading.fault(line, error)


def _rows(file: IO[bytes], reading: Reading) -> Iterator[tuple[int, list[Any]]]:
    """The rows that are not blank, with their numbers."""
    _refuse_bombs(file, reading.source)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about styles and validations, which nobody asked for
            book = _openpyxl().load_workbook(file, read_only=True, data_only=True, keep_links=False)
            sheet = book.worksheets[0]
            sheet.reset_dimensions()  # which some programs write wrongly
        others = [each.title for each in book.worksheets[1:]]
        if others:
            reading.notes.append(f"{reading.source}: its first sheet, {sheet.title!r}, is read, and not {others}")
        rows = enumerate(sheet.iter_rows(values_only=True), 1)
        while some := _some(rows):
            for line, cells in some:
                found = [_value(cell) for cell in cells]
                if any(cell is not None for cell in found):
                    yield line, found
    except (MissingPackage, MemoryError):
        raise
    except Exception as error:  # of XML, of numbers, of names that are not there
        raise BadInput(f"{reading.source} is no Excel workbook that can be read, or is damaged: {error}") from error


def _some(rows: Iterator[tuple[int, Cells]]) -> list[tuple[int, Cells]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return list(islice(rows, AT_ONCE))


def _value(cell: Any) -> Any:
    """A cell; None where nothing is in it, or an error. A day without a time is a day."""
    if isinstance(cell, str):
        return None if not cell.strip() or cell in ERRORS else cell
    if isinstance(cell, datetime) and not (cell.hour or cell.minute or cell.second or cell.microsecond):
        return cell.date()
    return cell


def _names(cells: Cells, source: str) -> list[str]:
    last = max((place for place, cell in enumerate(cells, 1) if cell is not None), default=0)
    if not last:
        raise BadInput(f"{source} is empty, expected a first row that names the columns")
    names = [tidied(_text(cell)) or f"column {place}" for place, cell in enumerate(cells[:last], 1)]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise BadInput(f"{source}: the header names {', '.join(repeated[:30])} more than once; rename one of them")
    return names


def _text(cell: Any) -> str:
    return "" if cell is None else cell.isoformat() if isinstance(cell, date) else str(cell)


def _refuse_bombs(file: IO[bytes], source: str) -> None:
    """Raises BadInput where a workbook unpacks to more than it may, by what it says, and by what is there."""
    size = file.seek(0, 2)
    file.seek(0)
    allowed = max(ALWAYS, MOST_PACKED * size)
    try:
        with ZipFile(file) as archive:
            parts = archive.infolist()
            if any(part.compress_type not in (ZIP_STORED, ZIP_DEFLATED) for part in parts):
                raise BadInput(f"{source} is packed as no Excel packs: it is not read")
            if sum(part.file_size for part in parts) <= allowed:
                for part in parts:
                    allowed -= _unpacked_size(archive, part, allowed)
            else:
                allowed = -1
    except (BadZipFile, zlib.error, OSError, RuntimeError, NotImplementedError, ValueError, EOFError) as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput(f"{source} is no Excel workbook (.xlsx), or is damaged: {error}") from error
    if allowed < 0:
        raise BadInput(f"{source} unpacks to too much: {size:,} bytes may become {max(ALWAYS, MOST_PACKED * size):,}")
    file.seek(0)


def _unpacked_size(archive: ZipFile, part: Any, allowed: int) -> int:
    size = 0
    with archive.open(part) as member:
        while size <= allowed and (piece := member.read(PIECE)):
            size += len(piece)
    return size


def _openpyxl() -> Any:
    try:
        import openpyxl
    except ImportError as error:
        raise MissingPackage("openpyxl", "excel", "reading Excel workbooks") from error
    return openpyxl
