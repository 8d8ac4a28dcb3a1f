"""Plain text: a thing per line, or per paragraph (lines up to a blank one)."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Literal

from knnife.things.files import STDIN, lines
from knnife.things.reading import Reading, RowError
from knnife.things.thing import Thing
from knnife.things.values import decoded

Per = Literal["line", "paragraph"]


def read_texts(stream: io.BufferedReader, reading: Reading, per: Per) -> Iterator[Thing]:
    """The lines of `stream` that are not blank, or its paragraphs.

    They are called `<source>#<number of the line, or of the paragraph>`; those of standard input have no
    name. A paragraph with a broken line in it is left out as a whole.
    """
    texts = _lines(stream, reading)
    if per == "paragraph":
        texts = _paragraphs(texts)
    for number, text in enumerate(texts, 1):
        if text:
            yield Thing(None if reading.source == STDIN else f"{reading.source}#{number}", text)


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
