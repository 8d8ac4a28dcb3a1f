"""Names, filters, marks, and the encoders of other packages. What the data say is checked in test_catalogue_data.py."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path

import numpy as np
import pytest

from knnife.encoders import DEFAULT, Encoder, catalogue, find_model, load_encoder, minilm, models, static
from knnife.encoders.entry import Entry
from knnife.errors import BadInput, MissingPackage, NotFound


class Toy:
    name, dim, kind, fingerprint = "toy", 1, "text", "toy-1"

    def encode(self, values):
        return np.ones((len(values), 1), np.float32)


def no_encoder():
    return "no encoder"


def names(**wanted):
    return [entry.name for entry in models(**wanted)]


@pytest.fixture
def plugins(monkeypatch):
    """Three packages of somebody else: a good one, one that returns a text, one that cannot be imported."""
    targets = {"toy": f"{__name__}:Toy", "wrong": f"{__name__}:no_encoder", "broken": "no_such_module:x"}
    points = EntryPoints(EntryPoint(name, target, catalogue.GROUP) for name, target in targets.items())
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: points.select(group=group))


@pytest.fixture
def hub_cache(monkeypatch, tmp_path):
    """The cache of a hub that holds all-MiniLM-L6-v2, and bge-m3 with nothing but its settings."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    for repository, files in {
        "sentence-transformers--all-MiniLM-L6-v2": ("config.json", "tokenizer.json", "model.safetensors"),
        "BAAI--bge-m3": ("config.json",),
    }.items():
        snapshot = tmp_path / f"models--{repository}" / "snapshots" / ("a" * 40)
        snapshot.mkdir(parents=True)
        for file in files:
            (snapshot / file).write_text("{}")
        refs = snapshot.parents[1] / "refs"
        refs.mkdir()
        (refs / "main").write_text("a" * 40)
    return tmp_path


def test_the_default_is_the_model_of_the_package():
    encoder = load_encoder()
    assert (encoder.name, encoder.dim, encoder.kind) == (DEFAULT, 256, "text")


@pytest.mark.parametrize("entry", catalogue.BUILT_IN, ids=lambda entry: entry.name)
def test_a_built_in_entry_says_the_truth(entry):
    if not entry.here:
        pytest.skip(f"{entry.target} is not installed")
    encoder = entry.load()
    assert isinstance(encoder, Encoder)
    assert (encoder.name, encoder.dim, encoder.kind) == (entry.name, entry.dim, entry.kind)
    assert entry.licence
    assert entry.what


@pytest.mark.parametrize(
    ("name", "file"),
    [(DEFAULT, static.english_folder() / "model.safetensors"), ("minilm", minilm.folder() / "weights.bin")],
)
def test_the_size_of_a_model_that_comes_along_is_right_to_two_per_cent(name, file):
    assert find_model(name).size == pytest.approx(file.stat().st_size, rel=0.02)


def test_minilm_comes_along_with_its_licence():
    entry = find_model("minilm")
    assert (entry.here, entry.needs, entry.extra) == ("built in", "", None)
    assert (entry.licence, entry.commercial, entry.max_tokens) == ("Apache-2.0", True, minilm.LONGEST)


def test_a_package_that_is_not_installed_is_named_with_the_line_that_installs_it(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda package: None)
    entry = Entry(name="klingon", target="klingon:encoder", extra="klingon")
    assert (entry.here, entry.needs) == ("", 'pip install "knnife[klingon]"')
    with pytest.raises(MissingPackage, match=r'pip install "knnife\[klingon\]"'):
        entry.load()


@pytest.mark.parametrize("name", ["bge-m3", "BAAI/bge-m3", "hf:BAAI/bge-m3", "hf:BAAI/bge-m3@main"])
def test_a_model_of_a_hub_is_found_by_its_name_and_its_addresses(name):
    assert find_model(name).target == "hf:BAAI/bge-m3"


def test_a_shortened_name_and_that_of_the_repository_are_one_model():
    assert find_model("paraphrase-multilingual-MiniLM-L12-v2") == find_model("multilingual-MiniLM-L12-v2")


@pytest.mark.parametrize("name", ["bge-small", "baai/bge-smal-en-v1.5", "hf:", "", "bge-m3/", "hf:hf:BAAI/bge-m3"])
def test_what_the_catalogue_does_not_know_is_an_error_that_helps(name):
    assert catalogue.about(name) is None
    with pytest.raises(NotFound, match=r"did you mean .*bge|`knnife models` lists"):
        find_model(name)


def test_a_model_that_is_not_cached_is_not_fetched_unless_asked_for(hub_cache):
    with pytest.raises(NotFound, match="knnife models get"):
        find_model("potion-base-2M").load()


@pytest.mark.parametrize("name", ["clap-htsat-unfused", "yamnet", "buffalo_l", "jina-embeddings-v3"])
def test_what_cannot_be_loaded_yet_says_so(name):
    with pytest.raises(BadInput, match=f"{name} is in the catalogue, but cannot be loaded yet: "):
        load_encoder(name, download=True)
    assert find_model(name).needs.startswith("cannot be loaded yet: ")


def test_an_encoder_that_needs_two_extras_names_both(monkeypatch, hub_cache):
    monkeypatch.setattr("importlib.util.find_spec", lambda package: None)
    steps = 'pip install "knnife[onnx,pictures]", then knnife models get dinov2-small'
    assert find_model("dinov2-small").needs == steps


def test_marks_tell_what_is_here(hub_cache):
    marks = {entry.name: entry.here for entry in models()}
    assert marks[DEFAULT] == "built in"
    assert marks["all-MiniLM-L6-v2"] == "cached"
    assert marks["bge-m3"] == marks["yamnet"] == ""  # of the one a part only, the other is of no hub
    assert "all-MiniLM-L6-v2" in names(cached=True)
    assert "models get bge-m3" in find_model("bge-m3").needs
    assert "models get" not in find_model("all-MiniLM-L6-v2").needs


def test_every_filter_holds():
    assert all(entry.kind == "image" for entry in models(kind="image"))
    assert all(0 < entry.size <= 200_000_000 for entry in models(max_size=200_000_000))
    assert all(entry.dim <= 256 for entry in models(max_dim=256))
    assert {entry.licence for entry in models(licence="permissive")} <= set(catalogue.PERMISSIVE)
    assert {entry.licence for entry in models(licence="mit")} == {"MIT"}
    assert all(entry.commercial for entry in models(commercial=True))
    german = names(language="de")
    assert {"bge-m3", "jina-embeddings-v2-base-de", "potion-multilingual-128M"} <= set(german)
    assert not {"english", "bge-small-en-v1.5", "dinov2-small"} & set(german)
    assert names(kind="image", language="de", licence="permissive", max_size=1) == []


def test_words_are_looked_for_in_name_use_and_language():
    assert names(words="bge small") == ["bge-small-en-v1.5"]
    assert set(names(words="BGE")) == {"bge-small-en-v1.5", "bge-base-en-v1.5", "bge-large-en-v1.5", "bge-m3"} | {
        entry.name for entry in models() if "bge-" in entry.what
    }
    assert {"MERT-v1-95M"} <= set(names(words="music"))
    assert {entry.kind for entry in models("text")} == {"text"}
    assert names(words="text de") == names(kind="text", language="de")
    assert names(words="no such thing") == []


def test_a_language_that_is_no_code_is_refused_with_an_example():
    with pytest.raises(BadInput, match="such as 'de'"):
        models(language="German")


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
def test_an_unknown_name_is_refused_with_what_would_do(name, plugins):
    with pytest.raises(NotFound, match="expected (english|a folder with a model)"):
        load_encoder(name)


def test_encoders_of_other_packages_are_listed_without_importing_them(plugins):
    own = [entry.name for entry in catalogue.BUILT_IN]
    assert names()[: len(own) + 3] == [*own, "broken", "toy", "wrong"]


def test_an_encoder_of_another_package_loads_by_name(plugins):
    assert load_encoder("toy").fingerprint == "toy-1"


@pytest.mark.parametrize(("name", "why"), [("broken", "no_such_module"), ("wrong", "returned is no encoder")])
def test_a_broken_package_is_reported_when_it_is_asked_for(plugins, name, why):
    with pytest.raises(BadInput, match=why):
        load_encoder(name)


def test_importing_the_catalogue_loads_no_tokenizer_and_reads_no_data():
    heavy = {"tokenizers", "safetensors", "tomllib", "huggingface_hub", "importlib.metadata"}
    script = f"import sys, knnife.encoders; sys.exit(bool({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", script], timeout=300).returncode == 0
