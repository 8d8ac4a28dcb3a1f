"""`knnife add`: from files, folders, packages or standard input into a space."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import click

import knnife
from knnife.interfaces.cli import column_types, output, shared
from knnife.interfaces.cli.cells import printable
from knnife.interfaces.cli.learned_encoders import (
    RowColumns,
    gathered,
    holds_pictures,
    pictures_encoder,
    rows_encoder,
    rows_for,
    rows_told,
)
from knnife.interfaces.cli.progress import progress_bar

if TYPE_CHECKING:
    from knnife.things import Reading

METRICS = ("cosine", "dot", "euclidean", "manhattan")
DTYPES = ("float32", "float16", "int8")
SHOWN = 5  # broken rows shown one by one
WORD_VECTORS = (".vectors", ".vec", ".bin")  # endings of files whose words are the things
COUNTS = ("added", "updated", "unchanged", "removed", "repeated", "broken", "encoded")

EXAMPLES = """
knnife add films.knnife films.csv --id title --text plot
knnife add films.knnife films.csv --id title --text title --text plot --on-error skip --twice number
knnife add notes.knnife notes.txt --per paragraph
knnife add notes.knnife docs/
cat notes.txt | knnife add notes.knnife -
knnife add docs.knnife python:json python:csv
knnife add points.knnife films.csv --id title --text plot --vectors points.npy
knnife add small.knnife films.csv --id title --text plot --dtype int8 --metric dot
knnife add rows.knnife films.csv --id title --row --leave-out watched --type year=text
knnife add customers.knnife orders.csv --row --by customer --leave-out order
knnife add words.knnife wiki.vectors
knnife add album.knnife photos/ --thumbnails 256
knnife add copies.knnife 'photos/**/*.jpg' --encoder copies --on-error skip
knnife add described.knnife photos.csv --picture file --id name
"""


@shared.json_command(EXAMPLES)
@click.argument("space", type=shared.FILE, metavar="SPACE")
@click.argument("sources", nargs=-1, required=True, type=shared.path_text, metavar="SOURCE...")
@shared.text_option("--text", multiple=True, metavar="COLUMN", help="Column to encode; may be repeated.")
@shared.text_option("--id", metavar="COLUMN", help="Column with the id; by default, the place in the source.")
@click.option("--row", is_flag=True, help="Encode whole rows of a table: numbers, dates, categories, texts.")
@shared.text_option("--by", metavar="COLUMN", help="With --row: all rows of one customer are one thing, called so.")
@shared.text_option("--leave-out", multiple=True, metavar="COLUMN", help="Column of a row that is metadata only.")
@column_types.types_option
@shared.text_option("--picture", metavar="COLUMN", help="Column with the paths of pictures, or their bytes.")
@shared.text_option("--vector", metavar="COLUMN", help="Column with vectors.")
@shared.file_option("--vectors", metavar="FILE.npy", help="Vectors of all rows, in a separate file.")
@click.option("--per", type=click.Choice(["line", "paragraph"]), default="line", help="What a thing of a .txt file is.")
@click.option("--pictures/--no-pictures", default=None, help="Which to read where a folder holds both.")
@click.option(
    "--thumbnails",
    type=click.IntRange(min=0),
    metavar="SIDE",
    help="Store small copies of pictures, too, of so many pixels.",
)
@shared.text_option("--encoder", metavar="NAME", help=f"Of a new space: {shared.ENCODER}; of pictures, scenes.")
@click.option("--metric", type=click.Choice(METRICS), help="Metric of a new space; cosine by default.")
@click.option(
    "--dtype", type=click.Choice(DTYPES), help="Number type of the vectors of a new space; float32 by default."
)
@click.option(
    "--recall",
    type=click.FloatRange(0, 1, min_open=True),
    help="Share of the true nearest that a search finds; 0.98 by default.",
)
@click.option(
    "--twice",
    type=click.Choice(["last", "first", "number"]),
    help="Which to take of different things with one id, or number all but the first; by default an error.",
)
@click.option("--on-error", type=click.Choice(["skip", "stop"]), default="stop", help="What to do at a broken row.")
@click.option("--prune", is_flag=True, help="Remove things of files that are gone from a SOURCE, a folder.")
@shared.written_options
@click.option("--relaxed", is_flag=True, help="Faster commits; a power cut may lose the last ones.")
def command(
    space: str, sources: tuple[str, ...], vectors: str | None, relaxed: bool, as_json: bool, **options: Any
) -> None:
    """Put things into a space; the file is made when there is none.

    A SOURCE is a file (csv, tsv, jsonl, json, parquet, txt, md, html, each also .gz), a folder of them, - for
    the lines of standard input, python:NAME for the documentation of an installed package, or python:stdlib.
    What is there already costs nothing, so the same command again continues where it was stopped.

    With --row the things are the rows of a table: what its columns are is learned from the first 20,000 rows, and
    kept in the space. With --by it is the customers (or devices, or shops) that are the things, each by what its rows
    add up to: sums, means, days since the last, the usual category. Of word vectors (.vectors, .vec, .bin) every word
    is a thing; texts are encoded with them, too.

    Pictures are a SOURCE by the file, folder, pattern or zip archive. What tells them apart is learned from the first
    3,000 (scenes), unless --encoder says otherwise: copies, which learns nothing, or an open model.
    """
    _check_sole(sources, vectors, options["by"])
    made_with = {name: options[name] for name in ("encoder", "metric", "dtype", "recall") if options[name]}
    asked = {**options, "vectors": vectors}
    rows, words = _rows(space, asked), _words(sources, asked)
    if words is not None:
        readings, made_with["encoder"] = [words.things()], words
    else:
        read_with = _read_with(space, rows, options)
        readings = [knnife.read(source, **read_with) for source in gathered(sources)]
    pictures = [reading for reading in readings if reading.pictures]
    if rows is not None and not rows.known:
        made_with["encoder"] = rows_encoder(readings[0], rows.leave_out, as_json, options["by"])
    elif pictures and not (vectors or options["vector"]):
        made_with["encoder"] = pictures_encoder(space, pictures, options["encoder"], quiet=as_json)
    with knnife.Space.open(space, durable=not relaxed, **made_with) as opened:
        for reading in readings:
            try:
                more = {name: options[name] for name in ("thumbnails", "prune")} | {
                    "twice": options["twice"] or "error"
                }
                repeated = _add(opened, reading, shared.load_vectors(vectors) if vectors else None, more, as_json)
                if rows and repeated:
                    output.note("--by COLUMN makes one thing of all rows of a customer")
                column_types.say_types(reading, rows_told(opened, reading) if rows else [])
            except KeyboardInterrupt:
                stored = f"{len(opened):,} things are stored in {space}"
                raise click.Abort(f"stopped; {stored}, and the same command again continues from there") from None
        with progress_bar("index") as report:  # now, while somebody waits anyway, and not at the first question
            opened.index(progress=report)
        if not as_json and output.for_people():
            question = "PICTURE" if pictures else "--id ID" if rows or words else None
            ask = f'search {shlex.quote(space)} "…"' if question is None else f"near {shlex.quote(space)} {question}"
            click.echo(printable(f"{space} holds {len(opened):,} things. Next: knnife {ask}"))


def _check_sole(sources: tuple[str, ...], vectors: str | None, by: str | None) -> None:
    if vectors and len(sources) != 1:
        raise click.UsageError("--vectors goes with one SOURCE, whose rows they belong to")
    if by and len(sources) != 1:
        raise click.UsageError("--by goes with one SOURCE that has all rows of a customer; join several as one (-)")


def _read_with(space: str, rows: RowColumns | None, options: dict[str, Any]) -> dict[str, Any]:
    """The arguments of `knnife.read`: the options given, and what the space that is there takes."""
    names = ("text", "id", "vector", "picture", "per", "on_error", "types")
    arguments: dict[str, Any] = {name: options[name] or None for name in names} | {"pictures": options["pictures"]}
    if rows is not None:
        return arguments | {"row": True, "by": options["by"], "leave_out": rows.leave_out}
    if arguments["pictures"] is None and holds_pictures(space):
        arguments["pictures"] = True
    return arguments


def _rows(space: str, options: dict[str, Any]) -> RowColumns | None:
    """How rows go into the space; None where the things are no rows."""
    others = [f"--{name}" for name in ("text", "picture", "pictures", "vector", "vectors", "encoder") if options[name]]
    if options["row"] and others:
        raise click.UsageError(f"{' and '.join(others)} cannot go with --row: what is encoded, and how, is the rows")
    rows = None if others else rows_for(space, options["row"], options["leave_out"], options["by"])
    if options["by"] and (rows is None or options["id"]):
        raise click.UsageError("--by goes with --row, and without --id: the things are called by its column")
    if rows is None and options["leave_out"]:
        raise click.UsageError("--leave-out goes with --row")
    return rows


def _words(sources: tuple[str, ...], options: dict[str, Any]) -> knnife.WordVectors | None:
    """The word vectors whose words are added; None where the sources are other things."""
    found = [source for source in sources if source.endswith(WORD_VECTORS)]
    if not found:
        return None
    others = [f"--{name}" for name in ("text", "id", "row", "picture", "vector", "vectors", "encoder") if options[name]]
    if others or len(sources) > 1:
        given = " and ".join([*others, *(source for source in sources if source != found[0])])
        raise click.UsageError(f"{found[0]} holds word vectors, which go into a space of their own, without {given}")
    return knnife.WordVectors.load(found[0])


def _add(space: knnife.Space, reading: Reading, vectors: Any, more: dict[str, Any], as_json: bool) -> int:
    source = reading.source
    try:
        with progress_bar(source) as report:
            added = space.add(reading, vectors, progress=report, **more)
    except knnife.BadRow as error:
        such = "pictures" if reading.pictures else "rows"
        hint = f"What came before it is stored; --on-error skip leaves such {such} out"
        raise click.ClickException(f"{error}. {hint}") from error
    counts = {name: getattr(added, name) for name in COUNTS}
    row = {"source": source, **counts, "seconds": added.seconds}
    output.write_result(row, f"{source}: {_summary(counts, added.seconds)}", as_json)
    _warn(reading, added.repeated, more["twice"])
    return added.repeated


def _warn(reading: Reading, repeated: int, twice: str) -> None:
    for problem in reading.problems[:SHOWN]:
        output.note(f"skipped {problem}")
    if reading.broken > SHOWN:
        output.note(f"skipped {reading.broken:,} broken rows in all")
    if reading.skipped:
        from knnife.things.passing_over import sentences

        output.note(f"skipped {'; '.join(sentences(reading.passed_over))}")
    for note in reading.notes:
        output.note(note)
    if repeated:
        output.note(f"repeated ids: {repeated:,}; of different things with one id, the {twice} counts")


def _summary(counts: dict[str, int], seconds: float) -> str:
    done = ", ".join(f"{counts[name]:,} {name}" for name in COUNTS if counts[name]) or "nothing to add"
    rate = (counts["added"] + counts["updated"] + counts["unchanged"]) / max(seconds, 1e-3)
    return f"{done} in {seconds:.1f} s ({rate:,.0f} a second)"
