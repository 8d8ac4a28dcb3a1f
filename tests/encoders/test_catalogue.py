from __future__ import annotations

import subprocess
import sys
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path

import numpy as np
import pytest

from knnife.encoders import DEFAULT, Encoder, catalogue, load_encoder, models, static
from knnife.errors import BadInput, NotFound


class Toy:
    name, dim, kind, fingerprint = "toy", 1, "text", "toy-1"

    def encode(self, values):
        return np.ones((len(values), 1), np.float32)


def no_encoder():
    return "no encoder"


@pytest.fixture
def plugins(monkeypatch):
    """Three packages of somebody else: a good one, one that returns a text, one that cannot be imported."""
    targets = {"toy": f"{__name__}:Toy", "wrong": f"{__name__}:no_encoder", "broken": "no_such_module:x"}
    points = EntryPoints(EntryPoint(name, target, catalogue.GROUP) for name, target in targets.items())
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: points.select(group=group))


def test_the_default_is_the_model_of_the_package():
    encoder = load_encoder()
    assert (encoder.name, encoder.dim, encoder.kind) == (DEFAULT, 256, "text")


@pytest.mark.parametrize("entry", catalogue.BUILT_IN, ids=lambda entry: entry.name)
def test_a_built_in_entry_says_the_truth(entry):
    encoder = entry.load()
    assert isinstance(encoder, Encoder)
    assert (encoder.name, encoder.dim, encoder.kind) == (entry.name, entry.dim, entry.kind)
    assert entry.licence
    assert entry.what


def test_the_size_of_the_english_model_is_right_to_two_per_cent():
    size = sum(file.stat().st_size for file in static.english_folder().iterdir())
    assert models()[0].size == pytest.approx(size, rel=0.02)


def test_a_folder_is_a_static_model():
    folder = static.english_folder()
    assert load_encoder(folder).fingerprint == load_encoder(str(folder)).fingerprint == load_encoder().fingerprint
    assert load_encoder(str(folder)).name == str(folder)


def test_an_encoder_is_returned_as_it_is():
    toy = Toy()
    assert load_encoder(toy) is toy


@pytest.mark.parametrize("thing", [3, None, Toy, b"english"])
def test_what_is_no_encoder_is_refused(thing):
    with pytest.raises(BadInput, match=r"no encoder but of type .* expected an object with name, dim"):
        load_encoder(thing)


@pytest.mark.parametrize("name", ["englisch", Path("no/such/folder")])
def test_an_unknown_name_is_refused_with_the_names_there_are(name, plugins):
    with pytest.raises(NotFound, match="english, broken, toy, wrong"):
        load_encoder(name)


def test_encoders_of_other_packages_are_listed_without_importing_them(plugins):
    assert [entry.name for entry in models()] == ["english", "broken", "toy", "wrong"]


def test_an_encoder_of_another_package_loads_by_name(plugins):
    assert load_encoder("toy").fingerprint == "toy-1"


@pytest.mark.parametrize(("name", "why"), [("broken", "no_such_module"), ("wrong", "returned is no encoder")])
def test_a_broken_package_is_reported_when_it_is_asked_for(plugins, name, why):
    with pytest.raises(BadInput, match=why):
        load_encoder(name)


def test_importing_the_catalogue_loads_no_tokenizer():
    script = "import sys, knnife.encoders; sys.exit(bool({'tokenizers', 'safetensors'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", script], timeout=60).returncode == 0
