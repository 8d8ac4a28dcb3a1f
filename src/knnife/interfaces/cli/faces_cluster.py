"""`knnife faces cluster`: an album, by person."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

import click

import knnife
from knnife.interfaces.cli import output
from knnife.interfaces.cli.faces import (
    detector_option,
    model_option,
    open_people,
    rate_option,
    tell_licences,
    tell_problems,
    whole_option,
)
from knnife.interfaces.cli.options import is_space, json_option, valid_text
from knnife.interfaces.cli.progress import progress_bar
from knnife.interfaces.cli.teaching import Taught

if TYPE_CHECKING:
    from knnife.tools.faces import Album

COLUMNS = {"group": "group", "person": "person", "id": "face"}

EXAMPLES = """
knnife faces cluster people.knnife
knnife faces cluster album/ --known people.knnife --sheet album.html
knnife faces cluster album/ --json
"""


@click.command(cls=Taught, examples=EXAMPLES)
@click.argument("given", nargs=-1, required=True, type=valid_text, metavar="PEOPLE|PHOTO...")
@click.option("--known", type=click.Path(dir_okay=False), metavar="PEOPLE", help="Name those who are known.")
@rate_option
@click.option("--sheet", type=click.Path(dir_okay=False), metavar="FILE.html", help="Write a page that shows them.")
@click.option("--keep", is_flag=True, help='Call groups without a name "person 1" and so on, in PEOPLE.')
@whole_option
@model_option
@detector_option
@json_option
def command(
    given: tuple[str, ...],
    known: str | None,
    false_matches: float | None,
    sheet: str | None,
    keep: bool,
    whole: bool,
    model: str | None,
    detector: str | None,
    as_json: bool,
) -> None:
    """Group faces by person: all of a file of people, or those in photos.

    Faces of one photo are never the same person, those with one name always are. RATE is the share of pairs of
    different people alike enough to be joined: 0.001 unless told, where it can be measured. With --keep the groups of
    two faces or more get names, to be changed by `knnife faces rename`: look at the --sheet first.
    """
    of_people = len(given) == 1 and is_space(given[0])
    if of_people and (known or model or detector or whole):
        raise click.UsageError("--known, --model, --detector and --whole are for photos; a file of people has its own")
    if keep and not of_people:
        raise click.UsageError("--keep gives names in a file of people; add the photos to one first (`faces add`)")
    if known and (model or detector or whole):
        raise click.UsageError("--known has its model and its detector; leave --model, --detector and --whole out")
    with ExitStack() as stack:
        path = given[0] if of_people else known
        people = stack.enter_context(open_people(path)) if path else None
        if people is not None:
            tell_licences(people.licences)
        with progress_bar(f"looking for faces in {given[0]}") as report:
            if of_people and people is not None:
                found = people.cluster(false_matches=false_matches)
            else:
                found = knnife.faces(
                    list(given), known=people, model=model, detector=detector, false_matches=false_matches,
                    whole=whole, progress=report,
                )  # fmt: skip
        if keep and people is not None:
            people.name(dict(_new_names(found, {person.name for person in people.people()})))
    if sheet:
        found.sheet(sheet)
    output.write_rows(found.rows(), COLUMNS, as_json)
    tell_problems(found.problems)
    click.echo(f"{len(found.faces):,} faces in {len(found.groups()):,} groups", err=True)
    click.echo(found.decision.described("pairs of different people"), err=True)


def _new_names(album: Album, taken: set[str]) -> Iterator[tuple[str, str]]:
    """A name for each face of the groups that have none: the next "person N" that nobody has."""
    number = 1
    for group, rows in enumerate(album.groups()):
        if len(rows) < 2 or (name := album.name(group)) is not None:
            if len(rows) > 1:
                yield from ((album.faces[row].id, str(name)) for row in rows if album.faces[row].person is None)
            continue
        while f"person {number}" in taken:
            number += 1
        taken.add(f"person {number}")
        yield from ((album.faces[row].id, f"person {number}") for row in rows)
