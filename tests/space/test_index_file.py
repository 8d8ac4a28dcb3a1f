"""The file of an index: what is kept comes back, and damage anywhere is noticed."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from knnife.space.index import cache_file as cache, index
from knnife.space.index.cache_file import DamagedCache
from knnife.space.index.index import Index, Stamp

STAMP = Stamp(view=3, filled=5, commit=2**40, token="abc", last=2**62, gone=7)


def made(n: int = 300, dim: int = 16, metric: Any = "cosine") -> tuple[Index, np.ndarray]:
    vectors = np.random.default_rng(0).normal(size=(n, dim)).astype(np.float32)
    return Index.build(vectors, np.arange(n), [f"é{i}" for i in range(n)], metric=metric, recall=0.9), vectors


@pytest.mark.parametrize("metric", ["cosine", "dot", "euclidean", "manhattan"])
@pytest.mark.parametrize("coded", [False, True])
def test_what_was_kept_answers_the_same(
    tmp_path: Path, metric: str, coded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "EXACT_NUMBERS", 500 * 16 if coded else 10**9)
    before, vectors = made(2_000, metric=metric)
    more = -vectors[:30]
    before = before.changed(np.arange(30) + 5_000, more, ["new"] * 30, np.arange(10))
    path = tmp_path / "i"
    before.save(path, STAMP)
    after, stamp = Index.load(path)
    assert stamp == STAMP
    assert (after.codes is not None) == coded
    assert (after.tuning, after.metric, after.wanted, after.n) == (before.tuning, metric, 0.9, 2_020)
    for allowed in (None, np.arange(0, 5_030, 3)):
        a, b = before.near(vectors[:50], 10, allowed), after.near(vectors[:50], 10, allowed)
        assert (a[0] == b[0]).all()
        np.testing.assert_allclose(a[1], b[1], rtol=1e-6)
    assert after.ids_of(np.array([[5_000, 77]])) == [["new", "é77"]]
    followed = after.changed(np.array([6_000]), vectors[:1] * 2, ["last"], np.array([11]))
    assert followed.ids_of(followed.near(-vectors[12:13], 1)[0]) == [["new"]]
    assert followed.n == 2_020


def test_an_empty_index_is_kept_too(tmp_path: Path) -> None:
    empty = Index.build(np.empty((0, 4), np.float32), np.empty(0, np.int64), [], metric="dot", recall=0.9)
    empty.save(tmp_path / "i", STAMP)
    after, _ = Index.load(tmp_path / "i")
    assert after.near(np.ones((2, 4), np.float32), 5)[0].shape == (2, 0)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of an index with codes."""
    path = tmp_path_factory.mktemp("kept") / "i"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(index, "EXACT_NUMBERS", 1_000 * 16)
        built, _ = made(1_200)
    assert built.codes is not None
    built.save(path, STAMP)
    return path.read_bytes()


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
def test_one_changed_byte_anywhere_is_noticed(kept: bytes, tmp_path: Path, data: Any) -> None:
    place = data.draw(st.integers(0, len(kept) - 1))
    damaged = bytearray(kept)
    damaged[place] ^= data.draw(st.integers(1, 255))
    (tmp_path / "i").write_bytes(damaged)
    with pytest.raises(DamagedCache):
        Index.load(tmp_path / "i")


def test_every_changed_byte_of_the_head_is_noticed(kept: bytes, tmp_path: Path) -> None:
    for place in range(cache.PREFIX + 200):
        damaged = bytearray(kept)
        damaged[place] ^= 255
        (tmp_path / "i").write_bytes(damaged)
        with pytest.raises(DamagedCache):
            Index.load(tmp_path / "i")


def test_a_file_that_is_too_short_or_too_long_is_noticed(kept: bytes, tmp_path: Path) -> None:
    lengths = [*range(0, 200, 7), *np.linspace(0, len(kept) - 1, 150).astype(int), len(kept) - 1]
    for length in lengths:
        (tmp_path / "i").write_bytes(kept[:length])
        with pytest.raises(DamagedCache):
            Index.load(tmp_path / "i")
    (tmp_path / "i").write_bytes(kept + b"\0" * 64)
    with pytest.raises(DamagedCache):
        Index.load(tmp_path / "i")


@pytest.mark.parametrize("content", [b"x" * 10_000, b"SQLite format 3\0" * 500, b"\0" * 4_096, b"knnifeix" * 9])
def test_a_foreign_file_is_noticed(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "i").write_bytes(content)
    with pytest.raises(DamagedCache):
        Index.load(tmp_path / "i")


def test_a_file_of_another_faiss_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built, _ = made()
    built.save(tmp_path / "i", STAMP)
    monkeypatch.setattr(cache.faiss, "__version__", "0.0.1")
    with pytest.raises(DamagedCache, match="another version"):
        Index.load(tmp_path / "i")


def test_a_missing_file_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Index.load(tmp_path / "nothing")


def test_a_full_disk_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built, _ = made()
    path = tmp_path / "i"
    built.save(path, STAMP)
    before = path.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        built.save(path, STAMP)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["i"]


def test_a_folder_that_is_not_there_is_an_os_error(tmp_path: Path) -> None:
    built, _ = made()
    with pytest.raises(OSError):
        built.save(tmp_path / "no" / "i", STAMP)


def test_a_file_in_use_may_be_replaced(tmp_path: Path) -> None:
    built, vectors = made()
    built.save(tmp_path / "i", STAMP)
    loaded, _ = Index.load(tmp_path / "i")
    before = loaded.near(vectors[:5], 5)[0]
    loaded.changed(np.array([900]), vectors[:1], ["new"], np.arange(5)).save(tmp_path / "i", STAMP)
    assert (loaded.near(vectors[:5], 5)[0] == before).all()
    assert Index.load(tmp_path / "i")[0].n == 296
