"""`knnife doctor`: is a space healthy, and what mends it?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

import knnife
from knnife.interfaces.cli import output, shared
from knnife.interfaces.cli.cells import printable
from knnife.interfaces.cli.progress import progress_bar

if TYPE_CHECKING:
    from knnife.tools.doctor import Checkup

FOUND_BAD = 1  # the exit code of linters
COLUMNS = {"state": "", "check": "", "means": ""}

EXAMPLES = """
knnife doctor films.knnife
knnife doctor films.knnife --json
knnife doctor films.knnife --sample 2000 > health.txt
"""


@shared.json_command(EXAMPLES)
@click.argument("space", type=shared.FILE, metavar="SPACE|FILE.npy")
@shared.view_option
@click.option(
    "--sample", type=click.IntRange(min=100), default=10_000, help="Things compared with each other, at most."
)
@click.option("--seed", type=click.IntRange(min=0), default=0, help="Seed of the sample.")
def command(space: str, view: str | None, sample: int, seed: int, as_json: bool) -> None:
    """Check a space, or an array of vectors, and say what mends it.

    Damaged and zero vectors, duplicates, hubs, the shape of the space; texts that are cut, unknown words,
    missing prefixes; the encoder, the index and the file. Nothing is changed. The exit code is 1 when
    something is bad; warnings alone leave it 0.
    """
    with progress_bar(f"looking at {space}") as report:
        found = knnife.doctor(space, view=view, sample=sample, seed=seed, progress=report)
    if as_json:
        output.write_rows(found.rows(), {}, as_json)
    elif output.for_people():
        states = {"unknown": "cannot tell"}
        rows = ({**row, "state": states.get(row["state"], row["state"])} for row in found.rows())
        output.write_rows(rows, COLUMNS, layout="wrapped")
        _write_remedies(found)
    else:
        output.write_rows(found.rows(), {**COLUMNS, "remedy": ""})
    if found.state == "bad":
        click.get_current_context().exit(FOUND_BAD)


def _write_remedies(found: Checkup) -> None:
    """What to run, as it is: a table would wrap it."""
    if found.sample < found.things:
        click.echo(f"\n(shape and words are those of {found.sample:,} of {found.things:,} things)")
    for finding in found.findings:
        if finding.remedy:
            click.echo(f"\nFor the {finding.check}:")
            for line in finding.remedy.splitlines():
                click.echo(f"    {printable(line)}")
