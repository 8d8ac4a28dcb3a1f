"""Files of analogies and of pairs of words with the scores that people gave them, read line by line.

Analogies, as in questions-words.txt (Mikolov et al., 2013): four words a line; ": name" begins a section. Pairs: two
words and numbers a line, between tabs, semicolons, commas or blanks; the score is the first column that holds a number
in the second line, and the first line may name the columns. Lines that begin with # or // are comments.
"""

from __future__ import annotations

import csv
import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from knnife.errors import BadInput, BadRow
from knnife.things.files import lines, opened
from knnife.things.reading import Reading, RowError
from knnife.things.values import decoded

Source = str | os.PathLike[str]
COMMENTS = ("#", "//")


@dataclass(frozen=True)
class AnalogySection:
    """Analogies of one kind: each is (a, b, c, d), a is to b as c is to d."""

    file: str
    name: str
    questions: list[tuple[str, str, str, str]]


@dataclass(frozen=True)
class RatedPairs:
    """n pairs of words, with what people gave each `(n,)`. column: which of the file that is, for people."""

    file: str
    column: str
    a: list[str]
    b: list[str]
    scores: NDArray[np.float64]


def read_analogies(path: Source) -> list[AnalogySection]:
    """The sections of a file, in order; without names, one of the name of the file.

    Raises BadRow for a line of other than four words, BadInput where there is none, NotFound without the file.
    """
    sections = [AnalogySection(str(path), Path(path).stem, [])]
    for number, line in _lines(path):
        words = line.split()
        if line.startswith(":"):
            sections.append(AnalogySection(str(path), line[1:].strip() or Path(path).stem, []))
        elif len(words) == 4:
            sections[-1].questions.append((words[0], words[1], words[2], words[3]))
        else:
            raise BadRow(
                str(path), number, f'{line!r:.60} has {len(words)} words; expected four, or ": name" of a section'
            )
    if not any(section.questions for section in sections):
        raise BadInput(f"{path} holds no analogies; expected lines of four words, as in questions-words.txt")
    return [section for section in sections if section.questions]


def read_pairs(path: Source) -> RatedPairs:
    """The pairs of a file. Raises BadRow for a line without two words or a number, and else as `read_analogies`."""
    lines = [*_lines(path)]
    if not lines:
        raise BadInput(f"{path} holds no pairs; expected two words and a score a line")
    separator = _separator(lines[:2][-1][1])
    rows = [(number, _fields(str(path), number, line, separator)) for number, line in lines]
    column = _score_column(str(path), *rows[:2][-1])
    first = rows[0][1][column : column + 1]
    title = first if len(rows) > 1 and _number(first) is None else []
    rows = rows[1:] if title else rows
    for number, fields in rows:
        _check(str(path), number, fields, column)
    scores = np.array([float(fields[column]) for _, fields in rows])
    name = f"column {column + 1}" + (f" ({title[0]})" if title else "")
    return RatedPairs(str(path), name, [fields[0] for _, fields in rows], [fields[1] for _, fields in rows], scores)


def _lines(path: Source) -> Iterator[tuple[int, str]]:
    """The lines that say something, with their numbers from 1."""
    reading = Reading(os.fsdecode(path), lambda _: iter(()))
    with opened(reading.source, reading) as stream:
        for number, line in lines(stream, reading, reading.source):
            try:
                text = decoded(line).strip()
            except RowError as error:
                reading.fault(number, error)
            else:
                if text and not text.startswith(COMMENTS):
                    yield number, text


def _separator(line: str) -> str:
    """What stands between the fields; a blank for any number of them."""
    return next((each for each in "\t;," if each in line), " ")


def _fields(path: str, number: int, line: str, separator: str) -> list[str]:
    if separator == " ":
        return line.split()
    if separator == "\t":
        return [field.strip() for field in line.split("\t")]
    try:
        return [field.strip() for field in next(csv.reader([line], delimiter=separator))]
    except csv.Error as error:
        raise BadRow(path, number, f"{line!r:.60} is no row of a table; {error}") from error


def _number(fields: Sequence[str]) -> float | None:
    """The finite number in the first of these fields, None where there is none."""
    try:
        number = float(fields[0])
    except (IndexError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _score_column(path: str, number: int, fields: Sequence[str]) -> int:
    for column in range(2, len(fields)):
        if _number(fields[column:]) is not None:
            return column
    raise BadRow(path, number, f"{' '.join(fields)!r:.60} has no number behind two words; expected a score")


def _check(path: str, number: int, fields: Sequence[str], column: int) -> None:
    if not all(fields[:2]) or _number(fields[column:]) is None:
        raise BadRow(
            path, number, f"{' '.join(fields)!r:.60}: expected two words, and a finite number in column {column + 1}"
        )
