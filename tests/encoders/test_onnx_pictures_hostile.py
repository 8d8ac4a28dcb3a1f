"""Networks for pictures that are damaged, odd or made to harm: each is refused by name, and none is guessed at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests import picture_networks as made
from tests.picture_networks import CLIP, SIDE, clip, png, seeing, write

from knnife.encoders import load_encoder
from knnife.errors import BadInput

pytest.importorskip("PIL", reason='needs the extra: pip install "knnife[pictures]"')
pytest.importorskip("onnxruntime", reason='needs the extra: pip install "knnife[onnx]"')
onnx = pytest.importorskip("onnx", reason="the tests build their networks with it: pip install onnx")
pytestmark = pytest.mark.usefixtures("no_network")


def network(operator: str, constant: Any = None, **attributes: Any) -> Any:
    """One operator on the picture, whose result is the vector."""
    inputs = ["pixel_values"] if constant is None else ["pixel_values", "constant"]
    constants = [] if constant is None else [onnx.numpy_helper.from_array(np.asarray(constant), "constant")]
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node(operator, inputs, ["image_embeds"], **attributes)],
        "odd",
        [onnx.helper.make_tensor_value_info("pixel_values", onnx.TensorProto.FLOAT, ["n", 3, SIDE, SIDE])],
        [onnx.helper.make_tensor_value_info("image_embeds", onnx.TensorProto.FLOAT, None)],
        constants,
    )
    return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 18)], ir_version=8)


def too_new() -> Any:
    model = network("Identity")
    model.ir_version = 99
    return model


@pytest.mark.parametrize(
    ("model", "why"),
    [
        (lambda: network("ReduceMean", keepdims=0), r"shape \(\) for one picture"),
        (lambda: network("Reshape", [-1]), r"shape \(192,\) for one picture"),
        (lambda: network("Unsqueeze", [2]), r"shape \(1, 3, 1, 8, 8\) for one picture; expected a vector"),
        (lambda: network("Mul", np.zeros((1, 3, SIDE, 0, 1), np.float32)), "cannot load it|for one picture"),
        (lambda: network("Mul", np.float32(np.nan)), "holds NaN or infinity"),
        (lambda: network("Div", np.float32(0)), "holds NaN or infinity"),
        (lambda: network("NoSuchOperator"), "cannot load it; get its files again"),
        (too_new, "or a newer onnxruntime"),
        (lambda: made.sees(["logits"]).SerializeToString()[:5000], "cannot load it"),
        (lambda: made.sees(shape=(1, 10**5, 10**5, 3), kind="UINT8"), "up to 4096 pixels a side"),
    ],
)
def test_a_network_that_gives_no_vector_is_refused(tmp_path, model, why):
    with pytest.raises(BadInput, match=why) as caught:
        load_encoder(write(tmp_path, seeing() | {"model.onnx": model()}))
    assert "model.onnx" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("share", [0, "x", None, [1]])
def test_a_share_that_is_none_is_an_error(tmp_path, share):
    said = {"image_processor_type": "ConvNextImageProcessor", "size": SIDE, "crop_pct": share}
    said |= {"image_mean": [0, 0, 0], "image_std": [1, 1, 1]}
    with pytest.raises(BadInput, match="preprocessor_config.json cannot be understood"):
        load_encoder(write(tmp_path, seeing() | {"preprocessor_config.json": said}))


@pytest.mark.parametrize("name", ["model.onnx_data", "model.onnx.data", "weights.bin"])
def test_a_classifier_may_keep_its_tensors_in_a_file_beside_it(tmp_path, name):
    place = write(tmp_path, seeing())
    onnx.save_model(
        made.sees(["logits"]), str(place / "model.onnx"), save_as_external_data=True, location=name, size_threshold=1024
    )
    assert (place / name).stat().st_size >= 3 * 1000 * 4
    encoder = load_encoder(place)
    assert encoder.dim == 3
    (place / name).write_bytes(bytes((place / name).stat().st_size))
    assert load_encoder(place).fingerprint != encoder.fingerprint
    (place / name).unlink()
    with pytest.raises(BadInput, match="cannot load it"):
        load_encoder(place)


def test_no_file_elsewhere_is_read_as_tensors(tmp_path):
    secret = tmp_path / "secret"
    secret.write_bytes(bytes(12_000))
    for outputs in (["logits"], ["image_embeds", "logits"]):  # with its last layer taken off, and as it is
        model = made.sees(outputs)
        weights = next(each for each in model.graph.initializer if each.name == "classes")
        weights.ClearField("raw_data")
        weights.data_location = onnx.TensorProto.EXTERNAL
        weights.external_data.add(key="location", value="../secret")
        with pytest.raises(BadInput, match="escapes model directory"):
            load_encoder(write(tmp_path / "model", seeing() | {"model.onnx": model}))


def test_a_tokenizer_that_is_none_is_named_with_its_model(tmp_path):
    encoder = load_encoder(write(tmp_path, clip() | {"tokenizer.json": b"{}"}))
    with pytest.raises(BadInput, match=r"text_model\.onnx: its tokenizer\.json cannot be used"):
        encoder.encode_text(["red"])


def test_a_network_in_the_folder_of_a_hub_is_loaded_by_its_file(tmp_path):
    place: Path = write(tmp_path, {"preprocessor_config.json": CLIP, "onnx/model_fp16.onnx": made.sees()})
    vector = load_encoder(place / "onnx" / "model_fp16.onnx").encode([png((255, 0, 0))])
    np.testing.assert_allclose(vector, np.array([[1, -1, -1]]) / np.sqrt(3), atol=1e-6)
