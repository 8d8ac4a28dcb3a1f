"""`knnife export`: a space as a file that other programs read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import knnife
from knnife.interfaces.cli.examples import ExampleCommand
from knnife.interfaces.cli.options import FILE, open_to_ask, space_argument, view_option, where_option

if TYPE_CHECKING:
    from knnife.things import Thing

FORMATS = ("jsonl", "csv", "npy", "parquet")
BINARY = ("npy", "parquet")
BATCH = 1_000

EXAMPLES = """
knnife export films.knnife > films.jsonl
knnife export films.knnife -o films.csv
knnife export films.knnife --where 'year > 1990' --vectors -o late.jsonl
knnife export films.knnife -o films.npy
knnife export films.knnife -o films.parquet --vectors
knnife add copy.knnife films.jsonl --id id --text value
"""


@click.command(cls=ExampleCommand, examples=EXAMPLES)
@space_argument
@click.option("-o", "--output", type=FILE, metavar="FILE", help="File to write; standard output by default.")
@click.option(
    "--format", "kind", type=click.Choice(FORMATS), help="Format; by default that of the ending of FILE, else jsonl."
)
@click.option("--vectors", is_flag=True, help="Write the vectors, too; npy holds nothing else.")
@where_option
@view_option
def command(
    space: str, output: str | None, kind: str | None, vectors: bool, where: str | None, view: str | None
) -> None:
    """Write things to a file, in the order of their arrival.

    Nothing is lost in jsonl: added again with --id id --text value (and --vector vector) it makes the same
    things. csv writes lists as JSON; npy holds the vectors, row by row those of the same export as jsonl;
    parquet needs pip install "knnife[parquet]".
    """
    kind = kind or _by_ending(output)
    if kind in BINARY and output is None:
        raise click.UsageError(f"{kind} needs a file: -o FILE.{kind}")
    if output and os.path.exists(output) and os.path.samefile(output, space):
        raise knnife.BadInput(f"-o {output} is the space itself; choose another file")
    with open_to_ask(space) as opened:
        _write(opened, output, kind, vectors, where, view)


def _write(
    space: knnife.Space, path: str | None, kind: str, vectors: bool, where: str | None, view: str | None
) -> None:
    from knnife.interfaces.cli import writers

    def things() -> Iterator[Thing]:
        return space.things(where=where)

    if kind == "npy":
        count = sum(1 for _ in things())
        blocks = (points for _, points in _batches(space, things(), True, view))
        writers.write_npy(blocks, count, space.vectors([], view=view)[1].shape[1], str(path))
        return
    rows = (
        writers.flat(thing, vector)
        for batch, points in _batches(space, things(), vectors, view)
        for thing, vector in zip(batch, points, strict=True)
    )
    if kind == "parquet":
        writers.write_parquet(rows, writers.columns(things(), vectors), str(path))
        return
    with writers.text_file(path) as file:
        if kind == "csv":
            writers.write_csv(rows, writers.columns(things(), vectors), file)
        else:
            writers.write_jsonl(rows, file)


def _batches(
    space: knnife.Space, things: Iterator[Thing], with_vectors: bool, view: str | None
) -> Iterator[tuple[list[Thing], Any]]:
    """Things in lists, with their vectors `(n, d)` or as many Nones."""
    while batch := list(islice(things, BATCH)):
        ids = [str(thing.id) for thing in batch]
        yield batch, space.vectors(ids, view=view)[1] if with_vectors else [None] * len(batch)


def _by_ending(path: str | None) -> str:
    ending = Path(path).suffix.lstrip(".").lower() if path else ""
    return ending if ending in FORMATS else "jsonl"
