"""The cache of vectors: what was encoded once is not encoded again, and whatever happens to the cache, answers stay."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from tests.toys import Letters

from knnife import BadInput, Space, Thing
from knnife.encoders import vector_cache as remembering
from knnife.space import encode

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of the cache, for one test."""
    monkeypatch.setenv("KNNIFE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / remembering.FILE


def change(cache: Path, sql: str, *parameters: object) -> None:
    db = sqlite3.connect(cache, isolation_level=None)
    db.execute(sql, parameters)
    db.close()


def test_each_different_value_is_encoded_once(cache: Path) -> None:
    first, second = Letters(), Letters()
    expected = Letters().encode(["abba", "cab", "abba"])
    assert np.array_equal(encode(first, ["abba", "cab", "abba"]), expected)
    assert first.seen == ["abba", "cab"]
    assert np.array_equal(encode(second, ["abba", "cab", "abba"]), expected)
    assert second.seen == []
    assert np.array_equal(encode(second, ["dad", "cab"]), Letters().encode(["dad", "cab"]))
    assert second.seen == ["dad"]


def test_vectors_come_back_to_the_last_bit() -> None:
    class Noise(Letters):
        def encode(self, values):
            rng = np.random.default_rng(len(self.seen))
            return (super().encode(values) + rng.normal(size=(len(values), 8))).astype(np.float32)

    values = [f"text {i}" for i in range(3_000)]  # several pieces
    made = encode(Noise(), values)
    assert made.dtype == np.float32
    assert np.array_equal(encode(Noise(), values), made)


def test_no_other_model_and_no_other_kind_of_value_is_taken_for_it() -> None:
    class Sizes(Letters):
        fingerprint = "sizes"
        dim = 1

        def __init__(self) -> None:
            self.seen = []

        def encode(self, values):
            self.seen += values
            return np.array([[len(value)] for value in values], np.float32)

    encode(Letters("1"), ["abba"])
    other, sizes = Letters("2"), Sizes()
    encode(other, ["abba"])
    encode(sizes, ["abba", b"abba"])
    assert (other.seen, sizes.seen) == (["abba"], ["abba", b"abba"])


def test_cheap_encoders_and_values_without_a_hash_are_not_remembered(cache: Path) -> None:
    cheap, strange = Letters(), Letters()
    cheap.cheap = True
    encode(cheap, ["abba"])
    encode(strange, [("a", "b")])
    assert not cache.exists()


def test_off_means_off(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KNNIFE_CACHE", "off")
    letters = Letters()
    encode(letters, ["abba"])
    encode(letters, ["abba"])
    assert letters.seen == ["abba", "abba"]
    assert not cache.exists()


@pytest.mark.parametrize(
    ("platform", "name", "expected"),
    [
        ("linux", "XDG_CACHE_HOME", "{told}/knnife"),
        ("linux", "", "{home}/.cache/knnife"),
        ("darwin", "", "{home}/Library/Caches/knnife"),
        ("win32", "LOCALAPPDATA", "{told}/knnife"),
    ],
)
def test_where_it_lies(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, platform: str, name: str, expected: str
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    for variable in ("KNNIFE_CACHE", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(variable, raising=False)
    if name:
        monkeypatch.setenv(name, str(tmp_path / "told"))
    place = Path(expected.format(told=tmp_path / "told", home=tmp_path))
    assert remembering._path() == place / remembering.FILE


def test_a_space_encodes_nothing_that_another_one_encoded(tmp_path: Path) -> None:
    texts = ["abba", "cab", "dad"]
    with Space.open(tmp_path / "a.knnife", Letters()) as space:
        space.add(texts)
    again, second = Letters(), Letters("2")
    with Space.open(tmp_path / "b.knnife", again) as space:
        space.add([Thing(str(i), text, {"i": i}) for i, text in enumerate(texts)])
        assert again.seen == []
        encode(second, texts)  # as `evaluate` does
        second.seen.clear()
        space.reencode(second)
        space.remove("1")
        space.add([Thing("1", "cab")])
        assert second.seen == []
        assert np.array_equal(space.vectors(["1", "0"])[1], Letters().encode(["cab", "abba"]))


def test_queries_are_not_remembered(tmp_path: Path) -> None:
    with Space.open(tmp_path / "a.knnife", letters := Letters()) as space:
        space.add(["abba"])
        letters.seen.clear()
        space.near("cab")
        space.near("cab")
    assert letters.seen == ["cab", "cab"]


def test_what_was_used_longest_ago_is_dropped(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Wide(Letters):
        dim = 1_000

        def encode(self, values):
            self.seen += values
            return np.ones((len(values), self.dim), np.float32)

    monkeypatch.setattr(remembering, "MOST_BYTES", 1_000_000)
    clock = 3_600_000.0
    monkeypatch.setattr(remembering.time, "time", lambda: clock)
    encode(Wide(), ["kept", "left"])
    for hour in range(1, 25):
        clock += 3_600
        wide = Wide()
        encode(wide, ["kept", *(f"{hour} {i}" for i in range(50))])
        assert "kept" not in wide.seen
        assert cache.stat().st_size < 1_500_000
    wide = Wide()
    encode(wide, ["left", "24 3"])
    assert wide.seen == ["left"]


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE vectors SET vector = zeroblob(32)",
        "UPDATE vectors SET vector = zeroblob(4)",
        "UPDATE vectors SET vector = 'a text of as many characters, 32'",
        "UPDATE vectors SET sum = zeroblob(8)",
        "UPDATE vectors SET (vector, sum) = (SELECT vector, sum FROM vectors WHERE rowid = 3)",  # that of another text
    ],
)
def test_a_row_that_is_not_what_was_written_is_made_again(cache: Path, sql: str) -> None:
    encode(Letters(), ["abba", "cab", "dad"])
    change(cache, sql)
    letters = Letters()
    assert np.array_equal(encode(letters, ["abba", "cab"]), Letters().encode(["abba", "cab"]))
    assert letters.seen == ["abba", "cab"]
    encode(letters, ["abba", "cab"])
    assert letters.seen == ["abba", "cab"]  # and is right from then on


def test_a_forged_row_that_holds_nan_is_no_vector(cache: Path) -> None:
    encode(Letters(), ["abba"])
    db = sqlite3.connect(cache)
    key = db.execute("SELECT key FROM vectors").fetchone()[0]
    db.close()
    forged = np.full(8, np.nan, "<f4").tobytes()
    change(cache, "UPDATE vectors SET vector = ?, sum = ?", forged, remembering._sum(key, forged))
    assert np.array_equal(encode(Letters(), ["abba"]), Letters().encode(["abba"]))


@pytest.mark.parametrize(
    "content", [b"a,b\n1,2\n", b"\xff" * 5_000, b"SQLite format 3\0" + b"x" * 9_000, "folder", "db"]
)
def test_a_file_that_is_no_cache_costs_a_warning_and_is_left_alone(cache: Path, content: bytes | str) -> None:
    cache.parent.mkdir()
    if content == "folder":
        cache.mkdir()
    elif content == "db":
        sqlite3.connect(cache).executescript("CREATE TABLE precious (x); INSERT INTO precious VALUES (1)").close()
    else:
        cache.write_bytes(content)
    before = None if cache.is_dir() else cache.read_bytes()
    letters = Letters()
    with pytest.warns(UserWarning, match=f"{cache}.* cannot be used .*KNNIFE_CACHE=off"):
        assert np.array_equal(encode(letters, ["abba"]), Letters().encode(["abba"]))
    assert np.array_equal(encode(letters, ["abba"]), Letters().encode(["abba"]))  # and no second warning
    assert before is None or cache.read_bytes() == before


def test_one_that_is_damaged_inside_never_gives_a_wrong_vector(cache: Path) -> None:
    texts = [f"abc {i} {'h' * (i % 9)}" for i in range(2_000)]
    expected = Letters().encode(texts)
    encode(Letters(), texts)
    data = bytearray(cache.read_bytes())
    for start in range(4_096 * 3, len(data), 4_096 * 5):
        data[start : start + 600] = b"\xaa" * 600
    cache.write_bytes(data)
    with pytest.warns(UserWarning, match="cannot be used"):
        assert np.array_equal(encode(Letters(), texts), expected)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_place_that_cannot_be_written(tmp_path: Path, cache: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.warns(UserWarning, match="cannot be used"):
            assert len(encode(Letters(), ["abba"])) == 1
    finally:
        tmp_path.chmod(0o700)


def test_a_place_below_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("KNNIFE_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.warns(UserWarning, match="cannot be used"):
        assert len(encode(Letters(), ["abba"])) == 1


def test_while_another_process_writes_nothing_is_remembered_and_nothing_said(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remembering, "WAIT_SECONDS", 0.05)
    encode(Letters(), ["abba"])
    other = sqlite3.connect(cache, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    letters = Letters()
    encode(letters, ["abba", "cab"])
    other.execute("ROLLBACK")
    other.close()
    encode(letters, ["cab"])
    assert letters.seen == ["cab", "cab"]
    encode(letters, ["cab"])
    assert letters.seen == ["cab", "cab"]


def test_an_encoder_that_fails_or_makes_nonsense_is_heard_and_not_remembered() -> None:
    class Fails(Letters):
        def encode(self, values):
            raise sqlite3.OperationalError("out of the encoder")

    class Nonsense(Letters):
        def encode(self, values):
            return super().encode(values) * np.nan

    with pytest.raises(sqlite3.OperationalError, match="out of the encoder"):
        encode(Fails(), ["abba"])
    with pytest.raises(BadInput, match="NaN"):
        encode(Nonsense(), ["abba"])
    encode(letters := Letters(), ["abba"])
    assert letters.seen == ["abba"]


def test_what_a_stopped_run_had_encoded_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembering, "PIECE", 10)

    class Stops(Letters):
        def encode(self, values):
            if len(self.seen) >= 20:
                raise KeyboardInterrupt
            return super().encode(values)

    values = [f"abc {i}" for i in range(50)]
    with pytest.raises(KeyboardInterrupt):
        encode(Stops(), values)
    encode(letters := Letters(), values)
    assert letters.seen == values[20:]


def test_processes_that_begin_a_cache_together_all_get_their_vectors(cache: Path) -> None:
    code = """
        import numpy as np
        from tests.toys import Letters
        from knnife.space import encode
        values = [f"abc {i} deed" for i in range(3_000)]
        assert np.array_equal(encode(Letters(), values), Letters().encode(values))
    """
    children = [
        subprocess.Popen([sys.executable, "-W", "error", "-c", textwrap.dedent(code)], cwd=ROOT) for _ in range(2)
    ]
    assert [child.wait() for child in children] == [0, 0]
    db = sqlite3.connect(cache)
    assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert db.execute("SELECT count(*) FROM vectors").fetchone()[0] == 3_000
    db.close()
