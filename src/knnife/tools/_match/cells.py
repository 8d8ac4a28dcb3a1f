"""How alike two cells are that hold a number, a day or a code. Both measures lie in [0, 1], NaN where one is missing.

near    numbers: 1 less the difference as a share of the larger; days: falls to a third in a month; codes: the
        share of characters, from the beginning on, that agree
same    0 unless equal; else how rare the value is, from 0 for one that all have to 1 for one that nobody else has
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Prefix
from rapidfuzz.process import cpdist

from knnife.tools._match.bags import Numbers, Rows
from knnife.tools._match.fields import Field, Records
from knnife.tools._match.values import day_of, folded, number_of

Cells = NDArray[Any]  # texts of codes, or float64

MONTH = 30.0  # days


def values(field: Field, left: Records, right: Records, pairs: Rows) -> dict[str, Numbers]:
    """The measures `near` and `same` of a field of pairs of records `(m, 2)`."""
    near = {"code": _begun, "date": _soon, "number": _close}[field.kind]
    ours, our_missing = _read(left.columns[field.left], field.kind)
    theirs, their_missing = _read(right.columns[field.right], field.kind)
    a, b = pairs[:, 0], pairs[:, 1]
    missing = our_missing[a] | their_missing[b]
    rare = _rarity(np.concatenate([ours[~our_missing], theirs[~their_missing]]), ours)[a]
    same = np.where(ours[a] == theirs[b], rare, 0.0)
    return {"near": np.where(missing, np.nan, near(ours[a], theirs[b])), "same": np.where(missing, np.nan, same)}


def _begun(a: Cells, b: Cells) -> Numbers:
    return cpdist(a.tolist(), b.tolist(), scorer=Prefix.normalized_similarity, dtype=np.float64)


def _soon(a: Cells, b: Cells) -> Numbers:
    found: Numbers = np.exp(-np.abs(a - b) / MONTH)
    return found


def _close(a: Cells, b: Cells) -> Numbers:
    larger = np.maximum(np.abs(a), np.abs(b))
    apart = np.divide(np.abs(a - b), larger, out=np.zeros(len(a)), where=larger > 0)
    found: Numbers = 1 - np.minimum(apart, 1)
    return found


def _rarity(everything: Cells, asked: Cells) -> Numbers:
    """How rare each value that is asked for is among all: 1 where no other two have it, 0 where all have."""
    if len(everything) <= 2:
        return np.ones(len(asked))
    known, counts = np.unique(everything, return_counts=True)
    at = np.minimum(np.searchsorted(known, asked), len(known) - 1)
    found: Numbers = np.log(len(everything) / np.maximum(counts[at], 2)) / np.log(len(everything) / 2)
    return found


def _read(cells: Sequence[str | None], kind: str) -> tuple[Cells, NDArray[np.bool_]]:
    """The cells as codes, days or numbers, and which of them are missing."""
    if kind == "code":
        codes = np.array(["".join(filter(str.isalnum, folded(cell or ""))) for cell in cells], np.str_)
        return codes, codes == ""
    found = [day_of(cell) if kind == "date" else number_of(cell) for cell in cells]
    missing = np.array([each is None for each in found], np.bool_)
    return np.array([0.0 if each is None else each for each in found]), missing
