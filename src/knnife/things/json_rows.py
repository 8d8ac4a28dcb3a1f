"""JSON: a thing per line (jsonl), or per element of the array that a json file holds. Both stream."""

from __future__ import annotations

import codecs
import io
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from knnife.errors import BadInput
from knnife.things.files import LONGEST_LINE, STDIN, lines, read_on
from knnife.things.reading import Reading, RowError
from knnife.things.rows import Columns, check_thing, mapping_maker
from knnife.things.thing import Thing
from knnife.things.values import decoded

Make = Callable[[int, Mapping[str, Any]], Thing]
CHUNK = 1 << 20
SPACE = " \t\n\r"
OVER_LINES = (
    "In a .jsonl file each line is an object; where a value goes over lines, or all are in one array, call it .json"
)

# Not a number is no JSON, but Python writes it. It reads as nothing known.
_decoder: Any = json.JSONDecoder(parse_constant=lambda _: None)
_scan = _decoder.scan_once  # as .decode, without the two regular expressions around it


def read_jsonl(stream: io.BufferedReader, reading: Reading, asked: Columns) -> Iterator[Thing]:
    """An object per line; blank lines are passed over. Lines that hold anything else are broken."""
    rows = _Rows(reading, asked)
    for line, piece in lines(stream, reading, reading.source):
        try:
            text = decoded(piece).strip(SPACE)
            if text:
                thing = rows.thing(_parsed_line(text))
                # Only escaped can a NUL, or half of a character, be in here.
                yield check_thing(thing) if "\\u" in text else thing
        except RowError as error:
            reading.fault(line, error)


def read_json(stream: io.BufferedReader, reading: Reading, asked: Columns) -> Iterator[Thing]:
    """The objects of an array, or one after another, one at a time in memory. Broken JSON ends the reading.

    Raises BadInput for an empty file.
    """
    rows, values = _Rows(reading, asked), _Values(stream)
    if values.empty:
        raise BadInput(f"{reading.source} is empty, expected a JSON array of objects")
    for line, found in values:
        if isinstance(found, RowError):
            reading.fault(line, found)
            return
        try:
            yield check_thing(rows.thing(found))
        except RowError as error:
            reading.fault(line, error)


class _Rows:
    """Numbers the rows and turns them into things; the first one decides about the text column."""

    def __init__(self, reading: Reading, asked: Columns) -> None:
        self._source, self._asked = reading.source, asked
        self._make: Make | None = None
        self._number = 0

    def thing(self, row: Any) -> Thing:
        self._number += 1
        if type(row) is not dict:
            raise RowError(f'expected an object such as {{"text": "..."}}, found {json.dumps(row)[:40]}')
        if self._make is None:
            prefix = None if self._source == STDIN else self._source
            self._make = mapping_maker(row, self._asked, self._source, prefix)
        return self._make(self._number, row)


def _parsed_line(text: str) -> Any:
    """The value in a line, which has to be whole: a file where values go over lines is no JSON lines."""
    try:
        value = _parsed(text)
    except RowError as error:
        if text in ("[", "{") or text.endswith((",", ":", "[", "{")) or text[0] in "[]}":
            raise RowError(OVER_LINES) from error
        raise
    if type(value) is list:
        raise RowError(OVER_LINES)
    return value


def _parsed(text: str) -> Any:
    try:
        value, end = _scan(text, 0)
    except StopIteration as error:
        raise RowError(f"invalid JSON: {text[:40]!r}") from error
    except (ValueError, RecursionError) as error:  # ValueError: also an integer of more than 4,300 digits
        raise RowError(f"invalid JSON: {error}") from error
    if end != len(text):
        raise RowError(f"invalid JSON: after the end of the object comes {text[end : end + 20]!r}")
    return value


class _Values:
    """Iterates over (line, value) of top-level values, or of the elements of one array; the last may be a RowError.

    The text is read piece by piece, twice as much each time that a value does not end within it.
    """

    def __init__(self, stream: io.BufferedReader) -> None:
        self._stream, self._decoder = stream, codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._buffer, self._at, self._line = "", 0, 1

    @property
    def empty(self) -> bool:
        """Whether there is nothing at all, or nothing more."""
        return not self._next()

    def __iter__(self) -> Iterator[tuple[int, Any]]:
        try:
            yield from self._values()
        except RowError as error:
            yield self._line, error

    def _values(self) -> Iterator[tuple[int, Any]]:
        in_array = self._next() == "["
        if in_array:
            self._at += 1
        separated = True
        while (character := self._next()) and not (in_array and character == "]"):
            if not separated:
                raise RowError(f"invalid JSON: expected a comma, found {character!r}")
            value = self._value()
            yield self._line, value
            separated = not in_array
            if in_array and self._next() == ",":
                self._at += 1
                separated = True
        if in_array and not character:
            raise RowError("invalid JSON: the array does not end; is the file complete?")
        self._at += in_array
        if in_array and self._next():
            raise RowError("invalid JSON: something follows the end of the array")

    def _next(self) -> str:
        """The next character that is not space, "" at the end of the file; the position moves there."""
        while True:
            start = self._at
            while self._at < len(self._buffer) and self._buffer[self._at] in SPACE:
                self._at += 1
            self._line += self._buffer.count("\n", start, self._at)
            if self._at < len(self._buffer):
                return self._buffer[self._at]
            if not self._more():
                return ""

    def _value(self) -> Any:
        """The value that starts here; the position moves behind it."""
        while True:
            try:
                value, end = _scan(self._buffer, self._at)
                if end < len(self._buffer) or not self._more():  # "12" may go on as "123"
                    self._line += self._buffer.count("\n", self._at, end)
                    self._at = end
                    return value
            except (StopIteration, ValueError, RecursionError) as error:
                if isinstance(error, RecursionError) or not self._more():
                    raise RowError(f"invalid JSON, the rest cannot be read: {error}") from error

    def _more(self) -> bool:
        """Read on; False at the end of the file. What is done with is forgotten."""
        self._buffer, self._at = self._buffer[self._at :], 0
        if len(self._buffer) > LONGEST_LINE:
            raise RowError(
                f"a value of more than {LONGEST_LINE >> 20} MB, or invalid JSON: expected an array of objects"
            )
        piece = self._read(max(CHUNK, len(self._buffer)))
        self._buffer += piece
        return piece != ""

    def _read(self, size: int) -> str:
        """About so many bytes as text, "" at the end."""
        while True:
            data = read_on(self._stream, size)
            text = self._decoder.decode(data, final=not data)
            if text or not data:
                return text
