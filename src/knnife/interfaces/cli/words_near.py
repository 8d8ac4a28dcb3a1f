"""`knnife words near`: the words that are nearest to others, or to a sum of words."""

from __future__ import annotations

import click

import knnife
from knnife.interfaces.cli import output
from knnife.interfaces.cli.options import json_option, k_option, lines_for, valid_text
from knnife.interfaces.cli.teaching import Taught
from knnife.interfaces.cli.words import words_argument

COLUMNS = {"query": "near", "score": "score", "word": "word"}

EXAMPLES = """
knnife words near wiki.vectors king
knnife words near wiki.vectors king paris -k 3
knnife words near wiki.vectors king --plus woman --minus man -k 1
cat royals.txt | knnife words near wiki.vectors - --json
"""


@click.command(cls=Taught, examples=EXAMPLES)
@words_argument
@click.argument("words", nargs=-1, required=True, type=valid_text, metavar="WORD...")
@click.option("--plus", multiple=True, type=valid_text, metavar="WORD", help="Added to each WORD; several, too.")
@click.option("--minus", multiple=True, type=valid_text, metavar="WORD", help="Taken from each WORD; several, too.")
@k_option
@json_option
def command(file: str, words: tuple[str, ...], k: int, as_json: bool, **sums: tuple[str, ...]) -> None:
    """The nearest words of each WORD, which is not among them itself; - stands for the lines of standard input."""
    asked = list(lines_for(words))
    found = knnife.WordVectors.load(file).near(asked, k, **sums)
    columns = dict(COLUMNS)
    if output.for_people() and len(asked) == 1:
        del columns["query"]
    output.write_rows(({**row, "query": asked[row["query"]]} for row in found.rows()), columns, as_json)
