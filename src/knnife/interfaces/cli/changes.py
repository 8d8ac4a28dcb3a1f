"""`knnife changes`: how much answers change from one view of a space to another."""

from __future__ import annotations

import click

import knnife
from knnife.interfaces.cli import output, shared

COLUMNS = {
    "query": "query",
    "overlap": "overlap",
    "rbo": "rbo",
    "same_first": "same first",
    "came": "came",
    "went": "went",
}

EXAMPLES = """
knnife changes films.knnife --queries queries.txt --before english
knnife changes films.knnife --queries queries.txt --before english --after english --summary
cat queries.txt | knnife changes films.knnife --queries - --before english --json
"""


@shared.json_command(EXAMPLES)
@shared.space_argument
@shared.file_option("--queries", required=True, metavar="FILE", help="One query a line; - is standard input.")
@shared.text_option("--before", required=True, metavar="VIEW", help="View before the change; `knnife info` lists them.")
@shared.text_option("--after", metavar="VIEW", help="View after it; by default, the default view.")
@shared.k_option
@click.option("--summary", is_flag=True, help="Only the means and medians over all queries.")
@shared.encoding_option
def command(space: str, queries: str, before: str, after: str | None, k: int, summary: bool, as_json: bool) -> None:
    """How much answers change between two views.

    For each query: the share of its K nearest that both views have, the rank-biased overlap (1: the same order,
    0: nothing in common), whether the first answer is the same, and which ids came and went.
    """
    texts = read_queries(queries)
    with shared.open_to_ask(space) as opened:
        found = knnife.changes(opened, texts, before=before, after=after, k=k)
    if not summary:
        output.write_rows(found.rows(), COLUMNS, as_json)
    if summary or (output.for_people() and not as_json):
        output.write_result(found.summary(), describe(found.summary(), k), as_json)


def read_queries(path: str) -> list[str]:
    """The lines of a file that are not empty. Raises BadInput where there is none."""
    queries = [line for line in shared.lines_of(path) if line.strip()]
    if not queries:
        raise knnife.BadInput(f"{path} holds no queries; expected one a line")
    return queries


def describe(summary: dict[str, float], k: int) -> str:
    """How much answers change, in a line."""
    return (
        f"{summary['queries']:,} queries: of the first {k} answers {summary['overlap']:.0%} stay "
        f"(median {summary['overlap_median']:.0%}), rank-biased overlap {summary['rbo']:.2f} "
        f"(median {summary['rbo_median']:.2f}), the first answer stays for {summary['same_first']:.0%}"
    )
