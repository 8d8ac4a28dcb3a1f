"""What the teacher is asked: sentences of a corpus, parts of them, passages and words, drawn by a seed.

The corpus is read once, as a stream, and what is kept of it is bounded (reservoir sampling, Vitter 1985).
"""

from __future__ import annotations

import os
import random
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from knnife.encoders._words.corpus import expanded
from knnife.errors import BadInput
from knnife.things import read
from knnife.things.reading import OnError

FRAGMENTS, PASSAGES, WORDS = 0.25, 0.1, 0.1  # the shares of all texts that are parts of sentences, several, and words
FRAGMENT: Final = range(3, 11)  # words
TOGETHER: Final = 6  # sentences of a passage
LONGEST: Final = 400  # characters of a sentence; what is longer is cut into such pieces
_BETWEEN: Final = re.compile(r"(?<=[.!?])\s+|(?<=[。！？।])|\n+")


def sentences_of(text: str) -> Iterator[str]:
    """The sentences of a text, by its full stops and line ends."""
    for part in _BETWEEN.split(text):
        part = " ".join(part.split())
        yield from (part[at : at + LONGEST] for at in range(0, len(part), LONGEST))


def texts_of(corpus: Any, text: str | None, on_error: OnError) -> Iterator[str]:
    """The texts of an iterable of paths (`os.PathLike`), a path, or an iterable of texts."""
    if isinstance(corpus, str):
        raise BadInput(f"corpus={corpus[:60]!r} is one text, where many were expected; a file is pathlib.Path(...)")
    if isinstance(corpus, os.PathLike):
        corpus = [corpus]
    if not isinstance(corpus, Iterable):
        raise BadInput(f"corpus: expected texts, or paths of files with texts; got {type(corpus).__name__}")
    for each in corpus:
        if isinstance(each, os.PathLike):
            for name in expanded(os.fspath(each)):
                values = (thing.value for thing in read(name, text=text, on_error=on_error))
                yield from (value for value in values if isinstance(value, str))
        elif isinstance(each, str):
            yield each
        else:
            raise BadInput(f"corpus: expected texts, or paths (pathlib.Path) of files; got {type(each).__name__}")


def drawn_from(texts: Iterable[str], n: int, rng: random.Random) -> tuple[list[str], list[str]]:
    """Sentences, each once, and passages of several, as many as `n` texts for the teacher need, in random order."""
    sentences, passages = (
        Reservoir(round(n * (1 - FRAGMENTS - PASSAGES - WORDS)), rng),
        Reservoir(round(n * PASSAGES), rng),
    )
    for text in texts:
        together: list[str] = []
        for sentence in filter(None, sentences_of(text)):
            sentences.add(sentence)
            together.append(sentence)
            if len(together) == TOGETHER:
                passages.add(" ".join(together))
                together = []
    distinct = list(dict.fromkeys(sentences.kept))
    rng.shuffle(distinct)
    return distinct, passages.kept


def short_ones(sentences: list[str], words: list[str], n: int, rng: random.Random) -> list[str]:
    """Parts of sentences, and one to three words, as many as `n` texts for the teacher need."""
    fragments = [_fragment(rng.choice(sentences), rng) for _ in range(round(n * FRAGMENTS))]
    return fragments + [" ".join(rng.choices(words, k=rng.randint(1, 3))) for _ in range(round(n * WORDS))]


def _fragment(sentence: str, rng: random.Random) -> str:
    """Some words of the sentence that stand together; of one without spaces, some characters."""
    words = sentence.split()
    between = " " if len(words) > 1 else ""
    units = words if between else [*sentence]
    size = min(len(units), rng.choice(FRAGMENT))
    start = rng.randint(0, len(units) - size)
    return between.join(units[start : start + size])


class Reservoir:
    """At most `size` of all that is added, each with the same chance."""

    def __init__(self, size: int, rng: random.Random) -> None:
        self.kept: list[str] = []
        self._size, self._rng, self._seen = max(size, 1), rng, 0

    def add(self, text: str) -> None:
        """Keeps it, or not."""
        self._seen += 1
        if len(self.kept) < self._size:
            self.kept.append(text)
        elif (place := self._rng.randrange(self._seen)) < self._size:
            self.kept[place] = text
