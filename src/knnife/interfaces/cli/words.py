"""`knnife words`: what word vectors hold, and the commands beside it: near, similar, odd, convert."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import click

import knnife
from knnife.interfaces.cli import output, shared
from knnife.interfaces.cli.cells import json_line

SHOWN = 10  # words shown
BESIDE = {name: f"words:{name}" for name in ("near", "similar", "odd", "convert")}

EXAMPLES = """
knnife words
knnife words wiki.vectors --json
knnife words near king
knnife words near wiki.vectors king --plus woman --minus man -k 1
"""


def words_argument(metavar: str) -> Callable[[shared.Command], shared.Command]:
    """The words, before which a file may stand."""
    return click.argument("given", nargs=-1, required=True, metavar=f"[FILE] {metavar}")


@shared.json_command(EXAMPLES, beside=BESIDE)
@click.argument("file", type=shared.FILE, metavar="[FILE]", required=False)
@shared.encoding_option
def command(file: str | None, as_json: bool) -> None:
    """What a file of word vectors holds, and how it was made.

    FILE is what `knnife train words` made, or word vectors of another program: word2vec, GloVe, fastText, npy. Without
    one, the words of the built-in English model, which need no training.
    """
    vectors = knnife.words() if file is None else knnife.WordVectors.load(file)
    facts = dict(_facts(vectors))
    if as_json:
        click.echo(json_line({"file": file, **facts, "about": dict(vectors.about)}))
        return
    both = {**vectors.about, **facts}
    rows = ({"name": name, "value": value} for name, value in both.items() if value is not None)
    output.write_rows(rows, {"name": "", "value": ""}, layout="wrapped")


def _asked(given: tuple[str, ...], metavar: str = "WORD...") -> tuple[knnife.WordVectors, list[str]]:
    """The vectors of the file that stands first, or else the built-in ones, and the words.

    A file is what has an ending or a path, as no word of the model has, or lies here and has words behind it.
    """
    first, *rest = given
    is_file = "." in first or "/" in first or os.sep in first or (bool(rest) and os.path.isfile(first))
    words = [shared.valid_text(word) for word in (rest if is_file else given)]
    if not words:
        raise click.UsageError(f"Missing argument '{metavar}'.")
    return knnife.WordVectors.load(shared.path_text(first)) if is_file else knnife.words(), words


def _facts(vectors: knnife.WordVectors) -> Iterator[tuple[str, Any]]:
    yield "words", len(vectors)
    yield "dimensions", vectors.dim
    yield "first words", vectors.words[:SHOWN]
    yield "counts", vectors.counts is not None
    subwords = vectors.table.subwords
    yield "subwords", None if subwords is None else f"{subwords.shortest} to {subwords.longest} characters"


NEAR_COLUMNS = {"query": "near", "score": "score", "word": "word"}

NEAR_EXAMPLES = """
knnife words near king
knnife words near king paris -k 3
knnife words near wiki.vectors king --plus woman --minus man -k 1
cat royals.txt | knnife words near - --json
"""


@shared.json_command(NEAR_EXAMPLES)
@words_argument("WORD...")
@shared.text_option("--plus", multiple=True, metavar="WORD", help="Added to each WORD; several, too.")
@shared.text_option("--minus", multiple=True, metavar="WORD", help="Taken from each WORD; several, too.")
@shared.k_option
@shared.encoding_option
def near(given: tuple[str, ...], k: int, as_json: bool, **sums: tuple[str, ...]) -> None:
    """The nearest words of each WORD, which is not among them itself; - stands for the lines of standard input.

    Among the words of the built-in English model, or those of FILE.
    """
    vectors, words = _asked(given)
    queries = list(shared.lines_for(words))
    found = vectors.near(queries, k, **sums)
    columns = dict(NEAR_COLUMNS)
    if output.for_people() and len(queries) == 1:
        del columns["query"]
    output.write_rows(({**row, "query": queries[row["query"]]} for row in found.rows()), columns, as_json)
    output.notes(found.missing.values())


SIMILAR_COLUMNS = {"score": "score", "a": "a", "b": "b"}

SIMILAR_EXAMPLES = """
knnife words similar king queen
knnife words similar wiki.vectors king queen man cat --json
"""


@shared.json_command(SIMILAR_EXAMPLES)
@words_argument("WORD OTHER...")
@shared.encoding_option
def similar(given: tuple[str, ...], as_json: bool) -> None:
    """How similar a WORD is to OTHERs: the cosine of their vectors, 1 for the same direction, about 0 for unrelated.

    By the built-in English model, or by FILE.
    """
    vectors, (word, *others) = _asked(given)
    if not others:
        raise click.UsageError("Missing argument 'OTHER...'.")
    scores = dict(zip(others, vectors.similarity(word, others).tolist(), strict=True))
    missing = vectors.unknown(others)
    rows = ({"a": word, "b": other, "score": scores[other]} for other in others if other not in missing)
    output.write_rows(rows, SIMILAR_COLUMNS, as_json)
    output.notes(missing.values())


ODD_COLUMNS = {"score": "to the others", "word": "word"}

ODD_EXAMPLES = """
knnife words odd breakfast cat lunch dinner
knnife words odd wiki.vectors breakfast cat lunch dinner --json
"""


@shared.json_command(ODD_EXAMPLES)
@words_argument("WORD...")
@shared.encoding_option
def odd(given: tuple[str, ...], as_json: bool) -> None:
    """Which of three WORDs or more does not belong: it comes first, with how similar each is to the others.

    By the built-in English model, or by FILE.
    """
    vectors, words = _asked(given)
    found = vectors.odd_one_out(words)
    output.write_rows(found.rows(), ODD_COLUMNS, as_json)
    output.notes(found.missing.values())


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
