"""`knnife near`: the nearest neighbours of things inside, of texts or rows, or of vectors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import click

import knnife
from knnife.interfaces.cli import output
from knnife.interfaces.cli.options import (
    FILE,
    json_option,
    k_option,
    lines_for,
    load_vectors,
    open_to_ask,
    require_one,
    space_argument,
    valid_text,
    view_option,
    where_option,
)
from knnife.interfaces.cli.teaching import Taught

COLUMNS = {"query": "near", "score": "score", "id": "id", "value": "text"}
BATCH = 1_000  # neighbours whose texts are fetched at once
EXAMPLES = """
knnife near films.knnife --id "The Sting" -k 3
knnife near films.knnife --id "The Sting" --id Rififi --where 'year > 1950' --json
knnife near films.knnife "two con men" "a jewel robbery"
knnife near films.knnife "two con men" --at-least 0.3
knnife near points.knnife --vectors points.npy -k 1
"""


@click.command(cls=Taught, examples=EXAMPLES)
@space_argument
@click.argument("values", nargs=-1, type=valid_text, metavar="[VALUE]...")
@click.option(
    "--id",
    "ids",
    multiple=True,
    type=valid_text,
    metavar="ID",
    help="A thing inside; several, too.",
)
@click.option("--vectors", type=FILE, metavar="FILE.npy", help="Each row is a query.")
@k_option
@click.option("--at-least", type=float, metavar="S", help="All whose similarity is S or more, not the k best.")
@where_option
@view_option
@json_option
def command(
    space: str,
    values: tuple[str, ...],
    ids: tuple[str, ...],
    vectors: str | None,
    k: int,
    at_least: float | None,
    as_json: bool,
    **options: Any,
) -> None:
    """The nearest neighbours, by meaning alone.

    Ask with --id for those of things inside, with VALUEs for those of texts (- stands for the lines of
    standard input), or with --vectors for those of vectors. Of a space of rows a VALUE is a row, as a JSON
    object: '{"amount": 12.5, "country": "FR"}'; what it lacks is missing.
    """
    require_one({"--id": ids, "VALUE": values, "--vectors": vectors})
    texts = list(lines_for(values))
    asked: Any = load_vectors(vectors) if vectors else texts
    options |= {"ids": ids} if ids else {"queries": asked}
    with open_to_ask(space) as opened:
        if at_least is None:
            found: Any = opened.near(k=k, **options)
        else:
            found = opened.within(at_least=at_least, **options)
        columns = dict(COLUMNS)
        if output.for_people() and len(ids or texts) == 1:
            del columns["query"]
        output.write_rows(_told(opened, found.rows(), ids or texts), columns, as_json)


def _told(space: knnife.Space, rows: Iterator[output.Row], asked: Sequence[str]) -> Iterator[output.Row]:
    """The rows with the text of each neighbour, and the query instead of its number (vectors have none)."""
    while batch := list(islice(rows, BATCH)):
        for row, thing in zip(batch, space.get(row["id"] for row in batch), strict=True):
            known = {"value": thing.value, "about": thing.about, "part_of": thing.part_of}
            yield {**row, **known, "query": asked[row["query"]] if asked else row["query"]}
