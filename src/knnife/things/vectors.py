"""Vectors that rows bring along: lists of numbers, or cells such as "[0.1, 0.2]" and "0.1 0.2"."""

from __future__ import annotations

from typing import Any

import numpy as np

from knnife.geometry import Vectors
from knnife.things.reading import RowError


class VectorCells:
    """Reads the cells of one vector column; the first one says how many dimensions the others have."""

    def __init__(self) -> None:
        self.dim: int | None = None

    def read(self, cell: Any) -> Vectors:
        """The vector `(d,)` in `cell`, float32. Raises RowError if it is not `dim` finite numbers."""
        if isinstance(cell, str):
            cell = cell.strip().strip("[]()").replace(",", " ").replace(";", " ").split()
        try:
            with np.errstate(over="ignore"):  # what overflows float32 is infinite, and refused below
                vector: Vectors = np.asarray(cell, np.float32)
        except (TypeError, ValueError) as error:
            raise RowError(f"the vector holds something that is no number ({error})") from error
        if vector.ndim != 1 or vector.size == 0:
            raise RowError(f"the vector has the shape {vector.shape}, expected a list of numbers")
        if not np.isfinite(vector).all():
            raise RowError("the vector holds NaN or infinity")
        if self.dim is None:
            self.dim = vector.size
        if vector.size != self.dim:
            raise RowError(f"the vector has {vector.size} dimensions, the first one had {self.dim}")
        return vector
