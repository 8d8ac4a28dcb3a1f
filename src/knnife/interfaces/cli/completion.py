"""`knnife completion`: the Tab key."""

from __future__ import annotations

import click

from knnife.interfaces.cli import shared

COMPLETION_VARIABLE = "_KNNIFE_COMPLETE"  # by which the script asks this program what fits
EXAMPLES = """
eval "$(knnife completion bash)"                # in ~/.bashrc
eval "$(knnife completion zsh)"                 # in ~/.zshrc
knnife completion fish > ~/.config/fish/completions/knnife.fish
"""


@click.command(cls=shared.ExampleCommand, examples=EXAMPLES)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(context: click.Context, shell: str) -> None:
    """The script that makes the Tab key complete.

    It completes commands, options and the names of files, in every new shell once this is done for yours:
    """
    from click.shell_completion import get_completion_class

    script = get_completion_class(shell)
    assert script is not None  # one of the three that click knows
    click.echo(script(context.find_root().command, {}, "knnife", COMPLETION_VARIABLE).source())
