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


def european(path: Path) -> Path:
    rows = [
        f"K{i};{i % 7 + 1},{i % 90 + 10};{i % 28 + 1}.{i % 12 + 1}.2024;{'WAHR' if i % 3 else 'FALSCH'};{i:05}"
        for i in range(60)
    ]
    path.write_text("\n".join(["nr;betrag;datum;aktiv;plz", *rows]) + "\n")
    return path


def test_one_note_says_how_columns_are_read_and_which_are_left_out(knnife: Knnife, tmp_path: Path) -> None:
    name = str(european(tmp_path / "eu.csv"))
    done = knnife("add", str(tmp_path / "eu.knnife"), name, "--row", "--id", "nr", "--json")
    assert done.err.splitlines() == [
        f"{name}: betrag: numbers with decimal comma; datum: dates D/M/Y; aktiv: true/false; plz: no part of the "
        "points, as it differs in every row"
    ]
    plain = tmp_path / "plain.csv"
    plain.write_text("id,text,n\na,x,1\nb,y,2.5\n")
    assert knnife("add", str(tmp_path / "plain.knnife"), str(plain)).err == ""


def test_the_user_says_how_columns_are_read(knnife: Knnife, tmp_path: Path) -> None:
    name, space = str(european(tmp_path / "eu.csv")), str(tmp_path / "eu.knnife")
    typed = ["--type", "plz=number", "--type", "betrag=text"]
    done = knnife("add", space, name, "--row", "--id", "nr", *typed)
    assert "betrag: text, as stated" in done.err
    with Space.open(space) as opened:
        assert opened.get("K7")[0].about | {"datum": 0} == {"betrag": "1,17", "datum": 0, "aktiv": True, "plz": 7}
        assert {each.name: each.kind for each in opened.encoder.columns}["betrag"] != "number"
    other = str(tmp_path / "other.knnife")
    assert "no column zip, whose type is stated" in knnife("add", other, name, "--row", "--type", "zip=text").err
    assert "'int'; expected one of: text" in knnife("add", other, name, "--row", "--type", "plz=int").err
    assert "expected COLUMN=TYPE" in knnife("add", other, name, "--row", "--type", "plz").err
    broken = knnife("add", other, name, "--row", "--type", "datum=M/D/Y")
    assert broken.code != 0
    assert "'13.1.2024' does not fit the type of its column, M/D/Y" in broken.err


def test_files_that_tools_read_say_so_too(knnife: Knnife, tmp_path: Path) -> None:
    name = tmp_path / "a.csv"
    name.write_text("text,price\n" + "".join(f'word{i},"${i},000.50"\n' for i in range(1, 30)))
    done = knnife("outliers", str(name), "-k", "1")
    assert f"{name}: price: numbers in $ with thousands parted" in done.err
    stated = knnife("outliers", str(name), "-k", "1", "--type", "price=text")
    assert "price: text, as stated" in stated.err


def test_truth_stays_truth_when_it_is_written_out_and_read_again(knnife: Knnife, tmp_path: Path) -> None:
    spaces = [str(tmp_path / f"{name}.knnife") for name in "ab"]
    with Space.open(spaces[0]) as space:
        space.add([{"id": f"f{i}", "text": f"film {i}", "watched": i % 2 == 0, "tags": [i, "x"]} for i in range(4)])
        about = {thing.id: thing.about for thing in space.things()}
    csv_file = str(tmp_path / "out.csv")
    assert knnife("export", spaces[0], "-o", csv_file).code == 0
    assert knnife("add", spaces[1], csv_file, "--id", "id", "--text", "value").code == 0
    with Space.open(spaces[1]) as space:
        assert {thing.id: thing.about for thing in space.things()} == about
        assert [thing.id for thing in space.things(where="not watched")] == ["f1", "f3"]


def test_the_rows_of_a_customer_are_one_thing(knnife: Knnife, table: Path) -> None:
    cells = [(f"O{i}", f"c{i % 40}", f"2024-03-{1 + i % 28:02}", 100 if i % 40 == 7 else i % 9) for i in range(400)]
    orders = [dict(zip(("order", "customer", "date", "amount"), each, strict=True)) for each in cells]
    write(table.with_name("orders.csv"), orders)
    asked = ("add", "c.knnife", "orders.csv", "--row", "--by", "customer", "--leave-out", "order")
    done = knnife(*asked)
    assert done.code == 0, done.err
    assert "learned from 40 things by customer" in done.lines[0]
    assert "left out: order usual, order usual share, order different, date last" in done.lines[0]
    assert "40 unchanged" in knnife(*asked).out
    assert knnife("outliers", "c.knnife", "--json").out.index('"c7"') < 200
    refused = knnife("add", "c.knnife", "orders.csv", "orders.csv", "--row", "--by", "customer")
    assert refused.code == 2
    assert "--by goes with one SOURCE" in refused.err
    assert "--by goes with --row" in knnife("add", "d.knnife", "orders.csv", "--by", "customer").err
    assert "no column order-id to leave out" in knnife("add", "d.knnife", *asked[2:-1], "order-id").err


def test_rows_with_one_id_are_told_of_by(knnife: Knnife, table: Path) -> None:
    rows = [{"customer": f"c{i % 4}", "amount": i % 7} for i in range(20)]
    write(table.with_name("orders.csv"), rows)
    assert "--by COLUMN" in knnife("add", "c.knnife", "orders.csv", "--row", "--id", "customer").err
    done = knnife("add", "d.knnife", "orders.csv", "--row", "--id", "customer", "--twice", "last")
    assert "--by COLUMN makes one thing of all rows of a customer" in done.err
