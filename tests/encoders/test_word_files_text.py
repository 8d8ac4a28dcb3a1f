"""Numbers and lines read by compiled code, held against its plain twin and Python's float; and texts that are wrong."""

from __future__ import annotations

import bz2
import gzip
import lzma
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from knnife.encoders._words import word2vec_files, word_rows
from knnife.encoders._words.word_files import read_words
from knnife.errors import BadInput

compiled = pytest.mark.skipif(
    word_rows.read_lines is word_rows.plain_read_lines, reason="knnife was installed without a compiler"
)
HARD = [  # in the middle between two floats, or nearly; at the ends of what a float holds; more digits than fit
    "1.00000005960464477539",
    "1.000000059604644775390625",
    "1.0000000596046447753906250000000000001",
    "16777217",
    "16777219.0000000001",
    "3.4028235e38",
    "3.40282356e38",
    "3.5e38",
    "1.1754944e-38",
    "1e-45",
    "7.0064923216240853e-46",
    "7.006492321624086e-46",
    "1e-46",
    "1e-400",
    "1e400",
    "0e999999",
    "123456789012345678901234567890",
    "0." + "0" * 200 + "123e200",
    "0." + "0" * 500 + "1",
    "9" * 39,
    "9" * 500,
]
NONE = [
    "nan",
    "inf",
    "-Infinity",
    "1_0",
    "0x1",
    "e5",
    "1e",
    "1e+",
    "--1",
    "+-1",
    ".",
    "1.2.3",
    "1,5",
    "½",
    "٣",
    "1e5.0",
]
numbers = st.floats(allow_nan=False, width=32).map(lambda x: repr(float(x)))
numbers |= st.floats(allow_nan=False).map(repr) | st.from_regex(word_rows.NUMBER.pattern.decode(), fullmatch=True)
numbers |= st.sampled_from([*HARD, "0", "-0", ".5", "5.", "+3", "1E3"])
fields = numbers | st.sampled_from(NONE) | st.text("ab é\u00a01.", max_size=5)
lines = st.lists(fields, max_size=5).map(" ".join)


def read(function, block: bytes, dim: int, room: int = 50):
    values, places = np.zeros((room, dim), np.float32), np.zeros((room, 2), np.int64)
    n, used = function(block, dim, values, places)
    return n, used, values[:n].view(np.uint32).tolist(), places[:n].tolist()


@compiled
@given(st.lists(numbers, min_size=1, max_size=20))
def test_numbers_are_the_floats_that_python_makes_of_them(given: list[str]):
    found = read(word_rows.read_lines, f"word {' '.join(given)}".encode(), len(given))
    with np.errstate(over="ignore"):
        expected = np.array([float(text) for text in given]).astype(np.float32)
    short = all(len(text.lstrip("+-")) <= word_rows.LONGEST_NUMBER for text in given)
    if short and np.isfinite(expected).all():
        assert found[2] == [expected.view(np.uint32).tolist()]
    else:
        assert found[:2] == (0, 0)


@compiled
@settings(max_examples=300)
@given(
    st.lists(lines, max_size=5).map("\n".join) | st.text() | st.text(" \t\r\n.0123456789e-+a"),
    st.integers(1, 4),
    st.integers(0, 4),
)
def test_lines_are_read_as_the_plain_way_reads_them(text: str, dim: int, room: int):
    block = text.encode()
    assert read(word_rows.read_lines, block, dim, room) == read(word_rows.plain_read_lines, block, dim, room)


@compiled
@given(st.binary() | st.text("ab \n12345678").map(str.encode), st.integers(1, 3), st.integers(0, 5))
def test_records_are_read_as_the_plain_way_reads_them(block: bytes, dim: int, room: int):
    assert read(word_rows.read_records, block, dim, room) == read(word_rows.plain_read_records, block, dim, room)


@compiled
@given(st.binary(), st.lists(st.tuples(st.integers(-3, 20), st.integers(-3, 20)), max_size=5))
def test_words_outside_of_the_bytes_are_refused(block: bytes, given: list[tuple[int, int]]):
    places = np.array(given, np.int64).reshape(-1, 2)
    if all(0 <= start <= end <= len(block) for start, end in given):
        assert word_rows.words_at(block, places, "replace") == word_rows.plain_words_at(block, places, "replace")
    else:
        with pytest.raises(ValueError, match="outside"):
            word_rows.words_at(block, places, "replace")


@compiled
def test_arrays_that_are_none_are_refused():
    with pytest.raises(ValueError, match="one number at least"):
        word_rows.read_lines(b"a 1", 0, np.zeros((1, 1), np.float32), np.zeros((1, 2), np.int64))
    with pytest.raises(ValueError, match="one number at least"):
        word_rows.read_records(b"a 1", 2**62, np.zeros((1, 1), np.float32), np.zeros((1, 2), np.int64))


def read_table(path: Path, **more):
    return read_words(path, **more)[0]


def write(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_words_may_hold_spaces_as_those_of_glove(tmp_path: Path):
    found = read_table(write(tmp_path / "g.txt", "the 1 2\n. . . 3 4\nat name@domain.com 5 6\n"))
    assert found.words == ["the", ". . .", "at name@domain.com"]
    assert found.vectors.tolist() == [[1, 2], [3, 4], [5, 6]]


def test_what_programs_write_differently_is_read_alike(tmp_path: Path):
    for text in ("a 1 2\nb 3 4\n", "a 1 2 \nb 3 4 ", "a\t1\t2\r\nb\t3\t4\r\n", "a 1.0 2e0\n\n\nb  3  4\n\n"):
        for header in ("", "2 2\n", "2 2 \r\n"):
            found = read_table(write(tmp_path / "x", header + text))
            assert found.words == ["a", "b"]
            assert found.vectors.tolist() == [[1, 2], [3, 4]]


def test_of_a_word_that_comes_again_the_first_vector_is_kept_and_it_is_said(tmp_path: Path):
    found, about = read_words(write(tmp_path / "x.txt", "4 2\na 1 2\nb 3 4\na 5 6\na 7 8\n"))
    assert found.words == ["a", "b"]
    assert found.vectors.tolist() == [[1, 2], [3, 4]]
    assert about == {"repeated words left out": 2}


def test_bytes_that_are_no_utf8_are_replaced(tmp_path: Path):
    found, about = read_words(write(tmp_path / "x.txt", b"2 2\na\xff 1 2\na\xfe 3 4\n"))
    assert found.words == ["a\ufffd"]
    assert about == {"repeated words left out": 1}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("3 2\na 1 2\nb 3 4\n", "says 3 words, but there are 2: it is truncated"),
        ("1 2\na 1 2\nb 3 4\n", "says 1 words, but there are 2: its first line is wrong"),
        ("2 3\na 1 2 3\nb 4 5\n", "line 3: expected a word and 3 numbers, got 2 numbers: 'b 4 5'"),
        ("2 3\na 1 2 3\nb 4 5 6 7\n", "line 3: expected 3 numbers|line 3: expected a word and 3 numbers, got 4"),
        ("a 1 2\nb 3 4\nc 5\n", "line 3: expected a word and 2 numbers, got 1 numbers: 'c 5'"),
        ("a 1 2\n\nb 3 four\n", "line 3: expected 2 numbers behind the word, got 'four'"),
        ("2 2\na 1 nan\nb 3 4\n", "line 2: expected 2 numbers behind the word, got 'nan'"),
        ("a 1 2\nb 1 1e39\n", "line 2: expected 2 numbers behind the word, got '1e39'"),
        ("a 1 2\nb 1 -inf\n", "line 2: expected 2 numbers behind the word, got '-inf'"),
        ("a 1 2\nb\n", "line 2: expected a word and 2 numbers, got 0 numbers"),
        ("0 5\n", "says 0 words of 5 dimensions"),
        ("5 0\n", "says 5 words of 0 dimensions"),
        ("5 5\n", "says 5 words of 5 dimensions, which take|holds no words"),
        ("1000000000000 1000000000\na 1 2\n", "says 1,000,000,000,000 words of 1,000,000,000 dimensions"),
        ("1000000000000 1000000\na 1 2\n", "expected a word and 1,000,000 numbers, got 2|take .* bytes at least"),
    ],
)
def test_bad_texts_are_refused_with_the_line(tmp_path: Path, text: str, why: str):
    for path, content in ((tmp_path / "x", text.encode()), (tmp_path / "x.gz", gzip.compress(text.encode()))):
        with pytest.raises(BadInput, match=why) as error:
            read_table(write(path, content))
        assert str(path) in str(error.value)


def test_lines_are_numbered_and_counted_over_blocks(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(word2vec_files, "BLOCK", 50)
    good = [f"word{i} {i} {-i}" for i in range(500)]
    found = read_table(write(tmp_path / "x.txt", "\n".join(good)))
    assert found.vectors.tolist() == [[i, -i] for i in range(500)]
    assert len(read_table(write(tmp_path / "x.txt", "\n".join(good)), limit=321).words) == 321
    good[433] = "word433 1 2 3"
    with pytest.raises(BadInput, match=re.escape("line 434: expected a word and 2 numbers, got 3 numbers")):
        read_table(write(tmp_path / "x.txt", "\n".join(good)))
    assert len(read_table(tmp_path / "x.txt", limit=433).words) == 433


def test_without_a_compiler_texts_are_the_same(tmp_path: Path, monkeypatch):
    path = write(tmp_path / "x.txt", "2 2\na b 1 2.5\nc -3 4e-3\n")
    found = read_table(path)
    monkeypatch.setattr(word2vec_files, "read_lines", word_rows.plain_read_lines)
    monkeypatch.setattr(word2vec_files, "words_at", word_rows.plain_words_at)
    assert read_table(path).words == found.words == ["a b", "c"]
    np.testing.assert_array_equal(read_table(path).vectors, found.vectors)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress, lzma.compress])
@pytest.mark.parametrize("head", ["2 3\n", ""])
def test_a_mark_is_no_part_of_the_first_word_whatever_packs_it(tmp_path, encoding, pack, head):
    path = tmp_path / "words.txt"
    path.write_bytes(pack(f"{head}über 1 2 3\nboat 4 5 6\n".encode(encoding)))
    table, _ = read_words(path)
    assert table.words == ["über", "boat"]
    assert table.vectors.tolist() == [[1, 2, 3], [4, 5, 6]]
