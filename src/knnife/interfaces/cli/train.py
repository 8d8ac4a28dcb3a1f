"""`knnife train`: what can be trained on one's own data."""

from __future__ import annotations

import click

from knnife.interfaces.cli.teaching import Taught

EXAMPLES = """
knnife train words corpus.txt -o my.vectors
knnife train words ratings.csv --items movie --by user -o films.vectors
"""


@click.command(cls=Taught, examples=EXAMPLES, beside={"words": "train_words"})
@click.pass_context
def command(context: click.Context) -> None:
    """Train a model of your own.

    `knnife train words` learns vectors of words from texts, or of items from lists of them. (Encoders of rows need no
    training of their own: `knnife add --row` does it.)
    """
    click.echo(context.get_help())
