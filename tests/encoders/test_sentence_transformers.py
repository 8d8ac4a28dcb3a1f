"""SentenceTransformerEncoder against the package itself, on networks so small that they are made here.

The package and PyTorch are too heavy for the test extra; where they are missing only the refusals are tested, which
come before anything is imported.
"""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from tests.encoders.berts import save

from knnife.encoders import encode_query, formats, load_encoder
from knnife.encoders.sentence_transformers import SentenceTransformerEncoder
from knnife.errors import BadInput, MissingPackage, NotFound

heavy = pytest.mark.skipif(find_spec("sentence_transformers") is None, reason="sentence-transformers is not installed")
pytestmark = [
    pytest.mark.usefixtures("no_network"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # of PyTorch's and SWIG's own making
]
TEXTS = ["a red car", "the blue sky", "", "red " * 200, "zebra", "car", "the sea of the sky"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return save(tmp_path_factory.mktemp("st") / "model")


@pytest.fixture(scope="module")
def package(folder):
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(folder), device="cpu", local_files_only=True)


@heavy
def test_it_gives_the_vectors_of_the_package(folder, package):
    encoder = SentenceTransformerEncoder.load(folder)
    np.testing.assert_allclose(encoder.encode(TEXTS), package.encode_document(TEXTS), atol=1e-6)
    np.testing.assert_allclose(encode_query(encoder, TEXTS), package.encode_query(TEXTS), atol=1e-6)
    assert np.abs(encoder.encode(TEXTS) - encoder.encode_query(TEXTS)).max() > 0.01
    assert (encoder.query_prefix, encoder.passage_prefix) == ("query: ", "passage: ")
    assert (encoder.dim, encoder.kind, encoder.name) == (16, "text", str(folder))


@heavy
@pytest.mark.parametrize("how", [{"mode": "cls"}, {"mode": "max", "scaled": False}, {"dense": True}, {"prompts": {}}])
def test_it_pools_and_scales_as_the_package_does(tmp_path, how):
    from sentence_transformers import SentenceTransformer

    folder = save(tmp_path / "model", **how)
    package = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    np.testing.assert_allclose(
        SentenceTransformerEncoder.load(folder).encode(TEXTS), package.encode_document(TEXTS), atol=1e-6
    )


@heavy
def test_batches_and_their_order_change_nothing(folder, monkeypatch):
    encoder = SentenceTransformerEncoder.load(folder)
    alone = np.concatenate([encoder.encode([text]) for text in TEXTS])
    np.testing.assert_allclose(encoder.encode(TEXTS), alone, atol=1e-6)
    monkeypatch.setattr("knnife.encoders.sentence_transformers.TOKENS", 20)
    assert list(encoder._batches(TEXTS)) == [[2, 4, 5, 0], [1, 6], [3]]  # from short to long
    np.testing.assert_allclose(encoder.encode(TEXTS), alone, atol=1e-6)


@heavy
def test_threads_get_what_one_alone_gets(folder):
    encoder = SentenceTransformerEncoder.load(folder)
    alone = encoder.encode(TEXTS)
    with ThreadPoolExecutor(4) as pool:
        for vectors in pool.map(encoder.encode, [TEXTS] * 12):
            np.testing.assert_array_equal(vectors, alone)


@heavy
def test_nothing_in_gives_no_rows_and_what_is_no_text_is_refused(folder):
    encoder = SentenceTransformerEncoder.load(folder)
    assert encoder.encode([]).shape == (0, 16)
    assert np.isfinite(encoder.encode(["\ud800 half", "\0"])).all()
    with pytest.raises(BadInput, match="one text"):
        encoder.encode("red")
    with pytest.raises(BadInput, match="value 1 is of type int"):
        encoder.encode(["red", 3])


@heavy
def test_it_tells_what_it_reads_of_a_text(folder):
    read, unknown, cut = SentenceTransformerEncoder.load(folder).tokens(["a zebra", "red " * 200, ""])
    assert read.tolist() == [2 + 2 + 2, 32, 2 + 2]  # with "passage :", [CLS] and [SEP]
    assert unknown.tolist() == [1, 0, 0]
    assert cut.tolist() == [0, 200 + 4 - 32, 0]


@heavy
def test_the_fingerprint_covers_weights_prefixes_and_pooling(folder, tmp_path):
    first = SentenceTransformerEncoder.load(folder).fingerprint
    for change in ("none", "config_sentence_transformers.json", "1_Pooling/config.json", "model.safetensors"):
        copy = shutil.copytree(folder, tmp_path / change.replace("/", "-"))
        if change.endswith(".json"):
            file = copy / change
            file.write_text(file.read_text().replace("passage: ", "text: ").replace('"mean"', '"cls"'))
        elif change != "none":
            from safetensors.numpy import load_file, save_file

            tensors = load_file(copy / change)
            name = next(name for name in tensors if name.endswith("word_embeddings.weight"))
            tensors[name] = tensors[name] * 1.5
            save_file(tensors, copy / change, {"format": "pt"})
        assert (SentenceTransformerEncoder.load(copy).fingerprint == first) == (change == "none"), change


@heavy
def test_a_folder_of_safetensors_loads_by_its_path(folder, capfd):
    capfd.readouterr()
    encoder = load_encoder(folder)
    assert capfd.readouterr() == ("", "")  # transformers would draw a bar
    assert isinstance(encoder, SentenceTransformerEncoder)
    assert encoder.name == str(folder)


@heavy
def test_a_broken_file_is_one_clear_error(folder, tmp_path):
    copy = shutil.copytree(folder, tmp_path / "broken")
    (copy / "model.safetensors").write_bytes(b"\0" * 40)
    with pytest.raises(BadInput, match="broken: sentence-transformers cannot load this model"):
        SentenceTransformerEncoder.load(copy)


def bare(folder: Path, *weights: str, modules=None) -> Path:
    """What a folder looks like from outside; nothing of it could be loaded."""
    folder.mkdir()
    (folder / "config.json").write_text('{"model_type": "bert"}')
    if modules is not None:
        (folder / "modules.json").write_text(json.dumps(modules))
    for name in weights:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"weights")
    return folder


def test_pickled_weights_are_refused_before_anything_is_imported(tmp_path):
    with pytest.raises(BadInput, match=r"only as a pickle \(pytorch_model.bin\)"):
        SentenceTransformerEncoder.load(bare(tmp_path / "a", "pytorch_model.bin"))
    steps = [{"type": "sentence_transformers.models.Dense", "path": "2_Dense"}]
    with pytest.raises(BadInput, match=r"only as a pickle \(2_Dense/pytorch_model.bin\)"):
        SentenceTransformerEncoder.load(
            bare(tmp_path / "b", "model.safetensors", "2_Dense/pytorch_model.bin", modules=steps)
        )


def test_a_pickle_beside_safetensors_is_left_alone(tmp_path):
    folder = bare(tmp_path / "a", "model.safetensors", "pytorch_model.bin")
    formats.check_tensors(folder, formats.files(folder), what="it")


def test_a_model_with_a_program_of_its_own_is_refused(tmp_path):
    steps = [{"type": "custom_st.Transformer", "path": ""}]
    with pytest.raises(BadInput, match=r"modules.json: the module custom_st.Transformer is a program"):
        SentenceTransformerEncoder.load(bare(tmp_path / "a", "model.safetensors", modules=steps))


def test_a_folder_without_weights_says_what_there_is(tmp_path):
    with pytest.raises(NotFound, match=r"holds no model: expected .* found config.json"):
        SentenceTransformerEncoder.load(bare(tmp_path / "a"))


@pytest.mark.skipif(find_spec("sentence_transformers") is not None, reason="sentence-transformers is installed")
def test_without_the_package_the_error_says_how_to_install_it(tmp_path):
    with pytest.raises(MissingPackage, match=r'pip install "knnife\[sentence-transformers\]"'):
        SentenceTransformerEncoder.load(bare(tmp_path / "a", "model.safetensors"))
