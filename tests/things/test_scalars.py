"""One value, whatever holds it: what one door takes, every door takes, and as the same."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import fractions
import ipaddress
import pathlib
import time
import uuid
import zoneinfo
from typing import Any

import numpy as np
import pandas
import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import given, strategies as st

from knnife.errors import BadRow
from knnife.things import Thing, as_things, read
from knnife.things.reading import RowError
from knnife.things.scalars import instant, is_plain, name_of, scalar

PARIS, FAR = dt.timezone(dt.timedelta(hours=1)), 253402300800000 + 86_400_000  # milliseconds: a day of the year 10000


class Colour(str, enum.Enum):  # noqa: UP042 - as code before Python 3.11 has them
    RED = "red"


class Level(enum.Enum):
    LOW = 1


VALUES: list[tuple[Any, Any]] = [
    (np.int64(3), 3),
    (np.uint64(2**64 - 1), "18446744073709551615"),
    (np.float32(0.5), 0.5),
    (np.longdouble(1.5), 1.5),
    (np.bool_(True), True),
    (np.str_("x"), "x"),
    (np.array(5), 5),
    (np.ma.masked, None),
    (np.datetime64("2020-01-02"), "2020-01-02"),
    (np.datetime64("2020-01-02T05", "h"), "2020-01-02T05:00:00"),
    (np.datetime64("2020-01-02T00:00:00.5", "ns"), "2020-01-02T00:00:00.500000"),
    (np.datetime64("NaT"), None),
    (np.timedelta64(90, "s"), 90),
    (np.timedelta64(1500, "ms"), 1.5),
    (pandas.NA, None),
    (pandas.NaT, None),
    (pandas.Timestamp("2020-01-02"), "2020-01-02T00:00:00"),
    (pandas.Timestamp("2020-07-01", tz="Europe/Berlin"), "2020-06-30T22:00:00+00:00"),
    (pandas.Timedelta("1 day"), 86_400),
    (pandas.Period("2020-01"), "2020-01"),
    (pyarrow.scalar(5), 5),
    (pyarrow.scalar(None), None),
    (pyarrow.scalar(FAR, pyarrow.timestamp("ms")), "10000-01-02T00:00:00"),
    (decimal.Decimal("5.00"), 5),
    (decimal.Decimal("1.5"), 1.5),
    (decimal.Decimal("1E+30"), "1" + "0" * 30),
    (decimal.Decimal("NaN"), None),
    (decimal.Decimal("sNaN"), None),
    (fractions.Fraction(1, 2), 0.5),
    (uuid.UUID(int=7), "00000000-0000-0000-0000-000000000007"),
    (dt.date(2020, 1, 2), "2020-01-02"),
    (dt.datetime(2020, 1, 2, 3), "2020-01-02T03:00:00"),
    (dt.datetime(2020, 1, 2, 3, tzinfo=PARIS), "2020-01-02T02:00:00+00:00"),
    (dt.datetime(1880, 1, 1, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin")), "1879-12-31T23:06:32+00:00"),
    (dt.datetime(1, 1, 1, tzinfo=PARIS), "0001-01-01T00:00:00+01:00"),  # UTC's calendar has no such day
    (dt.time(1, 2), "01:02:00"),
    (dt.timedelta(hours=2), 7_200),
    (pathlib.PurePosixPath("a/b"), "a/b"),
    (ipaddress.ip_network("10.0.0.0/8"), "10.0.0.0/8"),  # iterable, and 16 million long
    (Colour.RED, "red"),
    (Level.LOW, 1),
    (2**63, "9223372036854775808"),
    (-(2**63), -(2**63)),
    (float("inf"), None),
]


@pytest.mark.parametrize(("value", "expected"), VALUES, ids=lambda v: type(v).__name__)
def test_a_value_is_the_same_at_every_door(value: Any, expected: Any) -> None:
    def same(found: Any) -> bool:
        return type(found) is type(expected) and found == expected

    assert same(scalar(value))
    assert scalar(expected) == expected
    rows = as_things([{"text": "x", "m": value, "l": [value, 1]}, Thing("a", "x", {"m": value})])
    row, thing = rows
    assert same(row.about["m"])
    assert same(thing.about["m"])
    assert row.about["l"] == [expected, 1]
    if expected is None:
        with pytest.raises(BadRow, match="empty id"):
            list(as_things([{"text": "x", "id": value}]))
        assert next(as_things([{"text": "x", "part_of": value}])).part_of is None
    elif not isinstance(expected, bool):
        (named,) = as_things([{"text": value, "id": value, "part_of": value}])
        assert named.value == str(expected)
        assert named.id == named.part_of == name_of(expected)


def test_what_is_no_single_value_is_refused() -> None:
    for value in (object(), [1], {"a": 1}, b"x", (each for each in "ab"), 10**5000):
        with pytest.raises(RowError, match=r"single value|no text of its own|4,300 digits"):
            scalar(value)


def test_ids_are_whole_where_pandas_made_floats_of_them() -> None:
    frame = pandas.DataFrame({"text": ["a", "b", "c"], "id": [1, 2, None]}).dropna()
    assert [thing.id for thing in as_things(frame)] == ["1", "2"]
    assert [name_of(each) for each in (3.5, 1e20, 0.0, "007", "3.0")] == ["3.5", "1e+20", "0", "007", "3.0"]
    with pytest.raises(RowError, match="neither text nor number: True"):
        name_of(True)


def test_collections_are_lists_and_those_in_them_json() -> None:
    row = {
        "text": "x",
        "set": {"b", "a", 2, 10},
        "days": np.array(["2020-01-01", "NaT"], "datetime64[ns]"),
        "series": pandas.Series([1, pandas.NA], dtype="Int64"),
        "arrow": pyarrow.array([1, None]),
        "nested": [{"when": dt.date(2020, 1, 1), "n": pandas.NA}, (1, decimal.Decimal("NaN"))],
        "empty": [],
    }
    (thing,) = as_things([row])
    assert thing.about == {
        "set": [2, 10, "a", "b"],
        "days": ["2020-01-01T00:00:00", None],
        "series": [1, None],
        "arrow": [1, None],
        "nested": '[{"when": "2020-01-01", "n": null}, [1, null]]',
        "empty": [],
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2015-02-24T22:55:00Z", "2015-02-24T22:55:00+00:00"),
        ("2015-02-24T23:55+01:00", "2015-02-24T22:55:00+00:00"),
        ("2015-02-24 17:55:00.250-0500", "2015-02-24T22:55:00.25+00:00"),
        ("2015-02-24T22:55:00.000000z", "2015-02-24T22:55:00+00:00"),
        ("2015-02-24 22:55:00 UTC", "2015-02-24T22:55:00+00:00"),
        ("20150224T225500Z", "2015-02-24T22:55:00+00:00"),
        ("2015-02-24T22:55:00.123456789+00:00", "2015-02-24T22:55:00.123456789+00:00"),
        ("2015-02-24T22:55:00", None),
        ("2015-02-24", None),
        ("2015-13-24T22:55:00Z", None),
        ("2015-02-24T22:55:60Z", None),
        ("2015-02-24T22:55.5Z", None),
        ("0001-01-01T00:00:00+05:00", None),
        ("on 2015-02-24T22:55:00Z", None),
        ("2015-02-24T22:55:00Zulu", None),
        ("1234-5678-9012-3456", None),
    ],
)
def test_an_instant_is_one_text(text: str, expected: str | None) -> None:
    assert instant(text) == (expected or text)
    assert is_plain([text]) is (expected in (None, text))
    assert instant(instant(text)) == instant(text)


moments = st.datetimes(dt.datetime(2, 1, 1), dt.datetime(9998, 1, 1), timezones=st.timezones())


@given(moments, moments, st.timezones())
def test_the_order_of_instants_is_that_of_their_texts(one: Any, other: Any, zone: Any) -> None:
    texts = [str(scalar(each)) for each in (one, other, one.astimezone(zone))]
    utc = [each.astimezone(dt.UTC) for each in (one, other)]
    assert (texts[0] < texts[1], texts[0] == texts[1]) == (utc[0] < utc[1], utc[0] == utc[1])
    assert texts[0] == texts[2]
    assert [instant(each.isoformat()) for each in (one, other)] == texts[:2]


def test_a_long_text_of_digits_takes_no_time() -> None:
    began = time.perf_counter()
    for text in ("1" * 1_000_000, "2015-02-24T22:55:00." + "0" * 1_000_000, "2015-" * 200_000):
        assert instant(text) == text
    assert time.perf_counter() - began < 1


def test_parquet_holds_what_pythons_calendar_does_not(write: Any) -> None:
    columns = {
        "text": ["a film", "b film", "c film"],
        "until": pyarrow.array([1_700_000_000_000, FAR, None], pyarrow.timestamp("ms")),
        "zone": pyarrow.array([1_700_000_000_000, FAR, None], pyarrow.timestamp("ms", tz="Nowhere/City")),
        "exact": pyarrow.array([1_700_000_000_000_000_001, 5, None], pyarrow.timestamp("ns")),
        "day": pyarrow.array([2**30, 5, None], pyarrow.date32()),
        "took": pyarrow.array([2**62, 5, None], pyarrow.duration("s")),
        "days": pyarrow.array([[FAR], [5, None], None], pyarrow.list_(pyarrow.timestamp("ms"))),
        "of": pyarrow.array([{"a": FAR}, {"a": 5}, None], pyarrow.struct([("a", pyarrow.timestamp("ms"))])),
        "price": pyarrow.array([decimal.Decimal("5.00"), decimal.Decimal("1.5"), None], pyarrow.decimal128(38, 2)),
        "genre": pyarrow.array(["crime", "drama", None]).dictionary_encode(),
        "hash": pyarrow.array([2**64 - 1, 1, None], pyarrow.uint64()),
    }
    pyarrow.parquet.write_table(pyarrow.table(columns), write("a.parquet", ""))
    first, second, third = (thing.about for thing in read("a.parquet"))
    assert first == {
        "until": "2023-11-14T22:13:20",
        "zone": "2023-11-14T22:13:20+00:00",
        "exact": "2023-11-14T22:13:20.000000001",
        "day": None,  # Arrow itself has no text for it
        "took": float(2**62),
        "days": ["10000-01-02T00:00:00"],
        "of.a": "10000-01-02T00:00:00",
        "price": 5,
        "genre": "crime",
        "hash": "18446744073709551615",
    }
    assert (second["until"], second["zone"]) == ("10000-01-02T00:00:00", "10000-01-02T00:00:00+00:00")
    assert second["days"] == ["1970-01-01T00:00:00.005000", None]
    assert set(third.values()) == {None}


def test_ids_of_parquet_may_be_decimals(write: Any) -> None:
    ids = pyarrow.array([decimal.Decimal(5)], pyarrow.decimal128(38, 0))
    pyarrow.parquet.write_table(pyarrow.table({"id": ids, "text": ["x"]}), write("a.parquet", ""))
    assert [thing.id for thing in read("a.parquet")] == ["5"]


def test_frames_hold_what_pythons_calendar_does_not() -> None:
    polars = pytest.importorskip("polars")
    far = polars.Series([FAR, 0, None])
    frame = polars.DataFrame({"text": ["a", "b", "c"], "until": far.cast(polars.Datetime("ms"))})
    expected = ["10000-01-02T00:00:00", "1970-01-01T00:00:00", None]
    assert [thing.about["until"] for thing in as_things(frame)] == expected
    days = pandas.DataFrame({"text": ["a"], "until": np.array(["12000-01-01"], "datetime64[s]")})
    assert [thing.about["until"] for thing in as_things(days)] == ["12000-01-01T00:00:00"]
