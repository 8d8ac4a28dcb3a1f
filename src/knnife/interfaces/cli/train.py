"""`knnife train`: vectors of words, or of items, from one's own data."""

from __future__ import annotations

import shlex
import time
from pathlib import Path
from typing import Any

import click

import knnife
from knnife.interfaces.cli import output, shared
from knnife.interfaces.cli.cells import json_line, printable
from knnife.interfaces.cli.progress import training_bar
from knnife.output_kinds import WORD_VECTORS

EXAMPLES = """
knnife train words corpus.txt -o my.vectors
knnife train words ratings.csv --items movie --by user -o films.vectors
knnife train adapt intents.csv --text question --label intent -o bank.adapter
knnife train distil ./model --corpus corpus.txt --dim 16 -o quick
"""


@click.command(
    cls=shared.ExampleCommand,
    examples=EXAMPLES,
    beside={"words": "train:words", "adapt": "train_adapt:command", "distil": "train_distil:command"},
)
@click.pass_context
@shared.written_options
def command(context: click.Context) -> None:
    """Train a model of your own.

    `knnife train words` learns vectors of words from texts, or of items from lists of them. `knnife train adapt` bends
    an encoder by examples of what belongs together. `knnife train distil` makes a fast static model of a slow one.
    (Encoders of rows need no training of their own: `knnife add --row` does it.)
    """
    click.echo(context.get_help())


WORDS_EXAMPLES = """
knnife train words corpus.txt -o my.vectors
knnife train words 'news/*.jsonl.gz' --text body --dim 300 --epochs 10 -o news.vectors
knnife train words corpus.txt --subwords --phrases 1 -o my.vectors
knnife train words tokens.txt --split spaces --cbow -o my.vectors
knnife train words ratings.csv --items movie --by user --order time -o films.vectors
"""


@shared.json_command(WORDS_EXAMPLES)
@click.argument("sources", nargs=-1, required=True, type=shared.valid_text, metavar="SOURCE...")
@shared.output_option(
    "-o", "--output", "to", kind=WORD_VECTORS, required=True, metavar="FILE", help="File to write the vectors to."
)
@click.option("--dim", type=int, default=100, help="Components of a vector.")
@click.option("--epochs", type=int, default=5, help="Passes over the texts.")
@click.option("--window", type=int, default=5, help="Words to each side that count as context.")
@click.option("--min-count", type=int, default=5, help="Leave out rarer words.")
@click.option("--max-words", type=int, metavar="N", help="Only the N most frequent words.")
@click.option("--subwords", is_flag=True, help="N-grams of 3 to 6 characters, for words never seen.")
@click.option("--ngrams", type=(int, int), metavar="FROM TO", help="N-grams of other lengths.")
@click.option("--buckets", type=int, default=200_000, help="Vectors that all n-grams share.")
@click.option(
    "--phrases", type=int, default=0, metavar="PASSES", help="Join new york to new_york; 2: three words, four."
)
@click.option("--phrase-score", type=float, default=100.0, help="Lower joins more.")
@click.option("--cbow", is_flag=True, help="A word from its neighbours: faster, not as good for rare words.")
@click.option("--negatives", type=int, default=5, help="Negative samples for each pair.")
@click.option("--sample", type=float, default=1e-3, help="Words above this share are thinned out; 0: none.")
@click.option("--rate", type=float, default=0.05, help="Learning rate at the start; it falls to 0.")
@shared.text_option("--text", multiple=True, metavar="COLUMN", help="Column of a table to read; may be repeated.")
@click.option("--split", type=click.Choice(["words", "spaces"]), default="words", help="spaces: it is split already.")
@shared.text_option("--items", metavar="COLUMN", help="Items as words: the column of a table that has them.")
@shared.text_option("--by", metavar="COLUMN", help="Column that groups items: a sentence for each group.")
@shared.text_option("--order", metavar="COLUMN", help="Column that sorts them; by default, the order of the rows.")
@click.option("--on-error", type=click.Choice(["skip", "stop"]), default="stop", help="What to do at a broken row.")
@click.option(
    "--threads",
    type=int,
    metavar="N",
    help="Threads; all cores by default. With 1, the same seed gives the same vectors.",
)
@click.option("--seed", type=int, default=0, help="Of all that is drawn by chance.")
@shared.written_options
def words(
    sources: tuple[str, ...], to: str, subwords: bool, ngrams: tuple[int, int] | None, text: tuple[str, ...],
    as_json: bool, **settings: Any,
) -> None:  # fmt: skip
    """Learn vectors of words from texts: words that are used alike come to lie near each other.

    A SOURCE is plain text (a line is a sentence), a table or a folder as `knnife add` reads them, each also .gz, or a
    pattern such as 'news/*.txt'. Texts may be larger than memory. With --items it is a table whose items are the words.

    After Ctrl-C the vectors so far are in FILE, and the same command continues where it stopped.
    """
    if not to.endswith(".vectors"):
        raise click.UsageError(
            f"-o {to}: expected a name that ends in .vectors; `knnife words convert` writes other forms"
        )
    _refuse_sources(sources)
    settings["subwords"] = ngrams or ((3, 6) if subwords else None)
    checkpoint = Path(f"{to}.checkpoint")
    if checkpoint.exists():
        output.note(f"going on with the training that {checkpoint} is of")
    start, stopped = time.monotonic(), False
    with training_bar() as report:
        try:
            vectors = knnife.WordVectors.train(
                [Path(source) for source in sources],
                text=text or None,
                checkpoint=checkpoint,
                progress=report,
                **settings,
            )
        except knnife.TrainingStopped as stop:
            vectors, stopped = stop.so_far, True
    vectors.save(to)
    if stopped:
        done = f"{vectors.about['done']:.0%} of the training is done"
        raise click.Abort(f"stopped; {done}, {to} has the vectors so far, and the same command continues from there")
    checkpoint.unlink(missing_ok=True)
    _write_facts(vectors, to, time.monotonic() - start, as_json)


def _refuse_sources(sources: tuple[str, ...]) -> None:
    """Raises where a source is none."""
    for source in sources:
        if not source:
            raise click.UsageError("a SOURCE is empty: expected the name of a file, a folder, or a pattern")
        if "://" in source:
            raise click.UsageError(f"{source}: nothing is fetched from the net; fetch the file first")


def _write_facts(vectors: knnife.WordVectors, to: str, seconds: float, as_json: bool) -> None:
    facts = {"words": len(vectors), "dim": vectors.dim, "seconds": round(seconds, 1), "output": to}
    if as_json:
        click.echo(json_line({**facts, **vectors.about}))
        return
    rate = vectors.about["corpus words"] * vectors.about["epochs"] / max(vectors.about["seconds"], 1e-3)
    if broken := vectors.about["broken rows"]:
        output.note(f"skipped {broken:,} broken row{'s' if broken > 1 else ''}")
    line = f"{to}: {len(vectors):,} words, {vectors.dim} dimensions, {seconds:.1f} s ({rate:,.0f} words a second)"
    # a word to ask for: a frequent one, and as a rule with a meaning of its own, which the shortest have not
    word = next((word for word in vectors.words[:1000] if len(word) > 5), vectors.words[0])
    click.echo(printable(f"{line}. Next: knnife words near {shlex.quote(to)} {shlex.quote(word)}"))
