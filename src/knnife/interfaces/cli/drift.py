"""`knnife drift`: has what comes in moved away from a reference? Its exit code is for scripts."""

from __future__ import annotations

import os
import shutil
import textwrap
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

import knnife
from knnife.interfaces.cli import column_types, output, shared
from knnife.interfaces.cli.cells import Row, printable
from knnife.interfaces.cli.progress import progress_bar
from knnife.output_kinds import DRAWING
from knnife.outputs import whole_text

if TYPE_CHECKING:
    from knnife.tools.drift import Drift

DRIFTED, FAILED = 1, 2
COLUMNS = {"found": "found", "what": "", "reference": "reference", "new": "new", "p_value": "p"}
WATCHED = {"found": "found", "seen": "seen", "looks": "looks", "evidence": "evidence", "p_value": "p"}
OF_A_TEST = ("block", "most", "permutations", "labels", "predictions", "plot")  # and not of a monitor

EXAMPLES = """
knnife drift january.knnife february.knnife
knnife drift january.knnife february.knnife --all
knnife drift january.knnife february.csv --text question --json
knnife drift january.knnife february.knnife --plot drift.svg
knnife drift tickets.knnife today.jsonl --labels team --predictions told
knnife drift sensors.npy new-sensors.npy --metric euclidean --block 48
knnife drift january.knnife today.jsonl --monitor drift.monitor
knnife drift tickets.knnife tickets.knnife --where 'year < 2024' --new-where 'year >= 2024'
"""


class ScriptCommand(shared.ExampleCommand):
    """A command whose exit code is an answer, so that every error has one of its own."""

    def invoke(self, ctx: click.Context) -> Any:
        """As any command, but for the exit code of an error."""
        try:
            return super().invoke(ctx)
        except (click.exceptions.Exit, click.ClickException, click.Abort):
            raise
        except Exception as error:
            if os.environ.get("KNNIFE_DEBUG"):
                raise
            click.echo(f"knnife: {printable(shared.explain(error))}", err=True)
            ctx.exit(FAILED)


@shared.json_command(EXAMPLES, ScriptCommand)
@click.argument("reference", type=shared.valid_text, metavar="REFERENCE")
@click.argument("new", type=shared.valid_text, metavar="NEW")
@shared.text_option("--text", multiple=True, metavar="COLUMN", help="Column of a NEW file to encode.")
@shared.text_option("--id", metavar="COLUMN", help="Column of a NEW file with the id.")
@column_types.types_option
@shared.text_option("--where", metavar="FILTER", help="Only these things of REFERENCE.")
@shared.text_option("--new-where", metavar="FILTER", help="Only these things of NEW, a space.")
@click.option("--metric", type=click.Choice(["cosine", "dot", "euclidean", "manhattan"]), help="Metric for .npy files.")
@shared.text_option("--labels", metavar="FIELD", help="Field with the right label of each thing of REFERENCE.")
@shared.text_option("--predictions", metavar="FIELD", help="Field with the label that a model predicted.")
@click.option("--rate", type=float, default=0.05, help="Rate of false alarms.")
@click.option("--block", type=int, default=1, help="Length of blocks of things in time order.")
@click.option("--most", type=int, default=5_000, help="Things of each sample that are compared, at most.")
@click.option("--permutations", type=int, default=999, help="Number of permutations of the labels.")
@click.option("--seed", type=click.IntRange(min=0), default=0, help="Seed of the random draws.")
@shared.output_option(
    "--monitor",
    metavar="FILE",
    help="Watch a stream: NEW is what came since the last run.",
)
@click.option("--all", "everything", is_flag=True, help="All findings, not the three that say most.")
@shared.output_option("--plot", kind=DRAWING, metavar="FILE.svg", help="Draw both samples.")
@shared.view_option
@shared.written_options
def command(
    reference: str, new: str, text: tuple[str, ...], id: str | None, types: dict[str, str], monitor: str | None,
    plot: str | None, everything: bool, as_json: bool, **options: Any,
) -> None:  # fmt: skip
    """Has what comes in moved away from what was there?

    REFERENCE and NEW are spaces, or arrays (.npy); NEW may also be a file of things, which the encoder of the
    reference encodes. The first line tells whether there is drift, three others at most what changed. --all lists
    all that did: regions, columns, words, things far from all of the other sample, each with its p-value.

    With --monitor each run is a look at what came since the last one, kept in FILE, and the rate is that of all looks
    together; once there was an alarm, it stays. FILE is made by the first run, of the reference as it is then.

    The exit code is 0 without drift, 1 with it, 2 after an error of any kind.
    """
    if monitor and (others := _given(OF_A_TEST)):
        raise click.UsageError(f"--monitor has no use for {', '.join(others)}: these are for a single test")
    with progress_bar(f"comparing {new}") as report:
        things = column_types.file_input(new, text, id, types)
        if monitor:
            findings = _watch(Path(monitor), reference, things, options)
        else:
            findings = _compare(knnife.drift(reference, things, progress=report, **options), plot, everything)
    if as_json or findings.lines or not output.for_people():
        output.write_rows(findings.rows if as_json else findings.lines, findings.columns, as_json)
    if output.for_people() and not as_json:
        for sentence in findings.summary:
            click.echo(textwrap.fill(printable(sentence), shutil.get_terminal_size().columns, subsequent_indent="  "))
    if findings.drifted:
        click.get_current_context().exit(DRIFTED)


class Findings(NamedTuple):
    """What is written: rows for programs, lines and sentences for people, and whether there is drift."""

    rows: Iterable[Row]
    lines: list[Row]
    columns: dict[str, str]
    summary: list[str]
    drifted: bool


def _given(names: Iterable[str]) -> list[str]:
    """Those of the options that stand in the command line."""
    source = click.get_current_context().get_parameter_source
    return [f"--{name}" for name in names if source(name) is click.core.ParameterSource.COMMANDLINE]


def _compare(found: Drift, plot: str | None, everything: bool) -> Findings:
    if plot:
        with whole_text(plot, DRAWING) as file:
            file.write(found.picture())
    drawn = "" if found.compared == found.sizes else f" ({found.compared[0]:,} and {found.compared[1]:,} drawn)"
    summary = [found.summary() + drawn, *(f"- {reason}" for reason in found.reasons)]
    summary += [f"not sure: {doubt}" for doubt in found.doubts]
    if everything or not output.for_people():
        return Findings(found.rows(), _lines(found, everything), COLUMNS, summary, found.drifted)
    if found.accuracy is not None:
        summary.append("- " + _of_accuracy(vars(found.accuracy)))
    return Findings(found.rows(), [], COLUMNS, summary, found.drifted)


def _lines(found: Drift, everything: bool) -> list[Row]:
    """The test and all findings; or the test, what it costs a model, and the sentences."""
    rows = list(found.rows())
    if everything:
        return list(map(_line, rows))
    said = [{"found": "reason", "what": reason} for reason in found.reasons]
    said += [{"found": "not sure", "what": doubt} for doubt in found.doubts]
    return [*map(_line, rows[: 1 + (found.accuracy is not None)]), *said]


def _watch(path: Path, reference: Any, new: Any, options: dict[str, Any]) -> Findings:
    """A look at what came, added to the monitor in the file."""
    monitor = _monitor(path, reference, options)
    look = monitor.add(new, view=options["view"] if shared.is_space(new.path) else None, where=options["new_where"])
    monitor.save(path)
    row = {"found": "drift" if look.drifted else "no drift", **look._asdict(), "looks": monitor.looks}
    line = row | {name: _short(row[name]) for name in ("evidence", "p_value")}
    said = f"evidence {look.evidence:.3g} after {look.seen:,} things in {monitor.looks:,} looks"
    summary = f"{row['found']}: {said}; the alarm comes at {1 / monitor.rate:g}"
    return Findings([row | {"rate": monitor.rate}], [line], WATCHED, [summary], look.drifted)


def _monitor(path: Path, reference: Any, options: dict[str, Any]) -> knnife.DriftMonitor:
    """The monitor in the file; a new one where there is no file."""
    of = {name: options[name] for name in ("metric", "view", "where")}
    if not path.exists():
        return knnife.DriftMonitor.of(reference, **of, rate=options["rate"], seed=options["seed"])
    monitor = knnife.DriftMonitor.load(path)
    if not monitor.is_of(reference, **of):
        why = "was made of another reference, or of this one before it changed; give that one"
    elif _given(["rate"]) and options["rate"] != monitor.rate:
        why = f"keeps a rate of {monitor.rate:g} over all looks, and --rate is {options['rate']:g} now; leave it out"
    else:
        return monitor
    raise knnife.BadInput(f"{path} {why}, or name a new file to begin anew")


def _line(row: dict[str, Any]) -> Row:
    """A finding for people: what it is, before, after, and its p-value."""
    line = {"found": row["found"], "p_value": _short(row.get("p_value"))}
    if "parts" in row:
        what = f"{row['moved']:.0%} moved, told apart {row['told_apart']:.2f}"
        return {**line, "what": what, "reference": row["compared"]["reference"], "new": row["compared"]["new"]}
    if row["found"] == "accuracy":
        return {
            **line,
            "what": _of_accuracy(row),
            "reference": _short(row["reference"]),
            "new": _short(row["expected"]),
        }
    if row["found"] == "region":
        what = " ".join(row["words"]) or "; ".join([*row["reference"], *row["new"]][:3])
        return {**line, "what": what, "reference": f"{row['share_reference']:.1%}", "new": f"{row['share_new']:.1%}"}
    if row["found"] == "kind":
        what = f"{'; '.join(row['new'])} {' '.join(row['words'])}"
        return {**line, "what": what, "reference": row["others"], "new": row["size"]}
    if row["found"] == "mark":
        what = f"{row['name']}, {row['figure']}"
        return {**line, "what": what, "reference": _short(row["reference"]), "new": _short(row["new"])}
    far = f"{row['id']} (nearest: {row['nearest']}, {row['similarity']:.2f})"
    return {**line, "what": far, "reference": "", "new": ""}


def _of_accuracy(row: Mapping[str, Any]) -> str:
    return f"accuracy of {row['by']}: {row['reference']:.0%}; expected {row['low']:.0%} to {row['high']:.0%}"


def _short(value: Any) -> Any:
    return float(f"{value:.3g}") if isinstance(value, float) else value
