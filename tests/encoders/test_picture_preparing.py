"""How pictures are prepared for networks, by the files of their makers; and classifiers without their last layer."""

from __future__ import annotations

import json
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from tests import picture_networks as made

from knnife.encoders import load_encoder
from knnife.encoders._pictures.headless import before_the_last_layer, with_output
from knnife.encoders._pictures.preparation import Preparation
from knnife.errors import BadInput

pytest.importorskip("PIL", reason='needs the extra: pip install "knnife[pictures]"')

HALF = [0.5, 0.5, 0.5]
COLOURS = {"image_mean": HALF, "image_std": HALF}
RAMP = np.broadcast_to(np.arange(0, 240, 2, dtype=np.uint8)[None, :, None], (40, 120, 3))  # grows from left to right


def read(folder: Path, *, size=(None, None), **files) -> Preparation | None:
    for name, content in files.items():
        (folder / f"{name}.json").write_text(json.dumps(content))
    return Preparation.read(folder, size)


def test_the_middle_of_a_picture_is_cut_out_after_its_shorter_side_was_brought_to_size():
    values = Preparation(height=20, width=20, whole=20, how="bilinear", scale=1.0).applied(RAMP)
    assert values.shape == (20, 20, 3)
    assert values.dtype == np.float32
    # twice as small: the columns 20 to 39 of 60, each the mean of four or so around 2 i + 0.5
    np.testing.assert_allclose(values[7, :, 1], 2 * (2 * np.arange(20, 40) + 0.5), atol=1)


def test_squashing_keeps_all_of_a_picture():
    values = Preparation(height=20, width=20, whole=(20, 20), how="box", scale=1.0).applied(RAMP)
    np.testing.assert_allclose(values[7, :, 1], 2 * (6 * np.arange(20) + 2.5), atol=1)


def test_what_is_squashed_may_be_cut_too():
    values = Preparation(height=10, width=10, whole=(20, 20), how="box", scale=1.0).applied(RAMP)
    np.testing.assert_allclose(values[7, :, 1], 2 * (6 * np.arange(5, 15) + 2.5), atol=1)


def test_a_picture_smaller_than_what_is_cut_out_stands_on_black():
    values = Preparation(height=7, width=11, whole=4, scale=1.0).applied(np.full((4, 8, 3), 9, np.uint8))
    assert np.argwhere(values[:, :, 0] == 9).min(axis=0).tolist() == [
        2,
        2,
    ]  # one more before than behind, as with makers
    assert np.argwhere(values[:, :, 0] == 9).max(axis=0).tolist() == [5, 9]


def test_colours_are_scaled_and_change_places_where_that_is_wanted():
    picture = np.full((3, 3, 3), (255, 51, 0), np.uint8)
    plain = Preparation(3, 3, whole=3, mean=(0.5, 0.0, 0.25), std=(0.5, 1.0, 0.5))
    np.testing.assert_allclose(plain.applied(picture)[1, 1], [1, 0.2, -0.5], atol=1e-6)
    turned = Preparation(3, 3, whole=3, bgr=True)
    np.testing.assert_allclose(turned.applied(picture)[1, 1], [0, 0.2, 1], atol=1e-6)


def test_a_picture_of_extreme_proportions_takes_no_memory():
    assert Preparation(224, 224, whole=256).applied(np.zeros((100_000, 2, 3), np.uint8)).shape == (224, 224, 3)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            {"image_processor_type": "CLIPImageProcessor", "size": 30, "crop_size": 20, **COLOURS},
            {"whole": 30, "height": 20, "width": 20, "how": "bicubic", "mean": (0.5, 0.5, 0.5)},
        ),
        (
            {"image_processor_type": "SiglipImageProcessor", "size": {"height": 20, "width": 30}, **COLOURS},
            {"whole": (20, 30), "height": 20, "width": 30, "how": "bilinear"},
        ),
        ({"image_processor_type": "ViTImageProcessor", "size": 20, **COLOURS}, {"whole": (20, 20)}),
        (
            {"image_processor_type": "DeiTImageProcessor", "size": 256, "crop_size": 224, "resample": 3, **COLOURS},
            {"whole": (256, 256), "height": 224, "how": "bicubic"},
        ),
        (
            {"image_processor_type": "ConvNextImageProcessor", "size": 224, "crop_pct": 0.875, **COLOURS},
            {"whole": 256, "height": 224, "width": 224},
        ),
        (
            {"image_processor_type": "ConvNextImageProcessor", "size": 384, "crop_pct": 1.0, **COLOURS},
            {"whole": (384, 384), "height": 384},
        ),
        (
            {"size": {"shortest_edge": 30}, "crop_size": 20, "do_center_crop": False, **COLOURS},
            {"whole": 30, "height": 30, "width": 30},
        ),
        (
            {
                "feature_extractor_type": "MobileViTFeatureExtractor",
                "size": 288,
                "crop_size": 256,
                "do_flip_channel_order": True,
            },
            {"whole": 288, "height": 256, "bgr": True, "mean": (0, 0, 0), "std": (1, 1, 1)},
        ),
        ({"size": 20, "do_rescale": False, "do_normalize": False}, {"scale": 1.0, "mean": (0, 0, 0)}),
        ({"size": 20, "mean": HALF, "std": HALF, "interpolation": "bicubic"}, {"whole": 20, "mean": (0.5, 0.5, 0.5)}),
    ],
)
def test_files_of_transformers_are_understood(tmp_path, said, expected):
    found = read(tmp_path, preprocessor_config=said)
    assert {name: getattr(found, name) for name in expected} == expected


def test_files_of_open_clip_are_understood(tmp_path):
    config = {"model_cfg": {"vision_cfg": {"image_size": 24}}, "preprocess_cfg": {"mean": HALF, "std": HALF}}
    found = read(tmp_path, open_clip_config=config)
    assert (found.height, found.whole, found.how, found.mean) == (24, 24, "bicubic", (0.5, 0.5, 0.5))
    config["preprocess_cfg"]["resize_mode"] = "squash"
    assert read(tmp_path, open_clip_config=config).whole == (24, 24)


def test_files_of_timm_are_understood(tmp_path):
    config = {"input_size": [3, 224, 224], "crop_pct": 0.95, "interpolation": "bicubic", "mean": HALF, "std": HALF}
    found = read(tmp_path, config={"architecture": "mobilenetv4", "pretrained_cfg": config})
    assert (found.height, found.whole, found.how) == (224, 235, "bicubic")


def test_newer_files_of_transformers_hold_it_one_level_down(tmp_path):
    assert read(tmp_path, processor_config={"image_processor": {"size": 20, **COLOURS}}).whole == (20, 20)


def test_the_network_tells_the_size_where_the_files_do_not(tmp_path):
    assert read(tmp_path, size=(20, 30), preprocessor_config=COLOURS).whole == (20, 30)
    with pytest.raises(BadInput, match='no "size" is stated'):
        read(tmp_path, preprocessor_config=COLOURS)


def test_files_that_say_nothing_give_nothing(tmp_path):
    assert read(tmp_path) is None
    assert read(tmp_path, config={"model_type": "vit"}) is None


@pytest.mark.parametrize("missing", ["image_mean", "image_std"])
def test_colours_are_never_guessed(tmp_path, missing):
    with pytest.raises(BadInput, match=r"preprocessor_config\.json cannot be understood"):
        read(tmp_path, preprocessor_config={"size": 20} | {name: c for name, c in COLOURS.items() if name != missing})


# classifiers


def network() -> bytes:
    pytest.importorskip("onnx", reason="the tests build their networks with it: pip install onnx")
    return bytes(made.sees(["logits"]).SerializeToString())


def test_what_goes_into_the_last_layer_is_found_in_the_bytes_of_a_file():
    assert before_the_last_layer(network(), "logits") == "mean"


def test_an_output_is_added_without_rewriting_the_file():
    onnx = pytest.importorskip("onnx")
    changed = onnx.load_from_string(with_output(network(), "x" * 300))
    assert [output.name for output in changed.graph.output] == ["logits", "x" * 300]
    del changed.graph.output[1]
    assert changed == onnx.load_from_string(network())


@settings(max_examples=200)
@given(st.data())
def test_a_damaged_file_never_does_worse_than_an_error(data):
    content = bytearray(NETWORK)
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    with suppress(BadInput):
        before_the_last_layer(bytes(content[: data.draw(st.integers(0, len(content)))]), "logits")


NETWORK = network() if find_spec("onnx") else b"\x3a\x00"


# at the hub


def test_a_clip_of_the_hub_is_fetched_in_the_files_it_needs_and_loads(hub):
    pytest.importorskip("onnxruntime", reason='needs the extra: pip install "knnife[onnx]"')
    whole = made.both()
    files = made.clip() | {"onnx/model.onnx": whole, "onnx/vision_model_fp16.onnx": b"half", "README.md": b"# hello"}
    hub.files = {
        name: content if isinstance(content, bytes) else json.dumps(content).encode()
        for name, content in (
            (n, c.SerializeToString() if hasattr(c, "SerializeToString") else c) for n, c in files.items()
        )
    }
    encoder = load_encoder(f"hf:{hub.repo}", download=True)
    assert encoder.encode_text(["red"]) @ encoder.encode([made.png((255, 0, 0))]).T > 0.9
    fetched = {path.rpartition("/")[2] for path in hub.paths if "resolve" in path}
    assert {"vision_model.onnx", "text_model.onnx"} <= fetched
    assert not {"model.onnx", "vision_model_fp16.onnx", "README.md"} & fetched
    assert load_encoder(f"hf:{hub.repo}").fingerprint == encoder.fingerprint
