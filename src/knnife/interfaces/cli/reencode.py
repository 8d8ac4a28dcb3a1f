"""`knnife reencode`: another encoder for a space."""

from __future__ import annotations

import shlex

import click

from knnife.interfaces.cli import output
from knnife.interfaces.cli.options import open_space, require_one, space_argument, valid_text
from knnife.interfaces.cli.progress import progress_bar
from knnife.interfaces.cli.teaching import Taught

EXAMPLES = """
knnife reencode films.knnife --encoder ./model --name small
knnife reencode films.knnife --drop english
"""


@click.command(cls=Taught, examples=EXAMPLES)
@space_argument
@click.option("--encoder", type=valid_text, metavar="NAME", help="See `knnife models`.")
@click.option(
    "--name",
    type=valid_text,
    metavar="VIEW",
    help="Of the new view; that of the encoder unless told.",
)
@click.option("--drop", type=valid_text, metavar="VIEW", help="Remove this view.")
def command(space: str, encoder: str | None, name: str | None, drop: str | None) -> None:
    """Encode everything with another encoder.

    The vectors make a view beside the old one, and it becomes the default when it is complete. The old view
    stays until it is dropped; `knnife info` names the views.
    """
    require_one({"--encoder": encoder, "--drop": drop})
    if name and not encoder:
        raise click.UsageError("--name goes with --encoder")
    with open_space(space) as opened:
        if drop:
            opened.drop(drop)
            click.echo(output.printable(f"the view {drop} of {space} is gone"))
            return
        with progress_bar(f"encoding with {encoder}") as report:
            done = opened.reencode(str(encoder), name=name, progress=report)
        told = f"{done.encoded:,} encoded, the view {done.view} answers now"
        if done.before and done.before != done.view:
            told += f"; to remove the old one: knnife reencode {shlex.quote(space)} --drop {done.before}"
        click.echo(output.printable(told))
