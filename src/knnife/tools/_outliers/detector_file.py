"""A detector in a file: the format of safetensors, tensors and a few words of JSON, nothing that could be run.

    meta          JSON: format, metric, fingerprint, source, columns, ids, encoder (name or form), learned
    axes.N.*      origin, factors of the three axes
    table.*       of most of the reference: numbers, codes, where surprises in its columns count (meta: lift)
    the others    as in Scorer, Detector and LearnedLabels; encoder: its bytes, where no name leads to it

Reading one checks all shapes and numbers, so that a damaged file is refused rather than believed.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knnife.encoders.tensors import Tensors
from knnife.geometry import METRICS
from knnife.space.model_file import read_kept, sample_again, write_kept
from knnife.tools._outliers.axes import Axes
from knnife.tools._outliers.labels import LearnedLabels
from knnife.tools._outliers.lifting import Lift
from knnife.tools._outliers.regression import DIRECTIONS, Regression
from knnife.tools._outliers.samples import sizes
from knnife.tools._outliers.scoring import Scorer
from knnife.tools._outliers.table import ColumnTable

FORMAT = "knnife-detector-1"
ARRAYS, NUMBERS = ("odd", "centre", "scale", "coefficients"), ("level", "width")  # of a Regression


def write(path: Path, fields: Mapping[str, Any]) -> None:
    """Writes the fields of a detector to a file; what was there before stays until all is written."""
    scorer, reference, learned = fields["scorer"], fields["reference"], fields["learned"]
    tensors: dict[str, NDArray[Any]] = {name: fields[name] for name in ("rows", "scores", "odd")}
    tensors |= {name: getattr(scorer, name) for name in ("orders", "means", "deviations")}
    tensors["reference"] = reference.vectors
    for number, axes in enumerate(scorer.axes):
        tensors |= {f"axes.{number}.origin": axes.origin, f"axes.{number}.factors": axes.factors}
    lift = fields["lift"]
    if lift:
        tensors |= {f"table.{name}": getattr(lift.surprises.table, name) for name in lift.surprises.table._fields}
    tensors |= {f"learned.{name}": getattr(learned.regression, name) for name in ARRAYS} if learned else {}
    meta = {
        "columns": [[name, part.start, part.stop] for name, part in fields["columns"].items()],
        "ids": list(reference.ids),
        "learned": _numbers(learned) if learned else None,
        "lift": lift.state() if lift else None,
    }
    write_kept(path, FORMAT, "detector", reference, meta, tensors)


def read(path: Path) -> dict[str, Any]:
    """The parts of the detector in a file, by the names that `Detector` has for them."""
    return read_kept(path, FORMAT, "detector", f"`knnife outliers SPACE --save {path}` makes a detector", _parts)


def _parts(meta: Mapping[str, Any], tensors: Tensors) -> dict[str, Any]:
    _check(meta, tensors)
    axes = tuple(Axes(tensors[f"axes.{n}.origin"], tensors[f"axes.{n}.factors"]) for n in range(3))
    reference = sample_again(meta, tensors, tensors["reference"], meta["ids"], "detector")
    scorer = Scorer(axes, reference.points, tensors["orders"], tensors["means"], tensors["deviations"])
    return {
        "scorer": scorer,
        "reference": reference,
        "rows": tensors["rows"],
        "scores": tensors["scores"],
        "odd": tensors["odd"],
        "columns": {name: slice(start, stop) for name, start, stop in meta["columns"]},
        "learned": _learned(meta["learned"], tensors) if meta["learned"] else None,
        "lift": _lift(meta.get("lift"), tensors),  # older versions had none
    }


def _numbers(learned: LearnedLabels) -> dict[str, float]:
    numbers = {name: getattr(learned.regression, name) for name in NUMBERS}
    return numbers | {"weight": learned.weight, "lift": learned.lift}


def _learned(numbers: Mapping[str, float], tensors: Tensors) -> LearnedLabels:
    arrays: dict[str, Any] = {name: tensors[f"learned.{name}"] for name in ARRAYS}
    level = {name: float(numbers[name]) for name in NUMBERS}
    features = tensors["means"].shape[0] + min(DIRECTIONS, tensors["reference"].shape[1]) + 1
    if any(arrays[name].shape != (features,) for name in ("centre", "scale", "coefficients")):
        raise ValueError(f"what was learned is not of {features} features")
    return LearnedLabels(Regression(**(arrays | level)), float(numbers["weight"]), float(numbers["lift"]))


def _lift(state: Mapping[str, Any] | None, tensors: Tensors) -> Lift | None:
    if state is None:
        return None
    table = ColumnTable(tensors["table.numbers"].astype(np.float64), tensors["table.codes"].astype(np.int64))
    if table.numbers.ndim != 2 or table.codes.ndim != 2 or len(table.numbers) != len(table.codes):
        raise ValueError("the table has no rows, or different ones")
    return Lift.of_state(state, table)


def _check(meta: Mapping[str, Any], tensors: Tensors) -> None:
    """Raises ValueError unless all shapes fit together, and every number can be computed with."""
    r, d = tensors["reference"].shape
    n, marks = len(tensors["scores"]), 3 * len(sizes(r))
    shapes: dict[str, tuple[int, ...]] = {"means": (marks,), "deviations": (marks,)}
    shapes |= {"rows": (r,), "scores": (n,), "odd": (n,)}
    for number in range(3):
        factors = f"axes.{number}.factors"
        shapes |= {f"axes.{number}.origin": (d,), factors: (d,) if tensors[factors].ndim == 1 else (d, d)}
    for name, shape in shapes.items():
        if tensors[name].shape != shape:
            raise ValueError(f"{name} has the shape {tensors[name].shape}, not {shape}")
    for name, tensor in tensors.items():
        kind = {"orders": "i", "rows": "i", "odd": "b", "encoder": "u", "table.codes": "i"}.get(name, "f")
        missing = name == "table.numbers" and np.isnan(tensor)  # cells may be
        if tensor.dtype.kind != kind or not (np.isfinite(tensor) | missing).all():
            raise ValueError(f"{name} holds {tensor.dtype}, or NaN, or infinity")
    orders = tensors["orders"]
    if not len(orders) or orders.shape[1:] != (r,) or (np.sort(orders, axis=1) != np.arange(r)).any():
        raise ValueError("orders are no orders of the reference")
    if not 0 <= tensors["rows"].min() <= tensors["rows"].max() < n:
        raise ValueError("rows lie outside of scores")
    if len(meta["ids"]) != r or not all(isinstance(id, str) for id in meta["ids"]) or meta["metric"] not in METRICS:
        raise ValueError("ids or metric do not fit")
    if not all(0 <= start < stop <= d for _, start, stop in meta["columns"]):
        raise ValueError("columns lie outside of the points")
