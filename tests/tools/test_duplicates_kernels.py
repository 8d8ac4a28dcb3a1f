"""The search for copies by compiled code, held against the plain way and against all pairs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from knnife import duplicates
from knnife.statistics.neighbours import NeighbourTail
from knnife.tools._duplicates import products, shingles as shingles_file, similarity_join, sketches
from knnife.tools._duplicates.neighbourhoods import company_of_points
from knnife.tools._duplicates.shingles import shingles
from knnife.tools._duplicates.similarity_join import close_pairs

compiled = pytest.mark.skipif(not sketches.COMPILED, reason="knnife was installed without a compiler")


def side_by_side(others: np.ndarray) -> np.ndarray:
    blocks, width = len(others) // 64, others.shape[1]
    return np.ascontiguousarray(others.reshape(blocks, 64, width // 4, 4).transpose(0, 2, 1, 3))


@compiled
@pytest.mark.parametrize(("n", "width", "blocks"), [(1, 4, 1), (4, 8, 3), (7, 100, 2), (5, 600, 5)])
def test_near_rows_are_those_with_a_large_product(n: int, width: int, blocks: int) -> None:
    from knnife._kernels import near_rows

    random = np.random.default_rng(n)
    rows = random.integers(0, 256, (n, width)).astype(np.uint8)
    others = random.integers(-127, 128, (64 * blocks, width)).astype(np.int8)
    least = random.integers(-(2**15), 2**15, n).astype(np.int32)
    more = random.integers(-(2**15), 2**15, 64 * blocks).astype(np.int32)
    near = np.zeros((n, blocks), "<u8")
    near_rows(rows, least, side_by_side(others), more, near)
    bits = np.unpackbits(near.view(np.uint8), axis=1, bitorder="little").astype(bool)
    np.testing.assert_array_equal(bits, rows.astype(int) @ others.astype(int).T >= least[:, None] + more)


@compiled
def test_near_rows_refuses_what_does_not_fit() -> None:
    from knnife._kernels import near_rows

    def given(n: int = 3, width: int = 8, blocks: int = 2) -> list[np.ndarray]:
        others, more = np.zeros((blocks, width // 4, 64, 4), np.int8), np.zeros(64 * blocks, np.int32)
        return [np.zeros((n, width), np.uint8), np.zeros(n, np.int32), others, more, np.zeros((n, blocks), "<u8")]

    near_rows(*given())
    for wrong in (given(n=0), given(width=0), given(blocks=0)):
        with pytest.raises(ValueError, match="fit"):
            near_rows(*wrong)
    for place in range(5):
        arrays = given()
        arrays[place] = arrays[place].ravel()[:-1].copy()
        with pytest.raises(ValueError, match="fit"):
            near_rows(*arrays)


@pytest.mark.skipif(not products.FAST, reason="no compiler, or a processor without such instructions")
@pytest.mark.parametrize("metric", ["cosine", "euclidean", "manhattan"])
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_bytes_and_floats_find_the_same_pairs(metric: str, data: st.DataObject) -> None:
    n, m, width = (data.draw(st.integers(1, most)) for most in (90, 150, 40))
    random = np.random.default_rng(data.draw(st.integers(0, 99)))
    scale = data.draw(st.sampled_from([1e-9, 1.0, 3e4]))
    a = random.standard_normal((n, width)).astype(np.float32)
    b = random.standard_normal((m, width)).astype(np.float32) * np.float32(data.draw(st.sampled_from([0, 0.01, 1])))
    b[: n // 2] = (a + np.float32(0.1) * random.standard_normal(a.shape).astype(np.float32))[: min(n // 2, m)][:m]
    if metric == "cosine":
        a, b = (side / np.maximum(np.linalg.norm(side, axis=1, keepdims=True), 1e-9) for side in (a, b))
    else:
        a, b = a * np.float32(scale), b * np.float32(scale)
    far = similarity_join.between(a, b, np.repeat(np.arange(n), m), np.tile(np.arange(m), n), metric)
    reach = float(np.quantile(far, data.draw(st.sampled_from([0.0, 0.01, 0.3, 1.0]))))
    for other in (None, b):
        found = []
        for fast in (True, False):
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(similarity_join, "FAST", fast)
                left, right, _ = close_pairs(a, other, reach, metric)
            found.append(set(zip(left.tolist(), right.tolist(), strict=True)))
        assert found[0] == found[1]


def words(n: int, seed: int = 0) -> list[str]:
    random = np.random.default_rng(seed)
    known = ["".join(random.choice(list("abcdefgh"), 5)) for _ in range(400)]
    texts = [" ".join(random.choice(known, 12)) for _ in range(n)]
    return texts + [text[:-3] + "x" for text in texts[: n // 10]]


@compiled
@pytest.mark.parametrize("room", [1, 1 << 20])
def test_texts_with_pieces_in_common_are_those_of_the_plain_way(room: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sketches, "ROOM", room)
    texts = shingles(words(500))
    for split in (None, 200):
        ours = sketches.candidates(texts, split)
        with monkeypatch.context() as patch:
            patch.setattr(sketches, "COMPILED", False)
            plain = sketches.candidates(texts, split)
        assert len(ours[0])
        np.testing.assert_array_equal(ours, plain)


@compiled
def test_shared_by_texts_refuses_numbers_that_lead_nowhere() -> None:
    from knnife._kernels import shared_by_texts

    keys, texts = np.array([1, 1, 2, 2], np.uint32), np.array([0, 1, 0, 1], np.int32)
    starts, places = np.array([0, 2, 4], np.int32), np.array([0, 2, 1, 3], np.int32)
    seen, found = np.zeros((2, 2), np.int32), np.zeros((2, 3), np.int32)
    assert shared_by_texts(keys, texts, starts, places, 9, 2, 0, seen, found) == (1, 1)
    assert found[0].tolist() == [0, 1, 2]
    for wrong in (
        (keys, texts + 1, starts, places, 9, 2, 0, seen, found),
        (keys, texts - 2, starts, places, 9, 2, 0, seen, found),
        (keys, texts, starts + 3, places, 9, 2, 0, seen, found),
        (keys, texts, starts - 1, places, 9, 2, 0, seen, found),
        (keys, texts, starts, places + 3, 9, 2, 0, seen, found),
        (keys, texts, starts, places - 1, 9, 2, 0, seen, found),
        (keys, texts[1:].copy(), starts, places, 9, 2, 0, seen, found),
        (keys, texts, starts, places, -1, 2, 0, seen, found),
        (keys, texts, starts, places, 9, 2, 3, seen, found),
        (keys, texts, starts, places, 9, 2, -1, seen, found),
        (keys, texts, starts, places, 9, 2, 0, seen[:1].copy(), found),
        (keys, texts, starts, places, 9, 2, 0, seen, found[1:].copy()),
    ):
        with pytest.raises(ValueError, match="fit"):
            shared_by_texts(*wrong)
        seen[:] = 0


@compiled
@settings(max_examples=50, deadline=None)
@given(st.lists(st.text("abc ", max_size=30), min_size=1, max_size=30), st.booleans())
def test_pieces_are_shared_as_by_the_plain_way(texts: list[str], weighted: bool) -> None:
    sets = shingles([" ".join(text.split()) for text in texts])
    a, b = (side.ravel() for side in np.mgrid[: len(texts), : len(texts)])
    weights = np.random.default_rng(0).random(len(sets.keys)) if weighted else None
    np.testing.assert_array_equal(sets._shared(a, b, weights), sets._plainly_shared(a, b, weights))


@compiled
def test_shared_pieces_refuses_sets_that_are_not_there() -> None:
    from knnife._kernels import shared_pieces

    keys, starts, weights = np.array([1, 2, 2, 3], np.uint32), np.array([0, 2, 4]), np.array([1.0, 5.0, 9.0, 1.0])
    a, b, shared = np.array([0, 1]), np.array([1, 1]), np.zeros(2)
    shared_pieces(keys, starts, a, b, weights, shared)
    assert shared.tolist() == [5, 10]
    for wrong in (
        (keys, starts, a, b + 1, weights, shared),
        (keys, starts, a - 1, b, weights, shared),
        (keys, starts + 1, a, b, weights, shared),
        (keys, starts - 1, a, b, weights, shared),
        (keys, starts[::-1].copy(), a, b, weights, shared),
        (keys, starts[:0].copy(), a, b, weights, shared),
        (keys, starts, a[1:].copy(), b, weights, shared),
        (keys, starts, a, b, weights[1:].copy(), shared),
        (keys, starts, a, b, weights, shared[1:].copy()),
    ):
        with pytest.raises(ValueError, match="fit"):
            shared_pieces(*wrong)


def test_nothing_is_compiled_and_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = words(700, seed=1)
    found = list(duplicates(texts).rows())
    monkeypatch.setattr(similarity_join, "FAST", False)
    for module in (sketches, shingles_file):
        monkeypatch.setattr(module, "COMPILED", False)
    assert list(duplicates(texts).rows()) == found
    assert len(found) >= 70


def test_the_company_of_points_is_that_of_all_distances() -> None:
    random = np.random.default_rng(0)
    points = np.vstack([random.standard_normal((400, 8)), 0.01 * random.standard_normal((30, 8))]).astype(np.float32)
    far = similarity_join.between(points, points, *(x.ravel() for x in np.mgrid[:430, :430]), "euclidean")
    sixth = np.sort(far.reshape(430, 430), axis=1)[:, 6]
    tail = NeighbourTail(-float(np.log(np.median(sixth))), 0.1, 0.1, 1.0, 430 * 215.0, 0.1, True)
    found = company_of_points(tail, points, points, "euclidean", within=True)
    expected = tail.company(sixth, np.full(430, np.inf))
    np.testing.assert_allclose(found.shift, expected.shift, atol=1e-5)
    np.testing.assert_array_equal(found.scale, 1)
    assert 215 <= np.count_nonzero(found.shift == 0) <= 216
