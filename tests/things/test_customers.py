"""The rows of a customer as one thing: what they add up to, against what a plain dictionary gathers."""

from __future__ import annotations

import csv
import json
from collections import Counter, defaultdict
from datetime import date
from itertools import pairwise
from pathlib import Path
from statistics import fmean, median
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

from knnife import BadInput, BadRow, RowEncoder, Space, read
from knnife.things import as_things, customers, tallies

ORDERS = """customer,date,amount,kind,zip,gift
ann,2024-01-01,10,book,01234,yes
bob,2024-01-05T00:00,3.5,toy,00099,no
ann,2024-01-04,,book,01234,no
ann,2024-01-11,5,toy,01234,yes
"""


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    path = tmp_path / "orders.csv"
    path.write_text(ORDERS.replace("T00:00", ""))
    return path


def gathered(rows: Any, **options: Any) -> dict[str, Any]:
    return {thing.id: thing.about for thing in as_things(rows, row=True, by="customer", **options)}


def test_the_rows_of_a_customer_are_one_thing(orders: Path) -> None:
    ann, bob = read(orders, row=True, by="customer")
    assert ann.id == "ann"
    assert ann.about == {
        "rows": 3,
        "date first": "2024-01-01",
        "date last": "2024-01-11",
        "date days ago": 0,
        "date usual gap": 5,
        "amount sum": 15,
        "amount mean": 7.5,
        "kind usual": "book",
        "kind usual share": 0.666666666667,
        "kind different": 2,
        "zip usual": "01234",
        "zip usual share": 1,
        "zip different": 1,
        "gift share": 0.666666666667,
    }
    assert (bob.about["rows"], bob.about["date days ago"], bob.about["date usual gap"]) == (1, 6, None)
    assert isinstance(ann.value, str)
    assert json.loads(ann.value) == {name: cell for name, cell in ann.about.items() if name != "date last"}


rows_of = st.lists(
    st.fixed_dictionaries(
        {"customer": st.sampled_from(["ann", "bob", "cy"])},
        optional={
            "amount": st.none() | st.integers(-1000, 1000) | st.floats(-1e6, 1e6),
            "kind": st.none() | st.sampled_from(["book", "toy", "pen"]),
            "when": st.none() | st.dates(date(1999, 1, 1), date(2030, 1, 1)),
            "gift": st.none() | st.booleans(),
        },
    ).map(lambda row: {"amount": None, "kind": None, "when": None, "gift": None} | row),
    max_size=40,
)


def plainly(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    cells: dict[str, Any] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        cells[row["customer"]]["rows"].append(1)
        for name, cell in row.items():
            if cell is not None:
                cells[row["customer"]][name].append(cell)
    order = list(dict.fromkeys(row["kind"] for row in rows if row["kind"]))
    latest = max((row["when"] for row in rows if row["when"]), default=None)
    found = {}
    for name, own in cells.items():
        kinds, days = Counter(own["kind"]), sorted(set(own["when"]))
        usual = max(kinds, key=lambda kind: (kinds[kind], -order.index(kind)), default=None)
        gaps = [(b - a).days for a, b in pairwise(days)]
        found[name] = {
            "rows": len(own["rows"]),
            "amount sum": sum(own["amount"]) if own["amount"] else None,
            "amount mean": fmean(own["amount"]) if own["amount"] else None,
            "kind usual": usual,
            "kind usual share": kinds[usual] / kinds.total() if usual else None,
            "kind different": len(kinds) or None,
            "when first": days[0].isoformat() if days else None,
            "when last": days[-1].isoformat() if days else None,
            "when days ago": (latest - days[-1]).days if days else None,
            "when usual gap": median(gaps) if gaps else None,
            "gift share": fmean(own["gift"]) if own["gift"] else None,
        }
    return found


@given(rows_of)
def test_it_is_what_a_dictionary_gathers(rows: list[dict[str, Any]]) -> None:
    block = pytest.MonkeyPatch()
    block.setattr(customers, "BLOCK", 7)
    block.setattr(tallies, "_MERGED", 3)
    try:
        found = gathered(rows)
    finally:
        block.undo()
    expected = plainly(rows)
    assert list(found) == list(expected)
    for name, about in expected.items():
        for column, cell in about.items():
            own = found[name].get(column)
            assert own == (pytest.approx(cell, rel=1e-9, abs=1e-6) if isinstance(cell, float) else cell), (name, column)


def test_pairs_are_counted_over_many_blocks() -> None:
    random = np.random.default_rng(0)
    pairs, plain = tallies.PairCounts(), Counter[tuple[int, int]]()
    for _ in range(50):
        owners, codes = random.integers(0, 20, 100), random.integers(0, 30, 100)
        pairs.add(owners, codes)
        plain.update(zip(owners.tolist(), codes.tolist(), strict=True))
    owners, codes, counts = pairs.all()
    found = list(zip(owners.tolist(), codes.tolist(), strict=True))
    assert found == sorted(plain)
    assert counts.tolist() == [plain[each] for each in found]


def test_codes_and_numbers_of_columns_called_id_are_no_amounts() -> None:
    rows = [{"customer": "ann", "product_id": each, "zip": "01234"} for each in (7, 7, 8)]
    about = gathered(rows)["ann"]
    assert about["product_id usual"] == "7"
    assert about["zip usual"] == "01234"
    assert gathered([{"customer": 1, "film": each} for each in "445"], types={"film": "text"})["1"]["film usual"] == "4"


def test_the_other_columns_named_like_what_readers_take_are_columns() -> None:
    about = gathered([{"customer": "ann", "id": "o1", "part_of": "x"}, {"customer": "ann", "id": "o2", "part_of": "x"}])
    assert (about["ann"]["id different"], about["ann"]["part_of usual"]) == (2, "x")


def test_what_does_not_count_is_said(orders: Path) -> None:
    rows = "".join(
        f"ann,2024-01-{1 + i % 28:02},{'?!' if i == 30 else i},x,1,a note that says {i}\n" for i in range(60)
    )
    orders.write_text(f"customer,date,amount,kind,zip,note\n{rows}Ann ,,,,,\n")
    reading = read(orders, row=True, by="customer", types={"amount": "text"})
    assert len(list(reading)) == 2
    assert "note: texts that differ; left out" in reading.notes
    assert any(note.startswith("1 customers are called as others but for case and spaces") for note in reading.notes)
    with pytest.warns(UserWarning, match="amount: 1 cells of another kind than number do not count"):
        list(as_things([{"customer": 1, "amount": "x" if i == 9 else i} for i in range(50)], row=True, by="customer"))


def test_a_column_of_too_many_values_has_no_usual_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tallies, "DIFFERENT", 5)
    with pytest.warns(UserWarning, match="order: too many different values for categories; left out"):
        found = gathered([{"customer": "ann", "order": f"O{each}"} for each in range(6)])
    assert found["ann"] == {"rows": 6}


def test_a_column_left_out_is_metadata_only(orders: Path) -> None:
    (ann, _) = read(orders, row=True, by="customer", leave_out=["kind", "amount mean", "rows"])
    assert ann.about["kind usual"] == "book"
    assert not {"rows", "kind usual", "kind different", "amount mean"} & {*json.loads(str(ann.value))}
    assert "amount sum" in json.loads(str(ann.value))


def test_a_customer_that_is_not_there_breaks_the_row(orders: Path) -> None:
    orders.write_text(f"{ORDERS},2024-01-01,1,book,01234,yes\n")
    with pytest.raises(BadRow, match="empty id"):
        list(read(orders, row=True, by="customer"))
    reading = read(orders, row=True, by="customer", on_error="skip")
    assert [thing.about["rows"] for thing in reading] == [3, 1]
    assert reading.broken == 1


@pytest.mark.parametrize(
    ("options", "why"),
    [({"by": "client", "row": True}, "no column client"), ({"by": "customer"}, "row=True"),
     ({"by": "customer", "row": True, "id": "zip"}, "without id=")],
)  # fmt: skip
def test_what_cannot_be_gathered_is_refused(orders: Path, options: dict[str, Any], why: str) -> None:
    with pytest.raises(BadInput, match=why):
        list(read(orders, **options))


def test_columns_that_would_be_called_alike_are_refused() -> None:
    rows = [{"customer": "ann", "kind": "a", "kind usual": True}]
    with pytest.raises(BadInput, match="'kind usual share' is told of the columns 'kind' and 'kind usual'"):
        gathered(rows)


def test_every_source_gives_the_same(orders: Path, tmp_path: Path) -> None:
    with orders.open(newline="") as file:
        rows = [
            {**row, "amount": float(row["amount"] or "nan"), "gift": row["gift"] == "yes"}
            for row in csv.DictReader(file)
        ]
    lines = tmp_path / "orders.jsonl"
    lines.write_text("".join(json.dumps(row) + "\n" for row in rows))
    expected = list(read(orders, row=True, by="customer"))
    assert list(read(lines, row=True, by="customer")) == expected
    assert list(as_things(rows, row=True, by="customer")) == expected
    frame = pytest.importorskip("pandas").DataFrame(rows)
    assert list(as_things(frame, row=True, by="customer")) == expected


def test_a_file_that_grew_updates_the_customers_that_changed(tmp_path: Path) -> None:
    path, space = tmp_path / "orders.csv", tmp_path / "c.knnife"
    rows = [f"c{i % 50},{i % 7},{'abc'[i % 3]}" for i in range(500)]
    path.write_text("\n".join(["customer,amount,kind", *rows, ""]))
    encoder = RowEncoder.train(read(path, row=True, by="customer"))
    with Space.open(space, encoder) as opened:
        assert opened.add(read(path, row=True, by="customer")).added == 50
        assert opened.add(read(path, row=True, by="customer")).unchanged == 50
        path.write_text("\n".join(["customer,amount,kind", *rows, "c3,100,a", "new,1,b", ""]))
        added = opened.add(read(path, row=True, by="customer"))
    assert (added.added, added.updated, added.unchanged) == (1, 1, 49)
