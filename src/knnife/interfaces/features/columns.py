# ruff: noqa: N803 - X is what scikit-learn calls it
"""The columns of what scikit-learn hands over (frames, series, Arrow, arrays, lists), known by what they can do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import validate_data

from knnife.errors import BadInput

Name = str | int | None  # of a column: its position where it has no name; None for one that stands alone
Texts = list[str | None]


def is_table(X: Any) -> bool:
    """Is it a table of named columns (pandas, polars, Arrow)?"""
    return hasattr(X, "shape") and hasattr(X, "columns")


def columns_of(X: Any) -> dict[Name, Any]:
    """The columns of `X`, by name or, of arrays and lists, by position; a single column (n,) is called None.

    Raises BadInput for what has no columns, and for names that are not all different.
    """
    if is_table(X):
        names = list(getattr(X, "column_names", X.columns))  # the first is Arrow's way
        if len(set(names)) < len(names):
            raise BadInput(f"several columns have the same name, among {', '.join(map(str, names))}; rename them")
        return {name: X[name] for name in names}
    if hasattr(X, "tocsr"):
        raise BadInput("X is a sparse matrix; expected texts, or a table")
    if isinstance(X, str | bytes | Mapping) or not (hasattr(X, "__len__") or hasattr(X, "__array__")):
        raise BadInput(
            f"X is {type(X).__name__}; expected a list, an array, a Series, or a table of pandas, polars or Arrow"
        )
    if hasattr(X, "to_list") or hasattr(X, "to_pylist"):
        return {None: X}
    array = np.asarray(X, dtype=None if hasattr(X, "__array__") else object)  # of a list, NaN is not to become "nan"
    if array.dtype.kind == "c":
        raise BadInput("Complex data not supported: expected texts or, for EmbedRows, real numbers")
    array = (array.astype("datetime64[us]") if array.dtype.kind == "M" else array).astype(object)  # not whole numbers
    if array.ndim == 1:
        return {None: array}
    if array.ndim != 2:
        raise BadInput(f"X has {array.ndim} dimensions; expected texts (n,) or columns of texts (n, columns)")
    return {number: array[:, number] for number in range(array.shape[1])}


def chosen(columns: Mapping[Name, Any], wanted: Name | Sequence[Name] | None) -> dict[Name, Any]:
    """The columns that are wanted, in that order; all where nothing is said. Raises BadInput for a missing one."""
    if wanted is None:
        return dict(columns)
    names = [wanted] if isinstance(wanted, str | int) else list(wanted)
    if not names or any(name not in columns for name in names):
        has = "one column without a name" if None in columns else ", ".join(map(repr, columns))
        raise BadInput(f"columns={wanted!r}: expected names or numbers of columns of X, which has {has}")
    return {name: columns[name] for name in names}


def check_columns(estimator: BaseEstimator, X: Any, columns: Mapping[Name, Any], *, reset: bool) -> None:
    """Keep how many columns there are and how they are called (reset), or compare that with what was kept.

    Raises BadInput where there are none, and ValueError, as all of scikit-learn does, where they are others.
    """
    if not columns:
        raise BadInput(f"X has no columns: 0 feature(s) (shape=({len(X)}, 0)) while a minimum of 1 is required.")
    if None not in columns:
        validate_data(estimator, X, reset=reset, skip_check_array=True)
    elif not reset:
        if (count := getattr(estimator, "n_features_in_", 1)) != 1:
            raise BadInput(f"X is one column, and fit was given {count}. Reshape your data: expected (n, {count})")
    else:
        validate_data(estimator, np.empty((1, 1)), reset=True, skip_check_array=True)
        name = getattr(X, "name", None)  # of a Series
        if isinstance(name, str) and name:
            estimator.feature_names_in_ = np.array([name], dtype=object)


def names_in(estimator: BaseEstimator, given: Sequence[str] | None) -> list[str]:
    """How the columns of `fit` are called: by their names, those given now, or "x0", "x1", ..."""
    known = getattr(estimator, "feature_names_in_", None)
    if given is None:
        return [f"x{number}" for number in range(estimator.n_features_in_)] if known is None else list(known)
    count = estimator.n_features_in_
    if len(given) != count:
        raise BadInput(f"input_features should have length equal to number of features ({count}), got {len(given)}")
    if known is not None and list(given) != list(known):
        raise BadInput("input_features is not equal to feature_names_in_, the columns of fit")
    return list(given)


def texts_of(column: Any, name: Name) -> Texts:
    """The texts of a column, None where one is missing or blank.

    Raises BadInput for a value that is neither a text nor missing.
    """
    found: Texts = []
    for row, value in enumerate(cells_of(column)):
        if isinstance(value, str) or value is None:
            found.append(value if value and not value.isspace() else None)
        else:
            where = "X" if name is None else f"column {name!r}"
            raise BadInput(
                f"{where}, row {row}: expected a text, got {type(value).__name__} {value!r:.60}. Leave the column to "
                "another transformer, or take knnife.EmbedRows, which understands mixed tables"
            )
    return found


def cells_of(column: Any) -> list[Any]:
    """A column as Python objects, None where one is missing (NaN, NaT and NA, too)."""
    if hasattr(column, "isna"):  # pandas knows all its ways to say "missing"
        column = column.astype(object).where(column.notna(), None)
    for way in ("to_pylist", "to_list", "tolist"):  # Arrow; pandas and polars; NumPy
        if hasattr(column, way):
            return [None if _is_missing(value) else value for value in getattr(column, way)()]
    return [None if _is_missing(value) else value for value in column]


def _is_missing(value: Any) -> bool:
    try:
        return bool(value != value)  # NaN and NaT are not even equal to themselves
    except TypeError:  # what pandas' NA says when asked whether it is true
        return True
    except ValueError:  # an array
        return False
