"""`knnife duplicates`: copies and near copies, to look at, to remove, or to leave out of a file; also of pictures."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import click

import knnife
from knnife.interfaces.cli import output, shared, writers
from knnife.interfaces.cli.cells import Row
from knnife.interfaces.cli.progress import progress_bar
from knnife.output_kinds import PAGE

if TYPE_CHECKING:
    from knnife.tools.duplicates import Duplicates

COLUMNS = {"a": "a", "b": "b", "surface": "surface", "similarity": "similarity", "expected": "expected by chance"}
GROUPS = {"kept": "kept", "copies": "copies"}
REMOVED = {"removed": "removed", "kept": "kept"}

EXAMPLES = """
knnife duplicates films.knnife
knnife duplicates films.knnife --groups --keep longest
knnife duplicates films.knnife --borderline 20
knnife duplicates films.knnife --against films.knnife --by surface --where 'year > 1990'
knnife duplicates films.knnife -o clean.jsonl
knnife duplicates films.knnife --threshold 0.95 --apply remove
knnife duplicates photos/ --mirrored --sheet copies.html
knnife duplicates 'photos/**/*.jpg' --groups --keep max:width
"""


@shared.json_command(EXAMPLES)
@click.argument("space", type=shared.valid_text, metavar="SPACE|PICTURES|FILE.npy")
@shared.text_option(
    "--against", metavar="OTHER", help="Find things of SPACE that are in OTHER, as test data in training data."
)
@click.option("--false-pairs", type=click.FloatRange(min=0), metavar="N", help="False pairs to expect; 1 by default.")
@click.option("--threshold", type=float, metavar="S", help="Similarity instead; nothing is estimated.")
@click.option(
    "--by", type=click.Choice(["both", "surface", "vectors"]), help="Compare the surface, the vectors, or both."
)
@click.option("--mirrored", is_flag=True, help="Find mirrored copies of pictures, too.")
@click.option("--turned", is_flag=True, help="Find copies of pictures turned by quarters, too.")
@click.option(
    "--parts/--no-parts", default=None, help="Find pictures within others; on, but against many more of them."
)
@shared.text_option("--keep", default="first", metavar="RULE", help="Which of a group stays.")
@click.option("--groups", is_flag=True, help="Show groups instead of pairs.")
@click.option("--borderline", type=click.IntRange(min=1), metavar="K", help="Only the K pairs around the limit.")
@click.option("--apply", type=click.Choice(["remove"]), help="Remove the copies from SPACE, in one transaction.")
@shared.output_option(
    "--sheet", kind=PAGE, metavar="FILE.html", help="Write the groups of pictures to a page for a browser."
)
@shared.output_option(
    "-o", "--output", "to", metavar="FILE", help="Write what is left: .jsonl, .csv, .parquet or .npy."
)
@shared.where_option
@shared.view_option
@shared.written_options
def command(
    space: str, against: str | None, groups: bool, borderline: int | None, apply: str | None, sheet: str | None,
    to: str | None, as_json: bool, **options: Any,
) -> None:  # fmt: skip
    """Find copies and near copies, in a space or among pictures.

    Pictures are given as a folder, a zip archive, a pattern or a file.
    As many pairs as there can be while N of them are expected to be no copies. --keep is first, last, longest,
    central, max:FIELD or min:FIELD; with --against, the things of OTHER stay. Nothing is changed without
    --apply remove.
    """
    _check(space, against, groups, borderline, apply, to, options)
    with ExitStack() as stack:
        given = stack.enter_context(shared.open_space(space) if apply else _opened(space))
        other = None if against is None else stack.enter_context(_opened(against))
        with progress_bar(f"comparing {space}") as report:
            given_options = {name: value for name, value in options.items() if value is not None}
            found = knnife.duplicates(given, other, progress=report, **given_options)
        _write_skipped(given, other)
        if sheet:
            found.sheet(sheet)
        if to:
            _write(found, to)
        if apply:
            _remove(given, found)
            output.write_rows(_removed(found), REMOVED, as_json)
        elif groups:
            output.write_rows(_groups(found), GROUPS, as_json)
        elif borderline or not (to or sheet):
            output.write_rows(found.borderline(borderline) if borderline else found.rows(), COLUMNS, as_json)
        if not as_json:
            output.note(_summary(found, space if apply else None, sheet, to))


def _check(
    space: str, against: str | None, groups: bool, borderline: int | None, apply: str | None, to: str | None,
    options: dict[str, Any],
) -> None:  # fmt: skip
    if options["threshold"] is not None and options["false_pairs"] is not None:
        raise click.UsageError("--threshold and --false-pairs are two ways to say the same; give one")
    if bool(groups) + bool(borderline) + bool(apply) > 1:
        raise click.UsageError("--groups, --borderline and --apply each say what is shown; give one")
    shared.check_space_options(space, options)
    if apply and not space.endswith(".npy") and not shared.is_space(space):
        raise click.UsageError(f"{space} is no space, from which things can be removed; --groups says what are copies")
    if apply and space.endswith(".npy"):
        raise click.UsageError(
            f"{space} is an array, from which nothing can be removed; -o FILE.npy writes a clean one"
        )
    kind = writers.ending(to)
    if kind not in writers.FORMATS:
        raise click.UsageError(f"-o {to}: expected a name that ends in .{', .'.join(writers.FORMATS)}")
    if to and space.endswith(".npy") and kind != "npy":
        raise click.UsageError(f"{space} holds nothing but vectors; -o FILE.npy writes those that are left")


@contextmanager
def _opened(path: str) -> Iterator[Any]:
    """An array, a space, or pictures, of which the broken ones are skipped."""
    from knnife.space import Input, opened  # brings NumPy, which the help does not need
    from knnife.things import Reading

    with opened(Input(path, on_error="skip")) as given:
        if isinstance(given, Reading) and not given.kind.overlaid:
            raise knnife.BadInput(
                f"{path} holds neither a space nor pictures; make a space of it first: knnife add SPACE {path}"
            )
        yield given


def _write_skipped(*given: Any) -> None:
    from knnife.things import Reading  # imported late, as it brings NumPy

    for reading in given:
        if isinstance(reading, Reading):
            for problem in reading.problems:
                output.note(f"skipped {problem}")
            if reading.broken > len(reading.problems):
                output.note(f"skipped {reading.broken:,} pictures in all")


def _groups(found: Duplicates) -> Iterator[Row]:
    ids = found.things.ids
    for group in found.groups():
        kept = None if group.kept is None else ids[group.kept]
        yield {
            "kept": kept,
            "copies": [ids[row] for row in group.copies],
            "position": group.kept,
            "positions": list(group.copies),
        }


def _remove(space: knnife.Space, found: Duplicates) -> None:
    """In one transaction."""
    ids = [found.things.ids[row] for row in found.removed.tolist()]
    if wholes := sorted({str(thing.part_of) for thing in found.clean()} & set(ids)):
        raise knnife.BadInput(
            f"{wholes[0]!r} is a copy, and things that stay are parts of it, which would be removed with it; "
            "nothing was removed; -o FILE writes what would be left"
        )
    if ids:
        space.remove(ids)


def _removed(found: Duplicates) -> Iterator[Row]:
    """What was removed, and what stays for it; nothing of the same space where OTHER has it."""
    for group in found.groups():
        for row in group.copies:
            yield {
                "removed": found.things.ids[row],
                "kept": None if group.kept is None else found.things.ids[group.kept],
            }


def _write(found: Duplicates, path: str) -> None:
    """What is left, as `knnife export` writes it."""
    kind, left = writers.ending(path), found.things.take(found.kept)
    if kind == "npy":
        writers.write_npy(iter([left.vectors]), len(left), left.vectors.shape[1], path)
        return
    rows = (writers.flat(thing) for thing in left.things)
    writers.write_rows(rows, writers.columns(left.things, False), path, kind)


def _summary(found: Duplicates, removed_from: str | None, sheet: str | None, to: str | None) -> str:
    """What was found and done, in a line."""
    summary = found.summary()
    left = summary["things"] - summary["copies"]
    parts = [
        f"{summary['pairs']:,} pairs in {summary['groups']:,} groups: {summary['copies']:,} copies, "
        f"{left:,} things without"
    ]
    if found.parts is False and found.against is not None:
        parts.append("pictures within others were not looked for: --parts looks at all of OTHER, 12 ms each")
    if removed_from:
        parts.append(f"{summary['copies']:,} removed from {removed_from}")
    if sheet:
        parts.append(f"look at {sheet}")
    if to:
        parts.append(f"{left:,} written to {to}")
    if found.threshold is None:
        parts += _told(found)
    return "; ".join(parts)


def _told(found: Duplicates) -> list[str]:
    """What is known of how many of the pairs are no copies."""
    if not any(tail.known for tail in found.tails.values()):
        return ["too few pairs to tell how alike things are that are no copies, so only exact ones; see --threshold"]
    if not found.calibrated:
        return ["how many are no copies cannot be told from these things; look at --borderline, or give a --threshold"]
    low, high = found.false_between
    return [f"{found.false_pairs:g} of the pairs expected to be no copies ({low:.0f} to {high:.0f})"]
