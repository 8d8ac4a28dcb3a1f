from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from tests.toys import no_compiled_code
from tokenizers import Tokenizer, models, pre_tokenizers

from knnife.encoders import static, text_blocks, wordpiece
from knnife.encoders.static import StaticEncoder
from knnife.errors import BadInput, NotFound
from knnife.geometry import unit

WORDS = ["[UNK]", "red", "blue", "car", "sky"]
ROWS = np.array([[9, 9, 9], [1, 0, 0], [0, 1, 0], [0, 0, 2], [0, 3, 4]], np.float32)


@pytest.fixture(scope="module", autouse=True, params=["compiled", "plain"])
def kernels(request):
    """Every test runs twice: with the compiled code, and as where there was no compiler."""
    if request.param == "plain":
        with no_compiled_code():
            yield
    elif wordpiece.KERNELS == "none":
        pytest.skip("knnife was installed without a compiler")
    else:
        yield


def tokenizer(words=WORDS, unknown="[UNK]") -> bytes:
    made = Tokenizer(models.WordLevel({w: i for i, w in enumerate(words)}, unk_token=unknown))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    return made.to_str().encode()


def tiny(rows=ROWS, normalize=True, **parts) -> StaticEncoder:
    return StaticEncoder(rows, tokenizer(), config={"normalize": normalize}, **parts)


@pytest.fixture(scope="module")
def english(kernels) -> StaticEncoder:
    return static.english()


@pytest.fixture
def folder(tmp_path):
    tiny().save(tmp_path)
    return tmp_path


# what a vector is


def test_a_text_is_the_sum_of_its_tokens_scaled_to_length_one():
    got = tiny().encode(["red", "red blue", "car sky", "red red blue"])
    expected = [[1, 0, 0], [1, 1, 0], [0, 3, 6], [2, 1, 0]]
    np.testing.assert_allclose(got, unit(np.array(expected, np.float32)), atol=1e-7)


def test_without_normalisation_a_text_is_the_mean_of_its_known_tokens():
    got = tiny(normalize=False).encode(["red blue", "car sky", "red what red"])
    np.testing.assert_allclose(got, [[0.5, 0.5, 0], [0, 1.5, 3], [1, 0, 0]], atol=1e-7)


def test_weights_multiply_and_mappings_share_rows():
    rows = np.array([[0, 0], [1, 0], [0, 1]], np.int8)
    encoder = tiny(
        rows,
        weights=np.array([1, 3, 1, 4, 1], np.float16),
        mapping=np.array([0, 1, 1, 2, 2]),
        normalize=False,
    )
    np.testing.assert_allclose(encoder.encode(["red", "blue", "red car"]), [[3, 0], [1, 0], [1.5, 2]])


@pytest.mark.parametrize("text", ["", " ", "\0", "unheard of", "[UNK]"])
@pytest.mark.parametrize("normalize", [True, False])
def test_a_text_without_a_known_word_is_zero(text, normalize):
    np.testing.assert_array_equal(tiny(normalize=normalize).encode([text]), np.zeros((1, 3)))


def test_what_is_no_text_is_refused_with_its_place_and_type():
    with pytest.raises(BadInput, match=r"value 1 is of type bytes.*texts"):
        tiny().encode(["red", b"red"])


def test_one_text_instead_of_a_list_is_refused():
    with pytest.raises(BadInput, match=r"write \[text\]"):
        tiny().encode("red")


def test_vectors_of_the_english_model_have_length_one(english):
    norms = np.linalg.norm(english.encode(["a heist goes wrong", "x", "東京"]), axis=1)
    np.testing.assert_allclose(norms, 1, atol=1e-6)


def test_the_english_model_knows_what_is_close(english):
    query, near, far = english.encode(
        ["a cat sat on the mat", "the kitten rested on a rug", "stock markets fell in London"]
    )
    assert query @ near > query @ far + 0.2


def test_a_prefix_of_the_english_components_still_knows_what_is_close():
    folder = static.english_folder()
    small = StaticEncoder.load(folder, dim=64)
    query, near, far = small.encode(["a cat", "a kitten", "stock markets"])
    assert small.dim == 64
    assert query @ near > query @ far + 0.2


def test_words_of_special_tokens_are_ordinary_text(english):
    np.testing.assert_array_equal(english.encode(["[CLS]"]), english.encode(["[cls]"]))


def test_tokens_are_counted_with_those_that_are_unknown():
    read, unknown, cut = tiny().tokens(["red what car", "", "sky " * 5000])
    assert (read.tolist(), unknown.tolist(), cut.tolist()) == ([3, 0, 5000], [1, 0, 0], [0, 0, 0])
    assert read.dtype == unknown.dtype == cut.dtype == np.int64


def test_it_says_that_encoding_is_cheap_and_adds_no_words():
    assert StaticEncoder.cheap
    assert (StaticEncoder.query_prefix, StaticEncoder.passage_prefix) == ("", "")


# long texts


def test_a_long_text_is_read_to_its_end_with_no_word_cut(english):
    words = ["mountains", "rivers", "and", "transportation", "\n"] * 20_000
    text = " ".join(words)
    assert len(text) > 10 * text_blocks.PIECE
    once = english.encode([" ".join(words[:5])])
    np.testing.assert_allclose(english.encode([text]), once, atol=1e-5)


def test_pieces_join_to_the_text_and_begin_at_white_space_or_else_at_punctuation():
    text = "word " * 20_000 + "x" * 100_000 + "a.b" * 20_000
    pieces = list(text_blocks.pieces(text))
    assert "".join(pieces) == text
    assert all(piece.startswith(".") for piece in pieces[-4:])
    assert max(map(len, pieces)) <= text_blocks.PIECE
    assert all(piece.startswith(" ") for piece in pieces[1:4])


@pytest.mark.skipif(sys.platform != "linux", reason="the peak of memory is read the way of Linux")
def test_ten_megabytes_of_text_need_bounded_memory(english):
    import resource

    text = "the quick brown fox. " * 500_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    english.encode([text])
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 150_000  # kilobytes


# folders


def test_a_saved_encoder_loads_as_the_same(folder):
    loaded = StaticEncoder.load(folder)
    assert loaded.fingerprint == tiny().fingerprint
    assert loaded.name == str(folder)
    np.testing.assert_array_equal(loaded.encode(["red sky"]), tiny().encode(["red sky"]))


def test_an_encoder_can_be_saved_over_the_folder_it_came_from(folder):
    loaded = StaticEncoder.load(folder)
    loaded.save(folder)
    assert StaticEncoder.load(folder).fingerprint == loaded.fingerprint


def test_a_cut_encoder_is_the_prefix_and_saves_as_such(folder, tmp_path):
    cut = StaticEncoder.load(folder, dim=2)
    np.testing.assert_allclose(cut.encode(["red blue car"]), [[0.5**0.5, 0.5**0.5]], atol=1e-6)
    cut.save(tmp_path / "cut")
    assert StaticEncoder.load(tmp_path / "cut").fingerprint == cut.fingerprint


def test_the_fingerprint_changes_with_all_that_changes_vectors(folder):
    ones = np.ones(5, np.float32)
    variants = [
        tiny(),
        tiny(ROWS * 2),
        tiny(ROWS.astype(np.float16)),
        tiny(normalize=False),
        tiny(weights=ones),
        tiny(weights=ones * 2),
        tiny(mapping=np.array([0, 1, 2, 3, 4])),
        tiny(mapping=np.array([0, 2, 1, 3, 4])),
        StaticEncoder.load(folder, dim=2),
        StaticEncoder(ROWS, tokenizer(["[UNK]", "blue", "red", "car", "sky"]), config={"normalize": True}),
    ]
    assert len({encoder.fingerprint for encoder in variants}) == len(variants)


def test_the_fingerprint_does_not_depend_on_the_name(folder):
    assert StaticEncoder.load(folder, name="x").fingerprint == StaticEncoder.load(folder).fingerprint


@pytest.mark.parametrize("file", static.FILES)
def test_a_missing_file_is_named(folder, file):
    (folder / file).unlink()
    with pytest.raises(NotFound, match=file):
        StaticEncoder.load(folder)


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(NotFound, match="nowhere"):
        StaticEncoder.load(tmp_path / "nowhere")


def truncate(path):
    path.write_bytes(path.read_bytes()[:-7])


DAMAGE = {
    "truncated": ("model.safetensors", truncate),
    "empty weights": ("model.safetensors", lambda p: p.write_bytes(b"")),
    "a pickle": ("model.safetensors", lambda p: p.write_bytes(b"\x80\x04cos\nsystem\n(S'x'\ntR.")),
    "a header of 2^63 bytes": ("model.safetensors", lambda p: p.write_bytes(b"\xff" * 8 + b"{}")),
    "no embeddings": ("model.safetensors", lambda p: save_file({"other": ROWS}, p)),
    "one dimension": ("model.safetensors", lambda p: save_file({"embeddings": ROWS[0]}, p)),
    "no dimension": ("model.safetensors", lambda p: save_file({"embeddings": ROWS[:, :0]}, p)),
    "bool": ("model.safetensors", lambda p: save_file({"embeddings": ROWS > 1}, p)),
    "NaN": ("model.safetensors", lambda p: save_file({"embeddings": ROWS * np.float32("nan")}, p)),
    "too few rows": ("model.safetensors", lambda p: save_file({"embeddings": ROWS[:4]}, p)),
    "too few weights": (
        "model.safetensors",
        lambda p: save_file({"embeddings": ROWS, "weights": np.ones(4, np.float32)}, p),
    ),
    "rows beyond the end": (
        "model.safetensors",
        lambda p: save_file({"embeddings": ROWS, "mapping": np.array([0, 1, 2, 3, 5])}, p),
    ),
    "rows before the start": (
        "model.safetensors",
        lambda p: save_file({"embeddings": ROWS, "mapping": np.array([0, 1, 2, 3, -1])}, p),
    ),
    "mapping of floats": (
        "model.safetensors",
        lambda p: save_file({"embeddings": ROWS, "mapping": np.ones(5, np.float32)}, p),
    ),
    "no JSON": ("tokenizer.json", lambda p: p.write_text("{")),
    "no tokenizer": ("tokenizer.json", lambda p: p.write_text('{"a": 1}')),
    "invalid UTF-8": ("tokenizer.json", lambda p: p.write_bytes(b"\xff\xfe")),
    "more words than rows": ("tokenizer.json", lambda p: p.write_bytes(tokenizer([*WORDS, "more"]))),
    "config without JSON": ("config.json", lambda p: p.write_text("normalize: yes")),
    "config of a thousand lists": ("config.json", lambda p: p.write_text("[" * 100_000)),
    "config of a list": ("config.json", lambda p: p.write_text("[]")),
    "config in no UTF-8": ("config.json", lambda p: p.write_bytes(b"\xff")),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_folder_is_refused_with_its_path(folder, damage):
    file, spoil = DAMAGE[damage]
    spoil(folder / file)
    with pytest.raises(BadInput, match=str(folder)):
        StaticEncoder.load(folder)


def test_a_token_numbered_beyond_the_rows_is_refused_when_it_comes_up():
    encoder = StaticEncoder(ROWS, tokenizer().replace(b'"sky":4', b'"sky":400'), name="gaps")
    assert encoder.encode(["red"]).shape == (1, 3)
    with pytest.raises(BadInput, match=r"gaps: the tokenizer has a token number 400.* for 5 tokens"):
        encoder.encode(["red sky"])


@pytest.mark.parametrize("dim", [0, -1, 4])
def test_a_dimension_the_model_does_not_have_is_refused(folder, dim):
    with pytest.raises(BadInput, match=f"dim={dim}: expected 1 to 3"):
        StaticEncoder.load(folder, dim=dim)


# the package and the process


def test_the_packaged_model_is_small_and_complete():
    files = {file.name: file.stat().st_size for file in static.english_folder().iterdir()}
    assert {*static.FILES, "README.md"} <= set(files)
    assert sum(files.values()) <= 10_000_000


def test_the_packaged_rows_use_the_whole_of_int8():
    tensors = load_file(static.english_folder() / "model.safetensors")
    assert tensors["embeddings"].dtype == np.int8
    assert (np.abs(tensors["embeddings"][1:]).max(axis=1) == 127).all()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_fork_after_encoding_works_without_a_warning():
    script = (
        "import os; from knnife.encoders.static import english; e = english(); e.encode(['red'] * 500)\n"
        "pid = os.fork()\n"
        "v = e.encode(['red car', 'sky'])\n"
        "if pid == 0: os._exit(0 if v.shape == (2, 256) else 1)\n"
        "assert os.waitpid(pid, 0)[1] == 0 and 'TOKENIZERS_PARALLELISM' not in os.environ"
    )
    environment = {k: v for k, v in os.environ.items() if k != "TOKENIZERS_PARALLELISM"}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script], capture_output=True, env=environment, timeout=300
    )
    assert (done.returncode, done.stderr) == (0, b"")


def test_the_config_says_what_other_readers_need():
    config = json.loads((static.english_folder() / "config.json").read_text())
    assert config["model_type"] == "model2vec"
    assert config["normalize"] is True
    assert config["max_length"] is None
    assert config["hidden_dim"] == 256
