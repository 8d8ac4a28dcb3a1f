"""Events: what the rows of a log say, whatever holds them, and what is said of rows that say nothing."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas
import pytest

import knnife
from knnife.things.events import AT_ONCE, EventColumns, EventLog

LOG = """user,film,rating,time
Ann,007,4,2024-05-17
Bob,Heat,3.5,2024-05-17T12:30
ann ,Heat,0,
"""
SAID = [
    ("Ann", "007", 4.0, datetime(2024, 5, 17, tzinfo=UTC).timestamp()),
    ("Bob", "Heat", 3.5, datetime(2024, 5, 17, 12, 30, tzinfo=UTC).timestamp()),
    ("ann ", "Heat", 0.0, math.nan),
]
COLUMNS = EventColumns(item="film", rating="rating", time="time")


def rows(log: EventLog) -> list[tuple[Any, ...]]:
    columns = (
        (batch.users, batch.items, batch.weights.tolist(), batch.times.tolist(), batch.contexts) for batch in log
    )
    return [row[:4] for batch in columns for row in zip(*batch, strict=True)]


def test_a_file_a_frame_and_mappings_say_the_same(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text(LOG)
    cells = [line.split(",") for line in LOG.splitlines()]
    objects = [
        {"user": user, "film": film, "rating": float(rating), "time": time or None}
        for user, film, rating, time in cells[1:]
    ]
    for given in (str(tmp_path / "log.csv"), tmp_path / "log.csv", objects, iter(objects), pandas.DataFrame(objects)):
        assert str(rows(EventLog(given, COLUMNS))) == str(SAID)


def test_tuples_say_it_by_their_places() -> None:
    log = EventLog([("a", 3), ("a", 4.0, 2), ("b", "x", 1, "2024-01-01", "web")], EventColumns())
    (batch,) = log
    assert (batch.users, batch.items, batch.contexts) == (["a", "a", "b"], ["3", "4", "x"], ["", "", "web"])
    assert batch.weights.tolist() == [1, 2, 1]


def test_columns_that_readers_know_are_columns_here(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("id,part_of\nann,tea\nbob,rum\n")
    found = rows(EventLog(tmp_path / "log.csv", EventColumns("id", "part_of")))
    assert [row[:2] for row in found] == [("ann", "tea"), ("bob", "rum")]


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (("a", "b", -1), "weight -1: expected a number above 0"),
        (("a", "b", 0), "weight 0: expected a number above 0"),
        (("a", "b", math.nan), "weight nan: expected a number"),
        (("a", "b", "much"), "weight 'much': expected a number"),
        (("a", "b", True), "weight True: expected a number"),
        (("", "b"), "nothing in column 'user'"),
        (("a", None), "nothing in column 'item'"),
        (("a", "b", 1, "soon"), "time 'soon': expected a number, or a date"),
        (("a", "\ud800"), "surrogate"),
        (("a",), "expected (user, item, weight, time, context)"),
    ],
)
def test_a_row_that_says_nothing_usable_is_told_or_counted(row: Any, why: str) -> None:
    with pytest.raises(knnife.BadInput) as stopped:
        rows(EventLog([("x", "y"), row], EventColumns()))
    assert "row 2" in str(stopped.value)
    assert why in str(stopped.value)
    log = EventLog([("x", "y"), row, ("z", "y")], EventColumns(), "skip")
    assert [each[0] for each in rows(log)] == ["x", "z"]
    assert log.reading.broken == 1


def test_columns_that_are_not_there_are_named_with_those_that_are(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text(LOG)
    with pytest.raises(knnife.BadInput, match=r"no column .*item.*columns are: user, film, rating, time"):
        rows(EventLog(tmp_path / "log.csv", EventColumns()))
    with pytest.raises(knnife.BadInput, match=r"no column 'item'; the columns are: user, film"):
        rows(EventLog([{"user": "a", "film": "b"}], EventColumns()))


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ({"weight": "n", "rating": "n"}, "name one"),
        ({"user": "n", "item": "n"}, "'n' is named twice"),
        ({"user": ""}, "'' is no name of a column"),
    ],
)
def test_columns_that_cannot_be_meant_are_refused(columns: dict[str, str], why: str) -> None:
    with pytest.raises(knnife.BadInput, match=why):
        EventColumns(**columns)


@pytest.mark.parametrize("given", ["no.csv", [3], 3])
def test_what_is_no_log_is_refused(given: Any) -> None:
    with pytest.raises(knnife.KnnifeError):
        rows(EventLog(given, EventColumns()))


def test_a_long_log_comes_by_batches_of_one_size() -> None:
    log = EventLog((("u", str(number % 7)) for number in range(AT_ONCE + 5)), EventColumns())
    assert [len(batch.users) for batch in log] == [AT_ONCE, 5]
