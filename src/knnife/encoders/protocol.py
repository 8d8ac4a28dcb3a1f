"""What an encoder is: anything with these names. No class of ours needs to be inherited from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from knnife.errors import BadInput
from knnife.geometry import Metric, Vectors
from knnife.things.kinds import kind, kind_of

Progress = Callable[[int, float | None], None]  # how much is done so far, and the fraction, None where nobody knows it


@runtime_checkable
class Encoder(Protocol):
    """Turns things into vectors.

    name: what the catalogue (or a path) calls it, so that a space can load it again.
    dim: the number of components of a vector.
    kind: what it takes: "text", "row", "image" (a picture: its path, or the bytes of its file), "face" (likewise, a
        picture of one face), "history" (what somebody chose: a list of ids, or how much each counts), later "audio".
    fingerprint: equal exactly when the vectors are: covers weights, tokenizer, pooling, prefixes, normalisation and
        dimension.

    What an encoder may have beside these, each looked for where it is of use:

    encode_query(values): where the model wants queries worded otherwise than passages.
    encode_text(values): of an encoder of pictures that knows words: the vectors of texts, in the space of the pictures.
    query_prefix, passage_prefix: the words it puts before each, "" for none.
    tokens(values) -> Tokens: how much of each text the model reads.
    cheap: True where encoding takes no longer than looking a vector up, so that caching vectors is a waste.
    succeeds: the fingerprints of older ones whose vectors may be compared with its own, as they differ by no more than
        those did from one machine to another: a space of theirs is asked and added to with this one.
    metric: by which its vectors are meant to be compared; "cosine" where it does not say.
    parts: which components come from which column of a table, name -> slice, for answers that name columns.
    leave_out: of an encoder of rows, the columns that are metadata only.
    base, bent(vectors): of an encoder that only changes what another one, its `base`, makes: a space that has vectors
        of the base changes these, and encodes nothing again.
    form, to_bytes(): of an encoder that was trained on somebody's things, so that no name leads to it: a space keeps
        the bytes in its file, and the class that forms.py has for the form restores it.
    """

    name: str
    dim: int
    kind: str
    fingerprint: str

    def encode(self, values: Sequence[Any]) -> Vectors:
        """The vectors of `values`: float32 `(len(values), dim)`, one row each, in order. Empty in, `(0, dim)` out."""
        ...


def goes_on_for(encoder: Encoder, fingerprint: str | None) -> bool:
    """Whether an encoder is the one of this fingerprint, or succeeds it."""
    return fingerprint in (encoder.fingerprint, *getattr(encoder, "succeeds", ()))


class Prefixes(Protocol):
    """What a model wants before each text, as far as somebody knows (an entry of the catalogue)."""

    @property
    def query_prefix(self) -> str:
        """Before a query, "" for nothing."""

    @property
    def passage_prefix(self) -> str:
        """Before a passage."""


class Tokens(NamedTuple):
    """How a model reads texts: numbers of tokens, each int64 `(n,)`."""

    read: NDArray[np.int64]  # what it reads of each text
    unknown: NDArray[np.int64]  # those of them that it has no vector for
    cut: NDArray[np.int64]  # what stands behind its longest input, and is never seen


def as_encoder(encoder: object, what: str) -> Encoder:
    """`encoder` itself, if it is one. Raises BadInput, which says `what` it is, when it is not."""
    if isinstance(encoder, type) or not isinstance(encoder, Encoder):
        raise BadInput(
            f"{what} is no encoder but of type {type(encoder).__name__}: "
            "expected an object with name, dim, kind, fingerprint and encode(values)"
        )
    return encoder


def encode_query(encoder: Encoder, values: Sequence[Any]) -> Vectors:
    """The vectors of queries, by the encoder's own `encode_query` where its model makes a difference."""
    own = getattr(encoder, "encode_query", None)
    return own(values) if own is not None else encoder.encode(values)


def encode_text(encoder: Encoder, values: Sequence[str]) -> Vectors | None:
    """The vectors of texts that ask for what they say; None where the encoder knows no words."""
    if kind(encoder.kind).found_by_text:
        return encode_query(encoder, values)
    own = getattr(encoder, "encode_text", None)
    return None if own is None else own(values)


def check_list(values: Sequence[Any], noun: str) -> None:
    """Raises BadInput for one value where a list of them is expected: a text is a sequence, too."""
    if isinstance(values, str | bytes | Mapping):
        raise BadInput(f"expected a list of {noun}s, and was given one {noun}: write [{noun}]")


def check_texts(values: Sequence[Any], name: str) -> None:
    """Raises BadInput where what the encoder `name` was given is not a list of texts."""
    check_list(values, "text")
    for i, value in enumerate(values):
        if not isinstance(value, str):
            raise BadInput(f"value {i} is of type {type(value).__name__}; expected texts (str), which {name} encodes")


def check_values(encoder: Encoder, values: Sequence[Any], what: str = "") -> None:
    """Raises BadInput for the first value that is not of the kind the encoder takes; the error begins with `what`."""
    takes = kind(encoder.kind).takes
    for value in values:
        if takes(value):
            continue
        own = kind_of(value)
        if own.in_files and isinstance(value, str):
            raise BadInput(
                f"{what}{value} is a {own.noun}, and the encoder {encoder.name} takes {encoder.kind}: {own.encoders}"
            )
        raise BadInput(f"{what}encoder {encoder.name} takes {encoder.kind}, not {type(value).__name__}: {value!r:.80}")


def reading_for(encoder: Encoder) -> dict[str, Any]:
    """The arguments by which `as_things` and `read` read for an encoder: rows, pictures, or what they do anyway."""
    own = kind(encoder.kind)
    return {**own.reading, **({"leave_out": getattr(encoder, "leave_out", ())} if own.whole_rows else {})}


def preferred_metric(encoder: Encoder) -> Metric:
    """By which metric the vectors of an encoder are compared where nobody says otherwise."""
    return getattr(encoder, "metric", "cosine")
