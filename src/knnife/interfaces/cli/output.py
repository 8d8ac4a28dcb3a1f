"""Rows on standard output: JSON for programs, a table on a terminal, tab-separated lines into a pipe."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import Literal

import click

from knnife.interfaces.cli.cells import Row, json_line, plain_line, printable

Layout = Literal["cut", "wrapped", "blocks"]


def for_people() -> bool:
    """Whether standard output is a terminal."""
    return sys.stdout.isatty()


def write_rows(rows: Iterable[Row], columns: Mapping[str, str], as_json: bool = False, layout: Layout = "cut") -> None:
    """Writes `rows` in the form that suits the reader.

    columns: name of a field -> its heading, in order; JSON has all fields. layout: what a terminal shows, a
    table with texts cut to its width, one whose last column is wrapped, or blocks with text and metadata.
    """
    if not as_json and for_people():
        from knnife.interfaces.cli import table  # imports rich, which only people need

        if layout == "blocks":
            shown = table.write_blocks(rows)
        else:
            shown = table.write_table(rows, columns, wrapped=layout == "wrapped")
        if not shown:
            click.echo("nothing found")
        return
    for row in rows:
        if isinstance(score := row.get("score"), float):
            row = {**row, "score": float(f"{score:.7g}")}  # the digits that float32 has
        sys.stdout.write((json_line(row) if as_json else plain_line(row, columns)) + "\n")
    sys.stdout.flush()  # who asks line by line wants to read the answer before the next question


def write_result(row: Row, text: str, as_json: bool) -> None:
    """Writes what a command did: `row` for programs, the lines of `text` for people."""
    for line in [json_line(row)] if as_json else text.splitlines():
        click.echo(printable(line))


def note(text: str) -> None:
    """Writes a line on standard error, for people."""
    click.echo(printable(text), err=True)


def notes(texts: Iterable[str]) -> None:
    """Writes lines on standard error, for people."""
    for text in texts:
        note(text)
