"""Columns of rows that said nothing when the encoder learned them, and so are no part of its vectors.

Where one of them says something now (another currency, another unit, a version), rows are apart by it: as far as a
category would be that the encoder had never seen.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np

from knnife.geometry import Vectors
from knnife.space import Sample


def constants(rows: Sample) -> list[str]:
    """The columns that were the same in all rows, or empty; none of things that are no rows."""
    if not rows.parts:
        return []
    return [each.name for each in getattr(rows.encoder, "columns", ()) if each.kind in ("constant", "empty")]


def with_constants(reference: Sample, new: Sample) -> tuple[Sample, Sample]:
    """Both samples, with a component for each of these columns that is not the same in all rows of both."""
    things = [*reference.things, *new.things]
    columns = [[_said(thing.about.get(name)) for thing in things] for name in constants(reference)]
    apart = [_apart(cells, len(reference)) for cells in columns if len(set(cells)) > 1]
    if not apart:
        return reference, new
    added: Vectors = np.array(apart, np.float32).T
    parts = np.split(added, [len(reference)])
    wider = [np.hstack([each.vectors, part]) for each, part in zip((reference, new), parts, strict=True)]
    return replace(reference, vectors=wider[0]), replace(new, vectors=wider[1])


def _apart(cells: list[str | None], count: int) -> list[float]:
    """How far each lies from what most of the first `count` say: 0, or as far as what half of one of them says."""
    usual = Counter(cells[:count]).most_common(1)[0][0]
    far = math.sqrt(2.0 * math.log(2.0 * count))
    return [0.0 if cell == usual else far for cell in cells]


def _said(cell: Any) -> str | None:
    """A cell as a name: 1 and 1.0 are one; None where nothing is there."""
    if cell is None or (isinstance(cell, str) and not cell.strip()):
        return None
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return cell if isinstance(cell, str) else json.dumps(cell, default=str)
