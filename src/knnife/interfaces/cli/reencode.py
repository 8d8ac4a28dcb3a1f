"""`knnife reencode`: another encoder for a space, how much the answers change, and the way back."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

import click

import knnife
from knnife.interfaces.cli import output, shared
from knnife.interfaces.cli.changes import describe, read_queries
from knnife.interfaces.cli.learned_encoders import encoder_again
from knnife.interfaces.cli.progress import progress_bar

if TYPE_CHECKING:
    from knnife.space import Reencoded

ANSWERS = 10  # to each query, that are compared

EXAMPLES = """
knnife reencode films.knnife --encoder ./model --name small --queries queries.txt
knnife reencode films.knnife --use english
knnife reencode films.knnife --encoder ./model --no-switch
knnife reencode films.knnife --drop small
knnife reencode films.knnife --reader
"""


@shared.json_command(EXAMPLES)
@shared.space_argument
@shared.text_option("--encoder", metavar="NAME", help=f"The other one: {shared.ENCODER}.")
@shared.text_option("--name", metavar="VIEW", help="Name of the new view; by default, that of the encoder.")
@shared.file_option("--queries", metavar="FILE", help="Say how much the answers to its lines change.")
@click.option("--no-switch", is_flag=True, help="Make the new view, and let the old one go on answering.")
@shared.text_option(
    "--reader", metavar="[NAME]", is_flag=False, flag_value="minilm", help="Let the reader of searches read all now."
)
@shared.text_option("--use", metavar="VIEW", help="Let this view answer again.")
@shared.text_option("--drop", metavar="VIEW", help="Remove this view.")
@shared.encoding_option
def command(
    space: str, encoder: str | None, name: str | None, queries: str | None, no_switch: bool, use: str | None,
    drop: str | None, reader: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Encode everything with another encoder, and go back.

    The vectors make a view beside the old one, which answers until the new one is complete. It stays until it is
    dropped, and --use goes back to it; `knnife info` names the views. With --reader no view is made: the texts are
    read that searches would read later. Stopped and run again, it goes on.
    """
    shared.require_one({"--encoder": encoder, "--use": use, "--drop": drop, "--reader": reader})
    for option, value in (("--name", name), ("--queries", queries), ("--no-switch", no_switch)):
        if value and not encoder:
            raise click.UsageError(f"{option} goes with --encoder")
    queries_read = read_queries(queries) if queries else []
    with shared.open_space(space) as opened:
        if drop:
            opened.drop(drop)
            output.write_result({"dropped": drop}, f"the vectors of {drop} in {space} are gone", as_json)
        elif reader:
            with progress_bar(f"reading with {reader}") as report:
                texts = opened.read_ahead(reader, progress=report)
            output.write_result({"reader": reader, "texts": texts}, f"{texts:,} texts read by {reader}", as_json)
        elif use:
            with progress_bar(f"completing {use}") as report:
                _tell_done(space, opened.use(use, progress=report), {}, as_json)
        else:
            if queries_read:
                _ = opened.encoder  # before hours of work: can the old view be asked?
            other = encoder_again(opened, str(encoder))
            with progress_bar(f"encoding with {encoder}") as report:
                switch = not (no_switch or queries_read)
                done = opened.reencode(other, name=name, switch=switch, progress=report)
            changed = _changes(opened, done, queries_read, as_json) if queries_read else {}
            if queries_read and not no_switch:
                done = replace(opened.use(done.view), encoded=done.encoded)
            _tell_done(space, done, changed, as_json)


def _changes(space: knnife.Space, done: Reencoded, queries: list[str], as_json: bool) -> dict[str, float]:
    """How much the answers change, told before the switch."""
    summary = knnife.changes(space, queries, before=done.before or done.view, after=done.view, k=ANSWERS).summary()
    if not as_json:
        click.echo(describe(summary, ANSWERS))
    return summary


def _tell_done(space: str, done: Reencoded, changed: dict[str, float], as_json: bool) -> None:
    again = f"knnife reencode {shlex.quote(space)}"
    line = f"{done.encoded:,} encoded, "
    if not done.switched:
        line += f"the view {done.view} is complete; to let it answer: {again} --use {shlex.quote(done.view)}"
    else:
        line += f"the view {done.view} answers now"
        if done.before and done.before != done.view:
            line += f"; to go back: {again} --use {shlex.quote(done.before)}"
            line += f"\nto remove the old one: {again} --drop {shlex.quote(done.before)}"
    if done.words:
        line += f"\nwords of {done.words:,} texts brought up to date"
    output.write_result({**next(done.rows()), **({"changes": changed} if changed else {})}, line, as_json)
