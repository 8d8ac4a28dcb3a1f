"""A classifier as arrays and lines about them, and back: whatever a file says is checked before it is believed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from knnife.errors import BadInput
from knnife.geometry import METRICS
from knnife.tools._classify import file
from knnife.tools._classify.calibration import Measured
from knnife.tools._classify.examples import Examples
from knnife.tools._classify.ground import Ground
from knnife.tools._classify.landmarks import Landmarks
from knnife.tools._classify.learning import Head
from knnife.tools._classify.novelty import Novelty
from knnife.tools._classify.softmax import Weights

if TYPE_CHECKING:
    from knnife.tools._classify.classifier import Classifier

Tensors = Mapping[str, NDArray[Any]]
KEPT = (str, int, float, bool)  # kinds of labels that JSON has


def save(classifier: Classifier, path: Path) -> None:
    """Writes the file. Raises BadInput for labels of a kind that it cannot hold."""
    for label in classifier.classes:
        if not isinstance(label, KEPT):
            raise BadInput(f"the label {label!r:.60} cannot be kept; expected texts, numbers or truth values")
    about = {
        "classes": classifier.classes,
        "metric": classifier.metric,
        "encoder": classifier.encoder,
        "fingerprint": classifier.fingerprint,
        "measured": classifier.measured,
        "scale": classifier.ground.scale,
        "sharpness": classifier.head.sharpness,
        "ids": list(classifier.examples.ids),
        "things": classifier.examples.things,
        "unlabelled": classifier.unlabelled,
        "least": classifier.novelty.least,
    }
    tensors: dict[str, NDArray[Any]] = {
        "centre": classifier.ground.centre,
        "places": classifier.landmarks.places,
        "mixing": classifier.landmarks.mixing,
        "slope": classifier.head.weights.slope,
        "intercept": classifier.head.weights.intercept,
        "examples": classifier.examples.points,
        "codes": classifier.examples.codes,
        "nearness": classifier.novelty.nearness,
    }
    if classifier.novelty.named:
        tensors["names"] = classifier.novelty.known
    file.write(path, tensors, about)


def load(path: Path) -> dict[str, Any]:
    """The fields of the Classifier that was saved. Raises NotFound; BadInput where the parts do not fit together."""
    tensors, about = file.read(path)
    try:
        return _fields(tensors, about)
    except (LookupError, TypeError, ValueError, OverflowError) as error:
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
    known = examples.points[:things] if things else tensors["names"]
    return {
        "classes": classes,
        "metric": metric,
        "encoder": about["encoder"],
        "fingerprint": about["fingerprint"],
        "measured": None if told is None else Measured(int(told[0]), float(told[1]), float(told[2])),
        "ground": Ground(metric, tensors["centre"], scale),
        "landmarks": Landmarks(tensors["places"], tensors["mixing"]),
        "head": Head(Weights(tensors["slope"], tensors["intercept"]), sharpness),
        "examples": examples,
        "novelty": Novelty(metric, known, np.sort(tensors["nearness"]), not things, _positive(float(about["least"]))),
        "unlabelled": int(about["unlabelled"]),
    }


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
    shapes |= {"nearness": tensors["nearness"].shape[:1]}
    if "names" in tensors:
        shapes["names"] = (classes, dim)
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
