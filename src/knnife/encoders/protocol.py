"""What an encoder is: anything with these names. No class of ours needs to be inherited from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

from knnife.geometry import Vectors


@runtime_checkable
class Encoder(Protocol):
    """Turns things into vectors.

    name: what the catalogue (or a path) calls it, so that a space can load it again.
    dim: the number of components of a vector.
    kind: what it takes: "text", later "image", "audio", "row".
    fingerprint: equal exactly when the vectors are: covers weights, tokenizer, pooling, prefixes, normalisation and
        dimension.

    An encoder whose model wants queries worded otherwise than passages also has `encode_query(values)`.
    """

    name: str
    dim: int
    kind: str
    fingerprint: str

    def encode(self, values: Sequence[Any]) -> Vectors:
        """The vectors of `values`: float32 `(len(values), dim)`, one row each, in order. Empty in, `(0, dim)` out."""
        ...


def encode_query(encoder: Encoder, values: Sequence[Any]) -> Vectors:
    """The vectors of queries, by the encoder's own `encode_query` where its model makes a difference."""
    own = getattr(encoder, "encode_query", None)
    vectors: Vectors = own(values) if own is not None else encoder.encode(values)
    return vectors
