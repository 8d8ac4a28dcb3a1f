"""`knnife words odd`: which word does not belong."""

from __future__ import annotations

import click

import knnife
from knnife.interfaces.cli import output
from knnife.interfaces.cli.options import json_option, valid_text
from knnife.interfaces.cli.teaching import Taught
from knnife.interfaces.cli.words import words_argument

COLUMNS = {"score": "to the others", "word": "word"}

EXAMPLES = """
knnife words odd wiki.vectors breakfast cat lunch dinner
knnife words odd wiki.vectors breakfast cat lunch dinner --json
"""


@click.command(cls=Taught, examples=EXAMPLES)
@words_argument
@click.argument("words", nargs=-1, required=True, type=valid_text, metavar="WORD...")
@json_option
def command(file: str, words: tuple[str, ...], as_json: bool) -> None:
    """Which of three WORDs or more does not belong: it comes first, with how similar each is to the others."""
    output.write_rows(knnife.WordVectors.load(file).odd_one_out(words).rows(), COLUMNS, as_json)
