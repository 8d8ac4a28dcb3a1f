"""`knnife evaluate words`: how good word vectors are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

import knnife
from knnife.interfaces.cli import output
from knnife.interfaces.cli.options import FILE, json_option
from knnife.interfaces.cli.progress import progress_bar
from knnife.interfaces.cli.teaching import Taught

if TYPE_CHECKING:
    from knnife.tools.evaluate_words import WordEvaluation

COLUMNS = {
    "file": "file", "what": "section or column", "figure": "figure", "value": "value", "low": "from", "high": "to",
    "asked": "asked", "skipped": "skipped",
}  # fmt: skip

SHOWN = 5  # missing words

EXAMPLES = """
knnife evaluate words wiki.vectors --analogies questions-words.txt --similarity wordsim353.tsv
knnife evaluate words wiki.vectors --similarity wordsim353.tsv --similarity simlex999.txt --json
knnife evaluate words --analogies questions-words.txt --method mul
"""


@click.command(cls=Taught, examples=EXAMPLES)
@click.argument("source", required=False, type=FILE, metavar="[FILE|SPACE]")
@click.option("--analogies", multiple=True, type=FILE, metavar="FILE", help="Four words a line, sections begin with :.")
@click.option("--similarity", multiple=True, type=FILE, metavar="FILE", help="Two words and people's score a line.")
@click.option(
    "--method", type=click.Choice(["add", "mul"]), default="add", show_default=True, help="3CosAdd or 3CosMul."
)
@click.option(
    "--common",
    type=click.IntRange(min=1),
    default=30_000,
    show_default=True,
    metavar="N",
    help="Analogies are asked among the N commonest words.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Of what the intervals are drawn with.")
@json_option
def command(
    source: str | None, analogies: tuple[str, ...], similarity: tuple[str, ...], as_json: bool, **asked: Any
) -> None:
    """How good word vectors are.

    By analogies, the share that is solved; by pairs of words, the rank correlation with what people said. Both
    options may be given several times. Without a FILE, of the words of the built-in English model.
    """
    if not analogies and not similarity:
        raise click.UsageError("expected --analogies FILE or --similarity FILE")
    with progress_bar("solving analogies") as report:
        found = knnife.evaluate_words(source, analogies=analogies, similarities=similarity, progress=report, **asked)
    output.write_rows(found.rows(), COLUMNS, as_json)
    for line in _notes(found):
        click.echo(output.printable(line), err=True)


def _notes(found: WordEvaluation) -> list[str]:
    """What was left out, for people."""
    notes = []
    if skipped := sum(each.skipped for each in found.analogies if each.section == "all"):
        notes.append(
            f"{skipped:,} analogies were not asked: a word of theirs is not among the {found.common:,} commonest of "
            f"{found.words:,} words"
        )
    for each in found.similarities:
        if each.skipped:
            notes.append(
                f"{each.file}: {each.skipped:,} pairs were not asked, as {len(each.missing):,} words have no vector "
                f"({', '.join(each.missing[:SHOWN])}{', …' if len(each.missing) > SHOWN else ''})"
            )
        if each.by_subwords:
            notes.append(f"{each.file}: {len(each.by_subwords):,} words were made of their subwords")
    return notes
