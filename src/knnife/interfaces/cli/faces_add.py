"""`knnife faces add`: faces out of photos into a file of people."""

from __future__ import annotations

import click

import knnife
from knnife.interfaces.cli import output
from knnife.interfaces.cli.faces import (
    detector_option,
    model_option,
    people_argument,
    photos_argument,
    tell_licences,
    tell_problems,
    whole_option,
)
from knnife.interfaces.cli.options import json_option, valid_text
from knnife.interfaces.cli.progress import progress_bar
from knnife.interfaces.cli.teaching import Taught

EXAMPLES = """
knnife faces add people.knnife people/ --by-folder
knnife faces add people.knnife album/anna-5.jpg album/anna-6.jpg --person anna
knnife faces add people.knnife album/
"""


@click.command(cls=Taught, examples=EXAMPLES)
@people_argument
@photos_argument
@click.option("--person", type=valid_text, metavar="NAME", help="Whom the photos show.")
@click.option("--by-folder", is_flag=True, help="The folder a photo lies in is the name: people/anna/1.jpg.")
@whole_option
@model_option
@detector_option
@json_option
def command(
    space: str,
    photos: tuple[str, ...],
    person: str | None,
    by_folder: bool,
    whole: bool,
    model: str | None,
    detector: str | None,
    as_json: bool,
) -> None:
    """Add the faces in photos; the file PEOPLE is made when there is none.

    A PHOTO is a picture, a folder of them, a pattern, or a zip archive. Photos of a named person must show one face, or
    one that is clearly the largest. Without --person and --by-folder all faces are added without names, to be grouped
    (`knnife faces cluster`). Ask people before you keep their faces: docs/consent.md.

    Without --model an encoder is trained on the faces themselves, again whenever somebody is added; without --detector
    faces are found by OpenCV's cascade. --whole is for photos that are all cut alike around the face. All three are
    settled when the file is made, and hold for every question.
    """
    if person and by_folder:
        raise click.UsageError("--person and --by-folder are two ways to say who it is; give one")
    with knnife.Faces.open(space, model=model, detector=detector) as opened:
        tell_licences(opened.licences)
        with progress_bar(f"looking for faces in {photos[0]}") as report:
            added = opened.add(list(photos), person, by_folder=by_folder, whole=whole or None, progress=report)
        tell_problems(added.problems)
        counts = {name: getattr(added, name) for name in ("photos", "added", "updated", "unchanged", "people")}
        if as_json:
            problems = list(added.rows())
            click.echo(output.json_line({**counts, "faces": len(opened.space), "problems": problems}))
        else:
            click.echo(
                f"{added.photos:,} photos: {added.added:,} faces added, {added.updated:,} updated, "
                f"{added.unchanged:,} unchanged; {len(opened.space):,} faces of {added.people:,} people with names"
            )
