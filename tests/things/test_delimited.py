"""How csv files are written: delimiters, headers, names of rows, encodings; what cannot be known is asked for."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, strategies as st

from knnife import BadInput, BadRow, Thing, read
from knnife.things.delimited import tidied


def things(name: str, **asked) -> list[tuple]:
    return [(thing.id, thing.value, dict(thing.about)) for thing in read(name, **asked)]


@pytest.mark.parametrize("mark", ["sep=;\n", "sep=;\r\n", '"sep=;"\n', "SEP=;\n", "\ufeffsep=;\n"])
def test_the_first_line_of_excel_tells_the_delimiter(write, mark):
    name = write("a.csv", f"{mark}id;text;price\n1;hello, world;3\n2\n")
    reading = read(name, on_error="skip")
    assert [(thing.id, thing.value, thing.about) for thing in reading] == [("1", "hello, world", {"price": 3})]
    assert reading.problems[0].line == 4  # lines are those of the file


@pytest.mark.parametrize(
    "header",
    ['"a;b;c",text', '"price; net","text"', 'text,"x;y|z;1"', '"a\tb\tc",text', '"two\nlines; here",text'],
)
def test_a_delimiter_in_a_quoted_name_is_none(write, header):
    name = write("a.csv", f"{header}\nx,y\nz,u\n")
    assert len(list(read(name, text="text"))) == 2


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_rows_tell_what_the_header_leaves_open(write, delimiter):
    other = ";" if delimiter == "," else ","
    rows = [["id", f"text{other} long"], ["1", f"a{other} b{other} c"], ["2", "d"], ["3", "e"]]
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    assert things(write("a.csv", text.getvalue()), text=f"text{other} long") == [
        ("1", f"a{other} b{other} c", {}),
        ("2", "d", {}),
        ("3", "e", {}),
    ]


@pytest.mark.parametrize(("said", "between"), [(";", ";"), ("tab", "\t"), ("\\t", "\t"), ("^", "^"), ("space", " ")])
def test_the_delimiter_can_be_said(write, said, between):
    name = write("a.csv", f"id{between}text,n\n1{between}x,2\n")
    assert things(name, text="text,n", delimiter=said) == [("1", "x,2", {})]


@pytest.mark.parametrize("said", ["", ";;", '"', "\n", "\0"])
def test_a_delimiter_that_is_none_is_refused(write, said):
    with pytest.raises(BadInput, match="delimiter="):
        read(write("a.csv", "text\nx\n"), delimiter=said)


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("Price\n(EUR)", "Price (EUR)"),
        ("Price\u00a0EUR", "Price EUR"),
        ("te\u200bxt2", "text2"),
        ("Pro\u00aduct", "Prouct"),
        ("cafe\u0301", "café"),
        ("\u200fשם\u200e", "שם"),
        ("می\u200cخواهم", "می\u200cخواهم"),  # without it, it is spelt wrongly
        ("in\u200cvisible", "invisible"),
        ("  a \t b ", "a b"),
        ("1\u2028 2", "1 2"),
    ],
)
def test_a_column_is_called_as_one_would_type_it_and_by_its_own_name(write, name, seen):
    file = write("a.csv", f'id,text,"{name}"\n1,hello,3\n')
    assert things(file) == [("1", "hello", {seen: 3})]
    for called in (name, seen):
        assert [thing.value for thing in read(file, text=called)] == ["3"]
        assert [thing.about for thing in read(file, row=True, leave_out=called)] == [{"text": "hello", seen: 3}]


@given(st.text())
def test_a_tidied_name_is_tidy(name):
    assert tidied(tidied(name)) == tidied(name)


def test_names_that_only_look_different_are_refused(write):
    with pytest.raises(BadInput, match="names a b more than once"):
        list(read(write("a.csv", "text,a b,a\u00a0b\nx,1,2\n")))


def test_a_parquet_like_row_may_be_called_by_either_form(write):
    name = write("a.jsonl", '{"my\u00a0text": "x"}\n')
    assert [thing.value for thing in read(name, text="my text")] == ["x"]


def test_blank_rows_and_cells_behind_the_last_column_are_nothing(write):
    name = write("a.csv", "\n,,\nid,text,\n\n1,x,\n,,\n  , ,\n2,y,,,\n,,,,\n")
    assert things(name) == [("1", "x", {"column 3": None}), ("2", "y", {"column 3": None})]


MTCARS = '"mpg","cyl","vs","am"\n"Mazda RX4",21,6,0,1\n"Datsun 710",22.8,4,1,1\n"Valiant",18.1,6,1,0\n'
IRIS = "Length\tWidth\tSpecies\n1\t5.1\t3.5\tsetosa\n2\t4.9\t3\tsetosa\n3\t4.7\tNA\tvirginica\n"


def test_the_names_that_r_gives_to_rows_are_a_column(write):
    reading = read(write("cars.csv", MTCARS), text="row name")
    assert [(thing.value, thing.about["mpg"]) for thing in reading] == [
        ("Mazda RX4", 21),
        ("Datsun 710", 22.8),
        ("Valiant", 18.1),
    ]
    assert "R writes" in reading.notes[0]
    for text in (IRIS, IRIS.replace("\t", ",")):
        flowers = list(read(write("iris.csv", text), text="Species", id="row name"))
        assert [(flower.id, flower.value) for flower in flowers] == [
            ("1", "setosa"),
            ("2", "setosa"),
            ("3", "virginica"),
        ]


def test_a_row_shorter_than_those_of_r_is_broken(write):
    lines = MTCARS + "".join(f'"Car {i}",1,2,3,4\n' for i in range(300)) + '"Fiat",32,4,1\n'
    reading = read(write("cars.csv", lines), text="row name", on_error="skip")
    assert len(list(reading)) == 303
    assert [(problem.line, "4 cells" in problem.why) for problem in reading.problems] == [(305, True)]


@pytest.mark.parametrize(
    "rows",
    [
        "id,price\n1,3,50\n2,4,20\n3,4,00\n",  # decimal commas
        "id,name\n1,Smith,John\n2,Doe,Jane\n3,Roe,Ann\n",
        "id,item,price\n1,Apple,3,50\n2,Pear,4,20\n3,Fig,5,00\n",
        "Report;2024\nid;text;price\n1;a;3\n2;b;4\n",  # a title above the header
    ],
)
def test_what_looks_like_names_of_rows_and_may_be_none_is_refused(write, rows):
    with pytest.raises(BadInput, match="the first line has"):
        list(read(write("a.csv", rows), row=True))


@pytest.mark.parametrize("above", ["# made by a program\n", "My films\n\n", "Report;;\n;;\n"])
def test_lines_above_the_header_are_named(write, above):
    with pytest.raises(BadInput, match="title or a comment above the header"):
        list(read(write("a.csv", above + "id;text;when;a,b\n" + "1;x;y;z\n" * 5), row=True))


def test_single_texts_with_commas_are_broken_rows(write):
    reading = read(write("a.csv", "text\none\ntwo, three\nfour\n"), on_error="skip")
    assert [thing.value for thing in reading] == ["one", "four"]
    with pytest.raises(BadRow, match="line 3: 2 cells"):
        list(read("a.csv"))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("a.csv", "id,text\n1,Zürich 北京 😀\n", "Zürich 北京 😀"),
        ("a.tsv", "id\ttext\n1\tZürich\n", "Zürich"),
        ("a.jsonl", '{"id": 1, "text": "Zürich"}\n', "Zürich"),
        ("a.json", '[{"id": 1, "text": "Zürich"}]', "Zürich"),
        ("a.txt", "Zürich\n", "Zürich"),
        ("a.md", "Zürich\n", "Zürich"),
        ("a.html", "<p>Zürich", "Zürich"),
    ],
)
def test_a_mark_tells_the_encoding_of_every_text(write, encoding, name, text, expected):
    mark = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}.get(encoding, b"")
    assert [thing.value for thing in read(write(name, mark + text.encode(encoding)))] == [expected]


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.json", "a.txt", "a.md", "a.html"])
def test_other_encodings_are_said(write, name):
    text = {"a.csv": "id,text\n1,Köln\n", "a.jsonl": '{"text": "Köln"}', "a.json": '[{"text": "Köln"}]'}.get(
        name, "Köln"
    )
    write(name, text.encode("latin-1"))
    assert [thing.value for thing in read(name, encoding="latin-1")] == ["Köln"]
    with pytest.raises(BadInput, match="(?s)encoding="):
        list(read(name))


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1252", "Ein Café in Köln, für 5 € – “schön”"),
        ("cp1250", "Litwo! Ojczyzno moja! ty jesteś jak zdrowie; ile cię trzeba cenić, ten tylko się dowie"),
        ("cp1251", "Быть или не быть, вот в чём вопрос"),
        ("koi8-r", "Быть или не быть, вот в чём вопрос"),
        ("cp932", "吾輩は猫である。名前はまだ無い。どこで生れたか"),
        ("euc_jp", "吾輩は猫である。名前はまだ無い。どこで生れたか"),
        ("gb18030", "我们是中国人，今天天气很好，他在北京上大学"),
        ("big5", "我們是中國人，今天天氣很好，他在北京上大學"),
        ("cp949", "나는 학교에 갑니다 그리고 오늘은 날씨가 아주 좋습니다"),
        ("cp1253", "Η γλώσσα είναι ελληνική και όμορφη"),
        ("cp1254", "Işık ve güneş, çağdaş yaşam"),
        ("utf-16-le", "no mark at all"),
    ],
)
def test_the_message_names_the_encoding_that_fits_and_shows_a_word(write, encoding, text):
    write("a.csv", f"id\ttext\n1\t{text}\n".encode(encoding))
    with pytest.raises(BadInput) as caught:
        list(read("a.csv"))
    assert f'encoding="{encoding}"' in str(caught.value)
    assert f"--encoding {encoding}" in str(caught.value)
    assert [thing.value for thing in read("a.csv", encoding=encoding)] == [text]


def test_a_header_in_another_encoding_is_named_as_such(write):
    with pytest.raises(BadInput, match='no UTF-8: in cp1252 it would read .Größe.*encoding="cp1252"'):
        list(read(write("a.csv", "id;text;Größe\n1;x;3\n".encode("cp1252"))))


def test_one_damaged_row_of_utf8_is_no_reason_for_another_encoding(write):
    name = write("a.csv", "text\nKöln\n".encode() + b"caf\xe9\n" + "Zürich\n".encode())
    reading = read(name, on_error="skip")
    assert [thing.value for thing in reading] == ["Köln", "Zürich"]
    assert "latin-1" in reading.problems[0].why
    assert "would read" not in reading.problems[0].why


def test_what_an_encoding_does_not_have_breaks_its_row(write):
    name = write("a.csv", b"text\nfine\nodd \x81\nfine again\n")
    reading = read(name, on_error="skip", encoding="cp1252")
    assert [thing.value for thing in reading] == ["fine", "fine again"]
    assert (reading.problems[0].line, "mean nothing in cp1252" in reading.problems[0].why) == (3, True)


@pytest.mark.parametrize("encoding", ["klingon", "hex", "", "zip", "rot13", "a\0b", "idna", "punycode"])
def test_an_encoding_that_is_none_is_refused(write, encoding):
    with pytest.raises(BadInput, match="encoding="):
        read(write("a.csv", "text\nx\n"), encoding=encoding)


@given(st.lists(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0\r")), min_size=2, max_size=2)),
       st.sampled_from(",;\t|"))  # fmt: skip
def test_what_is_written_with_quotes_is_read_back(rows, delimiter):
    from knnife.things.delimited import table_in
    from knnife.things.reading import Reading

    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows([["id", "text, long; very|long"], *rows])
    stream = io.BufferedReader(io.BytesIO(text.getvalue().encode()))
    with table_in(stream, Reading("a.csv", lambda _: iter(()))) as table:
        assert table.names == ["id", "text, long; very|long"]
        assert [cells for cells in table.rows if cells] == rows


def test_a_table_can_be_opened_twice(write):
    from knnife.things.delimited import table_in
    from knnife.things.files import opened
    from knnife.things.reading import Reading

    name = write("a.csv", "\ufeffsep=;\nid;text\n1;x\n")
    reading = Reading(name, lambda _: iter(()))
    for measure in (True, False):
        with opened(name, reading, measure) as stream, table_in(stream, reading) as table:
            assert list(table.rows) == [["1", "x"]]
    assert Thing("1", "x") in list(read(name))
