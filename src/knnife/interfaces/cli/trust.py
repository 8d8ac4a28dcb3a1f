"""`knnife trust`: say yes to the encoders that a space of somebody else names."""

from __future__ import annotations

import sys

import click

import knnife
from knnife.interfaces.cli import shared
from knnife.interfaces.cli.cells import printable

EXAMPLES = """
knnife trust films.knnife
knnife trust films.knnife --yes
"""


@click.command(cls=shared.ExampleCommand, examples=EXAMPLES)
@shared.space_argument
@click.option("--yes", is_flag=True, help="Do not ask.")
def command(space: str, yes: bool) -> None:
    """Let a space of somebody else use the encoders that it names.

    Endpoints, which are sent your queries and your key, and paths to models on this machine are used only once you have
    named them yourself, or said yes here. The yes is kept for you, on this machine, and holds for every file.
    """
    with shared.open_space(space, read_only=True) as opened:
        names = [view.encoder for view in opened.info().views if view.untrusted and view.encoder]
        for name in names:
            _ask(space, name, yes)
        while (hidden := _hidden(opened)) is not None:
            names.append(hidden)
            _ask(space, hidden, yes)
    if not names:
        click.echo(f"{space} names no encoder that needs a yes")


def _hidden(opened: knnife.Space) -> str | None:
    """An encoder that one kept in the space builds on, and that needs a yes; no endpoint is asked."""
    from knnife.encoders.trusted import ENDPOINT  # brings NumPy, which no help needs

    if any(view.default and (view.encoder or "").startswith(ENDPOINT) for view in opened.info().views):
        return None
    try:
        opened.encoder  # noqa: B018
    except knnife.Untrusted as error:
        return error.encoder
    except knnife.KnnifeError:  # something else is wrong with it, as whoever uses it is told
        return None
    return None


def _ask(space: str, name: str, yes: bool) -> None:
    from knnife.encoders import trusted

    click.echo(f"{space} names {printable(trusted.leads_to(name) or name)}", err=True)
    if not yes:
        if not sys.stdin.isatty():
            raise click.UsageError("nobody is there to say yes; expected --yes")
        click.confirm("Use it, whatever file names it?", abort=True, err=True)
    if not trusted.note(name):
        raise knnife.ReadOnly("the yes cannot be kept: expected a home that can be written, or a file in KNNIFE_TRUST")
    click.echo(f"yes to {printable(name)} is kept")
