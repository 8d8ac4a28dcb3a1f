"""Help that teaches: what a command is for, then lines that can be pasted, then its options."""

from __future__ import annotations

from typing import Any

import click


class Taught(click.Command):
    """A command with examples, one a line, shown between its text and its options."""

    def __init__(self, *args: Any, examples: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.examples = examples.strip().splitlines()

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The text, then the examples as they are: a line that is wrapped cannot be pasted."""
        super().format_help_text(ctx, formatter)
        with formatter.section("Examples"):
            for line in self.examples:
                formatter.write(f"{'':{formatter.current_indent}}{line}\n")
