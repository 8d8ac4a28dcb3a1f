"""A classifier in a file: it comes back equal, and files that are anything else are refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file
from tests.tools.test_classify import KINDS, TEXTS, clouds

from knnife import BadInput, Classifier, NotFound


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    Classifier.fit(TEXTS, KINDS).save(tmp_path / "head")
    return tmp_path / "head"


def parts(path: Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    with safe_open(path, framework="numpy") as file:
        return {name: file.get_tensor(name) for name in file.keys()}, file.metadata()  # noqa: SIM118 - no mapping


def test_a_classifier_comes_back_equal(tmp_path: Path) -> None:
    points, codes = clouds(100, 3, apart=1)
    asked = ["how do I pay", "a soup"]
    heads = [
        (Classifier.fit(points, codes, metric="euclidean"), points),
        (Classifier.fit(points, [["x", True, 1.5][code] for code in codes]), points),
        (Classifier.fit(TEXTS, KINDS), asked),
        (Classifier.zero_shot({"money": "banks", "food": ""}), asked),
    ]
    for head, things in heads:
        head.save(tmp_path / "head")
        again = Classifier.load(tmp_path / "head")
        assert (again.classes, again.measured, again.encoder) == (head.classes, head.measured, head.encoder)
        assert np.array_equal(again.predict_proba(things), head.predict_proba(things))
        assert np.array_equal(again.fits(things), head.fits(things))
    assert list(tmp_path.iterdir()) == [tmp_path / "head"]  # no part is left behind


def test_labels_that_json_does_not_know_are_refused(tmp_path: Path) -> None:
    head = Classifier.fit(np.eye(4, dtype=np.float32), [(1, 2), (1, 2), (3, 4), (3, 4)])
    assert head.predict(np.eye(4, dtype=np.float32)[:1]) == [(1, 2)]
    with pytest.raises(BadInput, match=r"label \(1, 2\) cannot be kept"):
        head.save(tmp_path / "head")


def test_a_file_that_is_not_there_or_something_else(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="knnife classify --save"):
        Classifier.load(tmp_path / "nothing")
    with pytest.raises(NotFound):
        Classifier.load(tmp_path)
    for content in (b"", b"hello", b"\x80\x04\x95" + bytes(100), b"\xff" * 8 + b"{}"):
        (tmp_path / "other").write_bytes(content)
        with pytest.raises(BadInput, match="no classifier"):
            Classifier.load(tmp_path / "other")
    save_file({"embeddings": np.eye(3, dtype=np.float32)}, tmp_path / "model")
    with pytest.raises(BadInput, match="does not say that its format"):
        Classifier.load(tmp_path / "model")


def test_any_byte_may_be_damaged(kept: Path) -> None:
    """Never anything but an error of ours, or (where only a number changed) a classifier."""
    content = kept.read_bytes()
    header = 8 + int.from_bytes(content[:8], "little")
    random = np.random.default_rng(0)
    for place in [*random.integers(header, size=150).tolist(), *random.integers(len(content), size=30).tolist()]:
        damaged = bytearray(content)
        damaged[place] ^= int(random.integers(1, 256))
        kept.write_bytes(damaged)
        try:
            Classifier.load(kept)
        except BadInput as error:
            assert str(kept) in str(error)  # noqa: PT017 - a changed id or number may well be read
    kept.write_bytes(content[: len(content) // 2])
    with pytest.raises(BadInput, match="damaged"):
        Classifier.load(kept)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("slope", np.zeros((3, 2), np.float32)),
        ("slope", None),
        ("centre", np.full(256, np.nan, np.float32)),
        ("centre", np.zeros((256, 2), np.float32)),
        ("codes", np.full(8, 9)),
        ("codes", np.zeros(8, np.float32)),
        ("examples", np.zeros(8, np.float32)),
        ("nearness", np.zeros((2, 2), np.float32)),
    ],
)
def test_arrays_that_do_not_fit_are_refused(kept: Path, name: str, value: np.ndarray | None) -> None:
    tensors, metadata = parts(kept)
    if value is None:
        del tensors[name]
    else:
        tensors[name] = value
    save_file(tensors, kept, metadata)
    with pytest.raises(BadInput, match="damaged"):
        Classifier.load(kept)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("classes", ["money"]),
        ("classes", ["money", "money"]),
        ("classes", ["money", {"a": 1}]),
        ("classes", "mf"),
        ("metric", "hamming"),
        ("fingerprint", 7),
        ("scale", 0),
        ("sharpness", "inf"),
        ("sharpness", None),
        ("ids", ["a"]),
        ("ids", [1] * 10),
        ("things", -1),
        ("things", 1e999),
        ("measured", [1]),
        ("measured", {}),
    ],
)
def test_facts_that_do_not_fit_are_refused(kept: Path, name: str, value: object) -> None:
    tensors, metadata = parts(kept)
    about = json.loads(metadata["about"])
    metadata["about"] = json.dumps(about | {name: value})
    save_file(tensors, kept, metadata)
    with pytest.raises(BadInput, match="damaged"):
        Classifier.load(kept)


def test_a_later_version_is_told(kept: Path) -> None:
    tensors, metadata = parts(kept)
    save_file(tensors, kept, metadata | {"version": "2"})
    with pytest.raises(BadInput, match="version '2', and this knnife reads version 1"):
        Classifier.load(kept)
