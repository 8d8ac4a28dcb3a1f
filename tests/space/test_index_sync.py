"""The index beside the file: it follows what changes, and is noticed when it does not belong."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from knnife import Space, Thing
from knnife.space.index import index as index_module

N, DIM = 3_000, 16


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Makes small spaces use codes, and counts how many points each index was built of."""
    monkeypatch.setattr(index_module, "EXACT_NUMBERS", 1_000 * DIM)
    counts: list[int] = []
    build = index_module.Index.build

    def counted(vectors: Any, *args: Any, **options: Any) -> Any:
        counts.append(len(vectors))
        return build(vectors, *args, **options)

    monkeypatch.setattr(index_module.Index, "build", counted)
    return counts


@pytest.fixture
def vectors() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(N, DIM)).astype(np.float32)


def filled(path: Path, vectors: np.ndarray) -> Path:
    with Space.open(path) as space:
        space.add((Thing(str(i), None, {"n": i}) for i in range(len(vectors))), vectors)
        space.near(vectors[0])
    return path


def nearest(space: Space, query: np.ndarray, k: int = 1) -> list[str]:
    return space.near(query, k).ids[0]


def test_the_index_is_kept_beside_the_file_and_read_the_next_time(tmp_path: Path, vectors: Any, built: Any) -> None:
    path = filled(tmp_path / "s.knnife", vectors)
    assert (tmp_path / "s.knnife-index1").exists()
    with Space.open(path) as space:
        assert nearest(space, vectors[7]) == ["7"]
        view = space.info().views[0]
        assert view.recall is not None
        assert view.recall >= 0.98
        assert view.filtered_recall is not None
    assert built == [N]


def test_it_may_be_deleted_at_any_time(tmp_path: Path, vectors: Any, built: Any) -> None:
    path = filled(tmp_path / "s.knnife", vectors)
    (tmp_path / "s.knnife-index1").unlink()
    with Space.open(path) as space:
        assert nearest(space, vectors[7]) == ["7"]
    assert built == [N, N]


def test_another_recall_tunes_anew(tmp_path: Path, vectors: Any, built: Any) -> None:
    path = filled(tmp_path / "s.knnife", vectors)
    with Space.open(path, recall=0.9) as space:
        space.near(vectors[0])
        assert space.info().recall_wanted == 0.9
    with Space.open(path) as space:
        space.near(vectors[0])
        assert space.info().recall_wanted == 0.9
    assert built == [N, N]


@pytest.mark.parametrize("damage", ["truncated", "flipped", "foreign", "empty"])
def test_a_damaged_or_foreign_one_is_noticed_and_built_again(
    tmp_path: Path, vectors: Any, built: Any, damage: str
) -> None:
    path, cache = filled(tmp_path / "s.knnife", vectors), tmp_path / "s.knnife-index1"
    data = bytearray(cache.read_bytes())
    if damage == "truncated":
        data = data[:-100]
    elif damage == "flipped":
        data[-1_000] ^= 4
    elif damage == "empty":
        data.clear()
    cache.write_bytes(b"something else entirely" if damage == "foreign" else data)
    with Space.open(path) as space:
        assert nearest(space, vectors[7]) == ["7"]
    assert built == [N, N]


def test_what_comes_and_goes_is_followed_without_building(tmp_path: Path, vectors: Any, built: Any) -> None:
    path = filled(tmp_path / "s.knnife", vectors)
    with Space.open(path) as space, Space.open(path) as other:
        other.near(vectors[0])
        space.add([Thing("new", None)], vectors[7:8] + np.float32(1e-3))
        space.remove(["7"])
        for reader in (space, other):
            assert nearest(reader, vectors[7]) == ["new"]
    with Space.open(path) as space:
        assert nearest(space, vectors[7]) == ["new"]
        assert nearest(space, vectors[8]) == ["8"]
        assert "7" not in nearest(space, vectors[7], 100)
    assert built == [N]


def test_a_copy_of_the_file_that_went_another_way_is_told_apart(tmp_path: Path, vectors: Any, built: Any) -> None:
    """A backup is restored over a space, and other things are added: the counts agree, the things do not."""
    path, backup = filled(tmp_path / "s.knnife", vectors), tmp_path / "backup.knnife"
    shutil.copy(path, backup)
    with Space.open(path) as space:
        space.add((Thing(f"lost{i}", None) for i in range(500)), vectors[:500] + 10)
        assert nearest(space, vectors[7] + 10) == ["lost7"]
        space.near(vectors[0])
    cache = tmp_path / "s.knnife-index1"
    shutil.copy(backup, path)
    with Space.open(path) as space:
        space.add((Thing(f"kept{i}", None) for i in range(500)), vectors[:500] - 10)
        found = nearest(space, vectors[7] - 10)
        assert found == ["kept7"]
        assert not any(id.startswith("lost") for id in nearest(space, vectors[7] + 10, 50))
    assert cache.exists()


def test_filters_reach_the_wanted_recall_with_codes_too(tmp_path: Path, vectors: Any, built: Any) -> None:
    with Space.open(filled(tmp_path / "s.knnife", vectors)) as space:
        found = total = 0
        for query in vectors[:100]:
            some = np.flatnonzero(np.arange(N) % 3 == 0)
            units = vectors[some] / np.linalg.norm(vectors[some], axis=1, keepdims=True)
            truth = {str(some[i]) for i in np.argsort(-(units @ query))[:10]}
            allowed = {"n": [int(i) for i in some]}
            answer = space.near(query, 10, where=allowed).ids[0]
            assert len(answer) == 10
            found, total = found + len(truth & set(answer)), total + 10
        assert found / total >= 0.97


def test_a_reader_leaves_no_index_behind(tmp_path: Path, vectors: Any, built: Any) -> None:
    path = filled(tmp_path / "s.knnife", vectors)
    (tmp_path / "s.knnife-index1").unlink()
    with Space.open(path, read_only=True) as space:
        assert nearest(space, vectors[7]) == ["7"]
    assert not (tmp_path / "s.knnife-index1").exists()


def test_dropping_a_view_drops_its_index(tmp_path: Path, vectors: Any, built: Any) -> None:
    from tests.toys import Letters

    class Rounded(Letters):
        dim = DIM

        def encode(self, values: Any) -> np.ndarray:
            return vectors[[int(v) for v in values]]

    with Space.open(tmp_path / "s.knnife", Rounded()) as space:
        space.add([Thing(str(i), str(i)) for i in range(N)])
        space.near(vectors[0])
        space.reencode(Rounded("2"), name="second")
        assert space.near(vectors[7], 1).ids == [["7"]]
        assert sorted(p.name for p in tmp_path.glob("*-index*")) == ["s.knnife-index1", "s.knnife-index2"]
        space.drop("letters")
        assert [p.name for p in tmp_path.glob("*-index*")] == ["s.knnife-index2"]
