"""Word vectors, trained on the user's own texts or read from files: `WordVectors`, also an encoder of texts."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from knnife.encoders import word_table
from knnife.encoders._words.questions import NearWords, OddOneOut, WordQuestions, Words
from knnife.encoders._words.sentences import Sentences
from knnife.encoders.protocol import Tokens
from knnife.encoders.word_table import WordTable
from knnife.errors import BadInput
from knnife.geometry import Vectors
from knnife.things import Reading, Thing

VERSION: Final = 1  # of how the vectors of texts follow from those of words
MOST_KEPT: Final = 900_000_000  # bytes; SQLite keeps at most 1 GB in one place


class WordVectors:
    """Words and their vectors; made by `train`, `load`, or from a table. Safe to use from several threads at once.

    name: the absolute path of the file they were read from, so that a space finds them again. form: "words" for those
        that were not read from a file, which a space keeps in its own; None for the others.
    """

    kind = "text"
    cheap = True
    fingerprint: str

    def __init__(self, table: WordTable, *, about: Mapping[str, Any] | None = None, name: str = "words") -> None:
        """Words with vectors. about: how they were made, plain JSON. Raises BadInput where they do not fit together."""
        if not table.words or table.vectors.ndim != 2 or len(table.vectors) != len(table.words):
            raise BadInput(
                f"{len(table.words)} words and vectors of shape {table.vectors.shape}; expected one for each"
            )
        self.name = name
        self.form: str | None = "words"
        self.table = table
        self.dim = int(table.vectors.shape[1])
        self.about: Mapping[str, Any] = about or {}
        self._asking, self._sentences = WordQuestions(table), Sentences(table)

    @classmethod
    def load(cls, path: str | os.PathLike[str], *, form: str | None = None, limit: int | None = None) -> Self:
        """The word vectors in a file, mapped into memory where its form allows it.

        form: by default, what the content of the file, or its name, says (docs/word_files.md). limit: only the first so
        many words, which are the most frequent in most files.
        """
        from knnife.encoders._words.word_files import read_words

        table, about = read_words(Path(path), form=form, limit=limit)
        made = cls(table, about=about, name=os.path.abspath(path))
        if limit is None and form is None:  # else the path alone does not lead to the same vectors again
            made.form = None
        return made

    def save(self, path: str | os.PathLike[str], *, form: str | None = None) -> None:
        """Write a file, in one step: knnife's own form with all that is known, or another by `form` or name."""
        from knnife.encoders._words.word_files import write_table

        write_table(self.table, Path(path), form=form, about=dict(self.about))

    @classmethod
    def train(cls, texts: Any, **settings: Any) -> Self:
        """Word vectors learned from texts, or from sequences of anything (docs/train_words.md).

        texts: paths of files, texts, sequences of items, or rows. settings: what there is to choose, all with usual
        values: dim, window, epochs, negatives, cbow, min_count, max_words, sample, rate, subwords, buckets, phrases,
        phrase_score and seed (_words/settings.py says what they mean); how it is read and how it runs: text, split,
        items, by, order, on_error, threads, checkpoint and progress (_words/training.py).

        Raises BadInput where there is too little to learn from; TrainingStopped at Ctrl-C, with the vectors so far.
        """
        from knnife.encoders._words.training import TrainingStopped, train

        try:
            trained = train(texts, **settings)
        except TrainingStopped as stop:
            raise TrainingStopped(cls(stop.so_far.table, about=stop.so_far.about)) from stop
        return cls(trained.table, about=trained.about)

    # --- words ------------------------------------------------------------------------------------------------

    @property
    def words(self) -> list[str]:
        """All words, the most frequent first where counts are known."""
        return self.table.words

    @property
    def vectors(self) -> Vectors:
        """The vectors `(n, d)`; perhaps a memory map, not to be written to."""
        return self.table.vectors

    @property
    def counts(self) -> NDArray[np.int64] | None:
        """How often each word was seen `(n,)`; None where the file did not say."""
        return self.table.counts

    def __len__(self) -> int:
        return len(self.table.words)

    def __contains__(self, word: object) -> bool:
        return isinstance(word, str) and word_table.row(self.table.row_of, word) >= 0

    def __getitem__(self, word: str) -> Vectors:
        return self.vector(word)

    def vector(self, word: str) -> Vectors:
        """The vector of a word `(d,)`; of an unseen one by its subwords. Raises NotFound, with words spelled alike."""
        found: Vectors = self.vectors_of([word])[0]
        return found

    def vectors_of(self, words: Sequence[str]) -> Vectors:
        """The vectors of words `(m, d)`, each as by `vector`."""
        return word_table.vectors(self.table, words)

    def unknown(self, words: Sequence[str]) -> dict[str, str]:
        """Those of the words that have no vector, and what is said of each: it names words that are spelled alike."""
        _, known = word_table.found(self.table, words)
        return word_table.missing(self.table, words, known, np.True_)

    def rows_of(self, words: Sequence[str]) -> NDArray[np.int64]:
        """The rows of words `(m,)`; -1 for those that are not in the vocabulary."""
        return word_table.rows(self.table, words)

    def things(self) -> Reading:
        """Every word as a thing with its vector, for a space: `Space.open(path, vectors).add(vectors.things())`."""

        def read(reading: Reading) -> Iterator[Thing]:
            for row, (word, vector) in enumerate(zip(self.words, self.vectors, strict=True)):
                about = {} if self.counts is None else {"count": int(self.counts[row])}
                reading.progress = lambda: row / len(self)  # noqa: B023, it is asked between two words
                yield Thing(word, word, about, None, vector)

        return Reading(self.name, read)

    # --- questions --------------------------------------------------------------------------------------------

    def near(self, given: Any, k: int = 10, *, plus: Words = (), minus: Words = ()) -> NearWords:
        """The k nearest words of each question, best first, without the words of the question.

        given: a word or several, each a question of its own; or vectors `(d,)` or `(m, d)`. plus, minus: words that are
        added to each question and taken from it: near("king", plus=["woman"], minus=["man"]).

        Of several words those that are unknown have no answer, and stand in `missing`. Raises NotFound where all are,
        and for one to add or take; BadInput for vectors of another dimension.
        """
        return self._asking.near(given, k, plus, minus)

    def similarity(self, a: Words, b: Words) -> Any:
        """The cosine of two words; of lists, `(m,)`: pair by pair, or one word with each of the others.

        NaN for an unknown word of several. Raises NotFound where a side has no other, with words spelled alike.
        """
        found = self._asking.similarity(a, b)
        return float(found[0]) if isinstance(a, str) and isinstance(b, str) else found

    def odd_one_out(self, words: Sequence[str]) -> OddOneOut:
        """Which of three words or more does not belong: the one that is least similar to the others on average.

        Unknown words are left out, and stand in `missing`. Raises NotFound where fewer than three are known.
        """
        return self._asking.odd_one_out(words)

    # --- an encoder -------------------------------------------------------------------------------------------

    def encode(self, values: Sequence[str]) -> Vectors:
        """The vectors of texts, float32 `(n, dim)`; a text without a known word gives zeros."""
        return self._sentences.encode(values)

    def tokens(self, values: Sequence[str]) -> Tokens:
        """How many words each text has, and how many of them are unknown; nothing is ever cut off."""
        return self._sentences.tokens(values)

    def __getattr__(self, name: str) -> str:
        """The fingerprint, a hash of all that vectors of texts depend on; computed late, as it reads the whole file."""
        if name != "fingerprint":
            raise AttributeError(f"word vectors have no attribute {name!r}")
        digest = hashlib.blake2b(f"words {VERSION}".encode(), digest_size=16)
        digest.update("\0".join(self.words).encode("utf-8", "surrogatepass"))
        subwords = self.table.subwords
        for array in (self.vectors, self.counts, None if subwords is None else subwords.vectors):
            if array is not None:
                digest.update(f"{array.dtype} {array.shape}".encode())
                digest.update(np.ascontiguousarray(array).data)
        if subwords is not None:
            digest.update(f"{subwords.shortest} {subwords.longest}".encode())
        self.fingerprint = digest.hexdigest()
        return self.fingerprint

    def to_bytes(self) -> bytes:
        """What `save` writes in knnife's own form. Raises BadInput where that is too large for the file of a space."""
        from knnife.encoders._words.native import pack

        extra = self.table.subwords.vectors.nbytes if self.table.subwords is not None else 0
        if self.vectors.nbytes + extra > MOST_KEPT:
            raise BadInput(
                f"word vectors of {(self.vectors.nbytes + extra) / 1e9:.1f} GB are too large for the file of a space: "
                "save them (vectors.save(path)), and use knnife.WordVectors.load(path), which it finds by its path"
            )
        return pack(self.table, dict(self.about))

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """The word vectors that `to_bytes` wrote down. Raises BadInput for anything else."""
        from knnife.encoders._words.native import unpack

        table, about = unpack(data)
        return cls(table, about=about)
