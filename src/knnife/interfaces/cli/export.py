"""`knnife export`: a space as a file that other programs read."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

import click

import knnife
from knnife.interfaces.cli import shared, writers

if TYPE_CHECKING:
    from knnife.things import Thing

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


@click.command(cls=shared.ExampleCommand, examples=EXAMPLES)
@shared.space_argument
@shared.output_option("-o", "--output", metavar="FILE", help="File to write; standard output by default.")
@click.option(
    "--format",
    "kind",
    type=click.Choice(writers.FORMATS),
    help="Format; by default that of the ending of FILE, else jsonl.",
)
@click.option("--vectors", is_flag=True, help="Write the vectors, too; npy holds nothing else.")
@shared.where_option
@shared.view_option
def command(
    space: str, output: str | None, kind: str | None, vectors: bool, where: str | None, view: str | None
) -> None:
    """Write things to a file, in the order of their arrival.

    Nothing is lost in jsonl: added again with --id id --text value (and --vector vector) it makes the same
    things. csv writes lists as JSON; npy holds the vectors, row by row those of the same export as jsonl;
    parquet needs pip install "knnife[parquet]".
    """
    if kind is None:
        kind = ending if (ending := writers.ending(output)) in writers.FORMATS else "jsonl"
    if kind in BINARY and output is None:
        raise click.UsageError(f"{kind} needs a file: -o FILE.{kind}")
    with shared.open_to_ask(space) as opened:
        _write(opened, output, kind, vectors, where, view)


def _write(
    space: knnife.Space, path: str | None, kind: str, vectors: bool, where: str | None, view: str | None
) -> None:
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
    columns = {} if kind == "jsonl" else writers.columns(things(), vectors)  # for which all things are read
    writers.write_rows(rows, columns, path, kind)


def _batches(
    space: knnife.Space, things: Iterator[Thing], with_vectors: bool, view: str | None
) -> Iterator[tuple[list[Thing], Any]]:
    """Things in lists, with their vectors `(n, d)` or as many Nones."""
    while batch := list(islice(things, BATCH)):
        ids = [str(thing.id) for thing in batch]
        yield batch, space.vectors(ids, view=view)[1] if with_vectors else [None] * len(batch)
