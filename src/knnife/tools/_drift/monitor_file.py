"""A monitor in a file: the format of safetensors, arrays and a few words of JSON, nothing that could be run.

    meta       JSON: format, metric, fingerprint, source, encoder (name or form), rate, reference, highest, random;
               of rows perhaps usual: what the columns said that said the same in all of them
    known      (s, m), of each score the sorted values; counts (looks + 1, s, BINS); the others as in Scores
    encoder    its bytes, where no name leads to it

The file may come from anybody, so all shapes and numbers are checked before they are used.
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
from knnife.tools._drift.scores import BINS, FAR_RANK, Scores

FORMAT = "knnife-drift-monitor-1"
ARRAYS = {"points": "f4", "centre": "f4", "directions": "f4", "cells": "f4", "known": "f8", "counts": "i8"}


def write(path: Path, fields: Mapping[str, Any]) -> None:
    """Writes the fields of a monitor to a file, in one step."""
    scores = fields["scores"]
    tensors: dict[str, NDArray[Any]] = {
        name: getattr(scores, name) for name in ("points", "centre", "directions", "cells")
    }
    tensors |= {"known": np.stack(fields["known"]), "counts": fields["counts"]}
    meta = {name: fields[name] for name in ("rate", "reference", "highest")}
    if fields["usual"]:
        meta["usual"] = dict(fields["usual"])
    meta["random"] = fields["random"].bit_generator.state
    write_kept(path, FORMAT, "drift-monitor", scores.sample, meta, tensors)


def read(path: Path) -> dict[str, Any]:
    """The fields of the monitor in a file. Raises NotFound, and BadInput for a file that is no monitor."""
    return read_kept(path, FORMAT, "monitor", f"`knnife drift REFERENCE NEW --monitor {path}` makes a monitor", _fields)


def _fields(meta: Mapping[str, Any], tensors: Tensors) -> dict[str, Any]:
    _check(meta, tensors)
    points = tensors["points"]
    own = sample_again(meta, tensors, points, [str(number) for number in range(len(points))], "monitor")
    random = np.random.default_rng()
    random.bit_generator.state = meta["random"]
    return {
        "scores": Scores(own, points, tensors["centre"], tensors["directions"], tensors["cells"]),
        "known": list(tensors["known"]),
        "rate": float(meta["rate"]),
        "random": random,
        "counts": tensors["counts"],
        "reference": meta["reference"],
        "highest": float(meta["highest"]),
        "usual": dict(meta.get("usual", {})),
    }


def _check(meta: Mapping[str, Any], tensors: Tensors) -> None:
    """Raises ValueError unless all fits together, and every number can be computed with."""
    (n, d), (scores, known) = tensors["points"].shape, tensors["known"].shape
    counts = tensors["counts"]
    shapes = {
        "points": (n, d),
        "centre": (d,),
        "directions": (d, scores - 2),
        "cells": (len(tensors["cells"]), d),
        "counts": (len(counts), scores, BINS),
        "known": (scores, known),
    }
    for name, kind in ARRAYS.items():
        tensor, shape = tensors[name], shapes[name]
        if tensor.dtype != np.dtype(kind) or tensor.shape != shape or not np.isfinite(tensor).all():
            raise ValueError(f"{name}: expected finite {kind} of shape {shape}, found {tensor.dtype} {tensor.shape}")
    if n < FAR_RANK or not len(tensors["cells"]) or not len(counts) or (np.diff(tensors["known"]) < 0).any():
        raise ValueError("too few points or cells, or values that are not sorted")
    seen = counts.sum(axis=2)
    growing = not counts[0].any() and (np.diff(counts, axis=0) >= 0).all()
    if not growing or counts.max() > known or seen.max() >= known or (seen != seen[:, :1]).any():
        raise ValueError("counts do not grow from 0, or differ between scores")
    if meta["metric"] not in METRICS or not 0 < meta["rate"] < 1 or not meta["highest"] >= 1:
        raise ValueError("metric, rate or highest: out of range")
    if not all(isinstance(meta[name], str | None) for name in ("fingerprint", "encoder")):
        raise ValueError("fingerprint, encoder: expected texts")
    if not all(isinstance(said, str | None) for said in dict(meta.get("usual", {})).values()):
        raise ValueError("usual: expected texts by column")
    if not all(isinstance(meta[name], str) for name in ("source", "reference")):
        raise ValueError("source, reference: expected texts")
