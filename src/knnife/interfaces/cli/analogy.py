"""`knnife analogy`: a is to b as c is to which word."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import click

import knnife
from knnife.interfaces.cli import output, shared

ONE = {"score": "score", "word": "word"}
SEVERAL = {"a": "a", "b": "b", "c": "c", **ONE}

EXAMPLES = """
knnife analogy man king woman
knnife analogy man king woman france paris italy -k 1
knnife analogy man king woman --in wiki.vectors --method mul
knnife analogy man king woman --plurals --json
"""


@shared.json_command(EXAMPLES)
@click.argument("words", nargs=-1, required=True, type=shared.valid_text, metavar="A B C [A B C]...")
@shared.file_option("--in", "source", metavar="FILE|SPACE", help="Word vectors, or a space whose ids are words.")
@click.option("--method", type=click.Choice(["add", "mul"]), default="add", help="3CosAdd or 3CosMul.")
@click.option("--plurals", is_flag=True, help="B and C in the plural or singular may answer: kings for king.")
@shared.k_option
@shared.encoding_option
def command(words: tuple[str, ...], source: str | None, method: Any, plurals: bool, k: int, as_json: bool) -> None:
    """A is to B as C is to which word?

    The best answers first. Without --in, among the words of the built-in English model. With - in place of words,
    each line of standard input has three.
    """
    questions = [*_questions(words)]
    a, b, c = ([question[i] for question in questions] for i in range(3))
    found = knnife.analogy(source, a, b, c, method=method, k=k, plurals=plurals)
    output.write_rows(found.rows(), ONE if len(questions) == 1 else SEVERAL, as_json)
    output.notes(found.missing.values())


def _questions(words: Sequence[str]) -> Iterator[Sequence[str]]:
    """A, B and C of each question."""
    if "-" not in words:
        if len(words) % 3:
            raise click.UsageError(f"{len(words)} words were given; expected three, A B C, or three for each question")
        for start in range(0, len(words), 3):
            yield words[start : start + 3]
        return
    if len(words) > 1:
        raise click.UsageError("- stands for the lines of standard input, and was given with other words")
    for line in shared.lines_for(words):
        if len(question := line.split()) != 3:
            raise knnife.BadInput(f"standard input: {line!r:.60} has {len(question)} words; expected three in a line")
        yield question
