"""`knnife evaluate recommend`: how much of what users choose next is recommended to them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

import knnife
from knnife.interfaces.cli import output, shared
from knnife.interfaces.cli.cells import Row
from knnife.interfaces.cli.progress import progress_bar

if TYPE_CHECKING:
    from knnife.tools.evaluate_recommend import RecommendEvaluation

OF_A_LOG = ("user", "item", "rating", "weight", "time")
COLUMNS = ("system", "figure", "value", "low", "high", "ahead", "ahead_low", "ahead_high", "users")
EXAMPLES = """
knnife evaluate recommend taste.knnife
knnife evaluate recommend watched.csv --user user --item film --time day
knnife evaluate recommend watched.csv --item film --time day --split time --share 0.2 -k 5 --json
"""


@shared.json_command(EXAMPLES)
@click.argument("source", type=shared.path_text, metavar="SPACE|LOG")
@shared.text_option("--user", metavar="COLUMN", help="Of a LOG: who chose.")
@shared.text_option("--item", metavar="COLUMN", help="Of a LOG: what was chosen.")
@shared.text_option("--rating", metavar="COLUMN", help="Of a LOG: how much it was liked; of several the last counts.")
@shared.text_option("--weight", metavar="COLUMN", help="Of a LOG: how much it counts, such as plays.")
@shared.text_option("--time", metavar="COLUMN", help="Of a LOG: when; without, the order of its rows.")
@click.option(
    "--split", type=click.Choice(["last", "time"]), default="last",
    help="What is looked for: the last choice of each user, or the last --share of all by time.",
)  # fmt: skip
@click.option(
    "--share", type=click.FloatRange(0, 1, min_open=True, max_open=True), default=0.1, help="Of --split time."
)
@shared.k_option
@click.option("--sample", type=click.IntRange(min=1), default=10_000, help="Users that are asked for, at most.")
@click.option("--seed", type=int, default=0, help="Of all that is drawn by chance.")
@shared.written_options
def command(source: str, as_json: bool, **options: Any) -> None:
    """How much of what users choose next is recommended to them?

    Learns from the earlier choices of a log, or of a space that holds one, and looks for the later ones among what is
    recommended, beside the most popular items and the neighbours of items (item-kNN). All items are ranked. Nothing is
    kept: a SPACE stays as it is. A terminal is shown a column for each recommender; a pipe and --json get a line for
    each figure. Ctrl-C tells what is done by then.
    """
    given = {name: options.pop(name) for name in OF_A_LOG}
    columns = {name: column for name, column in given.items() if column is not None}
    if columns and shared.is_space(source):
        raise click.UsageError(f"--{next(iter(columns))} is for a LOG; a space knows its columns")
    with progress_bar("answering") as report:
        found = knnife.evaluate_recommend(source, **columns, **options, progress=report)
    if output.for_people() and not as_json:
        systems = list(dict.fromkeys(each.system for each in found.figures))
        output.write_rows(_table(found, systems), {"figure": "", **{system: system for system in systems}})
    else:
        output.write_rows(found.rows(), {name: name for name in COLUMNS}, as_json)
    _tell(found)


def _table(found: RecommendEvaluation, systems: list[str]) -> Iterator[Row]:
    """A row for each figure, a column for each recommender."""
    cells = {(row["figure"], row["system"]): _cell(row) for row in found.rows()}
    for figure in dict.fromkeys(figure for figure, _ in cells):
        yield {"figure": figure, **{system: cells[figure, system] for system in systems}}


def _cell(row: Row) -> str:
    """A figure and its interval: .082 (.071 to .094)."""
    if row["value"] is None:
        return ""
    within = "" if row["low"] is None else f" ({_short(row['low'])} to {_short(row['high'])})"
    return _short(row["value"]) + within


def _short(value: float) -> str:
    """Three digits."""
    return f"{value:.3f}".removeprefix("0") if value < 0.9995 else f"{value:.2f}"


def _tell(found: RecommendEvaluation) -> None:
    """The verdict, how many were asked for, and what was left out."""
    output.notes(found.verdict)
    output.note(f"{found.users:,} users were asked for; {found.items:,} items could be recommended")
    output.notes(found.notes)
    if found.unfinished:
        raise click.Abort(f"stopped before {' and '.join(found.unfinished)} had answered")
