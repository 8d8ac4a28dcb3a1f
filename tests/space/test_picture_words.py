"""Searching a space of pictures by words: with a model that knows words, and with one that does not."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.picture_networks import clip, png, seeing, write

import knnife
from knnife import Space
from knnife.encoders import load_encoder
from knnife.encoders.onnx_pictures import OnnxClipEncoder
from knnife.errors import BadInput, NotFound

pytest.importorskip("PIL", reason='needs the extra: pip install "knnife[pictures]"')
pytest.importorskip("onnxruntime", reason='needs the extra: pip install "knnife[onnx]"')
pytest.importorskip("onnx", reason="the tests build their networks with it: pip install onnx")
COLOURS = {"one": (255, 0, 0), "two": (0, 255, 0), "three": (0, 0, 255)}


@pytest.fixture
def both(tmp_path) -> OnnxClipEncoder:
    encoder = load_encoder(write(tmp_path / "clip", clip()))
    assert isinstance(encoder, OnnxClipEncoder)
    return encoder


@pytest.fixture
def album(tmp_path) -> Path:
    return write(tmp_path / "album", {f"{name}.png": png(colour) for name, colour in COLOURS.items()})


def test_words_find_pictures_in_a_space(tmp_path, both, album):
    with Space.open(tmp_path / "s.knnife", both) as space:
        space.add(knnife.read(album))
    with Space.open(tmp_path / "s.knnife") as space:  # the encoder is found again by the name of its folder
        assert [Path(hit.id).stem for hit in space.search("a green picture", 1)] == ["two"]
        assert [Path(hit.id).stem for hit in space.search("blue", 1, by="meaning")] == ["three"]
        assert [Path(hit.id).stem for hit in space.search("one", 1, by="words")] == ["one"]
        found = space.near(both.encode_text(["red", "blue"]), 1)
        assert [Path(ids[0]).stem for ids in found.ids] == ["one", "three"]


def test_near_takes_paths_and_bytes_and_sends_words_to_search(tmp_path, both, album):
    green = album / "two.png"
    with Space.open(tmp_path / "s.knnife", both) as space:
        space.add(knnife.read(album))
        for query in (green, [green], str(green), green.read_bytes(), [green.read_bytes()]):
            assert Path(space.near(query, 1).ids[0][0]).stem == "two"
        with pytest.raises(BadInput, match=r"no such picture: a green one; .* knnife search .*s\.knnife 'a green one'"):
            space.near(["a green one"])
        with pytest.raises(BadInput, match=r"no such picture: four\.png$"):
            space.near("four.png")
    with Space.open(tmp_path / "texts.knnife") as space:
        space.add(["a text"])
        with pytest.raises(BadInput, match="takes text, not PosixPath|takes text, not WindowsPath"):
            space.near(green)


def test_a_space_without_words_says_what_does_instead(tmp_path, album):
    with Space.open(tmp_path / "s.knnife", str(write(tmp_path / "plain", seeing()))) as space:
        space.add(knnife.read(album))
        with pytest.raises(BadInput, match=r"knows no words.*knnife near .*s\.knnife FILE.*--by words.*re-encode"):
            space.search("red")
        assert [Path(hit.id).stem for hit in space.search("two", by="words")] == ["two"]


def test_a_folder_that_is_gone_is_an_error_that_names_it(tmp_path, both, album):
    with Space.open(tmp_path / "s.knnife", both) as space:
        space.add(knnife.read(album))
    Path(both.name).rename(tmp_path / "elsewhere")
    with Space.open(tmp_path / "s.knnife") as space, pytest.raises(NotFound, match="there is no .*clip"):
        space.search("red")
