# ruff: noqa: N803, N806 - X is what scikit-learn calls it
"""Embed in scikit-learn: what it takes, what comes out, how it lives in pipelines, searches and pickles."""

from __future__ import annotations

import pickle
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from tests.toys import Letters

from knnife import BadInput, Embed, EncoderMismatch, NotFound, load_encoder
from knnife.encoders.static import english_folder

TEXTS = ["cab", "abba", "deed"]
COUNTS = np.array([[1, 1, 1, 0, 0, 0, 0, 0], [2, 2, 0, 0, 0, 0, 0, 0], [0, 0, 0, 2, 2, 0, 0, 0]], np.float32)
UNIT = COUNTS / np.linalg.norm(COUNTS, axis=1, keepdims=True)
TABLE = {"plot": TEXTS, "size": [3, 4, 4], "title": ["a", "b", "c"]}


class Rows(Letters):
    """Takes something else than texts."""

    kind = "row"


class Far(Letters):
    """Vectors whose lengths count."""

    metric = "euclidean"


@pytest.mark.parametrize(
    "make", [list, tuple, np.array, pd.Series, pl.Series, pa.array, lambda t: pa.chunked_array([t])]
)
def test_texts_become_vectors_of_length_1(make) -> None:
    made = Embed(Letters()).fit_transform(make(TEXTS))
    assert made.dtype == np.float32
    np.testing.assert_allclose(made, UNIT, rtol=1e-6)


def test_vectors_whose_lengths_count_stay_as_they_are() -> None:
    np.testing.assert_array_equal(Embed(Far()).fit_transform(TEXTS), COUNTS)


@pytest.mark.parametrize("nothing", [None, float("nan"), np.nan, pd.NA, pd.NaT, "", " \n"], ids=repr)
def test_a_missing_text_is_a_row_of_zeros(nothing: object) -> None:
    made = Embed(Letters()).fit_transform(["abba", nothing])
    np.testing.assert_allclose(made, [UNIT[1], np.zeros(8)], rtol=1e-6)
    assert not Embed(Letters()).fit_transform([nothing, nothing]).any()


def test_missing_texts_of_data_frames_are_seen() -> None:
    for column in (pd.Series(["abba", None], dtype="string"), pd.Series(["abba", None], dtype="category")):
        assert Embed(Letters()).fit_transform(column).any(axis=1).tolist() == [True, False]
    assert Embed(Letters()).fit_transform(pl.Series(["abba", None])).any(axis=1).tolist() == [True, False]


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table])
def test_columns_of_a_table_are_encoded_one_by_one(make) -> None:
    embed = Embed(Letters(), columns=["title", "plot"]).fit(make(TABLE))
    made = embed.transform(make(TABLE))
    np.testing.assert_allclose(made, np.hstack([np.eye(3, 8), UNIT]), rtol=1e-6)
    assert embed.n_features_in_ == 3
    assert embed.feature_names_in_.tolist() == ["plot", "size", "title"]
    assert embed.get_feature_names_out()[[0, 7, 8, 15]].tolist() == ["title_0", "title_7", "plot_0", "plot_7"]


def test_columns_of_an_array_have_numbers() -> None:
    X = [["cab", "a"], ["abba", "b"], ["deed", "c"]]
    for made in (Embed(Letters()).fit_transform(X), Embed(Letters(), columns=[0, 1]).fit_transform(np.array(X))):
        np.testing.assert_allclose(made, np.hstack([UNIT, np.eye(3, 8)]), rtol=1e-6)
    embed = Embed(Letters(), columns=1).fit(X)
    assert embed.get_feature_names_out()[0] == "x1_0"
    assert embed.get_feature_names_out(["p", "q"])[0] == "q_0"


def test_names_of_a_series_and_of_nothing() -> None:
    assert Embed(Letters()).fit(pd.Series(TEXTS, name="plot")).get_feature_names_out()[0] == "plot_0"
    assert Embed(Letters()).fit(pl.Series("plot", TEXTS)).get_feature_names_out()[0] == "plot_0"
    embed = Embed(Letters()).fit(TEXTS)
    assert not hasattr(embed, "feature_names_in_")
    assert embed.get_feature_names_out()[0] == "x0_0"
    embed = Embed(Letters()).fit(pd.Series(TEXTS, name="plot")).fit(TEXTS)  # a second fit forgets the first
    assert not hasattr(embed, "feature_names_in_")
    with pytest.raises(BadInput, match="not equal to feature_names_in_"):
        Embed(Letters()).fit(pd.Series(TEXTS, name="plot")).get_feature_names_out(["other"])


@pytest.mark.parametrize(
    ("X", "part"),
    [
        ("abba", "X is str"),
        ((text for text in TEXTS), "X is generator"),
        ({"a": TEXTS}, "X is dict"),
        ([], "0 sample"),
        (["abba", 3], "X, row 1: expected a text, got int 3"),
        (["abba", ["cab"]], "X, row 1: expected a text, got list"),
        ([b"abba"], "got bytes"),
        (pd.DataFrame({"plot": TEXTS, "n": [1, 2, 3]}), "column 'n', row 0: .*EmbedRows"),
        (pd.DataFrame([["a", "b"]], columns=["x", "x"]), "same name"),
        (pd.DataFrame(index=range(3)), "no columns"),
        (np.array([[["a"]]]), "3 dimensions"),
        (csr_array(np.eye(3)), "sparse"),
        (pl.LazyFrame({"a": TEXTS}), "X is LazyFrame"),
    ],
)
def test_what_holds_no_texts_is_refused(X: object, part: str) -> None:
    with pytest.raises(BadInput, match=part):
        Embed(Letters()).fit(X)


@pytest.mark.parametrize("columns", ["nope", ["plot", "nope"], 7, [], [None]])
def test_columns_that_are_not_there_are_refused(columns: object) -> None:
    with pytest.raises(BadInput, match="which has 'plot', 'size', 'title'"):
        Embed(Letters(), columns=columns).fit(pd.DataFrame(TABLE))
    with pytest.raises(BadInput, match="one column without a name"):
        Embed(Letters(), columns="plot").fit(TEXTS)


def test_other_columns_than_those_of_fit_are_refused() -> None:
    embed = Embed(Letters()).fit(pd.DataFrame({"a": TEXTS, "b": TEXTS}))
    with pytest.raises(ValueError, match="feature names should match"):
        embed.transform(pd.DataFrame({"a": TEXTS, "c": TEXTS}))
    with pytest.raises(BadInput, match="fit was given 2"):
        embed.transform(TEXTS)
    with (
        pytest.warns(UserWarning, match="does not have valid feature names"),
        pytest.raises(ValueError, match="X has 3 features, but Embed is expecting 2"),
    ):
        embed.transform(np.array([["a", "b", "c"]]))


def test_encoders_that_are_not_there_or_take_no_texts_are_refused() -> None:
    with pytest.raises(NotFound, match="nope"):
        Embed("nope").fit(TEXTS)
    with pytest.raises(BadInput, match="takes row"):
        Embed(Rows()).fit(TEXTS)


def test_nothing_needs_to_be_learned() -> None:
    np.testing.assert_allclose(Embed(Letters()).transform(TEXTS), UNIT, rtol=1e-6)
    assert Embed(Letters()).fit(TEXTS).transform([]).shape == (0, 8)


@pytest.mark.parametrize(("make", "kind"), [(pd.DataFrame, "pandas"), (pl.DataFrame, "polars")])
@pytest.mark.parametrize("columns", ["plot", ["plot"]])
def test_it_works_within_a_column_transformer(make, kind: str, columns: object) -> None:
    step = ColumnTransformer([("text", Embed(Letters()), columns)], remainder="drop").set_output(transform=kind)
    made = step.fit_transform(make(TABLE))
    assert isinstance(made, make)
    assert list(made.columns) == [f"text__plot_{number}" for number in range(8)]
    np.testing.assert_allclose(made.to_numpy(), UNIT, rtol=1e-6)


def test_a_selector_of_texts_gives_it_all_of_them() -> None:
    frame = pd.DataFrame(TABLE)
    step = ColumnTransformer([("text", Embed(Letters()), make_column_selector(dtype_exclude="number"))])
    assert step.fit_transform(frame).shape == (3, 16)
    assert (
        frame.index.tolist()
        == Embed(Letters()).set_output(transform="pandas").fit_transform(frame["plot"]).index.tolist()
    )


def test_a_search_tries_encoders() -> None:
    texts, labels = ["cab", "bac", "deed", "feed"] * 4, [0, 0, 1, 1] * 4
    blind = Letters("blind")
    blind.encode = lambda values: np.ones((len(values), 8), np.float32)
    search = GridSearchCV(
        make_pipeline(Embed(), LogisticRegression()),
        {"embed__encoder": [blind, "english"], "logisticregression__C": [1.0, 10.0]},
        cv=2,
    ).fit(texts, labels)
    assert search.best_params_["embed__encoder"] == "english"
    assert search.predict(["deed"]).tolist() == [1]


def test_parameters_survive_cloning() -> None:
    embed = Embed("english", columns=["a"])
    assert clone(embed).get_params() == {"encoder": "english", "columns": ["a"]}
    assert embed.set_params(columns="b").columns == "b"


def test_clones_share_an_encoder_that_cannot_be_copied() -> None:
    letters = Letters()
    letters.session = (each for each in ())  # what holds a network cannot be copied, no more than a generator
    embed = Embed(letters, columns=["plot"]).set_output(transform="pandas")
    twin = clone(embed)
    assert (twin.encoder, twin.columns) == (letters, ["plot"])
    assert isinstance(twin.fit_transform(pd.DataFrame(TABLE)), pd.DataFrame)
    assert embed.encoder is letters
    assert not hasattr(clone(embed.fit(pd.DataFrame(TABLE))), "fingerprint_")


def test_a_pickle_holds_the_name_of_the_encoder_and_not_the_encoder() -> None:
    embed = Embed().fit(TEXTS)
    data = pickle.dumps(embed)
    assert len(data) < 1_000
    np.testing.assert_array_equal(pickle.loads(data).transform(TEXTS), embed.transform(TEXTS))


def test_another_model_of_the_same_name_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(english_folder(), folder)
    data = pickle.dumps(Embed(folder).fit(TEXTS))
    np.testing.assert_array_equal(pickle.loads(data).transform(TEXTS), Embed().transform(TEXTS))
    config = folder / "config.json"
    config.write_text(config.read_text().replace('"normalize": true', '"normalize": false'))
    changed = load_encoder(folder).fingerprint != load_encoder("english").fingerprint
    assert changed, "the test must make another model"
    with pytest.raises(EncoderMismatch, match="Fit again"):
        pickle.loads(data).transform(TEXTS)
    assert pickle.loads(data).fit(TEXTS).transform(TEXTS).shape == (3, 256)  # the new files, not those in memory


def test_slow_encoders_are_asked_once_for_each_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KNNIFE_CACHE", str(tmp_path))
    slow = Letters()
    first = Embed(slow).fit_transform(["cab", "abba", "cab"])
    again = Embed(slow).fit_transform(["abba", "cab"])
    assert sorted(slow.seen) == ["abba", "cab"]
    np.testing.assert_array_equal(again, first[[1, 0]])
