"""Vectors that a number type or a metric cannot hold are refused at the door; all others are answered rightly."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from knnife import BadInput, Space, Thing

METRICS = ["cosine", "dot", "euclidean", "manhattan"]


def things(count: int) -> list[Thing]:
    return [Thing(str(number), None) for number in range(count)]


def made(scale: float, count: int = 300) -> np.ndarray:
    return (np.random.default_rng(1).standard_normal((count, 8)).clip(-1, 1) * scale).astype(np.float32)


@pytest.mark.parametrize("path", ["s.knnife", ":memory:"])
@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("scale", [1e-44, 1e-40, 1e-25, 1e-14, 1e-9, 1e8, 1e17, 1e25, 3e38])
def test_of_any_length_the_nearest_is_found_or_the_vectors_are_refused(
    tmp_path: Path, path: str, metric: str, scale: float
) -> None:
    vectors = made(scale)
    with Space.open(path if path == ":memory:" else tmp_path / path, metric=metric) as space:  # type: ignore[arg-type]
        if metric != "cosine" and not 1e-12 <= scale <= 1e18:
            with pytest.raises(BadInput, match="multiply the vectors by a constant"):
                space.add(things(300), vectors)
            assert len(space) == 0
            return
        space.add(things(300), vectors)
        found = space.near(vectors[:5], k=10)
    exact = vectors.astype(np.float64)
    for row, ids, scores in zip(exact[:5], found.ids, found.scores, strict=True):
        own = {
            "cosine": exact @ row / np.linalg.norm(exact, axis=1) / np.linalg.norm(row),
            "dot": exact @ row,
            "euclidean": -np.linalg.norm(exact - row, axis=1),
            "manhattan": -np.abs(exact - row).sum(axis=1),
        }[metric]
        assert len(set(ids)) == 10
        assert np.isfinite(scores).all()
        assert own[[int(id) for id in ids]] == pytest.approx(np.sort(own)[::-1][:10], rel=1e-4)


@pytest.mark.parametrize(
    ("dtype", "scale", "said"),
    [
        ("float16", 1e-9, "off by 100%"),
        ("float16", 1e-7, "cannot be kept as float16"),
        ("float16", 1e5, "beyond the range of float16"),
        ("int8", 1e-44, "off by 100%"),
    ],
)
def test_what_a_number_type_would_lose_is_refused(tmp_path: Path, dtype: str, scale: float, said: str) -> None:
    with Space.open(tmp_path / "s.knnife", dtype=dtype) as space:  # type: ignore[arg-type]
        with pytest.raises(BadInput, match=said):
            space.add(things(300), made(scale))
        assert len(space) == 0
        space.add(things(1), np.zeros((1, 8)))
        space.add([Thing("fine", None)], made(1.0, 1))


def test_int8_that_drowns_all_but_one_component_is_refused(tmp_path: Path) -> None:
    vector = np.full((1, 100_000), 0.003, np.float32)
    vector[0, 0] = 1
    with Space.open(tmp_path / "s.knnife", dtype="int8") as space, pytest.raises(BadInput, match="as int8"):
        space.add(things(1), vector)


def test_a_query_beyond_the_metric_is_refused(tmp_path: Path) -> None:
    with Space.open(tmp_path / "s.knnife", metric="dot") as space:
        space.add(things(300), made(1.0))
        with pytest.raises(BadInput, match="beyond|longest"):
            space.near(made(1e25, 1))
        assert np.isfinite(space.near(made(1e-20, 1), k=3).scores).all()


def test_noise_around_zero_is_no_reason_to_refuse_the_others(tmp_path: Path) -> None:
    vectors = made(1.0)
    vectors[7] = 1e-20
    with Space.open(tmp_path / "s.knnife", metric="euclidean") as space:
        space.add(things(300), vectors)
        assert space.near(np.zeros((1, 8)), k=1).ids == [["7"]]


@pytest.mark.parametrize("vector", [[1e-60, 0.0], np.array([0.0, 1e-50])])
def test_a_vector_that_float32_turns_into_zeros_is_refused(tmp_path: Path, vector: object) -> None:
    with Space.open(tmp_path / "s.knnife") as space:
        with pytest.raises(BadInput, match="too small for float32"):
            space.add([{"id": "a", "vector": vector}] if isinstance(vector, list) else things(1), [vector])
        with pytest.raises(BadInput, match="'a': its vector is too small"):
            space.add([Thing("a", None, {}, None, vector)])  # type: ignore[arg-type]


def test_a_derived_view_is_held_to_its_metric(tmp_path: Path) -> None:
    with Space.open(tmp_path / "s.knnife") as space:
        space.add(things(3), made(1.0, 3))
        with pytest.raises(BadInput, match="the vectors of the view 'far'"):
            space.derive("far", made(1e25, 3), metric="euclidean")
        space.derive("far", made(1e25, 3), metric="cosine")
