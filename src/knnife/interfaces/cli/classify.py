"""`knnife classify`: which class does each thing belong to."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import click

import knnife
from knnife.interfaces.cli import output, shared
from knnife.output_kinds import arrays

if TYPE_CHECKING:
    from knnife.tools.classify import Classes

COLUMNS = {"label": "label", "probability": "probability", "fits": "fits", "id": "id", "value": "text"}
CHECKED = {"id": "id", "given": "given", "label": "rather", "probability": "probability", "value": "text"}
MOST_TOLD = 3  # pairs of classes that mean the same

EXAMPLES = """
knnife classify films.knnife "a bank is robbed" --labels genre
knnife classify "they lost the final" --label sport --label "politics: elections, parties, laws"
cat lines.txt | knnife classify films.knnife - --labels genre --json
knnife classify films.knnife --labels genre
knnife classify films.knnife --labels genre --check
knnife classify films.knnife --labels genre --save genre.classifier
cat lines.txt | knnife classify - --head genre.classifier --json
"""


@shared.json_command(EXAMPLES)
@click.argument("asked", nargs=-1, type=shared.valid_text, metavar="[SPACE] TEXT...")
@shared.text_option(
    "--labels", metavar="FIELD", help="Field that holds the labels of the things of SPACE, the examples."
)
@shared.text_option("--label", "named", multiple=True, metavar="NAME[: TEXT]", help="A class by its name.")
@shared.file_option("--head", metavar="FILE", help="A head saved by --save, instead of a SPACE.")
@shared.output_option("--save", kind=arrays("classifier"), metavar="FILE", help="Save what was learned.")
@click.option("--check", is_flag=True, help="Which labels in SPACE look wrong?")
@click.option(
    "--none",
    type=click.FloatRange(0, 1, max_open=True),
    metavar="SHARE",
    help='Of what belongs, the share that may be answered "none of these" (default 0.05).',
)
@shared.text_option("--among", metavar="SPACE", help="For --label: a space of such things as TEXT, without labels.")
@shared.text_option("--encoder", metavar="NAME", help=f"For --label without a SPACE: {shared.ENCODER}.")
@shared.where_option
@shared.view_option
@shared.written_options
def command(
    asked: tuple[str, ...], labels: str | None, named: tuple[str, ...], head: str | None, save: str | None,
    check: bool, none: float | None, among: str | None, encoder: str | None, as_json: bool, **of_space: Any,
) -> None:  # fmt: skip
    """Name the class of texts, from examples or names.

    The classes come from the labels of things in SPACE, from names (--label), from both, or from a --head.

    With - each line of standard input is a text; each is answered as it comes. Without a TEXT the things of the
    space that lack the label are answered. They are learned from, too, in any case, where that helps.

    An empty label is "none of these". Of what does belong, 1 in 20 is answered so, unless --none says another share.
    In JSON, and in Python, stand the examples that decided.
    """
    kinds = {"--labels": labels, "--head": head, "--label": named and not labels}
    shared.require_one(kinds)
    if any(of_space.values()) and not labels:
        raise click.UsageError("--where and --view say which things and vectors of a SPACE; they go with --labels")
    texts, descriptions = asked[1:] if labels else asked, dict(_split(name) for name in named)
    if not asked or (check and (texts or save or not labels)) or ((encoder or among) and (labels or not named)):
        raise click.UsageError(
            "expected a SPACE with --labels, or TEXT with --label or --head; --check goes with --labels alone, "
            "--encoder and --among with --label"
        )
    with ExitStack() as stack:
        space = stack.enter_context(shared.open_space(asked[0], read_only=True)) if labels else None
        if space is not None and not texts and not save:
            found = knnife.classify(
                space, labels=labels, names=descriptions or None, check=check, none=none, **of_space
            )
            if not len(found.ids):
                output.note(f"nothing to answer: every thing has its {labels} already")
            _write(found, as_json)
            return
        if head is not None:
            learned = knnife.Classifier.load(head)
        elif space is not None:
            learned = knnife.Classifier.fit(space, labels, names=descriptions or None, **of_space)
        else:
            given = stack.enter_context(shared.open_space(among, read_only=True)) if among else None
            learned = knnife.Classifier.zero_shot(descriptions, encoder=encoder, among=given)
    if save is not None:
        learned.save(save)
        _write_measures(learned)
    for number, some in enumerate(shared.batches_for(texts)):
        _write(knnife.classify(learned, some, none=none), as_json)
        if number == 0:
            _write_doubts(learned, none)


def _split(named: str) -> tuple[str, str]:
    """A class and what it means, "" where that is not said: `politics: elections, parties`."""
    name, _, meaning = named.partition(":")
    return name.strip(), meaning.strip()


def _write(found: Classes, as_json: bool) -> None:
    rows = list(found.rows())
    checked = found.wrong is not None
    if checked:
        rows = sorted((row for row in rows if row["wrong"]), key=lambda row: -row["probability"])
    output.write_rows(rows, CHECKED if checked else COLUMNS, as_json)
    if checked:
        _write_measures(found)


def _write_measures(judged: Classes | knnife.Classifier) -> None:
    """What answers are worth, on standard error."""
    if isinstance(judged, knnife.Classifier) and judged.unlabelled:
        output.note(f"learned from {judged.unlabelled:,} things without a label, too")
    if (measured := judged.measured) is not None:
        output.note(
            f"of {measured.things:,} examples, judged without seeing their labels, {measured.accuracy:.1%} were given "
            f"the same; probabilities were off by {measured.calibration_error:.3f}"
        )


def _write_doubts(learned: knnife.Classifier, none: float | None) -> None:
    """Which classes are hardly told apart, and whether the share of "none of these" is known; on standard error."""
    for first, second in learned.alike[:MOST_TOLD]:
        why = "their held-out examples were mixed up" if learned.measured else f"{learned.encoder} tells no difference"
        output.note(f"the classes {first!r} and {second!r} seem to mean the same: {why}")
    if (more := len(learned.alike) - MOST_TOLD) > 0:
        output.note(f"... and {more} more pairs of classes; Classifier.alike has them all")
    if none != 0 and not (stated := learned.turned_away(none)).calibrated:
        output.note(stated.why)
