# ruff: noqa: N803, N806 - X is what scikit-learn calls it
"""EmbedRows in scikit-learn: mixed tables become vectors, whatever package holds them."""

from __future__ import annotations

import pickle
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

from knnife import BadInput, EmbedRows, RowEncoder

N = 60
RANDOM = np.random.default_rng(0)
TABLE = {
    "id": [None, *range(1, N)],
    "amount": [None, *RANDOM.lognormal(size=N - 1).tolist()],
    "country": RANDOM.choice(["de", "fr"], N).tolist(),
    "when": [datetime(2024, 1, 1) + timedelta(hours=5 * hour) for hour in range(N)],
    "note": [f"the card was used at shop number {number} in the town" for number in range(N)],
    "part_of": ["x"] * N,
}
MAKERS = [pd.DataFrame, pl.DataFrame, pa.table]


@pytest.mark.parametrize("make", MAKERS)
def test_tables_of_any_package_make_the_same_vectors(make) -> None:
    rows = EmbedRows().fit(make(TABLE))
    plain = EmbedRows().fit(pd.DataFrame(TABLE))
    kinds = {column.name: column.kind for column in rows.encoder_.columns}
    assert list(kinds) == list(TABLE)
    assert kinds | {"id": ""} == {
        "id": "",
        "amount": "number",
        "country": "category",
        "when": "date",
        "note": "text",
        "part_of": "constant",
    }
    made = rows.transform(make(TABLE))
    assert made.shape == (N, rows.encoder_.dim)
    assert made.dtype == np.float32
    np.testing.assert_allclose(made, plain.transform(pd.DataFrame(TABLE)), atol=1e-5)


def test_vectors_are_those_of_the_encoder_of_rows() -> None:
    frame = pd.DataFrame(TABLE)[["amount", "country"]]
    records = [
        {"amount": amount, "country": country}
        for amount, country in zip(TABLE["amount"], TABLE["country"], strict=True)
    ]
    np.testing.assert_allclose(
        EmbedRows().fit_transform(frame), RowEncoder.train(records[1:] + records[:1]).encode(records), atol=1e-6
    )


@pytest.mark.parametrize(("make", "kind"), [(pd.DataFrame, "pandas"), (pl.DataFrame, "polars")])
def test_components_are_named_after_their_columns(make, kind: str) -> None:
    rows = EmbedRows(leave_out=["note", "when"]).set_output(transform=kind)
    made = rows.fit_transform(make(TABLE))
    assert isinstance(made, make)
    parts = {name: part.stop - part.start for name, part in rows.encoder_.parts.items()}
    assert list(made.columns) == [f"{name}_{number}" for name, size in parts.items() for number in range(size)]
    assert not {"note", "when", "part_of"} & set(parts)


def test_columns_of_an_array_have_numbers() -> None:
    rows = EmbedRows().fit([[1.0, "a"], [2.5, "b"], [9.0, "a"]])
    assert rows.get_feature_names_out()[0] == "x0_0"
    assert rows.get_feature_names_out(["size", "kind"])[0] == "size_0"
    assert {name: column.kind for name, column in zip("ab", rows.encoder_.columns, strict=True)} == {
        "a": "number",
        "b": "category",
    }


def test_dates_of_an_array_are_dates() -> None:
    days = np.arange("2024-01-01", "2024-03-01", dtype="datetime64[D]").astype("datetime64[ns]")[:, None]
    assert EmbedRows().fit(days).encoder_.columns[0].kind == "date"


def test_rows_and_cells_may_be_empty() -> None:
    X = np.array([[1.0, np.nan], [np.nan, np.nan], [3.0, np.inf], [2.0, 5.0]])
    made = EmbedRows().fit_transform(X)
    assert np.isfinite(made).all()
    assert len(np.unique(made, axis=0)) == 4


@pytest.mark.parametrize(
    ("X", "part"),
    [
        (pd.DataFrame({"a": [1]}), "n_samples=1, while a minimum of 2"),
        (pd.DataFrame({"a": []}), "n_samples=0"),
        (pd.DataFrame({"a": [1, 1, 1]}), "no column tells"),
        ([1, 2, 3], "Reshape your data"),
        (np.array([[1j], [2j]]), "Complex data"),
        (pd.DataFrame({"a": ["x\0", "y"], "when": pd.to_datetime(["2024-01-01"] * 2)}), "row 0: .*NUL"),
    ],
)
def test_what_cannot_be_learned_from_is_refused(X: object, part: str) -> None:
    with pytest.raises(BadInput, match=part):
        EmbedRows().fit(X)


def test_other_columns_than_those_of_fit_are_refused() -> None:
    rows = EmbedRows().fit(pd.DataFrame(TABLE))
    with pytest.raises(ValueError, match="feature names should match"):
        rows.transform(pd.DataFrame(TABLE).rename(columns={"note": "notes"}))
    with pytest.raises(BadInput, match="no column label"):
        EmbedRows(leave_out="label").fit(pd.DataFrame(TABLE))
    with pytest.raises(NotFittedError):
        EmbedRows().transform(pd.DataFrame(TABLE))


def test_pickled_and_cloned() -> None:
    frame = pd.DataFrame(TABLE)
    rows = EmbedRows(leave_out="country", random_state=3).fit(frame)
    again = pickle.loads(pickle.dumps(rows))
    assert again.encoder_.fingerprint == rows.encoder_.fingerprint
    np.testing.assert_allclose(again.transform(frame), rows.transform(frame), atol=1e-5)
    assert clone(rows).get_params() == {"leave_out": "country", "random_state": 3}
    assert pickle.loads(pickle.dumps(EmbedRows())).get_params() == EmbedRows().get_params()


def test_a_pipeline_learns_from_a_mixed_table() -> None:
    frame = pd.DataFrame(TABLE).drop(columns=["id", "note", "when"])
    labels = (frame["country"] == "de").to_numpy()
    assert make_pipeline(EmbedRows(), KNeighborsClassifier(3)).fit(frame, labels).score(frame, labels) == 1
