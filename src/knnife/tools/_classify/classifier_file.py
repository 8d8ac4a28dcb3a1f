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
from knnife.tools._classify.class_words import ClassWords, model
from knnife.tools._classify.examples import Examples
from knnife.tools._classify.fitting import Head, Worded
from knnife.tools._classify.novelty import Novelty
from knnife.tools._classify.nystrom import Nystrom
from knnife.tools._classify.softmax import Weights

FORMAT, VERSION = "knnife-classifier", "1"
Tensors = Mapping[str, NDArray[Any]]
WORDED = ("words", "words_centre", "words_owners", "words_places")  # where the words of the examples are of use
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
    if (worded := fields["worded"]) is not None:
        wording = worded.wording
        about |= {"words": list(wording.words), "words_blend": worded.blend, "words_model": model().fingerprint}
        about |= {"words_sharpness": worded.head.sharpness, "words_squares": worded.head.blend}
        tensors |= {"words": wording.points, "words_centre": wording.centre}
        tensors |= {"words_owners": wording.owners, "words_places": wording.places}
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
        about = json.loads(metadata["about"])
        if "words" in tensors and about["words_model"] != model().fingerprint:
            raise BadInput(f"{path} compares words by another English model than this knnife has; learn it again")
        return _fields(*_completed(tensors, about))
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
    weights, penalty = Weights(tensors["slope"], tensors["intercept"]), _positive(float(about["penalty"]))
    head = Head(weights, sharpness, penalty, tensors["ridge"], _number(about["blend"]))
    return {
        "classes": classes,
        "metric": metric,
        "encoder": about["encoder"],
        "fingerprint": about["fingerprint"],
        "measured": None if told is None else Measured(int(told[0]), float(told[1]), float(told[2])),
        "centring": Centring(metric, tensors["centre"], scale),
        "kernel": Nystrom(tensors["places"], tensors["mixing"]),
        "head": head,
        "examples": examples,
        "novelty": _novelty(tensors, about, examples, len(classes)),
        "unlabelled": int(about["unlabelled"]),
        "alike": (),
        "worded": _worded(tensors, about, head, len(classes)) if "words" in tensors else None,
    }


def _worded(tensors: Tensors, about: Mapping[str, Any], head: Head, classes: int) -> Worded:
    """What answers texts. Raises ValueError unless its parts fit together."""
    words, points, centre, owners, places = about["words"], *(tensors[name] for name in WORDED)
    if not isinstance(words, list) or len(set(words)) < len(words) or not all(isinstance(word, str) for word in words):
        raise ValueError("words: expected a list of texts, each once")
    for name, shape in ("words", (len(words), model().dim)), ("words_centre", (model().dim,)):
        _check_floats(name, tensors[name], shape)
    for name, most in ("words_owners", classes), ("words_places", len(words)):
        _check_codes(name, tensors[name], len(places), most)
    if not len(owners) or (np.diff(owners) < 0).any():
        raise ValueError("words_owners: expected one or more, ascending")
    spoken = head._replace(blend=_number(about["words_squares"]), sharpness=_positive(float(about["words_sharpness"])))
    wording = ClassWords(tuple(words), points, centre, owners, places, classes)
    return Worded(spoken, wording, _positive(float(about["words_blend"])))


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
        _check_floats(name, tensors[name], shape)
    _check_codes("codes", tensors["codes"], n, classes)


def _check_floats(name: str, tensor: NDArray[Any], shape: tuple[int, ...]) -> None:
    if tensor.dtype != np.float32 or tensor.shape != shape or not np.isfinite(tensor).all():
        raise ValueError(f"{name}: expected finite float32 of shape {shape}, found {tensor.dtype} {tensor.shape}")


def _check_codes(name: str, codes: NDArray[Any], count: int, most: int) -> None:
    if codes.dtype != np.int64 or codes.shape != (count,) or not ((codes >= 0) & (codes < most)).all():
        raise ValueError(f"{name}: expected {count} whole numbers from 0 to below {most}")


def _positive(number: float) -> float:
    if not (math.isfinite(number) and number > 0):
        raise ValueError("scale, sharpness: expected numbers above 0")
    return number


def _number(value: Any) -> float:
    """One that is not below 0."""
    number = float(value)
    return 0.0 if number == 0 else _positive(number)
