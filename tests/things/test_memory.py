from __future__ import annotations

import datetime
import decimal
import sqlite3
import subprocess
import sys
import uuid
from collections import OrderedDict

import numpy as np
import pandas
import polars
import pyarrow
import pyarrow.parquet
import pytest

from knnife.errors import BadInput, BadRow, MissingPackage
from knnife.things import Thing, as_things, read

ROWS = [{"text": "one", "n": 1, "x": 0.5}, {"text": "two", "n": None, "x": None}]
THINGS = [Thing(None, "one", {"n": 1, "x": 0.5}), Thing(None, "two", {"n": None, "x": None})]


def test_texts_mappings_and_things_may_be_mixed():
    thing = Thing("a", None, vector=[1.0])
    given = ["one", {"text": "two", "n": 1}, OrderedDict(text="three"), thing]
    assert list(as_things(iter(given))) == [
        Thing(None, "one"),
        Thing(None, "two", {"n": 1}),
        Thing(None, "three", {}),
        thing,
    ]


def test_one_thing_or_one_mapping_is_a_batch_of_one():
    assert list(as_things(Thing("a", "x"))) == [Thing("a", "x")]
    assert list(as_things({"text": "x"})) == [Thing(None, "x", {})]


def test_columns_are_named_as_for_files():
    rows = [{"title": "Jaws", "plot": "A shark.", "key": 7, "v": [1, 2]}]
    (thing,) = as_things(rows, text=("title", "plot"), id="key", vector="v")
    assert (thing.id, thing.value, thing.about, thing.vector.tolist()) == ("7", "Jaws\nA shark.", {}, [1, 2])


def test_nothing_given_is_changed():
    row = {"text": "x", "id": "a", "n": {"m": 1}}
    list(as_things([row], id="id"))
    assert row == {"text": "x", "id": "a", "n": {"m": 1}}


@pytest.mark.parametrize(
    "table",
    [
        pandas.DataFrame(ROWS),
        pandas.DataFrame(ROWS).convert_dtypes(),
        polars.DataFrame(ROWS),
        pyarrow.Table.from_pylist(ROWS),
        pyarrow.RecordBatch.from_pylist(ROWS),
        pyarrow.Table.from_pylist(ROWS).to_reader(),
    ],
    ids=["pandas", "pandas with its own types", "polars", "table", "batch", "stream"],
)
def test_tables_are_rows(table):
    assert list(as_things(table)) == THINGS


@pytest.mark.parametrize(
    "series", [pandas.Series(["one", "two"]), polars.Series(["one", "two"]), np.array(["one", "two"])]
)
def test_columns_of_text_are_texts(series):
    assert list(as_things(series)) == [Thing(None, "one"), Thing(None, "two")]


def test_rows_of_a_database_are_mappings():
    connection = sqlite3.connect(":memory:")
    connection.row_factory = sqlite3.Row
    assert list(as_things(connection.execute("SELECT 'x' AS text, 1 AS n"))) == [Thing(None, "x", {"n": 1})]
    connection.close()


def test_a_reading_passes_through(write):
    assert list(as_things(read(write("a.txt", "x")))) == [Thing("a.txt#1", "x")]


def test_metadata_becomes_text_and_numbers():
    row = {
        "text": "x",
        "date": datetime.date(2020, 1, 2),
        "numpy": np.float32(0.5),
        "array": np.arange(3),
        "decimal": decimal.Decimal("1.5"),
        "none": decimal.Decimal("nan"),
        "uuid": uuid.UUID(int=1),
        "tuple": (1, float("nan")),
        "bytes": b"left out",
        "nat": np.datetime64("NaT", "s"),
        3: "a number for a name",
    }
    (thing,) = as_things([row])
    assert thing.about == {
        "date": "2020-01-02",
        "numpy": 0.5,
        "array": [0, 1, 2],
        "decimal": 1.5,
        "none": None,
        "uuid": "00000000-0000-0000-0000-000000000001",
        "tuple": [1, None],
        "nat": None,
        "3": "a number for a name",
    }


@pytest.mark.parametrize(
    "item",
    [
        "",
        " \n",
        "nul \0",
        "half \ud800",
        7,
        None,
        b"bytes",
        {"text": None},
        {"text": float("nan")},
        {"text": "x", "n": "\ud800"},
        {"text": "x", "n": ["\ud800"]},
        {"text": "x", "n\0": 1},
        {"words": "x"},
    ],
)
def test_what_cannot_be_stored_is_told_with_its_number(item):
    things = as_things(["fine", {"text": "fine"}, item])
    assert [next(things).value, next(things).value] == ["fine", "fine"]
    with pytest.raises(BadRow, match=r"^row 3: "):
        next(things)


def test_a_metadata_list_without_end_is_no_endless_loop():
    endless: dict = {"text": "x"}
    endless["self"] = endless
    with pytest.raises(BadRow, match="nested too deeply"):
        list(as_things([endless]))


@pytest.mark.parametrize("given", ["films.csv", b"bytes", 7, None])
def test_what_is_no_collection_is_refused(given):
    with pytest.raises(BadInput):
        list(as_things(given))


def test_data_frames_with_repeated_names_are_refused():
    with pytest.raises(BadInput, match="same name"):
        list(as_things(pandas.DataFrame([["a", "b"]], columns=["text", "text"])))
    with pytest.raises(BadInput, match="same name"):
        list(as_things(pyarrow.table([["a"], ["b"]], names=["text", "text"])))


@pytest.fixture
def parquet(write):
    def make(columns: dict, name: str = "a.parquet") -> str:
        pyarrow.parquet.write_table(pyarrow.table(columns), write(name, ""), row_group_size=3)
        return name

    return make


def test_parquet_is_read_in_batches_and_progress_counts_rows(parquet):
    name = parquet(
        {
            "text": [f"t{i}" for i in range(8)],
            "n": list(range(8)),
            "when": [datetime.datetime(2020, 1, 1)] * 8,
        }
    )
    reading = read(name)
    fractions, things = zip(*((reading.fraction, thing) for thing in reading), strict=True)
    assert things[4] == Thing("a.parquet#5", "t4", {"n": 4, "when": "2020-01-01T00:00:00"})
    assert fractions == tuple(i / 8 for i in range(1, 9))


@pytest.mark.parametrize("kind", [pyarrow.list_(pyarrow.float32()), pyarrow.list_(pyarrow.float64(), 2)])
def test_vectors_of_parquet_are_arrays(parquet, kind):
    name = parquet({"id": ["a", "b", "c"], "v": pyarrow.array([[1, 2], None, [3, 4]], kind)})
    reading = read(name, id="id", vector="v", on_error="skip")
    assert [(thing.id, thing.vector.tolist(), thing.vector.dtype) for thing in reading] == [
        ("a", [1, 2], np.float32),
        ("c", [3, 4], np.float32),
    ]
    assert str(reading.problems[0]).startswith("a.parquet, row 2: ")


def test_lists_of_numbers_that_are_metadata_are_lists(parquet):
    name = parquet({"text": ["x", "y"], "l": [[0.5, 1.5], None], "s": [{"a": 1}, {"a": 2}]})
    assert [thing.about for thing in read(name)] == [{"l": [0.5, 1.5], "s.a": 1}, {"l": None, "s.a": 2}]


def test_what_is_no_parquet_is_refused(write):
    with pytest.raises(BadInput, match=r"a.parquet is no Parquet file"):
        list(read(write("a.parquet", "PAR1 nonsense PAR1")))


def test_without_pyarrow_the_error_says_what_to_install(parquet, monkeypatch):
    name = parquet({"text": ["x"]})
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingPackage, match=r'pip install "knnife\[parquet\]"'):
        list(read(name))


def test_importing_the_readers_imports_no_optional_package():
    program = "import sys, knnife.things; print(*sorted({'pandas', 'pyarrow', 'polars'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
