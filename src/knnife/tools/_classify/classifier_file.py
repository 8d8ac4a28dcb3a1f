"""The file of a classifier: safetensors (arrays, and a JSON object about them), never code.

`format`, `version` and `about` stand in the header's metadata. Whatever is read is checked before it is used: the file
may come from anybody.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knnife.encoders.tensors import read_tensors, write_tensors
from knnife.errors import BadInput, NotFound
from knnife.geometry import METRICS
from knnife.tools._classify.calibration import Measured
from knnife.tools._classify.centring import Centring
from knnife.tools._classify.examples import Examples
from knnife.tools._classify.fitting import Head
from knnife.tools._classify.novelty import Novelty
from knnife.tools._classify.nystrom import Nystrom
from knnife.tools._classify.softmax import Weights

FORMAT, VERSION = "knnife-classifier", "1"
Tensors = Mapping[str, NDArray[Any]]
KEPT = (str, int, float, bool)  # kinds of labels that JSON has


def save(fields: Mapping[str, Any], path: Path) -> None:
    """Writes a classifier with these fields, in one step. Raises BadInput for labels of a kind that it cannot hold."""
    for label in fields["classes"]:
        if not isinstance(label, KEPT):
            raise BadInput(f"the label {label!r:.60} cannot be kept; expected texts, numbers or truth values")
    about = {
        "classes": fields["classes"],
        "metric": fields["metric"],
        "encoder": fields["encoder"],
        "fingerprint": fields["fingerprint"],
        "measured": fields["measured"],
        "scale": fields["centring"].scale,
        "sharpness": fields["head"].sharpness,
        "penalty": fields["head"].penalty,
        "blend": fields["head"].blend,
        "ids": list(fields["examples"].ids),
        "things": fields["examples"].things,
        "unlabelled": fields["unlabelled"],
        "near": fields["novelty"].near,
        "explained": fields["novelty"].explained,
        "background": fields["novelty"].background,
    }
    tensors: dict[str, NDArray[Any]] = {
        "centre": fields["centring"].centre,
        "places": fields["kernel"].places,
        "mixing": fields["kernel"].mixing,
        "slope": fields["head"].weights.slope,
        "intercept": fields["head"].weights.intercept,
        "ridge": fields["head"].ridge,
        "examples": fields["examples"].points,
        "codes": fields["examples"].codes,
        "nearness": fields["novelty"].usual,
    }
    if (place := fields["novelty"].place) is not None:
        about["names_scale"] = place.scale
        tensors |= {"names": fields["novelty"].known, "names_centre": place.centre}
    write_tensors(path, tensors, {"format": FORMAT, "version": VERSION, "about": json.dumps(about)}, "classifier")


def load(path: Path) -> dict[str, Any]:
    """The fields of the Classifier that was saved. Raises NotFound; BadInput where the parts do not fit together."""
    if not os.path.isfile(path):  # Path.is_file raises for names that are too long
        raise NotFound(f"there is no file {path}; a classifier is written by `knnife classify --save` or save()")
    try:
        metadata, tensors = read_tensors(path)
        if metadata.get("format") != FORMAT:
            raise BadInput(f"{path} is no classifier: it does not say that its format is {FORMAT}")
        if metadata.get("version") != VERSION:
            raise BadInput(
                f"{path} is a classifier of version {metadata.get('version')!r:.20}, and this knnife reads version "
                f"{VERSION}; use the knnife that wrote it, or learn it again"
            )
        return _fields(*_completed(tensors, json.loads(metadata["about"])))
    except BadInput:
        raise
    except (LookupError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise BadInput(f"{path} is no classifier, or is damaged: {error!s:.200}") from error


def _fields(tensors: Tensors, about: Mapping[str, Any]) -> dict[str, Any]:
    classes = _classes(about["classes"])
    _check_shapes(tensors, len(classes))
    ids, things = about["ids"], int(about["things"])
    examples = Examples(tensors["examples"], tensors["codes"], ids, things)
    if not 0 <= things <= len(ids) or len(ids) != len(examples.points) or not all(isinstance(id, str) for id in ids):
        raise ValueError(f"expected {len(examples.points)} ids, and no more things")
    metric, told = about["metric"], about["measured"]
    if metric not in METRICS or not all(isinstance(about[name], str | None) for name in ("encoder", "fingerprint")):
        raise ValueError("metric, encoder, fingerprint: expected their names")
    scale, sharpness = (_positive(float(about[name])) for name in ("scale", "sharpness"))
    return {
        "classes": classes,
        "metric": metric,
        "encoder": about["encoder"],
        "fingerprint": about["fingerprint"],
        "measured": None if told is None else Measured(int(told[0]), float(told[1]), float(told[2])),
        "centring": Centring(metric, tensors["centre"], scale),
        "kernel": Nystrom(tensors["places"], tensors["mixing"]),
        "head": Head(
            Weights(tensors["slope"], tensors["intercept"]),
            sharpness,
            _positive(float(about["penalty"])),
            tensors["ridge"],
            _number(about["blend"]),
        ),
        "examples": examples,
        "novelty": _novelty(tensors, about, examples, len(classes)),
        "unlabelled": int(about["unlabelled"]),
        "alike": (),
    }


def _completed(tensors: Tensors, about: Mapping[str, Any]) -> tuple[Tensors, Mapping[str, Any]]:
    """What files lack that were written before there were least squares: they do not count there."""
    if "ridge" in tensors:
        return tensors, about
    older = {"penalty": 1.0, "blend": 0.0, "near": 1.0, "explained": 0.0, "names_scale": 1.0}
    more = {"ridge": np.zeros_like(tensors["slope"]), "names_centre": np.zeros_like(tensors["centre"])}
    return {**more, **tensors}, {**older, "background": not about["things"], **about}


def _novelty(tensors: Tensors, about: Mapping[str, Any], examples: Examples, classes: int) -> Novelty:
    metric, things, usual = about["metric"], examples.things, np.sort(tensors["nearness"])
    near, explained = _number(about["near"]), _number(about["explained"])
    known = examples.points[:things] if things else tensors["names"]
    place = None if things else Centring(metric, tensors["names_centre"], _positive(float(about["names_scale"])))
    return Novelty(metric, known, usual, near, explained, things / classes, place, bool(about["background"]))


def _classes(given: Any) -> tuple[Any, ...]:
    if not isinstance(given, list) or not all(isinstance(label, KEPT) for label in given):
        raise ValueError("classes: expected a list of texts, numbers or truth values")
    if len(given) < 2 or len(set(given)) < len(given):
        raise ValueError("classes: expected two or more, each once")
    return tuple(given)


def _check_shapes(tensors: Tensors, classes: int) -> None:
    """Raises ValueError unless all arrays fit together and are finite."""
    n, dim = tensors["examples"].shape
    places, rank = tensors["mixing"].shape
    shapes: dict[str, tuple[int, ...]] = {"examples": (n, dim), "centre": (dim,), "mixing": (places, rank)}
    shapes |= {"places": (places, dim), "slope": (rank, classes), "intercept": (classes,)}
    shapes["ridge"] = (rank, classes)
    shapes |= {"nearness": tensors["nearness"].shape[:1]}
    if "names" in tensors:
        shapes |= {"names": (classes, dim), "names_centre": (dim,)}
    for name, shape in shapes.items():
        tensor = tensors[name]
        if tensor.dtype != np.float32 or tensor.shape != shape or not np.isfinite(tensor).all():
            raise ValueError(f"{name}: expected finite float32 of shape {shape}, found {tensor.dtype} {tensor.shape}")
    codes = tensors["codes"]
    if codes.dtype != np.int64 or codes.shape != (n,) or not ((codes >= 0) & (codes < classes)).all():
        raise ValueError(f"codes: expected {n} numbers of classes, below {classes}")


def _positive(number: float) -> float:
    if not (math.isfinite(number) and number > 0):
        raise ValueError("scale, sharpness: expected numbers above 0")
    return number


def _number(value: Any) -> float:
    """One that is not below 0."""
    number = float(value)
    return 0.0 if number == 0 else _positive(number)
