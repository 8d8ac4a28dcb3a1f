"""Drift of tables: the column that changed is named first, in the table's own units."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.encoders.tables import payments

from knnife import RowEncoder, Space, drift
from knnife.tools._drift.columns import figures
from knnife.tools.drift import Drift

OLD, NEW = payments(300), payments(240, seed=1)
ENCODER = RowEncoder.train(OLD, leave_out=["fraud"])


def third(row: Mapping[str, Any]) -> bool:
    return int(row["number"][1:]) % 3 == 0


def changed(**columns: Callable[[dict[str, Any]], Any]) -> Drift:
    new = [{**row, **{name: change(row) for name, change in columns.items()}} for row in NEW]
    return drift(OLD, new, encoder=ENCODER, permutations=199)


def test_no_column_is_named_where_none_changed() -> None:
    found = changed()
    assert not found.drifted
    assert not found.marks


@pytest.mark.parametrize(
    ("column", "change", "name", "figure"),
    [
        ("amount", lambda row: row["amount"] * 2, "amount", "median"),
        ("amount", lambda row: (row["amount"] / 20) ** 3 * 20, "amount", "middle half"),
        ("country", lambda row: "US" if third(row) else row["country"], "country = US", "share"),
        ("when", lambda row: row["when"].replace("2024", "2025"), "when", "median"),
        ("age", lambda row: None if third(row) else row["age"], "age missing", "share"),
        ("member", lambda row: third(row) or row["member"], "member = True", "share"),
        ("note", lambda row: row["note"] + " again" * third(row), "note: again", "share"),
    ],
)
def test_the_column_that_changed_is_named_first(column: str, change, name: str, figure: str) -> None:
    marks = changed(**{column: change}).marks
    assert (marks[0].name, marks[0].figure) == (name, figure)
    assert marks[0].p_value <= 0.05
    assert {mark.name.split(" ")[0].strip(":") for mark in marks} == {column}


def test_values_are_those_of_the_table() -> None:
    amounts = [np.array([row["amount"] for row in rows]) for rows in (OLD, NEW)]
    mark = changed(amount=lambda row: row["amount"] * 2).marks[0]
    assert mark.reference == pytest.approx(np.median(amounts[0]))
    assert mark.new == pytest.approx(np.median(amounts[1]) * 2)
    mark = changed(country=lambda row: "US" if third(row) else row["country"]).marks[0]
    assert mark.reference == pytest.approx(sum(row["country"] == "US" for row in OLD) / 300)
    assert mark.new == pytest.approx(sum(row["country"] == "US" or third(row) for row in NEW) / 240)
    mark = changed(when=lambda row: row["when"].replace("2024", "2025")).marks[0]
    assert mark.reference in {row["when"] for row in OLD}
    assert mark.new.startswith("2025-")


def test_regions_are_told_by_what_is_typical_in_them(tmp_path: Path) -> None:
    def far(row: dict[str, Any]) -> dict[str, Any]:
        return {**row, "amount": 5_000.0, "country": "NG"} if third(row) else row

    with Space.open(tmp_path / "pay.knnife", ENCODER) as space:
        space.add(OLD)
        found = drift(space, [far(row) for row in NEW], permutations=199)
    assert found.drifted
    assert {"amount high", "country = NG"} <= set(found.regions[0].words)
    assert {mark.name for mark in found.marks} >= {"amount", "country = NG"}
    assert all(third(NEW[example.position]) for example in found.new)


def test_a_column_without_a_value_on_one_side_is_told_as_nothing() -> None:
    rows = [{"x": float(number)} for number in range(30)] + [{"x": None}] * 30
    half = np.arange(60) < 30
    missing, median, width = figures(rows, ["x", "nowhere"])
    assert (missing.name, missing.of(half), missing.of(~half)) == ("x missing", 0.0, 1.0)
    assert (median.of(half), median.of(~half)) == (14.5, None)
    assert (width.of(half), width.of(~half)) == (14.5, None)
    assert set(median.values[~half]) == {0.5}
    assert median.values.mean() == pytest.approx(0.5)


def test_false_alarms_of_columns_come_at_the_rate() -> None:
    named = 0
    for seed in range(40):
        rows = payments(120, seed=seed + 10)
        named += bool(drift(rows[:60], rows[60:], encoder=ENCODER, permutations=59, seed=seed).marks)
    assert named <= 6  # of 40 at the rate 0.05: 2 ± 1.4


@pytest.mark.parametrize(
    ("column", "change", "name"),
    [
        ("currency", lambda row: "USD", "currency = EUR"),
        ("currency", lambda row: "USD" if third(row) else "EUR", "currency = EUR"),
        ("currency", lambda row: None, "currency missing"),
        ("currency", lambda row: 1, "currency = EUR"),
        ("comment", lambda row: "new", "comment missing"),
    ],
)
def test_a_column_that_was_the_same_in_all_rows_and_is_another_now_is_drift(column: str, change, name: str) -> None:
    found = changed(**{column: change})
    assert found.drifted
    assert name in [mark.name for mark in found.marks[:2]]
    assert {mark.name.split(" ")[0] for mark in found.marks} == {column}


def test_columns_that_stay_the_same_change_nothing() -> None:
    plain = [{name: cell for name, cell in row.items() if name not in ("currency", "comment")} for row in NEW]
    without = drift(OLD, plain, encoder=ENCODER, permutations=199)
    spelt = changed(currency=lambda row: "EUR", comment=lambda row: " ")
    assert spelt.p_value == changed().p_value
    assert without.drifted  # currency is gone


@pytest.mark.nightly
def test_false_alarms_stay_as_rare_where_a_column_is_rarely_another() -> None:
    def sample(seed: int) -> list[dict[str, Any]]:
        chance = np.random.default_rng(seed)
        numbers, others = chance.normal(size=80).tolist(), (chance.random(80) < 0.002).tolist()
        return [{"x": x, "unit": "g" if other else "kg"} for x, other in zip(numbers, others, strict=True)]

    def alarm(seed: int) -> bool:
        old = sample(seed)
        return drift(old, sample(10_000 + seed), encoder=RowEncoder.train(old), permutations=99, seed=seed).drifted

    assert sum(map(alarm, range(100))) <= 12
