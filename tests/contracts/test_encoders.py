"""What every encoder must do. A new one joins by a line in `ENCODERS`."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings, strategies as st
from tests import networks, picture_networks, toys, worded
from tests.encoders import berts, serving, tables, tastes

from knnife import AdaptedEncoder, SceneEncoder, WhitenedEncoder
from knnife.encoders import Encoder, encode_query, load_encoder
from knnife.encoders.static import StaticEncoder
from knnife.geometry import Vectors
from knnife.testing import check_encoder

WORDS = ["[UNK]", "red", "blue", "car", "sky"]
TOKENIZER = json.dumps(
    {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "normalizer": {"type": "Lowercase"},
        "pre_tokenizer": {"type": "Whitespace"},
        "post_processor": None,
        "decoder": None,
        "model": {"type": "WordLevel", "vocab": {w: i for i, w in enumerate(WORDS)}, "unk_token": "[UNK]"},
    }
).encode()


def handmade() -> StaticEncoder:
    """Five words in three dimensions, with vectors that can be summed in one's head."""
    rows = np.array([[9, 9, 9], [1, 0, 0], [0, 1, 0], [0, 0, 2], [0, 3, 4]], np.float32)
    return StaticEncoder(rows, TOKENIZER, config={"normalize": True}, name="handmade")


class Lengths:
    """Nothing but the protocol: the vector of a text holds its numbers of characters and of words."""

    name, dim, kind, fingerprint = "lengths", 2, "text", "lengths-1"

    def encode(self, values: Sequence[Any]) -> Vectors:
        return np.array([[len(v), len(v.split())] for v in values], np.float32).reshape(-1, 2)


@cache
def picture_of(text: str) -> bytes:
    """A picture of large coloured squares, other ones for every text."""
    chance = np.random.default_rng(list(text.encode("utf-8", "surrogatepass")))
    return picture_networks.encoded(chance.integers(0, 256, (3, 4, 3), np.uint8).repeat(16, 0).repeat(16, 1))


def adapted_to_cars() -> AdaptedEncoder:
    texts = [*WORDS, *(f"the {word} car and {word}" for word in WORDS)]
    return AdaptedEncoder.train("english", texts, labels=[" " in text for text in texts], anyway=True)


ENCODERS: dict[str, Callable[[], Encoder]] = {
    "english": lambda: load_encoder("english"),
    "english, not compiled": toys.english_without_compiled_code,
    "minilm": lambda: load_encoder("minilm"),
    "handmade": handmade,
    "lengths": Lengths,
    "endpoint": serving.endpoint_encoder,
    "rows": tables.encoder,
    "words": worded.wiki,
    "taste": tastes.encoder,
    "topics": lambda: load_encoder("topics"),
    "adapted": adapted_to_cars,
    "whitened": lambda: WhitenedEncoder.train("english", [f"the {word} car and {word}" for word in WORDS]),
}
if find_spec("sentence_transformers"):
    ENCODERS["sentence-transformers"] = berts.encoder
if find_spec("PIL"):
    ENCODERS["copies"] = lambda: load_encoder("copies")
    ENCODERS["scenes"] = lambda: SceneEncoder.train([picture_of(f"picture {number}") for number in range(8)])
if find_spec("onnxruntime") and find_spec("onnx"):
    ENCODERS["onnx"] = networks.encoder
    if find_spec("PIL"):
        ENCODERS["clip"] = picture_networks.encoder
LOADED = {name: make() for name, make in ENCODERS.items()}  # once: hypothesis runs each test many times
TEXTS = ["a red car", "the blue sky", "", "red", "Ünïcödé 東京 🚗", "red red red", "\0", "car " * 5000]


@pytest.fixture(params=ENCODERS)
def encoder(request: pytest.FixtureRequest) -> Encoder:
    return LOADED[request.param]


def given_to(encoder: Encoder, texts: Sequence[str]) -> list[Any]:
    """Texts, or what has these texts in it (pictures: comes of them) and is what the encoder takes."""
    if encoder.kind == "image":
        return [picture_of(text) for text in texts]
    if encoder.kind == "history":
        return [text.split() for text in texts]
    return [json.dumps({"note": text}) for text in texts] if encoder.kind == "row" else list(texts)


@pytest.mark.parametrize("name", ENCODERS)
def test_it_keeps_every_guarantee(name):
    check_encoder(LOADED[name], given_to(LOADED[name], TEXTS), again=ENCODERS[name], tolerance=1e-6)


def test_a_loaded_encoder_is_itself(encoder):
    assert isinstance(encoder, Encoder)
    assert load_encoder(encoder) is encoder
    assert encoder.kind in ("text", "image", "audio", "row", "history")


def test_different_texts_have_different_vectors(encoder):
    a, b = encoder.encode(given_to(encoder, ["red", "blue sky"]))
    assert np.abs(a - b).max() > 0.1


def test_queries_have_the_width_of_passages(encoder):
    assert encode_query(encoder, given_to(encoder, ["red"])).shape == (1, encoder.dim)


@pytest.mark.parametrize("name", ENCODERS)
@settings(max_examples=60)
@given(texts=st.lists(st.text(st.characters(), max_size=30), max_size=6))
@example(texts=["\ud800", "a\udfff car", "\0"])
def test_any_unicode_at_all_can_be_encoded(name, texts):
    vectors = LOADED[name].encode(
        given_to(LOADED[name], texts)
    )  # st.characters() makes NUL and lone surrogates as well
    assert vectors.shape == (len(texts), LOADED[name].dim)
    assert np.isfinite(vectors).all()


def test_threads_get_what_one_alone_gets(encoder):
    quick = getattr(encoder, "cheap", False)
    texts = given_to(encoder, [f"{text} {i}" for i, text in enumerate(TEXTS * (5 if quick else 1))])
    alone = encoder.encode(texts)
    with ThreadPoolExecutor(6) as pool:
        for vectors in pool.map(encoder.encode, [texts] * (24 if quick else 12)):
            np.testing.assert_array_equal(vectors, alone)
