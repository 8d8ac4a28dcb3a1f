"""How the columns of a table are read: what the user says of them, and what the user is told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import click

from knnife.interfaces.cli import output, shared

if TYPE_CHECKING:
    from knnife.space import Input
    from knnife.things import Reading


def _types(context: click.Context, option: click.Parameter, given: Sequence[str]) -> dict[str, str]:
    """COLUMN=TYPE as names with their types; the name may hold an equals sign, which no type does."""
    parts = [each.rpartition("=") for each in given]
    if wrong := [each for each, (name, equals, type) in zip(given, parts, strict=True) if not (name and equals)]:
        raise click.BadParameter(f"{wrong[0]!r}: expected COLUMN=TYPE, such as zip=text", context, option)
    return {name: type for name, _, type in parts}


types_option = shared.text_option(
    "--type", "types", multiple=True, callback=_types, metavar="COLUMN=TYPE",
    help="How a column is read: as text, number, 'decimal comma', true/false, M/D/Y, D/M/Y, Y/M/D or list.",
)  # fmt: skip


def file_input(
    path: str, text: Sequence[str] = (), id: str | None = None, types: Mapping[str, str] | None = None
) -> Input:
    """What a tool is asked about; at the end it is said how the columns of a table were read."""
    from knnife.space import Input  # brings NumPy, which no help needs

    return Input(path, text, id, types or {}, tell=say_types)


def say_types(reading: Reading, more: Iterable[str] = ()) -> None:
    """One note on how the columns of a table were read; more: what else is to be said of columns."""
    columns: dict[str, list[str]] = {}
    for name, words in reading.types.items():
        columns.setdefault(words, []).append(name)
    if said := [*(f"{', '.join(names)}: {words}" for words, names in columns.items()), *more]:
        output.note(f"{reading.source}: {'; '.join(said)}")
