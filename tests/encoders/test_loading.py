"""load_encoder: which encoder a name means, and what is said where it means none."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import knnife
from knnife import Space
from knnife.encoders import formats, load_encoder, static
from knnife.errors import BadInput, MissingPackage, NotFound

pytestmark = pytest.mark.usefixtures("no_network")


@pytest.fixture
def model(tmp_path) -> Path:
    return Path(shutil.copytree(static.english_folder(), tmp_path / "models" / "mine"))


def put(folder: Path, *files: str, config: str = '{"model_type": "bert"}') -> Path:
    """A folder that looks like that of a network."""
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x")
    (folder / "config.json").write_text(config)
    return folder


def test_the_default_loads_without_asking_the_installed_packages(monkeypatch):
    monkeypatch.setattr(importlib.metadata, "entry_points", None)
    assert load_encoder().name == load_encoder("english").name == "english"


def test_a_folder_is_named_by_its_absolute_path(model, monkeypatch):
    monkeypatch.chdir(model.parent)
    names = {load_encoder(given).name for given in ("mine", "./mine", "../models/mine", Path("mine"), model)}
    assert names == {str(model)}


def test_a_space_finds_its_folder_again_from_anywhere(model, monkeypatch, tmp_path):
    monkeypatch.chdir(model.parent)
    with Space.open(tmp_path / "s.knnife", load_encoder("./mine")) as space:
        space.add([{"id": "a", "text": "a red car"}])
    monkeypatch.chdir("/")
    with Space.open(tmp_path / "s.knnife") as space:
        assert space.search("car", k=1)[0].id == "a"


def test_a_name_goes_before_a_folder_of_that_name(tmp_path, monkeypatch):
    monkeypatch.chdir(put(tmp_path, "english/pytorch_model.bin"))
    assert load_encoder("english").name == "english"
    for given in ("./english", Path("english")):
        with pytest.raises(BadInput, match="only as a pickle"):
            load_encoder(given)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("englisch", "no encoder 'englisch': expected english, .*knnife models.*hf:owner/name"),
        ("BAAI/bge-small-en-v1.5", "there is no .*; a model of the hub is written hf:BAAI/bge-small-en-v1.5$"),
        ("./nope", f"there is no {os.getcwd()}/nope: expected a folder with a model, or a file of word vectors$"),
        (Path("nope"), "there is no /.*/nope"),
        ("hf:owner/name", "hf:owner/name is not in the cache /.*: .*knnife models get hf:owner/name$"),
    ],
)
def test_what_is_not_here_is_refused_with_what_to_do(name, why, monkeypatch, tmp_path):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(NotFound, match=why):
        load_encoder(name)


def test_a_file_that_holds_no_word_vectors_says_so():
    with pytest.raises(BadInput, match="test_loading.py holds no word vectors of a known form"):
        load_encoder(__file__)


def test_an_empty_folder_says_what_a_model_is(tmp_path):
    with pytest.raises(NotFound, match=r"holds no model: .*\*.onnx or \*.safetensors; found nothing"):
        load_encoder(tmp_path)


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.pt", "weights.pkl"])
def test_a_folder_of_pickles_is_refused_by_name(tmp_path, name):
    with pytest.raises(BadInput, match=rf"the folder {tmp_path} has weights only as a pickle \({name}\)"):
        load_encoder(put(tmp_path, name))


@pytest.mark.parametrize(
    ("files", "extra"),
    [
        (["onnx/model.onnx", "tokenizer.json"], "onnx"),
        (["model.safetensors", "tokenizer.json"], "sentence-transformers"),
        (["model.safetensors", "model.onnx", "tokenizer.json", "pytorch_model.bin"], "onnx"),
    ],
)
def test_a_network_without_its_package_says_what_to_install(tmp_path, monkeypatch, files, extra):
    monkeypatch.setattr(formats, "find_spec", lambda name: None)
    with pytest.raises(MissingPackage, match=rf'the folder {tmp_path} needs .*pip install "knnife\[{extra}\]"$'):
        load_encoder(put(tmp_path, *files))


@pytest.mark.parametrize(
    ("packages", "files", "form"),
    [
        ({"onnxruntime"}, ["model.onnx", "model.safetensors", "tokenizer.json"], "onnx"),
        ({"sentence_transformers"}, ["model.onnx", "model.safetensors", "tokenizer.json"], "sentence-transformers"),
        ({"onnxruntime", "sentence_transformers"}, ["model.onnx", "model.safetensors"], "sentence-transformers"),
        ({"onnxruntime"}, ["onnx/model_quantized.onnx", "tokenizer.json", "pytorch_model.bin"], "onnx"),
    ],
)
def test_the_kind_is_the_one_that_can_be_read_here(tmp_path, monkeypatch, packages, files, form):
    monkeypatch.setattr(formats, "find_spec", lambda name: name in packages or None)
    assert formats.choose(put(tmp_path, *files), formats.files(tmp_path), what="it") == form


def test_the_variant_of_a_network_is_the_one_that_the_loader_takes(tmp_path):
    names = ["model.onnx", "onnx/model.onnx", "onnx/model.onnx_data", "onnx/model_fp16.onnx", "tokenizer.json"]
    needed = lambda names: formats.needed(tmp_path, names, "onnx")  # noqa: E731
    assert needed(names) == ["tokenizer.json", "model.onnx"]
    assert needed(names[1:]) == ["tokenizer.json", "onnx/model.onnx", "onnx/model.onnx_data"]
    assert needed(["a.onnx"]) == ["a.onnx"]


@pytest.mark.parametrize("file", ["config.json", "modules.json"])
def test_a_damaged_file_is_named(tmp_path, file):
    put(tmp_path, "model.safetensors", "modules.json", config="{")
    if file == "modules.json":
        (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(BadInput, match=rf"{tmp_path / file} cannot be read as JSON"):
        load_encoder(tmp_path)


def test_the_names_are_the_public_ones():
    assert knnife.load_encoder is load_encoder


def test_importing_the_loader_imports_no_encoder():
    script = "import sys, knnife.encoders; print({'tokenizers', 'safetensors', 'urllib.request'} & set(sys.modules))"
    assert (
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=300).stdout == "set()\n"
    )


@pytest.mark.parametrize(
    ("name", "content", "maker"),
    [
        ("m.tflite", b"\x1c\0\0\0TFL3\xff", "TensorFlow Lite"),
        ("m.bin", b"\x1c\0\0\0TFL3\xff", "TensorFlow Lite"),
        ("m.dat", b"GGUF\x03\0\0\0", "llama.cpp"),
        ("M.H5", b"\x89HDF\r\n", "Keras"),
        ("m.pt", b"PK\x03\x04", "PyTorch"),
        ("m.mlmodel", b"\x08\x01", "Core ML"),
    ],
)
def test_a_model_of_another_program_is_called_that(tmp_path, name, content, maker):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BadInput, match=rf"{name} is a model of {maker}.*expected its \*\.onnx"):
        load_encoder(str(tmp_path / name))


def test_no_binary_junk_is_shown(tmp_path):
    (tmp_path / "m").write_bytes(bytes(range(256)) * 40)
    with pytest.raises(BadInput, match="it is no text, but binary") as raised:
        load_encoder(str(tmp_path / "m"))
    assert str(raised.value).isprintable()
