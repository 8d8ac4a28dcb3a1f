"""Which *.onnx file of a folder is taken, and what is said when it cannot be used."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from tests.networks import ROWS, network, write

from knnife.encoders.onnx import OnnxEncoder
from knnife.errors import BadInput, MissingPackage, NotFound

pytest.importorskip("onnxruntime", reason='needs the extra: pip install "knnife[onnx]"')
pytest.importorskip("onnx", reason="the tests build their networks with it: pip install onnx")
pytestmark = pytest.mark.usefixtures("no_network")

CLS, SEP, RED = ROWS[2], ROWS[3], ROWS[4]


@pytest.mark.parametrize(
    ("files", "taken"),
    [
        (["model.onnx", "model_quantized.onnx"], "model.onnx"),
        (["onnx/model.onnx", "onnx/model_fp16.onnx"], "onnx/model.onnx"),
        (["model.onnx", "onnx/model.onnx"], "model.onnx"),
        (["onnx/model_quantized.onnx", "onnx/model_int8.onnx", "onnx/model_q4f16.onnx"], "onnx/model_quantized.onnx"),
        (["onnx/model_uint8.onnx", "onnx/model_int8.onnx"], "onnx/model_int8.onnx"),
        (["onnx/anything.onnx"], "onnx/anything.onnx"),
    ],
)
def test_the_network_is_found(tmp_path, files, taken):
    for file in files:
        rows = ROWS if file == taken else ROWS + 1
        write(tmp_path, network(rows=rows), file=file)
    np.testing.assert_allclose(OnnxEncoder.load(tmp_path).encode(["red"]), [(CLS + RED + SEP) / 3], atol=1e-6)


def test_several_networks_for_other_machines_are_not_guessed_among(tmp_path):
    write(tmp_path, file="onnx/model_qint8_arm64.onnx")
    write(tmp_path, file="onnx/model_quint8_avx2.onnx")
    with pytest.raises(BadInput, match=r"several networks \(onnx/model_qint8_arm64\.onnx, onnx/model_quint8_avx2"):
        OnnxEncoder.load(tmp_path)


def refused(folder: Path, error: type[Exception] = BadInput) -> str:
    with pytest.raises(error) as raised:
        OnnxEncoder.load(folder)
    assert str(folder) in str(raised.value)
    return str(raised.value)


def test_a_file_that_is_no_network_is_refused_without_a_word_of_onnxruntime_s_own(tmp_path, capfd):
    for content in b"no network", b"", network().SerializeToString()[:-40]:
        write(tmp_path)
        (tmp_path / "model.onnx").write_bytes(content)
        assert "model.onnx: onnxruntime" in refused(tmp_path)
    assert capfd.readouterr() == ("", "")


def test_missing_files_are_named(tmp_path):
    assert "model.onnx" in refused(tmp_path, NotFound)
    write(tmp_path)
    (tmp_path / "tokenizer.json").unlink()
    assert "tokenizer.json cannot be read" in refused(tmp_path, NotFound)


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff"])
def test_a_broken_tokenizer_is_refused(tmp_path, content):
    write(tmp_path)
    (tmp_path / "tokenizer.json").write_bytes(content)
    assert "tokenizer.json" in refused(tmp_path)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ({"inputs": ("input_ids", "pixel_values")}, "wants pixel_values"),
        ({"inputs": ("input_ids", "past_key_values.0.key")}, "wants past_key_values.0.key"),
        ({"rows": np.full((10, 2), np.nan)}, "NaN or infinity"),
        ({"rows": ROWS[:3]}, "fails for 1 texts of 3 tokens"),  # tokens that it has no row for
    ],
)
def test_networks_that_do_not_fit_are_refused(tmp_path, model, message):
    assert message in refused(write(tmp_path, network(**model)))


def test_a_token_that_the_network_does_not_know_is_reported_with_the_file(tmp_path):
    encoder = OnnxEncoder.load(write(tmp_path, network(rows=ROWS[:5])))
    with pytest.raises(BadInput, match=r"model\.onnx: fails for 1 texts of 3 tokens"):
        encoder.encode(["sky"])


def test_without_onnxruntime_the_line_that_installs_it_is_given(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingPackage, match=r'pip install "knnife\[onnx\]"'):
        OnnxEncoder.load(write(tmp_path))
