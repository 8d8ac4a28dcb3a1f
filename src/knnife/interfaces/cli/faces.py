"""`knnife faces`: people by their faces, and `add`, `people`, `rename`, `remove`; faces_questions.py has the others."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import Any

import click

import knnife
from knnife.interfaces.cli import output, shared
from knnife.interfaces.cli.cells import printable
from knnife.interfaces.cli.progress import progress_bar

SHOWN = 5  # photos without a face that are shown one by one
BESIDE = {
    "add": "faces:add",
    "identify": "faces_questions:identify",
    "verify": "faces_questions:verify",
    "cluster": "faces_questions:cluster",
    "people": "faces:people",
    "rename": "faces:rename",
    "remove": "faces:remove",
}

EXAMPLES = """
knnife faces add people.knnife people/ --by-folder
knnife faces identify people.knnife album/
knnife faces verify people.knnife people/anna/1.jpg album/anna-5.jpg
knnife faces cluster album/ --known people.knnife --sheet album.html
"""

people_argument = click.argument("space", type=click.Path(dir_okay=False), metavar="PEOPLE")
photos_argument = click.argument("photos", nargs=-1, required=True, type=shared.valid_text, metavar="PHOTO...")
whole_option = click.option("--whole", is_flag=True, help="Each photo is one face already, so none is looked for.")
model_option = shared.text_option("--model", metavar="FILE", help="What encodes faces (*.onnx, a name).")
detector_option = shared.text_option("--detector", metavar="FILE", help="What finds faces (*.onnx).")
rate_option = click.option(
    "--false-matches",
    type=click.FloatRange(0, 0.05, min_open=True),
    metavar="RATE",
    help="Rate of false matches; 0.01 by default.",
)


@click.command(cls=shared.ExampleCommand, examples=EXAMPLES, beside=BESIDE)
@click.pass_context
def command(context: click.Context) -> None:
    """People by their faces: who is it, and is it the same person?

    PEOPLE is a file of faces with names, a space like any other. Faces are biometric data, and many countries
    allow keeping them only with consent: docs/consent.md.
    """
    click.echo(context.get_help())


def existing(path: str) -> str:
    """The path itself; raises NotFound, with the command that makes such a file, where there is nothing."""
    if not os.path.exists(path):
        raise knnife.NotFound(f"there is no {path}; `knnife faces add {path} PHOTOS --by-folder` makes one")
    return path


def open_people(path: str, **options: Any) -> knnife.Faces:
    """The people in a file that has to exist, for a question; it can be one that may only be read."""
    try:
        return knnife.Faces.open(existing(path), create=False, **options)
    except knnife.ReadOnly:
        return knnife.Faces.open(path, read_only=True, **options)


def write_licences(licences: dict[str, str]) -> None:
    """What the models in use may be used for, before they are used."""
    for what, licence in licences.items():
        known = licence or "not known; find out what it allows before you use it"
        output.note(f"{what}, licence: {known}")


def write_problems(problems: Iterable[tuple[str, str]]) -> None:
    """The photos that were of no use."""
    problems = list(problems)
    for photo, why in problems[:SHOWN]:
        output.note(f"skipped {photo}: {why}")
    if len(problems) > SHOWN:
        output.note(f"skipped {len(problems):,} photos in all")


ADD_EXAMPLES = """
knnife faces add people.knnife people/ --by-folder
knnife faces add people.knnife album/anna-5.jpg album/anna-6.jpg --person anna
knnife faces add people.knnife album/
"""


@shared.json_command(ADD_EXAMPLES)
@people_argument
@photos_argument
@shared.text_option("--person", metavar="NAME", help="Whom the photos show.")
@click.option("--by-folder", is_flag=True, help="The folder a photo lies in is the name: people/anna/1.jpg.")
@whole_option
@model_option
@detector_option
def add(
    space: str, photos: tuple[str, ...], person: str | None, by_folder: bool, whole: bool, as_json: bool, **models: Any
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
    with knnife.Faces.open(space, **models) as opened:
        write_licences(opened.licences)
        with progress_bar(f"looking for faces in {photos[0]}") as report:
            added = opened.add(list(photos), person, by_folder=by_folder, whole=whole or None, progress=report)
        write_problems(added.problems)
        counts = {name: getattr(added, name) for name in ("photos", "added", "updated", "unchanged", "people")}
        output.write_result(
            {**counts, "faces": len(opened.space), "problems": list(added.rows())},
            f"{added.photos:,} photos: {added.added:,} faces added, {added.updated:,} updated, "
            f"{added.unchanged:,} unchanged; {len(opened.space):,} faces of {added.people:,} people with names",
            as_json,
        )


PEOPLE_COLUMNS = {"person": "person", "faces": "faces", "photos": "photos"}

PEOPLE_EXAMPLES = """
knnife faces people people.knnife
knnife faces people people.knnife --json
"""


@shared.json_command(PEOPLE_EXAMPLES)
@people_argument
def people(space: str, as_json: bool) -> None:
    """Show all who are known, and by how many faces."""
    with open_people(space) as people:
        rows = [{"person": name, "faces": faces, "photos": photos} for name, faces, photos in people.people()]
        without = len(people.space) - sum(int(str(row["faces"])) for row in rows)
    output.write_rows(rows, PEOPLE_COLUMNS, as_json)
    if without and not as_json:
        output.note(f"{without:,} faces without a name; `knnife faces cluster` groups them")


RENAME_EXAMPLES = """
knnife faces rename people.knnife anna "Anna Maria"
"""


@shared.json_command(RENAME_EXAMPLES)
@people_argument
@click.argument("old", type=shared.valid_text, metavar="OLD")
@click.argument("new", type=shared.valid_text, metavar="NEW")
def rename(space: str, old: str, new: str, as_json: bool) -> None:
    """Give a person another name; where NEW is known too, both are one person from now on."""
    with knnife.Faces.open(existing(space), create=False) as people:
        faces = people.rename(old, new)
    output.write_result({"person": new, "faces": faces}, f"{faces:,} faces of {old} are called {new} now", as_json)


REMOVE_EXAMPLES = """
knnife faces remove people.knnife anna --yes
"""


@shared.json_command(REMOVE_EXAMPLES)
@people_argument
@click.argument("persons", nargs=-1, required=True, type=shared.valid_text, metavar="PERSON...")
@click.option("--yes", is_flag=True, help="Do not ask.")
def remove(space: str, persons: tuple[str, ...], yes: bool, as_json: bool) -> None:
    """Remove people: their faces, their vectors, and what was learned from them.

    The file is written anew, so that nothing of them stays in it. Backups and copies of the file, and the photos
    themselves, are yours to delete. A terminal is asked before.
    """
    with knnife.Faces.open(existing(space), create=False) as people:
        if not yes and sys.stdin.isatty():
            names = ", ".join(printable(person) for person in persons)
            click.confirm(f"Remove all faces of {names} from {space}?", abort=True, err=True)
        removed = people.remove(persons)
        text = f"{removed:,} faces removed, {len(people.space):,} left; nothing of them stays in the file"
        output.write_result({"removed": removed, "left": len(people.space)}, text, as_json)
