"""Workbooks of Excel: typed cells of the first sheet, and what is wrong with some."""

from __future__ import annotations

import gzip
import io
import tracemalloc
import zipfile
from contextlib import suppress
from datetime import date, datetime, time

import pytest

from knnife import BadInput, BadRow, RowEncoder, Thing, read

openpyxl = pytest.importorskip("openpyxl")

ROWS = [
    ["id", "text", "when", "day", "n", "share", "ok", "at", None],
    [],
    [1, "hello", datetime(2024, 3, 1, 10, 30), date(2024, 3, 1), 7, 1.5, True, time(3, 4), None],
    ["b", "you", None, None, None, "#N/A", False, None, None],
]


def workbook(rows, **sheets) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for name, more in sheets.items():
        sheet = book.create_sheet(name)
        for row in more:
            sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_cells_keep_their_types_and_blank_rows_are_none(write, pack):
    name = write("a.xlsx", pack(workbook([[], *ROWS, [None], [" "]])))
    first, second = read(name)
    assert first == Thing(
        "1",
        "hello",
        {"when": "2024-03-01T10:30:00", "day": "2024-03-01", "n": 7, "share": 1.5, "ok": True, "at": "03:04:00"},
    )
    assert type(first.about["n"]) is int
    assert (second.id, second.about["ok"], second.about["share"]) == ("b", False, None)


def test_a_workbook_is_a_table_for_rows_too(write):
    rows = [["a", "b"], *([i, "xy"[i % 2]] for i in range(40))]
    name = write("a.xlsx", workbook(rows))
    assert [column.kind for column in RowEncoder.train(read(name, row=True)).columns] != []
    assert [thing.about for thing in read(name, row=True)][3] == {"a": 3, "b": "y"}


def test_other_sheets_are_told(write):
    reading = read(write("a.xlsx", workbook(ROWS, More=[["x"]], Last=[["y"]])))
    assert len(list(reading)) == 2
    assert "['More', 'Last']" in reading.notes[0]


def test_a_broken_row_is_told_by_its_number(write):
    reading = read(
        write("a.xlsx", workbook([["id", "text"], ["a", "x"], ["b"], ["c", "y", "z"], ["d", "w"]])), on_error="skip"
    )
    assert [thing.id for thing in reading] == ["a", "d"]
    assert [problem.line for problem in reading.problems] == [3, 4]
    with pytest.raises(BadRow, match="a.xlsx, line 3: empty text"):
        list(read("a.xlsx"))


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "is empty"),
        ([[None, None]], "is empty"),
        ([["a", "a"], [1, 2]], "more than once"),
        ([["a"]], "which column"),
    ],
)
def test_a_header_that_is_none_is_refused(write, rows, message):
    with pytest.raises(BadInput, match=message):
        list(read(write("a.xlsx", workbook(rows))))


def test_a_cell_far_away_costs_nothing(write):
    book = openpyxl.Workbook()
    book.active.append(["text"])
    book.active.append(["x"])
    book.active["A1048576"] = "last"
    file = io.BytesIO()
    book.save(file)
    assert [thing.value for thing in read(write("a.xlsx", file.getvalue()))] == ["x", "last"]


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/styles.xml"])
@pytest.mark.parametrize("stated", [None, 100])
def test_a_bomb_is_refused_before_it_is_unpacked(write, part, stated):
    good = zipfile.ZipFile(io.BytesIO(workbook(ROWS)))
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as bad:
        for name in good.namelist():
            bad.writestr(name, bytes(80 << 20) if name == part else good.read(name))
    data = bytearray(file.getvalue())
    if stated is not None:
        for mark, place, named in ((b"PK\1\2", 24, 46), (b"PK\3\4", 22, 30)):
            at = -1
            while (at := data.find(mark, at + 1)) >= 0:
                if data[at + named : at + named + len(part)] == part.encode():
                    data[at + place : at + place + 4] = stated.to_bytes(4, "little")
    tracemalloc.start()
    with pytest.raises(BadInput, match="unpacks to too much|is damaged"):
        list(read(write("a.xlsx", bytes(data))))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 60 << 20


@pytest.mark.parametrize("damage", [b"", b"no zip", b"PK\3\4", workbook(ROWS)[:-30], workbook(ROWS)[:2000]])
def test_what_is_no_workbook_is_refused(write, damage):
    with pytest.raises(BadInput, match=r"a\.xlsx"):
        list(read(write("a.xlsx", damage)))


def test_every_changed_byte_is_read_or_refused(write):
    data = workbook(ROWS)
    for place in range(0, len(data), 37):
        changed = bytearray(data)
        changed[place] ^= 0x55
        with suppress(BadInput):
            list(read(write("a.xlsx", bytes(changed)), on_error="skip"))
