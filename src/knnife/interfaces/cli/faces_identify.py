"""`knnife faces identify`: who the faces in photos are."""

from __future__ import annotations

import click

from knnife.interfaces.cli import output
from knnife.interfaces.cli.faces import (
    detector_option,
    model_option,
    open_people,
    people_argument,
    photos_argument,
    rate_option,
    tell_licences,
    tell_problems,
)
from knnife.interfaces.cli.options import json_option
from knnife.interfaces.cli.teaching import Taught

COLUMNS = {"person": "person", "likeness": "likeness", "chance": "of strangers", "photo": "photo", "face": "face"}

EXAMPLES = """
knnife faces identify people.knnife album/
knnife faces identify people.knnife album/two.jpg --false-matches 0.001 --json
knnife faces identify people.knnife album/anna-5.jpg --anybody
"""


@click.command(cls=Taught, examples=EXAMPLES)
@people_argument
@photos_argument
@rate_option
@click.option("--anybody", is_flag=True, help="Nobody is a stranger: the most alike is named.")
@click.option("-k", type=click.IntRange(min=1), default=3, show_default=True, help="Candidates, in JSON.")
@model_option
@detector_option
@json_option
def command(
    space: str,
    photos: tuple[str, ...],
    false_matches: float | None,
    anybody: bool,
    k: int,
    model: str | None,
    detector: str | None,
    as_json: bool,
) -> None:
    """Who the faces in photos are; strangers are unknown.

    Who looks no more like anybody than strangers do is "unknown" (null in JSON). RATE is the share of strangers that
    may get a name, as measured on the people in the file, each of them left out in turn. The column "of strangers" is
    the share of them who look at least so much like somebody.
    """
    if anybody and false_matches is not None:
        raise click.UsageError("--anybody names everybody, so there is no rate; give one of the two")
    with open_people(space, model=model, detector=detector) as people:
        tell_licences(people.licences)
        rate = 1.0 if anybody else 0.01 if false_matches is None else false_matches
        found = people.identify(list(photos), k, false_matches=rate)
    output.write_rows(found.rows() if as_json else map(_told, found.rows()), COLUMNS, as_json)
    tell_problems(found.problems)
    click.echo(found.decision.described("strangers"), err=True)


def _told(row: output.Row) -> output.Row:
    return {**row, "person": "unknown" if row["person"] is None else row["person"]}
