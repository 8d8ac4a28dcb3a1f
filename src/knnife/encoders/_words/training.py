"""Training: the corpus is read once, then each epoch goes through it in blocks, on several threads.

Skip-gram and CBOW with negative sampling: Mikolov et al., 2013a (arXiv 1301.3781) and 2013b (arXiv 1310.4546);
character n-grams: Bojanowski et al., "Enriching Word Vectors with Subword Information", TACL 5, 2017. Threads change
the same weights without locks: Hogwild (Niu et al., 2011, arXiv 1106.5730). With one thread the same seed gives the
same vectors to the last bit, also where the training was interrupted.
"""

from __future__ import annotations

import json
import os
import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from knnife.encoders._words.corpus import Corpus, Split, corpus
from knnife.encoders._words.disk import require_room
from knnife.encoders._words.item_sequences import histories
from knnife.encoders._words.numbered_corpus import NumberedCorpus
from knnife.encoders._words.settings import Settings
from knnife.encoders._words.training_loop import EVERY, Report, TrainingLoop
from knnife.encoders._words.training_step import KERNEL
from knnife.encoders._words.training_vocabulary import CorpusVocabulary, count, join, settle
from knnife.encoders._words.weights import Sampler, TrainingWeights
from knnife.encoders.word_table import Subwords, WordTable, ngrams_of
from knnife.errors import BadInput
from knnife.things.reading import OnError
from knnife.threads import cores

LONG: Final = 1_000_000  # words; without compiled code so many take minutes


class TrainingStopped(KeyboardInterrupt):
    """Ctrl-C in the middle of a training; `so_far` are the vectors as they were then, and can be used."""

    def __init__(self, so_far: Any) -> None:
        super().__init__("stopped")
        self.so_far = so_far


class Trained(NamedTuple):
    """Words with their vectors, and how they came to be: plain JSON."""

    table: WordTable
    about: dict[str, Any]


def train(
    texts: Any,
    *,
    text: str | Sequence[str] | None = None,
    split: Split = "words",
    items: str | None = None,
    by: str | None = None,
    order: str | None = None,
    on_error: OnError = "stop",
    threads: int | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    progress: Report | None = None,
    **settings: Any,
) -> Trained:
    """Vectors of the words in `texts`.

    texts, text, split, on_error: as for `corpus`. items, by, order: columns of a table, as for `histories`.
    threads: by default all cores. checkpoint: a file written every few minutes and at an interruption, from which the
        same training goes on. The numbered corpus lies beside it, or without one in the folder of temporary files.
    progress: called with the step ("reading", "joining phrases", "training"), its words so far, the fraction of all or
        None, and the recent loss or None. settings: fields of `Settings`.

    Raises BadInput for a corpus with fewer than two frequent words, for vectors that memory cannot hold, and for a
    checkpoint of another training; what reading raises; DiskFull where the numbered corpus, or the vectors beside the
    checkpoint, have no room; TrainingStopped at Ctrl-C. Warns where a checkpoint cannot be written.
    """
    chosen = Settings.of(settings)
    workers = _threads(threads)
    tell = progress or (lambda *_: None)
    read = _corpus(texts, text, split, on_error, (items, by, order))
    path = None if checkpoint is None else Path(checkpoint)
    with NumberedCorpus(Path(tempfile.gettempdir()) if path is None else path.absolute().parent) as numbered:
        vocabulary = _numbered(read, numbered, chosen, tell)
        course = _course(vocabulary, numbered, chosen)
        fingerprint = numbered.fingerprint(vocabulary.words)
        course.resume(path, fingerprint)
        if path is not None:
            require_room(path, course.weights.words.nbytes)
        try:
            while not course.run(workers, EVERY, tell):
                course.keep(path, fingerprint)
        except KeyboardInterrupt as stop:
            if not course.progress.blocks:
                raise
            course.keep(path, fingerprint)
            raise TrainingStopped(_trained(course, vocabulary, read)) from stop
        return _trained(course, vocabulary, read)


def _threads(count: int | None) -> int:
    if count is None:
        return cores()
    if type(count) is not int or count < 1:
        raise BadInput(f"threads={count!r}: expected a whole number of 1 or more, or None for all cores")
    return count


def _corpus(
    texts: Any, text: Any, split: Split, on_error: OnError, columns: tuple[str | None, str | None, str | None]
) -> Corpus:
    items, by, order = columns
    if items is None and by is None and order is None:
        return corpus(texts, text=text, split=split, on_error=on_error)
    if items is None or by is None:
        raise BadInput("items= names the column of the items and by= that of whose they are: expected both of them")
    if text is not None or split != "words":
        raise BadInput("items= takes the items of a table as they are: leave out text= and split=")
    return histories(texts, items=items, by=by, order=order, on_error=on_error)


def _numbered(read: Corpus, into: NumberedCorpus, settings: Settings, tell: Report) -> CorpusVocabulary:
    """Reads the corpus; `into` are then the numbers of the words that are kept."""
    counted = count(read, into, lambda words, fraction: tell("reading", words, fraction, None))
    for passed in range(settings.phrases):
        tell("joining phrases", 0, passed / settings.phrases, None)
        counted = join(counted, into, settings.phrase_score / 2**passed, settings.min_count)
    return settle(counted, into, settings.min_count, settings.max_words)


def _course(vocabulary: CorpusVocabulary, numbered: NumberedCorpus, settings: Settings) -> TrainingLoop:
    """As it begins: everything drawn, nothing learned."""
    grams = None
    if settings.subwords is not None:
        grams = ngrams_of(vocabulary.words, *settings.subwords, settings.buckets)
    sampler = Sampler.of(
        vocabulary.counts,
        sample=settings.sample,
        window=settings.window,
        negatives=settings.negatives,
        cbow=settings.cbow,
        grams=grams,
    )
    buckets = settings.buckets if grams is not None else 0
    weights = _drawn(len(vocabulary.words), buckets, settings)
    if KERNEL == "none" and numbered.length * settings.epochs > LONG:
        warnings.warn(
            "knnife was installed without its compiled code: training takes a hundred times as long", stacklevel=4
        )
    return TrainingLoop(weights, sampler, numbered, settings)


def _drawn(words: int, buckets: int, settings: Settings) -> TrainingWeights:
    """The weights as training begins. Raises BadInput where memory cannot hold them."""
    try:
        return TrainingWeights.drawn(words, settings.dim, buckets=buckets, seed=settings.seed)
    except MemoryError as error:
        size = (2 * words + buckets) * settings.dim * 4
        raise BadInput(
            f"{words:,} words and {buckets:,} buckets of {settings.dim:,} dimensions take {size / 1e9:,.1f} GB, more "
            "than there is: choose a lower dim, max_words or buckets, or a higher min_count"
        ) from error


def _trained(course: TrainingLoop, vocabulary: CorpusVocabulary, read: Corpus) -> Trained:
    """The vectors as they are now."""
    settings, progress = course.settings, course.progress
    subwords = None
    if settings.subwords is not None and course.weights.ngrams is not None:
        subwords = Subwords(*settings.subwords, np.ascontiguousarray(course.weights.ngrams[:, : settings.dim]))
    course.weights.outputs = np.empty((0, 0), np.float32)  # only training needs them: what comes now takes their place
    vectors = course.weights.vectors(course.sampler.grams)
    about = {
        "made by": "knnife train words",
        **json.loads(json.dumps(asdict(settings))),
        "corpus words": int(vocabulary.counts.sum()),
        "broken rows": read.broken(),
        "loss": [lost / pairs if pairs else None for lost, pairs in progress.losses],
        "seconds": progress.seconds,
        "done": progress.blocks / course.blocks,
    }
    return Trained(WordTable(vocabulary.words, vectors, vocabulary.counts, subwords), about)
