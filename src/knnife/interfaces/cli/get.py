"""`knnife get`: things by their ids."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

import knnife
from knnife.interfaces.cli import output, shared
from knnife.interfaces.cli.cells import Row, size
from knnife.output_kinds import OutputKind
from knnife.outputs import whole_file

COLUMNS = {"id": "id", "value": "text", "about": "about", "part_of": "part of"}

EXAMPLES = """
knnife get films.knnife "The Sting"
knnife get films.knnife "The Sting" Rififi --vector --json
knnife get album.knnife photos/beach.jpg --thumbnail beach-small.jpg
"""


@shared.json_command(EXAMPLES)
@shared.space_argument
@click.argument("ids", nargs=-1, required=True, type=shared.valid_text, metavar="ID...")
@click.option("--vector", is_flag=True, help="With the vector.")
@shared.output_option("--thumbnail", metavar="FILE.jpg", help="Write the small picture of one thing there.")
@shared.encoding_option
def command(space: str, ids: tuple[str, ...], vector: bool, thumbnail: str | None, as_json: bool) -> None:
    """Show things whole.

    Text and metadata, and the vector on request. With - the ids are the lines of standard input.
    """
    if thumbnail:
        _write_thumbnail(space, ids, thumbnail)
        return
    columns = COLUMNS | ({"vector": "vector"} if vector else {})
    with shared.open_to_ask(space) as opened:
        output.write_rows(_rows(opened, list(shared.lines_for(ids)), vector), columns, as_json, layout="blocks")


def _write_thumbnail(path: str, ids: tuple[str, ...], to: str) -> None:
    if len(ids) != 1 or ids[0] == "-":
        raise click.UsageError("--thumbnail is of one thing; give one ID")
    with shared.open_to_ask(path) as opened:
        picture = opened.thumbnail(ids[0])
    if picture is None:
        raise knnife.NotFound(
            f"{ids[0]} has no thumbnail: knnife add {shlex.quote(path)} SOURCE --thumbnails 256 keeps them"
        )
    with whole_file(to, OutputKind("this thumbnail", lambda head, path: Path(path).read_bytes() == picture)) as file:
        file.write(picture)
    output.note(f"{to}: {size(len(picture))}")


def _rows(space: knnife.Space, ids: list[str], vector: bool) -> Iterator[Row]:
    things = space.get(ids)
    vectors: Any = space.vectors(ids)[1] if vector else [None] * len(ids)
    for thing, point in zip(things, vectors, strict=True):
        row = {"id": thing.id, "value": thing.value, "about": thing.about, "part_of": thing.part_of}
        yield row if point is None else {**row, "vector": point.tolist()}
