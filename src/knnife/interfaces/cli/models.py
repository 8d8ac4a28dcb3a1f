"""`knnife models`: what can encode."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import click

import knnife
from knnife.interfaces.cli import output, shared
from knnife.interfaces.cli.cells import Row
from knnife.interfaces.cli.progress import progress_bar

COLUMNS = {"name": "name", "kind": "takes", "dim": "dim", "size": "size", "licence": "licence", "here": "here"}
PIPED = {**COLUMNS, "commercial": "commercial", "what": "what"}
KINDS = ("text", "image", "audio", "face")
UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9}
NAME_ARGUMENT = click.argument("name", type=shared.valid_text, metavar="NAME")

EXAMPLES = """
knnife models
knnife models search text --max-size 500MB --licence permissive --language de
knnife models show bge-small-en-v1.5
knnife models --json
"""
SHOW_EXAMPLES = """
knnife models show english
knnife models show BAAI/bge-m3 --json
"""
SEARCH_EXAMPLES = """
knnife models search text --max-size 500MB --licence permissive --language de
knnife models search long texts --commercial
knnife models search music --kind audio
knnife models search --cached --json
"""
GET_EXAMPLES = """
knnife models get english
knnife models get hf:BAAI/bge-small-en-v1.5
"""


def in_bytes(value: str) -> int:
    """A size as people write it: 200MB, 1.5 GB, 800000. A usage error for what is none."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmg]?)b?(?:ytes)?", value.strip().casefold())
    if found is None:
        raise click.BadParameter(f"{value!r} is no size; expected one such as 200MB or 1.5GB")
    return round(float(found[1]) * UNITS[found[2]])


class Shelf(shared.ExampleCommand, click.Group):
    """A group with examples, whose commands are all in this module."""


@click.command(cls=Shelf, examples=EXAMPLES, invoke_without_command=True)
@shared.json_option
@click.pass_context
def command(context: click.Context, as_json: bool) -> None:
    """The encoders there are.

    Built in, of installed packages, and open models that people should know: what each takes, its dimension, the
    size of its weights, its licence, and whether it is here already. Where an encoder is asked for, hf:OWNER/NAME
    or the path of a folder with a model does as well as a name.
    """
    if context.invoked_subcommand is None:
        _list(knnife.models(), as_json)
    elif as_json:
        raise click.UsageError(f"--json goes behind {context.invoked_subcommand}")


@command.command(cls=shared.ExampleCommand, examples=SHOW_EXAMPLES)
@NAME_ARGUMENT
@shared.json_option
def show(name: str, as_json: bool) -> None:
    """Everything known about one encoder.

    Published scores stand there with the page that states them. NAME is one of the list, or OWNER/NAME at the hub.
    """
    entry = knnife.find_model(name)
    if as_json:
        output.write_rows([entry.row()], {}, as_json=True)
    else:
        output.write_rows(_facts(entry), {"fact": "", "value": ""}, layout="wrapped")


@command.command(cls=shared.ExampleCommand, examples=SEARCH_EXAMPLES)
@click.argument("words", nargs=-1, type=shared.valid_text, metavar="[WORD]...")
@click.option("--kind", type=click.Choice(KINDS), help="Kind of things that it takes.")
@click.option("--max-size", type=in_bytes, metavar="SIZE", help="Weights of at most this: 200MB, 1.5GB.")
@click.option("--max-dim", type=click.IntRange(min=1), metavar="N", help="Vectors of at most N components.")
@shared.text_option("--licence", metavar="NAME", help="permissive (Apache, MIT, BSD …), or one by name.")
@click.option("--commercial", is_flag=True, help="Only those that allow commercial use.")
@shared.text_option("--language", metavar="CODE", help="Made for this language: de, en, zh.")
@click.option("--cached", is_flag=True, help="Only those that are here, without a download.")
@shared.json_option
def search(words: tuple[str, ...], as_json: bool, **filters: Any) -> None:
    """The encoders that suit.

    Each WORD has to be in the name, what it is good at or a language; its beginning does. text, image, audio and
    face are what it takes. What nobody has stated does not suit: a model of unknown size fits no --max-size.
    """
    _list(knnife.models(" ".join(words), **filters), as_json)


@command.command(cls=shared.ExampleCommand, examples=GET_EXAMPLES)
@NAME_ARGUMENT
@shared.json_option
def get(name: str, as_json: bool) -> None:
    """Download an encoder, once, into the ordinary cache of its hub.

    This is the only command that downloads. What is here already is not fetched again, and an interrupted download
    goes on where it stopped.
    """
    with progress_bar(f"fetching {name}, MB:") as report:
        progress = report and (lambda size, fraction: report(size // 1_000_000, fraction))
        encoder = knnife.load_encoder(name, download=True, progress=progress)
    row = {"name": name, "kind": encoder.kind, "dim": encoder.dim}
    output.write_result(row, f"{name} is here: {encoder.kind}, {encoder.dim} dimensions", as_json)


def _list(entries: Iterable[knnife.Entry], as_json: bool) -> None:
    rows = [entry.row() for entry in entries]
    if as_json or not output.for_people():
        output.write_rows(rows, PIPED, as_json)
        return
    for row in rows:
        row["size"] = _size(row["size"])
        if row["commercial"] is False:
            row["licence"] = "non-commercial"
        if row["blocked"]:
            row["here"] = "no loader"
    output.write_rows(rows, COLUMNS)


def _facts(entry: knnife.Entry) -> Iterator[Row]:
    """What is known, a line each."""
    allowed = {True: "allowed", False: "not allowed", None: "not stated"}
    scores = [f"{score.value:g}  {score.benchmark}  ({score.source})" for score in entry.scores]
    for fact, value in (
        ("name", entry.name),
        ("what", entry.what),
        ("good at", entry.good_at),
        ("takes", entry.kind),
        ("dimensions", entry.dim),
        ("size", _size(entry.size)),
        ("longest input", f"{entry.max_tokens:,} tokens" if entry.max_tokens else ""),
        ("languages", " ".join(entry.languages)),
        ("before queries", repr(entry.query_prefix) if entry.query_prefix else ""),
        ("before passages", repr(entry.passage_prefix) if entry.passage_prefix else ""),
        ("licence", entry.licence),
        ("commercial use", allowed[entry.commercial]),
        *(("score", score) for score in scores),
        ("page", entry.page),
        ("loads as", entry.target),
        ("here", entry.here or "no"),
        ("needs", entry.needs),
    ):
        if value:
            yield {"fact": fact, "value": value}


def _size(count: int) -> str:
    """Short enough for a column: 91 MB, 2.3 GB."""
    if not count:
        return ""
    if count < 1e6:
        return f"{count / 1e3:.0f} kB"
    return f"{count / 1e6:.0f} MB" if count < 1e9 else f"{count / 1e9:.1f} GB"
