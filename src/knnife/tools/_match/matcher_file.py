"""A matcher in a file: the format of safetensors, tensors and a few words of JSON, nothing that could be run.

    meta                  JSON: format, encoder (its fingerprint), fields, totals, begins, beaten, values, labelled
    words.*, grams.*      keys and counts of both rarities
    evidence, edges       weights of the values, and where their levels end
    line.*, forest.*      what labels taught, where there were any; trust

Reading one checks all shapes and numbers, so that a damaged file is refused rather than believed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knnife.encoders import DEFAULT, load_encoder
from knnife.encoders.tensors import Tensors, write_tensors
from knnife.errors import EncoderMismatch
from knnife.space.model_file import read_kept
from knnife.tools._match.bags import Rarity
from knnife.tools._match.comparing import DIFFERENCES, measured
from knnife.tools._match.evidence import LEVELS, Evidence
from knnife.tools._match.fields import KINDS, Field
from knnife.tools._match.learning import LearnedMatching, Line
from knnife.tools._match.trees import LEAVES, SPLITS, Forest

FORMAT = "knnife-matcher-1"


def write(
    path: Path,
    fields: Sequence[Field],
    rarities: Sequence[Rarity],
    evidence: Evidence,
    learned: LearnedMatching | None,
    labelled: int,
) -> None:
    """Writes the parts of a `Matcher`; what was there before stays until all is written."""
    tensors: dict[str, NDArray[Any]] = {
        "evidence": evidence.weights, "edges": evidence.edges, "differences": evidence.differences
    }  # fmt: skip
    for name, rarity in zip(("words", "grams"), rarities, strict=True):
        tensors |= {f"{name}.keys": rarity.keys, f"{name}.counts": rarity.counts}
    if learned is not None:
        tensors |= {f"line.{name}": tensor for name, tensor in learned.line._asdict().items()}
        tensors |= (
            {f"forest.{name}": tensor for name, tensor in learned.forest._asdict().items()} if learned.forest else {}
        )
        tensors["trust"] = learned.trust
    meta = {
        "format": FORMAT,
        "encoder": load_encoder(DEFAULT).fingerprint,
        "fields": [[field.left, field.right, field.kind] for field in fields],
        "totals": [rarity.total for rarity in rarities],
        "begins": evidence.begins,
        "beaten": evidence.beaten.tolist(),
        "twins": [float(each) if np.isfinite(each) else None for each in evidence.twins],
        "values": list(evidence.values),
        "labelled": labelled,
    }
    write_tensors(path, tensors, {"meta": json.dumps(meta)}, "matcher")


def read(path: Path) -> dict[str, Any]:
    """The parts of the matcher in a file, by the names that `Matcher` has for them."""
    parts = read_kept(path, FORMAT, "matcher", "`Matcher.fit(...).save(path)` makes one", _parts)
    if parts.pop("encoder") != load_encoder(DEFAULT).fingerprint:
        raise EncoderMismatch(f"{path} was learned with another {DEFAULT} model than the one here; learn it again")
    return parts


def _parts(meta: Mapping[str, Any], tensors: Tensors) -> dict[str, Any]:
    fields = tuple(Field(left, right, kind) for left, right, kind in meta["fields"])
    if not fields or not all(isinstance(each.left, str) and isinstance(each.right, str) for each in fields):
        raise ValueError("it names no fields")
    if any(field.kind not in KINDS for field in fields):
        raise ValueError("it holds a kind of field that there is not")
    names = measured(fields)
    values = [tuple(each) for each in meta["values"]]
    if not set(values) <= set(names):
        raise ValueError(f"it knows other measures than its fields have: {values}")
    differing = sum(group == DIFFERENCES for group, _ in names)
    if "differences" not in tensors:
        tensors = _since(tensors, len(names) - differing, differing)
    if "edges" not in tensors:
        tensors = {**tensors, **_with_edges(tensors["evidence"])}
    shapes = {"evidence": (len(values), len(LEVELS) + 1), "edges": (len(values), len(LEVELS))}
    _check(tensors, shapes | {"differences": (differing,)})
    if (np.diff(tensors["edges"]) < 0).any():
        raise ValueError("its edges do not ascend")
    beaten = np.array([float(each) for each in meta["beaten"]])
    twins = np.array([np.inf if each is None else float(each) for each in meta.get("twins", (None, None))])
    _check({"beaten": beaten, "twins": np.nan_to_num(twins)}, {"beaten": (2,), "twins": (2,)})
    weights = tensors["edges"], tensors["evidence"], tensors["differences"]
    evidence = Evidence(float(meta["begins"]), beaten, values, *weights, twins)
    rarities = [
        _rarity(tensors, name, int(total)) for name, total in zip(("words", "grams"), meta["totals"], strict=True)
    ]
    learned = _learned(tensors, len(names)) if "trust" in tensors else None
    return {
        "fields": fields,
        "rarities": (rarities[0], rarities[1]),
        "evidence": evidence,
        "learned": learned,
        "labelled": int(meta["labelled"]),
        "encoder": meta["encoder"],
    }


def _with_edges(weights: NDArray[Any]) -> Tensors:
    """What a file of before levels were read from the tables has of them: four edges, the same for all."""
    _check({"evidence": weights}, {"evidence": (len(weights), len(LEVELS))})
    return {"evidence": weights[:, [*range(len(LEVELS)), -1]], "edges": np.tile(LEVELS, (len(weights), 1))}


def _since(tensors: Tensors, before: int, differing: int) -> Tensors:
    """The tensors of a file of before what differs was measured, as they would be now, where that adds nothing.

    It told four levels of a value apart, and added half of what they say.
    """
    weights = tensors["evidence"]
    _check(tensors, {"evidence": (len(weights), len(LEVELS) - 1)})
    found = {**tensors, "evidence": weights[:, [0, 1, 2, 3, 3]] / 2, "differences": np.zeros(differing)}
    if "line.weights" in tensors:
        for name, added in (("centre", 0.0), ("width", 1.0), ("weights", 0.0)):
            found[f"line.{name}"] = np.insert(tensors[f"line.{name}"], before, np.full(differing, added))
    if "forest.measure" in tensors:
        asked = tensors["forest.measure"]
        found["forest.measure"] = np.where(asked >= before, asked + differing, asked)
    return found


def _rarity(tensors: Tensors, name: str, total: int) -> Rarity:
    keys, counts = tensors[f"{name}.keys"], tensors[f"{name}.counts"]
    if keys.dtype != np.int64 or counts.dtype != np.int64 or keys.ndim != 1 or keys.shape != counts.shape:
        raise ValueError(f"{name} are no keys with their counts")
    if (np.diff(keys) <= 0).any() or (counts < 1).any() or (counts > total).any():
        raise ValueError(f"{name}: the keys do not ascend, or the counts are none")
    return Rarity(keys, counts, total)


def _learned(tensors: Tensors, measures: int) -> LearnedMatching:
    line = {name: tensors[f"line.{name}"] for name in Line._fields}
    _check(line, {"centre": (measures,), "width": (measures,), "weights": (measures + 2,)})
    if (line["width"] <= 0).any():
        raise ValueError("the line has widths that are none")
    trees = "forest.leaves" in tensors
    _check(tensors, {"trust": (3 if trees else 2,)})
    return LearnedMatching(Line(**line), _forest(tensors, measures + 1) if trees else None, tensors["trust"])


def _forest(tensors: Tensors, measures: int) -> Forest:
    forest = Forest(**{name: tensors[f"forest.{name}"] for name in Forest._fields})
    trees = len(forest.leaves)
    _check({"value": forest.value, "leaves": forest.leaves}, {"value": (trees, SPLITS), "leaves": (trees, LEAVES)})
    if forest.measure.dtype != np.int64 or forest.missing_right.dtype != np.bool_:
        raise ValueError("the forest holds numbers of another type")
    if forest.measure.shape != (trees, SPLITS) or forest.missing_right.shape != (trees, SPLITS):
        raise ValueError("the forest is of another shape")
    if trees and not 0 <= forest.measure.min() <= forest.measure.max() < measures:
        raise ValueError("the forest asks for measures that there are not")
    return forest


def _check(tensors: Tensors, shapes: Mapping[str, tuple[int, ...]]) -> None:
    """Raises ValueError unless these are numbers of these shapes."""
    for name, shape in shapes.items():
        tensor = tensors[name]
        if tensor.shape != shape or tensor.dtype != np.float64 or not np.isfinite(tensor).all():
            raise ValueError(f"{name} holds {tensor.dtype} {tensor.shape}, or NaN, or infinity; expected {shape}")
