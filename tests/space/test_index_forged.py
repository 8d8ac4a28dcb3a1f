"""Files of an index that somebody changed on purpose, with the right sums: refused where they do not fit together."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from knnife.space.index import cache_file, index
from knnife.space.index.cache_file import DamagedCache
from knnife.space.index.index import Index, Stamp

ROOT = Path(__file__).parents[2]
N, DIM = 1_200, 16
Arrays = dict[str, np.ndarray]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index with codes, in a file."""
    path = tmp_path_factory.mktemp("forged") / "i"
    vectors = np.random.default_rng(0).normal(size=(N, DIM)).astype(np.float32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(index, "EXACT_NUMBERS", 1_000 * DIM)
        built = Index.build(vectors, np.arange(N), [f"é{i}" for i in range(N)], metric="cosine", recall=0.9)
    assert built.codes is not None
    built.save(path, Stamp(1, 0, 1, "ab", N, 0))
    return path


def first(name: str, change: Callable[[np.ndarray], Any]) -> Callable[[Arrays, dict[str, Any]], None]:
    """Changes one array."""

    def changed(arrays: Arrays, about: dict[str, Any]) -> None:
        arrays[name] = np.ascontiguousarray(change(arrays[name].copy()))

    return changed


def put(array: np.ndarray, place: Any, value: Any) -> np.ndarray:
    array[place] = value
    return array


FORGED: dict[str, Callable[[Arrays, dict[str, Any]], None]] = {
    "positions that do not ascend": first("positions", lambda a: a[::-1]),
    "too few positions": first("positions", lambda a: a[:-1]),
    "positions of another type": first("positions", lambda a: a.astype(np.float64)),
    "ids that end behind their bytes": first("id_ends", lambda a: put(a, -1, 10**9)),
    "ids that end before they begin": first("id_ends", lambda a: put(a, 5, -3)),
    "flags of fewer points": first("live", lambda a: np.ones(3, bool)),
    "flags that are none": first("live", lambda a: np.full(N, 7, np.uint8).view(bool)),
    "vectors of one dimension": first("vectors", lambda a: a.ravel()),
    "fewer vectors": first("vectors", lambda a: a[: N // 2]),
    "wider vectors": first("vectors", lambda a: np.hstack([a, a])),
    "a rotation of other vectors": first("rotation", lambda a: a[:-1]),
    "a rotation into another space": first("rotation", lambda a: np.hstack([a, a])),
    "codes cut short": first("codes", lambda a: a[:-40]),
    "codes with more behind": first("codes", lambda a: np.append(a, a[-300:])),
    "codes of something else": first("codes", lambda a: put(a, slice(0, 4), np.frombuffer(b"IxFI", np.uint8))),
    "no codes": first("codes", lambda a: a[:0]),
    "another metric": lambda arrays, about: about.update(metric="nearness"),
    "a length that is none": lambda arrays, about: about.update(longest=float("nan")),
    "efforts beyond all memory": lambda arrays, about: about["tuning"]["efforts"][0].update(candidates=10**12),
    "no efforts": lambda arrays, about: about["tuning"].update(efforts=[]),
    "no stamp": lambda arrays, about: about.pop("stamp"),
}


@pytest.mark.parametrize("forged", FORGED)
def test_what_does_not_fit_together_is_refused(kept: Path, tmp_path: Path, forged: str) -> None:
    arrays, about = cache_file.load(kept)
    FORGED[forged](arrays, about)
    cache_file.save(tmp_path / "i", {name: [array] for name, array in arrays.items()}, about)
    with pytest.raises(DamagedCache):
        Index.load(tmp_path / "i")


CHANGING = """
    import json, sys
    import numpy as np
    from pathlib import Path
    from knnife.space.index import cache_file
    from knnife.space.index.index import Index
    kept, path = Path(sys.argv[1]), Path(sys.argv[2])
    arrays, about = cache_file.load(kept)
    random, refused = np.random.default_rng(int(sys.argv[3])), 0
    codes = arrays["codes"]
    # What says how much there is stands at the beginning, and before each list.
    words = np.flatnonzero(np.lib.stride_tricks.sliding_window_view(codes, 4).max(axis=1) < 255)
    for round in range(300):
        changed = codes.copy()
        place = int(random.integers(0, 200) if round % 2 else random.integers(0, len(codes) - 8))
        how = round % 3
        if how == 0:
            changed[place] ^= np.uint8(1 << random.integers(8))
        elif how == 1:
            changed[place : place + 8] = np.frombuffer(int(random.integers(0, 2**40)).to_bytes(8, "little"), np.uint8)
        else:
            changed[place : place + 4] = 255
        cache_file.save(path, {**{name: [array] for name, array in arrays.items()}, "codes": [changed]}, about)
        try:
            index, _ = Index.load(path)
        except cache_file.DamagedCache:
            refused += 1
            continue
        rows, _ = index.near(arrays["vectors"][:20], 5)
        index.near(arrays["vectors"][:20], 5, np.arange(0, 1_200, 2))
        assert ((rows >= 0) & (rows < 1_200)).all()
    print(refused)
"""


def test_codes_that_anybody_changed_stop_no_process(kept: Path, tmp_path: Path) -> None:
    """In a process of its own, with a limit on memory: what FAISS is made to follow would end it."""
    limited = "import resource; resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))\n" + textwrap.dedent(
        CHANGING
    )
    command = [sys.executable, "-c", limited, str(kept), str(tmp_path / "i"), "0"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 100


@pytest.mark.parametrize("how", ["truncated", "overwritten", "copied over"])
def test_a_file_of_an_index_that_is_changed_in_use_changes_no_answer(tmp_path: Path, how: str) -> None:
    code = """
        import sys
        import numpy as np
        from knnife import Space, Thing
        from knnife.space.index import index
        index.EXACT_NUMBERS = 1_000 * 16
        path, how = sys.argv[1:]
        vectors = np.random.default_rng(0).normal(size=(3_000, 16)).astype(np.float32)
        with Space.open(path) as space:
            space.add((Thing(str(i), None) for i in range(3_000)), vectors)
            space.near(vectors[0])
        with Space.open(path) as space:
            before = space.near(vectors[:200], 10)
            with open(path + "-index1", "r+b") as file:
                content = file.read()
                if how == "truncated":
                    file.truncate(5_000)
                else:
                    file.seek(0)
                    file.write(bytes(len(content)) if how == "overwritten" else content[::-1])
            after = space.near(vectors[:200], 10)
            assert before.ids == after.ids and (before.scores == after.scores).all()
            space.add([Thing("new", None)], vectors[7:8])
            assert "new" in space.near(vectors[7], 2).ids[0]
        with Space.open(path) as space:
            assert "new" in space.near(vectors[7], 2).ids[0]
    """
    command = [sys.executable, "-c", textwrap.dedent(code), str(tmp_path / "s.knnife"), how]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False, env={**os.environ})
    assert done.returncode == 0, done.stderr


def test_what_is_said_of_an_index_fits_what_is_checked(kept: Path) -> None:
    loaded, stamp = Index.load(kept)
    assert (loaded.n, stamp.last, asdict(loaded.tuning)["points"]) == (N, N, N)
