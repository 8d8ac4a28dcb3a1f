"""`knnife words`: what a file of word vectors holds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

import knnife
from knnife.interfaces.cli import output
from knnife.interfaces.cli.options import FILE, json_option
from knnife.interfaces.cli.teaching import Taught

SHOWN = 10  # words shown
BESIDE = {"near": "words_near", "similar": "words_similar", "odd": "words_odd", "convert": "words_convert"}

EXAMPLES = """
knnife words wiki.vectors
knnife words wiki.vectors --json
knnife words near wiki.vectors king -k 3
knnife words near wiki.vectors king --plus woman --minus man -k 1
"""

words_argument = click.argument("file", type=FILE, metavar="FILE")


@click.command(cls=Taught, examples=EXAMPLES, beside=BESIDE)
@words_argument
@json_option
def command(file: str, as_json: bool) -> None:
    """What a file of word vectors holds, and how it was made.

    FILE is what `knnife train words` made, or word vectors of another program: word2vec, GloVe, fastText, npy.
    """
    vectors = knnife.WordVectors.load(file)
    facts = dict(_facts(vectors))
    if as_json:
        click.echo(output.json_line({"file": file, **facts, "about": dict(vectors.about)}))
        return
    both = {**vectors.about, **facts}
    told = ({"name": name, "value": value} for name, value in both.items() if value is not None)
    output.write_rows(told, {"name": "", "value": ""}, layout="wrapped")


def _facts(vectors: knnife.WordVectors) -> Iterator[tuple[str, Any]]:
    yield "words", len(vectors)
    yield "dimensions", vectors.dim
    yield "first words", vectors.words[:SHOWN]
    yield "counts", vectors.counts is not None
    subwords = vectors.table.subwords
    yield "subwords", None if subwords is None else f"{subwords.shortest} to {subwords.longest} characters"
