"""What models want before texts, where only their cards say so: taken from the catalogue, by the hub's address."""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from tests import networks

from knnife import Space, doctor
from knnife.encoders import encode_query, hub, load_encoder
from knnife.encoders.catalogue import about
from knnife.encoders.onnx import OnnxEncoder
from knnife.encoders.sentence_transformers import SentenceTransformerEncoder

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
pytestmark = pytest.mark.usefixtures("no_network")

E5 = "intfloat/e5-small-v2"  # the catalogue has "query: " and "passage: " for it
COMMIT = "c" * 40


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    return tmp_path


def put(cache: Path, repo: str, prompts: dict[str, str] | None = None) -> Path:
    """A tiny network in the cache, under the address of a model."""
    place = cache / f"models--{repo.replace('/', '--')}"
    (place / "refs").mkdir(parents=True)
    (place / "refs" / "main").write_text(COMMIT)
    return networks.write(place / "snapshots" / COMMIT, prompts=prompts)


def prefixes(encoder) -> tuple[str, str]:
    return encoder.query_prefix, encoder.passage_prefix


@pytest.mark.parametrize("address", [f"hf:{E5}", f"hf:{E5}@{COMMIT}"])
def test_the_catalogue_tells_the_prefixes_that_the_files_leave_out(cache: Path, address: str) -> None:
    bare = OnnxEncoder.load(put(cache, E5))
    encoder = load_encoder(address)
    assert prefixes(encoder) == ("query: ", "passage: ")
    np.testing.assert_array_equal(encoder.encode(["red car"]), bare.encode(["passage: red car"]))
    np.testing.assert_array_equal(encode_query(encoder, ["red car"]), bare.encode(["query: red car"]))
    assert not np.array_equal(encoder.encode(["red car"]), encode_query(encoder, ["red car"]))


def test_they_are_part_of_the_fingerprint_and_the_same_for_the_folder_in_the_cache(cache: Path) -> None:
    folder = put(cache, E5)
    copy = shutil.copytree(folder, cache / "elsewhere" / "model")
    fingerprint = load_encoder(f"hf:{E5}").fingerprint
    assert load_encoder(folder).fingerprint == fingerprint
    assert load_encoder(copy).fingerprint != fingerprint
    assert prefixes(load_encoder(copy)) == ("", "")


def test_what_the_files_say_goes_before_the_catalogue(cache: Path) -> None:
    put(cache, E5, {"query": "red", "document": ""})
    assert prefixes(load_encoder(f"hf:{E5}")) == ("red", "")


def test_a_model_that_nobody_knows_gets_none(cache: Path) -> None:
    put(cache, "owner/name")
    assert about("owner/name") is None
    assert prefixes(load_encoder("hf:owner/name")) == ("", "")


def test_the_doctor_is_content(cache: Path, tmp_path: Path) -> None:
    folder = put(cache, E5)
    for name in (f"hf:{E5}", str(folder)):
        with Space.open(tmp_path / f"{len(name)}.knnife", name) as space:
            space.add([{"id": str(i), "text": f"red car {i}"} for i in range(120)])
            found = doctor(space)["prefixes"]
        assert found.state == "good"
        assert found.means.endswith("and gets it")


@pytest.mark.skipif(find_spec("sentence_transformers") is None, reason="sentence-transformers is not installed")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of PyTorch's and SWIG's own making
def test_networks_in_safetensors_get_them_too(cache: Path, tmp_path: Path) -> None:
    from tests.encoders.berts import save

    made = save(tmp_path / "made", prompts={})
    bare = SentenceTransformerEncoder.load(made)
    shutil.copytree(made, cache / "models--intfloat--e5-small-v2" / "snapshots" / COMMIT)
    encoder = load_encoder(f"hf:{E5}@{COMMIT}")
    assert encoder.fingerprint != bare.fingerprint
    np.testing.assert_allclose(encoder.encode(["red car"]), bare.encode(["passage: red car"]), atol=1e-6)
    np.testing.assert_allclose(encode_query(encoder, ["red car"]), bare.encode(["query: red car"]), atol=1e-6)


@pytest.mark.parametrize(
    ("place", "address"),
    [
        (f"models--a--b/snapshots/{COMMIT}", f"hf:a/b@{COMMIT}"),
        (f"models--a--b/snapshots/{COMMIT}/", f"hf:a/b@{COMMIT}"),
        ("models--a--b/snapshots/main", None),
        (f"models--a/snapshots/{COMMIT}", None),
        (f"datasets--a--b/snapshots/{COMMIT}", None),
        (f"models--a--b/{COMMIT}", None),
        ("", None),
    ],
)
def test_a_folder_of_the_cache_tells_its_address(cache: Path, place: str, address: str | None) -> None:
    assert hub.address(Path(os.path.join(cache, place))) == address
