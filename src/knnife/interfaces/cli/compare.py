"""`knnife compare`: how similar texts are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

import knnife
from knnife.interfaces.cli import output, shared
from knnife.interfaces.cli.cells import Row

if TYPE_CHECKING:
    from knnife.geometry import Vectors

COLUMNS = {"score": "score", "a": "a", "b": "b"}

EXAMPLES = """
knnife compare "a heist goes wrong" "the robbery fails"
knnife compare king queen bread --json
knnife compare hello helo --as-written
knnife compare "The Sting" Rififi --space films.knnife --ids
cat queries.txt | knnife compare -
"""


@shared.json_command(EXAMPLES)
@click.argument("values", nargs=-1, required=True, type=shared.valid_text, metavar="A B [MORE]...")
@shared.text_option("--encoder", metavar="NAME", help=f"English by default: {shared.ENCODER}.")
@shared.file_option("--space", metavar="SPACE", help="Use the encoder and the metric of this space.")
@click.option("--ids", is_flag=True, help="A, B … are ids of things in the SPACE.")
@click.option("--as-written", is_flag=True, help="Take no misspelled word for another.")
@shared.encoding_option
def command(
    values: tuple[str, ...], encoder: str | None, space: str | None, ids: bool, as_written: bool, as_json: bool
) -> None:
    """How similar two texts are, or each two of several.

    Higher is closer. With - the texts are the lines of standard input. More than two make a matrix on a
    terminal, and a line for each pair in a pipe.
    """
    if ids and not space:
        raise click.UsageError("--ids needs the --space that holds them")
    if encoder and space:
        raise click.UsageError("--encoder and --space exclude each other: a space has its own encoder")
    texts = list(shared.lines_for(values))
    if len(texts) < 2:
        raise click.UsageError(f"expected two texts or more, got {len(texts)}")
    if space:
        with shared.open_to_ask(space) as opened:
            given = opened.vectors(texts)[1] if ids else texts
            found = knnife.similarity(given, given, opened, as_written=as_written)
    else:
        found = knnife.similarity(texts, texts, encoder or "english", as_written=as_written)
    scores = found.scores
    if len(texts) > 2 and output.for_people() and not as_json:
        output.write_rows(_matrix(texts, scores), {"a": "", **{str(i): str(i) for i in range(1, len(texts) + 1)}})
    else:
        output.write_rows(_pairs(texts, scores), COLUMNS, as_json)
    output.notes(f"{text!r:.60} also read as: {read:.200}" for text, read in found.read_as.items())


def _pairs(texts: list[str], scores: Vectors) -> Iterator[Row]:
    for i, a in enumerate(texts):
        for j in range(i + 1, len(texts)):
            yield {"a": a, "b": texts[j], "score": float(scores[i, j])}


def _matrix(texts: list[str], scores: Vectors) -> Iterator[Row]:
    for i, text in enumerate(texts, 1):
        yield {"a": f"{i}  {text}", **{str(j): float(score) for j, score in enumerate(scores[i - 1], 1)}}
