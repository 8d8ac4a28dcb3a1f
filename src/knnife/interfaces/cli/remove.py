"""`knnife remove`: things out of a space."""

from __future__ import annotations

import sys

import click

from knnife.interfaces.cli.cells import json_line, printable
from knnife.interfaces.cli.examples import ExampleCommand
from knnife.interfaces.cli.options import (
    json_option,
    lines_for,
    open_space,
    require_one,
    space_argument,
    valid_text,
    where_option,
)

EXAMPLES = """
knnife remove films.knnife "The Sting" Rififi
knnife remove films.knnife --where 'year < 1950' --yes
cat ids.txt | knnife remove films.knnife -
"""


@click.command(cls=ExampleCommand, examples=EXAMPLES)
@space_argument
@click.argument("ids", nargs=-1, type=valid_text, metavar="[ID]...")
@where_option
@click.option("--yes", is_flag=True, help="Do not ask before removing by --where.")
@json_option
def command(space: str, ids: tuple[str, ...], where: str | None, yes: bool, as_json: bool) -> None:
    """Remove things, by their ids or by a filter.

    With - the ids are the lines of standard input. Before removing by --where, a terminal is asked.
    """
    require_one({"ID": ids, "--where": where})
    with open_space(space) as opened:
        if where and not yes and sys.stdin.isatty():
            click.confirm(f"Remove all from {space} for which {printable(where)}?", abort=True, err=True)
        removed = opened.remove(lines_for(ids), where=where)
        if as_json:
            click.echo(json_line({"removed": removed, "left": len(opened)}))
        else:
            click.echo(f"{removed:,} removed, {len(opened):,} left")
