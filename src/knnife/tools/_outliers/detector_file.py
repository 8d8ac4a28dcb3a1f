"""A detector in a file: the format of safetensors, tensors and a few words of JSON, nothing that could be run.

    meta          JSON: format, metric, fingerprint, source, columns, ids, encoder (name or form), learned
    axes.N.*      origin, factors of the three axes
    the others    as in Scorer, Detector and LearnedLabels; encoder: its bytes, where no name leads to it

Reading one checks all shapes and numbers, so that a damaged file is refused rather than believed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knnife.encoders.tensors import Tensors, write_tensors
from knnife.geometry import METRICS
from knnife.space import Sample
from knnife.space.model_file import encoder_again, encoder_of, read_kept
from knnife.things import Thing
from knnife.tools._outliers.axes import Axes
from knnife.tools._outliers.labels import LearnedLabels
from knnife.tools._outliers.regression import DIRECTIONS, Regression
from knnife.tools._outliers.samples import sizes
from knnife.tools._outliers.scoring import Scorer

FORMAT = "knnife-detector-1"
ARRAYS, NUMBERS = ("odd", "centre", "scale", "coefficients"), ("level", "width")  # of a Regression


def write(path: Path, fields: Mapping[str, Any]) -> None:
    """Writes the fields of a detector to a file; what was there before stays until all is written."""
    scorer, reference, learned = fields["scorer"], fields["reference"], fields["learned"]
    tensors: dict[str, NDArray[Any]] = {
        "reference": reference.vectors,
        "orders": scorer.orders,
        "means": scorer.means,
        "deviations": scorer.deviations,
        "rows": fields["rows"],
        "scores": fields["scores"],
        "odd": fields["odd"],
    }
    for number, axes in enumerate(scorer.axes):
        tensors |= {f"axes.{number}.origin": axes.origin, f"axes.{number}.factors": axes.factors}
    tensors |= {f"learned.{name}": getattr(learned.regression, name) for name in ARRAYS} if learned else {}
    name, data = encoder_of(reference)
    tensors |= {} if data is None else {"encoder": np.frombuffer(data, np.uint8)}
    meta = {
        "format": FORMAT,
        "metric": reference.metric,
        "fingerprint": reference.fingerprint,
        "source": reference.source,
        "columns": [[name, part.start, part.stop] for name, part in fields["columns"].items()],
        "ids": list(reference.ids),
        "encoder": name,
        "learned": _told(learned) if learned else None,
    }
    write_tensors(path, tensors, {"meta": json.dumps(meta)})


def read(path: Path) -> dict[str, Any]:
    """The parts of the detector in a file, by the names that `Detector` has for them."""
    return read_kept(path, FORMAT, "detector", f"`knnife outliers SPACE --save {path}` makes a detector", _parts)


def _parts(meta: Mapping[str, Any], tensors: Tensors) -> dict[str, Any]:
    _check(meta, tensors)
    axes = tuple(Axes(tensors[f"axes.{n}.origin"], tensors[f"axes.{n}.factors"]) for n in range(3))
    things = [Thing(id, None) for id in meta["ids"]]
    vectors, fingerprint = tensors["reference"], meta["fingerprint"]
    data = tensors["encoder"].tobytes() if "encoder" in tensors else None
    load = None if fingerprint is None else lambda: encoder_again(meta["encoder"], data, "detector")
    reference = Sample(meta["ids"], vectors, things, meta["metric"], fingerprint, meta["source"], load)
    scorer = Scorer(axes, reference.points, tensors["orders"], tensors["means"], tensors["deviations"])
    return {
        "scorer": scorer,
        "reference": reference,
        "rows": tensors["rows"],
        "scores": tensors["scores"],
        "odd": tensors["odd"],
        "columns": {name: slice(start, stop) for name, start, stop in meta["columns"]},
        "learned": _learned(meta["learned"], tensors) if meta["learned"] else None,
    }


def _told(learned: LearnedLabels) -> dict[str, float]:
    numbers = {name: getattr(learned.regression, name) for name in NUMBERS}
    return numbers | {"weight": learned.weight, "lift": learned.lift}


def _learned(told: Mapping[str, float], tensors: Tensors) -> LearnedLabels:
    arrays: dict[str, Any] = {name: tensors[f"learned.{name}"] for name in ARRAYS}
    numbers = {name: float(told[name]) for name in NUMBERS}
    features = tensors["means"].shape[0] + min(DIRECTIONS, tensors["reference"].shape[1]) + 1
    if any(arrays[name].shape != (features,) for name in ("centre", "scale", "coefficients")):
        raise ValueError(f"what was learned is not of {features} features")
    return LearnedLabels(Regression(**(arrays | numbers)), float(told["weight"]), float(told["lift"]))


def _check(meta: Mapping[str, Any], tensors: Tensors) -> None:
    """Raises ValueError unless all shapes fit together, and every number can be computed with."""
    r, d = tensors["reference"].shape
    n, marks = len(tensors["scores"]), 3 * len(sizes(r))
    shapes: dict[str, tuple[int, ...]] = {
        "means": (marks,),
        "deviations": (marks,),
        "rows": (r,),
        "scores": (n,),
        "odd": (n,),
    }
    for number in range(3):
        factors = f"axes.{number}.factors"
        shapes |= {f"axes.{number}.origin": (d,), factors: (d,) if tensors[factors].ndim == 1 else (d, d)}
    for name, shape in shapes.items():
        if tensors[name].shape != shape:
            raise ValueError(f"{name} has the shape {tensors[name].shape}, not {shape}")
    for name, tensor in tensors.items():
        kind = {"orders": "i", "rows": "i", "odd": "b", "encoder": "u"}.get(name, "f")
        if tensor.dtype.kind != kind or not np.isfinite(tensor).all():
            raise ValueError(f"{name} holds {tensor.dtype}, or NaN, or infinity")
    ordered = np.sort(tensors["orders"], axis=1)
    if (
        not len(ordered)
        or ordered.shape[1:] != (r,)
        or not np.array_equal(ordered, np.broadcast_to(np.arange(r), ordered.shape))
    ):
        raise ValueError("orders are no orders of the reference")
    if not 0 <= tensors["rows"].min() <= tensors["rows"].max() < n:
        raise ValueError("rows lie outside of scores")
    if len(meta["ids"]) != r or not all(isinstance(id, str) for id in meta["ids"]) or meta["metric"] not in METRICS:
        raise ValueError("ids or metric do not fit")
    if not all(0 <= start < stop <= d for _, start, stop in meta["columns"]):
        raise ValueError("columns lie outside of the points")
