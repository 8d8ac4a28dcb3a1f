"""`knnife faces verify`: do two photos show the same person."""

from __future__ import annotations

import click

from knnife.interfaces.cli import output
from knnife.interfaces.cli.faces import (
    detector_option,
    model_option,
    open_people,
    people_argument,
    rate_option,
    tell_licences,
)
from knnife.interfaces.cli.options import json_option, valid_text
from knnife.interfaces.cli.teaching import Taught

COLUMNS = {"told": "", "likeness": "likeness", "threshold": "needed", "chance": "of pairs of people"}

EXAMPLES = """
knnife faces verify people.knnife people/anna/1.jpg album/anna-5.jpg
knnife faces verify people.knnife people/anna/1.jpg album/bela-5.jpg --false-matches 0.001 --json
"""


@click.command(cls=Taught, examples=EXAMPLES)
@people_argument
@click.argument("a", type=valid_text, metavar="PHOTO")
@click.argument("b", type=valid_text, metavar="PHOTO")
@rate_option
@model_option
@detector_option
@json_option
def command(
    space: str,
    a: str,
    b: str,
    false_matches: float | None,
    model: str | None,
    detector: str | None,
    as_json: bool,
) -> None:
    """Tell whether two photos show the same person.

    Neither needs to be known. RATE is the share of pairs of different people that may be taken for one person, as
    measured on the people in the file. Each photo must show one face, or one that is clearly the largest.
    """
    with open_people(space, model=model, detector=detector) as people:
        tell_licences(people.licences)
        found = people.verify(a, b, false_matches=0.01 if false_matches is None else false_matches)
    told = {"told": "the same person" if found.same else "different people"}
    output.write_rows(({**row, **({} if as_json else told)} for row in found.rows()), COLUMNS, as_json)
    click.echo(found.decision.described("pairs of different people"), err=True)
