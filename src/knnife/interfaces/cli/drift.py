"""`knnife drift`: has what comes in moved away from a reference? Its exit code is for scripts."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import knnife
from knnife.interfaces.cli import output
from knnife.interfaces.cli.options import FILE, json_option, load_vectors, open_space, valid_text, view_option
from knnife.interfaces.cli.progress import progress_bar
from knnife.interfaces.cli.teaching import Taught

if TYPE_CHECKING:
    from knnife.tools.drift import Drift

SPACE = b"SQLite format 3\0"  # how the file of a space begins
DRIFTED, FAILED = 1, 2
COLUMNS = {"found": "found", "what": "", "reference": "reference", "new": "new", "p_value": "p"}

EXAMPLES = """
knnife drift january.knnife february.knnife
knnife drift january.knnife february.csv --text question --json
knnife drift january.knnife february.knnife --plot drift.svg
knnife drift tickets.knnife today.jsonl --labels team --predictions told
knnife drift sensors.npy new-sensors.npy --metric euclidean --block 48
knnife drift tickets.knnife tickets.knnife --where 'year < 2024' --new-where 'year >= 2024'
"""


@click.command(cls=Taught, examples=EXAMPLES)
@click.argument("reference", type=valid_text, metavar="REFERENCE")
@click.argument("new", type=valid_text, metavar="NEW")
@click.option("--text", multiple=True, type=valid_text, metavar="COLUMN", help="Of a NEW file: what is encoded.")
@click.option("--id", type=valid_text, metavar="COLUMN", help="Of a NEW file: what a thing is called.")
@click.option("--where", type=valid_text, metavar="FILTER", help="Only these things of REFERENCE.")
@click.option("--new-where", type=valid_text, metavar="FILTER", help="Only these things of NEW, a space.")
@click.option("--metric", type=click.Choice(["cosine", "dot", "euclidean", "manhattan"]), help="Of .npy files.")
@click.option("--labels", type=valid_text, metavar="FIELD", help="What is right for each thing of REFERENCE.")
@click.option("--predictions", type=valid_text, metavar="FIELD", help="What a model said of it.")
@click.option("--rate", type=float, default=0.05, show_default=True, help="Of false alarms.")
@click.option("--block", type=int, default=1, show_default=True, help="Things in time order that keep together.")
@click.option("--most", type=int, default=5_000, show_default=True, help="Things of each that are compared.")
@click.option("--permutations", type=int, default=999, show_default=True, help="How often labels are shuffled.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of all that is drawn.")
@click.option("--plot", type=FILE, metavar="FILE.svg", help="Draw both samples.")
@view_option
@json_option
def command(
    reference: str,
    new: str,
    text: tuple[str, ...],
    id: str | None,
    plot: str | None,
    as_json: bool,
    **asked: Any,
) -> None:
    """Has what comes in moved away from what was there?

    REFERENCE and NEW are spaces, or arrays (.npy); NEW may also be a file of things, which the encoder of the
    reference encodes. The first line tells whether there is drift, the others what changed: regions, columns, words,
    things far from all of the other sample, and what it costs a model where labels are given.

    The exit code is 0 without drift, 1 with it, 2 after an error of any kind.
    """
    try:
        with ExitStack() as stack, progress_bar(f"comparing {new}") as report:
            given = _reference(reference, stack)
            found = knnife.drift(given, _newcomers(new, given, text, id, stack), progress=report, **asked)
        if plot:
            Path(plot).write_text(found.picture(), encoding="utf-8")
    except Exception as error:
        if os.environ.get("KNNIFE_DEBUG"):
            raise
        click.echo(f"knnife: {output.printable(_explain(error))}", err=True)
        click.get_current_context().exit(FAILED)
    _write(found, as_json)
    if found.drifted:
        click.get_current_context().exit(DRIFTED)


def _reference(path: str, stack: ExitStack) -> Any:
    if path.endswith(".npy"):
        return load_vectors(path)
    return stack.enter_context(open_space(path, read_only=True))


def _newcomers(path: str, reference: Any, text: tuple[str, ...], id: str | None, stack: ExitStack) -> Any:
    """What NEW is: an array, a space, or things, read as those of the reference were."""
    if path.endswith(".npy"):
        return load_vectors(path)
    if _is_space(path):
        return stack.enter_context(open_space(path, read_only=True))
    if not isinstance(reference, knnife.Space):
        raise knnife.BadInput(f"{path}: an array is compared with an array (.npy), as no encoder made its vectors")
    encoder = reference.encoder
    if encoder.kind == "row":
        return knnife.read(path, row=True, id=id, leave_out=getattr(encoder, "leave_out", ()))
    return knnife.read(path, text=text or None, id=id)


def _is_space(path: str) -> bool:
    try:
        with Path(path).open("rb") as file:
            return file.read(len(SPACE)) == SPACE
    except OSError:  # a folder, standard input, nothing at all: reading it says what is wrong with it
        return path.endswith(".knnife")


def _write(found: Drift, as_json: bool) -> None:
    if as_json:
        output.write_rows(found.rows(), {}, as_json)
        return
    output.write_rows(map(_line, found.rows()), COLUMNS)
    if output.for_people():
        drawn = "" if found.compared == found.sizes else f" ({found.compared[0]:,} and {found.compared[1]:,} drawn)"
        click.echo(found.summary() + drawn)


def _line(row: dict[str, Any]) -> output.Row:
    """A finding for people: what it is, before, after, and its p-value."""
    line = {"found": row["found"], "p_value": _short(row.get("p_value"))}
    if "parts" in row:
        told = f"{row['moved']:.0%} moved, told apart {row['told_apart']:.2f}"
        return {**line, "what": told, "reference": row["compared"]["reference"], "new": row["compared"]["new"]}
    if row["found"] == "accuracy":
        told = f"of {row['by']}; expected {row['low']:.0%} to {row['high']:.0%}"
        return {**line, "what": told, "reference": _short(row["reference"]), "new": _short(row["expected"])}
    if row["found"] == "region":
        what = " ".join(row["words"]) or "; ".join([*row["reference"], *row["new"]][:3])
        return {**line, "what": what, "reference": f"{row['share_reference']:.1%}", "new": f"{row['share_new']:.1%}"}
    if row["found"] == "mark":
        what = f"{row['name']}, {row['figure']}"
        return {**line, "what": what, "reference": _short(row["reference"]), "new": _short(row["new"])}
    far = f"{row['id']} (nearest: {row['nearest']}, {row['similarity']:.2f})"
    return {**line, "what": far, "reference": "", "new": ""}


def _short(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.3g}")


def _explain(error: Exception) -> str:
    if isinstance(error, knnife.KnnifeError):
        return str(error)
    if isinstance(error, OSError):
        return f"{error.filename or 'the file'}: {error.strerror or error}"
    if isinstance(error, MemoryError):
        return "there is not enough memory for this"
    return f"a mistake in knnife itself ({type(error).__name__}: {error}); KNNIFE_DEBUG=1 shows where"
