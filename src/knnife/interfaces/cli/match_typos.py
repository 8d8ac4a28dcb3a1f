"""`knnife match typos`: misspelled words, texts and columns, and what was meant."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import click

import knnife
from knnife.interfaces.cli import output, shared
from knnife.interfaces.cli.progress import progress_bar
from knnife.output_kinds import TABLE, OutputKind, text_named_like
from knnife.outputs import whole_text
from knnife.things.delimited import OpenTable, explained, table_in, tidied
from knnife.things.files import LONGEST_LINE

SUGGESTED = {"word": "word", "rank": "", "suggestion": "suggestion", "probability": "probability", "reason": "why"}
FOUND = {"id": "id", "position": "position", "word": "word", "suggestion": "suggestion", "probability": "probability",
         "reason": "why"}  # fmt: skip
REPORTED = 256  # texts from one report of progress to the next
T = TypeVar("T")
KEYBOARDS = ("qwerty", "qwertz", "azerty", "dvorak")

EXAMPLES = """
knnife match typos recieve adress
cat words.txt | knnife match typos - -k 1 --json
knnife match typos --text notes.txt -o corrected.txt
knnife match typos --space films.knnife
knnife match typos --column plot films.csv -o mended.csv
knnife match typos --vocabulary films.knnife detectiv heeist
"""


@shared.json_command(EXAMPLES)
@click.argument("given", nargs=-1, type=shared.valid_text, metavar="WORD... | FILE.csv")
@shared.file_option("--text", metavar="FILE", help="Find the wrong words of a text; - is standard input.")
@shared.file_option("--space", metavar="SPACE", help="Find the wrong words in the texts of a space.")
@shared.text_option("--column", metavar="NAME", help="Find those in a column of FILE.csv.")
@shared.output_option("-o", "--output", "to", metavar="FILE", help="Write the text or the table, corrected.")
@shared.file_option(
    "--vocabulary", metavar="FILE|SPACE", help="A list of words, texts, or a space; English by default."
)
@shared.file_option("--context", metavar="VECTORS", help="Word vectors that tell which words fit around a word.")
@click.option("--sure", type=click.FloatRange(0, 1), default=0.5, help="Probability from which a word is corrected.")
@click.option("--unsure", is_flag=True, help="Show unknown words that stay as they are, too.")
@click.option(
    "--keyboard", type=click.Choice(KEYBOARDS), default="qwerty", help="Keyboard that says which keys are neighbours."
)
@click.option("-k", type=click.IntRange(min=1), default=5, help="Suggestions for a WORD, at most.")
@shared.written_options
def command(
    given: tuple[str, ...], text: str | None, space: str | None, column: str | None, to: str | None, sure: float,
    unsure: bool, k: int, as_json: bool, **options: Any,
) -> None:  # fmt: skip
    """Correct misspelled words: suggestions for each WORD, or the wrong words of a text, a space or a column.

    With - the words are the lines of standard input. What is suggested is ranked by how people misspell, by
    keyboard and sound, by how common it is and, with --context, by the words around it.
    """
    shared.require_one({"WORD": given and not column, "--text": text, "--space": space, "--column": column})
    if (column and len(given) != 1) or (to and not (text or column)) or (not column and given and (text or space)):
        raise click.UsageError("--column goes with one FILE.csv; -o goes with --text or --column, WORD with neither")
    speller = _speller(**options)
    if text is not None:
        _text(speller, text, to, sure, unsure, as_json)
    elif column is not None:
        _column(speller, given[0], column, to, sure, unsure, as_json)
    elif space is not None:
        with shared.open_space(space, read_only=True) as opened, progress_bar("correcting"):
            found = knnife.typos(opened, speller, sure=sure)
        output.write_rows(found.rows(unsure), FOUND, as_json)
        _summarise(found.summary(), as_json)
    else:
        for words in shared.batches_for(given):
            output.write_rows(speller.suggest(words, k).rows(), SUGGESTED, as_json)


def _speller(vocabulary: str | None, context: str | None, keyboard: str) -> knnife.Speller:
    vectors = None if context is None else knnife.WordVectors.load(context)
    with progress_bar("words"):
        return knnife.Speller(vocabulary, vectors=vectors, keyboard=keyboard)


def _text(speller: knnife.Speller, path: str, to: str | None, sure: float, unsure: bool, as_json: bool) -> None:
    """A text by its lines, whose ends stay as they are; a row says on which line a word stands, from 1."""
    lines = _repeatable(path, _lines)
    first = next(lines(), None)
    if first is None or "\0" in first:
        raise knnife.BadInput(f"{path} is {'empty' if first is None else 'no text'}; expected a text")
    with _whole(to, text_named_like(path)) as write:
        _mend(speller, lines, write, sure, unsure, as_json)


def _column(
    speller: knnife.Speller, path: str, column: str, to: str | None, sure: float, unsure: bool, as_json: bool
) -> None:
    """A column of a table, row by row; its other columns are written as they are. Rows are numbered from 1."""
    sheet = _sheet(path)
    if tidied(column) not in sheet.names:
        raise knnife.NotFound(f"{path} has no column {column!r}; there are {', '.join(sheet.names)}")
    place = sheet.names.index(tidied(column))

    def cells() -> Iterator[str]:
        return (row[place] if place < len(row) else "" for row in sheet.rows())

    with _whole(to, TABLE) as write:
        table = csv.writer(_Writing(write), delimiter=_delimiter(path, to, sheet.delimiter), lineterminator="\n")
        table.writerow(sheet.header)
        others = sheet.rows()

        def keep(mended: str) -> None:
            row = next(others)
            table.writerow([*row[:place], mended, *row[place + 1 :]] if place < len(row) else row)

        _mend(speller, cells, keep, sure, unsure, as_json)


class _Writing(NamedTuple):
    """What csv.writer writes to."""

    write: Callable[[str], Any]


@contextmanager
def _whole(to: str | None, kind: OutputKind) -> Iterator[Callable[[str], Any]]:
    """What writes to the file `to`, which appears whole or not at all; to nowhere for None."""
    if to is None:
        yield lambda text: None
        return
    with whole_text(to, kind, errors="surrogateescape") as file:
        yield file.write


class _Sheet(NamedTuple):
    """A csv file: its header as it is written, what the columns are called, and its rows, as often as one likes."""

    header: list[str]
    names: list[str]
    delimiter: str
    rows: Callable[[], Iterator[list[str]]]


def _sheet(path: str) -> _Sheet:
    with _table(path) as table:
        if _can_be_read_again(path):
            return _Sheet(table.header, table.names, table.delimiter, partial(_rows, path))
        held = list(_sound(table, path))
        return _Sheet(table.header, table.names, table.delimiter, lambda: iter(held))


def _rows(path: str) -> Iterator[list[str]]:
    with _table(path) as table:
        yield from _sound(table, path)


def _sound(table: OpenTable, path: str) -> Iterator[list[str]]:
    """The rows that are not blank lines. Raises BadRow where one cannot be read."""
    try:
        yield from filter(None, table.rows)
    except csv.Error as error:
        raise knnife.BadRow(path, table.rows.line_num, explained(error)) from error


@contextmanager
def _table(path: str) -> Iterator[OpenTable]:
    with shared.opened_text(path) as (stream, reading), table_in(stream, reading, _told(path)) as table:
        yield table


def _told(path: str) -> str | None:
    """The delimiter that the name of a file tells."""
    return "\t" if path.endswith(".tsv") else None


def _delimiter(path: str, to: str | None, read: str) -> str:
    """That of the file that is written: as its name tells, else as in the file that was read."""
    return _told(to or path) or ("," if _told(path) else read)


def _repeatable(path: str, read: Callable[[str], Iterator[T]]) -> Callable[[], Iterator[T]]:
    """What reads a file from its beginning as often as it is called; a pipe is read once, and held in memory."""
    if _can_be_read_again(path):
        return lambda: read(path)
    held = list(read(path))
    return lambda: iter(held)


def _can_be_read_again(path: str) -> bool:
    return path != "-" and Path(path).is_file()


def _lines(path: str) -> Iterator[str]:
    """The lines of a text, or of standard input, with their ends; bytes that are no UTF-8 stay what they are."""
    with shared.opened_text(path) as (stream, _):
        text = io.TextIOWrapper(stream, "utf-8", "surrogateescape", newline="")
        try:
            yield from iter(partial(text.readline, LONGEST_LINE), "")
        finally:
            text.detach()


def _mend(
    speller: knnife.Speller,
    texts: Callable[[], Iterable[str]],
    keep: Callable[[str], Any],
    sure: float,
    unsure: bool,
    as_json: bool,
) -> None:
    """Corrects texts one after another, twice gone through: names and terms are known by how often they come.

    keep: takes each text, corrected.
    """
    counts: Counter[str] = Counter()
    with progress_bar("looking for names") as report:
        taken = speller.taken(_counted(texts(), counts, report))

    def rows() -> Iterator[dict[str, Any]]:
        with progress_bar("correcting") as report:
            for number, mended in enumerate(speller.texts(texts(), sure=sure, taken=taken), 1):
                keep(mended.text)
                for word in mended.wrong:
                    counts["corrected" if word.corrected else "unknown"] += 1
                    if word.corrected or unsure:
                        yield {"id": str(number), **word._asdict()}
                if report is not None and number % REPORTED == 0:
                    report(number, number / counts["texts"])

    output.write_rows(rows(), FOUND, as_json)
    _summarise(counts, as_json)


def _counted(texts: Iterable[str], counts: Counter[str], report: Callable[[int, None], None] | None) -> Iterator[str]:
    for text in texts:
        counts["texts"] += 1
        if report is not None and counts["texts"] % REPORTED == 0:
            report(counts["texts"], None)
        yield text


def _summarise(counts: Mapping[str, int], as_json: bool) -> None:
    if not as_json:
        output.note(f"{counts['corrected']:,} words corrected, {counts['unknown']:,} others unknown")
