"""`knnife remove`: things out of a space."""

from __future__ import annotations

import sys

import click

from knnife.interfaces.cli import output, shared
from knnife.interfaces.cli.cells import printable

EXAMPLES = """
knnife remove films.knnife "The Sting" Rififi
knnife remove films.knnife --where 'year < 1950' --compact --yes
cat ids.txt | knnife remove films.knnife -
"""


@shared.json_command(EXAMPLES)
@shared.space_argument
@click.argument("ids", nargs=-1, type=shared.valid_text, metavar="[ID]...")
@shared.where_option
@click.option("--compact", is_flag=True, help="Then write the file anew, without the room and the bytes of what went.")
@click.option("--yes", is_flag=True, help="Do not ask before removing by --where.")
@shared.encoding_option
def command(space: str, ids: tuple[str, ...], where: str | None, compact: bool, yes: bool, as_json: bool) -> None:
    """Remove things, by their ids or by a filter.

    With - the ids are the lines of standard input. Before removing by --where, a terminal is asked.
    The file keeps its size, and the room is used for what is added next; --compact gives it back.
    """
    shared.require_one({"ID": ids, "--where": where})
    with shared.open_space(space) as opened:
        if where and not yes and sys.stdin.isatty():
            click.confirm(f"Remove all from {space} for which {printable(where)}?", abort=True, err=True)
        removed = opened.remove(shared.lines_for(ids), where=where)
        if compact:
            opened.compact()
        row = {"removed": removed, "left": len(opened)}
        output.write_result(row, f"{removed:,} removed, {len(opened):,} left", as_json)
