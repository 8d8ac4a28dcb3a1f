"""The pieces of texts that come one at a time: which of those before are alike on the surface?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from knnife.geometry import Vectors
from knnife.things.folding import fold
from knnife.tools._duplicates.shingles import Rows, shingles
from knnife.tools._duplicates.sketches import LEAST_SHARED, choose, commonness, looked_up

Keys = NDArray[np.uint32]
LOW = np.uint64(0xFFFFFFFF)
END = "\0"  # cannot begin a folded text


class Pieces:
    """Texts by their chosen pieces, as sketches.py chooses them, by how common they were in the first texts."""

    def __init__(self, texts: Sequence[str]) -> None:
        folded = fold(texts)
        known = shingles(folded)
        self._common = np.minimum(commonness(known.keys) + 1, 0xFFFF).astype(np.uint16)
        kept = choose(known.keys, known.owners, looked_up(known.keys, self._common), len(known))
        self._postings = (known.keys[kept].astype(np.uint64) << np.uint64(32)) | known.owners[kept].astype(np.uint64)
        self._postings.sort()
        self._later: dict[int, list[int]] = {}  # piece -> texts that came after the first ones
        self._sets: list[Keys] = [known.keys[a:b] for a, b in zip(known.starts[:-1], known.starts[1:], strict=True)]
        self._rows: dict[str, list[int]] = {}  # folded text -> where it was
        for row, (form, text) in enumerate(zip(folded, texts, strict=True)):
            self._rows.setdefault(form or END + text, []).append(row)

    def near(self, text: str) -> tuple[Rows, Vectors]:
        """Texts that may be alike, and the share of pieces in common, each `(c,)`; 1 for the same once folded."""
        form, keys = _read(text)
        equal = self._rows.get(form or END + text, [])
        met = self._meeting(self._chosen(keys))
        rows, counts = np.unique(met, return_counts=True)
        rows = np.setdiff1d(rows[counts >= LEAST_SHARED], equal)
        shared = np.array(
            [np.isin(self._sets[row], keys, assume_unique=True).sum() for row in rows.tolist()], np.float32
        )
        sizes = np.array([len(self._sets[row]) for row in rows.tolist()], np.float32)
        alike = shared / (sizes + len(keys) - shared)
        return np.concatenate([np.array(equal, np.int64), rows]), np.concatenate(
            [np.ones(len(equal), np.float32), alike]
        )

    def add(self, text: str) -> None:
        """Take a text in, behind the others."""
        form, keys = _read(text)
        row = len(self._sets)
        self._sets.append(keys)
        self._rows.setdefault(form or END + text, []).append(row)
        for key in self._chosen(keys).tolist():
            self._later.setdefault(key, []).append(row)

    def _chosen(self, keys: Keys) -> Keys:
        return keys[choose(keys, np.zeros(len(keys), np.int32), looked_up(keys, self._common), 1)]

    def _meeting(self, keys: Keys) -> Rows:
        """The texts that have chosen these pieces, once for each."""
        wide = keys.astype(np.uint64) << np.uint64(32)
        first, last = np.searchsorted(self._postings, wide), np.searchsorted(self._postings, wide | LOW, side="right")
        base = [(self._postings[a:b] & LOW).astype(np.int64) for a, b in zip(first, last, strict=True)]
        later = [row for key in keys.tolist() for row in self._later.get(key, ())]
        return np.concatenate([*base, np.array(later, np.int64)])


def _read(text: str) -> tuple[str, Keys]:
    folded = fold([text])
    return folded[0], shingles(folded).keys
