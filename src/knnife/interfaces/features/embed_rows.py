# ruff: noqa: N803 - X is what scikit-learn calls it
"""Rows of a mixed table to vectors, as a step of a scikit-learn pipeline: numbers, dates, categories and texts at once.

`fit` trains a `knnife.RowEncoder`: what each column is, its scale, how rare its values are and where cells are missing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags, check_random_state
from sklearn.utils.validation import check_is_fitted

import knnife
from knnife.errors import BadInput
from knnife.geometry import Vectors
from knnife.interfaces.features.columns import cells_of, check_columns, columns_of, names_in
from knnife.things import Thing
from knnife.things.metadata import known
from knnife.things.reading import RowError


class EmbedRows(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Rows of a table, whatever its columns are, to their vectors `(n, d)`.

    X may be a table (pandas, polars, Arrow) or an array. What a column is, is seen from its cells: numbers, dates, yes
    or no, categories, texts; what tells nothing (constants, ids) is left out. A missing cell is information, not an
    error. Distances between the vectors are Euclidean, and each column has about the same say in them.

    Parameters
    ----------
    leave_out : str or list of str, default=()
        Columns that are no part of a point.
    random_state : int, RandomState or None, default=0
        Of the drawing of 20,000 rows to learn from, where there are more.

    Attributes
    ----------
    encoder_ : knnife.RowEncoder
        What was learned. `encoder_.columns` says of each column what it was taken for; `encoder_.parts`, which
        components are its own.
    n_features_in_, feature_names_in_ :
        As everywhere in scikit-learn.

    """

    def __init__(self, *, leave_out: str | Iterable[str] = (), random_state: Any = 0) -> None:
        self.leave_out = leave_out
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn the columns. Raises BadInput for fewer than two rows, and where no column tells them apart."""
        rows = self._rows(X, reset=True)
        if len(rows) < 2:
            raise BadInput(f"found {len(rows)} sample(s): n_samples={len(rows)}, while a minimum of 2 is required")
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        self.encoder_ = knnife.RowEncoder.train(_things(rows), leave_out=self.leave_out, seed=seed)
        return self

    def transform(self, X: Any) -> Vectors:
        """The vectors: float32 `(n, d)`. Raises BadInput for columns that are not those of `fit`."""
        check_is_fitted(self)
        return self.encoder_.encode(self._rows(X, reset=False))

    def get_feature_names_out(self, input_features: Sequence[str] | None = None) -> NDArray[np.object_]:
        """The names of the components: "amount_0", "amount_1", "country_0", ..."""
        check_is_fitted(self)
        own = names_in(self, None)
        called = dict(zip(own, names_in(self, input_features), strict=True))
        return np.array(
            [
                f"{called.get(column, column)}_{number}"
                for column, part in self.encoder_.parts.items()
                for number in range(part.stop - part.start)
            ],
            dtype=object,
        )

    def __sklearn_tags__(self) -> Tags:
        tags: Tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.categorical = False  # the common checks would give it whole numbers only
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = []
        return tags

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = super().__getstate__()
        return state | ({"encoder_": self.encoder_.to_bytes()} if "encoder_" in state else {})

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(
            state | ({"encoder_": knnife.RowEncoder.from_bytes(state["encoder_"])} if "encoder_" in state else {})
        )

    def _rows(self, X: Any, *, reset: bool) -> list[dict[str, Any]]:
        columns = columns_of(X)
        check_columns(self, X, columns, reset=reset)
        if None in columns:
            raise BadInput("X is one column (n,). Reshape your data: expected a table (n, columns)")
        names = names_in(self, None)
        cells = [cells_of(column) for column in columns.values()]
        return [dict(zip(names, row, strict=True)) for row in zip(*cells, strict=True)]


def _things(rows: list[dict[str, Any]]) -> Iterator[Thing]:
    """Rows as things to learn from. A column named "id" is one like the others here, and a row may be empty."""
    names = dict.fromkeys(rows[0])  # in the order of the table
    for number, row in enumerate(rows):
        try:
            yield Thing(None, json.dumps(known(row), ensure_ascii=False), names)
        except RowError as error:
            raise BadInput(f"X, row {number}: {error}") from error
