"""`knnife match typos`: words, texts, columns and spaces on the command line."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from tests.interfaces.running import Knnife

COUNTS = "the 5000000\nreceive 40000\nrelieve 900\naddress 30000\ndress 9000\nfriend 50000\nmail 20000\nmy 700000\n"


@pytest.fixture
def counts(folder: Path) -> Path:
    (folder / "counts.txt").write_text(COUNTS, encoding="utf-8")
    return folder / "counts.txt"


def test_words_get_suggestions_with_reasons(knnife: Knnife, counts: Path) -> None:
    done = knnife("match typos recieve adress --vocabulary counts.txt -k 2 --json")
    assert done.code == 0, done.err
    rows = [json.loads(line) for line in done.out.splitlines()]
    first = {row["word"]: row for row in rows if row["rank"] == 1}
    assert first["recieve"]["suggestion"] == "receive"
    assert first["adress"]["suggestion"] == "address"
    assert "one d left out" in first["adress"]["reason"]
    assert max(row["rank"] for row in rows) == 2


def test_words_come_from_standard_input(knnife: Knnife, counts: Path) -> None:
    done = knnife("match typos - --vocabulary counts.txt -k 1", input="recieve\n\nadress\n")
    assert [line.split("\t")[:3] for line in done.out.splitlines()] == [
        ["recieve", "1", "receive"],
        ["adress", "1", "address"],
    ]


def test_english_is_the_vocabulary_unless_told(knnife: Knnife, folder: Path) -> None:
    done = knnife("match typos accomodation -k 1")
    assert done.out.split("\t")[2] == "accommodation"


def test_a_text_is_corrected_into_a_file(knnife: Knnife, counts: Path) -> None:
    text = "I recieve\r\n\r\n  teh mail: foo@recieve.org\nmy Freind"
    Path("letter.txt").write_bytes(text.encode())
    done = knnife("match typos --text letter.txt --vocabulary counts.txt -o mended.txt --json")
    assert done.code == 0, done.err
    assert Path("mended.txt").read_bytes().decode() == "I receive\r\n\r\n  the mail: foo@recieve.org\nmy Friend"
    rows = [json.loads(line) for line in done.out.splitlines()]
    assert [(row["id"], row["position"], row["word"]) for row in rows] == [
        ("1", 2, "recieve"),
        ("3", 2, "teh"),
        ("4", 3, "Freind"),
    ]


def test_a_text_may_come_from_standard_input(knnife: Knnife, counts: Path) -> None:
    done = knnife("match typos --text - --vocabulary counts.txt", input="teh mail\nqqxxzz\n")
    assert done.out.split("\t")[2:4] == ["teh", "the"]
    both = knnife("match typos --text - --vocabulary counts.txt --unsure", input="teh mail\nqqxxzz\n")
    assert "qqxxzz" in both.out


def test_a_column_is_mended_and_the_others_stay(knnife: Knnife, counts: Path) -> None:
    Path("data.csv").write_text('id,name,note\n1,"teh mail, my",teh\n2,,teh\n3,adress,"a\nb"\n', encoding="utf-8")
    done = knnife("match typos --column name data.csv --vocabulary counts.txt -o mended.csv")
    assert done.code == 0, done.err
    with Path("mended.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert rows == [["id", "name", "note"], ["1", "the mail, my", "teh"], ["2", "", "teh"], ["3", "address", "a\nb"]]
    assert [line.split("\t")[0] for line in done.out.splitlines()] == ["1", "3"]


def test_a_space_is_asked_about_and_a_vocabulary(knnife: Knnife, folder: Path) -> None:
    knnife("add letters.knnife -", input="the robbers plan a heest\n")
    done = knnife("match typos --space letters.knnife --vocabulary films.knnife --json")
    assert done.code == 0, done.err
    rows = [json.loads(line) for line in done.out.splitlines()]
    assert [(row["word"], row["suggestion"]) for row in rows] == [("heest", "heist")]


@pytest.mark.parametrize(
    ("line", "code", "told"),
    [
        ("match typos", 2, "expected one of"),
        ("match typos word --text notes.txt", 2, "expected one of"),
        ("match typos --column plot", 2, "FILE.csv"),
        ("match typos word -o out.txt", 2, "-o goes with"),
        ("match typos word --vocabulary nowhere.txt", 1, "nowhere.txt"),
        ("match typos word --vocabulary empty.txt", 1, "empty"),
        ("match typos --text nowhere.txt", 1, "nowhere.txt"),
        ("match typos --text empty.txt", 1, "empty"),
        ("match typos --column nmae films.csv", 1, "no column 'nmae'"),
        ("match typos --column plot nowhere.csv", 1, "nowhere.csv"),
        ("match typos word --context nowhere.vectors", 1, "nowhere.vectors"),
        ("match typos word --keyboard cyrillic", 2, "cyrillic"),
        ("match typos word --sure 2", 2, "sure"),
        ("match typos --space notes.txt", 1, "notes.txt"),
    ],
)
def test_mistakes_are_told_in_a_line(knnife: Knnife, folder: Path, line: str, code: int, told: str) -> None:
    Path("empty.txt").write_text("")
    done = knnife(line)
    assert done.code == code
    assert told in done.err
    assert done.err.count("\n") == 1
    assert not Path("out.txt").exists()
