"""A column of texts: their meaning by the text model that comes with knnife, along the directions where they differ."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Self

import numpy as np

from knnife.encoders._rows.cells import is_missing, name_of
from knnife.encoders._rows.column_encoders import LEAST, rarity
from knnife.encoders._rows.scale import finite
from knnife.encoders.catalogue import DEFAULT
from knnife.encoders.loading import load_encoder
from knnife.encoders.protocol import Encoder
from knnife.geometry import Vectors

DIRECTIONS = 16  # of the 256 of the model: the principal components of the sample


class TextColumn:
    """16 components of meaning, scaled to a variance of 1 together, and is it there."""

    def __init__(self, fingerprint: str, centre: Vectors, basis: Vectors, missing: float) -> None:
        """centre: the mean of the sample `(d,)`; basis: `(d, k)`, with the scale in it."""
        self.fingerprint, self._centre, self._missing = fingerprint, centre, missing
        self._basis = np.ascontiguousarray(basis)  # the order in memory decides the last bit of sums
        self.size = basis.shape[1] + 1

    @classmethod
    def learn(cls, cells: Sequence[Any]) -> Self:
        """From the cells of the sample."""
        model = load_encoder(DEFAULT)
        texts = [name_of(cell) for cell in cells if not is_missing(cell)]
        vectors = model.encode(texts).astype(np.float64)
        centre = vectors.mean(axis=0)
        spread, directions = np.linalg.eigh(np.cov(vectors - centre, rowvar=False))  # ascending
        kept = np.flatnonzero(spread > 1e-9)[::-1][:DIRECTIONS]
        basis = directions[:, kept]
        basis *= np.sign(basis[np.abs(basis).argmax(axis=0), np.arange(len(kept))])  # which side is up is not left open
        basis /= np.sqrt(max(float(spread[kept].sum()), 1e-9))
        missing = max(LEAST, rarity(max(0.5, len(cells) - len(texts)) / len(cells)) - rarity(len(texts) / len(cells)))
        return cls(model.fingerprint, centre.astype(np.float32), basis.astype(np.float32), missing)

    @classmethod
    def of_state(cls, state: Mapping[str, Any]) -> Self:
        """What `state` gave."""
        centre = _decoded(state["centre"], state["dim"], 1)[:, 0]
        basis = _decoded(state["basis"], state["dim"], state["directions"])
        return cls(str(state["model"]), centre, basis, *finite([state["missing"]], 1, 100.0))

    def state(self) -> dict[str, Any]:
        """See `ColumnEncoder`."""
        dim, directions = self._basis.shape
        tensors = {"centre": _encoded(self._centre), "basis": _encoded(self._basis)}
        return {"model": self.fingerprint, "dim": dim, "directions": directions, "missing": self._missing, **tensors}

    def encode(self, cells: Sequence[Any]) -> Vectors:
        """See `ColumnEncoder`."""
        vectors = np.zeros((len(cells), self.size), np.float32)
        there = [place for place, cell in enumerate(cells) if not is_missing(cell)]
        if there:
            texts = [name_of(cells[place]) for place in there]
            centred = self._model.encode(texts) - self._centre
            vectors[there, :-1] = np.einsum("nd,dk->nk", centred, self._basis)  # the same bits alone and in company
        vectors[:, -1] = self._missing
        vectors[there, -1] = 0.0
        return vectors

    @cached_property
    def _model(self) -> Encoder:
        """Raises ValueError where the model of this knnife is another than the one learned with."""
        model = load_encoder(DEFAULT)
        if model.fingerprint != self.fingerprint or model.dim != len(self._centre):
            raise ValueError(
                f"its texts were encoded by another text model ({self.fingerprint[:12]}) than this knnife brings "
                f"({model.fingerprint[:12]})"
            )
        return model


def _encoded(numbers: Vectors) -> str:
    return base64.b64encode(numbers.astype("<f4").tobytes()).decode()


def _decoded(text: str, rows: int, columns: int) -> Vectors:
    found = np.frombuffer(base64.b64decode(text, validate=True), "<f4")
    if found.size != rows * columns or not found.size or not np.isfinite(found).all():
        raise ValueError(f"expected {rows} x {columns} finite numbers")
    return found.reshape(rows, columns).astype(np.float32)
