"""`knnife faces remove`: people, with all that is kept of them."""

from __future__ import annotations

import sys

import click

import knnife
from knnife.interfaces.cli import output
from knnife.interfaces.cli.faces import existing, people_argument
from knnife.interfaces.cli.options import json_option, valid_text
from knnife.interfaces.cli.teaching import Taught

EXAMPLES = """
knnife faces remove people.knnife anna --yes
"""


@click.command(cls=Taught, examples=EXAMPLES)
@people_argument
@click.argument("persons", nargs=-1, required=True, type=valid_text, metavar="PERSON...")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def command(space: str, persons: tuple[str, ...], yes: bool, as_json: bool) -> None:
    """Remove people: their faces, their vectors, and what was learned from them.

    The file is written anew, so that nothing of them stays in it. Backups and copies of the file, and the photos
    themselves, are yours to delete. A terminal is asked before.
    """
    with knnife.Faces.open(existing(space), create=False) as people:
        if not yes and sys.stdin.isatty():
            names = ", ".join(output.printable(person) for person in persons)
            click.confirm(f"Remove all faces of {names} from {space}?", abort=True, err=True)
        removed = people.remove(persons)
        if as_json:
            click.echo(output.json_line({"removed": removed, "left": len(people.space)}))
        else:
            click.echo(f"{removed:,} faces removed, {len(people.space):,} left; nothing of them stays in the file")
