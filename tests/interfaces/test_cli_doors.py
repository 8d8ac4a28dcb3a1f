"""Whatever a command reads comes through the same doors: marks, encodings, delimiters, packings."""

from __future__ import annotations

import csv
import gzip
import os
from pathlib import Path

import pytest
from tests.interfaces.running import Knnife, spawn

MARK = "\ufeff"


@pytest.fixture
def films(tmp_path, monkeypatch, knnife: Knnife):
    monkeypatch.chdir(tmp_path)
    Path("films.csv").write_text("id,text\na,first film\nb,second film\nc,a shark frightens a town\n")
    assert knnife("add films.knnife films.csv").code == 0
    return knnife


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
@pytest.mark.parametrize(
    ("command", "line", "expected"),
    [
        ("get films.knnife - --json", "a", '"id": "a"'),
        ("search films.knnife - -k 1 --json", "a shark", '"query": "a shark"'),
        ("near films.knnife - -k 1 --json", "a shark", '"query": "a shark"'),
        ("compare - ship --json", "boat", '"boat"'),
        ("classify --label animal --label thing --json -", "a shark", '"a shark"'),
        ("match typos - -k 1 --json", "recieve", '"word": "recieve"'),
        ("match typos --text - --json", "they recieve", '"word": "recieve"'),
        ("remove films.knnife -", "a", "1"),
        ("add new.knnife - --json", "a text", '"added": 1'),
    ],
)
def test_a_mark_on_standard_input_is_no_part_of_the_first_line(films, encoding, command, line, expected):
    done = films(command, input=f"{line}\n".encode(encoding))
    assert done.code == 0, done
    assert expected in done.out
    assert "ufeff" not in done.out
    assert MARK not in done.out


@pytest.mark.parametrize(
    "command", ["get films.knnife -", "search films.knnife -", "match typos -", "remove films.knnife -"]
)
def test_a_line_that_is_no_utf8_is_named_and_can_be_said_to_be_another_encoding(films, command):
    failed = films(command, input="fine\ncaf\xe9\n".encode("latin-1"))
    assert failed.code == 1
    assert "fine" in failed.err or "standard input, line 2: invalid UTF-8" in failed.err
    Path("latin.csv").write_bytes("id;text\ncaf\xe9;ein Caf\xe9\n".encode("latin-1"))
    assert films("add films.knnife latin.csv --encoding latin-1").code == 0
    done = films("get films.knnife - --encoding latin-1", input="caf\xe9\n".encode("latin-1"))
    assert (done.code, "ein Café" in done.out) == (0, True)


def test_every_way_to_write_a_table_is_read_alike(films):
    texts = {"1": "hello; world, all", "2": "good | bye"}
    for delimiter, told in ((";", ["--delimiter", ";"]), ("\t", ["--delimiter", "tab"]), ("|", []), (",", [])):
        for encoding in ("utf-8-sig", "utf-16", "utf-32"):
            for pack in (bytes, gzip.compress):
                with open("t.csv", "w", encoding=encoding, newline="") as file:
                    csv.writer(file, delimiter=delimiter).writerows([["id", "te\u00adxt"], *texts.items(), ["", ""]])
                Path("t.csv").write_bytes(pack(Path("t.csv").read_bytes()))
                Path("t.knnife").unlink(missing_ok=True)
                assert films("add t.knnife t.csv --id id --text text", *told).code == 0
                shown = films("export t.knnife --format csv").out
                for text in texts.values():
                    assert text in shown


def test_the_column_of_a_table_is_corrected_and_its_form_kept(films):
    Path("t.csv").write_bytes(b'\xef\xbb\xbfsep=;\nid;"the\n text"\n1;they recieve, it\n\n2;fine\n')
    done = films("match typos --column", "the text", "t.csv", "-o", "out.csv", "--json")
    assert done.code == 0, done
    assert '"word": "recieve"' in done.out
    assert Path("out.csv").read_text() == 'id;"the\n text"\n1;they receive, it\n2;fine\n'
    films("match typos --column", "the text", "t.csv", "-o", "out.tsv")
    assert Path("out.tsv").read_text().startswith('id\t"the\n text"\n1\tthey receive, it\n')
    Path("l.csv").write_bytes("id;text\n1;they recieve a caf\xe9\n".encode("latin-1"))
    assert films("match typos --column text l.csv -o l2.csv --encoding latin-1").code == 0
    assert Path("l2.csv").read_text() == "id;text\n1;they receive a café\n"


def test_files_of_queries_are_read_alike(films):
    for encoding in ("utf-8-sig", "utf-16"):
        Path("q.txt").write_bytes("a shark\r\nanother\r\n".encode(encoding))
        Path("q.txt.gz").write_bytes(gzip.compress("a shark\nanother\n".encode(encoding)))
        for name in ("q.txt", "q.txt.gz"):
            done = films(f"changes films.knnife --queries {name} --before english --after english --json")
            assert (done.code, '"query": "a shark"' in done.out) == (0, True), done


def test_a_file_whose_name_is_no_utf8_is_an_argument_like_others(films):
    name = os.fsdecode(b"caf\xe9.csv")
    try:
        Path(name).write_text("id,text\nx,odd name\n")
    except OSError:
        pytest.skip("this file system takes valid names only")
    done = spawn("add", "odd.knnife", name)
    assert (done.code, r"caf\xe9.csv" in done.out) == (0, True), done


@pytest.mark.parametrize(("option", "value"), [("--encoding", "klingon"), ("--delimiter", ";;")])
def test_what_is_said_wrongly_is_told(films, option, value):
    failed = films(f"add new.knnife films.csv {option} {value}")
    assert failed.code != 0
    assert value in failed.err
    assert not Path("new.knnife").exists()
