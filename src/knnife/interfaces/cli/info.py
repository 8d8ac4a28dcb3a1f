"""`knnife info`: what is in a space, how it was made, what its searches find."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from knnife.interfaces.cli import output, shared
from knnife.interfaces.cli.cells import printable, size

if TYPE_CHECKING:
    from knnife.space.answers import Info, LogInfo, ViewInfo

FOUND_BAD = 1  # the exit code of linters
FINGERPRINT = 12  # characters shown; --json has all

EXAMPLES = """
knnife info films.knnife
knnife info films.knnife --check
knnife info films.knnife --json
"""


@shared.json_command(EXAMPLES)
@shared.space_argument
@click.option(
    "--check", is_flag=True, help="Read the whole file, and compare it with the checksums of what was stored."
)
def command(space: str, check: bool, as_json: bool) -> None:
    """What a space holds and how it was made.

    Things, metadata, views with their encoders, sizes on the disk, and the recall that was measured. With
    --check the exit code is 1 when something is damaged.
    """
    with shared.open_to_ask(space) as opened:
        info = opened.info(check=check)
    rows = info.rows() if as_json else ({"name": name, "value": value} for name, value in _facts(info))
    output.write_rows(rows, {"name": "", "value": ""}, as_json, "wrapped")
    if info.faults:
        click.get_current_context().exit(FOUND_BAD)


def _facts(info: Info) -> Iterator[tuple[str, Any]]:
    yield "space", f"{info.path} (format {info.format})"
    parts = f", {info.parts:,} of them parts of {info.wholes:,} wholes" if info.parts else ""
    yield "things", f"{info.things:,}{parts}"
    yield "metadata", ", ".join(info.fields) or "none"
    yield "metric", info.metric
    if info.interactions is not None:
        yield "interactions", _log_facts(info.interactions, info.path)
    if info.thumbnails:
        yield "thumbnails", f"{info.thumbnails:,}"
    if info.older_words:
        default = next(view.name for view in info.views if view.default)
        renew = f"knnife reencode {shlex.quote(info.path)} --use {shlex.quote(default)}"
        yield (
            "words",
            f"{info.older_words:,} texts indexed by an earlier knnife, which knew only words between spaces: {renew}",
        )
    yield "size", f"{size(info.file_bytes)}, index {size(info.index_bytes)}"
    if info.faults is not None:
        yield "check", "; ".join(map(printable, info.faults)) or "undamaged: all is as it was stored"
    for reader in info.readers:
        percent = 100 * reader.things // max(1, info.things)
        share = f"{reader.things:,} of {info.things:,} things ({f'{percent}%' if percent else 'less than 1%'})"
        yield f"reader {printable(reader.name)}", f"has read {share}: {reader.texts:,} texts, {size(reader.bytes)}"
    for view in info.views:
        yield f"view {view.name}", "; ".join(_view_facts(info, view))


def _log_facts(log: LogInfo, path: str) -> str:
    """Who chose what, and whether that is learned."""
    train = f"knnife recommend train {shlex.quote(path)}"
    held = f"{log.events:,} of {log.users:,} users and {log.items:,} items"
    if log.when is None:
        return f"{held}; nothing was learned from them yet: {train}"
    day = log.when.partition("T")[0]
    return f"{held}; learned from " + (
        f"{log.learned_from:,} on {day}, stale: {train}" if log.stale else f"all on {day}"
    )


def _view_facts(info: Info, view: ViewInfo) -> Iterator[str]:
    if view.default:
        yield "default"
    if view.source is not None:
        yield f"derived: {printable(view.source)}{', stale' if view.stale else ''}"
    elif not view.complete:
        lacks = f"lacks {info.things - view.vectors:,} of {info.things:,} things"
        if view.encoder is not None:
            lacks += f": knnife reencode {shlex.quote(info.path)} --encoder {shlex.quote(view.encoder)} --no-switch"
        yield lacks
    made = f"encoder {view.encoder}" if view.encoder else "vectors brought along"
    yield f"{made} ({view.fingerprint[:FINGERPRINT]})" if view.fingerprint else made
    if view.untrusted:
        yield f"not used before you say yes: knnife trust {shlex.quote(info.path)}"
    lost = f", rounded by {view.loss_mean:.2%} (at most {view.loss_max:.2%})" if view.loss_max else ""
    yield f"{view.vectors:,} x {view.dim} {view.dtype}{lost}, {size(view.bytes)}"
    yield f"index {view.index}" if view.index else "no index kept: the space is small, or was not asked yet"
    if view.recall is not None:
        filtered = f", {view.filtered_recall:.3f} with filters" if view.filtered_recall is not None else ""
        yield f"recall {view.recall:.3f}{filtered} ({info.recall_wanted} wanted)"
