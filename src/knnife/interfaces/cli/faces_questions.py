"""`knnife faces identify`, `verify` and `cluster`: who is it, is it the same person, and who is in these photos."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import click

import knnife
from knnife.interfaces.cli import output, shared
from knnife.interfaces.cli.faces import (
    detector_option,
    model_option,
    open_people,
    people_argument,
    photos_argument,
    rate_option,
    whole_option,
    write_licences,
    write_problems,
)
from knnife.interfaces.cli.progress import progress_bar
from knnife.output_kinds import PAGE

if TYPE_CHECKING:
    from knnife.tools.faces import Album


IDENTIFY_COLUMNS = {
    "person": "person",
    "likeness": "likeness",
    "chance": "of strangers",
    "photo": "photo",
    "face": "face",
}

IDENTIFY_EXAMPLES = """
knnife faces identify people.knnife album/
knnife faces identify people.knnife album/two.jpg --false-matches 0.001 --json
knnife faces identify people.knnife album/anna-5.jpg --anybody
"""


@shared.json_command(IDENTIFY_EXAMPLES)
@people_argument
@photos_argument
@rate_option
@click.option("--anybody", is_flag=True, help="Nobody is a stranger: the most alike is named.")
@click.option("-k", type=click.IntRange(min=1), default=3, help="Candidates, in JSON.")
@model_option
@detector_option
def identify(
    space: str,
    photos: tuple[str, ...],
    false_matches: float | None,
    anybody: bool,
    k: int,
    as_json: bool,
    **models: Any,
) -> None:
    """Who the faces in photos are; strangers are unknown.

    Who looks no more like anybody than strangers do is "unknown" (null in JSON). RATE is the share of strangers that
    may get a name, as measured on the people in the file, each of them left out in turn. The column "of strangers" is
    the share of them who look at least so much like somebody.
    """
    if anybody and false_matches is not None:
        raise click.UsageError("--anybody names everybody, so there is no rate; give one of the two")
    with open_people(space, **models) as people:
        write_licences(people.licences)
        rate = 1.0 if anybody else 0.01 if false_matches is None else false_matches
        found = people.identify(list(photos), k, false_matches=rate)
    stranger = None if as_json else "unknown"
    rows = ({**row, "person": stranger if row["person"] is None else row["person"]} for row in found.rows())
    output.write_rows(rows, IDENTIFY_COLUMNS, as_json)
    write_problems(found.problems)
    output.note(found.decision.described("strangers"))


VERIFY_COLUMNS = {"verdict": "", "likeness": "likeness", "threshold": "needed", "chance": "of pairs of people"}

VERIFY_EXAMPLES = """
knnife faces verify people.knnife people/anna/1.jpg album/anna-5.jpg
knnife faces verify people.knnife people/anna/1.jpg album/bela-5.jpg --false-matches 0.001 --json
"""


@shared.json_command(VERIFY_EXAMPLES)
@people_argument
@click.argument("a", type=shared.valid_text, metavar="PHOTO")
@click.argument("b", type=shared.valid_text, metavar="PHOTO")
@rate_option
@model_option
@detector_option
def verify(space: str, a: str, b: str, false_matches: float | None, as_json: bool, **models: Any) -> None:
    """Tell whether two photos show the same person.

    Neither needs to be known. RATE is the share of pairs of different people that may be taken for one person, as
    measured on the people in the file. Each photo must show one face, or one that is clearly the largest.
    """
    with open_people(space, **models) as people:
        write_licences(people.licences)
        found = people.verify(a, b, false_matches=0.01 if false_matches is None else false_matches)
    verdict = {"verdict": "the same person" if found.same else "different people"}
    output.write_rows(({**row, **({} if as_json else verdict)} for row in found.rows()), VERIFY_COLUMNS, as_json)
    output.note(found.decision.described("pairs of different people"))


CLUSTER_COLUMNS = {"group": "group", "person": "person", "id": "face"}

CLUSTER_EXAMPLES = """
knnife faces cluster people.knnife
knnife faces cluster album/ --known people.knnife --sheet album.html
knnife faces cluster album/ --json
"""


@shared.json_command(CLUSTER_EXAMPLES)
@click.argument("given", nargs=-1, required=True, type=shared.valid_text, metavar="PEOPLE|PHOTO...")
@shared.file_option("--known", metavar="PEOPLE", help="Name those who are known.")
@rate_option
@shared.output_option("--sheet", kind=PAGE, metavar="FILE.html", help="Write a page that shows them.")
@click.option("--keep", is_flag=True, help='Call groups without a name "person 1" and so on, in PEOPLE.')
@whole_option
@model_option
@detector_option
def cluster(
    given: tuple[str, ...], known: str | None, false_matches: float | None, sheet: str | None, keep: bool,
    as_json: bool, **models: Any,
) -> None:  # fmt: skip
    """Group faces by person: all of a file of people, or those in photos.

    Faces of one photo are never the same person, those with one name always are. RATE is the share of pairs of
    different people alike enough to be joined: 0.001 by default, where it can be measured. With --keep the groups of
    two faces or more get names, to be changed by `knnife faces rename`: look at the --sheet first.
    """
    of_people = len(given) == 1 and shared.is_space(given[0])
    if of_people and (known or any(models.values())):
        raise click.UsageError("--known, --model, --detector and --whole are for photos; a file of people has its own")
    if keep and not of_people:
        raise click.UsageError("--keep gives names in a file of people; add the photos to one first (`faces add`)")
    if known and any(models.values()):
        raise click.UsageError("--known has its model and its detector; leave --model, --detector and --whole out")
    with ExitStack() as stack:
        path = given[0] if of_people else known
        people = stack.enter_context(open_people(path)) if path else None
        if people is not None:
            write_licences(people.licences)
        with progress_bar(f"looking for faces in {given[0]}") as report:
            if of_people and people is not None:
                found = people.cluster(false_matches=false_matches)
            else:
                found = knnife.faces(list(given), known=people, false_matches=false_matches, progress=report, **models)
        if keep and people is not None:
            people.name(dict(_new_names(found, {person.name for person in people.people()})))
    if sheet:
        found.sheet(sheet)
    output.write_rows(found.rows(), CLUSTER_COLUMNS, as_json)
    write_problems(found.problems)
    output.note(f"{len(found.faces):,} faces in {len(found.groups()):,} groups")
    output.note(found.decision.described("pairs of different people"))


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
