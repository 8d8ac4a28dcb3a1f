from __future__ import annotations

import csv
import gzip
import io
import math
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st

from knnife.errors import BadInput, BadRow
from knnife.things import Thing, as_things, read
from knnife.things.values import cell_value

DATA = Path(__file__).parents[3] / "shared" / "data"


def test_text_and_id_are_columns_and_the_others_become_metadata(write):
    name = write("films.csv", "title,plot,year,rating,genre\nJaws,A shark.,1975,8.1,\n")
    assert list(read(name, text="plot", id="title")) == [
        Thing("Jaws", "A shark.", {"year": 1975, "rating": 8.1, "genre": None})
    ]


def test_without_an_id_column_rows_are_called_by_their_number_and_broken_ones_count(write):
    name = write("a.csv", "text\none\n \n\ntwo\n")
    assert [thing.id for thing in read(name, on_error="skip")] == ["a.csv#1", "a.csv#3"]


def test_several_text_columns_are_joined_and_empty_ones_left_out(write):
    name = write("a.csv", "title,plot\nJaws,A shark.\n,No title\n")
    assert [thing.value for thing in read(name, text=("title", "plot"))] == ["Jaws\nA shark.", "No title"]


def test_the_usual_text_column_is_taken(write):
    assert [thing.value for thing in read(write("a.csv", "n,content\n1,x\n"))] == ["x"]


def test_without_a_usual_text_column_the_error_lists_the_columns(write):
    with pytest.raises(BadInput, match=r"text=.*columns are: name, plot"):
        list(read(write("a.csv", "name,plot\na,b\n")))


def test_a_column_that_is_not_there_is_an_error_that_lists_the_columns(write):
    with pytest.raises(BadInput, match="no column plott; its columns are: name, plot"):
        list(read(write("a.csv", "name,plot\na,b\n"), text="plott"))


def test_repeated_column_names_are_an_error(write):
    with pytest.raises(BadInput, match="names a more than once"):
        list(read(write("x.csv", "a,b,a\n1,2,3\n"), text="b"))


@pytest.mark.parametrize("content", ["", "\n\n"])
def test_an_empty_table_is_an_error(write, content):
    with pytest.raises(BadInput, match="is empty"):
        list(read(write("x.csv", content), text="b"))


def test_a_table_with_a_header_only_holds_nothing(write):
    assert list(read(write("x.csv", "text,b\n"))) == []


def test_a_binary_file_named_csv_is_an_error(write):
    with pytest.raises(BadInput, match="names no columns"):
        list(read(write("x.csv", bytes(range(256))), text="b"))


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("", None),
        ("12", 12),
        ("-12", -12),
        ("0", 0),
        ("0.5", 0.5),
        ("-0.25", -0.25),
        ("1.5e10", 1.5e10),
        ("1e-05", 1e-05),
        ("1e+16", 1e16),
    ],
)
def test_cells_that_programs_write_for_numbers_are_numbers(cell, value):
    assert cell_value(cell) == value
    assert type(cell_value(cell)) is type(value)


@pytest.mark.parametrize(
    "cell",
    [
        "007",
        "+49",
        "1e5",
        "12e4",
        "nan",
        "inf",
        "-inf",
        "NaN",
        "Infinity",
        "1_000",
        "1,5",
        "2020-01-01",
        "12:30",
        "0x10",
        "1.",
        ".5",
        "-",
        "--",
        "1.2.3",
        "-007",
        "1234567890123456789",
        "1.5e999",
        "٣",
        "²",
        "3²",
        "-0",
        "true",
    ],
)
def test_cells_that_look_like_numbers_stay_text(cell):
    assert cell_value(cell) == cell


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_float_that_python_writes_is_read_as_that_float(number):
    assert cell_value(repr(number)) == number


@given(st.integers(-(10**18) + 1, 10**18 - 1))
def test_every_integer_of_at_most_18_digits_is_read_as_that_integer(number):
    value = cell_value(str(number))
    assert (value, type(value)) == (number, int)


cells = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)


@given(st.lists(st.tuples(cells.filter(str.strip), cells), max_size=8), st.sampled_from([",", ";", "\t"]))
def test_whatever_python_writes_as_csv_is_read_again(rows, delimiter):
    written = io.StringIO(newline="")
    csv.writer(written, delimiter=delimiter).writerows([("text", "other"), *rows])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.csv")
        path.write_bytes(written.getvalue().encode())
        things = list(read(path, types={"other": "text"}))
    assert [thing.value for thing in things] == [text for text, _ in rows]
    assert [thing.about["other"] for thing in things] == [other or None for _, other in rows]


def test_line_breaks_in_cells_stay_and_lines_are_counted_as_in_an_editor(write):
    name = write("a.csv", 'text,n\r\n"one\r\ntwo",1\r\n\r\n"x\r\n\r\ny",2,3\r\nlast,4\r\n')
    reading = read(name, on_error="skip")
    assert [thing.value for thing in reading] == ["one\r\ntwo", "last"]
    assert [(problem.source, problem.line) for problem in reading.problems] == [("a.csv", 5)]


def test_a_row_with_too_many_cells_stops_with_file_and_line(write):
    reading = read(write("a.csv", "text,n\nok,1\nbad,2,3\nok,3\n"))
    with pytest.raises(BadRow, match=r"a.csv, line 3: 3 cells, the header names 2") as caught:
        list(reading)
    assert (caught.value.source, caught.value.line) == ("a.csv", 3)


def test_cells_missing_at_the_end_are_empty(write):
    assert list(read(write("a.csv", "text,n\nok\n"))) == [Thing("a.csv#1", "ok", {"n": None})]


def test_invalid_utf8_and_nul_bytes_break_their_row_only(write):
    name = write("a.csv", b"text,n\none,1\ntw\xffo,2\nthree,3\nfo\0ur,4\nf\xc3\xbcnf,5\nsix,\xe9\n")
    reading = read(name, on_error="skip")
    assert [thing.value for thing in reading] == ["one", "three", "fünf"]
    assert [(problem.line, problem.why.split(":")[0]) for problem in reading.problems] == [
        (3, "invalid UTF-8"),
        (5, "a NUL character, which no text holds"),
        (7, "invalid UTF-8"),
    ]


def test_a_quotation_mark_gone_astray_breaks_its_row_and_reading_goes_on(write):
    reading = read(write("a.csv", 'text,n\none,1\n"two"x,2\nthree,3\n"four,4\n'), on_error="skip")
    assert [thing.value for thing in reading] == ["one", "three"]
    assert [problem.line for problem in reading.problems] == [3, 5]
    assert "quotation" in str(reading.problems[0])


def test_the_mark_that_excel_puts_before_utf8_is_no_part_of_the_first_name(write):
    assert list(read(write("a.csv", b"\xef\xbb\xbftext\nx\n"))) == [Thing("a.csv#1", "x", {})]


def test_semicolons_and_tabs_are_told_by_the_header(write):
    expected = [Thing("a", "x, y", {})]
    assert list(read(write("a.csv", "id;text\na;x, y\n"), id="id")) == expected
    assert list(read(write("a.tsv", "id\ttext\na\tx, y\n"), id="id")) == expected


def test_old_line_ends_are_line_ends(write):
    assert [thing.value for thing in read(write("a.csv", "text,n\rone,1\rtwo,2\r"))] == ["one", "two"]


def test_cells_of_10_mb_are_read(write):
    (thing,) = read(write("a.csv", "text,n\n" + "x" * 10_000_000 + ",1\n"))
    assert thing.value == "x" * 10_000_000


@pytest.mark.parametrize("name", ["a.csv.gz", "a.csv"])
def test_gzip_is_read_through_with_or_without_its_ending(write, name):
    write(name, gzip.compress(b"text\nx\n") + gzip.compress(b"y\n"))
    assert [thing.value for thing in read(name)] == ["x", "y"]


def test_a_truncated_gzip_file_keeps_what_was_read_and_is_reported(write):
    rows = "".join(f"{i * 7919 % 10007} words\n" for i in range(50_000))
    name = write("a.csv.gz", gzip.compress(f"text\n{rows}".encode())[:-5000])
    with pytest.raises(BadRow, match="damaged"):
        list(read(name))
    reading = read(name, on_error="skip")
    assert 1000 < len(list(reading)) < 50_000
    assert reading.broken == 1


def test_an_empty_id_or_text_breaks_the_row(write):
    reading = read(write("a.csv", "id,text\n,x\na,\nb,y\n"), id="id", on_error="skip")
    assert [thing.id for thing in reading] == ["b"]
    assert [problem.why for problem in reading.problems] == ["empty id", "empty text"]


def test_vectors_are_read_from_cells_and_make_the_text_optional(write):
    name = write("a.csv", 'id,v\na,"[1, 2.5]"\nb,3 4\nc,"1,x"\nd,1\ne,nan 1\nf,\n')
    reading = read(name, id="id", vector="v", on_error="skip")
    things = list(reading)
    assert [(thing.id, thing.value, thing.vector.tolist()) for thing in things] == [
        ("a", None, [1, 2.5]),
        ("b", None, [3, 4]),
    ]
    assert all(thing.vector.dtype == np.float32 for thing in things)
    assert [problem.line for problem in reading.problems] == [4, 5, 6, 7]


def test_only_the_first_hundred_problems_are_kept(write):
    reading = read(write("a.csv", "text,n\n" + ",1\n" * 250), on_error="skip")
    assert list(reading) == []
    assert (reading.broken, len(reading.problems)) == (250, 100)


def test_a_real_table_of_films_is_read_whole():
    path = DATA / "films_news" / "netflix_titles.csv.gz"
    if not path.exists():
        pytest.skip(f"the shared data is not here: {path.name}")
    reading = read(path, text=("title", "description"), id="show_id")
    things = list(reading)
    assert len(things) == len({thing.id for thing in things}) > 5_000
    assert isinstance(things[0].about["release_year"], int)
    assert not any(isinstance(value, float) and math.isnan(value) for t in things for value in t.about.values())


def test_columns_named_id_and_part_of_are_taken_for_what_they_say(tmp_path: Path) -> None:
    rows = [("id", "text", "part_of", "n"), ("a", "one", "", "1"), ("b", "two", "whole", "2")]
    path = tmp_path / "rows.csv"
    path.write_text("".join(",".join(row) + "\n" for row in rows), encoding="utf-8")
    assert list(read(path)) == [Thing("a", "one", {"n": 1}), Thing("b", "two", {"n": 2}, "whole")]
    dicts = [{"id": 1, "text": "one"}, {"id": 2, "text": "two", "part_of": None}]
    assert list(as_things([{**dicts[1], "part_of": "w"}, *dicts])) == [
        Thing("2", "two", {}, "w"),
        Thing("1", "one"),
        Thing("2", "two"),
    ]


def test_documents_are_complete_and_tables_are_not(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# A\n\nText.\n", encoding="utf-8")
    (tmp_path / "a.csv").write_text("text\nx\n", encoding="utf-8")
    assert read(tmp_path).complete
    assert read(tmp_path / "a.md").complete
    assert not read(tmp_path / "a.csv").complete
