"""geometry.py against definitions written out, and against what is known of shapes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, strategies as st
from hypothesis.extra.numpy import arrays

from knnife import BadInput
from knnife.geometry import LONGEST, METRICS, as_vectors, blocks, check_scale, ranges, similarity, top_k, unit

SQUARE = np.array([[1, 0], [0, 1], [-1, 0], [0, -1]], np.float32)
numbers = st.floats(-100, 100, width=32)
pairs = st.integers(1, 5).flatmap(
    lambda d: st.tuples(arrays(np.float32, (4, d), elements=numbers), arrays(np.float32, (3, d), elements=numbers))
)


def test_the_corners_of_a_square() -> None:
    assert similarity(SQUARE, SQUARE, "cosine")[0].tolist() == [1, 0, -1, 0]
    assert similarity(SQUARE, SQUARE, "dot")[0].tolist() == [1, 0, -1, 0]
    assert similarity(SQUARE, SQUARE, "euclidean")[0] == pytest.approx([0, -np.sqrt(2), -2, -np.sqrt(2)])
    assert similarity(SQUARE, SQUARE, "manhattan")[0].tolist() == [0, -2, -2, -2]


@given(pairs)
def test_similarities_are_what_their_definitions_say(pair: tuple[np.ndarray, np.ndarray]) -> None:
    a, b = (x.astype(np.float64) for x in pair)
    for i in range(len(a)):
        for j in range(len(b)):
            lengths = np.linalg.norm(a[i]) * np.linalg.norm(b[j])
            cosine = a[i] @ b[j] / lengths if lengths > 0 else 0
            expected = {
                "cosine": cosine,
                "dot": a[i] @ b[j],
                "euclidean": -np.linalg.norm(a[i] - b[j]),
                "manhattan": -np.abs(a[i] - b[j]).sum(),
            }
            for metric in METRICS:
                found = similarity(*pair, metric)[i, j]  # type: ignore[arg-type]
                assert found == pytest.approx(expected[metric], rel=1e-4, abs=1e-3)


anything = st.floats(width=32, allow_nan=False, allow_infinity=False)
any_pairs = st.integers(1, 5).flatmap(
    lambda d: st.tuples(arrays(np.float32, (3, d), elements=anything), arrays(np.float32, (2, d), elements=anything))
)
HARDLY_ANYTHING = np.float32(1.7e-44)


@given(any_pairs)
@example((np.full((3, 2), HARDLY_ANYTHING), np.full((2, 2), HARDLY_ANYTHING)))  # the cosine was .998
@example((np.full((3, 2), np.float32(3e38)), np.full((2, 2), np.float32(3e38))))
@example((np.full((3, 1), np.float32(1e25)), np.full((2, 1), np.float32(1e25))))  # the product was infinity
def test_of_any_numbers_similarities_are_right_or_refused(pair: tuple[np.ndarray, np.ndarray]) -> None:
    a, b = (x.astype(np.float64) for x in pair)
    lengths = np.linalg.norm(a, axis=1)[:, None], np.linalg.norm(b, axis=1)[None]
    products, longest = lengths[0] * lengths[1], max(lengths[0].max(), lengths[1].max())
    differences = a[:, None] - b[None]
    expected = {
        "cosine": np.divide(a @ b.T, products, out=np.zeros_like(products), where=products > 0),
        "dot": a @ b.T,
        "euclidean": -np.linalg.norm(differences, axis=2),
        "manhattan": -np.abs(differences).sum(axis=2),
    }
    exact_to = {"cosine": 1, "dot": products + 1e-30, "euclidean": longest + 1e-15, "manhattan": 5 * longest + 1e-38}
    for metric in METRICS:
        if metric != "cosine" and longest > LONGEST:
            with pytest.raises(BadInput, match="multiply the vectors by a constant"):
                similarity(*pair, metric)  # type: ignore[arg-type]
        else:
            found = similarity(*pair, metric)  # type: ignore[arg-type]
            assert (np.abs(found - expected[metric]) <= 2e-6 * exact_to[metric]).all()


@given(arrays(np.float32, st.tuples(st.integers(1, 3), st.integers(1, 5)), elements=anything))
def test_units_of_any_numbers_have_a_length_of_1(vectors: np.ndarray) -> None:
    found = np.linalg.norm(unit(vectors).astype(np.float64), axis=1)
    assert found == pytest.approx(vectors.any(axis=1).astype(float), abs=1e-6)


def test_what_is_shorter_than_distances_can_tell_is_refused_where_all_are() -> None:
    check_scale(np.array([[1e-20, 0], [1, 0]], np.float32), "euclidean")
    check_scale(np.full((2, 2), 1e-20, np.float32), "cosine")
    check_scale(np.zeros((2, 2), np.float32), "euclidean")
    with pytest.raises(BadInput, match="lengths from 1e-12 to 1e\\+18"):
        check_scale(np.full((2, 2), 1e-20, np.float32), "euclidean")


def test_close_neighbours_far_from_the_origin_keep_their_distance() -> None:
    a = np.array([[10_000, 0]], np.float32)
    assert similarity(a, a + np.float32(0.25), "euclidean")[0, 0] == pytest.approx(-np.sqrt(0.125), rel=1e-6)


def test_a_zero_vector_has_no_direction() -> None:
    assert similarity(np.zeros((1, 2), np.float32), SQUARE).tolist() == [[0, 0, 0, 0]]
    assert unit(np.zeros((1, 2), np.float32)).tolist() == [[0, 0]]


@given(
    arrays(np.float32, st.tuples(st.integers(1, 3), st.integers(1, 40)), elements=st.integers(0, 5)),
    st.integers(1, 50),
)
def test_top_k_is_a_stable_sort_cut_off(scores: np.ndarray, k: int) -> None:
    columns, values = top_k(scores, k)
    for row, found, best in zip(scores, columns, values, strict=True):
        expected = sorted(range(len(row)), key=lambda j: (-row[j], j))[:k]
        assert found.tolist() == expected
        assert best.tolist() == [row[j] for j in expected]


@given(st.integers(0, 1000), st.integers(1, 100), st.integers(1, 5000))
def test_blocks_cover_everything_once(n: int, row_bytes: int, budget: int) -> None:
    covered = [i for block in blocks(n, row_bytes, budget) for i in range(n)[block]]
    assert covered == list(range(n))
    assert all((b.stop - b.start) * row_bytes <= max(budget, row_bytes) for b in blocks(n, row_bytes, budget))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([[1.0, float("nan")]], "row 0 holds NaN or infinity"),
        ([[1.0], [float("inf")]], "row 1 holds NaN or infinity"),
        ([[1.0, 2.0], [1.0]], "rows of equal length"),
        ("text", "expected numbers"),
        ([["a"]], "expected numbers"),
        (np.zeros((2, 2, 2)), r"got shape \(2, 2, 2\)"),
        (np.zeros((3, 0)), r"got shape \(3, 0\)"),
        (np.zeros((1, 3)), "expected 2 dimensions, got 3"),
        (np.array([[1e300, 0]]), "NaN or infinity"),
        (np.array([1 + 2j, 0]), "complex"),
        (np.array([[1, 0], [1e-50, 0]]), "row 1 is too small for float32"),
        (np.zeros((1, 1_000_001)), "at most 1,000,000 are taken"),
    ],
)
def test_what_is_no_array_of_vectors_is_refused(given: object, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        as_vectors(given, 2 if "dimensions" in said else None)


def test_large_but_finite_vectors_are_fine() -> None:
    assert as_vectors([[3e38, 3e38], [3e38, 3e38]]).shape == (2, 2)


def test_an_unknown_metric_lists_the_known_ones() -> None:
    with pytest.raises(BadInput, match="cosine, dot, euclidean, manhattan"):
        similarity(SQUARE, SQUARE, "hamming")  # type: ignore[arg-type]


def test_ranges_are_one_behind_another() -> None:
    numbers, which = ranges(np.array([5, 0, 9]), np.array([2, 0, 3]))
    assert numbers.tolist() == [5, 6, 9, 10, 11]
    assert which.tolist() == [0, 0, 2, 2, 2]
