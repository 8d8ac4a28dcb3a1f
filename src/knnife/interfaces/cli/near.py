"""`knnife near`: the nearest neighbours of things inside, of texts, rows or pictures, or of vectors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import click

import knnife
from knnife.interfaces.cli import output, shared
from knnife.interfaces.cli.cells import Row
from knnife.interfaces.cli.progress import progress_bar
from knnife.interfaces.cli.recommend import with_things

COLUMNS = {"query": "near", "score": "score", "id": "id", "value": "text"}
SEEN = {"query": "near", "same": "same", "evidence": "evidence", "points": "points", "score": "score", "id": "id"}
USERS = {"query": "near", "score": "score", "both": "both", "id": "user"}
ITEMS = {"query": "near", "score": "score", "both": "both", "id": "id", "title": "title", "value": "text"}
CANDIDATES = 50  # neighbours whose pictures are looked at, where more are not asked for
BATCH = 1_000  # neighbours whose texts are fetched at once
EXAMPLES = """
knnife near films.knnife --id "The Sting" -k 3
knnife near films.knnife --id "The Sting" --id Rififi --where 'year > 1950' --json
knnife near films.knnife "two con men" "a jewel robbery"
knnife near films.knnife "two con men" --at-least 0.3
knnife near films.knnife --id "The Sting" --view english=1,minilm=2
knnife near points.knnife --vectors points.npy -k 1
knnife near photos.knnife photos/copies/beach-small.jpg -k 3 --verify
knnife near taste.knnife --user anna
knnife near taste.knnife --item Heat
"""


def named_views(text: str) -> str | dict[str, float]:
    """The name of a view, or the names of several with their weights: plot=1,taste=2."""
    if "=" not in text:
        return shared.valid_text(text)
    try:
        pairs = (each.rpartition("=") for each in shared.valid_text(text).split(","))
        return {name.strip(): float(weight) for name, _, weight in pairs}
    except ValueError as error:
        raise click.BadParameter(f"{text!r}: expected a view, or several with weights: plot=1,taste=2") from error


@shared.json_command(EXAMPLES)
@shared.space_argument
@click.argument("values", nargs=-1, type=shared.valid_text, metavar="[VALUE]...")
@shared.text_option("--id", "ids", multiple=True, metavar="ID", help="Thing of the space; may be repeated.")
@shared.text_option("--user", "users", multiple=True, metavar="ID", help="Whose habits are like those of this user.")
@shared.text_option("--item", "items", multiple=True, metavar="THING", help="What is chosen by those who choose this.")
@shared.file_option("--vectors", metavar="FILE.npy", help="Array whose rows are queries.")
@shared.k_option
@click.option("--at-least", type=float, metavar="S", help="All whose similarity is S or more, not the k best.")
@click.option("--verify", is_flag=True, help="Of pictures: those first that show the same object or scene.")
@shared.where_option
@click.option("--view", type=named_views, metavar="VIEW", help="Not the default view but this; or several: a=1,b=2.")
@shared.encoding_option
def command(
    space: str, values: tuple[str, ...], ids: tuple[str, ...], users: tuple[str, ...], items: tuple[str, ...],
    vectors: str | None, k: int, at_least: float | None, verify: bool, as_json: bool, **options: Any,
) -> None:  # fmt: skip
    """The nearest neighbours, by meaning alone.

    Ask with --id for those of things inside, with VALUEs for those of texts (- stands for the lines of
    standard input), or with --vectors for those of vectors. Of a space of rows a VALUE is a row, as a JSON
    object: '{"amount": 12.5, "country": "FR"}'; what it lacks is missing. Of a space of pictures it is the file
    of one; --verify then compares the 50 nearest (or K) with it, point by point. Of a space that was trained on who
    chose what (`knnife recommend train`), --user answers users with similar habits, and --item what is bought, watched
    or heard together; "both" says how many things both chose, or how many users chose both.
    """
    shared.require_one({"--id": ids, "VALUE": values, "--vectors": vectors, "--user": users, "--item": items})
    if users or items:
        if at_least is not None or verify or options["view"]:
            raise click.UsageError("--at-least, --verify and --view do not go with --user and --item")
        _by_taste(space, users, items, k, options["where"], as_json)
        return
    if verify and vectors:
        raise click.UsageError("--verify compares pictures, and vectors are none; ask with VALUEs or --id")
    texts = list(shared.lines_for(values))
    queries: Any = shared.load_vectors(vectors) if vectors else texts
    options |= {"ids": ids} if ids else {"queries": queries}
    with shared.open_to_ask(space) as opened:
        if at_least is None:
            found: Any = opened.near(k=max(k, CANDIDATES) if verify else k, **options)
        else:
            found = opened.within(at_least=at_least, **options)
        columns = dict(SEEN if verify else COLUMNS)
        if output.for_people() and len(ids or texts) == 1:
            del columns["query"]
        rows = found.rows()
        if verify:
            rows = _verified(opened, list(rows), ids, texts, k if at_least is None else None)
        output.write_rows(_with_texts(opened, rows, ids or texts), columns, as_json)


def _by_taste(
    space: str, users: tuple[str, ...], items: tuple[str, ...], k: int, where: str | None, as_json: bool
) -> None:
    """Answers --user, or --item."""
    if users and where:
        raise click.UsageError("--where is about things, and --user asks for users")
    with shared.open_to_ask(space) as opened:
        if users:
            found, columns = knnife.similar_users(opened, users, k), dict(USERS)
        else:
            found, columns = knnife.similar_items(opened, items, k, where=where), dict(ITEMS)
        if output.for_people() and len(users or items) == 1:
            del columns["query"]
        rows = found.rows() if users else with_things(opened, found.rows())
        output.write_rows(rows, columns, as_json)


def _verified(
    space: knnife.Space, rows: Sequence[Row], ids: Sequence[str], files: Sequence[str], k: int | None
) -> Iterator[Row]:
    """The neighbours of each picture in the order of `knnife.verify`, with what it found; the first k of each."""
    queries: Sequence[Any] = [thing.value for thing in space.get(ids)] if ids else files
    for query, picture in enumerate(queries):
        near = [row for row in rows if row["query"] == query]
        if not near:
            continue
        with progress_bar("comparing the nearest") as report:
            seen = knnife.verify(picture, space, ids=[row["id"] for row in near], progress=report)
        for rank, row in enumerate(islice(seen.rows(), k), 1):
            yield {**near[row["position"]], **row, "position": near[row["position"]]["position"], "rank": rank}


def _with_texts(space: knnife.Space, rows: Iterator[Row], queries: Sequence[str]) -> Iterator[Row]:
    """The rows with the text of each neighbour, and the query instead of its number (vectors have none)."""
    while batch := list(islice(rows, BATCH)):
        for row, thing in zip(batch, space.get(row["id"] for row in batch), strict=True):
            known = {"value": thing.value, "about": thing.about, "part_of": thing.part_of}
            yield {**row, **known, "query": queries[row["query"]] if queries else row["query"]}
