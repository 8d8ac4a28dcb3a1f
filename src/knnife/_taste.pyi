"""Compiled learning from interactions (_taste.c). A build without a compiler lacks it; twins in NumPy then serve."""

import numpy as np
from numpy.typing import NDArray

INSTRUCTIONS: str  # the widest instructions of this processor that are made use of

def solve_rows(
    starts: NDArray[np.int64],  # (r + 1,) where the pairs of each row begin
    others: NDArray[np.int32],  # (p,) numbers of rows of `fixed`
    counts: NDArray[np.float32],  # (p,)
    fixed: NDArray[np.float32],  # (o, dim)
    gram: NDArray[np.float32],  # (dim, dim)
    moved: NDArray[np.float32],  # (r, dim), written to
    dim: int,
    first: int,
    last: int,
    steps: int,
) -> None:
    """Steps of conjugate gradients for the rows first to last of `moved`, as `als.steps_of` does.

    Raises ValueError where the arrays do not fit together.
    """

def add_links(
    begins: NDArray[np.int64],  # (q + 1,) where each history begins
    items: NDArray[np.int32],  # (h,)
    weights: NDArray[np.float32],  # (h,)
    starts: NDArray[np.int64],  # (m + 1,) where the links of each item begin
    to: NDArray[np.int32],  # (l,)
    says: NDArray[np.float32],  # (l,)
    scores: NDArray[np.float32],  # (q, m), added to
) -> None:
    """Adds what the items of each history say for all items. Raises ValueError where the arrays do not fit together."""

def best(
    scores: NDArray[np.float32],  # (q, m), what was seen is set to -inf
    begins: NDArray[np.int64],  # (q + 1,) where what each row has seen begins
    seen: NDArray[np.int32],  # (s,)
    m: int,
    numbers: NDArray[np.int32],  # (q, k), written to: -1 behind the last
    found: NDArray[np.float32],  # (q, k), written to: the scores, the largest first
) -> None:
    """The k best of each row, equal ones by their numbers. Raises ValueError where the arrays do not fit together."""
