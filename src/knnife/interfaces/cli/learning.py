"""What `knnife add --row` does first: learn from the first rows what the columns are, unless the space knows it."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import click

import knnife
from knnife.interfaces.cli import output

if TYPE_CHECKING:
    from knnife.things import Reading

SHOWN = 5  # names of columns of one kind
NOUNS = {"number": "numbers", "date": "dates", "category": "categories", "text": "texts", "yes/no": "yes/no"}


class Rows(NamedTuple):
    """How rows go into a space: without which columns, and whether an encoder has learned them already."""

    leave_out: tuple[str, ...]
    known: bool


def rows_for(space: str, asked: bool, leave_out: tuple[str, ...]) -> Rows | None:
    """None where a space does not hold rows, nor is asked to.

    Raises BadInput where it holds something else than the rows it is asked to take, or has learned other columns.
    """
    from knnife.things.kinds import kind  # brings NumPy

    view, encoder = None, None
    if os.path.exists(space):
        with knnife.Space.open(space, read_only=True) as opened:
            view = next((view for view in opened.info().views if view.default), None)
            encoder = opened.encoder if view is not None and kind(view.kind).whole_rows else None
    if encoder is None:
        if asked and view is not None:
            held = view.kind or "vectors that were brought along"
            raise knnife.BadInput(f"{space} holds other things ({held}) than rows; put these into a space of their own")
        return Rows(leave_out, known=False) if asked else None
    left_out = tuple(getattr(encoder, "leave_out", ()))
    if others := sorted({*leave_out} - {*left_out}):
        raise knnife.BadInput(
            f"--leave-out {', '.join(others)}: the points of {space} were made with it, for good; to leave it out, put "
            "the rows into a new space"
        )
    return Rows(left_out, known=True)


def learned(reading: Reading, leave_out: Sequence[str], quiet: bool) -> knnife.RowEncoder:
    """An encoder for the rows of a source, from the first of them; the source goes on from its beginning."""
    try:
        first = reading.first(knnife.RowEncoder.SAMPLE)
    except knnife.BadRow as error:
        raise click.ClickException(f"{error}. Nothing is stored; --on-error skip leaves such rows out") from error
    encoder = knnife.RowEncoder.train(first, leave_out=leave_out)
    if not quiet:
        click.echo(output.printable(f"{reading.source}: learned from {encoder.rows:,} rows: {_told(encoder)}"))
    return encoder


def _told(encoder: knnife.RowEncoder) -> str:
    """The columns by kind: "2 numbers (age, amount), 1 yes/no (member); left out: label"."""
    kinds: dict[str, list[str]] = defaultdict(list)
    for column in encoder.columns:
        kinds[column.kind].append(column.name)
    encoded = [f"{len(kinds[kind])} {NOUNS[kind]} ({_few(kinds[kind])})" for kind in kinds if kind in NOUNS]
    others = [f"{kind}: {_few(names)}" for kind, names in kinds.items() if kind not in NOUNS]
    return "; ".join([", ".join(encoded), *others])


def _few(names: list[str]) -> str:
    return ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
