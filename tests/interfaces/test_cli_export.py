"""Exported files hold the things, and adding them again gives the same things."""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path

import numpy as np
import pytest
from tests.interfaces.running import Knnife

import knnife as package


def contents(path: str) -> dict[str, tuple[object, dict[str, object]]]:
    with package.Space.open(path, read_only=True) as space:
        return {str(thing.id): (thing.value, dict(thing.about)) for thing in space}


def vectors(path: str) -> np.ndarray:
    with package.Space.open(path, read_only=True) as space:
        return space.vectors()[1]


def test_jsonl_round_trip_gives_the_same_things(knnife: Knnife, folder: Path) -> None:
    things = [
        {
            "id": "a",
            "text": "line one\nline two\ttab \x1b[1m \u202e \\n",
            "year": 1990,
            "score": 1.5,
            "ok": True,
        },
        {"id": "b", "text": "zwei", "tags": ["x", "y"], "none": None, "deep": {"er": 1}, "007": "007"},
        {"id": "c", "text": "drei", "value": "a field named like ours"},
    ]
    Path("things.jsonl").write_text("\n".join(json.dumps(thing) for thing in things))
    assert knnife("add one.knnife things.jsonl --id id --text text").code == 0
    assert knnife("export one.knnife -o out.jsonl").code == 0
    assert knnife("add two.knnife out.jsonl --id id --text value").code == 0
    before, after = contents("one.knnife"), contents("two.knnife")
    assert before["c"][1]["value"] == after["c"][1]["about.value"]
    del before["c"], after["c"]
    assert {k: (text, _known(about)) for k, (text, about) in before.items()} == {
        k: (text, _known(about)) for k, (text, about) in after.items()
    }


def _known(about: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in about.items() if value is not None}


def test_jsonl_with_vectors_needs_no_encoder_to_come_back(knnife: Knnife, folder: Path) -> None:
    assert knnife("export points.knnife --vectors -o out.jsonl").code == 0
    assert knnife("add two.knnife out.jsonl --id id --text value --vector vector").code == 0
    np.testing.assert_array_equal(vectors("two.knnife"), vectors("points.knnife"))


def test_npy_holds_the_vectors_in_the_order_of_the_jsonl(knnife: Knnife, folder: Path) -> None:
    assert knnife("export films.knnife -o out.npy").code == 0
    out = np.load("out.npy")
    assert out.dtype == np.float32
    np.testing.assert_array_equal(out, vectors("films.knnife"))
    assert knnife("export films.knnife --where 'year > 1970' -o some.npy").code == 0
    ids = [json.loads(line)["id"] for line in knnife("export films.knnife --where 'year > 1970'").lines]
    with package.Space.open("films.knnife", read_only=True) as space:
        np.testing.assert_array_equal(np.load("some.npy"), space.vectors(ids)[1])


def test_csv_has_a_column_for_every_field(knnife: Knnife, folder: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(knnife("export films.knnife --format csv").out)))
    assert list(rows[0]) == ["id", "value", "year", "genre", "watched"]
    assert rows[0]["id"] == "The Sting"
    assert rows[0]["year"] == "1973"
    assert knnife("export films.knnife -o out.csv").code == 0
    assert knnife("add two.knnife out.csv --id id --text value").code == 0
    assert contents("two.knnife") == contents("films.knnife")


def test_parquet_keeps_types(knnife: Knnife, folder: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    assert knnife("export films.knnife -o out.parquet --vectors").code == 0
    table = parquet.read_table("out.parquet")
    assert table.column_names == ["id", "value", "year", "genre", "watched", "vector"]
    assert [str(table.schema.field(name).type) for name in ("year", "genre")] == ["int64", "string"]
    np.testing.assert_array_equal(np.stack(table["vector"].to_numpy()), vectors("films.knnife"))
    assert knnife("add two.knnife out.parquet --id id --text value --vector vector").code == 0
    assert contents("two.knnife") == contents("films.knnife")


def test_parquet_without_pyarrow_says_what_to_install(
    knnife: Knnife, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    outcome = knnife("export films.knnife -o out.parquet")
    assert outcome.code == 1
    assert 'pip install "knnife[parquet]"' in outcome.err
    assert not Path("out.parquet").exists()


def test_parts_say_what_they_are_part_of(knnife: Knnife, folder: Path) -> None:
    rows = [json.loads(line) for line in knnife("export notes.knnife").lines]
    assert {row.get("part_of") for row in rows} >= {"docs/shop.md"}


def test_a_failed_export_leaves_the_old_file_and_no_other(
    knnife: Knnife, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("out.jsonl").write_text("{}")
    before = sorted(os.listdir())

    def broken(*_: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("knnife.interfaces.cli.writers.json_line", broken)
    outcome = knnife("export films.knnife -o out.jsonl")
    assert (outcome.code, outcome.err) == (1, "knnife: No space left on device\n")
    assert Path("out.jsonl").read_text() == "{}"
    assert sorted(os.listdir()) == before


def test_an_empty_space_exports_to_empty_files(knnife: Knnife, folder: Path) -> None:
    assert knnife("add empty.knnife -").code == 0
    assert knnife("export empty.knnife").out == ""
    assert knnife("export empty.knnife --format csv").out == "id,value\n"
    assert knnife("export empty.knnife -o out.npy").code == 0
    assert len(np.load("out.npy")) == 0
