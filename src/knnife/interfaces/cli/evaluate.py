"""`knnife evaluate`: which encoder serves these things best; `knnife evaluate words`: how good word vectors are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

import knnife
from knnife.interfaces.cli import column_types, output, shared
from knnife.interfaces.cli.cells import Row, size
from knnife.interfaces.cli.progress import progress_bar

if TYPE_CHECKING:
    from knnife.tools.evaluate import Evaluation
    from knnife.tools.evaluate_words import WordEvaluation


ALWAYS = ("low", "high", "texts_per_second", "memory", "size", "dim", "licence", "agreement", "correlation")

EXAMPLES = """
knnife evaluate films.knnife --encoders english,./model --title id
knnife evaluate films.knnife --encoders english,./model --queries asked.csv
knnife evaluate films.csv --text plot --encoders english,./model --classes genre --title title
"""


@shared.json_command(EXAMPLES, beside={"words": "evaluate:words", "recommend": "evaluate_recommend:command"})
@click.argument("source", required=False, type=shared.valid_text, metavar="[SPACE|FILE]")
@shared.text_option("--encoders", required=True, metavar="A,B,…", help=f"With commas; each {shared.ENCODER}.")
@shared.file_option("--queries", metavar="FILE", help="Table with columns query, relevant (an id) and perhaps grade.")
@shared.file_option("--pairs", metavar="FILE", help="Table with columns a, b and score; needs no SPACE.")
@shared.text_option("--classes", metavar="FIELD", help="Field that holds the class of a thing.")
@shared.text_option("--title", metavar="FIELD", help="Field whose value has to find its text; may be id.")
@shared.text_option("--text", multiple=True, metavar="COLUMN", help="Column of a FILE to encode.")
@shared.text_option("--id", metavar="COLUMN", help="Column of a FILE with the id that queries use.")
@column_types.types_option
@shared.k_option
@click.option(
    "--sample", type=click.IntRange(min=3), default=2000, help="Number of things drawn, where there are more."
)
@click.option("--seed", type=int, default=0, help="Seed of the random draws.")
@shared.written_options
def command(
    source: str | None, encoders: str, text: tuple[str, ...], id: str | None, types: dict[str, str], as_json: bool,
    **options: Any,
) -> None:  # fmt: skip
    """Compare encoders on your own data.

    With labels, by labelled queries, pairs or classes; without, by how well the first line or sentence of a
    text finds the rest of it. Beside quality stand speed, memory and size. A terminal is shown a column for
    each encoder; a pipe and --json get a line for each.
    """
    if source is None and not options["pairs"]:
        raise click.UsageError("expected a SPACE or a FILE, or --pairs")
    names = [name.strip() for name in encoders.split(",") if name.strip()]
    if source is not None and (text or id) and shared.is_space(source):
        raise click.UsageError("--text and --id go with a FILE; a space has chosen them already")
    things = None if source is None else column_types.file_input(source, text, id, types)
    with progress_bar("encoding") as report:
        try:
            found, left = knnife.evaluate(things, names, progress=report, **options), 0
        except knnife.Stopped as stop:
            found, left = stop.so_far, len(names) - len(stop.so_far.table)
    _write(found, as_json)
    if left:
        raise click.Abort(f"stopped with {left} of {len(names)} encoders to go")


def _write(found: Evaluation, as_json: bool) -> None:
    if output.for_people() and not as_json:
        names = [row["encoder"] for row in found.rows()]
        output.write_rows(_measures(found), {"measure": "", **{str(i): name for i, name in enumerate(names)}})
    else:
        first = [found.main] if found.main else []
        columns = ["encoder", *first, *ALWAYS, *(name for name in found.figures if name != found.main)]
        output.write_rows(found.rows(), dict.fromkeys(columns, ""), as_json)
    for line in (*found.verdict, *found.notes):
        output.note(line)


def _measures(found: Evaluation) -> Iterator[Row]:
    """The table turned over: a row for each measure, a column for each encoder."""
    table = list(found.rows())
    for name in (*found.figures, "agreement", "correlation"):
        cells = {str(i): _figure(row, name, found.main) for i, row in enumerate(table)}
        if any(cells.values()):
            yield {"measure": name, **cells}
    yield {"measure": "texts a second", **{str(i): f"{row['texts_per_second']:,.0f}" for i, row in enumerate(table)}}
    for name in ("memory", "size"):
        yield {"measure": name, **{str(i): size(row[name]) if row[name] else "" for i, row in enumerate(table)}}
    for name in ("dim", "licence"):
        yield {"measure": name, **{str(i): str(row[name] or "") for i, row in enumerate(table)}}


def _figure(row: Row, name: str, main: str | None) -> str:
    if row[name] is None:
        return ""
    within = f" ({row['low']:.3f} to {row['high']:.3f})" if name == main else ""
    return f"{row[name]:.3f}{within}"


WORDS_COLUMNS = {
    "file": "file", "what": "section or column", "figure": "figure", "value": "value", "low": "from", "high": "to",
    "asked": "asked", "skipped": "skipped",
}  # fmt: skip

WORDS_SHOWN = 5  # missing words

WORDS_EXAMPLES = """
knnife evaluate words wiki.vectors --analogies questions-words.txt --similarity wordsim353.tsv
knnife evaluate words wiki.vectors --similarity wordsim353.tsv --similarity simlex999.txt --json
knnife evaluate words --analogies questions-words.txt --method mul
"""


@shared.json_command(WORDS_EXAMPLES)
@click.argument("source", required=False, type=shared.FILE, metavar="[FILE|SPACE]")
@shared.file_option("--analogies", multiple=True, metavar="FILE", help="Four words a line, sections begin with :.")
@shared.file_option(
    "--similarity", multiple=True, metavar="FILE", help="Two words and the score that people gave, a line."
)
@click.option("--method", type=click.Choice(["add", "mul"]), default="add", help="3CosAdd or 3CosMul.")
@click.option(
    "--common",
    type=click.IntRange(min=1),
    default=30_000,
    metavar="N",
    help="Use the N most frequent words for analogies.",
)
@click.option("--seed", type=int, default=0, help="Seed of the resamples behind the intervals.")
@shared.written_options
def words(
    source: str | None, analogies: tuple[str, ...], similarity: tuple[str, ...], as_json: bool, **options: Any
) -> None:
    """How good word vectors are.

    By analogies, the share that is solved; by pairs of words, the rank correlation with what people said. Both
    options may be given several times. Without a FILE, of the words of the built-in English model.
    """
    if not analogies and not similarity:
        raise click.UsageError("expected --analogies FILE or --similarity FILE")
    with progress_bar("solving analogies") as report:
        found = knnife.evaluate_words(source, analogies=analogies, similarities=similarity, progress=report, **options)
    output.write_rows(found.rows(), WORDS_COLUMNS, as_json)
    for line in _notes(found):
        output.note(line)


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
                f"({', '.join(each.missing[:WORDS_SHOWN])}{', …' if len(each.missing) > WORDS_SHOWN else ''})"
            )
        if each.by_subwords:
            notes.append(f"{each.file}: {len(each.by_subwords):,} words were made of their subwords")
    return notes
