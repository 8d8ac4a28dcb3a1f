"""The nearest-neighbour index against plain NumPy: exact where it says so, and as good as it says elsewhere."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from knnife.geometry import METRICS, Metric, similarity, top_k, unit
from knnife.space.index import exact, index, tuning
from knnife.space.index.index import Index
from knnife.space.index.table import Column

DIMS = [1, 2, 3, 7, 33, 256]


def points(n: int, dim: int, seed: int = 0) -> np.ndarray:
    """Clusters, so that codes have something to find."""
    random = np.random.default_rng(seed)
    centres = random.normal(size=(max(1, n // 50), dim))
    return (centres[random.integers(len(centres), size=n)] + 0.5 * random.normal(size=(n, dim))).astype(np.float32)


def made(vectors: np.ndarray, metric: Metric = "cosine", *, recall: float = 0.98, step: int = 3) -> Index:
    """An index whose positions have gaps (or not, with step 1), and whose ids say the position."""
    positions = np.arange(len(vectors), dtype=np.int64) * step + 5
    return Index.build(vectors, positions, [f"n{p}" for p in positions], metric=metric, recall=recall)


def truth(
    vectors: np.ndarray, positions: np.ndarray, queries: np.ndarray, k: int, metric: Metric
) -> tuple[np.ndarray, np.ndarray]:
    columns, scores = top_k(similarity(queries, vectors, metric), k)
    return positions[columns], scores


def found_share(found: np.ndarray, wanted: np.ndarray) -> float:
    return float(np.mean([len(set(a) & set(b)) / len(b) for a, b in zip(found.tolist(), wanted.tolist(), strict=True)]))


@pytest.fixture
def codes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes indexes of some thousand points use codes."""
    monkeypatch.setattr(index, "EXACT_NUMBERS", 1_000 * 32)
    monkeypatch.setattr(index, "UNCODED", 100)
    monkeypatch.setattr(index, "DEAD", 20)


# Exactly


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("dim", DIMS)
@pytest.mark.parametrize("n", [0, 1, 2, 50, 700])
def test_small_indexes_answer_exactly(metric: Metric, dim: int, n: int) -> None:
    vectors, queries = points(n, dim), points(30, dim, seed=1)
    made_of = made(vectors, metric)
    for asked in (queries[:1], queries):  # few queries are compared one by one, many by matrix products
        found, scores = made_of.near(asked, 10)
        wanted, wanted_scores = truth(vectors, np.arange(n) * 3 + 5, asked, 10, metric)
        assert found.shape == wanted.shape
        np.testing.assert_allclose(scores, wanted_scores, rtol=1e-4, atol=1e-4)
        own = np.take_along_axis(similarity(asked, vectors, metric), (found - 5) // 3, 1)
        np.testing.assert_allclose(scores, own, rtol=1e-4, atol=1e-4)
        assert all(len(set(row)) == len(row) for row in found.tolist())


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("asked", [1, 40])
def test_ties_come_in_the_order_of_positions_also_at_the_end_of_the_answer(metric: Metric, asked: int) -> None:
    vectors = np.repeat(2 * np.eye(4, dtype=np.float32), 100, axis=0)  # 100 copies of each of 4 points
    found, scores = made(vectors, metric).near(np.repeat(vectors[200:201], asked, axis=0), 130)
    assert (scores[:, :100] == scores[0, 0]).all()
    assert (scores[:, 100:] == scores[0, 100]).all()
    assert (found[:, :100] == np.arange(200, 300) * 3 + 5).all()
    assert (found[:, 100:] == np.arange(30) * 3 + 5).all()


def test_a_zero_vector_has_cosine_0_to_everything() -> None:
    vectors = np.vstack([np.zeros((3, 4)), -np.ones((50, 4)), np.ones((50, 4))]).astype(np.float32)
    made_of = made(vectors)
    found, scores = made_of.near(np.zeros((1, 4), np.float32), 60)
    assert (scores == 0).all()
    assert (found[0] == np.arange(60) * 3 + 5).all()
    found, scores = made_of.near(np.ones((1, 4), np.float32), 55)
    assert found[0, 50:53].tolist() == [5, 8, 11]
    assert scores[0, 49] == pytest.approx(1)
    assert scores[0, 50:53].tolist() == [0, 0, 0]


@pytest.mark.parametrize("asked", [1, 40])
def test_close_neighbours_far_from_the_origin_are_told_apart(asked: int) -> None:
    """x·x - 2x·y + y·y, which matrix products are good for, is all rounding here."""
    vectors = (1_000 + 0.01 * np.arange(400, dtype=np.float32)[:, None]) * np.ones((1, 3), np.float32)
    queries = np.repeat(vectors[100:101], asked, axis=0)
    found, scores = made(vectors, "euclidean").near(queries, 5)
    wanted, wanted_scores = truth(vectors, np.arange(400) * 3 + 5, queries, 5, "euclidean")
    np.testing.assert_allclose(scores, wanted_scores, rtol=1e-5)
    assert (found[:, 0] == 305).all()
    assert (np.sort(found) == np.sort(wanted)).all()


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("asked", [1, 40])
def test_filters_and_own_points_are_left_out_before_the_search(metric: Metric, asked: int) -> None:
    vectors = points(500, 8)
    made_of = made(vectors, metric)
    own = np.arange(asked, dtype=np.int64) * 3 + 5
    for allowed in (None, np.arange(0, 500, 7), np.arange(3), np.array([], np.int64)):
        rows = np.arange(500) if allowed is None else allowed
        given = None if allowed is None else np.concatenate([[-9], rows * 3 + 5, [9_999]])  # two that are not there
        found, scores = made_of.near(vectors[:asked], 20, given, own)
        close = similarity(vectors[:asked], vectors[rows], metric)
        mine = rows[None, :] == np.arange(asked)[:, None]
        close[mine] = -np.inf
        k = min(20, len(rows) - bool(mine.any()))
        wanted = top_k(close, k)[1]
        assert found.shape == (asked, k)
        np.testing.assert_allclose(scores, wanted, rtol=1e-4, atol=1e-4)
        assert not (found == own[:, None]).any()
        assert np.isin(found, rows * 3 + 5).all()


@pytest.mark.parametrize("metric", METRICS)
def test_within_finds_all_pairs_at_least_so_similar(metric: Metric, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exact, "GATHER", 150)
    monkeypatch.setattr(exact, "ASKED", 40)
    vectors = points(400, 6)
    made_of = made(vectors, metric).changed(np.array([9_000]), points(1, 6, seed=9), ["new"], np.array([8], np.int64))
    everything = np.vstack([vectors, points(1, 6, seed=9)])
    positions = np.append(np.arange(400) * 3 + 5, 9_000)
    close = similarity(vectors[:90], everything, metric)
    close[:, 1] = -np.inf  # the one that left
    for allowed in (None, positions[::3]):
        here = close if allowed is None else np.where(np.isin(positions, allowed), close, -np.inf)
        for at_least in (float(np.quantile(close[:, 2:], 0.97)) + 1e-4, -1e9, 1e9):
            numbers, found, scores = made_of.within(vectors[:90], at_least, allowed)
            wanted = np.nonzero((here >= at_least) & np.isfinite(here))
            assert (numbers == wanted[0]).all()
            assert (found == positions[wanted[1]]).all()
            np.testing.assert_allclose(scores, here[wanted], rtol=1e-4, atol=1e-4)


# By codes


@pytest.mark.parametrize(
    ("metric", "dim"), [*((metric, 33) for metric in METRICS), ("cosine", 256), ("euclidean", 600)]
)
def test_codes_reach_the_recall_on_queries_that_were_held_out(codes: None, metric: Metric, dim: int) -> None:
    n = 1_500 if dim > 100 else 4_000
    everything = points(n + 200, dim)
    vectors, queries = everything[:n], everything[n:]
    made_of = made(vectors, metric)
    assert made_of.tuning.method in ("codes", "lists")
    assert made_of.tuning.recall >= 0.98
    positions = np.arange(n) * 3 + 5
    for k in (1, 10, 100, 300):
        wanted, wanted_scores = truth(vectors, positions, queries, k, metric)
        found, scores = made_of.near(queries, k)
        assert found_share(found, wanted) >= 0.95
        agree = found == wanted
        np.testing.assert_allclose(scores[agree], wanted_scores[agree], rtol=1e-4, atol=1e-4)  # scores are exact
        assert (np.diff(scores, axis=1) <= 0).all()
        assert found_share(made_of.near(queries[:1], k)[0], found[:1]) >= 0.99


def test_codes_answer_k_points_whatever_the_filter(codes: None) -> None:
    vectors = points(4_000, 32)
    made_of = made(vectors, step=1)
    for share in (1, 2, 10, 100, 1_000):
        rows = np.flatnonzero(np.random.default_rng(0).integers(share, size=4_000) == 0)
        wanted, _ = truth(vectors[rows], rows + 5, vectors[:50], 10, "cosine")
        found, _ = made_of.near(vectors[:50], 10, rows + 5)
        assert found.shape == wanted.shape
        assert np.isin(found, rows + 5).all()
        assert found_share(found, wanted) >= 0.97


def test_a_filter_that_lets_through_only_what_is_far_away_still_answers_k(codes: None) -> None:
    vectors = points(4_000, 32)
    close = similarity(vectors[:1], vectors)[0]
    far = np.sort(np.argsort(close)[:400])  # in none of the lists that are read without a filter
    found, scores = made(vectors, step=1).near(vectors[:1], 100, far + 5)
    assert found.shape == (1, 100)
    assert np.isin(found, far + 5).all()
    np.testing.assert_allclose(scores, close[found - 5], rtol=1e-4, atol=1e-4)
    assert close[found[0, 0] - 5] >= np.quantile(close[far], 0.95)


def test_when_no_codes_reach_the_recall_the_search_is_exact(codes: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuning, "MOST", 101)
    noise = np.random.default_rng(0).normal(size=(3_000, 64)).astype(np.float32)  # neighbours as far as strangers
    made_of = made(noise, recall=1.0)
    assert made_of.tuning.method == "exact"
    assert str(made_of.tuning) == "exact"
    assert (made_of.near(noise[:20], 5)[0] == truth(noise, np.arange(3_000) * 3 + 5, noise[:20], 5, "cosine")[0]).all()


def test_a_higher_recall_takes_more_effort(codes: None) -> None:
    vectors = points(4_000, 64)
    easy, hard = made(vectors, recall=0.5).tuning, made(vectors, recall=0.999).tuning
    assert easy.efforts[0].lists <= hard.efforts[0].lists
    assert easy.efforts[0] != hard.efforts[0]
    assert hard.recall >= 0.999


def test_the_same_seed_makes_the_same_codes(codes: None) -> None:
    vectors = points(2_000, 32)
    one, two = made(vectors), made(vectors)
    assert one.codes is not None
    assert two.codes is not None
    assert (one.codes.packed() == two.codes.packed()).all()


def test_progress_goes_up_to_1(codes: None) -> None:
    shares: list[float] = []
    vectors = points(2_000, 32)
    Index.build(vectors, np.arange(2_000), [""] * 2_000, metric="cosine", recall=0.9, progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1


# Following


def test_an_older_index_still_shows_what_it_showed(codes: None) -> None:
    vectors = points(1_500, 32)
    old = made(vectors)
    before = old.near(vectors[:20], 10)
    new = old
    for i in range(60):
        more = vectors[i : i + 1] * np.float32(1.001)
        new = new.changed(np.array([10_000 + i]), more, [f"more{i}"], np.array([5 + 3 * i]))
    other = old.changed(np.array([10_000]), vectors[:1], ["other"], np.array([], np.int64))  # a second branch
    assert (old.near(vectors[:20], 10)[0] == before[0]).all()
    assert old.n == 1_500
    assert new.n == 1_500
    assert new.ids_of(np.array([[10_000, 10_059]])) == [["more0", "more59"]]
    assert other.ids_of(np.array([[10_000, 5]])) == [["other", "n5"]]
    assert new.near(vectors[:20], 1)[0][:, 0].tolist() == list(range(10_000, 10_020))


def test_new_points_are_found_at_once_and_after_they_have_codes(codes: None) -> None:
    vectors = points(1_500, 32)
    grown = made(vectors)
    first_codes = grown.codes
    extra = points(700, 32, seed=5)
    for start in range(0, 700, 70):
        some = slice(start, start + 70)
        ids = [f"x{i}" for i in range(start, start + 70)]
        grown = grown.changed(np.arange(start, start + 70) + 9_000, extra[some], ids, np.array([], np.int64))
        found, _ = grown.near(extra[some], 1)
        assert np.mean(found[:, 0] == np.arange(start, start + 70) + 9_000) > 0.97
    assert grown.codes is not first_codes
    assert grown.tuning.points == 1_500  # followed, not built anew
    everything = np.vstack([vectors, extra])
    positions = np.append(np.arange(1_500) * 3 + 5, np.arange(700) + 9_000)
    found, _ = grown.near(everything[:300], 10)
    assert found_share(found, truth(everything, positions, everything[:300], 10, "cosine")[0]) >= 0.96


def test_when_the_points_have_doubled_or_many_are_gone_the_index_is_built_anew(codes: None) -> None:
    vectors = points(1_500, 32)
    old = made(vectors)
    doubled = old.changed(np.arange(1_500) + 9_000, points(1_500, 32, seed=2), [""] * 1_500, np.array([], np.int64))
    assert doubled.tuning.points == 3_000
    fewer = old.changed(np.array([], np.int64), vectors[:0], [], np.arange(400) * 3 + 5)
    assert fewer.tuning.points == fewer.n == fewer.points.rows == 1_100
    assert fewer.ids_of(np.array([[5 + 3 * 400, 5 + 3 * 1_499]])) == [["n1205", "n4502"]]


def test_few_points_that_grow_get_codes(codes: None) -> None:
    vectors = points(1_100, 32)
    grown = made(vectors[:900])
    assert grown.codes is None
    ids = [f"x{i}" for i in range(200)]
    grown = grown.changed(np.arange(200) + 9_000, vectors[900:], ids, np.array([], np.int64))
    assert grown.codes is not None


STEPS = st.lists(
    st.tuples(
        st.integers(0, 60),  # come
        st.lists(st.integers(0, 10_000), max_size=40),  # leave
    ),
    max_size=12,
)


@settings(max_examples=60)
@given(steps=STEPS, metric=st.sampled_from(METRICS), seed=st.integers(0, 99))
def test_any_sequence_of_changes_shows_what_a_dictionary_shows(
    steps: list[tuple[int, list[int]]], metric: Metric, seed: int
) -> None:
    random = np.random.default_rng(seed)
    here: dict[int, np.ndarray] = {}
    following = Index.build(np.empty((0, 3), np.float32), np.empty(0, np.int64), [], metric=metric, recall=0.98)
    position = 0
    for come, leave in steps:
        gone = sorted({list(here)[i % len(here)] for i in leave}) if here else []
        new = np.arange(position, position + come, dtype=np.int64) * 2**40
        vectors = random.integers(-2, 3, size=(come, 3)).astype(np.float32)  # coarse: many ties
        position += come
        following = following.changed(new, vectors, [f"ü{p}" for p in new], np.array(gone, np.int64))
        here.update(zip(new.tolist(), vectors, strict=True))
        for one in gone:
            del here[one]
    assert following.n == len(here)
    if here:
        positions, vectors = np.array(list(here)), np.array(list(here.values()))
        queries = random.normal(size=(12, 3)).astype(np.float32)
        found, scores = following.near(queries, 7)
        _, wanted = truth(vectors, positions, queries, 7, metric)
        np.testing.assert_allclose(scores, wanted, rtol=1e-4, atol=1e-5)
        own = similarity(queries, vectors, metric)
        for i, row in enumerate(found):
            columns = [list(here).index(p) for p in row.tolist()]
            np.testing.assert_allclose(own[i, columns], scores[i], rtol=1e-4, atol=1e-5)
        assert following.ids_of(found) == [[f"ü{p}" for p in row] for row in found.tolist()]


def test_positions_may_be_as_large_as_64_bits_allow() -> None:
    vectors = points(10, 4)
    positions = np.arange(10) + 2**62 - 10
    made_of = Index.build(vectors, positions, [str(p) for p in positions], metric="cosine", recall=0.98)
    found, _ = made_of.near(vectors, 1)
    assert (found[:, 0] == positions).all()
    assert made_of.ids_of(found[:1]) == [[str(2**62 - 10)]]


def test_ids_of_any_characters_come_back(codes: None) -> None:
    ids = ["", "ä", "\ud800", "a\0b", "日本" * 1_000, "", "z"]
    vectors = points(7, 4)
    made_of = Index.build(vectors, np.arange(7), ids, metric="cosine", recall=0.98)
    assert made_of.ids_of(np.arange(7)[None]) == [ids]
    assert made_of.ids_of(np.arange(7)[:, None]) == [[id] for id in ids]
    assert made_of.ids_of(np.empty((2, 0), np.int64)) == [[], []]


def test_many_threads_ask_one_index_while_it_is_followed(codes: None) -> None:
    vectors = points(2_000, 32)
    current = [made(vectors)]
    wanted = current[0].near(vectors[:100], 1)[0][:, 0]
    wrong: list[Any] = []
    done = threading.Event()

    def ask() -> None:
        while not done.is_set():
            for i in range(100):
                if current[0].near(vectors[i : i + 1], 1)[0][0, 0] != wanted[i]:
                    wrong.append(i)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    far = -10 * np.ones((1, 32), np.float32)
    for i in range(300):
        current[0] = current[0].changed(np.array([9_000 + i]), far, ["far"], np.array([], np.int64))
    done.set()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_column_is_copied_seldom_however_many_rows_come_one_by_one() -> None:
    column = Column.of(np.empty((0, 2), np.float32))
    addresses = set()
    for i in range(1_000):
        column = column.extended(np.full((1, 2), i, np.float32))
        addresses.add(column.array.ctypes.data)
    assert column.array[:, 0].tolist() == list(range(1_000))
    assert len(addresses) < 20


def test_unit_vectors_are_not_copied() -> None:
    vectors = unit(points(100, 8))
    assert made(vectors).points.base.vectors.base is vectors or made(vectors).points.base.vectors is vectors
