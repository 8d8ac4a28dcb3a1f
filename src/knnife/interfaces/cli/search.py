"""`knnife search`: words in, the things that fit best out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import click

from knnife.interfaces.cli import output, shared
from knnife.interfaces.cli.cells import Row, printable

EXPLAINED = {"meaning_rank": "meaning", "words_rank": "words", "words": "found", "reader_rank": "read", "also": "also"}

EXAMPLES = """
knnife search films.knnife "a heist goes wrong"
knnife search films.knnife a heist goes wrong -k 3 --explain
knnife search films.knnife love --where 'year < 1960 and genre = "drama"'
knnife search films.knnife heist --by words -k 1 --page 2 --full
knnife search notes.knnife opening hours --fold
knnife search films.knnife a heist goes wrong --reader none
knnife search films.knnife a detectiv in Ohio
cat queries.txt | knnife search films.knnife - -k 1 --json
"""


@shared.json_command(EXAMPLES)
@shared.space_argument
@click.argument("query", nargs=-1, required=True, type=shared.valid_text, metavar="QUERY...")
@shared.k_option
@click.option("--by", type=click.Choice(["both", "meaning", "words"]), default="both", help="What has to match.")
@shared.where_option
@click.option("--page", type=click.IntRange(min=1), default=1, help="Page 2 goes on where page 1 ended.")
@click.option("--fold", is_flag=True, help="One hit for each whole, its best passage.")
@click.option("--apart", is_flag=True, help="Nearly equal things take a place each, not one together.")
@click.option("--explain", is_flag=True, help="The ranks by meaning, by words and by the reader, and the words found.")
@click.option("--as-written", is_flag=True, help="Misspelled words are not read as what was likely meant.")
@click.option("--full", is_flag=True, help="Whole texts and metadata, on a terminal too.")
@shared.view_option
@shared.text_option(
    "--reader",
    metavar="NAME",
    default="auto",
    help="The model that reads the best once more, or none.",
    show_default=True,
)
@shared.encoding_option
def command(space: str, query: tuple[str, ...], full: bool, as_json: bool, **options: Any) -> None:
    """Search by meaning and by words; the best come first.

    A slower model (minilm, where the space is of the model english) reads the best once more; what it reads is kept.
    The words of a QUERY need no quotes. With - each line of standard input is a query of its own. Pictures are found
    by what they show where the model of the space knows words, such as CLIP. Words that neither the space nor English
    has are read as what was likely meant, and said on standard error. Nearly equal things take one place: "+2" behind
    an id says that there are two more, which --explain and JSON name.
    """
    layout: output.Layout = "blocks" if full else "cut"
    people = output.for_people() and not as_json
    several = query == ("-",)
    columns = {"score": "score", **(EXPLAINED if options["explain"] else {}), "id": "id", "value": "text"}
    if several and not people:
        columns = {"query": "query", **columns}
    explain = options["explain"]
    options["explain"] = explain or people  # a terminal marks the words found
    with shared.open_to_ask(space) as opened:
        for each in shared.lines_for(query) if several else [" ".join(query)]:
            if several and people:
                click.echo(f"\n{printable(each)}")
            hits = opened.search(each, **options)
            _tell(hits.corrections, explain)
            asked = {"query": each, "searched_for": hits.searched_for}
            rows = ({**asked, **row} for row in hits.rows())
            output.write_rows(map(_with_others, rows) if people and not explain else rows, columns, as_json, layout)


def _with_others(row: Row) -> Row:
    """A row for people whose id says how many nearly equal things take no place of their own."""
    return {**row, "id": f"{row['id']} +{len(row['also'])}"} if row["also"] else row


def _tell(corrections: Iterable[tuple[str, str]], explain: bool) -> None:
    """Says on standard error which words were read as others; with `explain` also as which they are written."""
    words = [f"{read} (for {written})" if explain else read for written, read in corrections]
    if words:
        click.echo(f"searched for: {printable(', '.join(words))}", err=True)
