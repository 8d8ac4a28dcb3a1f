"""`knnife get`: things by their ids."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

import knnife
from knnife.interfaces.cli import output
from knnife.interfaces.cli.options import json_option, lines_for, open_to_ask, space_argument, valid_text
from knnife.interfaces.cli.teaching import Taught

COLUMNS = {"id": "id", "value": "text", "about": "about", "part_of": "part of"}

EXAMPLES = """
knnife get films.knnife "The Sting"
knnife get films.knnife "The Sting" Rififi --vector --json
"""


@click.command(cls=Taught, examples=EXAMPLES)
@space_argument
@click.argument("ids", nargs=-1, required=True, type=valid_text, metavar="ID...")
@click.option("--vector", is_flag=True, help="With the vector.")
@json_option
def command(space: str, ids: tuple[str, ...], vector: bool, as_json: bool) -> None:
    """Show things whole.

    Text and metadata, and the vector on request. With - the ids are the lines of standard input.
    """
    columns = COLUMNS | ({"vector": "vector"} if vector else {})
    with open_to_ask(space) as opened:
        output.write_rows(_rows(opened, list(lines_for(ids)), vector), columns, as_json, layout="blocks")


def _rows(space: knnife.Space, ids: list[str], vector: bool) -> Iterator[output.Row]:
    things = space.get(ids)
    vectors: Any = space.vectors(ids)[1] if vector else [None] * len(ids)
    for thing, point in zip(things, vectors, strict=True):
        row = {"id": thing.id, "value": thing.value, "about": thing.about, "part_of": thing.part_of}
        yield row if point is None else {**row, "vector": point.tolist()}
