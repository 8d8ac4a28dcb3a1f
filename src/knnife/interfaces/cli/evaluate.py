"""`knnife evaluate`: which encoder serves these things best."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

import knnife
from knnife.interfaces.cli import output
from knnife.interfaces.cli.options import ENCODER, FILE, is_space, json_option, k_option, valid_text
from knnife.interfaces.cli.progress import progress_bar
from knnife.interfaces.cli.teaching import Taught

if TYPE_CHECKING:
    from knnife.tools.evaluate import Evaluation

ALWAYS = ("low", "high", "texts_per_second", "memory", "size", "dim", "licence", "agreement", "correlation")

EXAMPLES = """
knnife evaluate films.knnife --encoders english,./model --title id
knnife evaluate films.knnife --encoders english,./model --queries asked.csv
knnife evaluate films.csv --text plot --encoders english,./model --classes genre --title title
"""


@click.command(cls=Taught, examples=EXAMPLES, beside={"words": "evaluate_words"})
@click.argument("source", required=False, type=valid_text, metavar="[SPACE|FILE]")
@click.option("--encoders", required=True, type=valid_text, metavar="A,B,…", help=f"With commas; each {ENCODER}.")
@click.option("--queries", type=FILE, metavar="FILE", help="With columns query, relevant (an id), perhaps grade.")
@click.option("--pairs", type=FILE, metavar="FILE", help="With columns a, b, score. Needs no SPACE.")
@click.option("--classes", type=valid_text, metavar="FIELD", help="Field that holds the class of a thing.")
@click.option("--title", type=valid_text, metavar="FIELD", help="Field that has to find its text; id, too.")
@click.option("--text", multiple=True, type=valid_text, metavar="COLUMN", help="Of a FILE: what is encoded.")
@click.option("--id", type=valid_text, metavar="COLUMN", help="Of a FILE: what queries call a thing.")
@k_option
@click.option("--sample", type=click.IntRange(min=3), default=2000, show_default=True, help="Of more things, so many.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of all that is drawn by chance.")
@json_option
def command(
    source: str | None, encoders: str, text: tuple[str, ...], id: str | None, as_json: bool, **asked: Any
) -> None:
    """Compare encoders on your own data.

    With labels, by labelled queries, pairs or classes; without, by how well the first line or sentence of a
    text finds the rest of it. Beside quality stand speed, memory and size. A terminal is shown a column for
    each encoder; a pipe and --json get a line for each.
    """
    if source is None and not asked["pairs"]:
        raise click.UsageError("expected a SPACE or a FILE, or --pairs")
    names = [name.strip() for name in encoders.split(",") if name.strip()]
    if source is not None and (text or id) and is_space(source):
        raise click.UsageError("--text and --id go with a FILE; a space has chosen them already")
    from knnife.space import Input  # brings NumPy, which the help does not need

    things = None if source is None else Input(source, text, id)
    with progress_bar("encoding") as report:
        try:
            found, left = knnife.evaluate(things, names, progress=report, **asked), 0
        except knnife.Stopped as stop:
            found, left = stop.so_far, len(names) - len(stop.so_far.table)
    _write(found, as_json)
    if left:
        raise click.Abort(f"stopped with {left} of {len(names)} encoders to go")


def _write(found: Evaluation, as_json: bool) -> None:
    if output.for_people() and not as_json:
        names = [row["encoder"] for row in found.rows()]
        output.write_rows(_measures(found), {"measure": "", **{str(i): name for i, name in enumerate(names)}})
    else:
        first = [found.main] if found.main else []
        columns = ["encoder", *first, *ALWAYS, *(name for name in found.figures if name != found.main)]
        output.write_rows(found.rows(), dict.fromkeys(columns, ""), as_json)
    for line in (*found.verdict, *found.notes):
        click.echo(output.printable(line), err=True)


def _measures(found: Evaluation) -> Iterator[output.Row]:
    """The table turned over: a row for each measure, a column for each encoder."""
    table = list(found.rows())
    for name in (*found.figures, "agreement", "correlation"):
        cells = {str(i): _figure(row, name, found.main) for i, row in enumerate(table)}
        if any(cells.values()):
            yield {"measure": name, **cells}
    yield {"measure": "texts a second", **{str(i): f"{row['texts_per_second']:,.0f}" for i, row in enumerate(table)}}
    for name in ("memory", "size"):
        yield {"measure": name, **{str(i): output.size(row[name]) if row[name] else "" for i, row in enumerate(table)}}
    for name in ("dim", "licence"):
        yield {"measure": name, **{str(i): str(row[name] or "") for i, row in enumerate(table)}}


def _figure(row: output.Row, name: str, main: str | None) -> str:
    if row[name] is None:
        return ""
    within = f" ({row['low']:.3f} to {row['high']:.3f})" if name == main else ""
    return f"{row[name]:.3f}{within}"
