"""The file of a monitor: it goes on as if it had never been put down, and files that are anything else are refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file
from tests.toys import Letters

from knnife import BadInput, DriftMonitor, EncoderMismatch, NotFound, RowEncoder, Space

TEXTS = [
    f"{verb} my {thing} {number}" for verb in ("block", "find") for thing in ("card", "key") for number in range(15)
]


def cloud(seed: int, n: int = 60, d: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, d))


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    monitor = DriftMonitor.of(cloud(0), metric="euclidean")
    monitor.add(cloud(1, 7))
    monitor.add(cloud(2, 9))
    monitor.save(tmp_path / "watch")
    return tmp_path / "watch"


def parts(path: Path) -> tuple[dict[str, np.ndarray], dict[str, object]]:
    with safe_open(path, framework="numpy") as file:
        return {name: file.get_tensor(name) for name in file.keys()}, json.loads(file.metadata()["meta"])  # noqa: SIM118


def test_put_down_after_each_look_it_says_what_it_would_have_said(tmp_path: Path) -> None:
    watching = DriftMonitor.of(cloud(0), metric="euclidean", rate=0.1)
    DriftMonitor.of(cloud(0), metric="euclidean", rate=0.1).save(tmp_path / "watch")
    for day in range(15):
        newcomers = np.round(cloud(day + 1, 10) + (day > 7), 1)  # equal values, which are told apart by lot
        loaded = DriftMonitor.load(tmp_path / "watch")
        look = loaded.add(newcomers)
        loaded.save(tmp_path / "watch")
        assert look == watching.add(newcomers)
    assert look.drifted
    assert DriftMonitor.load(tmp_path / "watch").drifted
    assert [path.name for path in tmp_path.iterdir()] == ["watch"]


def test_no_more_alarms_than_the_rate_over_a_hundred_runs(tmp_path: Path) -> None:
    alarms = 0
    for seed in range(10):
        random = np.random.default_rng(seed)
        DriftMonitor.of(random.standard_normal((60, 3)), metric="euclidean", rate=0.2, seed=seed).save(tmp_path / "w")
        for _ in range(100):
            monitor = DriftMonitor.load(tmp_path / "w")
            look = monitor.add(random.standard_normal((3, 3)))
            monitor.save(tmp_path / "w")
        alarms += look.drifted
    assert alarms <= 5  # at the rate 0.2 at most 2 ± 1.3


def test_the_reference_is_known_again(kept: Path) -> None:
    monitor = DriftMonitor.load(kept)
    assert monitor.is_of(cloud(0))
    assert not monitor.is_of(cloud(0), metric="cosine")
    assert not monitor.is_of(cloud(0)[:-1])
    assert not monitor.is_of(cloud(0)[::-1])


def test_encoders_come_along_or_are_loaded_by_their_names_and_checked(tmp_path: Path) -> None:
    DriftMonitor.of(TEXTS).save(tmp_path / "texts")
    assert DriftMonitor.load(tmp_path / "texts").add(["find my key"]).seen == 1
    rows = [{"amount": number % 17, "country": "FR" if number % 3 else "DE"} for number in range(60)]
    DriftMonitor.of(rows, encoder=RowEncoder.train(rows)).save(tmp_path / "rows")
    assert DriftMonitor.load(tmp_path / "rows").add(rows[:2]).seen == 2
    tensors, meta = parts(tmp_path / "texts")
    save_file(tensors, tmp_path / "texts", {"meta": json.dumps(meta | {"fingerprint": "0" * 32})})
    with pytest.raises(EncoderMismatch, match="different encoders"):
        DriftMonitor.load(tmp_path / "texts").add(["find my key"])


def test_an_encoder_that_cannot_be_loaded_is_asked_for_and_another_refused(tmp_path: Path) -> None:
    with (
        Space.open(tmp_path / "a.knnife", Letters()) as space,
        Space.open(tmp_path / "b.knnife", Letters("2")) as other,
    ):
        space.add(TEXTS)
        other.add(TEXTS)
        DriftMonitor.of(space).save(tmp_path / "watch")
        monitor = DriftMonitor.load(tmp_path / "watch")
        assert monitor.add(space).seen == 60
        with pytest.raises(EncoderMismatch):
            monitor.add(other)
        with pytest.raises(NotFound, match="no encoder .letters."):
            monitor.add(["abc"])


def test_a_file_that_is_not_there_or_something_else(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="--monitor"):
        DriftMonitor.load(tmp_path / "nothing")
    with pytest.raises(NotFound):
        DriftMonitor.load(tmp_path)
    for content in (b"", b"hello", b"\x80\x04\x95" + bytes(100), b"\xff" * 8 + b"{}"):
        (tmp_path / "other").write_bytes(content)
        with pytest.raises(BadInput, match="other: expected a monitor"):
            DriftMonitor.load(tmp_path / "other")
    save_file({"embeddings": np.eye(3, dtype=np.float32)}, tmp_path / "model")
    with pytest.raises(BadInput, match="its format is None"):
        DriftMonitor.load(tmp_path / "model")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("format", "knnife-drift-monitor-2"),
        ("rate", 0),
        ("rate", "much"),
        ("highest", 0.5),
        ("highest", float("nan")),
        ("metric", "chess"),
        ("fingerprint", 1),
        ("reference", None),
        ("random", {"bit_generator": "PCG64"}),
        ("random", 5),
    ],
)
def test_words_that_do_not_fit_are_refused(kept: Path, name: str, value: object) -> None:
    tensors, meta = parts(kept)
    save_file(tensors, kept, {"meta": json.dumps(meta | {name: value})})
    with pytest.raises(BadInput, match="watch: expected a monitor"):
        DriftMonitor.load(kept)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("points", lambda x: x * np.float32("nan")),
        ("points", lambda x: x[:3]),
        ("cells", lambda x: x[:0]),
        ("centre", lambda x: x[:2]),
        ("directions", lambda x: x.astype(np.float64)),
        ("known", lambda x: np.ascontiguousarray(x[:, ::-1])),
        ("known", lambda x: x[:, :10]),
        ("counts", lambda x: np.ascontiguousarray(x[::-1])),
        ("counts", lambda x: x[:0]),
        ("counts", lambda x: x * 2**60),
        ("counts", lambda x: x - 1),
    ],
)
def test_arrays_that_do_not_fit_are_refused(kept: Path, name: str, change) -> None:
    tensors, meta = parts(kept)
    save_file(tensors | {name: change(tensors[name])}, kept, {"meta": json.dumps(meta)})
    with pytest.raises(BadInput, match="watch: expected a monitor"):
        DriftMonitor.load(kept)


def test_any_byte_may_be_damaged(kept: Path) -> None:
    """Never anything but an error of ours, or (where only a number changed) a monitor."""
    content = kept.read_bytes()
    header = 8 + int.from_bytes(content[:8], "little")
    random = np.random.default_rng(0)
    for place in [*random.integers(header, size=150).tolist(), *random.integers(len(content), size=30).tolist()]:
        damaged = bytearray(content)
        damaged[place] ^= int(random.integers(1, 256))
        kept.write_bytes(damaged)
        try:
            DriftMonitor.load(kept)
        except BadInput as error:
            assert str(kept) in str(error)  # noqa: PT017 - a changed number may well be read
    kept.write_bytes(content[: len(content) // 2])
    with pytest.raises(BadInput):
        DriftMonitor.load(kept)
