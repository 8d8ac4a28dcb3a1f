"""A command made from a tool of the registry, for tools of other packages: nobody has to write one.

The first parameter of the tool is what it is asked about: a space, an array or a file, opened as every tool opens it.
Each other parameter that a text can stand for is an option. Its answer is written by its `rows()`.
"""

from __future__ import annotations

import types
from typing import Any, Literal, Union, get_args, get_origin

import click

import knnife
from knnife.interfaces.cli import column_types, output, shared
from knnife.interfaces.cli.cells import Row
from knnife.interfaces.cli.progress import progress_bar
from knnife.tools.registry import Parameter, Tool

PROGRESS = "progress"  # a parameter of this name is called with (things done, share or None)
TEXT = click.types.FuncParamType(shared.valid_text)
FILE_OPTIONS: dict[str, tuple[str, dict[str, Any]]] = {  # as `Input` has them
    "text": ("Column of a FILE to encode; may be repeated.", {"type": TEXT, "multiple": True, "metavar": "COLUMN"}),
    "id": ("Column of a FILE with the id.", {"type": TEXT, "metavar": "COLUMN"}),
}
SIMPLE: tuple[tuple[type, click.ParamType[Any]], ...] = (
    (bool, click.BOOL),
    (int, click.INT),
    (float, click.FLOAT),
    (str, TEXT),
)


def command_for(tool: Tool) -> click.Command:
    """The command `knnife NAME`. Raises BadInput for a tool that cannot be loaded, or asked by a command line."""
    if taken := [each.name for each in tool.parameters if each.name in (*FILE_OPTIONS, "types")]:
        raise knnife.BadInput(
            f"the tool {tool.name} calls a parameter {taken[0]}, which says how a FILE is read; rename it"
        )
    if not tool.parameters:
        raise knnife.BadInput(f"the tool {tool.name} takes nothing; expected a parameter for what it is asked about")
    first, *others = tool.parameters
    takes_progress = any(each.name == PROGRESS for each in others)

    def ask(as_json: bool, **given: Any) -> None:
        from knnife.space import opened  # brings NumPy, which the help does not need

        source = column_types.file_input(
            given.pop(first.name), **{name: given.pop(name) for name in (*FILE_OPTIONS, "types")}
        )
        with opened(source, what=tool.name) as things, progress_bar(tool.name) as report:
            more = {PROGRESS: report} if takes_progress else {}
            rows, columns = _answer(tool, things, {**given, **more})
        output.write_rows(rows, columns, as_json)

    command = click.command(tool.name, help=tool.help)(ask)
    command.params = [click.Argument([first.name], type=shared.valid_text, metavar="SPACE|FILE")]
    command.params += [each for each in map(_option, others) if each is not None]
    command.params += [click.Option([f"--{name}"], help=help, **kind) for name, (help, kind) in FILE_OPTIONS.items()]
    return shared.json_option(shared.written_options(column_types.types_option(command)))


def _answer(tool: Tool, things: Any, given: dict[str, Any]) -> tuple[list[Row], dict[str, str]]:
    """The rows of the answer, and the columns that people see. Raises ClickException for errors of the tool's own."""
    try:
        answer = tool.function(things, **given)
        rows = list(answer.rows() if hasattr(answer, "rows") else answer)
    except (knnife.KnnifeError, OSError, MemoryError):
        raise
    except Exception as error:  # somebody else's code may raise anything
        raise click.ClickException(
            f"a mistake in {tool.origin} ({type(error).__name__}: {error}); KNNIFE_DEBUG=1 shows where"
        ) from error
    names = [column.name for column in tool.columns] or [str(name) for name in (rows[0] if rows else {})]
    return rows, {name: name.replace("_", " ") for name in names}


def _option(parameter: Parameter) -> click.Option | None:
    """The option for a parameter; None where no text can stand for it. Raises BadInput where it must be given."""
    if parameter.name == PROGRESS:
        return None
    dashes = "--" if len(parameter.name) > 1 else "-"
    flag, kind = dashes + parameter.name.replace("_", "-"), _kind(parameter.kind)
    if kind is None:
        if parameter.required:
            raise knnife.BadInput(f"{parameter.name}, a {parameter.type}, cannot be given on a command line")
        return None
    return click.Option(
        [f"{flag}/--no{flag[1:]}" if parameter.default is True else flag],
        type=kind,
        is_flag=True if kind is click.BOOL else None,
        default=parameter.default,
        required=parameter.required,
        show_default=True,
        metavar="TEXT" if kind is TEXT else None,
        help=parameter.sentence[:1].upper() + parameter.sentence[1:],
    )


def _kind(hint: Any) -> click.ParamType[Any] | None:
    """How click reads a value of this type, by the first member of a union that a text can stand for."""
    if get_origin(hint) is Literal:
        return click.Choice([str(value) for value in get_args(hint)])
    members = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    if len(members) > 1:
        return next((kind for kind in map(_kind, members) if kind is not None), None)
    return next((kind for type, kind in SIMPLE if hint is type), None)
