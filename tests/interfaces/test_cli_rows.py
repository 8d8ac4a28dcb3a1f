"""`knnife add --row`: tables whose rows are the things."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from tests.encoders.tables import payments
from tests.interfaces.running import Knnife, spawn

from knnife import RowEncoder, Space

ROWS = payments()


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return write(tmp_path / "pay.csv")


def write(path: Path, rows: list[dict] = ROWS) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_a_table_becomes_a_space_and_says_what_it_learned(knnife: Knnife, table: Path) -> None:
    done = knnife("add", "pay.knnife", "pay.csv", "--row", "--leave-out", "fraud", "--id", "number")
    assert done.code == 0, done.err
    assert "learned from 300 rows: 2 numbers (amount, age)" in done.lines[0]
    assert "left out: fraud" in done.lines[0]
    assert "300 added, 300 encoded" in done.lines[1]
    near = knnife("near", "pay.knnife", json.dumps({"amount": 12.5, "country": "NG"}), "-k", "1", "--json")
    assert json.loads(near.out)["about"]["country"] == "NG"
    inside = knnife("near", "pay.knnife", "--id", "P00003", "-k", "2", "--json")
    assert len(inside.lines) == 2
    assert "encoder rows" in knnife("info", "pay.knnife").out


def test_the_same_and_later_tables_need_no_option(knnife: Knnife, table: Path) -> None:
    knnife("add", "pay.knnife", "pay.csv", "--row", "--leave-out", "fraud", "--id", "number")
    again = knnife("add", "pay.knnife", "pay.csv", "--id", "number")
    assert again.lines == [again.lines[0]]
    assert "300 unchanged" in again.out
    unlabelled = [{name: cell for name, cell in row.items() if name != "fraud"} for row in payments(5, seed=3)]
    write(table.with_name("later.csv"), unlabelled)
    assert "5 updated, 5 encoded" in knnife("add", "pay.knnife", "later.csv", "--id", "number").out


def test_standard_input_is_learned_from_and_then_goes_on(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = "".join(json.dumps(row) + "\n" for row in ROWS)
    for name, given in (("json.knnife", lines), ("csv.knnife", table.read_text())):
        done = spawn("add", name, "-", "--row", "--leave-out", "fraud", "--id", "number", input=given)
        assert done.code == 0, done.err
        with Space.open(name) as space:
            assert len(space) == 300
            assert (
                space.encoder.fingerprint
                == RowEncoder.train(
                    [{k: v for k, v in row.items() if k != "number"} for row in ROWS], leave_out=["fraud"]
                ).fingerprint
            )


def test_what_comes_behind_the_sample_is_added_too(
    knnife: Knnife, table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RowEncoder, "SAMPLE", 50)
    done = knnife("add", "pay.knnife", "pay.csv", "--row")
    assert "learned from 50 rows" in done.out
    assert "300 added" in done.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["new.knnife", "pay.csv", "--row", "--leave-out", "Fraud"], "no column Fraud to leave out; the columns are"),
        (["new.knnife", "pay.csv", "--leave-out", "fraud"], "--leave-out goes with --row"),
        (["new.knnife", "pay.csv", "--row", "--text", "note"], "--text cannot go with --row"),
        (["new.knnife", "pay.csv", "--row", "--encoder", "english"], "--encoder cannot go with --row"),
        (["new.knnife", "notes.txt", "--row"], "has no rows: expected a table"),
        (["new.knnife", "same.csv", "--row"], "no column tells these 2 rows apart"),
        (["new.knnife", "header.csv", "--row"], "0 rows to learn from"),
        (["new.knnife", "broken.csv", "--row"], "Nothing is stored; --on-error skip"),
        (["new.knnife", "blank.csv", "--row", "--leave-out", "c"], "line 3: an empty row"),
        (["pay.knnife", "same.csv"], "no column a, b among those learned: number, amount"),
        (["pay.knnife", "pay.csv", "--leave-out", "age"], "were made with it, for good"),
        (["pay.knnife", "pay.csv", "--text", "note"], "expected a row"),
        (["texts.knnife", "pay.csv", "--row"], "holds other things (text) than rows"),
        (["texts.knnife", "pay.csv"], "take whole rows with row=True (--row)"),
    ],
)
def test_what_cannot_be_done_is_one_line(knnife: Knnife, table: Path, arguments: list[str], said: str) -> None:
    knnife("add", "pay.knnife", "pay.csv", "--row", "--leave-out", "fraud")
    Path("notes.txt").write_text("two con men\n")
    knnife("add", "texts.knnife", "notes.txt")
    Path("same.csv").write_text("a,b\n1,x\n1,x\n")
    Path("header.csv").write_text("a,b\n")
    Path("broken.csv").write_text("a,b\n1,2\n3,4,5\n")
    Path("blank.csv").write_text("a,b,c\n1,2,3\n,,3\n")
    done = knnife("add", *arguments)
    assert done.code in (1, 2)
    assert said in done.err
    assert done.err.count("\n") == 1
    assert not Path("new.knnife").exists()


def test_questions_that_are_no_rows_are_refused(knnife: Knnife, table: Path) -> None:
    knnife("add", "pay.knnife", "pay.csv", "--row")
    assert "expected a row" in knnife("near", "pay.knnife", "two con men").err
    assert "no column price among those learned" in knnife("near", "pay.knnife", '{"price": 1}').err
    assert knnife("search", "pay.knnife", "FR", "--by", "words", "-k", "1").lines
