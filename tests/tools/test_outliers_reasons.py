"""Why things are odd: what no column says by itself is seen, comes first, and is said in words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from bench.odd_rows import KINDS, orders
from safetensors.numpy import load_file, save_file
from tests.older import write_detector

from knnife import BadInput, Detector, RowEncoder, Space, outliers
from knnife.tools._outliers.relations import Relations
from knnife.tools._outliers.single_columns import Recurring, Tails
from knnife.tools._outliers.surprises import Surprises
from knnife.tools._outliers.table import ColumnLayout, ColumnTable, TableColumn

SAID = {
    "3 a.m.": "hour 3: usually ",
    "negative amount": "(never negative)",
    "broken correlation": " makes it ",
    "inconsistent total": " make it ",
    "rare pair of names": "country FR and currency USD: each is usual, together once in ",
    "impossible number for a name": " where goods is ",
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_odd_in_one_way_comes_first_and_the_first_reason_says_it(kind: str) -> None:
    spoil, columns = KINDS[kind]
    ranks = []
    for seed in range(2):
        random = np.random.default_rng(seed)
        rows = orders(900, random)
        spoil(rows[17], random)
        found = outliers(rows, encoder=RowEncoder.train(rows))
        ranks.append(int(np.flatnonzero(found.order == 17)[0]))
        row = list(found.rows(ranks[-1] + 1))[-1]
        reason = row["reasons"][0]
        assert set(reason["columns"]) <= columns
        assert SAID[kind] in reason["says"]
        assert row["columns"][0]["column"] in columns
    assert np.median(ranks) < 35  # of 900


def test_a_row_that_cannot_be_is_worth_a_look_though_it_is_one_of_many() -> None:
    """By its reason alone, whatever its score; of each kind that leaves no doubt, and seldom where nothing is odd."""
    listed, beside = [], []
    for kind in ("inconsistent total", "rare pair of names", "impossible number for a name"):
        random = np.random.default_rng(1)
        rows = orders(900, random)
        KINDS[kind][0](rows[17], random)
        found = outliers(rows, encoder=RowEncoder.train(rows))
        listed.append(found.odd[17])
        beside.append(int(found.odd.sum()) - int(found.odd[17]))
    assert listed == [True] * 3
    assert sum(beside) <= 1


@pytest.mark.parametrize("shape", ["normal", "lognormal", "names"])
def test_where_nothing_is_odd_hardly_any_reason_is_too_rare(shape: str) -> None:
    random, listed = np.random.default_rng(5), []
    for _ in range(12):
        tables = {
            "normal": random.normal(size=(300, 4)),
            "lognormal": random.lognormal(size=(300, 4)),
            "names": np.hstack([np.eye(4)[random.choice(4, 300, p=[0.6, 0.3, 0.08, 0.02])] for _ in range(3)]),
        }
        rarity = Detector.fit(tables[shape]).rarity
        assert rarity is not None
        listed.append((np.exp(-rarity) <= 0.1 / 300).any())
    assert np.mean(listed) <= 0.25  # 0.1 is stated; of 12 draws that is up to 3


def test_cells_just_beyond_a_cut_are_as_usual_as_those_beside() -> None:
    """Two numbers that depend on each other lie in the bins beside the diagonal where one is cut a little later."""
    random = np.random.default_rng(0)
    amount = random.lognormal(3, 0.8, 800)
    table = np.column_stack([amount, 0.3 + 0.015 * amount + random.normal(0, 1e-3, 800)])
    table[5] = table[:, 0].min(), table[:, 1].max()
    names = tuple(TableColumn(name, "", None) for name in ("amount", "fee"))
    columns = ColumnTable(table, np.empty((800, 0), np.int64))
    together = Surprises.of(ColumnLayout(names, (), True), columns).most(columns)[:, 1]
    assert together.argmax() == 5
    assert np.sort(together)[-2] < 1


def test_numbers_that_are_mostly_one_value_keep_relations_readable() -> None:
    random = np.random.default_rng(0)
    status, ms = random.choice([200.0, 404, 500], 600, p=[0.9, 0.07, 0.03]), random.lognormal(3, 0.6, 600)
    table = np.column_stack([status, ms, 0.3 * ms, 0.7 * ms])
    table[9, 1] *= 1.5
    found = outliers(table)
    assert (found.order[0], found.odd[9]) == (9, True)


def test_of_an_array_too_and_the_number_that_is_said_is_what_others_make_of_it() -> None:
    random = np.random.default_rng(0)
    price, count = random.lognormal(3, 0.5, 600), random.integers(1, 9, 600).astype(float)
    table = np.column_stack([price, count, price * count, random.normal(size=600)])
    table[4, :3] = 20, 3, 90
    found = outliers(table)
    assert 4 in found.order[:5]
    said = {row["id"]: row for row in found.rows(5)}["4"]["reasons"][0]["says"]
    assert ("2 90: 0 and 1 make it 60" in said) or ("0 20: 2 and 1 make it 30" in said) or (" make it 4.5" in said)


def test_usual_things_have_few_reasons() -> None:
    rows = orders(500, np.random.default_rng(3))
    found = outliers(rows, encoder=RowEncoder.train(rows))
    told = [len(row["reasons"]) for row in found.rows()]
    assert np.mean(np.array(told[250:]) == 0) > 0.7  # of the less odd half
    assert max(told) <= 3


def test_the_hour_of_a_date_is_a_reason() -> None:
    random = np.random.default_rng(0)
    rows = [
        {
            "id": str(i),
            "at": f"2024-0{1 + i % 6}-{1 + i % 28:02d}T{random.integers(9, 18):02d}:{random.integers(0, 60):02d}:00",
            "amount": float(random.integers(5, 90)),
        }
        for i in range(400)
    ]
    rows[9]["at"] = "2024-03-05T03:12:00"
    found = outliers(rows, encoder=RowEncoder.train(rows))
    assert found.order[0] == 9
    assert next(found.rows(1))["reasons"][0]["says"].startswith("hour of at 3.2: usually 9")


def test_a_detector_of_a_table_comes_back_from_its_file_with_its_reasons(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    rows, new = orders(300, random), orders(20, random)
    KINDS["inconsistent total"][0](new[3], random)
    with Space.open(tmp_path / "s.knnife", RowEncoder.train(rows)) as space:
        space.add(rows)
    detector = Detector.fit(tmp_path / "s.knnife")
    detector.save(tmp_path / "d")
    again = Detector.load(tmp_path / "d")
    assert np.array_equal(again.score(new), detector.score(new))
    said, before = ([row["reasons"] for row in outliers(each, new).rows()] for each in (again, detector))
    assert said == before
    assert outliers(again, new).order[0] == 3
    tensors = load_file(tmp_path / "d")
    for name, harm in (
        ("table.codes", tensors["table.codes"] + 99),
        ("table.numbers", tensors["table.numbers"][:, :2]),
    ):
        from safetensors import safe_open

        with safe_open(tmp_path / "d", framework="numpy") as file:
            save_file({**tensors, name: np.ascontiguousarray(harm)}, tmp_path / "harmed", file.metadata())
        with pytest.raises(BadInput, match="expected a detector"):
            Detector.load(tmp_path / "harmed")


def test_surprises_are_as_rare_as_they_say() -> None:
    random = np.random.default_rng(2)
    layout = ColumnLayout(tuple(TableColumn(str(i), "", None) for i in range(4)), (), True)

    def drawn(count: int) -> ColumnTable:
        x = random.normal(size=(count, 4))
        x[:, 3] = x[:, 0] + 0.1 * x[:, 3]
        return ColumnTable(x, np.empty((count, 0), np.int64))

    surprises = Surprises.of(layout, drawn(3_000))
    singles = surprises.singles(drawn(20_000))
    for nats in (3.0, 5.0, 7.0):
        assert (singles > nats).mean() <= 1.6 * np.exp(-nats)
    relation = surprises.relations[0].surprise(drawn(20_000).numbers)
    assert (relation[:, 3] > 5).mean() <= 1.6 * np.exp(-5)


def test_relations_are_found_though_a_tenth_of_the_rows_breaks_them() -> None:
    random = np.random.default_rng(0)
    x = random.normal(size=(500, 3))
    x[:, 2] = 3 + 2 * x[:, 0] - x[:, 1]
    x[:40, 2] += random.normal(size=40) * 5
    found = Relations.of(x, np.arange(3), logged=False)
    assert found is not None
    assert found.tied.all()
    assert np.abs(found.residuals(x[40:])).max() < 0.01
    assert Relations.of(random.normal(size=(500, 3)), np.arange(3), logged=False) is None


def test_missing_numbers_surprise_nobody() -> None:
    values = np.array([1.0, 2, 3, np.nan] * 50)
    assert (Tails.of(values).surprise(np.array([np.nan])) == 0).all()
    assert (Recurring.of(values).surprise(np.array([np.nan, 2.0])) < 1.5).all()
    assert Recurring.of(values).surprise(np.array([7.0]))[0] > 4


def test_a_detector_of_the_version_before_answers_as_it_did(tmp_path: Path) -> None:
    """The figures are what that version answered."""
    random = np.random.default_rng(0)
    a, b = random.normal(size=120), random.normal(size=120)
    write_detector(tmp_path / "old", np.column_stack([a, b, a + b]).round(3))
    detector = Detector.load(tmp_path / "old")
    new = [[0.1, 0.2, 0.3], [1, 1, 2], [8, 0, 8], [1, -1, 1.5], [0, 0, 0]]
    scores = detector.score(new)
    assert scores == pytest.approx([-0.6588, -0.0629, 3.6895, 7.6404, -0.6921], abs=2e-3)
    assert detector.p_values(scores) == pytest.approx([0.7355, 0.6116, 0.0083, 0.0083, 0.7355], abs=0.02)
    first, second = (row["reasons"][0]["says"] for row in outliers(detector, new).rows(2))
    assert first == "a 1: c and b make it 2.5, usually within 0.0007571"
    assert second == "a 8: usually -1.402 to 1.802"
