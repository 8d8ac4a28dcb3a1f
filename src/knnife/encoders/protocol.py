"""What an encoder is: anything with these names. No class of ours needs to be inherited from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from knnife.geometry import Metric, Vectors


@runtime_checkable
class Encoder(Protocol):
    """Turns things into vectors.

    name: what the catalogue (or a path) calls it, so that a space can load it again.
    dim: the number of components of a vector.
    kind: what it takes: "text", "row", later "image", "audio".
    fingerprint: equal exactly when the vectors are: covers weights, tokenizer, pooling, prefixes, normalisation and
        dimension.

    What an encoder may have beside these, each looked for where it is of use:

    encode_query(values): where the model wants queries worded otherwise than passages.
    query_prefix, passage_prefix: the words it puts before each, "" for none.
    tokens(values) -> Tokens: how much of each text the model reads.
    cheap: True where encoding takes no longer than looking a vector up, so that caching vectors is a waste.
    metric: by which its vectors are meant to be compared; "cosine" where it does not say.
    parts: which components come from which column of a table, name -> slice, for answers that name columns.
    leave_out: of an encoder of rows, the columns that are metadata only.
    form, to_bytes(): of an encoder that was trained on somebody's things, so that no name leads to it: a space keeps
        the bytes in its file, and `loading.restore(form, bytes)` makes them an encoder again.
    """

    name: str
    dim: int
    kind: str
    fingerprint: str

    def encode(self, values: Sequence[Any]) -> Vectors:
        """The vectors of `values`: float32 `(len(values), dim)`, one row each, in order. Empty in, `(0, dim)` out."""
        ...


class Tokens(NamedTuple):
    """How a model reads texts: numbers of tokens, each int64 `(n,)`."""

    read: NDArray[np.int64]  # what it reads of each text
    unknown: NDArray[np.int64]  # those of them that it has no vector for
    cut: NDArray[np.int64]  # what stands behind its longest input, and is never seen


def encode_query(encoder: Encoder, values: Sequence[Any]) -> Vectors:
    """The vectors of queries, by the encoder's own `encode_query` where its model makes a difference."""
    own = getattr(encoder, "encode_query", None)
    vectors: Vectors = own(values) if own is not None else encoder.encode(values)
    return vectors


def takes(kind: str, value: Any) -> bool:
    """Is a value of the type that encoders of this kind take: a text, a row (also as text), or neither?"""
    if kind == "row":
        return isinstance(value, str | Mapping)
    return (kind == "text") == isinstance(value, str)


def reading_for(encoder: Encoder) -> dict[str, Any]:
    """The arguments by which `as_things` and `read` read tables for an encoder: whole rows, or what they do anyway."""
    return {"row": True, "leave_out": getattr(encoder, "leave_out", ())} if encoder.kind == "row" else {}


def written(encoder: Encoder) -> tuple[str, bytes] | None:
    """The form and the bytes of an encoder that only exists where it was trained; None for those that have a name."""
    form = getattr(encoder, "form", None)
    return None if form is None else (form, encoder.to_bytes())  # type: ignore[attr-defined]


def preferred_metric(encoder: Encoder) -> Metric:
    """By which metric the vectors of an encoder are compared where nobody says otherwise."""
    metric: Metric = getattr(encoder, "metric", "cosine")
    return metric
