"""Tables whose rows are the things."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from knnife import BadInput, BadRow, read
from knnife.things import as_things

CSV = "id,amount,country,fraud\na,12.50,FR,0\nb,7,,1\n"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "pay.csv"
    path.write_text(CSV)
    return path


def test_the_value_is_what_is_there_in_the_order_of_the_names(table: Path) -> None:
    first, second = read(table, row=True, leave_out="fraud")
    assert first.value == '{"amount":12.5,"country":"FR"}'
    assert second.value == '{"amount":7}'
    assert (first.id, first.about) == ("a", {"amount": 12.5, "country": "FR", "fraud": 0})


def test_rows_of_every_source_have_the_same_values(table: Path, tmp_path: Path) -> None:
    pandas, pyarrow = pytest.importorskip("pandas"), pytest.importorskip("pyarrow")
    rows = [{"id": "a", "country": "FR", "amount": 12.5, "fraud": 0}, {"id": "b", "amount": 7.0, "fraud": 1}]
    lines = tmp_path / "pay.jsonl"
    lines.write_text("".join(json.dumps(row) + "\n" for row in rows))
    expected = ['{"amount":12.5,"country":"FR"}', '{"amount":7.0}']
    frame = pandas.DataFrame(rows)
    for given in (rows, frame, pyarrow.Table.from_pandas(frame)):
        assert [thing.value for thing in as_things(given, row=True, leave_out=["fraud"])] == expected
    assert [thing.value for thing in read(lines, row=True, leave_out=["fraud"])] == expected


def test_rows_without_an_id_are_called_by_their_place(table: Path) -> None:
    table.write_text("x,y\n1,2\n3,4\n")
    assert [thing.id for thing in read(table, row=True)] == [f"{table.as_posix()}#1", f"{table.as_posix()}#2"]


def test_what_is_nested_becomes_columns() -> None:
    (thing,) = as_things({"a": {"b": 1, "c": None}, "d": [1, 2]}, row=True)
    assert thing.value == '{"a.b":1,"d":[1,2]}'


def test_the_first_things_can_be_looked_at_before(table: Path) -> None:
    reading = read(table, row=True)
    assert [thing.id for thing in reading.first(1)] == ["a"]
    assert [thing.id for thing in reading.first(1)] == ["a"]
    assert [thing.id for thing in reading.first(9)] == ["a", "b"]
    assert [thing.id for thing in reading] == ["a", "b"]
    with pytest.raises(BadInput, match="was read already"):
        reading.first(1)


def test_a_row_with_nothing_in_it_is_broken(table: Path) -> None:
    table.write_text("x,y,label\n1,2,a\n,,b\n")
    with pytest.raises(BadRow, match="line 3: an empty row"):
        list(read(table, row=True, leave_out="label"))
    reading = read(table, row=True, leave_out="label", on_error="skip")
    assert len(list(reading)) == 1
    assert reading.broken == 1


def test_what_cannot_go_with_rows_is_refused(table: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="leave out text= and vector="):
        read(table, row=True, text="country")
    with pytest.raises(BadInput, match="leave_out= goes with row=True"):
        read(table, leave_out="fraud")
    with pytest.raises(BadInput, match="has no rows"):
        read(tmp_path, row=True)
    with pytest.raises(BadRow, match="expected a mapping or a Thing, found str"):
        list(as_things(["a text"], row=True))
