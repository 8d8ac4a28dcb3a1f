"""`knnife words similar`: how similar words are."""

from __future__ import annotations

import click

import knnife
from knnife.interfaces.cli import output
from knnife.interfaces.cli.options import json_option, valid_text
from knnife.interfaces.cli.teaching import Taught
from knnife.interfaces.cli.words import words_argument

COLUMNS = {"score": "score", "a": "a", "b": "b"}

EXAMPLES = """
knnife words similar wiki.vectors king queen
knnife words similar wiki.vectors king queen man cat --json
"""


@click.command(cls=Taught, examples=EXAMPLES)
@words_argument
@click.argument("word", type=valid_text, metavar="WORD")
@click.argument("others", nargs=-1, required=True, type=valid_text, metavar="OTHER...")
@json_option
def command(file: str, word: str, others: tuple[str, ...], as_json: bool) -> None:
    """How similar a WORD is to OTHERs: the cosine of their vectors, 1 for the same direction, about 0 for unrelated."""
    scores = knnife.WordVectors.load(file).similarity(word, others)
    rows = ({"a": word, "b": other, "score": float(score)} for other, score in zip(others, scores, strict=True))
    output.write_rows(rows, COLUMNS, as_json)
