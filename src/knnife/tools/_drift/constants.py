"""Columns of rows that said nothing when the encoder learned them, and so are no part of its vectors.

Where one of them says something now (another currency, another unit, a version), rows are apart by it: as far as a
category would be that the encoder had never seen.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np

from knnife.geometry import Vectors
from knnife.space import Sample

FAR: Final = math.sqrt(2.0 * math.log(2_000.0))  # the z of what is so rare, as an encoder of rows has it


def constants(rows: Sample) -> list[str]:
    """The columns that were the same in all rows, or empty; none of things that are no rows."""
    if not rows.parts:
        return []
    return [each.name for each in getattr(rows.encoder, "columns", ()) if each.kind in ("constant", "empty")]


def with_constants(reference: Sample, new: Sample) -> tuple[Sample, Sample]:
    """Both samples, with a component for each of these columns that is not the same in all rows of both."""
    added = [usual_apart(each, usual(reference)) for each in (reference, new)]
    moved = np.any([(part != 0).any(axis=0) for part in added], axis=0)
    if not moved.any():
        return reference, new
    wider = [np.hstack([each.vectors, part[:, moved]]) for each, part in zip((reference, new), added, strict=True)]
    return replace(reference, vectors=wider[0]), replace(new, vectors=wider[1])


def usual(reference: Sample) -> dict[str, str | None]:
    """What most rows say in these columns; nothing where rows come without what is known of them."""
    if not _known(reference):
        return {}
    return {name: Counter(_cells(reference, name)).most_common(1)[0][0] for name in constants(reference)}


def usual_apart(rows: Sample, said: Mapping[str, str | None]) -> Vectors:
    """How far rows lie from what is usual `(n, columns)`: 0, or as far as what half a row in 1,000 says."""
    apart = np.zeros((len(rows), len(said)), np.float32)
    for column, (name, expected) in enumerate(said.items() if _known(rows) else ()):
        apart[:, column] = [0.0 if cell == expected else FAR for cell in _cells(rows, name)]
    return apart


def _known(rows: Sample) -> bool:
    return any(thing.about for thing in rows.things)


def _cells(rows: Sample, name: str) -> list[str | None]:
    return [_said(thing.about.get(name)) for thing in rows.things]


def _said(cell: Any) -> str | None:
    """A cell as a name: 1 and 1.0 are one; None where nothing is there."""
    if cell is None or (isinstance(cell, str) and not cell.strip()):
        return None
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return cell if isinstance(cell, str) else json.dumps(cell, default=str)
