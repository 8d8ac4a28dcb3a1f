"""Files of word vectors that are cut, changed or made up: BadInput saying why, and no memory for what is not there."""

from __future__ import annotations

import gzip
import json
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings, strategies as st
from tests.conftest import shared

from knnife.encoders._words import fasttext, native, word_files
from knnife.encoders._words.word_files import read_words, write_table
from knnife.encoders.word_table import Subwords, WordTable
from knnife.errors import BadInput, KnnifeError

MANY = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
NAMES = {"vectors": "a.vectors", "word2vec": "a.vec", "word2vec-binary": "a.bin", "npy": "a.npy", "projector": "a.tsv"}
TABLE = WordTable(
    ["one", "two", "drei", "vier"],
    np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32),
    np.array([9, 8, 7, 6]),
    Subwords(3, 4, np.ones((5, 3), np.float32)),
)


def model(kind: int = 2, rows: int = 7, dim: int = 3, quantised: int = 0, version: int = 12, words: int = 2) -> bytes:
    """A model of fastText: two words, five rows of n-grams."""
    content = fasttext.MAGIC + struct.pack("<i12id", version, 3, 5, 5, 1, 5, 1, 2, kind, 5, 3, 4, 100, 1e-4)
    content += struct.pack("<3i2q", words, words, 0, 100, -1)
    content += b"one\0" + struct.pack("<qb", 9, 0) + b"two\0" + struct.pack("<qb", 8, 0)
    content += struct.pack("<b2q", quantised, rows, dim)
    return content + np.arange(21, dtype=np.float32).tobytes() + b"the other matrix"


def content_of(form: str, folder: Path) -> bytes:
    if form == "fasttext":
        return model()
    if form == "glove":
        return content_of("word2vec", folder).split(b"\n", 1)[1]
    (folder / NAMES[form]).unlink(missing_ok=True)  # what another example left is no table any more
    write_table(TABLE, folder / NAMES[form])
    return (folder / NAMES[form]).read_bytes()


def check(path: Path, form: str | None = None) -> None:
    """Reads a file that may hold anything; it is a table, or BadInput."""
    try:
        table, about = read_words(path, form=form)
    except BadInput:
        return
    assert len(table.words) == len(table.vectors) == len(table.row_of) > 0
    json.dumps(about)


@MANY
@given(
    st.binary(max_size=300) | st.text(max_size=200).map(str.encode) | st.text("12 .\ta\n").map(str.encode), st.data()
)
@example(b"9999999999 3\na 1 2 3", None)
@example(b"\x93NUMPY\x01\x00\x10\x00{'descr': [[[[[[[", None)
def test_no_bytes_give_anything_but_bad_input(tmp_path: Path, content: bytes, data):
    form = data.draw(st.sampled_from([None, *word_files.FORMS])) if data else None
    name = data.draw(st.sampled_from(["x.vec", "x.npy", "x.tsv"])) if data else "x.npy"
    (tmp_path / "x.words.txt").write_text("a\nb")
    (tmp_path / "x.metadata.tsv").write_text("a\nb")
    (tmp_path / name).write_bytes(content)
    check(tmp_path / name, form)


@MANY
@given(st.sampled_from([form for form in word_files.FORMS]), st.data())
def test_no_change_of_a_file_gives_anything_but_bad_input(tmp_path: Path, form: str, data):
    content = bytearray(content_of(form, tmp_path))
    for _ in range(data.draw(st.integers(0, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    name = NAMES.get(form, "a.txt")
    (tmp_path / name).write_bytes(content[: data.draw(st.integers(0, len(content)))])
    check(tmp_path / name, form)
    check(tmp_path / name)


@pytest.mark.parametrize("form", [form for form in word_files.FORMS if form not in ("word2vec", "glove", "projector")])
def test_a_file_that_is_cut_anywhere_is_refused(tmp_path: Path, form: str):
    content = content_of(form, tmp_path)
    needed = len(content) - len(b"the other matrix") if form == "fasttext" else len(content)
    path = tmp_path / NAMES.get(form, "a.bin")
    for size in range(needed):
        path.write_bytes(content[:size])
        with pytest.raises(BadInput):
            read_words(path, form=form)


def test_a_packed_file_that_is_cut_is_refused(tmp_path: Path):
    content = gzip.compress(content_of("word2vec", tmp_path))
    for size in range(2, len(content)):
        (tmp_path / "x.vec.gz").write_bytes(content[:size])
        with pytest.raises(KnnifeError, match="damaged"):
            read_words(tmp_path / "x.vec.gz")


def test_models_of_fasttext_that_are_none_are_refused(tmp_path: Path):
    for content, why in {
        model(kind=3): "is a classifier",
        model(kind=9): "damaged",
        model(quantised=1): "compressed",
        model(version=99): "version 99",
        model(rows=8): "a matrix of 8 x 3 for 2 words and 5 n-grams",
        model(dim=4): "a matrix of 7 x 4",
        model(words=3): "does not end|words where",
        model(words=2**31 - 1): "does not end|too early",
    }.items():
        (tmp_path / "x.bin").write_bytes(content)
        with pytest.raises(BadInput, match=why):
            read_words(tmp_path / "x.bin")
    (tmp_path / "x.bin").write_bytes(model())
    found, about = read_words(tmp_path / "x.bin")
    assert found.words == ["one", "two"]
    assert found.subwords is not None
    assert found.subwords.vectors.tolist() == np.arange(6, 21).reshape(5, 3).tolist()
    assert about["kind"] == "skip-gram"


def test_sizes_that_are_not_true_cost_no_memory(tmp_path: Path):
    huge = "1000000000000 1000000\n"
    for content in (
        huge.encode() + b"a 1 2 3\n" * 100,
        huge.encode() + b"a " + bytes(100),
        b"a " + b"1 " * 10_000 + b"\n" + b"a\n" * 10_000,
        model(rows=2**40, dim=3),
        gzip.compress(model(words=2**30)),
        gzip.compress(huge.encode() + b"a " + bytes(100)),
    ):
        (tmp_path / "x").write_bytes(content)
        tracemalloc.start()
        with pytest.raises(BadInput):
            read_words(tmp_path / "x")
        assert tracemalloc.get_traced_memory()[1] < 100e6
        tracemalloc.stop()


def changed(entry: str, **values) -> bytes:
    """A file of our own whose header says something else of an entry."""
    content = native.pack(TABLE, {})
    size = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + size])
    header[entry] |= values
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + content[8 + size :]


@pytest.mark.parametrize(
    ("entry", "values", "why"),
    [
        ("vectors", {"data_offsets": [0, 10**15]}, "takes 48 bytes from 0 to 1,000,000,000,000,000"),
        ("vectors", {"data_offsets": [-48, 0]}, "takes 48 bytes from -48"),
        ("vectors", {"shape": [2**62, 2**62]}, "not a part of such a file"),
        ("vectors", {"shape": [4, True]}, "not a part of such a file"),
        ("vectors", {"shape": [3, 4]}, "3 vectors, 4 words"),
        ("vectors", {"dtype": "F16"}, "not a part of such a file"),
        ("counts", {"data_offsets": [0, 32]}, "takes 32 bytes from 0"),
        ("ngrams", {"shape": [3, 5]}, "words of 3 dimensions, n-grams of 5"),
        ("__metadata__", {"format": "model"}, "not one of word vectors that knnife wrote"),
        ("__metadata__", {"version": "2"}, "install a newer one"),
        ("__metadata__", {"about": "{"}, "cannot be read"),
        ("__metadata__", {"about": "[" * 100_000}, "cannot be read"),
        ("__metadata__", {"about": "[1]"}, "is no mapping"),
        ("__metadata__", {"ngram_lengths": "6 3"}, "n-grams of 6 to 3"),
    ],
)
def test_headers_of_own_files_are_checked(tmp_path: Path, entry: str, values: dict, why: str):
    (tmp_path / "x.vectors").write_bytes(changed(entry, **values))
    with pytest.raises(BadInput, match=why):
        read_words(tmp_path / "x.vectors")
    with pytest.raises(BadInput, match="these bytes"):
        native.unpack(changed(entry, **values))


def test_words_of_own_files_are_checked():
    content = bytearray(native.pack(TABLE, {}))
    with pytest.raises(BadInput, match="no UTF-8"):
        native.unpack(bytes(content[:-1]) + b"\xff")
    ends = len(content) - len("onetwodreivier") - 4 * 8
    content[ends : ends + 8] = (2**63 - 1).to_bytes(8, "little")
    with pytest.raises(BadInput, match="ends of the words"):
        native.unpack(bytes(content))


def test_words_and_vectors_that_are_not_as_many_are_refused(tmp_path: Path):
    for name in ("a.npy", "a.tsv"):
        write_table(TABLE, tmp_path / name)
        beside = tmp_path / ("a.words.txt" if name == "a.npy" else "a.metadata.tsv")
        beside.write_text("one\ntwo\n")
        with pytest.raises(BadInput, match=r"holds 4 vectors, .* holds 2 words"):
            read_words(tmp_path / name)
        beside.unlink()
        with pytest.raises(KnnifeError, match=f"{name} holds vectors alone: expected their words, .* {beside}"):
            read_words(tmp_path / name)
    np.save(tmp_path / "a.npy", np.array([["x"]], object), allow_pickle=True)
    with pytest.raises(BadInput, match="no array of NumPy"):
        read_words(tmp_path / "a.npy")


def test_nan_in_floats_is_refused_with_its_word(tmp_path: Path):
    vectors = TABLE.vectors.copy()
    vectors[2, 1] = np.nan
    (tmp_path / "a.words.txt").write_text("a\nb\nc\nd\n")
    np.save(tmp_path / "a.npy", vectors)
    (tmp_path / "a.bin").write_bytes(b"4 3\n" + b"".join(b"w%d " % i + row.tobytes() for i, row in enumerate(vectors)))
    for name in ("a.npy", "a.bin"):
        with pytest.raises(BadInput, match="the vector of word 3 holds NaN"):
            read_words(tmp_path / name)


def test_real_files_that_are_cut_are_refused(tmp_path: Path):
    for name in ("lee_fasttext.vec", "euclidean_vectors.bin"):
        content = shared(f"models/gensim-test-vectors/{name}").read_bytes()
        (tmp_path / name).write_bytes(content[: len(content) // 2])
        with pytest.raises(BadInput, match=r"1,762 words|2,747 words|line 8\d\d"):
            read_words(tmp_path / name)
