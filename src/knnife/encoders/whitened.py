"""Another encoder's vectors, whitened for the things at hand: an adapter that is learned without labels.

General models put the things of one collection close together. `WhitenedEncoder.train` learns from some of them what
they share and how they vary, and evens that out (statistics/whitening.py). Where there are labels, only what varies
within one label is evened out (within-class covariance: Hatch, Kajarekar & Stolcke 2006).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import repeat
from typing import Any, Final, Self

import numpy as np

from knnife.encoders.loading import load_encoder, packed_base, restored_base
from knnife.encoders.protocol import (
    Encoder,
    Progress,
    as_encoder,
    check_values,
    encode_query,
    preferred_metric,
    reading_for,
)
from knnife.encoders.sampling import drawn
from knnife.encoders.tensors import Tensors, digest, floats, pack, unpack
from knnife.errors import BadInput
from knnife.geometry import Metric, Vectors, as_vectors, unit
from knnife.statistics.whitening import PrincipalWhitening
from knnife.things import as_things

VERSION: Final = 1  # of what `to_bytes` writes, and of how vectors follow from it
SHRINKAGE: Final = 1.0  # without labels, where less makes noise loud; both by cross-validation on clothing/train
SHRINKAGE_WITH_LABELS: Final = 0.03
BATCH: Final = 256  # things between two reports of progress
NOTHING: Final = 1e-6  # differences below are rounding


class WhitenedEncoder:
    """Encodes what its `base` encodes, with as many components; made by `train` or `from_bytes`.

    Words that find pictures (`encode_text`) are left out: texts lie elsewhere than pictures, and vary otherwise.
    """

    form = "whitened"
    metric: Metric = "cosine"
    SAMPLE: Final = 20_000  # things learned from; of more, so many are drawn at random

    def __init__(self, base: Encoder, whitening: PrincipalWhitening, things: int) -> None:
        """base: whose vectors; whitening: what is done to them; things: how many it was learned from."""
        self.base, self.things = base, things
        self.name, self.kind, self.dim = f"{base.name}, whitened", base.kind, base.dim
        self.cheap = bool(getattr(base, "cheap", False))
        self._whitening = whitening
        self.fingerprint = digest(self.form, VERSION, *self._parts)

    @classmethod
    def train(
        cls,
        encoder: str | Encoder,
        things: Any,
        *,
        labels: Iterable[Any] | None = None,
        seed: int = 0,
        progress: Progress | None = None,
    ) -> Self:
        """An encoder for things like these.

        encoder: any, or its name. things: what it takes: texts, paths of pictures, what `knnife.read` found.
        All are gone through; of more than 20,000, so many are drawn at random (seed).
        labels: one for each thing, where things are to be near that have the same.
        progress(done, fraction) is called with how many were encoded.

        Raises BadInput where there are fewer than two, where nothing varies, and where labels do not fit; and what the
        encoder raises.
        """
        base = load_encoder(encoder) if isinstance(encoder, str) else as_encoder(encoder, "the encoder given")
        every = (thing.value for thing in as_things(things, **reading_for(base)))
        pairs = drawn(_labelled(every, labels), cls.SAMPLE, seed)
        if len(pairs) < 2:
            raise BadInput(f"{len(pairs)} thing{'s' * (len(pairs) != 1)} to learn from; expected 2 or more")
        vectors = _vectors(base, [value for value, _ in pairs], progress)
        varying = vectors if labels is None else _within(vectors, [label for _, label in pairs])
        if not (np.ptp(varying, axis=0) > NOTHING).any():
            what = "things have" if labels is None else "things have, label by label,"
            raise BadInput(f"all of these {len(pairs):,} {what} the same vector; expected different ones")
        shrinkage = SHRINKAGE if labels is None else SHRINKAGE_WITH_LABELS
        whitening = PrincipalWhitening(vectors.mean(axis=0), PrincipalWhitening.of_all(varying, shrinkage).axes)
        return cls(base, whitening, len(pairs))

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """The encoder that `to_bytes` wrote down, over its base, which is loaded by its name where it has one.

        Raises BadInput for anything else, and where the base is another by now; NotFound where it is gone.
        """
        return unpack(data, cls.form, VERSION, cls._of)

    def to_bytes(self) -> bytes:
        """What was learned, and the base: its name, or all of it where it was itself trained. As safetensors."""
        about, arrays = self._parts
        base, its_own = packed_base(self.base)
        return pack(self.form, VERSION, {**about, **base}, {**arrays, **its_own})

    def encode(self, values: Sequence[Any]) -> Vectors:
        """The vectors of values, float32 `(n, dim)`, of length 1."""
        return self.bent(self.base.encode(values))

    def encode_query(self, values: Sequence[Any]) -> Vectors:
        """The vectors of queries, where the base words them otherwise."""
        return self.bent(encode_query(self.base, values))

    def bent(self, vectors: Vectors) -> Vectors:
        """Vectors `(n, dim)` that the base made, as this encoder makes them."""
        return self._whitening.apply(_lengths_evened(self.base, vectors))

    @property
    def _parts(self) -> tuple[dict[str, Any], Tensors]:
        """What the encoder is: in words, and in arrays."""
        about = {"base": self.base.name, "fingerprint": self.base.fingerprint, "things": self.things}
        return about, {"mean": self._whitening.mean, "axes": self._whitening.axes}

    @classmethod
    def _of(cls, about: Mapping[str, Any], arrays: Tensors) -> Self:
        base = restored_base(about, arrays, "a whitened encoder")
        if type(about["things"]) is not int:
            raise ValueError(f"{about['things']!r:.40} things")
        mean, axes = floats(arrays, "mean", base.dim), floats(arrays, "axes", base.dim, base.dim)
        return cls(base, PrincipalWhitening(mean, axes), about["things"])


def _lengths_evened(base: Encoder, vectors: Vectors) -> Vectors:
    """The vectors with a length of 1, where the base compares directions only."""
    return unit(vectors) if preferred_metric(base) == "cosine" else vectors


def _labelled(values: Iterable[Any], labels: Iterable[Any] | None) -> Iterator[tuple[Any, Any]]:
    """Each value with its label, None where there are none. Raises BadInput where one has no partner."""
    try:
        yield from zip(values, repeat(None)) if labels is None else zip(values, labels, strict=True)
    except ValueError as error:
        if "zip()" not in str(error):
            raise
        raise BadInput("there are not as many labels as things; expected one for each") from error


def _vectors(base: Encoder, values: Sequence[Any], progress: Progress | None) -> Vectors:
    """The vectors of values, with word of how far they are."""
    check_values(base, values)
    vectors = np.empty((len(values), base.dim), np.float32)
    for start in range(0, len(values), BATCH):
        block = slice(start, min(start + BATCH, len(values)))
        vectors[block] = _lengths_evened(base, as_vectors(base.encode(values[block]), base.dim, base.name))
        if progress is not None:
            progress(block.stop, block.stop / len(values))
    return vectors


def _within(vectors: Vectors, labels: Sequence[Any]) -> Vectors:
    """How far each vector `(n, d)` is from the mean of those with its label."""
    _, label = np.unique(np.array([str(each) for each in labels]), return_inverse=True)
    sums = np.zeros((label.max() + 1, vectors.shape[1]), np.float32)
    np.add.at(sums, label, vectors)
    means = sums / np.bincount(label).astype(np.float32)[:, None]
    return np.subtract(vectors, means[label], dtype=np.float32)
