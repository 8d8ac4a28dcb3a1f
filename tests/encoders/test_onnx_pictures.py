"""Networks for pictures in *.onnx files: prepared as their files say, one vector out, words where there are some."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests import picture_networks as made
from tests.picture_networks import CLIP, SIDE, clip, png, seeing, write

from knnife.encoders import formats, load_encoder
from knnife.encoders.onnx_pictures import OnnxClipEncoder, OnnxPictureEncoder
from knnife.errors import BadInput, BadPictures, MissingPackage

pytest.importorskip("PIL", reason='needs the extra: pip install "knnife[pictures]"')
pytest.importorskip("onnxruntime", reason='needs the extra: pip install "knnife[onnx]"')
pytest.importorskip("onnx", reason="the tests build their networks with it: pip install onnx")
pytestmark = pytest.mark.usefixtures("no_network")

RED, GREEN, BLUE = png((255, 0, 0)), png((0, 255, 0)), png((0, 0, 255))
OF_RED = np.array([1, -1, -1], np.float32) / np.sqrt(3)  # scaled to -1 … 1, and to length 1


def folder(tmp_path: Path, **changed: Any) -> Path:
    """A network for pictures only, with other files than usual; None leaves one out. "." is written "_"."""
    files = seeing() | {name.replace("_onnx", ".onnx").replace("_json", ".json"): c for name, c in changed.items()}
    return write(tmp_path / "model", {name: content for name, content in files.items() if content is not None})


# which output is the vector


@pytest.mark.parametrize(
    ("outputs", "config"),
    [
        (["image_embeds", "last_hidden_state"], {}),
        (["pooler_output", "last_hidden_state"], {"model_type": "siglip_vision_model"}),
        (["last_hidden_state"], {"model_type": "dinov2"}),
        (["last_hidden_state"], {}),
        (["feature_map"], {}),
        (["features"], {}),
        (["logits"], {"architectures": ["MobileNetV2ForImageClassification"]}),
        (["logits"], {}),
    ],
)
def test_the_vector_is_the_output_that_sums_up_a_picture(tmp_path, outputs, config):
    encoder = load_encoder(folder(tmp_path, model_onnx=made.sees(outputs), config_json=config))
    assert type(encoder) is OnnxPictureEncoder
    assert (encoder.kind, encoder.dim) == ("image", 3)
    np.testing.assert_allclose(encoder.encode([RED]), [OF_RED], atol=1e-6)


def test_of_states_of_tokens_the_first_is_taken_before_an_untrained_pooler(tmp_path):
    network = made.sees(["pooler_output", "last_hidden_state"])
    for name in ("dinov2", "vit"):
        encoder = load_encoder(folder(tmp_path / name, model_onnx=network, config_json={"model_type": name}))
        assert encoder._network.output == "last_hidden_state"


def test_a_classifier_gives_what_goes_into_its_last_layer(tmp_path):
    encoder = load_encoder(folder(tmp_path, model_onnx=made.sees(["logits"])))
    assert encoder.dim == 3  # and not 1,000


def test_a_last_layer_that_is_not_found_is_an_error(tmp_path):
    onnx = pytest.importorskip("onnx")
    model = made.sees(["logits"])
    for node in model.graph.node:
        if "scores" in node.output:
            node.CopyFrom(onnx.helper.make_node("Concat", ["mean", "mean"], ["scores"], axis=1))
    with pytest.raises(BadInput, match="last layer is not found"):
        load_encoder(folder(tmp_path, model_onnx=model))


@pytest.mark.parametrize("shape", [("n", 3, "h", "w"), (1, 3, SIDE, SIDE), ("n", "h", "w", 3), (1, SIDE, SIDE, 3)])
@pytest.mark.parametrize("kind", ["FLOAT", "FLOAT16"])
def test_layout_and_numbers_are_those_of_the_network(tmp_path, shape, kind):
    encoder = load_encoder(folder(tmp_path, model_onnx=made.sees(shape=shape, kind=kind)))
    np.testing.assert_allclose(encoder.encode([RED]), [OF_RED], atol=1e-3)


def test_a_network_that_takes_bytes_scales_them_itself(tmp_path):
    network = made.sees(shape=(1, SIDE, SIDE, 3), kind="UINT8")
    alone = load_encoder(folder(tmp_path / "alone", model_onnx=network, preprocessor_config_json=None))
    told = load_encoder(folder(tmp_path / "told", model_onnx=network))
    for encoder in (alone, told):
        np.testing.assert_allclose(encoder.encode([png((200, 100, 0))]), [[2 / 5**0.5, 1 / 5**0.5, 0]], atol=1e-6)


# files


def test_a_network_in_a_file_is_loaded_with_what_stands_beside_it(tmp_path):
    place = write(tmp_path, {"preprocessor_config.json": CLIP, "mobile.onnx": made.sees(), "other.onnx": made.sees()})
    encoder = load_encoder(place / "mobile.onnx")
    assert encoder.name == str(place / "mobile.onnx")
    np.testing.assert_allclose(encoder.encode([RED]), [OF_RED], atol=1e-6)
    with pytest.raises(BadInput, match="several networks"):
        load_encoder(place)


def test_a_network_without_a_word_on_colours_is_not_guessed_at(tmp_path):
    with pytest.raises(BadInput, match=r"nothing beside it says how .* expected .*preprocessor_config\.json .*image_m"):
        load_encoder(folder(tmp_path, preprocessor_config_json=None))


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({"model_onnx": made.reads}, "expected a network with one input of four axes for pictures; it takes input_ids"),
        ({"model_onnx": lambda: made.sees(shape=(2, 3, 8, 8))}, "expected single pictures in colour"),
        ({"model_onnx": lambda: made.sees(shape=(1, 1, 8, 8))}, "expected single pictures in colour"),
        ({"model_onnx": lambda: made.sees(shape=(1, 3, 9, 9))}, "8 x 8 pixels, but the network beside it takes 9 x 9"),
        ({"model_onnx": lambda: b"no network"}, "cannot load it"),
        ({"preprocessor_config_json": lambda: CLIP | {"image_mean": 0.5}}, "preprocessor_config.json cannot be und"),
        ({"preprocessor_config_json": lambda: CLIP | {"image_std": [1, 0, 1]}}, "no std of 0"),
        ({"preprocessor_config_json": lambda: CLIP | {"crop_size": 10**9}}, "a side of 1000000000 pixels"),
        ({"preprocessor_config_json": lambda: CLIP | {"do_pad": True}}, "do_pad is True, which knnife does not do"),
        ({"preprocessor_config_json": lambda: b"["}, "cannot be read as JSON"),
        ({"config_json": lambda: b"[]"}, "expected a JSON object"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(tmp_path, files, why):
    with pytest.raises(BadInput, match=f"model.*{why}"):
        load_encoder(folder(tmp_path, **{name: content() for name, content in files.items()}))


def test_a_model_for_pictures_without_onnx_says_how_to_get_one(tmp_path):
    place = write(tmp_path, {"config.json": {"model_type": "dinov2"}, "model.safetensors": b"x"} | seeing())
    (place / "model.onnx").unlink()
    with pytest.raises(BadInput, match=r"for pictures, and knnife runs those as \*.onnx only.*optimum-cli export onnx"):
        load_encoder(place)


def test_a_missing_package_is_named_with_both_extras(tmp_path, monkeypatch):
    monkeypatch.setattr(formats, "find_spec", lambda name: None)
    with pytest.raises(MissingPackage, match=r'pip install "knnife\[onnx,pictures\]"'):
        load_encoder(write(tmp_path, clip()))


@pytest.mark.parametrize(
    ("files", "needed"),
    [
        (
            ["onnx/model.onnx", "onnx/vision_model.onnx", "onnx/text_model.onnx", "onnx/vision_model_fp16.onnx"],
            ["onnx/text_model.onnx", "onnx/vision_model.onnx"],
        ),
        (["onnx/vision_model_quantized.onnx", "onnx/text_model_quantized.onnx", "onnx/model_q4.onnx"], None),
        (["visual/model.onnx", "visual/model.onnx_data", "textual/model.onnx", "visual/rknpu/model.rknn"], None),
        (["onnx/model.onnx", "onnx/model_fp16.onnx"], ["onnx/model.onnx"]),
    ],
)
def test_of_the_files_of_a_repository_those_are_fetched_that_are_needed(tmp_path, files, needed):
    write(tmp_path, {"preprocessor_config.json": CLIP})
    small = ["preprocessor_config.json", "tokenizer.json"]
    names = [*small, *files, "README.md", "pytorch_model.bin", "model.safetensors"]
    assert formats.choose(tmp_path, names, what="it") == "onnx-pictures"
    wanted = needed or [name for name in files if "q4" not in name and "rknn" not in name]
    assert sorted(formats.needed(tmp_path, names, "onnx-pictures")) == sorted(small + wanted)


# words


@pytest.fixture
def both(tmp_path) -> OnnxClipEncoder:
    encoder = load_encoder(write(tmp_path / "clip", clip()))
    assert isinstance(encoder, OnnxClipEncoder)
    return encoder


def test_texts_lie_near_the_pictures_that_show_what_they_say(both):
    texts = both.encode_text(["a red picture", "green", "blue"])
    assert texts.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(texts, axis=1), 1, atol=1e-6)
    assert (both.encode([RED, GREEN, BLUE]) @ texts.T).argmax(axis=0).tolist() == [0, 1, 2]
    assert both.encode_text([]).shape == (0, 3)


def test_one_network_for_both_does_as_well(tmp_path, both):
    files = {name: content for name, content in clip().items() if "onnx/" not in name}
    encoder = load_encoder(write(tmp_path / "one", files | {"model.onnx": made.both()}))
    np.testing.assert_array_equal(encoder.encode([RED, BLUE]), both.encode([RED, BLUE]))
    np.testing.assert_array_equal(encoder.encode_text(["red", "blue"]), both.encode_text(["red", "blue"]))


def test_the_folders_of_open_clip_do_as_well(tmp_path, both):
    files = {
        "config.json": {"vision_cfg": {"image_size": SIDE}, "text_cfg": {"context_length": 6}},
        "visual/preprocess_cfg.json": {"size": [SIDE, SIDE], "mean": [0.5] * 3, "std": [0.5] * 3},
        "visual/model.onnx": made.sees(["embedding"], given="image"),
        "textual/model.onnx": made.reads("embedding", given="text", kind="INT32", length=6),
        "textual/tokenizer.json": made.tokenizer(),
        "textual/tokenizer_config.json": {"pad_token": "<end>"},
    }
    encoder = load_encoder(write(tmp_path / "open", files))
    np.testing.assert_allclose(encoder.encode([RED, BLUE]), both.encode([RED, BLUE]), atol=1e-6)
    np.testing.assert_allclose(encoder.encode_text(["a red"]), both.encode_text(["red"]), atol=1e-6)
    encoder.encode_text(["red " * 50])  # is cut: the network takes 6 tokens and no more


@pytest.mark.parametrize("family", ["clip", "siglip"])
def test_texts_are_filled_up_only_in_families_that_were_trained_so(tmp_path, family):
    files = clip() | {"config.json": made.CONFIG | {"model_type": family}}
    vector = load_encoder(write(tmp_path, files)).encode_text(["RED" if family == "siglip" else "red"])[0]
    padding = np.full(3, -100) * (12 - 3) if family == "siglip" else np.zeros(3)  # with <start>, the word and <end>
    expected = padding + np.array([2, -1, -1])
    np.testing.assert_allclose(vector, expected / np.linalg.norm(expected), atol=1e-6)


def test_a_mask_hides_the_padding(tmp_path, both):
    files = clip() | {"onnx/text_model.onnx": made.reads(length=12, mask=True)}
    encoder = load_encoder(write(tmp_path / "masked", files))
    np.testing.assert_allclose(encoder.encode_text(["red"]), both.encode_text(["red"]), atol=1e-6)


def test_the_vector_of_a_text_does_not_depend_on_its_neighbours(both):
    texts = ["red " * n for n in range(1, 9)]
    alone = np.concatenate([both.encode_text([text]) for text in texts])
    np.testing.assert_array_equal(both.encode_text(texts), alone)


def test_a_network_for_texts_of_another_space_is_refused(tmp_path):
    network = made.reads()
    rows = next(each for each in network.graph.initializer if each.name == "rows")
    rows.CopyFrom(pytest.importorskip("onnx").numpy_helper.from_array(np.ones((8, 5), np.float32), "rows"))
    network.graph.output[0].type.tensor_type.shape.dim[1].dim_value = 5
    encoder = load_encoder(write(tmp_path, clip() | {"onnx/text_model.onnx": network}))
    with pytest.raises(BadInput, match="gives texts 5 dimensions, and pictures have 3"):
        encoder.encode_text(["red"])


def test_the_fingerprint_covers_everything_that_vectors_depend_on(tmp_path):
    variants = {
        "plain": {},
        "pictures": {"onnx/vision_model.onnx": made.sees(factor=2)},
        "texts": {"onnx/text_model.onnx": made.reads(mask=True)},
        "colours": {"preprocessor_config.json": CLIP | {"image_mean": [0.4] * 3}},
        "size": {"preprocessor_config.json": CLIP | {"size": {"shortest_edge": 9}}},
        "tokenizer": {"tokenizer.json": made.tokenizer() + b" "},
        "length": {"config.json": made.CONFIG | {"text_config": {"max_position_embeddings": 5}}},
    }
    found = {name: load_encoder(write(tmp_path / name, clip() | files)).fingerprint for name, files in variants.items()}
    assert len(set(found.values())) == len(variants)
    assert load_encoder(write(tmp_path / "again", clip())).fingerprint == found["plain"]


@pytest.mark.parametrize(
    "said",
    [
        {"text_config": 3},
        {"text_cfg": [1]},
        {"model_type": ["clip"], "architectures": 7, "vision_config": "x", "text_cfg": {"tokenizer_kwargs": "y"}},
    ],
)
def test_nonsense_in_its_configuration_is_an_error(tmp_path, said):
    with pytest.raises(BadInput, match="what config.json says of texts cannot be understood"):
        load_encoder(write(tmp_path, clip() | {"config.json": said}))


# asked wrongly


def test_pictures_that_cannot_be_read_are_named(both):
    with pytest.raises(BadPictures) as caught:
        both.encode([RED, b"", "no/such.png", GREEN])
    assert set(caught.value.faults) == {1, 2}


def test_only_lists_of_what_is_meant_are_taken(both):
    with pytest.raises(BadInput, match=r"write \[picture\]"):
        both.encode("red.png")
    with pytest.raises(BadInput, match=r"write \[text\]"):
        both.encode_text("red")
    with pytest.raises(BadInput, match="value 1 is of type bytes; expected texts"):
        both.encode_text(["red", b"blue"])


def test_a_clip_without_its_tokenizer_is_one_for_pictures(tmp_path):
    files = {name: content for name, content in clip().items() if name != "tokenizer.json"}
    assert type(load_encoder(write(tmp_path, files))) is OnnxPictureEncoder


def test_a_text_model_is_still_one_for_texts(tmp_path):
    place = write(tmp_path, {"model.onnx": made.reads(), "tokenizer.json": made.tokenizer()})
    assert load_encoder(place).kind == "text"
