"""`knnife words convert`: word vectors from one form of file into another."""

from __future__ import annotations

import click

import knnife
from knnife.interfaces.cli.options import FILE
from knnife.interfaces.cli.teaching import Taught

EXAMPLES = """
knnife words convert wiki.vectors -o wiki.vec
knnife words convert wiki.vectors -o small.vectors --limit 10
"""


@click.command(cls=Taught, examples=EXAMPLES)
@click.argument("file", type=FILE, metavar="FILE")
@click.option("-o", "--output", "target", type=FILE, required=True, metavar="FILE", help="Its name says the form.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Only the first N words.")
def command(file: str, target: str, limit: int | None) -> None:
    """Write word vectors in another form, which follows from the name.

    .vectors (knnife's own, with all that is known), .vec or .txt (word2vec text), .bin (word2vec binary), .npy, .tsv
    (TensorFlow's projector); .gz may follow those of text.
    """
    vectors = knnife.WordVectors.load(file, limit=limit)
    vectors.save(target)
    click.echo(f"{target}: {len(vectors):,} words, {vectors.dim} dimensions", err=True)
