"""`knnife match`: the records of two tables, or of one, that are of the same thing."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

import knnife
from knnife.interfaces.cli import column_types, output, shared, writers
from knnife.interfaces.cli.progress import progress_bar
from knnife.output_kinds import TABLE, arrays

if TYPE_CHECKING:
    from knnife.space import Input
    from knnife.tools.match import Matches

COLUMNS = {"a": "left", "b": "right", "probability": "probability", "why": "decided by"}
GROUPS = {"ids": "of the same thing"}
EXPLAINED = {"a": "left", "b": "right", "probability": "probability", "agrees": "agrees", "differs": "differs"}
SHOWN = 3  # fields that decided, on a terminal
REASONS = 4  # of each kind, on a terminal

EXAMPLES = """
knnife match shop.csv catalogue.csv
knnife match shop.csv catalogue.csv --field title --field price=cost --one-to-one
knnife match shop.csv catalogue.csv --review review.csv
knnife match shop.csv catalogue.csv --labels looked-at.csv --save shop.matcher
knnife match shop.csv catalogue.csv --matcher shop.matcher --threshold 0.9 -o matches.csv
knnife match shop.csv catalogue.csv --explain
knnife match shop.csv catalogue.csv --pair shop.csv#1 catalogue.csv#1
knnife match shop.csv --groups
knnife match typos recieve adress
"""


@shared.json_command(EXAMPLES, beside={"typos": "match_typos:command"})
@click.argument("left", type=shared.valid_text, metavar="LEFT")
@click.argument("right", required=False, type=shared.valid_text, metavar="[RIGHT]")
@shared.text_option("--field", "fields", multiple=True, metavar="A[=B]", help="Compare column A with B.")
@shared.text_option("--id", metavar="COLUMN", help="Column with the id of a record; by default, its number.")
@column_types.types_option
@shared.file_option("--labels", metavar="FILE", help="Labelled pairs: columns a, b and match (1 or 0).")
@shared.file_option("--matcher", metavar="FILE", help="A matcher saved by --save, used as it is.")
@shared.output_option("--save", kind=arrays("matcher"), metavar="FILE", help="Save what was learned.")
@click.option("--threshold", type=click.FloatRange(0, 1), default=0.5, help="Probability from which two records match.")
@click.option("--one-to-one", is_flag=True, help="Each record has one partner at most.")
@click.option("-k", type=click.IntRange(min=1), default=10, help="Number of others that each record is compared with.")
@click.option("--explain", is_flag=True, help="Say in words what agrees and what differs.")
@click.option("--pair", "asked", nargs=2, multiple=True, metavar="A B", help="Explain these two, match or not.")
@click.option("--groups", is_flag=True, help="Within LEFT, show groups instead of pairs.")
@shared.output_option("--review", kind=TABLE, metavar="FILE.csv", help="Write the least certain pairs, to be labelled.")
@click.option("--borderline", type=click.IntRange(min=1), default=50, help="Number of pairs for --review.")
@shared.output_option("-o", "--output", "to", metavar="FILE", help="Write the matches: .csv or .jsonl.")
@click.option("--seed", type=int, default=0, help="Seed of the random draws.")
@shared.written_options
def command(
    left: str, right: str | None, fields: tuple[str, ...], id: str | None, types: dict[str, str], labels: str | None,
    matcher: str | None, save: str | None, explain: bool, asked: tuple[tuple[str, str], ...], groups: bool,
    review: str | None, borderline: int, to: str | None, as_json: bool, **options: Any,
) -> None:  # fmt: skip
    """Match the records of two tables, or within one.

    LEFT and RIGHT are tables (.csv, .jsonl, .parquet), texts with a string on each line (.txt), or spaces. Columns of
    the same name are compared, or those that --field names. Without labels the weights are learned from how alike
    all pairs are; a file of --review, with its column match filled in, makes them better as --labels.
    """
    if matcher and (labels or fields):
        raise click.UsageError("--matcher was fitted before, with its fields: --labels and --field do not go with it")
    if groups and right is not None:
        raise click.UsageError("--groups is about one table; give LEFT alone")
    with progress_bar("comparing") as report:
        found = knnife.match(
            _table(left, id, types),
            None if right is None else _table(right, id, types),
            fields=[_pair(field) for field in fields] or None,
            labels=None if labels is None else list(_labels(labels)),
            matcher=None if matcher is None else knnife.Matcher.load(matcher),
            progress=report,
            **options,
        )
    if save:
        found.matcher.save(save)
    if review:
        _write_review(found, borderline, review)
    if to:
        _write(found, to, explain)
    elif groups:
        output.write_rows(({"ids": ids} for ids in found.sets()), GROUPS, as_json)
    elif asked:
        _explain((found.explain(a, b) for a, b in asked), as_json)
    elif explain:
        _explain(({**row, "match": True} for row in found.rows(explain=True)), as_json)
    elif not review:
        rows = (row if as_json else {**row, "why": _why(row["decided"])} for row in found.rows())
        output.write_rows(rows, COLUMNS, as_json)
    output.note(_summary(found, to, review, save))


def _table(path: str, id: str | None, types: dict[str, str]) -> Input:
    """A space, the lines of a text, or the rows of a table."""
    if id and shared.is_space(path):
        raise click.UsageError(f"--id names a column of a table; {path} is a space, whose things have ids")
    return column_types.file_input(path, id=id, types=types)


def _pair(field: str) -> str | tuple[str, str]:
    name, equals, other = field.partition("=")
    return (name.strip(), other.strip()) if equals else field


def _labels(path: str) -> Iterator[tuple[str, str, Any]]:
    """The pairs of a file that somebody has labelled; a pair whose column match is empty waits for it."""
    for number, thing in enumerate(knnife.read(path, row=True), 1):
        row = thing.about
        if missing := [name for name in ("a", "b", "match") if name not in row]:
            raise knnife.BadInput(f"{path}: row {number} has no column {missing[0]!r}; expected a, b and match")
        if row["match"] is not None and str(row["match"]).strip():
            yield str(row["a"]), str(row["b"]), row["match"]


def _why(decided: dict[str, float]) -> str:
    """The fields that decided, the strongest first: "title +4.1, price -0.9"."""
    return ", ".join(f"{field} {added:+.1f}" for field, added in list(decided.items())[:SHOWN])


def _explain(rows: Iterator[dict[str, Any]], as_json: bool) -> None:
    """Each pair with what agrees and what differs, the strongest first."""
    if as_json or not output.for_people():
        output.write_rows((row if as_json else _in_words(row) for row in rows), EXPLAINED, as_json)
        return
    output.write_rows(map(_block, rows), {}, layout="blocks")


def _block(row: dict[str, Any]) -> dict[str, Any]:
    """A pair as a terminal shows it: at most REASONS lines of what agrees, and of what differs."""
    head = f"{row['a']} = {row['b']}" if row["match"] else f"{row['a']} and {row['b']} are no match"
    lines = [f"{name:9}{reason}" for name in ("agrees", "differs") for reason in row[name][:REASONS]]
    return {"id": head, "score": row["probability"], "value": "\n".join(lines or ["they have nothing to compare"])}


def _in_words(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "agrees": "; ".join(row["agrees"]), "differs": "; ".join(row["differs"])}


def _write_review(found: Matches, k: int, path: str) -> None:
    """The least certain pairs beside each other, with an empty column to fill in."""
    other = found.left if found.right is None else found.right
    names = [(field.left, field.right) for field in found.matcher.fields]
    heads = [*(f"left {a}" for a, _ in names), *(f"right {b}" for _, b in names)]
    with writers.text_file(path, TABLE) as file:
        table = csv.writer(file)
        table.writerow(["a", "b", "match", "probability", *heads, "differs"])
        for row in found.borderline(k, explain=True):
            cells = [found.left.columns[a][row["position_a"]] for a, _ in names]
            cells += [other.columns[b][row["position_b"]] for _, b in names]
            cells += ["; ".join(row["differs"])]
            table.writerow(
                [row["a"], row["b"], "", f"{row['probability']:.3f}", *("" if c is None else c for c in cells)]
            )


def _write(found: Matches, path: str, explain: bool) -> None:
    kind = writers.ending(path)
    if kind not in ("csv", "jsonl"):
        raise knnife.BadInput(f"cannot write {path}: expected a name that ends in .csv or .jsonl")
    rows = found.rows(explain=explain)
    names = ["a", "b", "probability", "decided", "position_a", "position_b"]
    if explain:
        names += ["agrees", "differs"]
    columns: dict[str, set[type]] = {name: {str} for name in names}
    written = ({**(_in_words(row) if explain else row), "decided": _why(row["decided"])} for row in rows)
    writers.write_rows(written, columns, path, kind)


def _summary(found: Matches, *written: str | None) -> str:
    """What was found and done, in a line."""
    summary = found.summary()
    parts = [
        f"{summary['matches']:,} matches among {summary['compared']:,} pairs compared, "
        f"about {summary['expected wrong']:.0f} of them expected to be wrong"
    ]
    parts += [f"{path} written" for path in written if path]
    return "; ".join(parts) + (f"\nhow many are wrong is not sure: {found.doubt}" if found.doubt else "")
