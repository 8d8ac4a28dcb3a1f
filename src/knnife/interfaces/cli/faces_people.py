"""`knnife faces people`: who is known."""

from __future__ import annotations

import click

from knnife.interfaces.cli import output
from knnife.interfaces.cli.faces import open_people, people_argument
from knnife.interfaces.cli.options import json_option
from knnife.interfaces.cli.teaching import Taught

COLUMNS = {"person": "person", "faces": "faces", "photos": "photos"}

EXAMPLES = """
knnife faces people people.knnife
knnife faces people people.knnife --json
"""


@click.command(cls=Taught, examples=EXAMPLES)
@people_argument
@json_option
def command(space: str, as_json: bool) -> None:
    """Show all who are known, and by how many faces."""
    with open_people(space) as people:
        rows = [{"person": name, "faces": faces, "photos": photos} for name, faces, photos in people.people()]
        without = len(people.space) - sum(int(str(row["faces"])) for row in rows)
    output.write_rows(rows, COLUMNS, as_json)
    if without and not as_json:
        click.echo(f"{without:,} faces without a name; `knnife faces cluster` groups them", err=True)
