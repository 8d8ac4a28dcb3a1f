"""`knnife train distil`: a fast static student of any encoder of texts."""

from __future__ import annotations

import shlex
import time
from pathlib import Path
from typing import Any

import click

from knnife.encoders.distilling import Distilled, distil
from knnife.encoders.loading import load_encoder
from knnife.encoders.trusted import ENDPOINT
from knnife.interfaces.cli import output, shared
from knnife.interfaces.cli.progress import training_bar

EXAMPLES = """
knnife train distil ./model --corpus corpus.txt --dim 16 -o quick
knnife train distil ./model --corpus 'news/*.jsonl.gz' --text body --dim 8 -o news-model
knnife add quick.knnife notes.txt --encoder ./quick
"""


@shared.json_command(EXAMPLES)
@click.argument("teacher", type=shared.valid_text, metavar="TEACHER")
@shared.text_option("--corpus", multiple=True, required=True, metavar="FILE", help="Texts to learn from; repeatable.")
@click.option("-o", "--output", "to", required=True, metavar="FOLDER", type=shared.valid_text, help="Where it goes.")
@shared.text_option("--text", metavar="COLUMN", help="Column of a table to read.")
@click.option("--dim", type=int, default=256, help="Components of a vector, at most the teacher's.")
@click.option("--tokens", type=int, default=30_000, help="Words and pieces with a vector, at most.")
@click.option("--texts", type=int, default=100_000, help="How many the teacher is asked, beside each token.")
@click.option("--on-error", type=click.Choice(["skip", "stop"]), default="stop", help="What to do at a broken row.")
@click.option("--seed", type=int, default=0, help="Of all that is drawn by chance.")
@shared.written_options
def command(teacher: str, corpus: tuple[str, ...], to: str, as_json: bool, **settings: Any) -> None:
    """Distil an encoder into a static model, which is many times as fast.

    TEACHER is any encoder of texts, in any language. It encodes sentences drawn from the corpus (a text, a table, a
    folder or a pattern), and one vector for each word learns to sum up to what it says. Sentences that are kept aside
    tell what is kept. After Ctrl-C the same command goes on where it stopped.
    """
    if teacher.startswith(ENDPOINT):
        output.note(f"{teacher} is asked up to {settings['texts'] + settings['tokens']:,} texts, which may cost money")
    part = Path(f"{to.rstrip('/')}.part")
    if part.exists():
        output.note(f"going on with what {part} holds")
    start = time.monotonic()
    encoder = load_encoder(teacher)
    try:
        with training_bar() as report:
            made = distil(encoder, [Path(each) for each in corpus], to, progress=report, **settings)
    except KeyboardInterrupt:
        raise click.Abort(f"stopped; {part} has what the teacher said, and the same command goes on") from None
    _write_facts(made, time.monotonic() - start, as_json)


def _write_facts(made: Distilled, seconds: float, as_json: bool) -> None:
    facts = {
        "teacher": made.teacher,
        "tokens": made.tokens,
        "words": made.words,
        "dim": made.encoder.dim,
        "texts": made.texts,
        "held_out": made.held_out,
        "correlation": round(made.correlation, 4),
        "neighbours": round(made.neighbours, 4),
        "rate": round(made.rate),
        "teacher_rate": round(made.teacher_rate),
        "seconds": round(seconds, 1),
        "output": str(made.folder),
    }
    folder = shlex.quote(str(made.folder) if "/" in str(made.folder) else f"./{made.folder}")
    line = (
        f"{made.folder}: {made.tokens:,} tokens, {made.encoder.dim} dimensions, from {made.texts:,} texts in "
        f"{seconds:,.0f} s.\nOf {made.held_out:,} sentences held out, the cosines have a correlation of "
        f"{made.correlation:.3f} with those of {made.teacher};\n{made.neighbours:.0%} of the 10 nearest are the same. "
        f"{made.rate:,.0f} sentences a second; the teacher {made.teacher_rate:,.0f}.\n"
        f"Next: knnife add SPACE FILE --encoder {folder}"
    )
    output.write_result(facts, line, as_json)
