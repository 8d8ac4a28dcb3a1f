"""What was given to look for outliers in, as points: where they lie, and which components come from which column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from knnife.encoders import Encoder
from knnife.errors import BadInput, KnnifeError
from knnife.geometry import Metric
from knnife.space import Sample, is_space, sample
from knnife.space.inputs import is_series
from knnife.space.space import Where

Columns = Mapping[str, slice]


def take(
    given: Any,
    *,
    encoder: str | Encoder | None = None,
    metric: Metric | None = None,
    view: str | None = None,
    where: Where = None,
    like: Sample | None = None,
    what: str = "the things",
) -> tuple[Sample, Columns]:
    """A sample of what was given, and the columns that are known of it: name -> components.

    As `knnife.space.sample`, but plain arrays are tables: their distances are Euclidean unless told, and their columns
    are called by number, those of a DataFrame of numbers by name. A Series of numbers is a table of one column.

    Raises BadInput as that does, and for a DataFrame that holds more than numbers.
    """
    names, numbers = None, encoder is None and (like is None or like.fingerprint is None)
    if numbers and is_series(given) and hasattr(given, "to_frame") and _are_numbers(given.to_numpy()):
        given = given.to_frame()
    if numbers and hasattr(given, "columns") and hasattr(given, "to_numpy"):
        names, given = [str(name) for name in given.columns], _numbers(given.to_numpy(), what)
    found = sample(given, encoder=encoder, metric=metric, view=view, where=where, like=like, what=what)
    if (
        is_space(given)
        or isinstance(given, Sample)
        or any(thing.value is not None or thing.vector is not None for thing in found.things)
    ):
        return found, _columns(found)
    width = found.vectors.shape[1]
    columns = {name: slice(i, i + 1) for i, name in enumerate(names or map(str, range(width)))}
    return replace(found, metric=like.metric if like is not None else metric or "euclidean"), columns


def _numbers(values: np.ndarray[Any, Any], what: str) -> np.ndarray[Any, Any]:
    if _are_numbers(values):
        return values.astype(np.float64)
    raise BadInput(
        f"{what}: the table has columns that are not numbers; encode its rows (knnife add SPACE FILE --row, or "
        "encoder=knnife.RowEncoder.train(table)), or leave those columns out"
    )


def _are_numbers(values: np.ndarray[Any, Any]) -> bool:
    return bool(np.issubdtype(values.dtype, np.number)) or values.dtype == np.bool_


def _columns(found: Sample) -> Columns:
    try:
        return found.parts
    except KnnifeError:  # the encoder cannot be loaded here: the vectors are there all the same, and can be judged
        return {}
