"""`knnife outliers`: how unlike the rest is each thing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

import knnife
from knnife.interfaces.cli import column_types, output, shared
from knnife.interfaces.cli.progress import progress_bar
from knnife.output_kinds import arrays

if TYPE_CHECKING:
    from knnife.tools.outliers import Outliers

COLUMNS = {
    "score": "score",
    "p_value": "p-value",
    "odd": "odd",
    "id": "id",
    "like": "nearest normal",
    "what": "what is odd",
}

EXAMPLES = """
knnife outliers pay.knnife
knnife outliers pay.knnife --odd --json
knnife outliers pay.knnife --labels fraud -k 20
knnife outliers january.knnife --new february.knnife
knnife outliers january.knnife --save january.detector
knnife outliers february.csv --text question --detector january.detector
"""


@shared.json_command(EXAMPLES)
@click.argument("space", type=shared.valid_text, metavar="SPACE|FILE")
@shared.text_option("--new", metavar="SPACE|FILE", help="Judge these by the things of SPACE.")
@shared.text_option(
    "--labels", metavar="FIELD", help="Field that is true for things known to be odd; they are learned from."
)
@shared.output_option(
    "--save", kind=arrays("detector"), metavar="DETECTOR", help="Save the detector fitted to SPACE in this file."
)
@shared.file_option("--detector", metavar="DETECTOR", help="Judge SPACE or FILE by a detector that --save wrote.")
@shared.text_option("--text", multiple=True, metavar="COLUMN", help="Column of a FILE to encode.")
@shared.text_option("--id", metavar="COLUMN", help="Column of a FILE with the id.")
@column_types.types_option
@click.option("--odd", is_flag=True, help="Show all that are worth a look, instead of the K oddest.")
@click.option(
    "--false-alarms",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.1,
    help="Share of these that may be ordinary.",
)
@click.option("--seed", type=int, default=0, help="Seed of the random draws.")
@shared.k_option
@shared.where_option
@shared.view_option
@shared.written_options
def command(
    space: str, new: str | None, save: str | None, detector: str | None, odd: bool, k: int, as_json: bool,
    **options: Any,
) -> None:  # fmt: skip
    """Find what is unlike the rest.

    The oddest come first, with a p-value: how often something ordinary would score as high. "odd" are those worth a
    look. A FILE is a table, texts or an array (.npy).
    """
    if detector and (new or save or options["labels"]):
        raise click.UsageError("--detector judges by what was kept; --new, --save and --labels go without it")
    if save and new:
        raise click.UsageError("--save keeps what was learned of SPACE; --new comes later, with --detector")
    if (options["where"] or options["view"]) and (detector or not shared.is_space(space)):
        raise click.UsageError("--where and --view are for a SPACE that things are compared within, or with")
    found = _judge(space, new, detector, **options)
    count = int(found.odd.sum())
    if save:
        found.detector.save(save)
    else:
        rows = found.rows(count if odd else k)
        output.write_rows(rows if as_json else map(_shown, rows), COLUMNS, as_json, layout="wrapped")
    output.note(_summary(found, count))


def _judge(
    space: str, new: str | None, detector: str | None, text: tuple[str, ...], id: str | None, types: dict[str, str],
    **options: Any,
) -> Outliers:  # fmt: skip
    given = column_types.file_input(space, text, id, types)
    others = None if new is None else column_types.file_input(new, text, id, types)
    if detector:
        return knnife.outliers(knnife.Detector.load(detector), given, false_alarms=options["false_alarms"])
    with progress_bar(f"comparing {space}") as report:
        return knnife.outliers(given, others, progress=report, **options)


def _shown(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """A row for people: the columns in words, or the text where there are none, and the examples in one line."""
    return {
        **row,
        "p_value": f"{row['p_value']:.2g}",
        "score": round(row["score"], 2),
        "odd": "odd" if row["odd"] else "",
        "what": "; ".join(_words(row)) or row["text"],
        "like": next(iter(row["like"]), ""),  # one, as the line is needed for what is odd; --json has all
    }


def _words(row: Mapping[str, Any]) -> Iterator[str]:
    """The reasons; where there are none, the columns in which it differs most."""
    yield from (reason["says"] for reason in row["reasons"])
    for each in row["columns"] if not row["reasons"] else ():
        if each["share"] >= 0.05:
            usual = "" if each["usual"] is None else f": others like it {_word(each['usual'])}"
            yield each["column"] + ("" if each["value"] is None else f" {_word(each['value'])}{usual}")


def _word(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else f"{value!s:.40}"


def _summary(found: Outliers, count: int) -> str:
    low, high = found.false_between
    line = f"{count:,} of {len(found.ids):,} things {'is' if count == 1 else 'are'} worth a look"
    if count:
        line += f", of which {_number(found.expected_false)} expected false ({low:,} to {high:,})"
    if not found.calibrated:
        line += f"{'; of the others' if count else ', as'} the scores cannot tell: {found.judgement.doubt}"
    learned = found.detector.learned
    if learned is not None:
        line += (
            f"; known odd things, held out, come before {learned.lift:.1%} more of the others by what was learned"
            if learned.weight
            else "; what was learned from the labels did not help, and is left out"
        )
    return line


def _number(expected: float) -> str:
    return f"{expected:,.0f}" if expected >= 9.5 or expected < 0.01 else f"{expected:.1g}"
