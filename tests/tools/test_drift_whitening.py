"""The matrix that makes all directions equally wide is LAPACK's, put together from halves."""

from __future__ import annotations

import numpy as np
import pytest

from knnife.tools._drift.whitening import ALONE, whitening


@pytest.mark.parametrize("n", [1, 2, ALONE, ALONE + 1, 2 * ALONE + 1, 300])
def test_it_is_the_inverse_of_the_cholesky_factor(n: int) -> None:
    half = np.random.default_rng(n).standard_normal((n, 2 * n))
    matrix = half @ half.T
    found = whitening(matrix)
    assert np.array_equal(found, np.tril(found))
    assert found @ matrix @ found.T == pytest.approx(np.eye(n), abs=1e-8)
    assert found == pytest.approx(np.linalg.inv(np.linalg.cholesky(matrix)), abs=1e-8)
