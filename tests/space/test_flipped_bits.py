"""A bit flipped anywhere in what lies on the disk: every answer is right, or refused with what to do."""

from __future__ import annotations

import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.toys import Letters

from knnife import KnnifeError, Space, Thing, doctor
from knnife.errors import DamagedSpace
from knnife.space.index import index

FLIPS = 1_000
N, DIM = 1_200, 16


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A space with texts, metadata, wholes, an index on a field, removed things, and an index with codes."""
    folder = tmp_path_factory.mktemp("original")
    random_ = np.random.default_rng(0)
    words = ["red", "blue", "green", "fish", "sea", "ship", "sail", "wind"]
    vectors = random_.normal(size=(N, DIM)).astype(np.float32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(index, "EXACT_NUMBERS", 1_000 * DIM)
        patch.setattr("knnife.space.sqlite.conditions.INDEXED_FROM", 100)
        with Space.open(folder / "s.knnife") as space:
            space.add(
                (
                    Thing(f"t{i}", " ".join(random_.choice(words, 5)), {"n": i % 7, "name": f"n{i}"}, f"w{i // 9}")
                    for i in range(N)
                ),
                vectors,
            )
            space.remove([f"t{i}" for i in range(0, 90, 3)])
            space.near(vectors[0], where="n = 3")
    return folder


def asked() -> dict[str, Any]:
    queries = np.random.default_rng(1).normal(size=(5, DIM)).astype(np.float32)
    return {
        "near": lambda space: space.near(queries, 10).ids,
        "filtered": lambda space: space.near(queries[0], 5, where="n = 3").ids,
        "words": lambda space: [hit.id for hit in space.search("red ship", 10, by="words")],
        "get": lambda space: [(t.id, t.value, t.about, t.part_of) for t in space.get(["t7", "t100", "t1100"])],
        "things": lambda space: [(t.id, t.value, t.about, t.part_of) for t in space],
        "vectors": lambda space: space.vectors(["t7", "t640"])[1].tolist(),
        "len": len,
    }


def answers(path: Path) -> dict[str, Any]:
    """What a space answers; an error of knnife in place of what it refuses."""
    found: dict[str, Any] = {}
    try:
        with Space.open(path, read_only=True) as space:
            for name, ask in asked().items():
                try:
                    found[name] = ask(space)
                except KnnifeError as error:
                    found[name] = error
    except KnnifeError as error:
        return {name: error for name in asked()}
    return found


def test_a_bit_flipped_at_a_thousand_places_gives_no_wrong_answer(original: Path, tmp_path: Path) -> None:
    clock, right = random.Random(0), answers(original / "s.knnife")
    assert not any(isinstance(each, KnnifeError) for each in right.values())
    contents = {path.name: path.read_bytes() for path in original.iterdir()}
    exactly = answers(Path(shutil.copy(original / "s.knnife", tmp_path)))  # as where the index cannot be used
    assert sorted(contents) == ["s.knnife", "s.knnife-index1", "s.knnife-sums"]
    refused = dict.fromkeys(contents, 0)
    # As many in the pages of SQLite as in the cache, however large these are, and some in the sums.
    counts = {"s.knnife": FLIPS // 2, "s.knnife-index1": FLIPS - FLIPS // 2 - 50, "s.knnife-sums": 50}
    for name, count in counts.items():
        for other, content in contents.items():
            (tmp_path / other).write_bytes(content)
        for _ in range(count):
            place = clock.randrange(8 * len(contents[name]))
            flipped = bytearray(contents[name])
            flipped[place // 8] ^= 1 << place % 8
            (tmp_path / name).write_bytes(flipped)
            found = answers(tmp_path / "s.knnife")
            for what, answer in found.items():
                assert isinstance(answer, KnnifeError) or answer in (right[what], exactly[what]), (name, place, what)
            refused[name] += any(isinstance(answer, KnnifeError) for answer in found.values())
    assert refused == {"s.knnife": counts["s.knnife"], "s.knnife-index1": 0, "s.knnife-sums": 0}


def test_a_damaged_file_refuses_answers_and_changes_and_says_how_to_read_what_is_left(
    original: Path, tmp_path: Path
) -> None:
    path = Path(shutil.copytree(original, tmp_path / "copy")) / "s.knnife"
    content = bytearray(path.read_bytes())
    place = content.index(b'"n1000"')  # in the metadata; the index of names holds it, too
    content[place + 2] ^= 1
    path.write_bytes(content)
    with Space.open(path) as space:
        for ask in (*asked().values(), lambda space: space.remove("t7"), lambda space: space.add(["x"]), Space.info):
            with pytest.raises(DamagedSpace, match="s.knnife is damaged: a byte in its page .* delete .*s.knnife-sums"):
                ask(space)
        faults = space.info(check=True).faults or ()
        assert any("a byte in its page" in fault for fault in faults)
        assert any("things that are not what was stored" in fault and "t1000" in fault for fault in faults)
    assert doctor(str(path)).state == "bad"
    path.with_name("s.knnife-sums").unlink()
    with Space.open(path) as space:
        assert len([*space]) == len(space)


def test_what_another_program_writes_is_no_damage(original: Path, tmp_path: Path) -> None:
    path = Path(shutil.copytree(original, tmp_path / "copy")) / "s.knnife"
    with closing(sqlite3.connect(path)) as db:
        db.execute("UPDATE things SET about = '{\"n\": 5}' WHERE id = 't7'")
        db.commit()
    with Space.open(path) as space:
        assert space.get("t7")[0].about == {"n": 5}


def test_the_sums_are_there_only_while_nobody_writes(tmp_path: Path) -> None:
    path, sums = tmp_path / "s.knnife", tmp_path / "s.knnife-sums"
    with Space.open(path, Letters()) as space:
        space.add(["abba"])
        assert not sums.exists()
    first = sums.read_bytes()
    with Space.open(path, Letters()) as space:
        assert space.near("abba", 1).ids
        with Space.open(path, Letters(), read_only=True) as other:
            assert len(other) == 1
    assert sums.read_bytes() == first
    with Space.open(path, Letters()) as space:
        with pytest.raises(KnnifeError):
            space.remove("nobody")
        assert sums.read_bytes() == first
        space.add(["cafe"])
        assert not sums.exists()
    assert sums.read_bytes() != first
    assert sums.stat().st_mode == path.stat().st_mode
