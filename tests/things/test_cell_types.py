"""Columns of texts are read as what all their cells say, and nothing that is no number becomes one."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given, strategies as st

from knnife.errors import BadInput, BadRow
from knnife.things import as_things, read
from knnife.things.cell_types import NOTHING, Shapes, reader, shape_of
from knnife.things.deciding import decide


def taken(*cells: str, semicolons: bool = False) -> tuple[str | None, list[Any]]:
    """What a column of these cells is taken for, and what they are read as."""
    shapes = Shapes()
    shapes.add(cells, 1)
    found = decide({"c": shapes}, semicolons=semicolons)["c"]
    read_as = reader(found.type, exact=shapes.exact)
    return found.type, [read_as[cell] for cell in cells]


def words(*cells: str) -> str:
    shapes = Shapes()
    shapes.add(cells, 1)
    return decide({"c": shapes})["c"].words


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["12,50", "7", "-3,2"], [12.5, 7, -3.2]),
        (["1.234,50", "12"], [1234.5, 12]),
        (["1.234", "12,5"], [1234, 12.5]),
        (["1 234,5", "12"], [1234.5, 12]),
        (["1\u202f234,5", "12\u00a0345"], [1234.5, 12345]),
        (["6,50 €", "1.000,00 €", ""], [6.5, 1000.0, None]),
        (["0,123", "0,5"], [0.123, 0.5]),
        (["1,5E+10", "2"], [1.5e10, 2]),
    ],
)
def test_numbers_with_a_decimal_comma(cells, values):
    assert taken(*cells) == ("decimal comma", values)


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["1,234", "567"], [1234, 567]),
        (["1,234.50", "7"], [1234.5, 7]),
        (["1'234.50", "2"], [1234.5, 2]),
        (["1,23,456", "12,34,567.5"], [123456, 1234567.5]),
        (["$12.50", "$1,000", "-$3", "($4.00)", "$-5"], [12.5, 1000, -3, -4.0, -5]),
        (["12 USD", "13.5 USD"], [12, 13.5]),
        (["12.5%", "0 %", "NA"], [12.5, 0, None]),
        (["−5", "3"], [-5, 3]),
        (["(45)", "3", "-"], [-45, 3, None]),
        (["45-", "3"], [-45, 3]),
        (["+3", "-2", "0"], [3, -2, 0]),
        ([".5", "-.25", "1"], [0.5, -0.25, 1]),
        ([" 12", "13 "], [12, 13]),
        (["100 000", "25 000"], [100000, 25000]),
    ],
)
def test_numbers_with_signs_and_thousands(cells, values):
    assert taken(*cells) == ("number", values)


@pytest.mark.parametrize(
    "cells",
    [
        ["007", "12", "13"],  # codes, from top to bottom
        ["98765", "01234", "12345"],
        ["1234567890123456789", "12"],
        ["+49 30 123", "+49 30 456"],
        ["+3", "5"],
        ["1.2.3", "1.2.4"],
        ["192.168.100.200", "192.168.100.201", "192.168.101.200"],
        ["10.0.0.1", "192.168.1.1"],
        ["123 456 789", "987 654 321"],  # telephones
        ["555-1234", "555-9876"],
        ["(555) 123-4567", "(555) 123-9999"],
        ["978-3-16-148410-0", "978-0-306-40615-7"],
        ["12:30", "23:15"],
        ["10-20", "30-40"],
        ["1/2", "3/4"],
        ["3 1/2", "4"],
        ["3:2", "1:0"],
        ["0x1F", "0xAB"],
        ["1e5", "2e5"],
        ["(1)", "(2)", "(3)"],  # notes
        ["1.", "2.", "3."],
        ["1st", "2nd"],
        ["v1.2", "v1.3"],
        ["12 kg", "13 kg"],
        ["5'11", "6'2"],
        ["$5M", "$6M"],
        ["1,000+", "2,000+"],
        ["$5", "€4"],  # of unlike units
        ["5%", "5"],
        ["1,2", "3,4", "5,6,7"],
        ["1,234,5", "2"],
        ["COP 26", "COP 27"],
        ["Jaws", "1984", "Alien"],
        ["10.12.15", "10.11.6"],
        ["10.12.20", "10.11.12"],
        ["2023.1.4", "2023.2.1"],
        ["6.1.7601", "10.0.19045"],
        ["12/2015", "01/2016"],
        ["13/13/2015", "1/1/2015"],
        ["2/30/2015", "2/31/2015"],
        ["24/2/2015", "2/24/2015"],
        ["10-12-15", "11-12-15"],
        ["NO", "NO"],
        ["NO", "SE", "DK"],
        ["t", "n"],
        ["t", "n", "y", "f"],
        ["S", "N"],
        ["on", "on"],
        ["true", "false", "perhaps"],
        ["['a']", "['b']"],
        ["?", "-"],
        ["2015-02-24", "2015-02-25"],  # needs no reading
        ["٣", "٤"],
        ["inf", "nan"],
        ["1_000", "2_000"],
    ],
)
def test_what_is_no_number_stays_text(cells):
    assert taken(*cells) == ("text", cells)


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["True", "FALSE", "false", ""], [True, False, False, None]),
        (["yes", "No", "n/a"], [True, False, None]),
        (["Y", "n"], [True, False]),
        (["T", "F", "NA"], [True, False, None]),
        (["no", "no"], [False, False]),
        (["True", "FALSE", "no", "n", "f", "yes"], [True, False, False, False, False, True]),
        (["TRUE"], [True]),
        (["on", "off"], [True, False]),
        (["WAHR", "FALSCH"], [True, False]),
        (["ja", "Nein"], [True, False]),
        (["oui", "non"], [True, False]),
        (["VERDADERO", "FALSO"], [True, False]),
        (["sí", "no"], [True, False]),
        (["да", "нет"], [True, False]),
    ],
)
def test_words_for_yes_and_no_are_yes_and_no(cells, values):
    assert taken(*cells) == ("true/false", values)


@pytest.mark.parametrize(
    ("cells", "type", "values"),
    [
        (["2/24/2015 22:55", "3/1/2015 9:05"], "M/D/Y", ["2015-02-24T22:55:00", "2015-03-01T09:05:00"]),
        (["2/24/15 10:55 PM", "3/1/15 12:05 AM"], "M/D/Y", ["2015-02-24T22:55:00", "2015-03-01T00:05:00"]),
        (["24/2/2015", "1/3/2015"], "D/M/Y", ["2015-02-24", "2015-03-01"]),
        (["24.12.2015", "1.1.2016", "NA"], "D/M/Y", ["2015-12-24", "2016-01-01", None]),
        (["24.12.15", "01.02.16"], "D/M/Y", ["2015-12-24", "2016-02-01"]),
        (["1/2/2015", "3/4/2015"], "M/D/Y", ["2015-01-02", "2015-03-04"]),
        (["1.2.2015", "3.4.2015"], "D/M/Y", ["2015-02-01", "2015-04-03"]),
        (["2015/02/24", "2015/3/1"], "Y/M/D", ["2015-02-24", "2015-03-01"]),
        (["24-Feb-15", "1-Mar-2016"], "Y/M/D", ["2015-02-24", "2016-03-01"]),
        (["September 25, 2021", "Aug. 4, 2017"], "Y/M/D", ["2021-09-25", "2017-08-04"]),
        (["24. Februar 2015", "1. März 2016"], "Y/M/D", ["2015-02-24", "2016-03-01"]),
        (["24 février 2015", "1 août 2016"], "Y/M/D", ["2015-02-24", "2016-08-01"]),
        (["Tue, 24 Feb 2015 22:55:00 +0100"], "Y/M/D", ["2015-02-24T22:55:00+01:00"]),
        (["2015-02-24", "2/25/2015"], "M/D/Y", ["2015-02-24", "2015-02-25"]),
    ],
)
def test_dates_become_iso_8601(cells, type, values):
    assert taken(*cells) == (type, values)


def test_lists_that_were_written_as_json_are_lists():
    assert taken("[1, 2]", '["a"]', "[]", "") == ("list", [[1, 2], ["a"], [], None])


def test_what_a_column_leaves_open_the_others_decide():
    def both(other: str, cells: tuple[str, ...] = ("1,234", "2,345"), semicolons: bool = False) -> str | None:
        columns = {"c": Shapes(), "other": Shapes()}
        columns["c"].add(cells, 1)
        columns["other"].add([other], 1)
        return decide(columns, semicolons=semicolons)["c"].type

    assert both("words") == "number"
    assert both("words", semicolons=True) == "decimal comma"
    assert both("12,5") == "decimal comma"
    assert both("12.5", semicolons=True) == both("2/24/2015", semicolons=True) == "number"
    assert both("words", ("1.234",), semicolons=True) is None  # programs write so
    assert both("12,5", ("1.234",)) == "decimal comma"
    assert both("12.5", ("1.234",)) is None
    assert both("words", ("1/2/2015",)) == "M/D/Y"
    assert both("24/2/2015", ("1/2/2015",)) == "D/M/Y"
    assert both("12,5", ("1/2/2015",)) == "D/M/Y"
    assert both("2/24/2015", ("1/2/2015",), semicolons=True) == "M/D/Y"


def test_what_was_taken_for_what_is_said():
    assert words("a", "b") == words("1", "2.5", "NA") == words("2015-02-24") == ""
    assert words("12,5") == "numbers with decimal comma"
    assert words("1,234") == 'numbers with thousands parted, unless it is stated to be "decimal comma"'
    assert words("$5.5", "$1,000") == "numbers in $ with thousands parted"
    assert words("5%") == "numbers in percent"
    assert words("2/24/2015") == "dates M/D/Y"
    assert words("2/4/2015") == "dates M/D/Y, as which D/M/Y would fit as well"
    assert words("yes", "no") == "true/false"
    assert words("98765", "01234") == "text, as 1 of 2 are codes made of digits, first '01234' in row 2"
    assert words("$5", "€4") == "text, as the units of its numbers differ: $, €"


def test_a_few_mistakes_among_numbers_stay_text_and_are_counted():
    assert taken("1", "2", "3", "unknown") == (None, [1, 2, 3, "unknown"])
    assert words("1", "2", "3", "unknown", "none") == "numbers, 1 of 4 are text, first 'unknown' in row 4"
    assert taken("1", "unknown", "soon") == ("text", ["1", "unknown", "soon"])
    assert taken(*["$5"] * 40, "free") == ("number", [*[5] * 40, "free"])
    assert taken(*["2/24/2015"] * 40, "soon")[1][-1] == "soon"
    assert taken(*["0.5"] * 40, "007") == (None, [*[0.5] * 40, "007"])  # decimals are no codes


@given(st.lists(st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.integers(-(10**18) + 1, 10**18 - 1))))
def test_numbers_that_python_writes_are_those_numbers(numbers):
    cells = [repr(number) for number in numbers if repr(number) != "-0"]
    type, values = taken(*cells)
    assert type is None or not cells
    assert not cells or (values, [*map(type_of, values)]) == ([*numbers], [*map(type_of, numbers)])


def type_of(value: object) -> type:
    return type(value)


@given(st.lists(st.decimals(-(10**9), 10**9, places=2), min_size=1), st.sampled_from([".", " ", "'", "\u00a0", ""]))
def test_amounts_of_any_locale_are_those_amounts(amounts, gap):
    cells = [f"{amount:,.2f}".replace(",", "_").replace(".", ",").replace("_", gap) for amount in amounts]
    assert taken(*cells) == ("decimal comma", [float(amount) for amount in amounts])


@given(st.lists(st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1)).map(lambda when: when.replace(microsecond=0))))
def test_moments_of_america_and_europe_are_those_moments(moments):
    moments = [*moments, datetime(2024, 2, 29)]  # by which the order is known
    expected = [moment.isoformat() for moment in moments]
    assert taken(*(f"{m:%m/%d/%Y %I:%M:%S %p}" for m in moments)) == ("M/D/Y", expected)
    assert taken(*(f"{m.day}.{m.month}.{m:%Y %H:%M:%S}" for m in moments)) == ("D/M/Y", expected)


@given(st.lists(st.text(max_size=12), max_size=30), st.lists(st.sampled_from(["1", "2.5", "1,5", "007", "yes", ""])))
def test_cells_are_counted_alike_one_by_one_and_many_together(strange, usual):
    cells = [*strange, *usual]
    together, one_by_one = Shapes(), Shapes()
    together.add(cells, 1)
    for row, cell in enumerate(cells, 1):
        one_by_one.add([cell], row)
    together.counts.pop(NOTHING, None)
    one_by_one.counts.pop(NOTHING, None)
    assert +together.counts == +one_by_one.counts
    assert {shape: first for shape, first in together.first.items() if together.counts[shape]} == {
        shape: first for shape, first in one_by_one.first.items() if one_by_one.counts[shape]
    }
    assert all(shape_of(cell) == shape for shape, (_, cell) in together.first.items())


@given(st.lists(st.text(max_size=12), max_size=30))
def test_any_texts_are_read_as_something_and_text_as_itself(cells):
    type, values = taken(*cells)
    assert len(values) == len(cells)
    if type == "text":
        assert values == [cell or None for cell in cells]


def test_a_column_of_csv_is_decided_by_its_last_row_too(write):
    rows = "".join(f"{i},t{i}\n" for i in range(10_000, 15_000))
    plain = list(read(write("a.csv", f"zip,text\n{rows}99999,last\n")))
    assert plain[0].about == {"zip": 10_000}
    coded = read(write("b.csv", f"zip,text\n{rows}00999,last\n"))
    assert next(iter(coded)).about == {"zip": "10000"}
    assert coded.types == {"zip": "text, as 1 of 5,001 are codes made of digits, first '00999' in row 5,001"}


def test_truth_in_csv_is_truth_and_so_it_is_after_an_export(write):
    name = write("f.csv", "id,text,watched\na,a film,True\nb,b film,False\nc,c film,TRUE\nd,d film,FALSE\n")
    assert [thing.about["watched"] for thing in read(name)] == [True, False, True, False]


def test_how_columns_are_read_is_known_from_the_first_thing_on(write):
    name = write("a.csv", 'text;betrag;wann;ort\na;"12,50";24.2.2015;Ulm\nb;7;1.3.2015;Bonn\n')
    reading = read(name)
    assert reading.types == {}
    (first,) = reading.first(1)
    assert reading.types == {"betrag": "numbers with decimal comma", "wann": "dates D/M/Y"}
    assert first.about == {"betrag": 12.5, "wann": "2015-02-24", "ort": "Ulm"}


def test_texts_ids_and_vectors_are_never_touched(write):
    name = write("a.csv", 'id,text,v,part_of\n"1,5","12,50","1 2","2,5"\n')
    (thing,) = read(name, vector="v")
    assert (thing.id, thing.value, thing.vector.tolist(), thing.part_of) == ("1,5", "12,50", [1, 2], "2,5")


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_the_user_says_what_columns_are(write, name):
    rows = [{"text": "x", "amount": "1,234", "when": "3/4/2015", "zip": "98765", "seen": "1", "tags": "[1]"}]
    if name == "a.csv":
        table = io.StringIO()
        writer = csv.DictWriter(table, rows[0])
        writer.writeheader()
        writer.writerows(rows)
        write(name, table.getvalue())
    else:
        write(name, str(rows[0]).replace("'", '"'))
    types = {"amount": "decimal comma", "when": "D/M/Y", "zip": "text", "seen": "true/false", "tags": "list"}
    expected = {"amount": 1.234, "when": "2015-04-03", "zip": "98765", "seen": True, "tags": [1]}
    (thing,) = read(name, types=types)
    assert thing.about == expected
    assert [thing.about for thing in as_things(rows, types=types)] == [expected]


def test_a_type_that_is_none_and_a_column_that_is_not_there_are_errors(write):
    name = write("a.csv", "text,n\nx,1\n")
    with pytest.raises(BadInput, match="'zip'; expected one of: text, number, decimal comma"):
        read(name, types={"n": "zip"})
    with pytest.raises(BadInput, match="no column m, whose type is stated; its columns are: text, n"):
        list(read(name, types={"m": "number"}))
    with pytest.raises(BadInput, match="text is text, id or vector"):
        list(read(name, types={"text": "number"}))
    with pytest.raises(BadInput, match="has no columns"):
        read(write("a.txt", "x\n"), types={"m": "number"})


def test_a_cell_that_does_not_fit_the_stated_type_breaks_its_row(write):
    name = write("a.csv", "text,n\na,1\nb,-\nc,soon\nd,007\n")
    reading = read(name, types={"n": "number"}, on_error="skip")
    assert [thing.about["n"] for thing in reading] == [1, None, 7]
    assert [(problem.line, problem.why) for problem in reading.problems] == [
        (4, "'soon' does not fit the type of its column, number")
    ]
    with pytest.raises(BadRow, match=r"a.csv, line 4: 'soon'"):
        list(read(name, types={"n": "number"}))


def test_what_comes_by_a_pipe_is_decided_by_all_of_it(monkeypatch):
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    rows = "".join(f"{i},t{i}\n" for i in range(10_000, 12_000))
    stdin = io.TextIOWrapper(io.BufferedReader(Pipe(f"zip,text\n{rows}00999,last\n".encode())))
    monkeypatch.setattr("sys.stdin", stdin)
    things = list(read("-", row=True))
    assert len(things) == 2_001
    assert {type(thing.about["zip"]) for thing in things} == {str}


def test_rows_that_are_broken_decide_nothing(write):
    name = write("a.csv", b'text,n\na,1\nb,"2"x\nc,\xff\nd,3,4\ne,5\n')
    reading = read(name, on_error="skip")
    assert [thing.about["n"] for thing in reading] == [1, 5]
    assert reading.types == {}


def test_a_row_in_which_all_is_said_to_be_missing_is_a_row(write):
    things = list(read(write("a.csv", "x,y\n1,2.5\nNA,NA\n3,4\n"), row=True))
    assert [(thing.value, thing.about) for thing in things][1] == ("{}", {"x": None, "y": None})
    with pytest.raises(BadRow, match="an empty row"):
        list(read(write("b.csv", "id,x,y\na,1,2.5\nb,,\n"), row=True, id="id"))


def test_days_are_those_that_there_are():
    days = [date(2024, 1, 1).replace(day=day) for day in range(1, 32)]
    assert taken(*(f"{day:%d/%m/%Y}" for day in days))[1] == [day.isoformat() for day in days]
