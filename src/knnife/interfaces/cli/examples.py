"""Help that teaches: what a command is for, then lines that can be pasted, then its options."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import click


class ExampleCommand(click.Command):
    """A command with examples, one a line, shown between its text and its options.

    beside: commands that stand beside this one under its name, as `knnife evaluate words` beside `knnife evaluate`:
        the word that calls each -> "module:name" in this folder, imported when it is called.
    """

    def __init__(self, *args: Any, examples: str, beside: Mapping[str, str] | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self.examples = examples.strip().splitlines()
        self.beside = dict(beside or {})

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """That of this command, or of the one beside it that the first word calls."""
        if args and args[0] in self.beside:
            return self.command_beside(args[0]).make_context(f"{info_name} {args[0]}", args[1:], parent, **extra)
        return super().make_context(info_name, args, parent, **extra)

    def command_beside(self, word: str) -> click.Command:
        """The command beside this one that a word calls."""
        module, _, name = self.beside[word].partition(":")
        command: click.Command = getattr(importlib.import_module(f"knnife.interfaces.cli.{module}"), name)
        return command

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The text, then the examples as they are: a line that is wrapped cannot be pasted."""
        super().format_help_text(ctx, formatter)
        with formatter.section("Examples"):
            for line in self.examples:
                formatter.write(f"{'':{formatter.current_indent}}{line}\n")
        if self.beside:
            with formatter.section("Beside this command"):
                for word in self.beside:
                    formatter.write(f"{'':{formatter.current_indent}}{ctx.command_path} {word} --help\n")
