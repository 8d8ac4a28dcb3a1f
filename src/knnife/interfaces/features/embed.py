# ruff: noqa: N803 - X is what scikit-learn calls it
"""Texts to vectors, as a step of a scikit-learn pipeline.

`fit` stores only the fingerprint of the encoder, so a pickle is small, and refuses another model of the same name.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from copy import copy
from functools import lru_cache
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from knnife.encoders import DEFAULT, Encoder, load_encoder
from knnife.encoders.protocol import goes_on_for, preferred_metric
from knnife.errors import BadInput, EncoderMismatch
from knnife.geometry import Vectors, unit
from knnife.interfaces.features.columns import Name, Texts, check_columns, chosen, columns_of, names_in, texts_of
from knnife.space import encode
from knnife.things.kinds import kind

LOADED = 4  # encoders that stay in memory for the next fit; a grid search fits the same ones again and again


class Embed(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Texts to their vectors: `(n,)` texts to `(n, d)`, columns of texts to `(n, columns * d)`.

    X may be a list, an array or a Series of texts; or a table (pandas, polars, Arrow, an array) whose columns are
    texts, each of which is encoded for itself. Vectors of encoders that compare by the cosine come at length 1. A
    missing or blank text is a row of zeros. What slow encoders made of a text is remembered between runs
    (KNNIFE_CACHE).

    Parameters
    ----------
    encoder : str, Path or Encoder, default="english"
        What `knnife.load_encoder` takes: a name, "hf:owner/name", a folder, or an encoder. For searches and pickles
        give a name: those copy and write down what they are given, and not every encoder bears that.
    columns : str, int or list of them, default=None
        The columns of a table to encode, where not all of them are texts; the others are left out.

    Attributes
    ----------
    fingerprint_ : str
        Of the encoder. A transform with another one raises EncoderMismatch.
    n_features_in_, feature_names_in_ :
        As everywhere in scikit-learn. Single columns (n,) count as one; their name is that of the Series, if any.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> model = make_pipeline(Embed(), LogisticRegression())
    >>> _ = model.fit(["a fine film", "a dull film", "what a delight", "I fell asleep"], [1, 0, 1, 0])
    >>> model.predict(["delightful"]).tolist()
    [1]

    """

    def __init__(
        self, encoder: str | Path | Encoder = DEFAULT, *, columns: Name | Sequence[Name] | None = None
    ) -> None:
        self.encoder = encoder
        self.columns = columns

    def fit(self, X: Any, y: Any = None) -> Self:
        """Check the texts, and load the encoder. Raises BadInput, and what `knnife.load_encoder` raises."""
        texts = self._texts(X, reset=True)
        if not len(next(iter(texts.values()))):
            raise BadInput("X holds no texts: found 0 sample(s) while a minimum of 1 is required")
        self.fingerprint_ = self._loaded().fingerprint
        return self

    def transform(self, X: Any) -> Vectors:
        """The vectors: float32 `(n, columns * d)`, columns in their order.

        Raises BadInput for columns that are not those of `fit`, and for values that are no texts; EncoderMismatch.
        """
        texts = self._texts(X, reset=False)
        encoder = self._loaded()
        if not goes_on_for(encoder, getattr(self, "fingerprint_", encoder.fingerprint)):
            raise EncoderMismatch(
                f"this Embed was fitted with an encoder {encoder.name} of fingerprint {self.fingerprint_[:12]}; the "
                f"one of that name here has {encoder.fingerprint[:12]}. Fit again, or bring that model here"
            )
        return np.hstack([_vectors(encoder, column) for column in texts.values()])

    def get_feature_names_out(self, input_features: Sequence[str] | None = None) -> NDArray[np.object_]:
        """The names of the components: "plot_0", "plot_1", ... for a column named "plot"; "x0_0" for one without.

        input_features: names for columns that had none in `fit`.
        """
        check_is_fitted(self, "n_features_in_")
        names = names_in(self, input_features)
        if self.columns is not None:
            names = list(chosen(dict(enumerate(names)) | {name: name for name in names}, self.columns).values())
        dim = self._loaded().dim
        return np.array([f"{name}_{number}" for name in names for number in range(dim)], dtype=object)

    def __sklearn_clone__(self) -> Self:
        """Encoders never change, and some cannot be copied: clones share the one that was given."""
        bare = copy(self)
        bare.encoder = DEFAULT
        twin: Self = super(Embed, bare).__sklearn_clone__()
        twin.encoder = self.encoder
        return twin

    def __sklearn_tags__(self) -> Tags:
        tags: Tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False  # of numbers, that is: what the common checks would give it
        tags.input_tags.one_d_array = True
        tags.input_tags.allow_nan = True
        tags.requires_fit = False
        tags.transformer_tags.preserves_dtype = []
        return tags

    def _texts(self, X: Any, *, reset: bool) -> dict[Name, Texts]:
        """The texts of each column that is wanted, the columns being those of `fit` (reset: from now on)."""
        columns = columns_of(X)
        check_columns(self, X, columns, reset=reset)
        return {name: texts_of(column, name) for name, column in chosen(columns, self.columns).items()}

    def _loaded(self) -> Encoder:
        encoder = self.encoder
        encoder = _load(encoder, _stamp(encoder)) if isinstance(encoder, str | Path) else load_encoder(encoder)
        if not kind(encoder.kind).any_text:
            raise BadInput(f"encoder {encoder.name} takes {encoder.kind}; Embed needs one that takes text")
        return encoder


def _vectors(encoder: Encoder, texts: Texts) -> Vectors:
    """The vectors `(n, d)` as they are compared; zeros where there is no text."""
    vectors = np.zeros((len(texts), encoder.dim), np.float32)
    there = [row for row, text in enumerate(texts) if text is not None]
    if there:
        made = encode(encoder, [texts[row] for row in there])
        vectors[there] = unit(made) if preferred_metric(encoder) == "cosine" else made
    return vectors


@lru_cache(maxsize=LOADED)
def _load(name: str | Path, stamp: object) -> Encoder:
    """The encoder of that name. `stamp` makes it another one when the files of its folder have changed."""
    return load_encoder(name)


def _stamp(name: str | Path) -> object:
    if not os.path.isdir(name):
        return None
    with os.scandir(name) as files:
        return tuple(sorted((file.name, file.stat().st_mtime_ns, file.stat().st_size) for file in files))
