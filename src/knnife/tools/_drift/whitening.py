"""The inverse of the Cholesky factor of a matrix: by it, all directions become equally wide.

LAPACK's own routines let threads meet at every few columns. Where other work keeps the cores busy, a matrix of
300 x 300 then takes up to half a second instead of 10 ms. Halves of halves leave LAPACK only what it does in one
thread, and the rest is a few products.
"""

from __future__ import annotations

import numpy as np

from knnife.tools._drift.pool import Floats

ALONE = 64  # rows that are factored by one thread


def whitening(matrix: Floats) -> Floats:
    """Lower triangular W with W M Wᵀ = 1, of a symmetric, positive definite M `(n, n)`."""
    n = len(matrix)
    if n <= ALONE:
        inverse: Floats = np.linalg.inv(np.linalg.cholesky(matrix))
        return inverse
    half = n // 2
    found = np.zeros_like(matrix)
    found[:half, :half] = upper = whitening(matrix[:half, :half])
    below = matrix[half:, :half] @ upper.T  # of the Cholesky factor itself
    found[half:, half:] = lower = whitening(matrix[half:, half:] - below @ below.T)
    found[half:, :half] = -lower @ (below @ upper)
    return found
