"""The encoders that are compared: loaded before any work begins, put to work in batches, and what they cost."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np

from knnife.encoders import Encoder, encode_query, load_encoder
from knnife.encoders.catalogue import about, find
from knnife.encoders.model_folders import hub_folder
from knnife.encoders.protocol import Progress
from knnife.errors import BadInput
from knnife.geometry import Vectors, as_vectors
from knnife.space import encode as remembered
from knnife.things.kinds import kind

BATCH_SECONDS: Final = 0.5  # what a batch shall take, so that a bar moves and a Ctrl-C is heard
FIRST_BATCH: Final = 64  # texts
TIMED: Final = 64  # texts at least, to tell a speed

Encode = Callable[[Sequence[str]], Vectors]


@dataclass(frozen=True)
class Candidate:
    """An encoder, with what is known of it: size of its files in bytes and licence, None where nobody says."""

    name: str  # as it was given
    encoder: Encoder
    size: int | None
    licence: str | None


@dataclass
class Meter:
    """Counts texts over all encoders and reports them."""

    total: int
    progress: Progress | None
    done: int = 0

    def add(self, texts: int) -> None:
        """So many more are done."""
        self.done += texts
        if self.progress is not None:
            self.progress(self.done, self.done / self.total if self.total else 1.0)


class Timed:
    """An encoder whose work is timed."""

    def __init__(self, encoder: Encoder) -> None:
        self.name, self.dim, self.kind, self.fingerprint = encoder.name, encoder.dim, encoder.kind, encoder.fingerprint
        self.cheap = getattr(encoder, "cheap", False)
        self.encoded = 0  # texts so far
        self._seconds = 0.0
        self._encoder = encoder

    @property
    def speed(self) -> float:
        """Texts a second so far."""
        return self.encoded / max(self._seconds, 1e-9)

    def encode(self, values: Sequence[str]) -> Vectors:
        """As the encoder does."""
        return self._timed(self._encoder.encode, values)

    def encode_query(self, values: Sequence[str]) -> Vectors:
        """As the encoder does."""
        return self._timed(partial(encode_query, self._encoder), values)

    def _timed(self, encode: Encode, values: Sequence[str]) -> Vectors:
        began = time.perf_counter()
        vectors = encode(values)
        self._seconds += time.perf_counter() - began
        self.encoded += len(values)
        return vectors


@dataclass
class Working:
    """One encoder at work, in batches."""

    encoder: Encoder
    meter: Meter
    _batch: int = field(default=FIRST_BATCH)

    def __post_init__(self) -> None:
        self._timed = Timed(self.encoder)

    def passages(self, texts: Sequence[str]) -> Vectors:
        """The vectors of texts that are searched, `(n, dim)`; remembered ones where there are any, as a space does."""
        return self._encode(texts, partial(remembered, self._timed))

    def queries(self, texts: Sequence[str]) -> Vectors:
        """The vectors of texts that are searched for, `(n, dim)`."""
        return self._encode(texts, self._timed.encode_query)

    def speed(self, texts: Sequence[str]) -> float:
        """Texts a second, of those so far; some of `texts` are encoded for that where most were remembered."""
        if self._timed.encoded < min(TIMED, len(texts)):
            self._timed.encode(texts[:TIMED])
        return self._timed.speed

    def _encode(self, texts: Sequence[str], encode: Encode) -> Vectors:
        """All vectors are made here. Raises BadInput when some are NaN or of another dimension."""
        parts = [np.empty((0, self.encoder.dim), np.float32)]
        start = 0
        while start < len(texts):
            batch = texts[start : start + self._batch]
            parts.append(as_vectors(encode(batch), self.encoder.dim, f"vectors of {self.encoder.name}"))
            start += len(batch)
            self.meter.add(len(batch))
            if self._timed.encoded:
                self._batch = max(FIRST_BATCH, min(2 * self._batch, int(BATCH_SECONDS * self._timed.speed)))
        return np.concatenate(parts)


def load_candidates(encoders: Iterable[str | Path | Encoder]) -> list[Candidate]:
    """The encoders of these names, folders or objects, all of them loaded and tried on a word.

    Raises BadInput for none, for two of one name, or for one that does not take texts; and what loading raises.
    """
    if isinstance(encoders, str):
        raise BadInput(f"encoders={encoders!r}: expected a list of them, [{encoders!r}] for one")
    found = [_candidate(given) for given in encoders]
    names = [each.name for each in found]
    if not names:
        raise BadInput("encoders: expected one at least; `knnife models` lists them")
    for name in names:
        if names.count(name) > 1:
            raise BadInput(f"encoders: two are called {name!r}; give them names of their own (name=… where one loads)")
    return found


def _candidate(given: str | Path | Encoder) -> Candidate:
    encoder = load_encoder(given)
    if not kind(encoder.kind).any_text:
        raise BadInput(f"{encoder.name} takes {encoder.kind}; what is compared here are encoders of texts")
    as_vectors(encoder.encode(["word"]), encoder.dim, f"vectors of {encoder.name}")
    if not isinstance(given, str | Path):
        return Candidate(encoder.name, encoder, None, None)
    entry = find(str(given)) or about(str(given))
    size = entry.size if entry is not None and entry.size else _size(str(given))
    return Candidate(str(given), encoder, size, (entry.licence or None) if entry is not None else None)


def _size(name: str) -> int | None:
    """The bytes of the files of a model in a folder, or in the cache of the hub; None where there are none."""
    folder = hub_folder(name) if name.startswith("hf:") else Path(name)
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) if folder.is_dir() else None


class Stopped(KeyboardInterrupt):
    """The evaluation was stopped; `so_far` is the `Evaluation` of the encoders that were done."""

    def __init__(self, so_far: Any) -> None:
        super().__init__("stopped")
        self.so_far = so_far
