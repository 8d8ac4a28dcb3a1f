from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.networks import ROWS, network, tokenizer, write, write_json

from knnife.encoders import load_encoder
from knnife.encoders.onnx import TOKENS, OnnxEncoder
from knnife.encoders.recipe import Recipe
from knnife.errors import BadInput

pytest.importorskip("onnxruntime", reason='needs the extra: pip install "knnife[onnx]"')
onnx = pytest.importorskip("onnx", reason="the tests build their networks with it: pip install onnx")
pytestmark = pytest.mark.usefixtures("no_network")

CLS, SEP, RED, BLUE = ROWS[2], ROWS[3], ROWS[4], ROWS[5]


@pytest.fixture
def tiny(tmp_path: Path) -> OnnxEncoder:
    return OnnxEncoder.load(write(tmp_path))


class Spy:
    """A network that remembers what it was given; the state of a token is its number."""

    digest, measures_its_batch = b"spy", False

    def __init__(self) -> None:
        self.seen: list[tuple[int, ...]] = []

    def run(self, ids):
        self.seen.append(ids.shape)
        return np.repeat(ids[:, :, None], 3, axis=2).astype(np.float32)


# what a vector is


@pytest.mark.parametrize(
    ("pooling", "expected"),
    [
        ("mean", (CLS + RED + BLUE + SEP) / 4),
        ("max", np.max([CLS, RED, BLUE, SEP], axis=0)),
        ("cls", CLS),
        ("last", SEP),
    ],
)
def test_the_states_become_a_vector_as_the_model_says(tmp_path, pooling, expected):
    encoder = OnnxEncoder.load(write(tmp_path, pooling=pooling))
    np.testing.assert_allclose(encoder.encode(["red blue"]), [expected], atol=1e-6)


def test_vectors_have_length_one_where_the_model_says(tmp_path, tiny):
    plain = tiny.encode(["red blue", "sky"])
    scaled = OnnxEncoder.load(write(tmp_path, normalize=True)).encode(["red blue", "sky"])
    np.testing.assert_allclose(scaled, plain / np.linalg.norm(plain, axis=1, keepdims=True), atol=1e-6)


def test_prefixes_go_before_queries_and_passages(tmp_path, tiny):
    prompts = {"query": "query: ", "passage": "passage: "}
    encoder = OnnxEncoder.load(write(tmp_path / "other", prompts=prompts))
    assert (encoder.query_prefix, encoder.passage_prefix) == ("query: ", "passage: ")
    np.testing.assert_array_equal(encoder.encode_query(["red"]), tiny.encode(["query: red"]))
    np.testing.assert_array_equal(encoder.encode(["red"]), tiny.encode(["passage: red"]))


def test_small_letters_where_the_model_says(tmp_path, tiny):
    folder = write(tmp_path / "other")
    write_json(folder, "sentence_bert_config.json", {"max_seq_length": 16, "do_lower_case": True})
    np.testing.assert_array_equal(OnnxEncoder.load(folder).encode(["RED"]), tiny.encode(["red"]))


@pytest.mark.parametrize("kind", ["INT64", "INT32"])
def test_the_network_gets_what_it_asks_for(tmp_path, kind):
    inputs = ("input_ids", "attention_mask", "token_type_ids", "position_ids")
    encoder = OnnxEncoder.load(write(tmp_path, network(inputs, kind=kind)))
    by_hand = (CLS + RED + SEP) / 3 + 100 * (0 + 1 + 2) / 3  # the mask is 1, the type 0
    np.testing.assert_allclose(encoder.encode(["red"]), [by_hand], atol=1e-4)


@pytest.mark.parametrize("output", ["sentence_embedding", "pooler_output", "vectors"])
def test_a_network_that_gives_whole_vectors_is_taken_at_its_word(tmp_path, output):
    encoder = OnnxEncoder.load(write(tmp_path, network(outputs=[output]), pooling="cls"))
    np.testing.assert_allclose(encoder.encode(["red"]), [CLS + RED + SEP], atol=1e-6)


def test_states_go_before_whole_vectors(tmp_path):
    outputs = ["pooler_output", "sentence_embedding", "other", "last_hidden_state"]
    encoder = OnnxEncoder.load(write(tmp_path, network(outputs=outputs), pooling="cls"))
    np.testing.assert_allclose(encoder.encode(["red"]), [CLS], atol=1e-6)


def test_steps_after_the_network_are_never_left_out(tmp_path):
    write(tmp_path)
    write_json(tmp_path, "modules.json", [{"type": f"x.{kind}", "path": ""} for kind in ("Transformer", "Dense")])
    with pytest.raises(BadInput, match=r"model\.onnx: .*goes on with Dense.*knnife\[sentence-transformers\]"):
        OnnxEncoder.load(tmp_path)
    outputs = ["last_hidden_state", "sentence_embedding"]
    (tmp_path / "model.onnx").write_bytes(network(outputs=outputs).SerializeToString())
    np.testing.assert_allclose(OnnxEncoder.load(tmp_path).encode(["red"]), [CLS + RED + SEP], atol=1e-6)


def test_a_text_without_any_token_gives_zeros(tmp_path):
    encoder = OnnxEncoder.load(write(tmp_path, special=False))
    np.testing.assert_array_equal(encoder.encode(["", "red", " "]), [[0, 0], RED, [0, 0]])


# how much is read


def test_long_texts_are_cut_and_keep_the_token_at_their_end(tmp_path):
    encoder = OnnxEncoder.load(write(tmp_path, max_tokens=4))
    np.testing.assert_array_equal(encoder.encode(["red red blue sky sky"]), encoder.encode(["red red"]))
    assert not np.array_equal(encoder.encode(["red blue"]), encoder.encode(["red red"]))


def test_special_tokens_within_a_text_take_no_more_room_than_others(tmp_path):
    encoder = OnnxEncoder.load(write(tmp_path, max_tokens=5))
    read, _, cut = encoder.tokens(["[SEP] " * 600, "[CLS] red [SEP] blue"])
    assert (read.tolist(), cut.tolist()) == ([5, 5], [597, 1])
    assert np.isfinite(encoder.encode(["[SEP] " * 600])).all()


def test_tokens_tells_what_is_read_unknown_and_cut(tmp_path):
    encoder = OnnxEncoder.load(write(tmp_path, max_tokens=5, prompts={"document": "passage: "}))
    read, unknown, cut = encoder.tokens(["red", "", "what red what", "red " * 7000, "red red red what"])
    assert read.tolist() == [4, 3, 5, 5, 5]  # with [CLS], the prefix and [SEP]
    assert unknown.tolist() == [0, 0, 1, 0, 0]
    assert cut.tolist() == [0, 0, 1, 6998, 2]
    assert read.dtype == unknown.dtype == cut.dtype == np.int64


def test_a_model_that_does_not_tell_its_longest_input_reads_512_tokens(tmp_path):
    folder = write(tmp_path)
    (folder / "sentence_bert_config.json").unlink()
    assert OnnxEncoder.load(folder).tokens(["red " * 20_000]).read.tolist() == [512]


def test_a_longest_input_without_room_for_a_text_is_refused(tmp_path):
    with pytest.raises(BadInput, match="longest input is 2 tokens, of which 2 are not of the text"):
        OnnxEncoder.load(write(tmp_path, max_tokens=2))


# batches


def test_batches_are_of_one_length_and_bounded_in_tokens():
    spy = Spy()
    encoder = OnnxEncoder(spy, tokenizer(), Recipe(max_tokens=100, normalize=False), threads=1)
    texts = ["red " * (i % 7) for i in range(3000)] + ["blue " * 90] * 50 + ["sky " * 70_000]
    spy.seen.clear()
    vectors = encoder.encode(texts)
    assert all(n * length <= TOKENS for n, length in spy.seen)
    assert sum(n for n, _ in spy.seen) == len(texts)
    assert sum(n * length for n, length in spy.seen) == encoder.tokens(texts).read.sum()  # no padding
    assert len(spy.seen) < 100
    for i in (0, 6, 2999, 3000, 3050):
        np.testing.assert_array_equal(vectors[i], encoder.encode([texts[i]])[0])


def test_texts_longer_than_a_batch_go_one_by_one():
    spy = Spy()
    OnnxEncoder(spy, tokenizer(), Recipe(max_tokens=3 * TOKENS)).encode(["red " * 4 * TOKENS] * 3)
    assert spy.seen[1:] == [(1, 3 * TOKENS)] * 3


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_the_number_of_threads_changes_nothing(tmp_path, threads):
    texts = [f"red {'blue ' * (i % 13)}{'sky ' * (i % 5)}" for i in range(500)]
    alone = OnnxEncoder.load(write(tmp_path), threads=1).encode(texts)
    assert OnnxEncoder.load(tmp_path, threads=threads).encode(texts).tobytes() == alone.tobytes()


def test_a_network_that_measures_its_batch_gets_every_text_alone(tmp_path):
    rows = np.random.default_rng(0).normal(size=ROWS.shape)
    encoder = OnnxEncoder.load(write(tmp_path, network(rows=rows, measured=True)))
    texts = ["red", "sky", "blue", "car"]
    alone = np.concatenate([encoder.encode([text]) for text in texts])
    np.testing.assert_array_equal(encoder.encode(texts), alone)
    encoder._network.measures_its_batch = False  # what is guarded against
    assert not np.array_equal(encoder.encode(texts), alone)


def test_an_error_in_one_batch_ends_the_others(tmp_path):
    class Failing(Spy):
        def run(self, ids):
            if ids.shape[1] == 5:
                raise BadInput("five")
            return super().run(ids)

    spy = Failing()
    encoder = OnnxEncoder(spy, tokenizer(), Recipe(max_tokens=TOKENS), threads=2)
    texts = ["red red red", *("blue " * (i % 2) for i in range(50 * TOKENS))]
    with pytest.raises(BadInput, match="five"):
        encoder.encode(texts)
    assert sum(n for n, _ in spy.seen) < len(texts) / 2


def test_a_forked_process_can_encode(tmp_path):
    write(tmp_path)
    code = """
import os, sys
from knnife.encoders.onnx import OnnxEncoder
encoder = OnnxEncoder.load(sys.argv[1])
texts = ["red", "blue sky"] * 600
before = encoder.encode(texts).tobytes()
child = os.fork()
if child == 0:
    os._exit(0 if encoder.encode(texts).tobytes() == before else 1)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    if not hasattr(__import__("os"), "fork"):
        pytest.skip("this system does not fork")
    done = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stderr) == (0, "")


# the fingerprint, and what is asked wrongly


def test_a_folder_is_loaded_by_its_path(tmp_path, tiny):
    encoder = load_encoder(tmp_path)
    assert isinstance(encoder, OnnxEncoder)
    assert encoder.fingerprint == tiny.fingerprint


def test_the_fingerprint_covers_everything_that_vectors_depend_on(tmp_path):
    variants = {
        "plain": {},
        "weights": {"model": network(rows=ROWS * 2)},
        "pooling": {"pooling": "cls"},
        "length": {"normalize": True},
        "prefix": {"prompts": {"query": "query: "}},
        "longest": {"max_tokens": 8},
        "tokenizer": {"special": False},
    }
    found = {name: OnnxEncoder.load(write(tmp_path / name, **parts)).fingerprint for name, parts in variants.items()}
    assert len(set(found.values())) == len(variants)
    again = OnnxEncoder.load(write(tmp_path / "again"), name="another name", threads=1)
    assert again.fingerprint == found["plain"]


def test_tensors_in_a_file_beside_the_network_are_read_and_count(tmp_path):
    fingerprints, vectors = [], []
    for factor in (1, 2):
        folder = write(tmp_path / str(factor))
        model = network(rows=ROWS * factor)
        onnx.save(
            model, folder / "model.onnx", save_as_external_data=True, location="model.onnx_data", size_threshold=64
        )
        encoder = OnnxEncoder.load(folder)
        fingerprints.append(encoder.fingerprint)
        vectors.append(encoder.encode(["red"]))
    np.testing.assert_allclose(vectors[1], 2 * vectors[0])
    assert (tmp_path / "1/model.onnx").read_bytes() == (tmp_path / "2/model.onnx").read_bytes()
    assert fingerprints[0] != fingerprints[1]


@pytest.mark.parametrize("threads", [0, -1])
def test_threads_are_one_or_more(tmp_path, threads):
    with pytest.raises(BadInput, match="expected 1 or more, or None for all cores"):
        OnnxEncoder.load(write(tmp_path), threads=threads)


def test_only_texts_are_taken(tiny):
    with pytest.raises(BadInput, match=r"write \[text\]"):
        tiny.encode("red")
    with pytest.raises(BadInput, match="value 1 is of type int"):
        tiny.encode(["red", 3])
