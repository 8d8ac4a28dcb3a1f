"""`knnife words`: what a file of word vectors holds, and the commands beside it: near, similar, odd, convert."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

import knnife
from knnife.interfaces.cli import output, shared
from knnife.interfaces.cli.cells import json_line

SHOWN = 10  # words shown
BESIDE = {name: f"words:{name}" for name in ("near", "similar", "odd", "convert")}

EXAMPLES = """
knnife words wiki.vectors
knnife words wiki.vectors --json
knnife words near wiki.vectors king -k 3
knnife words near wiki.vectors king --plus woman --minus man -k 1
"""

words_argument = click.argument("file", type=shared.FILE, metavar="FILE")


@shared.json_command(EXAMPLES, beside=BESIDE)
@words_argument
@shared.encoding_option
def command(file: str, as_json: bool) -> None:
    """What a file of word vectors holds, and how it was made.

    FILE is what `knnife train words` made, or word vectors of another program: word2vec, GloVe, fastText, npy.
    """
    vectors = knnife.WordVectors.load(file)
    facts = dict(_facts(vectors))
    if as_json:
        click.echo(json_line({"file": file, **facts, "about": dict(vectors.about)}))
        return
    both = {**vectors.about, **facts}
    rows = ({"name": name, "value": value} for name, value in both.items() if value is not None)
    output.write_rows(rows, {"name": "", "value": ""}, layout="wrapped")


def _facts(vectors: knnife.WordVectors) -> Iterator[tuple[str, Any]]:
    yield "words", len(vectors)
    yield "dimensions", vectors.dim
    yield "first words", vectors.words[:SHOWN]
    yield "counts", vectors.counts is not None
    subwords = vectors.table.subwords
    yield "subwords", None if subwords is None else f"{subwords.shortest} to {subwords.longest} characters"


NEAR_COLUMNS = {"query": "near", "score": "score", "word": "word"}

NEAR_EXAMPLES = """
knnife words near wiki.vectors king
knnife words near wiki.vectors king paris -k 3
knnife words near wiki.vectors king --plus woman --minus man -k 1
cat royals.txt | knnife words near wiki.vectors - --json
"""


@shared.json_command(NEAR_EXAMPLES)
@words_argument
@click.argument("words", nargs=-1, required=True, type=shared.valid_text, metavar="WORD...")
@shared.text_option("--plus", multiple=True, metavar="WORD", help="Added to each WORD; several, too.")
@shared.text_option("--minus", multiple=True, metavar="WORD", help="Taken from each WORD; several, too.")
@shared.k_option
@shared.encoding_option
def near(file: str, words: tuple[str, ...], k: int, as_json: bool, **sums: tuple[str, ...]) -> None:
    """The nearest words of each WORD, which is not among them itself; - stands for the lines of standard input."""
    queries = list(shared.lines_for(words))
    found = knnife.WordVectors.load(file).near(queries, k, **sums)
    columns = dict(NEAR_COLUMNS)
    if output.for_people() and len(queries) == 1:
        del columns["query"]
    output.write_rows(({**row, "query": queries[row["query"]]} for row in found.rows()), columns, as_json)


SIMILAR_COLUMNS = {"score": "score", "a": "a", "b": "b"}

SIMILAR_EXAMPLES = """
knnife words similar wiki.vectors king queen
knnife words similar wiki.vectors king queen man cat --json
"""


@shared.json_command(SIMILAR_EXAMPLES)
@words_argument
@click.argument("word", type=shared.valid_text, metavar="WORD")
@click.argument("others", nargs=-1, required=True, type=shared.valid_text, metavar="OTHER...")
@shared.encoding_option
def similar(file: str, word: str, others: tuple[str, ...], as_json: bool) -> None:
    """How similar a WORD is to OTHERs: the cosine of their vectors, 1 for the same direction, about 0 for unrelated."""
    scores = knnife.WordVectors.load(file).similarity(word, others)
    rows = ({"a": word, "b": other, "score": float(score)} for other, score in zip(others, scores, strict=True))
    output.write_rows(rows, SIMILAR_COLUMNS, as_json)


ODD_COLUMNS = {"score": "to the others", "word": "word"}

ODD_EXAMPLES = """
knnife words odd wiki.vectors breakfast cat lunch dinner
knnife words odd wiki.vectors breakfast cat lunch dinner --json
"""


@shared.json_command(ODD_EXAMPLES)
@words_argument
@click.argument("words", nargs=-1, required=True, type=shared.valid_text, metavar="WORD...")
@shared.encoding_option
def odd(file: str, words: tuple[str, ...], as_json: bool) -> None:
    """Which of three WORDs or more does not belong: it comes first, with how similar each is to the others."""
    output.write_rows(knnife.WordVectors.load(file).odd_one_out(words).rows(), ODD_COLUMNS, as_json)


CONVERT_EXAMPLES = """
knnife words convert wiki.vectors -o wiki.vec
knnife words convert wiki.vectors -o small.vectors --limit 10
"""


@click.command(cls=shared.ExampleCommand, examples=CONVERT_EXAMPLES)
@click.argument("file", type=shared.FILE, metavar="FILE")
@shared.output_option("-o", "--output", "target", required=True, metavar="FILE", help="Its name says the form.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Write the first N words only.")
@shared.encoding_option
def convert(file: str, target: str, limit: int | None) -> None:
    """Write word vectors in another form, which follows from the name.

    .vectors (knnife's own, with all that is known), .vec or .txt (word2vec text), .bin (word2vec binary), .npy, .tsv
    (TensorFlow's projector); .gz may follow those of text.
    """
    vectors = knnife.WordVectors.load(file, limit=limit)
    vectors.save(target)
    output.note(f"{target}: {len(vectors):,} words, {vectors.dim} dimensions")
