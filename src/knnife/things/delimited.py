"""How a csv file is written: what stands between its cells, and what its columns are called.

The beginning of the file decides, some lines of it, since a header alone may hold two candidates, or have one in
quotation marks. Excel's own first line `sep=;` tells it, and so may the user.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain, pairwise
from typing import TYPE_CHECKING, Final

from knnife.errors import BadInput
from knnife.things.files import LONGEST_LINE
from knnife.things.reading import Reading
from knnife.things.unpacking import Damaged

if TYPE_CHECKING:
    import _csv

LONGEST_CELL: Final = 32 << 20
DELIMITERS: Final = ",;\t|"
NAMED: Final = {"tab": "\t", "\\t": "\t", "space": " "}  # as one can type them
SURVEYED: Final = 200  # lines, or so many characters
SURVEYED_CHARACTERS: Final = 1 << 18
ROW_NAME: Final = "row name"  # the column that R has no name for

_TOLD: Final = re.compile(r'\ufeff?"?sep=(.)"?[\r\n]*', re.IGNORECASE)
_INVISIBLE: Final = re.compile("[\u00ad\u034f\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
# Persian and many languages of India spell with joiners; elsewhere nobody sees them, nor can type them.
_LOST_JOINER: Final = re.compile("(?<![^\x00-\x7f])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f])")
_NUMBER: Final = re.compile(r"[-+]?(?:\d++(?:\.\d*+)?|\.\d++)(?:[eE][-+]?\d++)?|NA|NaN|-?Inf")


@dataclass(frozen=True)
class OpenTable:
    """A csv file that is open behind its header.

    names: of its columns, tidied. header: the same as they are written. rows: the others, by the parser of the standard
    library in strict mode; its `line_num` counts lines of the file. exact: every row has a cell for each name, as where
    R names the rows; else missing ones are empty.
    """

    names: list[str]
    header: list[str]
    rows: _csv.Reader
    delimiter: str
    exact: bool


@contextmanager
def table_in(stream: io.BufferedReader, reading: Reading, delimiter: str | None = None) -> Iterator[OpenTable]:
    """The table in a stream of UTF-8; invalid bytes are carried along as surrogates.

    delimiter: by default what the reading says, else what the file tells. For a second pass open the file again.
    Raises BadInput where the header cannot be read, or is none.
    """
    # The limit belongs to the whole process; it is only ever raised.
    csv.field_size_limit(max(csv.field_size_limit(), LONGEST_CELL))
    text = io.TextIOWrapper(stream, "utf-8", "surrogateescape", newline="")
    try:
        yield _table(text, reading, delimiter)
    finally:
        text.detach()  # the stream is closed where it was opened


def tidied(name: str) -> str:
    """A name as one would type it: composed (NFC), without invisible characters, white space being single blanks."""
    if name.isascii():
        return " ".join(name.split())
    seen = _LOST_JOINER.sub("", _INVISIBLE.sub("", unicodedata.normalize("NFC", name)))
    return " ".join(seen.split())


def checked_delimiter(delimiter: str) -> str:
    """What somebody says is between cells: one character, or "tab". Raises BadInput."""
    found = NAMED.get(delimiter, delimiter) if isinstance(delimiter, str) else ""
    if len(found) != 1 or found in '"\r\n\0':
        raise BadInput(f'delimiter={delimiter!r:.40}: expected one character, such as ";", "|" or "tab"')
    return found


def _table(text: io.TextIOWrapper, reading: Reading, delimiter: str | None) -> OpenTable:
    first, others = _begun(text)
    told = _TOLD.fullmatch(first[0]) if first else None
    if told:
        first[0] = "\n"  # a blank line, so that lines keep their numbers
    delimiter = reading.written.delimiter or delimiter or (told[1] if told else _found(first))
    rows = csv.reader(chain(first, others), delimiter=delimiter, strict=True)
    header = _header(rows, reading.source)
    names = _names(header, reading)
    sample = _sample(first, delimiter)[1:]
    named = _names_rows(names, sample, first, delimiter)
    if named:
        names, header = [ROW_NAME, *names], [ROW_NAME, *header]
        note = (
            f'{reading.source}: the header names a column less than the lines have, as R writes it: "{ROW_NAME}" added'
        )
        reading.notes.append(note)
    elif len(sample) > 2 and all(len(row) > len(names) and any(row[len(names) :]) for row in sample):
        raise BadInput(_explained_header(reading.source, names, sample))
    _refuse_repeated(names, reading.source)
    return OpenTable(names, header, rows, delimiter, named)


def _begun(text: io.TextIOWrapper) -> tuple[list[str], Iterator[str]]:
    """The first lines, and all others. Damage behind the first ones comes up only when these are read."""
    first: list[str] = []
    size = 0
    lines = iter(partial(text.readline, LONGEST_LINE), "")
    try:
        for line in lines:
            first.append(line)
            size += len(line)
            if len(first) == SURVEYED or size > SURVEYED_CHARACTERS:
                break
    except Damaged as error:
        if not first:
            raise
        return first, _raising(error)
    return first, lines


def _raising(error: Exception) -> Iterator[str]:
    raise error
    yield ""


def _found(lines: Sequence[str]) -> str:
    """What is between the cells: that by which most rows have as many as the header, and the most of them."""
    best, most = DELIMITERS[0], (0.0, 1)
    for each in DELIMITERS:
        header, *rows = _sample(lines, each) or [[]]
        width = len(header)
        alike = max(sum(len(row) == wanted for row in rows) for wanted in (width, width + 1))
        found = (round(alike / len(rows), 1) if rows else 1.0, width)
        if width > 1 and found > most:
            best, most = each, found
        elif width == 1 and len(rows) > 2 and min(map(len, rows)) > 1 and most[1] == 1:
            best, most = each, (0.0, 1)  # the first line is no header then, and is told to be none
    return best


def _sample(lines: Sequence[str], delimiter: str) -> list[list[str]]:
    """The rows in some lines without blank ones; one that cannot be read, unless it is cut at the end, has no cells."""
    rows = csv.reader(lines, delimiter=delimiter, strict=True)
    found: list[list[str]] = []
    while True:
        try:
            found += filter(any, rows)
            return found
        except csv.Error:
            if rows.line_num < len(lines):
                found.append([])


def _header(rows: _csv.Reader, source: str) -> list[str]:
    """The first row that is not blank. Raises BadInput where there is none."""
    try:
        names = next((cells for cells in rows if any(cells)), None)
    except csv.Error as error:
        raise BadInput(f"{source}: the header cannot be read: {explained(error)}") from error
    if names is None:
        raise BadInput(f"{source} is empty, expected a first line that names the columns")
    return names


def _names(header: Sequence[str], reading: Reading) -> list[str]:
    """What the columns are called. Raises BadInput for names of bytes that are no text."""
    source, names = reading.source, [tidied(name) for name in header]
    together = "".join(names)
    if any(character < " " or character == "\x7f" for character in together):
        raise BadInput(
            f"{source}: the first line names no columns (is the file binary, or in UTF-16 without a mark? Then say "
            'encoding="utf-16-le", --encoding utf-16-le)'
        )
    if any("\ud800" <= character <= "\udfff" for character in together):
        raise BadInput(f"{source}: the first line, which names the columns, is no UTF-8: {reading.undecodable()}")
    return [name or f"column {i}" for i, name in enumerate(names, 1)]  # pandas leaves its index unnamed


def _refuse_repeated(names: Iterable[str], source: str) -> None:
    repeated = [name for name, times in Counter(names).items() if times > 1]
    if repeated:
        raise BadInput(f"{source}: the header names {', '.join(repeated[:30])} more than once; rename one of them")


def _names_rows(names: Sequence[str], rows: Sequence[Sequence[str]], lines: Sequence[str], delimiter: str) -> bool:
    """Whether each row begins with a name that the header does not have, as R writes them.

    The same is seen where each row has one delimiter that should be in quotation marks. So either R's own marks are
    there, around the names of rows and columns, or no two columns could be one that was cut.
    """
    if len(rows) < 2 or any(len(row) != len(names) + 1 for row in rows):
        return False
    columns = list(zip(*rows, strict=True))
    if not all(columns[0]) or len(set(columns[0])) < len(rows) or not any(columns[-1]):
        return False
    if all(line.startswith('"') for line in lines if line.strip("\r\n")):
        return True
    kinds = [_kind(column) for column in columns]
    cut = any(a == b and a in ("text", "digits", "mixed") for a, b in pairwise(kinds))
    return "mixed" not in kinds[1:] and not cut


def _kind(cells: Sequence[str]) -> str:
    """Of a column: "digits" and "text" are what one cell may have been cut into."""
    numbers = [_NUMBER.fullmatch(cell) is not None for cell in cells if cell]
    if all(numbers):
        return "digits" if all(cell.lstrip("-").isdigit() for cell in cells) else "number"
    return "mixed" if any(numbers) else "text"


def _explained_header(source: str, names: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    cells = min(map(len, rows))
    return (
        f"{source}: the first line has {len(names)} cells ({', '.join(names)[:60]}), and every line behind it {cells} "
        "or more. Is it a title or a comment above the header? Delete what is above the header. Are there names of "
        "rows? Put a name for them before the others. Else the delimiter stands in a text without quotation marks, or "
        'is another one: say it with delimiter=";" (--delimiter)'
    )


def explained(error: csv.Error) -> str:
    """An error of the parser, in words."""
    if "field larger" in str(error):
        return f"a cell of more than {LONGEST_CELL >> 20} MB: is a quotation mark not closed?"
    return f"bad quotation ({error}); a quotation mark inside of a quoted cell must be doubled"
