"""`knnife match typos`: misspelled words, texts and columns, and what was meant."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import knnife
from knnife.interfaces.cli import output
from knnife.interfaces.cli.options import FILE, is_space, json_option, lines_for, open_space, require_one, valid_text
from knnife.interfaces.cli.progress import progress_bar
from knnife.interfaces.cli.teaching import Taught
from knnife.interfaces.cli.writers import whole_file

if TYPE_CHECKING:
    from knnife.tools.typos import Typos

SUGGESTED = {"word": "word", "rank": "", "suggestion": "suggestion", "probability": "probability", "reason": "why"}
FOUND = {"id": "id", "position": "position", "word": "word", "suggestion": "suggestion", "probability": "probability",
         "reason": "why"}  # fmt: skip
TOGETHER = 4096  # words of standard input that are answered together, at most
KEYBOARDS = ("qwerty", "qwertz", "azerty", "dvorak")

EXAMPLES = """
knnife match typos recieve adress
cat words.txt | knnife match typos - -k 1 --json
knnife match typos --text notes.txt -o corrected.txt
knnife match typos --space films.knnife
knnife match typos --column plot films.csv -o mended.csv
knnife match typos --vocabulary films.knnife detectiv heeist
"""


@click.command(cls=Taught, examples=EXAMPLES)
@click.argument("given", nargs=-1, type=valid_text, metavar="WORD... | FILE.csv")
@click.option("--text", type=FILE, metavar="FILE", help="The words of a text that are wrong; - is standard input.")
@click.option("--space", type=FILE, metavar="SPACE", help="The words that are wrong in the texts of a space.")
@click.option("--column", type=valid_text, metavar="NAME", help="Those in a column of FILE.csv.")
@click.option("-o", "--output", "to", type=FILE, metavar="FILE", help="Write the text or the table, corrected.")
@click.option("--vocabulary", type=FILE, metavar="FILE|SPACE", help="A list of words, texts, or a space; else English.")
@click.option("--context", type=FILE, metavar="VECTORS", help="Word vectors that know what fits around a word.")
@click.option("--sure", type=click.FloatRange(0, 1), default=0.5, show_default=True, help="From which probability.")
@click.option("--unsure", is_flag=True, help="Also words that are unknown and stay as they are.")
@click.option("--keyboard", type=click.Choice(KEYBOARDS), default="qwerty", help="Whose keys are neighbours.")
@click.option("-k", type=click.IntRange(min=1), default=5, show_default=True, help="Suggestions for a WORD, at most.")
@json_option
def command(
    given: tuple[str, ...], text: str | None, space: str | None, column: str | None, to: str | None, sure: float,
    unsure: bool, k: int, as_json: bool, **options: Any,
) -> None:  # fmt: skip
    """Correct misspelled words: suggestions for each WORD, or the wrong words of a text, a space or a column.

    With - the words are the lines of standard input. What is suggested is ranked by how people misspell, by
    keyboard and sound, by how common it is and, with --context, by the words around it.
    """
    require_one({"WORD": given and not column, "--text": text, "--space": space, "--column": column})
    if (column and len(given) != 1) or (to and not (text or column)) or (not column and given and (text or space)):
        raise click.UsageError("--column goes with one FILE.csv; -o goes with --text or --column, WORD with neither")
    with ExitStack() as stack:
        speller = _speller(stack, **options)
        if text is not None:
            _text(speller, text, to, sure, unsure, as_json)
        elif column is not None:
            _column(speller, given[0], column, to, sure, unsure, as_json)
        elif space is not None:
            found = knnife.typos(stack.enter_context(open_space(space, read_only=True)), speller, sure=sure)
            _tell(found, unsure, as_json)
        else:
            for words in _batches(lines_for(given)):
                output.write_rows(speller.suggest(words, k).rows(), SUGGESTED, as_json)


def _speller(stack: ExitStack, vocabulary: str | None, context: str | None, keyboard: str) -> knnife.Speller:
    words: Any = vocabulary
    if vocabulary is not None and is_space(vocabulary):
        words = stack.enter_context(open_space(vocabulary, read_only=True))
    vectors = None if context is None else knnife.WordVectors.load(context)
    with progress_bar("words"):
        return knnife.Speller(words, vectors=vectors, keyboard=keyboard)


def _batches(words: Iterable[str]) -> Iterator[list[str]]:
    words = iter(words)
    while some := list(islice(words, TOGETHER)):
        yield some


def _text(speller: knnife.Speller, path: str, to: str | None, sure: float, unsure: bool, as_json: bool) -> None:
    """A text by its lines, whose ends stay as they are; a row says on which line a word stands, from 1."""
    data = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    lines = data.decode("utf-8", "replace").splitlines(keepends=True)
    things = [knnife.Thing(str(number), line) for number, line in enumerate(lines, 1)]
    if not things:
        raise knnife.BadInput(f"{path} is empty; expected a text")
    found = knnife.typos(things, speller, sure=sure)
    if to is not None:
        with whole_file(to) as part:
            part.write_text("".join(found.mended), encoding="utf-8", newline="")
    _tell(found, unsure, as_json)


def _column(
    speller: knnife.Speller, path: str, column: str, to: str | None, sure: float, unsure: bool, as_json: bool
) -> None:
    """A column of a table; its other columns are written as they are. Rows are numbered from 1."""
    with Path(path).open(encoding="utf-8-sig", newline="") as file:
        table = csv.DictReader(file, delimiter="\t" if path.endswith(".tsv") else ",")
        rows, header = list(table), list(table.fieldnames or ())
    if column not in header:
        raise knnife.NotFound(f"{path} has no column {column!r}; there are {', '.join(header) or 'none'}")
    things = [knnife.Thing(str(number), row[column] or "") for number, row in enumerate(rows, 1)]
    found = knnife.typos(things, speller, sure=sure)
    if to is not None:
        with whole_file(to) as part, part.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, header, delimiter="\t" if to.endswith(".tsv") else ",", lineterminator="\n")
            writer.writeheader()
            writer.writerows({**row, column: mended} for row, mended in zip(rows, found.mended, strict=True))
    _tell(found, unsure, as_json)


def _tell(found: Typos, unsure: bool, as_json: bool) -> None:
    output.write_rows(found.rows(unsure), FOUND, as_json)
    told = found.summary()
    if output.for_people() and not as_json:
        click.echo(f"{told['corrected']:,} words corrected, {told['unknown']:,} others unknown", err=True)
