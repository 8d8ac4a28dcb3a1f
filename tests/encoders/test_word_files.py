"""Word vectors written and read in every form, real files of gensim and fastText, gensim itself beside them."""

from __future__ import annotations

import gzip
import threading
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file
from tests.conftest import shared

from knnife.encoders._words import native
from knnife.encoders._words.word_files import read_words, write_table
from knnife.encoders.word_table import Subwords, WordTable, ngrams_of
from knnife.errors import BadInput, DiskFull, NotFound

REAL = "models/gensim-test-vectors/"
WORDS = ["the", "naïve", "東京", "12", "1.5", "nan", "#", "a\u00a0b", "\u2028", "😀", "word_with_a_line"]
WRITTEN = ["a.vectors", "a.vec", "a.txt", "a.bin", "a.npy", "vectors.tsv", "b.tsv", "a.txt.gz", "a.bin.gz", "c.tsv.gz"]


def table(n=11, dim=5, **more) -> WordTable:
    vectors = np.random.default_rng(0).normal(size=(n, dim)).astype(np.float32)
    vectors[0] = [0, -0.0, 1e-45, -3.4028235e38, 1 / 3][:dim] + [1] * (dim - 5)
    return WordTable([*WORDS, *(f"w{i}" for i in range(n - len(WORDS)))][:n], vectors, **more)


def read_table(path: Path, **more) -> WordTable:
    return read_words(path, **more)[0]


def same(a: WordTable, b: WordTable) -> bool:
    return a.words == b.words and np.array_equal(a.vectors.view(np.uint32), b.vectors.view(np.uint32))


@pytest.mark.parametrize("name", WRITTEN)
def test_what_was_written_is_read_again_to_the_last_bit(tmp_path: Path, name: str):
    given = table(3000, 20)
    write_table(given, tmp_path / name)
    assert same(read_table(tmp_path / name), given)
    assert not [*tmp_path.glob("*.part")]


def test_files_of_one_name_in_every_form_do_not_write_over_each_other(tmp_path: Path):
    given = table()
    for name in WRITTEN:
        write_table(given, tmp_path / name)
    for name in WRITTEN:
        assert same(read_table(tmp_path / name), given)


@pytest.mark.parametrize("name", WRITTEN)
def test_a_limit_reads_the_first_words(tmp_path: Path, name: str):
    given = table()
    write_table(given, tmp_path / name)
    for limit in (1, 3, len(WORDS), 1000):
        assert same(read_table(tmp_path / name, limit=limit), WordTable(given.words[:limit], given.vectors[:limit]))
    for wrong in (0, 2.5, "5"):
        with pytest.raises(BadInput, match=f"limit={wrong!r}: expected how many"):
            read_table(tmp_path / name, limit=wrong)


def test_glove_has_no_first_line_and_is_known_without_its_name(tmp_path: Path):
    write_table(table(), tmp_path / "x", form="glove")
    assert (tmp_path / "x").read_bytes().startswith(b"the 0 -0 1.40129846e-45 ")
    assert same(read_table(tmp_path / "x"), table())


def test_own_files_keep_all_and_are_mapped_into_memory(tmp_path: Path):
    ngrams = np.random.default_rng(1).normal(size=(7, 5)).astype(np.float32)
    given = table(counts=np.arange(11, 0, -1), subwords=Subwords(3, 6, ngrams))
    about = {"dim": 5, "loss": [0.5, 0.25], "of": "é", "complete": True}
    write_table(given, tmp_path / "a.vectors", about=about)
    found, told = read_words(tmp_path / "a.vectors")
    assert same(found, given)
    assert found.counts is not None
    assert found.counts.tolist() == [*range(11, 0, -1)]
    assert found.subwords is not None
    assert (found.subwords.shortest, found.subwords.longest) == (3, 6)
    np.testing.assert_array_equal(found.subwords.vectors, ngrams)
    assert told == about
    assert not found.vectors.flags.owndata
    assert not found.vectors.flags.writeable
    assert found.vectors.ctypes.data % 64 == 0
    again, told = native.unpack(native.pack(found, told))
    assert same(again, given)
    assert told == about


def test_own_files_are_safetensors(tmp_path: Path):
    given = table(counts=np.arange(11))
    write_table(given, tmp_path / "a.vectors")
    arrays = load_file(tmp_path / "a.vectors")
    np.testing.assert_array_equal(arrays["vectors"], given.vectors)
    assert arrays["words"].tobytes().decode() == "".join(WORDS)


def test_a_file_that_is_mapped_can_be_written_anew(tmp_path: Path):
    write_table(table(), tmp_path / "a.vectors")
    old = read_table(tmp_path / "a.vectors")
    write_table(WordTable(old.words, old.vectors / 2), tmp_path / "a.vectors")
    assert same(old, table())
    np.testing.assert_array_equal(read_table(tmp_path / "a.vectors").vectors, old.vectors / 2)


def test_the_projector_gets_counts_in_a_second_column(tmp_path: Path):
    write_table(table(counts=np.arange(11)), tmp_path / "vectors.tsv")
    assert (tmp_path / "metadata.tsv").read_text().startswith("word\tcount\nthe\t0\nnaïve\t1\n")
    counts = read_table(tmp_path / "vectors.tsv", limit=5).counts
    assert counts is not None
    assert counts.tolist() == [0, 1, 2, 3, 4]
    (tmp_path / "metadata.tsv").write_text("name\tkind\n" + "".join(f"{word}\tx\n" for word in WORDS))
    assert same(read_table(tmp_path / "vectors.tsv"), table())


def test_white_space_becomes_an_underscore_where_a_form_cannot_hold_it(tmp_path: Path):
    given = WordTable(["New York", "a\nb", "c\td"], np.eye(3, dtype=np.float32))
    for name, expected in {
        "a.txt": ["New_York", "a_b", "c_d"],
        "a.bin": ["New_York", "a_b", "c_d"],
        "a.npy": ["New York", "a_b", "c\td"],
        "a.tsv": ["New York", "a_b", "c_d"],
        "a.vectors": given.words,
    }.items():
        write_table(given, tmp_path / name)
        assert read_table(tmp_path / name).words == expected
    with pytest.raises(BadInput, match="two words are the same"):
        write_table(WordTable(["a b", "a_b"], np.eye(2, dtype=np.float32)), tmp_path / "x.bin")
    with pytest.raises(BadInput, match="one word is empty"):
        write_table(WordTable(["", "b"], np.eye(2, dtype=np.float32)), tmp_path / "x.bin")
    write_table(WordTable(["", "b"], np.eye(2, dtype=np.float32)), tmp_path / "x.vectors")
    assert read_table(tmp_path / "x.vectors").words == ["", "b"]


def test_tables_that_are_none_are_not_written(tmp_path: Path):
    eye = np.eye(2, dtype=np.float32)
    for why, bad in {
        "come twice": WordTable(["a", "a"], eye),
        "holds NaN": WordTable(["a", "b"], eye * np.float32(np.nan)),
        "one vector for each": WordTable(["a"], eye),
        "half a character": WordTable(["a", "\ud800"], eye),
    }.items():
        with pytest.raises(BadInput, match=why):
            write_table(bad, tmp_path / "a.vectors")
    with pytest.raises(BadInput, match="plain JSON"):
        write_table(WordTable(["a", "b"], eye), tmp_path / "a.vectors", about={"x": {1}})
    with pytest.raises(BadInput, match=r"ends with \.vectors, \.txt"):
        write_table(table(), tmp_path / "a.kv")
    with pytest.raises(BadInput, match="unknown form 'magic'"):
        write_table(table(), tmp_path / "a.txt", form="magic")
    with pytest.raises(BadInput, match="only read"):
        write_table(table(), tmp_path / "a.bin", form="fasttext")
    with pytest.raises(BadInput, match=r"leave \.gz out"):
        write_table(table(), tmp_path / "a.vectors.gz")
    with pytest.raises(BadInput, match=r"cannot be written to: there is no folder .*no; make it first"):
        write_table(table(), tmp_path / "no" / "a.vectors")
    assert not [*tmp_path.iterdir()]


def test_an_error_leaves_the_old_file(tmp_path: Path):
    write_table(table(), tmp_path / "a.vectors")
    with pytest.raises(BadInput):
        write_table(table(), tmp_path / "a.vectors", about={"x": object()})
    assert same(read_table(tmp_path / "a.vectors"), table())
    assert len([*tmp_path.iterdir()]) == 1


def test_a_full_disk_is_said_and_leaves_the_old_file(tmp_path: Path):
    resource = pytest.importorskip("resource")
    write_table(table(), tmp_path / "a.vectors")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))
    try:
        with pytest.raises(DiskFull, match="no room to write"):
            write_table(table(9000), tmp_path / "a.vectors")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert same(read_table(tmp_path / "a.vectors"), table())
    assert len([*tmp_path.iterdir()]) == 1


def test_files_read_at_once_by_several_threads_are_the_same(tmp_path: Path):
    write_table(table(2000), tmp_path / "a.txt")
    found: list[WordTable] = []
    threads = [threading.Thread(target=lambda: found.append(read_table(tmp_path / "a.txt"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [same(one, table(2000)) for one in found] == [True] * 4


@pytest.mark.parametrize(
    ("name", "n", "dim", "first"),
    [
        ("euclidean_vectors.bin", 2747, 10, ["the", "to", "of"]),
        ("lee_fasttext.vec", 1762, 10, ["the", "to", "of"]),
        ("word2vec_pre_kv_c", 1750, 10, ["the", "to", "of"]),
        ("test_glove.txt", 76, 50, ["the", "ö", "é"]),
        ("lee_fasttext_new.bin", 1763, 10, ["the", "to", "of"]),
    ],
)
def test_real_files(name: str, n: int, dim: int, first: list[str]):
    found = read_table(shared(REAL + name))
    assert (len(found.words), found.vectors.shape) == (n, (n, dim))
    assert found.words[:3] == first == read_table(shared(REAL + name), limit=3).words
    assert np.isfinite(found.vectors).all()


def test_a_model_of_fasttext_gives_vectors_to_words_that_were_never_seen():
    found, about = read_words(shared(REAL + "lee_fasttext_new.bin"))
    assert about["kind"] == "skip-gram"
    assert about["words seen"] == 60189
    assert found.subwords is not None
    assert found.counts is not None
    assert found.counts[:2].tolist() == [3523, 1674]
    rows = ngrams_of(["rejection"], 3, 6, len(found.subwords.vectors)).rows
    unseen = found.subwords.vectors[rows].mean(axis=0)
    np.testing.assert_allclose(unseen[:3], [-0.49111947, -0.13122772, -0.02109129], rtol=1e-5)  # as gensim has it
    np.testing.assert_allclose(found.vectors[0][:3], [-0.3302216, -0.31812048, 0.10051183], rtol=1e-5)


def test_a_classifier_of_fasttext_is_refused():
    with pytest.raises(BadInput, match="is a classifier"):
        read_table(shared(REAL + "pang_lee_polarity_fasttext.bin"))


@pytest.mark.parametrize("name", ["a.txt", "a.vec", "a.bin", "a.txt.gz", "a.bin.gz"])
def test_gensim_reads_what_is_written(tmp_path: Path, name: str):
    gensim = pytest.importorskip("gensim.models")
    write_table(table(), tmp_path / name)
    found = gensim.KeyedVectors.load_word2vec_format(str(tmp_path / name), binary="bin" in name)
    assert found.index_to_key == WORDS
    np.testing.assert_array_equal(found.vectors, table().vectors)
    found.save_word2vec_format(str(tmp_path / name), binary="bin" in name)
    assert same(read_table(tmp_path / name), table())


def test_pickles_and_other_files_are_refused_with_what_to_do(tmp_path: Path):
    for content, why in {
        b"\x80\x04\x95\x1a\x00": "kv.save_word2vec_format",
        b"PK\x03\x04....": "unpack it",
        b"": "is empty",
        b" \n\n": "is empty",
        b"The quick brown fox\njumps": "no word vectors of a known form",
        b"\x00\xff\xfe": "no word vectors of a known form",
        gzip.compress(native.pack(table(), {})): "unpack it",
    }.items():
        (tmp_path / "x").write_bytes(content)
        with pytest.raises(BadInput, match=why):
            read_table(tmp_path / "x")
    with pytest.raises(NotFound, match="no such file"):
        read_table(tmp_path / "missing.txt")
    with pytest.raises(BadInput, match="is a folder"):
        read_table(tmp_path)
    with pytest.raises(BadInput, match="unknown form 'magic'"):
        read_table(tmp_path / "x", form="magic")
