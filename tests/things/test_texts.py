from __future__ import annotations

import io
import os
import sys

import pytest

from knnife.errors import BadInput, BadRow, NotFound
from knnife.things import Thing, read


@pytest.fixture
def standard_input(monkeypatch):
    def give(content: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))

    return give


def test_a_thing_per_line_called_by_its_line(write):
    name = write("notes.txt", "one\r\n\n  two  \nthree")
    assert list(read(name)) == [
        Thing("notes.txt#1", "one"),
        Thing("notes.txt#3", "two"),
        Thing("notes.txt#4", "three"),
    ]


def test_a_thing_per_paragraph(write):
    name = write("notes.txt", "\n\none\ntwo\n \n\nthree\n")
    assert list(read(name, per="paragraph")) == [
        Thing("notes.txt#1", "one\ntwo"),
        Thing("notes.txt#2", "three"),
    ]


def test_broken_lines_are_left_out_and_so_are_their_paragraphs(write):
    name = write("a.txt", b"one\nt\xffo\n\nthree\nfour\n\nf\0ive\n")
    lines = read(name, on_error="skip")
    assert [thing.value for thing in lines] == ["one", "three", "four"]
    assert [problem.line for problem in lines.problems] == [2, 7]
    paragraphs = read(name, per="paragraph", on_error="skip")
    assert list(paragraphs) == [Thing("a.txt#2", "three\nfour")]
    with pytest.raises(BadRow, match=r"a.txt, line 2"):
        list(read(name))


def test_a_line_too_long_for_memory_keeps_the_numbers_of_the_others(write, monkeypatch):
    monkeypatch.setattr("knnife.things.files.LONGEST_LINE", 20)
    reading = read(write("a.txt", "one\n" + "x" * 100 + "\nthree\n"), on_error="skip")
    assert [thing.id for thing in reading] == ["a.txt#1", "a.txt#3"]
    assert reading.problems[0].line == 2


def test_standard_input_is_lines_without_names(standard_input):
    standard_input(b"one\n\ntwo\n")
    reading = read("-")
    assert reading.fraction == 0.0
    assert list(reading) == [Thing(None, "one"), Thing(None, "two")]


def test_standard_input_is_json_lines_if_a_column_is_named(standard_input):
    standard_input(b'{"plot": "x", "n": 1}\n')
    assert list(read("-", text="plot")) == [Thing(None, "x", {"n": 1})]


def test_nobody_knows_how_much_standard_input_holds(standard_input):
    standard_input(b"one\ntwo\n")
    reading = read("-")
    next(iter(reading))
    assert reading.fraction is None


def test_a_reading_is_read_once(write):
    reading = read(write("a.txt", "one"))
    assert len(list(reading)) == 1
    with pytest.raises(BadInput, match=r"read was already|was read already"):
        list(reading)


def test_the_fraction_grows_from_0_to_1_with_the_bytes(write):
    reading = read(write("a.txt", "a line of words\n" * 100_000))
    seen = [reading.fraction]
    for i, _ in enumerate(reading):
        if i % 10_000 == 0:
            seen.append(reading.fraction)
    seen.append(reading.fraction)
    assert seen == sorted(seen)
    assert (seen[0], seen[-1]) == (0.0, 1.0)
    assert 0.3 < seen[6] < 0.7


def test_an_empty_file_holds_nothing(write):
    assert list(read(write("a.txt", ""))) == []


def test_an_empty_path_is_not_the_current_folder():
    with pytest.raises(BadInput, match="an empty path"):
        read("")


def test_what_does_not_exist_is_not_found():
    with pytest.raises(NotFound, match=r"no such file or folder: nowhere.csv"):
        read("nowhere.csv", text="a")


def test_an_unknown_format_is_refused_with_those_that_are_known(write):
    with pytest.raises(BadInput, match=r"a.xls: unknown format.*\.csv.*\.html"):
        read(write("a.xls", "x"))


@pytest.mark.parametrize("source", ["a.txt", "python:json", "."])
def test_columns_of_what_has_none_are_refused(write, source):
    write("a.txt", "x")
    with pytest.raises(BadInput, match="has no columns"):
        read(source, text="plot")


def test_wrong_choices_are_refused(write):
    name = write("a.txt", "x")
    with pytest.raises(BadInput, match='expected "stop" or "skip"'):
        read(name, on_error="ignore")
    with pytest.raises(BadInput, match='expected "line" or "paragraph"'):
        read(name, per="word")
    with pytest.raises(BadInput, match=r"text=\(\)"):
        read(name, text=())
    with pytest.raises(BadInput, match="read takes a path, got list"):
        read(["one"])


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_an_error(write):
    name = write("a.txt", "x")
    os.chmod(name, 0)
    with pytest.raises(BadInput, match="cannot be read"):
        list(read(name))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", ["", "end"])
def test_every_line_end_that_systems_had_is_one(write, end, last):
    texts = [f"text {i}" for i in range(30_000)]
    name = write("a.txt", end.join(texts) + (end if last else ""))
    assert [thing.value for thing in read(name)] == texts
