"""The nearest words: exact, whatever is ruled out on the way."""

from __future__ import annotations

import numpy as np
import pytest
from tests import worded

from knnife import WordVectors
from knnife.encoders._words import questions
from knnife.encoders._words.questions import COMPILED, Nearest
from knnife.geometry import top_k, unit


@pytest.fixture(scope="module")
def wiki() -> WordVectors:
    return worded.wiki()


@pytest.mark.parametrize(
    ("n", "d", "flat"), [(30, 5, False), (3_000, 40, False), (3_000, 40, True), (5_000, 300, False)]
)
def test_ruling_words_out_changes_no_answer(n, d, flat):
    """Vectors with a few strong directions, as words have, and without any; some equal, one of zeros, one far out."""
    chance = np.random.default_rng(n + d)
    strength = np.ones(d) if flat else 1 / np.sqrt(np.arange(1, d + 1))
    points = (chance.standard_normal((n, d)) * strength).astype(np.float32)
    points[7] = points[3]
    points[9] = 0
    points[11] = 1e-3
    points[11, 0] = 1e6
    queries = np.vstack([points[:40], chance.standard_normal((20, d)), np.zeros((1, d))]).astype(np.float32)
    nearest = Nearest(points)
    exact = unit(queries) @ unit(points).T
    for k in (1, 10, n, n + 5):
        for _ in range(2):  # plainly at first, then among those that are left
            rows, scores = nearest.near(queries, k)
            assert rows.shape == scores.shape == (len(queries), min(k, n))
            np.testing.assert_allclose(scores, top_k(exact, k)[1], atol=2e-6)
            np.testing.assert_allclose(np.take_along_axis(exact, rows, axis=1), scores, atol=2e-6)
            assert all(len(set(row)) == len(row) for row in rows.tolist())


def test_bytes_tell_how_similar_words_are_at_least_and_at_most():
    if not COMPILED:
        pytest.skip("not compiled here")
    chance = np.random.default_rng(0)
    points, queries = chance.standard_normal((500, 30)), unit(chance.standard_normal((5, 30)).astype(np.float32))
    nearest = Nearest((points**3).astype(np.float32))  # a few large components, which are hard to round
    for query in queries:
        about, within = nearest._about(query)
        error = np.abs(about - unit(nearest._vectors) @ query)
        assert (error <= within + 1e-6).all()
        assert within.max() < 0.05


@pytest.mark.skipif(not COMPILED, reason="not compiled here")
@pytest.mark.parametrize(("n", "width"), [(1, 1), (7, 16), (100, 33), (3, 304)])
def test_products_of_rows_are_those_of_numpy(n, width):
    from knnife._kernels import dot_rows

    chance = np.random.default_rng(n)
    rows = chance.integers(-128, 128, (n, width)).astype(np.int8)
    other = chance.integers(-32768, 32768, width).astype(np.int16)
    dots = np.empty(n, np.int32)
    dot_rows(rows, other, dots)
    np.testing.assert_array_equal(dots, (rows.astype(np.int64) @ other).astype(np.int32))
    for wrong in ((rows, other[:-1], dots), (rows, other, np.empty(n + 1, np.int32)), (rows, other[:0], dots)):
        with pytest.raises(ValueError, match="do not fit together"):
            dot_rows(*wrong)


def test_without_compiled_code_the_answers_are_the_same(wiki, monkeypatch):
    monkeypatch.setattr(questions, "COMPILED", False)
    plain = WordVectors(wiki.table).near(["king"] * 50, 3)
    assert plain.words[-1] == wiki.near("king", 3).words[0]
