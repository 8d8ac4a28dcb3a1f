"""`knnife train adapt`: an encoder bent by examples of what belongs together."""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterator
from typing import Any

import click

import knnife
from knnife.encoders.catalogue import DEFAULT
from knnife.interfaces.cli import output, shared
from knnife.interfaces.cli.progress import progress_bar
from knnife.output_kinds import ADAPTER
from knnife.things.events import cell_of

EXAMPLES = """
knnife train adapt intents.csv --text question --label intent -o bank.adapter
knnife train adapt answered.csv --pair question --pair answer -o faq.adapter
knnife train adapt judged.csv --pair query --pair good --unlike bad -o shop.adapter
knnife reencode films.knnife --encoder bank.adapter
"""


@shared.json_command(EXAMPLES)
@click.argument("source", type=shared.valid_text, metavar="SOURCE")
@shared.output_option(
    "-o", "--output", "to", kind=ADAPTER, required=True, metavar="FILE", help="File to write the adapter to."
)
@shared.text_option("--text", metavar="COLUMN", help="Column that is encoded, of a table with labels.")
@shared.text_option("--label", metavar="COLUMN", help="Column of labels: those of one label belong together.")
@shared.text_option("--pair", "pair", multiple=True, metavar="COLUMN", help="Give two, whose cells belong together.")
@shared.text_option("--unlike", metavar="COLUMN", help="Column of what does not belong to the pair.")
@shared.text_option("--encoder", metavar="NAME", help=f"What is bent: {shared.ENCODER}; that of a SPACE, else english.")
@click.option("--seed", type=int, default=0, help="Of all that is drawn by chance.")
@click.option("--anyway", is_flag=True, help="Write it although the examples held out say it is no help.")
@shared.written_options
def command(
    source: str, to: str, text: str | None, label: str | None, pair: tuple[str, ...], unlike: str | None,
    encoder: str | None, seed: int, anyway: bool, as_json: bool,
) -> None:  # fmt: skip
    """Bend an encoder by a handful of examples of what belongs together.

    SOURCE is a table, or a space whose things have labels. A few examples of each label are enough; each fifth is held
    out once to see whether what is learned from the others helps, and what does not help is not written. Nothing but
    the vectors is bent, so it takes seconds, and a space takes it over without encoding its things again:
    `knnife reencode SPACE --encoder FILE`.
    """
    if not to.endswith(".adapter"):
        raise click.UsageError(f"-o {to}: expected a name that ends in .adapter")
    _check_columns(label, pair, unlike)
    start = time.monotonic()
    base, examples, labels = _examples(source, text, label, (*pair, *([unlike] if unlike else [])), encoder)
    with progress_bar("bending") as report:
        adapted = knnife.AdaptedEncoder.train(base, examples, labels=labels, seed=seed, progress=report, anyway=anyway)
    adapted.save(to)
    _write_facts(adapted, to, time.monotonic() - start, as_json)


def _check_columns(label: str | None, pair: tuple[str, ...], unlike: str | None) -> None:
    if bool(label) == bool(pair):
        raise click.UsageError("say what belongs together: --label COLUMN, or --pair COLUMN twice")
    if pair and len(pair) != 2:
        raise click.UsageError(f"--pair is given {len(pair)} times; expected two columns, each by a --pair")
    if unlike and not pair:
        raise click.UsageError("--unlike goes with --pair")


def _examples(
    source: str, text: str | None, label: str | None, columns: tuple[str, ...], encoder: str | None
) -> tuple[Any, list[Any], list[Any] | None]:
    """What is bent, and the examples with their labels, if they have any."""
    if not shared.is_space(source):
        if label is None:
            return encoder or DEFAULT, [*_rows(source, columns)], None
        rows = [*_rows(source, (text or "text", label))]
        return encoder or DEFAULT, [value for value, _ in rows], [found for _, found in rows]
    if label is None or text is not None:
        raise click.UsageError(f"{source} is a space, whose things may have labels (--label FIELD); pairs are a table")
    with shared.open_to_ask(source) as space:
        told = [(thing.value, thing.about.get(label)) for thing in space if thing.value is not None]
        base = encoder or space.encoder
    told = [(value, found) for value, found in told if found not in (None, "")]
    if not told:
        raise knnife.BadInput(f"no thing of {source} has anything in the field {label!r}")
    if several := next((found for _, found in told if isinstance(found, list)), None):
        raise knnife.BadInput(f"the field {label!r} has several values in one thing ({several!r:.60}); expected one")
    return base, [value for value, _ in told], [found for _, found in told]


def _rows(source: str, columns: tuple[str, ...]) -> Iterator[tuple[Any, ...]]:
    """The cells of these columns, as texts; all of a row are there."""
    first, *others = columns
    reading = knnife.read(source, text=first, types=dict.fromkeys(others, "text"))
    for number, thing in enumerate(reading, 1):
        cells = (thing.value, *(cell_of(thing, name) for name in others))
        if None in cells:
            reading.fault(None, f"nothing in column {columns[cells.index(None)]!r}", f"{source}, row {number:,}")
        yield cells


def _write_facts(adapted: knnife.AdaptedEncoder, to: str, seconds: float, as_json: bool) -> None:
    held_out = adapted.held_out
    facts = {
        "examples": held_out.examples,
        "before": held_out.before,
        "after": held_out.after,
        "helps": held_out.helps,
        "output": to,
    }
    line = (
        f"{to}: {adapted.name}, {seconds:.1f} s. Of {held_out.examples:,} examples held out, {held_out.before:.1%} "
        f"have one of their group as nearest neighbour without it, {held_out.after:.1%} with it.\n"
        f"Next: knnife reencode SPACE --encoder {shlex.quote(to)}"
    )
    output.write_result({**facts, "seconds": round(seconds, 1)}, line, as_json)
