"""`knnife recommend`: what will somebody like who likes these; recommend_train.py has `train` and `add`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

import click

import knnife
from knnife.interfaces.cli import output, shared
from knnife.interfaces.cli.cells import Row

if TYPE_CHECKING:
    from knnife.tools.recommend import Recommendations

BATCH = 1_000  # answers whose things are fetched at once
SHOWN = 3  # users of whom nothing is known, by name
BESIDE = {"train": "recommend_train:train", "add": "recommend_train:add"}
EXAMPLES = """
knnife recommend train watched.csv --user user --item film --rating rating -o taste.knnife
knnife recommend taste.knnife --user anna --because
knnife recommend taste.knnife --like Heat --like Alien --unlike Up -k 5
knnife recommend taste.knnife --user anna --user judy --group
knnife recommend films.knnife --like Heat --by content --where 'year > 1990'
cat users.txt | knnife recommend taste.knnife --user - -k 3 --json
"""


@shared.json_command(EXAMPLES, beside=BESIDE)
@shared.space_argument
@shared.text_option(
    "--user", "users", multiple=True, metavar="ID", help="Who is answered; may be repeated; - reads ids."
)
@click.option("--group", is_flag=True, help="One answer for all of these users together.")
@shared.text_option("--like", "liked", multiple=True, metavar="THING", help="What is liked: an id, or a title.")
@shared.text_option("--unlike", "disliked", multiple=True, metavar="THING", help="What is not liked.")
@shared.k_option
@shared.where_option
@click.option(
    "--by", type=click.Choice(["both", "taste", "content"]), default="both",
    help="What counts: who chose what, what the things are, or both.",
)  # fmt: skip
@click.option("--because", is_flag=True, help="Say why.")
@click.option("--seen", is_flag=True, help="Answer what was chosen before, too.")
@click.option("--diverse", type=click.FloatRange(0, 1), default=0.0, help="How unlike each other the answers shall be.")
@click.option("--novel", type=click.FloatRange(0, 1), default=0.0, help="How little it counts that a thing is popular.")
def command(space: str, users: tuple[str, ...], group: bool, as_json: bool, **options: Any) -> None:
    """What somebody will like who likes these.

    Ask for users of the log (--user), for somebody without a name (--like, --unlike), or for both: what is liked then
    counts beside what the user chose. Things are named by their ids, or by their titles. A group has the mean of the
    standard scores of its users.

    What a user chose counts as soon as `knnife recommend add` has added it; what things have in common is learned by
    `knnife recommend train`. Who has chosen nothing yet is answered what is popular, and told so. With --by content a
    space needs no log of choices.
    """
    names = list(shared.lines_for(users))
    if group and len(names) < 2:
        raise click.UsageError("--group is for several users: give --user twice or more")
    if not (names or options["liked"] or options["disliked"]):
        raise click.UsageError("nobody is asked for; expected --user, --like or --unlike")
    who: dict[str, Any] = {"group": names} if group else {"user": names or None}
    with shared.open_to_ask(space) as opened:
        found = knnife.recommend(opened, **who, **options)
        columns = {"user": "user", "score": "score", "id": "id", "title": "title", "value": "text"}
        if options["because"]:
            del columns["value"]
            columns["because"] = "because"
        if not names or (output.for_people() and len(found) == 1):
            del columns["user"]
        layout: output.Layout = "wrapped" if options["because"] else "cut"
        output.write_rows(with_things(opened, found.rows()), columns, as_json, layout)
    _tell(found)


def with_things(space: knnife.Space, rows: Iterator[Row]) -> Iterator[Row]:
    """The rows with the text of each thing; without a title that is its id, and a text that is its title."""
    while batch := list(islice(rows, BATCH)):
        for row, thing in zip(batch, space.get(row["id"] for row in batch), strict=True):
            title, value = row["title"], thing.value
            yield {
                **row,
                "title": None if title == thing.id else title,
                "value": None if value in (thing.id, title) else value,
                "about": thing.about,
            }


def _tell(found: Recommendations) -> None:
    """Whose answers rest on less than was asked for."""
    unknown = [user for user, ground in zip(found.users, found.grounds, strict=True) if ground == "popularity"]
    if unknown:
        output.note(f"{_few(unknown)}: nothing is known of what they like, so these are what most people chose")


def _few(users: Sequence[str]) -> str:
    """The first of the users by name, and how many others there are; a basket has none."""
    named = [user or "the basket" for user in users[:SHOWN]]
    return ", ".join(named) + (f" and {len(users) - SHOWN:,} others" if len(users) > SHOWN else "")
