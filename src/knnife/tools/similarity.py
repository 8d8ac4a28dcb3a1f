"""How similar are these to those? All pairs of two lists of texts, or of two arrays of vectors, compared exactly."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from knnife import geometry
from knnife.encoders import DEFAULT, Encoder, load_encoder
from knnife.errors import BadInput
from knnife.geometry import Metric, Vectors, as_vectors
from knnife.space import Space, is_space
from knnife.space.inputs import is_series
from knnife.space.model_words import meant


@dataclass(frozen=True)
class Similarity:
    """The similarities of n things with m others: `scores` is `(n, m)`, higher is closer.

    a, b: the texts of both sides; for vectors, their row numbers. read_as: the texts with misspelled words, and what
    they were also read as.
    """

    a: Sequence[str] | range
    b: Sequence[str] | range
    scores: Vectors
    read_as: Mapping[str, str] = field(default_factory=dict)

    def rows(self) -> Iterator[dict[str, Any]]:
        """One row a pair, in the order of `a`, then of `b`.

        Columns:
            a (str | int): a text of the one side, or the row of a vector.
            b (str | int): one of the other side.
            score (float): how similar they are, higher is closer.
        """
        for i, first in enumerate(self.a):
            for j, second in enumerate(self.b):
                yield {"a": first, "b": second, "score": float(self.scores[i, j])}


def similarity(
    a: Any,
    b: Any,
    encoder: str | Encoder | Space = DEFAULT,
    metric: Metric | None = None,
    *,
    as_written: bool = False,
) -> Similarity:
    """Compares every thing of `a` with every one of `b`.

    The built-in model reads texts with misspelled words twice, as written and as meant, and both count alike.

    Args:
        a: a text, texts, or vectors `(n, d)`, also as a Series; one of them is a batch of one.
        b: likewise `(m, d)`; texts and vectors may be mixed where the dimensions agree.
        encoder: what encodes the texts: a name of the catalogue, an encoder, a space or its path. Vectors need none.
        metric: "cosine" by default, or the metric of the space.
        as_written: True takes texts as they are written, and no word for another.

    Raises:
        BadInput: something is neither texts nor vectors, the dimensions differ, the metric is unknown, or the
            space has no encoder.
        NotFound: no encoder has that name.
        EncoderMismatch: the encoder of that name is not the one that made the vectors of the space.

    """
    if not isinstance(encoder, Space) and is_space(encoder):
        with Space.open(str(encoder), read_only=True) as space:
            return similarity(a, b, space, metric, as_written=as_written)
    a, b = (side.to_list() if is_series(side) else side for side in (a, b))
    if metric is None:
        metric = encoder.metric if isinstance(encoder, Space) else "cosine"
    read_as = {} if as_written else _read_as([text for side in (a, b) for text in _texts(side) or ()], encoder)
    left, right = _side(a, encoder, "a", read_as), _side(b, encoder, "b", read_as)
    if left.shape[1] != right.shape[1]:
        raise BadInput(f"a has {left.shape[1]} dimensions and b has {right.shape[1]}; they must agree")
    names = [_texts(side) or range(len(points)) for side, points in ((a, left), (b, right))]
    return Similarity(names[0], names[1], geometry.similarity(left, right, metric), read_as)


def _model(encoder: str | Encoder | Space) -> Encoder:
    return encoder.encoder if isinstance(encoder, Space) else load_encoder(encoder)


def _read_as(texts: Sequence[str], encoder: str | Encoder | Space) -> dict[str, str]:
    """Those of the texts that the built-in model reads another way, too; for other models we cannot tell its words."""
    if not texts or _model(encoder).name != DEFAULT:
        return {}
    return {text: read.text for text, read in zip(texts, meant(texts), strict=True) if read.corrections}


def _side(given: Any, encoder: str | Encoder | Space, what: str, read_as: Mapping[str, str]) -> Vectors:
    """The vectors of one side `(n, d)`."""
    texts = _texts(given)
    if texts is None:
        return as_vectors(given, what=what)
    model = _model(encoder)
    vectors = as_vectors(model.encode(texts), model.dim, what)
    twice = [row for row, text in enumerate(texts) if text in read_as]
    if twice:
        read = as_vectors(model.encode([read_as[texts[row]] for row in twice]), model.dim, what)
        vectors[twice] = geometry.unit(geometry.unit(vectors[twice]) + geometry.unit(read))
    return vectors


def _texts(given: Any) -> list[str] | None:
    """The texts given; None when they are something else, and so have to be vectors."""
    if isinstance(given, str):
        return [given]
    if isinstance(given, Sequence) and given and all(isinstance(each, str) for each in given):
        return list(given)
    return None
