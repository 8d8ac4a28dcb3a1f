"""`knnife faces`: people by their faces; the commands stand beside it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import click

import knnife
from knnife.interfaces.cli.options import valid_text
from knnife.interfaces.cli.output import printable
from knnife.interfaces.cli.teaching import Taught

SHOWN = 5  # photos without a face that are told one by one
BESIDE = {
    "add": "faces_add",
    "identify": "faces_identify",
    "verify": "faces_verify",
    "cluster": "faces_cluster",
    "people": "faces_people",
    "rename": "faces_rename",
    "remove": "faces_remove",
}

EXAMPLES = """
knnife faces add people.knnife people/ --by-folder
knnife faces identify people.knnife album/
knnife faces verify people.knnife people/anna/1.jpg album/anna-5.jpg
knnife faces cluster album/ --known people.knnife --sheet album.html
"""

people_argument = click.argument("space", type=click.Path(dir_okay=False), metavar="PEOPLE")
photos_argument = click.argument("photos", nargs=-1, required=True, type=valid_text, metavar="PHOTO...")
whole_option = click.option("--whole", is_flag=True, help="Each photo is one face already; none is looked for.")
model_option = click.option("--model", type=valid_text, metavar="FILE", help="What encodes faces (*.onnx, a name).")
detector_option = click.option("--detector", type=valid_text, metavar="FILE", help="What finds faces (*.onnx).")
rate_option = click.option(
    "--false-matches", type=click.FloatRange(0, 0.05, min_open=True), metavar="RATE", help="At which rate; 0.01."
)


@click.command(cls=Taught, examples=EXAMPLES, beside=BESIDE)
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


def tell_licences(licences: dict[str, str]) -> None:
    """What the models in use may be used for, before they are used."""
    for what, licence in licences.items():
        told = licence or "not known; find out what it allows before you use it"
        click.echo(printable(f"{what}, licence: {told}"), err=True)


def tell_problems(problems: Iterable[tuple[str, str]]) -> None:
    """The photos that were of no use."""
    problems = list(problems)
    for photo, why in problems[:SHOWN]:
        click.echo(printable(f"skipped {photo}: {why}"), err=True)
    if len(problems) > SHOWN:
        click.echo(f"skipped {len(problems):,} photos in all", err=True)
