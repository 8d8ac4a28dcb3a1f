"""NearestClassifier in scikit-learn: labels of any kind, the metric it takes, pipelines and pickles."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline

from knnife import BadInput, Classifier, Embed, NearestClassifier

RANDOM = np.random.default_rng(0)
CENTRES = np.eye(3, 6, dtype=np.float32) * 4
Y = np.repeat([0, 1, 2], 30)
X = (CENTRES[Y] + RANDOM.standard_normal((90, 6))).astype(np.float32)
TEXTS = [
    "a fine film",
    "a dull film",
    "what a delight",
    "I fell asleep",
    "wonderful and warm",
    "boring and far too long",
]
LABELS = ["good", "bad", "good", "bad", "good", "bad"]


@pytest.mark.parametrize("names", [["a", "b", "c"], [10, 3, 7], [4.0, 2.0, 1.0]], ids=str)
def test_labels_come_back_as_they_were_given(names: list) -> None:
    labels = np.array(names)[Y]
    model = NearestClassifier().fit(X, labels)
    assert model.classes_.tolist() == sorted(names)
    assert model.predict(X).dtype == labels.dtype
    assert (model.predict(X) == labels).mean() > 0.95


def test_probabilities_are_those_of_the_classifier() -> None:
    model = NearestClassifier().fit(X, Y)
    found = model.predict_proba(X)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_array_equal(found.argmax(axis=1), model.predict(X))
    plain = Classifier.fit(X, Y, metric="euclidean", seed=0)
    assert plain.classes == (0, 1, 2)
    np.testing.assert_allclose(found, plain.predict_proba(X), atol=0.05)  # other folds, so another calibration


def test_what_fits_no_class_is_told() -> None:
    fits = NearestClassifier().fit(X, Y).fits(np.vstack([CENTRES, [[0, 0, 0, 0, 0, 40]]]))
    assert (fits[:3] > 0.2).all()
    assert fits[3] < 0.02


def test_directions_count_where_all_vectors_are_of_length_1() -> None:
    unit = X / np.linalg.norm(X, axis=1, keepdims=True)
    unit[0] = 0  # a missing text
    assert NearestClassifier().fit(unit, Y).classifier_.metric == "cosine"
    assert NearestClassifier().fit(X, Y).classifier_.metric == "euclidean"
    assert NearestClassifier(metric="cosine").fit(X, Y).classifier_.metric == "cosine"


def test_it_is_the_last_step_of_a_pipeline_over_texts() -> None:
    model = make_pipeline(Embed(), NearestClassifier()).fit(TEXTS, LABELS)
    assert model.predict(["a delightful film", "it was boring"]).tolist() == ["good", "bad"]
    search = GridSearchCV(model, {"nearestclassifier__metric": ["cosine", "euclidean"]}, cv=2).fit(TEXTS, LABELS)
    assert set(search.best_params_) == {"nearestclassifier__metric"}


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame])
def test_data_frames_do_as_well(make) -> None:
    frame = make(dict(zip("abcdef", X.T, strict=True)))
    model = NearestClassifier().fit(frame, Y)
    assert model.feature_names_in_.tolist() == list("abcdef")
    np.testing.assert_array_equal(model.predict(frame), NearestClassifier().fit(X, Y).predict(X))


def test_it_is_pickled_and_the_same_each_time() -> None:
    model = NearestClassifier().fit(X, Y)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))
    np.testing.assert_array_equal(NearestClassifier().fit(X, Y).predict_proba(X), model.predict_proba(X))
    assert cross_val_score(NearestClassifier(), X, Y).mean() > 0.9


def test_what_it_cannot_learn_from_is_refused() -> None:
    with pytest.raises(BadInput, match="one class"):
        NearestClassifier().fit(X, np.zeros(90))
    with pytest.raises(ValueError, match="type"):
        NearestClassifier().fit(X, np.array([None, "x", "y"], dtype=object)[Y])
    with pytest.raises(ValueError, match="NaN"):
        NearestClassifier().fit(np.full((90, 6), np.nan), Y)
    with pytest.raises(ValueError, match="continuous"):
        NearestClassifier().fit(X, X[:, 0])
    with pytest.raises(BadInput, match="metric"):
        NearestClassifier(metric="dance").fit(X, Y)
