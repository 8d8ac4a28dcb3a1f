"""Words that find pictures, on the command line: a space made with a model of texts and pictures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests import picture_networks as made
from tests.interfaces.running import Knnife, Outcome

pytest.importorskip("PIL", reason='needs the extra: pip install "knnife[pictures]"')
pytest.importorskip("onnxruntime", reason='needs the extra: pip install "knnife[onnx]"')
pytest.importorskip("onnx", reason="the tests build their networks with it: pip install onnx")


@pytest.fixture
def album(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: three pictures, a model that knows words, and one that does not."""
    colours = {"one": (255, 0, 0), "two": (0, 255, 0), "three": (0, 0, 255)}
    made.write(tmp_path / "album", {f"{name}.png": made.png(colour) for name, colour in colours.items()})
    made.write(tmp_path / "clip", made.clip())
    made.write(tmp_path / "plain", made.seeing())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def first(outcome: Outcome) -> dict[str, Any]:
    """The first row of an answer in JSON."""
    row: dict[str, Any] = json.loads(outcome.lines[0])
    return row


def test_words_find_pictures(knnife: Knnife, album: Path) -> None:
    assert knnife("add photos.knnife album/ --encoder ./clip").code == 0
    for query, name in {"a red picture": "one", "green": "two", "a blue picture": "three"}.items():
        assert first(knnife("search photos.knnife -k 1 --json", query))["id"] == f"album/{name}.png"
    found = first(knnife("near photos.knnife album/two.png -k 1 --json"))
    assert found["id"] == "album/two.png"


def test_where_the_model_knows_no_words_the_error_says_what_does_instead(knnife: Knnife, album: Path) -> None:
    assert knnife("add photos.knnife album/ --encoder ./plain").code == 0
    outcome = knnife("search photos.knnife red")
    assert (outcome.code, outcome.out) == (1, "")
    assert "knows no words" in outcome.err
    assert "knnife near photos.knnife FILE" in outcome.err
    assert outcome.err.count("\n") == 1
    assert first(knnife("search photos.knnife two --by words --json"))["id"] == "album/two.png"
    assert knnife("reencode photos.knnife --encoder ./clip").code == 0
    assert first(knnife("search photos.knnife red -k 1 --json"))["id"] == "album/one.png"


def test_a_network_is_an_encoder_by_its_file(knnife: Knnife, album: Path) -> None:
    assert knnife("add photos.knnife album/ --encoder plain/model.onnx").code == 0
    assert knnife("near photos.knnife --id album/one.png -k 2 --json").code == 0


def test_a_model_for_texts_does_not_take_pictures_and_says_what_does(knnife: Knnife, album: Path) -> None:
    outcome = knnife("add photos.knnife album/ --encoder english")
    assert outcome.code != 0
    assert "picture" in outcome.err
