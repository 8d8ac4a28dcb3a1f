"""Encoders that `knnife add` learns from the first things of a new space: of the columns of rows, and of pictures."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import click

import knnife
from knnife.interfaces.cli.cells import printable
from knnife.interfaces.cli.progress import progress_bar

if TYPE_CHECKING:
    from knnife.space.answers import ViewInfo
    from knnife.things import Reading, Thing

SHOWN = 5  # names of columns of one kind
NOUNS = {"number": "numbers", "date": "dates", "category": "categories", "text": "texts", "yes/no": "yes/no"}
SCENES = "scenes"
STEP = 256  # pictures looked at before their size is asked again
MOST_BYTES = 256 << 20  # of pictures that come as bytes, to learn from


class RowColumns(NamedTuple):
    """How rows go into a space: without which columns, and whether an encoder has learned them already."""

    leave_out: tuple[str, ...]
    known: bool


def rows_for(space: str, wanted: bool, leave_out: tuple[str, ...], by: str | None = None) -> RowColumns | None:
    """None where a space does not hold rows, nor is asked to. by: the column of customers, whose rows are gathered.

    Raises BadInput where it holds something else than the rows it is asked to take, or has learned other columns.
    """
    from knnife.things.kinds import kind  # brings NumPy

    view = _view(space)
    if view is None or not kind(view.kind).whole_rows:
        if wanted and view is not None:
            held = view.kind or "vectors that were brought along"
            raise knnife.BadInput(f"{space} holds other things ({held}) than rows; put these into a space of their own")
        return RowColumns(leave_out, known=False) if wanted else None
    with knnife.Space.open(space, read_only=True) as opened:
        left_out = tuple(getattr(opened.encoder, "leave_out", ()))
    if others := [name for name in leave_out if not _names(name, by) & {*left_out}]:
        raise knnife.BadInput(
            f"--leave-out {', '.join(others)}: the points of {space} were made with it, for good; to leave it out, put "
            "the rows into a new space"
        )
    return RowColumns(left_out, known=True)


def _names(column: str, by: str | None) -> set[str]:
    """What a column is called in the things: itself, or what is told of it for a customer."""
    from knnife.things.customers import gathered_names  # brings NumPy

    return {column} if by is None else gathered_names(column)


def rows_encoder(reading: Reading, leave_out: Sequence[str], quiet: bool, by: str | None = None) -> knnife.RowEncoder:
    """An encoder for the rows of a source, from the first of them; the source goes on from its beginning."""
    try:
        first = reading.first(knnife.RowEncoder.SAMPLE)
    except knnife.BadRow as error:
        raise click.ClickException(f"{error}. Nothing is stored; --on-error skip leaves such rows out") from error
    types = {name: each.type for name, each in reading.taken.items() if each.type and (each.names or each.words)}
    known = {name for thing in first for name in thing.about}
    leave_out = [name for name in leave_out if by is None or not _names(name, by) & known]  # others are read so
    encoder = knnife.RowEncoder.train(first, leave_out=leave_out, types=types)
    if not quiet:
        them = "rows" if by is None else f"things by {by}"
        click.echo(printable(f"{reading.source}: learned from {encoder.rows:,} {them}: {_by_kind(encoder)}"))
    return encoder


def rows_told(space: knnife.Space, reading: Reading) -> Iterator[str]:
    """What there is to be said of the columns of rows: how they are read, and which are left out of the points."""
    for column in getattr(space.encoder, "columns", ()):
        if column.read is not None and column.name not in reading.types:
            yield f"{column.name}: texts read as {column.read}"
        if column.kind == "id":
            yield f"{column.name}: no part of the points, as it differs in every row"


def _by_kind(encoder: knnife.RowEncoder) -> str:
    """The columns by kind: "2 numbers (age, amount), 1 yes/no (member); left out: label"."""
    kinds: dict[str, list[str]] = defaultdict(list)
    for column in encoder.columns:
        kinds[column.kind].append(column.name)
    encoded = [f"{len(kinds[kind])} {NOUNS[kind]} ({_few(kinds[kind])})" for kind in kinds if kind in NOUNS]
    others = [f"{kind}: {_few(names)}" for kind, names in kinds.items() if kind not in NOUNS]
    return "; ".join([", ".join(encoded), *others])


def _few(names: list[str]) -> str:
    return ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")


def gathered(sources: Sequence[str]) -> list[str | list[str]]:
    """The sources, with pictures that follow each other as one: a shell makes many of photos/*.jpg."""
    from knnife.things.kinds import kind_of_file

    found: list[str | list[str]] = []
    for source in sources:
        if kind_of_file(source) is None:
            found.append(source)
        elif found and isinstance(found[-1], list):
            found[-1].append(source)
        else:
            found.append([source])
    return found


def holds_pictures(space: str) -> bool:
    """Is there a space already, and are its things pictures?"""
    from knnife.things.kinds import kind

    view = _view(space)
    return view is not None and kind(view.kind).has_picture


def pictures_encoder(space: str, readings: Sequence[Reading], wanted: str | None, quiet: bool) -> Any:
    """The encoder for pictures: the one asked for, the one that the space has (None), or one learned from them.

    Raises BadInput where scenes are asked for and the space was made otherwise.
    """
    if wanted not in (None, SCENES):
        return wanted
    view = _view(space)
    if view is None:
        return _learned(readings, quiet)
    if wanted == SCENES and view.encoder != SCENES:
        made = f"by {view.encoder}" if view.encoder else "elsewhere, and brought along"
        raise knnife.BadInput(f"the vectors of {space} were made {made}; for scenes, put the pictures into a new space")
    return None


def encoder_again(space: knnife.Space, wanted: str) -> str | knnife.SceneEncoder:
    """The encoder for a re-encoding: scenes are learned from the space, unless it has learned them before."""
    from knnife.things.kinds import kind

    views = space.info().views
    if wanted != SCENES or any(view.encoder == SCENES for view in views):
        return wanted
    held = next((view.kind for view in views if view.default), None)
    if held and not kind(held).has_picture:
        raise knnife.BadInput(f"{space.path} holds things of the kind {held}; scenes are learned from pictures")
    return _trained(space.things())


def _view(space: str) -> ViewInfo | None:
    """The view that answers in a space; None where there is no space, or nothing in it."""
    if not os.path.exists(space):
        return None
    with knnife.Space.open(space, read_only=True) as opened:
        return next((view for view in opened.info().views if view.default), None)


def _learned(readings: Sequence[Reading], quiet: bool) -> knnife.SceneEncoder:
    """An encoder of scenes, from the first pictures of all sources; these go on from their beginning."""
    try:
        first = list(_first(readings))
    except knnife.BadRow as error:
        raise click.ClickException(f"{error}. Nothing is stored; --on-error skip leaves such pictures out") from error
    try:
        encoder = _trained(first)
    except knnife.BadInput as error:
        raise knnife.BadInput(f"{error}. With --encoder copies nothing is learned") from error
    if not quiet:
        names = ", ".join(reading.source for reading in readings)
        click.echo(printable(f"{names}: learned from {encoder.pictures:,} pictures what tells them apart"))
    return encoder


def _trained(things: Iterable[Thing]) -> knnife.SceneEncoder:
    with progress_bar("learning from the pictures") as report:
        return knnife.SceneEncoder.train(things, progress=report)


def _first(readings: Sequence[Reading]) -> Iterator[Thing]:
    """The first pictures of several readings, as many as are learned from, or as memory allows."""
    left, held = knnife.SceneEncoder.SAMPLE, 0
    for reading in readings:
        seen = 0
        while left and held < MOST_BYTES:
            things = reading.first(seen + min(left, STEP))[seen:]
            if not things:
                break
            seen, left = seen + len(things), left - len(things)
            held += sum(len(thing.value) for thing in things if isinstance(thing.value, bytes))
            yield from things
