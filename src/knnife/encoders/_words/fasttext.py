"""fastText's binary models (*.bin): words, how often they were seen, and the vectors of words and character n-grams.

The layout (fastText/src/{fasttext,args,dictionary,densematrix}.cc): a magic number, a version, the settings, the words,
then a matrix with a row for each word and, below, a row for each bucket of n-grams. The vector of a word is the mean of
its own row and those of its n-grams (Bojanowski et al., 2017).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, BinaryIO, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from knnife.encoders._words.disk import size_of
from knnife.encoders._words.word2vec_files import LONGEST_WORD, MOST_DIMENSIONS
from knnife.encoders._words.word_rows import check_finite, stacked, without_repeated
from knnife.encoders.word_table import Subwords, WordTable, ngrams_of
from knnife.errors import BadInput
from knnife.geometry import Vectors

MAGIC: Final = struct.pack("<i", 793712314)
VERSIONS: Final = (11, 12)
ARGS: Final = struct.Struct("<12id")
SIZES: Final = struct.Struct("<3i2q")  # words and labels, words, labels, tokens seen, n-grams kept by pruning
ENTRY: Final = struct.Struct("<qb")  # behind each word: how often it was seen, 0 for a word, 1 for a label
MATRIX: Final = struct.Struct("<2q")
KINDS: Final = {1: "CBOW", 2: "skip-gram", 3: "supervised"}
READ_AT_ONCE: Final = 1 << 20  # bytes
SUMMED_AT_ONCE: Final = 2048  # words


class FastTextModel(NamedTuple):
    """What stands before the vectors."""

    dim: int
    shortest: int
    longest: int  # characters of an n-gram, 0: there are none
    buckets: int
    words: list[str]
    counts: NDArray[np.int64]
    about: dict[str, Any]


def read(stream: BinaryIO, what: str, limit: int | None) -> tuple[WordTable, dict[str, Any]]:
    """The words of a model with their vectors, and the n-grams.

    Raises BadInput where it is damaged, compressed (*.ftz), or not of words but a classifier.
    """
    source = _Source(stream, what)
    model = _model(source)
    if source.unpack(struct.Struct("<b"))[0]:
        raise BadInput(
            f"{what} is a compressed (quantised) model of fastText: fetch or keep the *.bin that it was made of"
        )
    rows, dim = source.unpack(MATRIX)
    if rows != len(model.words) + model.buckets or dim != model.dim:
        raise source.damaged(
            f"a matrix of {rows:,} x {dim:,} for {len(model.words):,} words and {model.buckets:,} n-grams"
        )
    if (size := size_of(stream)) is not None and rows * dim * 4 > size:
        raise source.damaged(f"a matrix of {rows:,} x {dim:,} takes more than the {size:,} bytes of the file")
    own = stacked(source.rows(len(model.words), dim))
    if not model.longest:
        return without_repeated(WordTable(model.words[:limit], own[:limit], model.counts[:limit]))[0], model.about
    subwords = Subwords(model.shortest, model.longest, stacked(source.rows(model.buckets, dim)))
    words = model.words[:limit]
    table = WordTable(words, _means(words, own[:limit], subwords), model.counts[:limit], subwords)
    table, repeated = without_repeated(table)
    return table, model.about | repeated


class _Source:
    """A stream of which parts of known and of unknown length are taken."""

    def __init__(self, stream: BinaryIO, what: str) -> None:
        self.stream, self.what = stream, what
        self.ahead = b""  # what has been read of the stream, from `at` on not yet taken
        self.at = 0

    def unpack(self, layout: struct.Struct) -> tuple[Any, ...]:
        """The numbers of the next bytes."""
        if len(self.ahead) - self.at < layout.size:
            self._more()
        if len(self.ahead) - self.at < layout.size:
            raise self.damaged("it ends too early")
        self.at += layout.size
        return layout.unpack_from(self.ahead, self.at - layout.size)

    def word(self) -> bytes:
        """The bytes up to a zero, which is passed over."""
        while (end := self.ahead.find(b"\0", self.at)) < 0:
            if len(self.ahead) - self.at > LONGEST_WORD or not self._more():
                raise self.damaged("a word that does not end")
        word, self.at = self.ahead[self.at : end], end + 1
        return word

    def rows(self, n: int, dim: int) -> Iterator[Vectors]:
        """The next `n` rows of floats, some at a time: a size that is not true costs no memory."""
        at_once, done = max(1, READ_AT_ONCE * 8 // (4 * dim)), 0
        while done < n:
            wanted = min(at_once, n - done) * dim * 4
            content = self.ahead[self.at : self.at + wanted]
            self.at += len(content)
            content += self.stream.read(wanted - len(content))
            if len(content) < wanted:
                raise self.damaged(f"it ends within the vectors, {done:,} of {n:,} rows of {dim:,} numbers are there")
            block = np.frombuffer(content, "<f4").reshape(-1, dim)
            check_finite(block, self.what, done)
            done += len(block)
            yield block

    def damaged(self, why: str) -> BadInput:
        return BadInput(f"{self.what} is a damaged or truncated model of fastText: {why}. Fetch or make it again")

    def _more(self) -> bool:
        more = self.stream.read(READ_AT_ONCE)
        self.ahead, self.at = self.ahead[self.at :] + more, 0
        return bool(more)


def _settings(source: _Source) -> tuple[tuple[int, int, int, int], dict[str, Any]]:
    """Dimensions, shortest and longest n-gram, buckets; and all settings to show."""
    magic, version = source.unpack(struct.Struct("<4si"))
    if magic != MAGIC or version not in VERSIONS:
        raise source.damaged(f"version {version}; those of {VERSIONS[0]} and {VERSIONS[-1]} are read")
    dim, window, epochs, least, negatives, _, _, kind, buckets, shortest, longest, _, sample = source.unpack(ARGS)
    if kind == 3:
        raise BadInput(
            f"{source.what} is a classifier (a supervised model of fastText, {dim} dimensions): its vectors tell "
            "labels apart, not the meanings of words. Give a model trained with skipgram or cbow"
        )
    if kind not in KINDS or not 0 < dim <= MOST_DIMENSIONS or buckets < 0 or shortest < 0:
        raise source.damaged(f"kind {kind}, {dim} dimensions, {buckets} buckets of n-grams of {shortest} characters on")
    about = {"program": "fastText", "kind": KINDS[kind], "dim": dim, "window": window, "epochs": epochs}
    about |= {"min_count": least, "negatives": negatives, "sample": sample}
    if not buckets or longest < max(shortest, 1):
        return (dim, 0, 0, buckets), about
    return (dim, max(shortest, 1), longest, buckets), about | {"subwords": [shortest, longest]}


def _model(source: _Source) -> FastTextModel:
    settings, about = _settings(source)
    entries, words, labels, seen, pruned = source.unpack(SIZES)
    if entries != words + labels or words < 1 or labels < 0:
        raise source.damaged(f"{entries:,} entries for {words:,} words and {labels:,} labels")
    if pruned > 0:
        raise BadInput(f"{source.what} was pruned to be compressed: fetch or keep the *.bin that it was made of")
    spelled: list[str] = []
    counts: list[int] = []
    for _ in range(entries):
        word = source.word()
        count, kind = source.unpack(ENTRY)
        if kind == 0:
            spelled.append(word.decode("utf-8", "replace"))
            counts.append(count)
    if len(spelled) != words:
        raise source.damaged(f"{len(spelled):,} words where {words:,} should be")
    return FastTextModel(*settings, spelled, np.array(counts, np.int64), about | {"words seen": seen})


def _means(words: list[str], own: Vectors, subwords: Subwords) -> Vectors:
    """The mean of the own vector of each word and those of its n-grams; the end of a sentence has none."""
    vectors = own.copy()
    for start in range(0, len(words), SUMMED_AT_ONCE):
        some = [word if word != "</s>" else "" for word in words[start : start + SUMMED_AT_ONCE]]
        ends, rows = ngrams_of(some, subwords.shortest, subwords.longest, len(subwords.vectors))
        for i, (begin, end) in enumerate(pairwise(ends.tolist()), start):
            if words[i] != "</s>":
                vectors[i] += subwords.vectors[rows[begin:end]].sum(axis=0)
                vectors[i] /= 1 + end - begin
    return vectors
