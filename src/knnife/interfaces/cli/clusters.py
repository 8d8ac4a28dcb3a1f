"""`knnife clusters`: which groups are there, and what are they about?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

import knnife
from knnife.interfaces.cli import output, shared
from knnife.interfaces.cli.progress import progress_bar

if TYPE_CHECKING:
    from knnife.tools.clusters import Clusters

COLUMNS = {
    "cluster": "cluster",
    "size": "size",
    "cohesion": "cohesion",
    "stability": "stability",
    "central": "in the middle",
    "name": "name",
}
THINGS = {"id": "id", "cluster": "cluster", "name": "name"}

EXAMPLES = """
knnife clusters films.knnife
knnife clusters films.knnife --where 'year > 1990' --json
knnife clusters films.knnife --things > labels.tsv
"""


@shared.json_command(EXAMPLES)
@click.argument("space", type=shared.valid_text, metavar="SPACE|FILE")
@click.option(
    "--about", type=click.IntRange(min=1), metavar="N", help="Number of clusters; by default, read from the points."
)
@click.option("--least", type=click.IntRange(min=2), default=5, help="Fewest members of a cluster.")
@click.option("--things", is_flag=True, help="Each thing with its cluster, instead of the clusters.")
@shared.where_option
@shared.view_option
@click.option("--seed", type=click.IntRange(min=0), default=0, help="Same seed, same answer.")
@shared.written_options
def command(space: str, things: bool, as_json: bool, **options: Any) -> None:
    """Which groups are there, and what are they about?

    Finds how many there are by itself; each is named by its typical words, and shown with its size, the things in
    its middle, how clear it is (cohesion, from -1 to 1) and how surely it is found again (stability, from 0 to 1).
    Things that are far from all others are in no cluster.
    """
    shared.check_space_options(space, options)
    with progress_bar("finding clusters") as report:
        found = knnife.clusters(space, progress=report, **options)
    if things:
        output.write_rows(found.things(), THINGS, as_json)
        return
    output.write_rows(found.rows(), COLUMNS, as_json)
    if output.for_people() and not as_json:
        click.echo(describe(found))


def describe(found: Clusters) -> str:
    """How many things, clusters and outliers, and which other numbers are worth a look."""
    others = [str(count) for count in found.levels if count not in (1, len(found))]
    count = "1 cluster" if len(found) == 1 else f"{len(found):,} clusters"
    line = f"{len(found.ids):,} things in {count}; {len(found.outliers):,} in none"
    return f"{line}. Also worth a look: --about {', '.join(others)}" if others else line
