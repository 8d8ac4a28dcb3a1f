"""`knnife faces rename`: another name for a person."""

from __future__ import annotations

import click

import knnife
from knnife.interfaces.cli import output
from knnife.interfaces.cli.faces import existing, people_argument
from knnife.interfaces.cli.options import json_option, valid_text
from knnife.interfaces.cli.teaching import Taught

EXAMPLES = """
knnife faces rename people.knnife anna "Anna Maria"
"""


@click.command(cls=Taught, examples=EXAMPLES)
@people_argument
@click.argument("old", type=valid_text, metavar="OLD")
@click.argument("new", type=valid_text, metavar="NEW")
@json_option
def command(space: str, old: str, new: str, as_json: bool) -> None:
    """Give a person another name; where NEW is known too, both are one person from now on."""
    with knnife.Faces.open(existing(space), create=False) as people:
        faces = people.rename(old, new)
    if as_json:
        click.echo(output.json_line({"person": new, "faces": faces}))
    else:
        click.echo(output.printable(f"{faces:,} faces of {old} are called {new} now"))
