"""Models go both ways between knnife and model2vec, with the same vectors."""

from __future__ import annotations

import numpy as np
import pytest
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from knnife.encoders import static
from knnife.encoders.static import StaticEncoder

model2vec = pytest.importorskip("model2vec", reason="model2vec is in the extra 'test'")

TEXTS = [
    "a heist goes wrong",
    "The quick brown fox jumps over the lazy dog.",
    "e=mc² was written by Einstein, in 1905!",
    "Ünïcödé 東京 🚗",
    "split a path into folder and file name " * 20,
    "",
    "\0 zzz",
]
WORDS = ["[UNK]", "a", "heist", "goes", "wrong", "the", "path", "##s", "##er", "in", ",", "fox", "q", "##u"]


def wordpiece() -> Tokenizer:
    made = Tokenizer(models.WordPiece({w: i for i, w in enumerate(WORDS)}, unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer()
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return made


def unigram() -> Tokenizer:
    made = Tokenizer(models.Unigram([("<unk>", 0.0), *((w, -1.0 - i) for i, w in enumerate(WORDS[1:]))], unk_id=0))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    return made


def byte_pairs() -> Tokenizer:
    made = Tokenizer(models.BPE({w: i for i, w in enumerate("abcdefghijklmn")}, [], unk_token=None))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    return made


def theirs(folder, tokenizer, dtype, normalize, weights, mapping):
    """A model of model2vec with 14 tokens, saved by model2vec; its vectors of `TEXTS`."""
    random = np.random.default_rng(0)
    rows = random.normal(0, 40, (5 if mapping else len(WORDS), 8)).clip(-127, 127).astype(dtype)
    model = model2vec.StaticModel(
        rows,
        tokenizer,
        normalize=normalize,
        weights=random.uniform(0.1, 2, len(WORDS)).astype(np.float32) if weights else None,
        token_mapping=random.integers(0, 5, len(WORDS)) if mapping else None,
        max_length=None,  # by default they cut a text off, which we never do
    )
    model.save_pretrained(folder)
    return model.encode(TEXTS)


@pytest.mark.parametrize("dtype", [np.int8, np.float16, np.float32])
@pytest.mark.parametrize("normalize", [True, False])
@pytest.mark.parametrize("weights", [True, False])
@pytest.mark.parametrize("mapping", [True, False])
@pytest.mark.parametrize("make", [wordpiece, unigram, byte_pairs])
def test_a_folder_saved_by_model2vec_gives_the_same_vectors_here(tmp_path, make, dtype, normalize, weights, mapping):
    expected = theirs(tmp_path, make(), dtype, normalize, weights, mapping)
    tolerance = 2e-3 if dtype == np.float16 else 1e-5  # they add float16 as float16
    ours = StaticEncoder.load(tmp_path)
    np.testing.assert_allclose(ours.encode(TEXTS), expected, rtol=tolerance, atol=tolerance)


def test_the_english_model_gives_the_same_vectors_there():
    ours = static.english().encode(TEXTS)
    model = model2vec.StaticModel.from_pretrained(static.english_folder())
    np.testing.assert_allclose(model.encode(TEXTS), ours, atol=1e-5)


def test_the_english_model_is_read_to_the_end_there_as_well():
    text = "mountain " * 2000 + "violin"
    model = model2vec.StaticModel.from_pretrained(static.english_folder())
    np.testing.assert_allclose(model.encode([text]), static.english().encode([text]), atol=1e-5)


def test_a_folder_saved_here_opens_there_with_the_same_vectors(tmp_path):
    random = np.random.default_rng(1)
    ours = StaticEncoder(
        random.normal(size=(5, 8)).astype(np.float32),
        wordpiece().to_str().encode(),
        weights=random.uniform(0.1, 2, len(WORDS)).astype(np.float32),
        mapping=random.integers(0, 5, len(WORDS)),
    )
    ours.save(tmp_path)
    model = model2vec.StaticModel.from_pretrained(tmp_path)
    np.testing.assert_allclose(model.encode(TEXTS), ours.encode(TEXTS), atol=1e-5)


def test_a_model_that_model2vec_made_smaller_gives_the_same_vectors_here(tmp_path):
    model = model2vec.StaticModel.from_pretrained(static.english_folder(), quantize_to="float16", dimensionality=64)
    model.save_pretrained(tmp_path)
    ours = StaticEncoder.load(tmp_path)
    assert ours.dim == 64
    np.testing.assert_allclose(ours.encode(TEXTS), model.encode(TEXTS), atol=5e-3)
