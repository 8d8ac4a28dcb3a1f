"""Vectors in one file and their words in another beside it: arrays of NumPy, and the TensorFlow projector's tables.

films.npy                   float32 (n, d); films.words.txt: a word in each line, in the same order
vectors.tsv                 numbers parted by tabs; metadata.tsv: a word in each line, or, under a line of names,
                            columns of which the first is the word, "count" how often it was seen
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from knnife.encoders._words.disk import reading
from knnife.encoders._words.word2vec_files import MOST_DIMENSIONS, Lines, block_of, blocks_of_lines
from knnife.encoders._words.word_rows import GAP, check_finite, in_order, stacked, without_repeated
from knnife.encoders.word_table import WordTable
from knnife.errors import BadInput, NotFound
from knnife.geometry import Vectors

BLOCK: Final = 4096  # rows that are written at once
COUNT: Final = "count"


def words_beside(path: Path) -> Path:
    """Where the words are: beside x.npy x.words.txt, vectors.tsv metadata.tsv, y.tsv y.metadata.tsv."""
    if path.suffix == ".npy":
        return path.with_suffix(".words.txt")
    if "vectors" in path.name:
        return path.with_name(path.name.replace("vectors", "metadata"))
    return path.with_suffix(".metadata.tsv")


def read_npy(path: Path, limit: int | None) -> tuple[WordTable, dict[str, Any]]:
    """The array, mapped into memory if it is float32, and its words. Raises BadInput where they do not fit together."""
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except Exception as error:  # a header is read as Python, and raises all that its parsers do
        raise BadInput(f"{path} is no array of NumPy that can be mapped: {error}") from error
    if array.ndim != 2 or not array.size or array.dtype.kind not in "fiu":
        raise BadInput(f"{path}: expected numbers (n, d), one row a word; it holds {array.dtype} {array.shape}")
    words, counts = _words(path)
    if len(words) != len(array):
        raise _unequal(path, len(array), len(words))
    with np.errstate(over="ignore"):
        vectors = np.asarray(np.ascontiguousarray(array[:limit], np.float32))
    return _table(words, vectors, counts, str(path))


def read_projector(path: Path, limit: int | None) -> tuple[WordTable, dict[str, Any]]:
    """The vectors of a tsv, and the words of the metadata beside it."""
    what = str(path)
    with reading(path, text=True) as stream:
        first = stream.readline(1 << 20)
        dim = len(GAP.split(first.strip()))
        if dim > MOST_DIMENSIONS:
            raise BadInput(f"{what}: expected numbers parted by tabs, {MOST_DIMENSIONS:,} in a line at most")
        lines = blocks_of_lines(stream, first, 1, limit, what)
        blocks = list(in_order(lambda own: _wordless(own, dim, what), lines))
    vectors = stacked(blocks)
    words, counts = _words(path)
    if len(words) < len(vectors) or (limit is None and len(words) > len(vectors)):
        raise _unequal(path, len(vectors), len(words))
    return _table(words, vectors, counts, what)


def write_words(table: WordTable, stream: BinaryIO, path: Path) -> None:
    """The words for the file of vectors at `path`; for the projector with counts, if they are known."""
    if path.suffix != ".npy" and table.counts is not None:
        lines = ["word\t" + COUNT, *map("{}\t{}".format, table.words, table.counts.tolist())]
    else:
        lines = table.words
    stream.write("".join(f"{line}\n" for line in lines).encode())


def write_npy(table: WordTable, stream: BinaryIO) -> None:
    """The array alone."""
    shape = {"descr": "<f4", "fortran_order": False, "shape": table.vectors.shape}
    np.lib.format.write_array_header_1_0(stream, shape)
    for start in range(0, len(table.words), BLOCK):
        stream.write(np.ascontiguousarray(table.vectors[start : start + BLOCK], "<f4").data)


def write_projector(table: WordTable, stream: BinaryIO) -> None:
    """The tsv of numbers alone, of nine digits: the same floats when they are read again."""
    line = b"\t".join([b"%.9g"] * table.vectors.shape[1]) + b"\n"
    for start in range(0, len(table.words), BLOCK):
        stream.write(b"".join(line % tuple(row) for row in table.vectors[start : start + BLOCK].tolist()))


def _wordless(lines: Lines, dim: int, what: str) -> Vectors:
    """The vectors of lines without words: each gets the word "" by a tab in front."""
    return block_of(Lines(lines.first, b"\t" + lines.content.replace(b"\n", b"\n\t")), dim, what).vectors


def _words(path: Path) -> tuple[list[str], list[int] | None]:
    """The words beside a file of vectors, and how often each was seen where that stands beside them."""
    beside = words_beside(path)
    if not beside.exists():
        raise NotFound(f"{path} holds vectors alone: expected their words, one in each line, in {beside}")
    with reading(beside, text=True) as stream:
        content = stream.read().decode("utf-8", "replace")
    lines = [line.removesuffix("\r") for line in content.removesuffix("\n").split("\n")]
    if path.suffix == ".npy" or "\t" not in lines[0]:
        return lines, None
    names, *rows = (line.split("\t") for line in lines)
    if COUNT not in names:
        return [row[0] for row in rows], None
    try:
        counts = [int(row[names.index(COUNT)]) for row in rows]
    except (ValueError, IndexError) as error:
        raise BadInput(f"{beside}: expected a whole number under {COUNT!r} in each line ({error})") from error
    return [row[0] for row in rows], counts


def _table(words: list[str], vectors: Vectors, counts: list[int] | None, what: str) -> tuple[WordTable, dict[str, Any]]:
    """The table of as many words as there are vectors."""
    n = len(vectors)
    if not n:
        raise BadInput(f"{what} holds no vectors")
    check_finite(vectors, what)
    try:
        seen: NDArray[np.int64] | None = None if counts is None else np.array(counts[:n], np.int64)
    except OverflowError as error:
        raise BadInput(f"{words_beside(Path(what))}: a count is too great ({error})") from error
    return without_repeated(WordTable(words[:n], vectors, seen))


def _unequal(path: Path, vectors: int, words: int) -> BadInput:
    return BadInput(
        f"{path} holds {vectors:,} vectors, {words_beside(path)} holds {words:,} words: expected as many, "
        "in the same order"
    )
