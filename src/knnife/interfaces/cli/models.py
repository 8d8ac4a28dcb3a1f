"""`knnife models`: what can encode."""

from __future__ import annotations

import click

from knnife.interfaces.cli import output
from knnife.interfaces.cli.options import json_option
from knnife.interfaces.cli.teaching import Taught

COLUMNS = {
    "name": "name",
    "kind": "takes",
    "dim": "dim",
    "size": "size",
    "licence": "licence",
    "extra": "extra",
    "what": "what",
}

EXAMPLES = """
knnife models
knnife models --json
"""


@click.command(cls=Taught, examples=EXAMPLES)
@json_option
def command(as_json: bool) -> None:
    """The encoders there are.

    With what they take, their size and their licence. Where an encoder is asked for, the path of a folder in
    the format of model2vec does as well as a name.
    """
    from knnife.encoders import models

    rows = [{name: getattr(entry, name) for name in COLUMNS} for entry in models()]
    if output.for_people() and not as_json:
        rows = [{**row, "size": output.size(row["size"]) if row["size"] else ""} for row in rows]
    output.write_rows(rows, COLUMNS, as_json, "wrapped")
