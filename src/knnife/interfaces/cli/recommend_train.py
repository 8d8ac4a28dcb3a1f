"""`knnife recommend train` and `add`: from a log of who chose what into a space, and what is learned from it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

import knnife
from knnife.interfaces.cli import output, shared
from knnife.interfaces.cli.progress import progress_bar
from knnife.things.files import STDIN

if TYPE_CHECKING:
    from knnife.things import Reading

NAMES = ("user", "item", "rating", "weight", "time", "context")  # the columns of a log
TITLES = ("title", "name")  # columns that are the text of an item where there is no other
SHOWN = 5  # broken rows shown one by one
NOTE = "columns of the log"  # as `add` finds them that `train` was given

TRAIN_EXAMPLES = """
knnife recommend train watched.csv --user user --item film --rating rating --time day -o taste.knnife
knnife recommend train watched.csv --user user --item film --items plots.csv --item-id film --text plot -o my.knnife
knnife recommend train watched.csv --user user --item film -o films.knnife
knnife recommend train taste.knnife
"""


def log_options(command: shared.Command) -> shared.Command:
    """The options that say which column of a log is what."""
    on_error = click.Choice(["skip", "stop"])
    for wrap in reversed(
        [
            shared.text_option("--user", metavar="COLUMN", help="Who chose."),
            shared.text_option("--item", metavar="COLUMN", help="What was chosen: the id of a thing."),
            shared.text_option("--rating", metavar="COLUMN", help="How much it was liked; of several the last counts."),
            shared.text_option(
                "--weight", metavar="COLUMN", help="How much it counts, such as plays; they are summed."
            ),
            shared.text_option("--time", metavar="COLUMN", help="When: a date, a time, or seconds since 1970."),
            shared.text_option("--context", metavar="COLUMN", help="Where or how, such as a shop or a device."),
            click.option("--on-error", type=on_error, default="stop", help="What to do at a broken row."),
        ]
    ):
        command = wrap(command)
    return command


@shared.json_command(TRAIN_EXAMPLES)
@click.argument("sources", nargs=-1, required=True, type=shared.path_text, metavar="LOG...|SPACE")
@shared.file_option("-o", "--output", "to", metavar="SPACE", help="The space that learns, made where there is none.")
@log_options
@shared.file_option("--items", metavar="FILE", help="A table of the items, which become things of the space.")
@shared.text_option("--item-id", metavar="COLUMN", help="Its column with the id; by default called as --item.")
@shared.text_option("--text", multiple=True, metavar="COLUMN", help="Its column to encode; may be repeated.")
@shared.file_option("--users", metavar="FILE", help="A table of the users: facts to filter them by.")
@shared.text_option("--user-id", metavar="COLUMN", help="Its column with the id; by default called as --user.")
@click.option("--seed", type=int, default=0, help="Of all that is drawn by chance.")
@shared.written_options
def train(sources: tuple[str, ...], to: str | None, seed: int, as_json: bool, **options: Any) -> None:
    """Learn from a log of who chose what.

    A LOG is a table (csv, jsonl, parquet, …) with a row for each choice. Its rows go into the space -o names, then what
    people who choose these choose next is learned from all that the space has. A space that holds the items as things
    already (films with plots) answers new ones, too; else --items says what they are; else the items are things
    that are known by their ids alone.

    With a SPACE instead of a LOG it learns anew from what has been added since. After Ctrl-C what was read is stored,
    and the same command goes on.
    """
    if to is None:
        if len(sources) != 1 or not shared.is_space(sources[0]):
            raise click.UsageError("expected -o SPACE, the space that learns from this log")
        to, sources = sources[0], ()
    elif space := next((source for source in sources if shared.is_space(source)), None):
        raise click.UsageError(f"{space} is a space; expected a log, or the space alone, without -o")
    items = _items(options)  # before there is a space: a table that cannot be read leaves none behind
    with knnife.Space.open(to) as opened, _kept(to):
        _add_tables(opened, items, options)
        for source in sources:
            _add_log(opened, source, _columns(opened, options), options["on_error"], as_json)
        with progress_bar("learning") as report:
            trained = knnife.train_recommender(opened, seed=seed, progress=report)
    _write_trained(trained, to, as_json)


ADD_EXAMPLES = """
knnife recommend add taste.knnife more.csv
knnife recommend add taste.knnife orders.jsonl --user customer --item product --rating stars
"""


@shared.json_command(ADD_EXAMPLES)
@shared.space_argument
@click.argument("sources", nargs=-1, required=True, type=shared.path_text, metavar="LOG...")
@log_options
@shared.written_options
def add(space: str, sources: tuple[str, ...], as_json: bool, **options: Any) -> None:
    """Add later choices of users, old and new.

    They count at once for what the users are answered; what items have in common is learned by `knnife recommend train
    SPACE`. The columns are called as those of the log that came last, unless the options say otherwise.
    """
    with shared.open_space(space) as opened, _kept(space):
        for source in sources:
            _add_log(opened, source, _columns(opened, options), options["on_error"], as_json)
    if not as_json:
        output.note(f"to learn from these, too: knnife recommend train {shlex.quote(space)}")


def _columns(space: knnife.Space, options: dict[str, Any]) -> dict[str, str]:
    """Which column of a log is what: as the options say, else as the last log of the space had them."""
    from knnife.space.notes import note

    given = {name: options[name] for name in NAMES if options[name]}
    if not given:
        given = note(space, NOTE) or {}
    return {"user": "user", "item": "item", **given}


def _items(options: dict[str, Any]) -> Reading | None:
    """The table of the items, if there is one. Without a column of texts the title, or the name, is the text."""
    source, text = options["items"], options["text"] or None
    if not source:
        if options["item_id"] or text:
            raise click.UsageError("--item-id and --text go with --items, whose columns they are")
        return None
    if text is None and source != STDIN:  # which is read once
        from knnife.things.rows import USUAL_TEXT  # loads the readers of tables

        names = [name for thing in knnife.read(source, row=True, blanks=True).first(1) for name in thing.about]
        if not any(name in names for name in USUAL_TEXT):
            text = next((name for name in TITLES if name in names), None)
    reading = knnife.read(source, id=options["item_id"] or options["item"], text=text, on_error=options["on_error"])
    reading.first(1)
    return reading


def _add_tables(space: knnife.Space, items: Reading | None, options: dict[str, Any]) -> None:
    """Puts the items, and what is known of the users, into the space, as far as they were given."""
    if items is not None:
        with progress_bar(items.source) as report:
            space.add(items, progress=report)
    if options["users"]:
        knnife.add_users(space, options["users"], id=options["user_id"] or options["user"])
    elif options["user_id"]:
        raise click.UsageError("--user-id goes with --users, whose column it is")


def _add_log(space: knnife.Space, source: str, columns: dict[str, str], on_error: Any, as_json: bool) -> None:
    from knnife.space.notes import set_note

    with progress_bar(source) as report:
        added = knnife.add_interactions(space, source, **columns, on_error=on_error, progress=report)
    set_note(space, NOTE, columns)
    old = f", {added.events - added.new:,} of them there already" if added.new < added.events else ""
    facts = {name: getattr(added, name) for name in ("events", "new", "users", "items", "broken")}
    new = f"{_counted(added.users, 'new user')}, {_counted(added.items, 'new item')}"
    line = f"{source}: {_counted(added.events, 'choice')}{old}; {new}"
    output.write_result({"source": source, **facts}, line, as_json)
    output.notes(f"skipped {problem}" for problem in added.problems[:SHOWN])
    if added.broken > SHOWN:
        output.note(f"skipped {added.broken:,} broken rows in all")
    output.notes(f"{pair} differ in case or spaces only, and are two" for pair in added.alike)


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _write_trained(trained: Any, to: str, as_json: bool) -> None:
    row = next(trained.rows())
    output.write_result(
        {**row, "space": to},
        f"{to}: learned from {_counted(trained.interactions, 'choice')} of {_counted(trained.users, 'user')} among "
        f"{_counted(trained.items, 'item')} in {trained.seconds:.1f} s. "
        f"Next: knnife recommend {shlex.quote(to)} --user ID --because",
        as_json,
    )
    if trained.strangers:
        output.note(f"{trained.strangers:,} of the items are no things of {to}: they teach, and are never answered")


@contextmanager
def _kept(space: str) -> Iterator[None]:
    """Says after Ctrl-C what becomes of what was read."""
    try:
        yield
    except KeyboardInterrupt:
        raise click.Abort(f"stopped; what was read is stored in {space}, and the same command goes on") from None
