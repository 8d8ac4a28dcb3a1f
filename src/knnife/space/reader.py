"""A second reading: a slower encoder reads the best of what words and the default view have chosen.

What it makes of a text is kept in the space, so that it reads each text once: a reading is known by the position of the
thing and a hash of the text. It is rounded as it is kept (int8) before it is used, so the first answer and all later
ones are the same to the last bit. New readings wait in memory until there are ENOUGH, or the space is closed; where
they cannot be written (a file for reading only, a busy or full one) they go on waiting, and no question fails for it.
"""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from knnife.encoders import DEFAULT, Encoder, load_encoder, vector_cache
from knnife.encoders.protocol import encode_query
from knnife.errors import BadInput, KnnifeError, ReadOnly, SpaceBusy
from knnife.geometry import Vectors
from knnife.space.packing import pack, unpack
from knnife.space.protocols import Snapshot, Store
from knnife.space.records import Dtype, Reading, View
from knnife.things.kinds import kind

READER: Final = "minilm"  # reads where nobody says otherwise, and the view that is asked is one of the default encoder
KEPT_AS: Final[Dtype] = "int8"
ENOUGH: Final = 256  # readings that wait before they are written: one transaction for a few questions
MOST: Final = 50_000  # readings that wait, 20 MB, where they cannot be written

Which = str | Encoder | None
Similarities = NDArray[np.float64]


class Reader(NamedTuple):
    """An encoder that reads for questions, and what was read before."""

    encoder: Encoder
    readings: Readings

    def similarities(self, snapshot: Snapshot, question: str, texts: Sequence[tuple[int, str]]) -> Similarities:
        """The cosines `(n,)` of a question to texts, each given with the position of its thing.

        Each is computed by itself, so it does not depend on what else is read, or by how many threads.
        """
        rows = self._vectors(snapshot, texts).astype(np.float64)
        asked = vector_cache.checked(self.encoder, encode_query(self.encoder, [question]), 1).astype(np.float64)
        products = (rows * asked).sum(axis=1)
        norms = np.sqrt((rows * rows).sum(axis=1) * (asked * asked).sum())
        cosines: Similarities = np.divide(products, norms, out=np.zeros_like(products), where=norms > 0)
        return cosines

    def missing(self, snapshot: Snapshot, texts: Sequence[tuple[int, str]]) -> dict[Reading, str]:
        """Those of the texts, each given with the position of its thing, that were not read yet."""
        known = self.readings.known(snapshot, self.encoder, [position for position, _ in texts])
        return {key: text for key, (_, text) in zip(keys_of(texts), texts, strict=True) if key not in known}

    def _vectors(self, snapshot: Snapshot, texts: Sequence[tuple[int, str]]) -> Vectors:
        """The vectors `(n, d)` of texts; what was not read yet is read now."""
        keys = keys_of(texts)
        found = self.readings.known(snapshot, self.encoder, [position for position, _ in texts])
        missing = {key: text for key, (_, text) in zip(keys, texts, strict=True) if key not in found}
        if missing:
            found |= self.readings.wait(self.encoder, read(self.encoder, missing))
        return unpack(b"".join([found[key] for key in keys]), self.encoder.dim, KEPT_AS)


class Readings:
    """What readers have made of texts of one space: kept in it, or waiting to be. Threads may share it."""

    def __init__(self, store: Store) -> None:
        self._store, self._process = store, os.getpid()
        self._loaded: dict[str, Encoder] = {}  # by the name that the user gave
        self._waiting: dict[str, Waiting] = {}  # by fingerprint
        self._lock = threading.Lock()

    def reader(self, which: Which, view: View | None, by: str) -> Reader | None:
        """The reader for a question to a view; None for none. See `Space.search`."""
        if which == "auto":
            which = READER if by == "both" and view is not None and view.encoder == DEFAULT else None
        if which is None or which == "none":
            return None
        if by != "both":
            raise BadInput(f"a reader goes on where words and meaning have chosen, and by {by!r} only one of them does")
        encoder = self.encoder(which)
        if view is not None and view.kind is not None and not kind(view.kind).shares_values(kind(encoder.kind)):
            raise BadInput(f"the reader {encoder.name} reads texts, and the things of this space are {view.kind}s")
        return Reader(encoder, self)

    def encoder(self, which: str | Encoder) -> Encoder:
        """The encoder that reads. Raises BadInput for one that reads no texts, NotFound, MissingPackage."""
        encoder = self._loaded.get(which) if isinstance(which, str) else None
        if encoder is None:
            encoder = load_encoder(which)
            if not kind(encoder.kind).any_text:
                raise BadInput(f"the encoder {encoder.name} takes {encoder.kind}; expected one of texts, to read them")
            if isinstance(which, str):
                self._loaded[which] = encoder
        return encoder

    def wait(self, encoder: Encoder, new: dict[Reading, bytes]) -> dict[Reading, bytes]:
        """Let new readings wait until they are written; they are handed back."""
        with self._lock:
            self._waiting.setdefault(encoder.fingerprint, Waiting(encoder.name)).put(new)
        return new

    def known(self, snapshot: Snapshot, encoder: Encoder, positions: Iterable[int]) -> dict[Reading, bytes]:
        """What was read of things, of what is kept and of what waits."""
        wanted, width = {*positions}, 4 + encoder.dim
        kept = snapshot.readings(encoder.fingerprint, sorted(wanted))
        found = {key: blob for key, blob in kept.items() if _is_vector(blob, width)}
        with self._lock:
            if (waiting := self._waiting.get(encoder.fingerprint)) is not None:
                found |= waiting.of(wanted)
        return found

    def keep(self, at_least: int = 1) -> None:
        """Write down what waits, if it is so much; nobody is waited for, and what cannot be written goes on waiting."""
        if self._store.read_only or os.getpid() != self._process:
            return
        with self._lock:
            enough = [reader for reader, each in self._waiting.items() if each.count >= at_least]
        if not enough:
            return
        try:
            with self._store.write(wait=False) as writer:
                with self._lock:  # taken over only now, as there may be much of it, and a writer that is busy
                    written = {reader: each.copy() for reader, each in self._waiting.items() if reader in enough}
                for reader, each in written.items():
                    writer.keep_readings(each.name, reader, each.of(each.read))
        except (SpaceBusy, ReadOnly):
            return
        except (KnnifeError, OSError) as error:
            warnings.warn(f"what was read for a search could not be kept: {error}", stacklevel=4)
            return
        with self._lock:
            for reader, each in self._waiting.items():  # none, where another thread has closed the space
                if reader in written:
                    each.forget(written[reader].read)

    def close(self) -> None:
        """Write down what waits, and forget it."""
        self.keep()
        with self._lock:
            self._waiting.clear()


class Waiting:
    """What one reader has made of texts, by the positions of their things, as long as it is not written down."""

    def __init__(self, name: str) -> None:
        self.name, self.count = name, 0
        self.read: dict[int, dict[int, bytes]] = {}  # position -> key of the text -> vector

    def put(self, new: Mapping[Reading, bytes]) -> None:
        """Add readings; where there are too many, those of the positions that came first go."""
        for (position, text), blob in new.items():
            of_thing = self.read.setdefault(position, {})
            self.count += text not in of_thing
            of_thing[text] = blob
        while self.count > MOST:
            self.forget([next(iter(self.read))])

    def of(self, positions: Iterable[int]) -> dict[Reading, bytes]:
        """The readings of things."""
        there = ((position, self.read[position]) for position in positions if position in self.read)
        return {(position, text): blob for position, of_thing in there for text, blob in of_thing.items()}

    def copy(self) -> Waiting:
        """Another one that is left alone."""
        other = Waiting(self.name)
        other.put(self.of(self.read))
        return other

    def forget(self, positions: Iterable[int]) -> None:
        """Let go of the readings of things."""
        for position in positions:
            self.count -= len(self.read.pop(position, ()))


def keys_of(texts: Iterable[tuple[int, str]]) -> list[Reading]:
    """By what texts are known that were read: the position, and 64 bits of BLAKE2b as a signed number."""
    hashed = ((pos, blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()) for pos, text in texts)
    return [(position, int.from_bytes(digest, "little", signed=True)) for position, digest in hashed]


def read(encoder: Encoder, texts: Mapping[Reading, str]) -> dict[Reading, bytes]:
    """What an encoder makes of texts, as it is kept; each different one is encoded once."""
    unique = [*dict.fromkeys(texts.values())]
    vectors = vector_cache.checked(encoder, encoder.encode(unique), len(unique))
    data, _ = pack(vectors, KEPT_AS)
    width = len(data) // len(unique)
    packed = {text: data[at * width : (at + 1) * width] for at, text in enumerate(unique)}
    return {key: packed[text] for key, text in texts.items()}


def _is_vector(blob: bytes, width: int) -> bool:
    return len(blob) == width and bool(np.isfinite(np.frombuffer(blob, "<f4", 1)[0]))
