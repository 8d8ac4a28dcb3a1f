"""What the columns of a table become, and that all of it survives being written down."""

from __future__ import annotations

import json
import math
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from tests.encoders.tables import encoder, payments

from knnife import BadInput, RowEncoder, Thing, read
from knnife.encoders.forms import restore

PAYMENTS = encoder()


def kinds(rows: list[dict[str, Any]]) -> dict[str, str]:
    return {column.name: column.kind for column in RowEncoder.train(rows).columns}


def column(name: str, *cells: Any, of: RowEncoder = PAYMENTS) -> np.ndarray:
    """The components of one column for these cells."""
    return of.encode([{name: cell} for cell in cells])[:, of.parts[name]]


def apart(name: str, a: Any, b: Any, of: RowEncoder = PAYMENTS) -> float:
    x, y = column(name, a, b, of=of)
    return float(np.linalg.norm(x - y))


def test_each_column_is_recognised() -> None:
    assert {each.name: each.kind for each in PAYMENTS.columns} == {
        "number": "id",
        "amount": "number",
        "age": "number",
        "country": "category",
        "shop": "category",
        "when": "date",
        "member": "yes/no",
        "note": "text",
        "currency": "constant",
        "comment": "empty",
        "fraud": "left out",
    }
    assert PAYMENTS.leave_out == ("fraud",)
    assert PAYMENTS.rows == 300


def test_parts_divide_the_vector_among_the_columns_that_are_encoded() -> None:
    assert list(PAYMENTS.parts) == ["amount", "age", "country", "shop", "when", "member", "note"]
    assert np.concatenate([np.arange(PAYMENTS.dim)[part] for part in PAYMENTS.parts.values()]).tolist() == list(
        range(PAYMENTS.dim)
    )
    for each in PAYMENTS.columns:
        part = PAYMENTS.parts.get(each.name, slice(0, 0))
        assert part.stop - part.start == each.components


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (list(range(100, 140)), "id"),  # a count of the rows
        ([7 * i % 41 for i in range(40)], "number"),
        (["yes", "No"] * 20, "yes/no"),
        ([1, 0] * 20, "yes/no"),
        ([1, 2] * 20, "number"),
        ([True, None] * 20, "category"),
        (["12.5", "7", "n/a", "-3"] * 10, "number"),  # as csv.DictReader gives them
        (["007", "0815"] * 20, "category"),  # names made of digits
        (["2024-01-31", "2024-02-01T10:00:00Z", "2024-02-01 10:00"] * 9, "date"),
        (["10:30", "23:15:01"] * 20, "date"),
        (["20240131", "20240201"] * 20, "number"),
        (["a@b.org"] * 2 + [f"{i}@b.org" for i in range(38)], "id"),
        (["one of two long names", "another of the two"] * 20, "category"),
        ([["a", "b"], ["b"]] * 20, "category"),
        ([1] * 39 + ["x"], "category"),
        ([f"{i}.5" for i in range(38)] + ["x", "12,50"], "number"),  # mistakes among numbers
    ],
)
def test_a_column_is_what_its_cells_are(cells: list[Any], kind: str) -> None:
    rows = [{"c": cell, "other": math.sin(i)} for i, cell in enumerate(cells)]
    assert kinds(rows)["c"] == kind


def test_whole_numbers_of_a_column_named_id_are_names() -> None:
    rows = [{"customer_id": i % 9, "x": math.sin(i)} for i in range(60)]
    assert kinds(rows)["customer_id"] == "category"


def test_numbers_are_measured_from_the_median_in_units_of_the_middle_half() -> None:
    normal = np.random.default_rng(0).normal(50, 10, 4000)
    learned = RowEncoder.train([{"x": float(x)} for x in normal])
    z = column("x", 50, 60, 30, of=learned)[:, 0]
    assert np.allclose(z, [0, 1, -2], atol=0.1)


def test_an_outlier_stays_one_and_a_farther_one_is_farther_but_none_drowns_the_rest() -> None:
    normal = np.random.default_rng(0).normal(0, 1, 1000)
    z = column("x", 5, 50, 1e6, 1e300, of=RowEncoder.train([{"x": float(x)} for x in normal]))[:, 0]
    assert (np.diff(z) > 0).all()
    assert z[0] > 4
    assert z[2] < 100


def test_a_wild_value_in_the_sample_does_not_change_the_scale() -> None:
    normal = [float(x) for x in np.random.default_rng(0).normal(0, 1, 1000)]
    calm, wild = (RowEncoder.train([{"x": x} for x in [*normal, extra]]) for extra in (0.0, 1e12))
    assert np.allclose(column("x", *normal, of=calm), column("x", *normal, of=wild), atol=0.05)


def test_amounts_that_spread_over_orders_of_magnitude_are_measured_by_their_logarithm() -> None:
    small, middle, large = column("amount", math.exp(2), math.exp(3), math.exp(4))[:, 0]
    assert middle - small == pytest.approx(large - middle, rel=0.25)


def test_columns_of_every_kind_count_about_the_same() -> None:
    vectors = PAYMENTS.encode([{k: v for k, v in row.items() if k != "fraud"} for row in payments()])
    for name, part in PAYMENTS.parts.items():
        assert 0.5 < vectors[:, part].var(axis=0).sum() < 1.3, name


def test_what_is_missing_is_told_from_what_is_usual_and_from_what_cannot_be_read() -> None:
    for name, usual in {"age": 35, "amount": 20.0, "country": "FR", "member": True, "note": "rent of the flat"}.items():
        assert apart(name, None, usual) > 1, name
    assert apart("age", None, "abc") > 2
    assert apart("age", "abc", "n/a") > 2
    assert apart("age", "xyz", "abc") == 0
    assert apart("age", "", None) == 0
    assert apart("member", True, "perhaps") > 1


def test_a_rare_category_is_farther_out_than_a_frequent_one_and_an_unseen_one_farther_still() -> None:
    frequent, rare, unseen = (np.linalg.norm(x) for x in column("country", "FR", "NG", "XX"))
    assert frequent < rare < unseen


def test_many_categories_have_directions_of_their_own() -> None:
    assert PAYMENTS.parts["shop"].stop - PAYMENTS.parts["shop"].start == 33
    assert apart("shop", "shop 1", "shop 2") > 0.5
    assert apart("shop", "never seen", "neither seen") > 0.5


def test_the_same_name_is_read_from_numbers_and_texts() -> None:
    assert apart("member", True, "yes") == apart("member", 1, "True") == 0
    assert apart("amount", "12.50", 12.5) == 0


def test_hours_and_weekdays_go_round() -> None:
    late, early, noon = "2024-03-05T23:50:00", "2024-03-06T00:10:00", "2024-03-05T12:00:00"
    assert apart("when", late, early) < apart("when", late, noon) / 2
    monday, next_monday, thursday = "2024-03-04T12:00:00", "2024-03-11T12:00:00", "2024-03-07T12:00:00"
    assert apart("when", monday, next_monday) < apart("when", monday, thursday)


def test_dates_are_read_as_python_objects_and_with_a_time_zone() -> None:
    assert apart("when", datetime(2024, 3, 4, 12), "2024-03-04T12:00:00") == 0
    assert apart("when", date(2024, 3, 4), "2024-03-04") == 0
    assert apart("when", "2024-03-04T12:00:00Z", "2024-03-04T17:00:00+05:00") == 0  # one instant, whoever tells it
    assert apart("when", "2024-03-04T12:00:00Z", "2024-03-04T12:00:00+05:00") > 0


def test_texts_of_like_meaning_are_near() -> None:
    gift, present, rent = "a gift for my mum", "a present for my mother", "rent of the flat"
    assert apart("note", gift, present) < apart("note", gift, rent)


def test_unknown_columns_are_named_with_those_that_are_known() -> None:
    with pytest.raises(BadInput, match=r"no column Amount among those learned: number, amount, age"):
        PAYMENTS.encode([{"Amount": 1}])
    assert PAYMENTS.encode([{"id": 1, "fraud": True, "currency": "USD"}]).shape == (1, PAYMENTS.dim)


@pytest.mark.parametrize("value", ["two con men", "[1]", "1", b"{}", None, "{", '{"a": NaN', "[" * 10**5])
def test_what_is_no_row_is_refused(value: Any) -> None:
    with pytest.raises(BadInput, match="expected a row"):
        PAYMENTS.encode([value])


def test_one_row_is_not_a_list_of_rows() -> None:
    with pytest.raises(BadInput, match=r"write \[row\]"):
        PAYMENTS.encode({"amount": 1})


@pytest.mark.parametrize(
    ("rows", "leave_out", "said"),
    [
        ([], (), "0 rows"),
        ([{"a": 1}], (), "1 row "),
        ([{"a": 1}] * 5, (), r"no column tells these 5 rows apart: a \(constant\)"),
        ([{"a": 1}, {"a": 2}], "b", "no column b to leave out; the columns are: a"),
        ([{"a": 1}, {"a": 2}], "a", "row 1: an empty row"),
        (["a text"], (), "expected a mapping or a Thing"),
        ([Thing("1", "a text")] * 2, (), "expected a row"),
    ],
)
def test_what_nothing_can_be_learned_from_is_refused(rows: Any, leave_out: Any, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        RowEncoder.train(rows, leave_out=leave_out)


def test_it_learns_from_frames_readings_and_rows_alike(tmp_path) -> None:
    pandas, polars = pytest.importorskip("pandas"), pytest.importorskip("polars")
    rows = payments()
    path = tmp_path / "payments.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    reading = read(path, row=True, leave_out=["fraud"])
    for given_rows in (pandas.DataFrame(rows), polars.DataFrame(rows), iter(rows)):
        assert RowEncoder.train(given_rows, leave_out=["fraud"]).fingerprint == PAYMENTS.fingerprint
    assert RowEncoder.train(reading).fingerprint == PAYMENTS.fingerprint  # what was left out of reading stays so


def test_of_many_rows_a_sample_is_drawn_that_the_seed_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RowEncoder, "SAMPLE", 100)
    rows = [{"x": float(i)} for i in np.random.default_rng(0).permutation(2000)]
    one, same, other = (RowEncoder.train(iter(rows), seed=seed) for seed in (1, 1, 2))
    assert one.rows == 100
    assert one.fingerprint == same.fingerprint != other.fingerprint
    assert abs(column("x", 1000, of=one)[0, 0]) < 0.5  # from all of them, not the first


def test_it_comes_back_from_its_bytes() -> None:
    back = restore(PAYMENTS.form, PAYMENTS.to_bytes())
    assert isinstance(back, RowEncoder)
    assert (back.fingerprint, back.columns, back.parts) == (PAYMENTS.fingerprint, PAYMENTS.columns, PAYMENTS.parts)
    rows = [{"amount": 3, "country": "XX", "shop": "?", "note": "tea", "when": "2024-05-05"}, {}]
    assert back.encode(rows).tobytes() == PAYMENTS.encode(rows).tobytes()


CELLS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(st.characters()), st.lists(st.integers(), max_size=3)
)


@settings(max_examples=150)
@given(st.lists(st.dictionaries(st.sampled_from(list(PAYMENTS.parts)), CELLS), max_size=5))
def test_any_row_at_all_becomes_finite_numbers(rows: list[dict[str, Any]]) -> None:
    plain = [json.dumps(row) for row in rows if not any(isinstance(cell, list) for cell in row.values())]
    for values in (plain, [row for row in rows if json.dumps(row) in plain]):
        vectors = PAYMENTS.encode(values)
        assert vectors.shape == (len(values), PAYMENTS.dim)
        assert np.isfinite(vectors).all()


@settings(max_examples=100)
@given(
    st.lists(st.fixed_dictionaries({"a": CELLS, "b": CELLS, "n": st.floats(-1e308, 1e308)}), min_size=2, max_size=30)
)
def test_whatever_is_learned_from_can_be_encoded_and_written_down(rows: list[dict[str, Any]]) -> None:
    try:
        learned = RowEncoder.train(rows)
    except BadInput:  # nothing varies, a row is empty, or a text cannot be stored: one clear error
        return
    vectors = learned.encode(rows)
    assert np.isfinite(vectors).all()
    back = RowEncoder.from_bytes(learned.to_bytes())
    assert back.encode(rows).tobytes() == vectors.tobytes()


def damaged(*path: Any, value: Any) -> bytes:
    """The bytes of an encoder, with one thing in them changed."""
    state = json.loads(PAYMENTS.to_bytes())
    place = state
    for step in path[:-1]:
        place = (
            next(each for each in place if each["name"] == step)
            if isinstance(step, str) and isinstance(place, list)
            else place[step]
        )
    place[path[-1]] = value
    return json.dumps(state).encode()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x80\x04.",
        b"[]",
        b"{}",
        b"[" * 10**5,
        PAYMENTS.to_bytes()[:-9],
        damaged("version", value=2),
        damaged("form", value="words"),
        damaged("rows", value="many"),
        damaged("columns", value=[]),
        damaged("columns", "amount", "name", value="age"),
        damaged("columns", "amount", "kind", value="text"),
        damaged("columns", "amount", "components", value=10**9),
        damaged("columns", "amount", "weight", value=math.nan),
        damaged("columns", "amount", "weight", value=1e9),
        damaged("columns", "amount", "learned", "scale", value=[0, 0, 0]),
        damaged("columns", "amount", "learned", "scale", value=[0, 1]),
        damaged("columns", "amount", "learned", "presence", value=[1e300, 1, 1]),
        damaged("columns", "country", "learned", "counts", value=[1]),
        damaged("columns", "country", "learned", "counts", value=[0, 0, 0, 0]),
        damaged("columns", "country", "learned", "names", value=["a", "a", "a", "a"]),
        damaged("columns", "when", "learned", "cycles", value=["century"]),
        damaged("columns", "note", "learned", "basis", value="AAAA"),
        damaged("columns", "note", "learned", "directions", value=-1),
    ],
)
def test_damaged_bytes_are_refused_with_one_clear_error(data: bytes) -> None:
    with pytest.raises(BadInput, match="no encoder of rows, or it is damaged"):
        RowEncoder.from_bytes(data)


def test_texts_of_another_text_model_are_refused() -> None:
    other = RowEncoder.from_bytes(damaged("columns", "note", "learned", "model", value="another"))
    with pytest.raises(BadInput, match="column 'note': its texts were encoded by another text model"):
        other.encode([{"note": "tea"}])


def test_bytes_of_an_unknown_form_are_refused() -> None:
    with pytest.raises(BadInput, match="a later one may"):
        restore("crystals", b"")


def test_texts_of_a_data_frame_are_read_as_all_of_a_column_say() -> None:
    rows = [
        {
            "usd": f"${i}.50",
            "thousands": f"1,{i:03}",  # a count of the rows that nobody writes as a name
            "euro": f"{i * 3 + 10},5{i % 10} €",
            "when": f"{i % 12 + 1}/{i % 28 + 1}/2024 {i % 24}:30",
            "active": "wahr" if i % 3 else "falsch",
            "zip": f"{i * 977 % 99999 + 500:05}",
            "ip": f"10.0.0.{i}",
        }
        for i in range(40)
    ]
    learned = RowEncoder.train(rows)
    assert {each.name: (each.kind, each.read) for each in learned.columns} == {
        "usd": ("number", "number"),
        "thousands": ("number", "number"),
        "euro": ("number", "decimal comma"),
        "when": ("date", "M/D/Y"),
        "active": ("yes/no", "true/false"),
        "zip": ("id", None),
        "ip": ("id", None),
    }
    assert apart("usd", "$3.50", 3.5, of=learned) == apart("euro", "1.000,00 €", 1000, of=learned) == 0
    assert apart("when", "2/3/2024 22:30", "2024-02-03T22:30", of=learned) == 0
    again = RowEncoder.from_bytes(learned.to_bytes())
    assert (again.encode(rows) == learned.encode(rows)).all()
    assert again.fingerprint == learned.fingerprint


def test_what_a_user_says_of_a_column_counts() -> None:
    rows = [{"amount": f"1,{i:03}", "code": str(1000 + i * i), "x": i * i % 7} for i in range(40)]
    learned = {
        each.name: each for each in RowEncoder.train(rows, types={"amount": "decimal comma", "code": "text"}).columns
    }
    assert (learned["amount"].kind, learned["amount"].read) == ("number", "decimal comma")
    assert learned["code"].kind == "id"
    assert kinds(rows)["code"] == "number"
    with pytest.raises(BadInput, match="no column z to state a type of"):
        RowEncoder.train(rows, types={"z": "text"})
    with pytest.raises(BadInput, match="the type of the column x is 'int'"):
        RowEncoder.train(rows, types={"x": "int"})


def test_an_amount_is_found_odd_however_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id;preis\n" + "".join(f"{i};{i % 7 + 10},5{i % 10}\n" for i in range(60)) + "60;9.999,00\n")
    learned = RowEncoder.train(read(path, row=True, id="id"))
    assert {each.name: each.kind for each in learned.columns}["preis"] == "number"
    points = learned.encode([thing.value for thing in read(path, row=True, id="id")])
    assert np.abs(points[:, learned.parts["preis"]]).max(axis=1).argmax() == 60


def test_forms_without_texts_to_read_are_as_they_were() -> None:
    assert b'"read"' not in PAYMENTS.to_bytes()
    state = json.loads(PAYMENTS.to_bytes())
    state["columns"][1]["read"] = "whatever"
    with pytest.raises(BadInput, match="no encoder of rows"):
        RowEncoder.from_bytes(json.dumps(state).encode())
