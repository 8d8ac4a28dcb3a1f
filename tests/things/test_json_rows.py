from __future__ import annotations

import gzip
import json
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st

from knnife.errors import BadInput, BadRow
from knnife.things import Thing, json_rows, read

text = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
scalar = (
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False, allow_infinity=False) | text
)
rows = st.lists(
    st.fixed_dictionaries({"text": text.filter(str.strip), "n": scalar, "many": st.lists(scalar, max_size=3)}),
    max_size=6,
)


@given(rows, st.booleans())
def test_whatever_python_writes_as_json_lines_is_read_again(rows, escaped):
    lines = "".join(json.dumps(row, ensure_ascii=escaped) + "\n" for row in rows)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.jsonl")
        path.write_bytes(lines.encode())
        things = list(read(path))
    assert [{"text": thing.value, **thing.about} for thing in things] == rows
    assert [thing.id for thing in things] == [f"{path.as_posix()}#{i}" for i in range(1, len(rows) + 1)]


@given(rows, st.sampled_from([None, 0, 2]), st.integers(1, 50), st.booleans())
def test_an_array_is_read_the_same_however_it_is_cut_into_pieces(rows, indent, chunk, escaped):
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_rows, "CHUNK", chunk)
        path = Path(folder, "a.json")
        path.write_bytes(json.dumps(rows, indent=indent, ensure_ascii=escaped).encode())
        things = list(read(path))
    assert [{"text": thing.value, **thing.about} for thing in things] == rows


def test_nested_objects_are_flattened_and_lists_of_objects_become_text(write):
    row = {"text": "x", "a": {"b": {"c": 1}, "d": [1, "two"]}, "e": [{"f": 1}], "g": []}
    (thing,) = read(write("a.jsonl", json.dumps(row)))
    assert thing.about == {"a.b.c": 1, "a.d": [1, "two"], "e": '[{"f": 1}]', "g": []}


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_are_none_become_nothing(write, number):
    (thing,) = read(write("a.jsonl", f'{{"text": "x", "n": {number}, "m": [{number}]}}\n'))
    assert thing.about == {"n": None, "m": [None]}


def test_broken_lines_are_counted_and_reported_and_the_others_survive(write):
    lines = [
        b'{"text": "one"}',
        b"",
        b'{"text": "two"',
        b'["three"]',
        b'"four"',
        b'{"text": "f\xffve"}',
        b'{"text": ""}',
        b'{"text": null}',
        b'{"text": ["a"]}',
        b'{"words": "six"}',
        b'{"text": "a"} {"text": "b"}',
        b'{"text": "nul \\u0000"}',
        b'{"text": "half \\ud800"}',
        b'{"text": "x", "n": {"m": "half \\ud800"}}',
        b'{"text": ' + b"[" * 100_000,
        b'{"text": true}',
        b'{"text": "x", "n": ' + b"9" * 5000 + b"}",
        b'{"text": "caf\\u00e9 \\\\u0000"}\r',
        b'  {"text": 7}',
    ]
    reading = read(write("a.jsonl", b"\n".join(lines)), on_error="skip")
    assert [thing.value for thing in reading] == ["one", "caf\xe9 \\u0000", "7"]
    assert [problem.line for problem in reading.problems] == list(range(3, 18))
    assert reading.broken == 15
    assert "no text; it has: words" in str(reading.problems[7])


def test_a_broken_line_stops_with_file_and_line(write):
    with pytest.raises(BadRow, match=r"a.jsonl, line 2: invalid JSON") as caught:
        list(read(write("a.jsonl", '{"text": "x"}\nnonsense\n')))
    assert caught.value.line == 2


def test_numbers_are_ids_and_nothing_else_is(write):
    lines = ['{"id": 1}', '{"id": ""}', '{"id": null}', '{"id": true}', '{"id": "b"}']
    name = write("a.jsonl", "\n".join(line.replace("}", ', "text": "x"}') for line in lines))
    reading = read(name, id="id", on_error="skip")
    assert [thing.id for thing in reading] == ["1", "b"]
    assert reading.broken == 3


def test_vectors_are_lists_of_numbers_of_one_length(write):
    name = write("a.jsonl", '{"v": [1, 2]}\n{"v": [1]}\n{"v": "no"}\n{"v": [[1, 2]]}\n{"v": null}\n{"v": [1e999, 0]}\n')
    reading = read(name, vector="v", on_error="skip")
    (thing,) = reading
    assert (thing.value, thing.vector.tolist(), thing.vector.dtype) == (None, [1, 2], np.float32)
    assert reading.broken == 5


def test_a_mark_before_the_first_line_and_gzip_are_seen_through(write):
    name = write("a.jsonl.gz", gzip.compress(b'\xef\xbb\xbf{"text": "x"}\n'))
    assert list(read(name)) == [Thing("a.jsonl.gz#1", "x", {})]


def test_a_line_too_long_for_memory_is_one_broken_row(write, monkeypatch):
    monkeypatch.setattr("knnife.things.files.LONGEST_LINE", 20)
    name = write("a.jsonl", '{"text": "one"}\n{"text": "' + "x" * 100 + '"}\n{"text": "three"}\n')
    reading = read(name, on_error="skip")
    assert [thing.value for thing in reading] == ["one", "three"]
    assert [problem.line for problem in reading.problems] == [2]


def test_objects_one_after_another_are_read_as_an_array_is(write):
    for content in [
        '{"text": "a"}\n{"text": "b"}',
        '[{"text": "a"},\n {"text": "b"}]\n',
        '{"text": "a"}{"text": "b"}',
    ]:
        assert [thing.value for thing in read(write("a.json", content))] == ["a", "b"]


@pytest.mark.parametrize("content", ["[]", " [ ] \n"])
def test_an_empty_array_holds_nothing(write, content):
    assert list(read(write("a.json", content))) == []


@pytest.mark.parametrize("content", ["", " \n", "\ufeff"])
def test_an_empty_json_file_is_called_empty(write, content):
    with pytest.raises(BadInput, match="a.json is empty"):
        list(read(write("a.json", content)))


@pytest.mark.parametrize(
    "content", ['[{"text": "a"},\n{"text": "b"}]\n', '[{"text": "a"}]', '{\n "text": "a"\n}\n', '{"text":\n"a"}', "[\n"]
)
def test_json_over_lines_is_no_jsonl_and_the_right_name_is_told(write, content):
    with pytest.raises(BadRow, match="line 1: .*call it .json"):
        list(read(write("a.jsonl", content)))


@pytest.mark.parametrize("half", ["\\ud83d", "\\ude00", "\\ud83dx"])
@pytest.mark.parametrize("name", ["a.jsonl", "a.json"])
def test_half_of_a_surrogate_pair_is_not_blamed_on_the_encoding(write, name, half):
    write(
        name, f'{{"text": "fine"}}\n{{"text": "x{half}"}}\n{{"text": "y", "n": "{half}"}}\n{{"text": "\\ud83d\\ude00"}}'
    )
    reading = read(name, on_error="skip")
    assert [thing.value for thing in reading] == ["fine", "😀"]
    assert all("half of a character" in problem.why for problem in reading.problems)
    assert len(reading.problems) == 2


def test_invalid_utf8_breaks_only_the_object_it_is_in(write):
    name = write("a.json", b'[{"text": "a"}, {"text": "b\xff"}, {"text": "c"}]')
    reading = read(name, on_error="skip")
    assert [thing.value for thing in reading] == ["a", "c"]
    assert "invalid UTF-8" in reading.problems[0].why


def test_elements_that_are_no_objects_are_broken_and_their_line_is_told(write):
    reading = read(write("a.json", '[\n{"text": "a"},\n12,\n"b",\n{"text":\n "c"}\n]'), on_error="skip")
    assert [thing.value for thing in reading] == ["a", "c"]
    assert [problem.line for problem in reading.problems] == [3, 4]


@pytest.mark.parametrize(
    "end",
    ["", ",", "] x", "\nnonsense]", '{"text": "b"}]', ',{"text": "\xff"}]', ',{"text": ' + "[" * 100_000],
)
def test_broken_json_ends_the_reading_and_what_came_before_stays(write, end):
    name = write("a.json", ('[{"text": "a"}' + end).encode("latin-1"))
    with pytest.raises(BadRow):
        list(read(name))
    reading = read(name, on_error="skip")
    assert [thing.value for thing in reading] == ["a"]
    assert reading.broken == 1


def test_a_value_too_large_for_memory_is_refused(write, monkeypatch):
    monkeypatch.setattr(json_rows, "LONGEST_LINE", 1000)
    monkeypatch.setattr(json_rows, "CHUNK", 100)
    with pytest.raises(BadInput, match="a value of more than"):
        list(read(write("a.json", '[{"text": "' + "x" * 5000 + '"}]')))


def test_only_one_value_at_a_time_is_in_memory(write, monkeypatch):
    monkeypatch.setattr(json_rows, "LONGEST_LINE", 1000)
    monkeypatch.setattr(json_rows, "CHUNK", 100)
    name = write("a.json", json.dumps([{"text": "x" * 50}] * 1000))
    assert len(list(read(name))) == 1000
