"""Looking at all rows of a csv file before the first is read: what its columns are is decided by all of their cells.

A file is opened a second time for this; what comes once only, from a pipe, is kept meanwhile: in memory while it is
small, then in a temporary file.
"""

from __future__ import annotations

import csv
import io
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, cast

from knnife.things.cell_types import REMEMBERED, Shapes, reader
from knnife.things.deciding import decide, given
from knnife.things.files import opened
from knnife.things.reading import Reading
from knnife.things.taken import CellType, Value
from knnife.things.unpacking import BUFFER

if TYPE_CHECKING:
    import _csv

    Survey = Callable[[io.BufferedReader, Reading], None]

IN_MEMORY = 16 << 20  # bytes of a pipe
ROWS = 2_000  # looked at together


@contextmanager
def looked_through(stream: io.BufferedReader, reading: Reading, survey: Survey) -> Iterator[io.BufferedReader]:
    """Yields what `stream` has, from its beginning, after `survey` got the same. What is damaged faults only once."""
    quiet = Reading(reading.source, lambda _: iter(()), "skip", written=reading.written)
    if os.path.isfile(reading.source):
        with opened(reading.source, quiet, measure=False) as again:
            survey(again, quiet)
        yield stream
        return
    with tempfile.SpooledTemporaryFile(IN_MEMORY) as kept:
        damage = _copied(stream, kept)
        for use in (survey, None):
            kept.seek(0)
            text: io.BufferedReader = io.BufferedReader(cast(io.RawIOBase, kept), BUFFER)
            try:
                if use is None:
                    yield text
                else:
                    use(text, quiet)
            finally:
                text.detach()
        if damage is not None:
            raise damage


def _copied(stream: io.BufferedReader, kept: tempfile.SpooledTemporaryFile[bytes]) -> Exception | None:
    """Copies what can be read, and gives back what ended that."""
    try:
        while piece := stream.read1(BUFFER):
            kept.write(piece)
    except Exception as error:
        return error
    return None


def seen_in(rows: _csv.Reader, header: Sequence[str], wanted: Sequence[str], seen: dict[str, Shapes]) -> None:
    """Fills `seen` with what the cells of the wanted columns are; rows that are broken say nothing."""
    seen.update({name: Shapes() for name in wanted})
    width, number, left = len(header), 1, list(wanted)
    while left and (chunk := _chunk(rows, width)):
        for name in left:
            place = header.index(name)
            seen[name].add([row[place] for row in chunk], number)
        number += len(chunk)
        left = [name for name in left if not seen[name].is_text]


def _chunk(rows: _csv.Reader, width: int) -> list[list[str]]:
    """The next rows, each with a cell for each name; of broken ones, which count, all are empty."""
    chunk: list[list[str]] = []
    nothing = [""] * width
    while not chunk:
        try:
            chunk.extend(islice(rows, ROWS))  # with no loop in Python; what came before an error is kept
        except csv.Error:
            chunk.append(nothing)
        else:
            if not chunk:
                return []
        if set(map(len, chunk)) != {width}:
            chunk = [nothing if any(row[width:]) else (row + nothing)[:width] for row in chunk if row]
    return chunk


def readers(
    seen: Mapping[str, Shapes], stated: Mapping[str, CellType], reading: Reading, delimiter: str
) -> dict[str, Mapping[str, Value] | None]:
    """What reads each column, None for texts; the reading is told what was taken for what."""
    taken = decide(seen, semicolons=delimiter == ";") | given(stated)
    reading.taken = taken
    most = REMEMBERED // max(1, len(taken))
    return {
        name: None
        if each.type == "text"
        else reader(each.type, strict=name in stated, exact=name in seen and seen[name].exact, most=most)
        for name, each in taken.items()
    }
