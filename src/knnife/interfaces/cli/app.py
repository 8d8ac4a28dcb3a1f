"""The group of commands, and the edge at which every error becomes one line and an exit code.

A command is the object `command` of the module with its name, imported when it is called; no module imports NumPy.
"""

from __future__ import annotations

import contextlib
import difflib
import importlib
import os
import sys
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import click

from knnife import __version__
from knnife.interfaces.cli import shared
from knnife.interfaces.cli.cells import printable
from knnife.interfaces.cli.completion import COMPLETION_VARIABLE
from knnife.tools import BUILT_IN

OTHERWISE = {
    "similarity": "compare",
    "typos": "match typos",
    "evaluate_words": "evaluate words",
    "evaluate_recommend": "evaluate recommend",
}
COMMANDS = (  # in the order in which one meets them
    "add",
    "search",
    "near",
    "compare",
    "info",
    "get",
    "remove",
    "export",
    *(name for name in BUILT_IN if name not in OTHERWISE),
    "reencode",
    "models",
    "trust",
    "train",
    "words",
    "completion",
)
OK, FAILED, WRONG_USAGE, INTERRUPTED, PIPE_CLOSED = 0, 1, 2, 130, 141
EXIT_CODES = {
    OK: "done, also when nothing was found",
    FAILED: "an error, reported in one line on standard error; or doctor found something bad, or drift found drift",
    WRONG_USAGE: "wrong usage: no such command or option, or something missing; or an error of drift",
    INTERRUPTED: "stopped by Ctrl-C; what was committed stays",
    PIPE_CLOSED: "the reader of the output went away, as head does",
}
SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 110, "show_default": True}
EXAMPLES = """
knnife add films.knnife films.csv --id title --text plot
knnife search films.knnife "a heist goes wrong"
knnife search films.knnife "a heist goes wrong" --where 'year > 1990' --json
knnife near films.knnife --id "The Sting" -k 3
knnife add docs.knnife python:json
cat notes.txt | knnife add notes.knnife -
"""


class Commands(shared.ExampleCommand, click.Group):
    """A group that imports a command when it is needed, and knows what a mistyped one was meant to be."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in teaching order, then the tools of other packages."""
        return [*COMMANDS, *_others()]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, None when there is none."""
        if cmd_name not in COMMANDS:
            if (tool := _others().get(cmd_name)) is None:
                return None
            from knnife.interfaces.cli.tool_command import command_for  # which few need

            return command_for(tool)
        command: click.Command = importlib.import_module(f"knnife.interfaces.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """As click does it; tools of other packages are named and not loaded, for they may be slow, or broken."""
        limit = formatter.width - 6 - max(map(len, self.list_commands(ctx)))
        commands = [(name, self.get_command(ctx, name)) for name in COMMANDS]
        with formatter.section("Commands"):
            formatter.write_dl([(name, each.get_short_help_str(limit)) for name, each in commands if each])
        if others := _others():
            with formatter.section("Tools of other packages"):
                formatter.write_dl([(name, f"from {tool.package}") for name, tool in others.items()])

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The exit codes, and how to see more of an error."""
        with formatter.section("Exit codes"):
            formatter.write_dl([(str(code), meaning) for code, meaning in EXIT_CODES.items()])
        formatter.write_paragraph()
        formatter.write_text("With KNNIFE_DEBUG=1 in the environment an error shows where it came from.")

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does it, with a suggestion for a name that does not exist."""
        known = args[0] in COMMANDS or args[0].startswith("-") or ctx.resilient_parsing
        if not known and args[0] not in (names := self.list_commands(ctx)):
            near = difflib.get_close_matches(args[0], names, n=1)
            ctx.fail(f"no command {args[0]!r}" + (f" (did you mean {near[0]}?)" if near else ""))
        return super().resolve_command(ctx, args)


def _others() -> Mapping[str, Any]:
    """The tools of other packages; who names a command of ours need not wait until they are found."""
    from knnife.tools import registry

    return registry.others()


@click.command(cls=Commands, examples=EXAMPLES, context_settings=SETTINGS)
@click.version_option(__version__, message="knnife %(version)s")
def app() -> None:
    """Put things into a space, kept in one file, and ask it questions. Offline and fast.

    `knnife COMMAND --help` says more, with more examples. A terminal is shown tables; a pipe gets a line for
    each answer, its fields separated by tabs, uncut; with --json it is one object a line.
    """


def run(args: Sequence[str]) -> int:
    """Runs one command line and returns its exit code; nothing is raised, unless KNNIFE_DEBUG is set."""
    _prepare_streams()
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _warn
            code = _invoke(list(args))
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        return PIPE_CLOSED
    except (KeyboardInterrupt, click.Abort) as stop:
        _complain(str(stop) or "stopped")
        return INTERRUPTED
    except click.UsageError as error:
        _complain(_usage(error))
        return WRONG_USAGE
    except Exception as error:
        if os.environ.get("KNNIFE_DEBUG"):
            raise
        _complain(shared.explain(error))
        return FAILED
    finally:
        _settle_stdout()


def _invoke(args: list[str]) -> int:
    if instruction := os.environ.get(COMPLETION_VARIABLE):
        from click.shell_completion import shell_complete

        return shell_complete(app, {}, "knnife", COMPLETION_VARIABLE, instruction)
    try:
        with app.make_context("knnife", args or ["--help"]) as context:
            app.invoke(context)
    except click.exceptions.Exit as end:  # after --help, --version, and where a command chooses its exit code
        return end.exit_code
    return OK


def _usage(error: click.UsageError) -> str:
    command = error.ctx.command_path if error.ctx else "knnife"
    message = error.format_message().rstrip(".")
    return f"{message[:1].lower()}{message[1:]}; `{command} --help` shows how"


def _complain(message: str) -> None:
    with contextlib.suppress(OSError):  # standard error may be closed too: the exit code still tells
        click.echo(f"knnife: {printable(message)}", err=True)


def _warn(message: Warning | str, *_: Any, **__: Any) -> None:
    _complain(f"warning: {message}")


def _prepare_streams() -> None:
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:  # closed by whoever started us
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115, it lives as long as the process
        elif mode == "w" and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # what a terminal cannot show must not stop us


def _settle_stdout() -> None:
    """What is left to write goes where it can; else Python would complain about it once more at its end."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
