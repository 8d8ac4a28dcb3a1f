"""OutlierDetector in scikit-learn: its scale, its rate of false alarms, what it learns from labels, pipelines."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import make_pipeline

from knnife import BadInput, Detector, Embed, EmbedRows, OutlierDetector

RANDOM = np.random.default_rng(0)
USUAL = RANDOM.standard_normal((300, 5))
NEW = np.vstack([RANDOM.standard_normal((200, 5)), RANDOM.standard_normal((20, 5)) * 6])
IS_USUAL = np.r_[np.ones(200), -np.ones(20)]


def test_odd_rows_score_low_and_are_minus_1() -> None:
    model = OutlierDetector().fit(USUAL)
    assert roc_auc_score(IS_USUAL, model.score_samples(NEW)) > 0.98
    assert (model.predict(NEW)[200:] == -1).mean() > 0.9
    np.testing.assert_allclose(model.decision_function(NEW), model.score_samples(NEW) - model.offset_)
    np.testing.assert_array_equal(model.predict(NEW) == -1, model.decision_function(NEW) < 0)


def test_scores_are_those_of_the_detector_turned_round() -> None:
    plain = Detector.fit(USUAL, metric="euclidean", seed=3)
    model = OutlierDetector(random_state=np.random.RandomState(0)).fit(USUAL)
    seed = int(np.random.RandomState(0).randint(2**31 - 1))
    plain = Detector.fit(USUAL, metric="euclidean", seed=seed)
    np.testing.assert_allclose(model.score_samples(NEW), -plain.score(NEW))
    np.testing.assert_allclose(model.p_values(NEW), plain.p_values(plain.score(NEW)))


@pytest.mark.parametrize("alpha", [0.02, 0.1, 0.3])
def test_alpha_is_the_rate_of_false_alarms(alpha: float) -> None:
    rates, p_rates = [], []
    for seed in range(6):
        random = np.random.default_rng(seed)
        model = OutlierDetector(alpha=alpha, random_state=seed).fit(random.standard_normal((400, 3)))
        new = random.standard_normal((1_000, 3))
        rates.append((model.predict(new) == -1).mean())
        p_rates.append((model.p_values(new) <= alpha).mean())
        assert rates[-1] == pytest.approx(p_rates[-1])
    # A rate that hangs on 400 rows is off by sqrt(alpha (1 - alpha) / 400); the mean of 6 by less. Four times that
    assert np.mean(rates) == pytest.approx(alpha, abs=4 * np.sqrt(alpha * (1 - alpha) * (1 / 400 + 1 / 1_000) / 6))


def test_among_themselves_rows_are_not_compared_with_themselves() -> None:
    found = OutlierDetector(alpha=0.1).fit_predict(USUAL)
    assert (found == -1).sum() == int(0.1 * 301) - 1
    among = np.vstack([USUAL, np.full((1, 5), 9.0)])
    assert OutlierDetector(alpha=0.01).fit_predict(among)[-1] == -1


def test_of_few_rows_only_what_is_odder_than_all_is_odd() -> None:
    model = OutlierDetector(alpha=0.01).fit(USUAL[:10])
    assert model.predict(np.full((1, 5), 50.0)).tolist() == [-1]
    assert model.offset_ == -model.detector_.scores.max()


def test_labels_are_learned_from_where_that_is_asked_for() -> None:
    random = np.random.default_rng(1)
    odd = random.standard_normal((12, 5)) * 0.1 + [1.5, 0, 0, 0, 0]  # within the crowd, so not unlike it
    rows = np.vstack([USUAL, odd])
    y = np.r_[np.ones(300), -np.ones(12)]
    new = np.vstack([random.standard_normal((100, 5)), random.standard_normal((50, 5)) * 0.1 + [1.5, 0, 0, 0, 0]])
    truth = np.r_[np.ones(100), np.zeros(50)]
    alone = roc_auc_score(truth, OutlierDetector().fit(rows, y).score_samples(new))
    taught = roc_auc_score(truth, OutlierDetector(with_labels=True).fit(rows, y).score_samples(new))
    assert taught > max(0.9, alone + 0.2)
    np.testing.assert_array_equal(
        OutlierDetector().fit(rows, y).score_samples(new), OutlierDetector().fit(rows).score_samples(new)
    )


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame])
def test_data_frames_do_as_well(make) -> None:
    frame = make(dict(zip("abcde", USUAL.T, strict=True)))
    model = OutlierDetector().fit(frame)
    assert model.feature_names_in_.tolist() == list("abcde")
    np.testing.assert_array_equal(model.score_samples(frame), OutlierDetector().fit(USUAL).score_samples(USUAL))


def test_pipelines_over_texts_and_mixed_tables() -> None:
    texts = [
        f"a film about {who} in {where}"
        for who in ("a cook", "a thief", "a king")
        for where in ["Paris", "Rome", "Bonn"]
    ]
    model = make_pipeline(Embed(), OutlierDetector(metric="cosine", alpha=0.1)).fit(texts)
    assert model.predict(["0x3f kernel panic at address", "a film about a cook in Rome"]).tolist() == [-1, 1]
    rows = pd.DataFrame({"amount": [*range(1, 41)], "country": ["de", "fr"] * 20})
    model = make_pipeline(EmbedRows(), OutlierDetector()).fit(rows)
    assert model.predict(pd.DataFrame({"amount": [9_000, 20], "country": ["zz", "de"]})).tolist() == [-1, 1]


def test_a_search_judges_by_labels_that_it_does_not_learn_from() -> None:
    folds = StratifiedKFold(2, shuffle=True, random_state=0)
    search = GridSearchCV(OutlierDetector(), {"metric": ["euclidean", "cosine"]}, scoring="roc_auc", cv=folds)
    search.fit(NEW, IS_USUAL)
    assert search.best_params_ == {"metric": "euclidean"}  # the odd ones lie far out, in any direction
    assert search.best_score_ > 0.9


def test_it_is_pickled_and_the_same_each_time() -> None:
    model = OutlierDetector().fit(USUAL)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.score_samples(NEW), model.score_samples(NEW))
    np.testing.assert_array_equal(OutlierDetector().fit(USUAL).score_samples(NEW), model.score_samples(NEW))


@pytest.mark.parametrize(
    ("options", "y", "part"),
    [
        ({"alpha": 0}, None, "between 0 and 1"),
        ({"alpha": 1.5}, None, "between 0 and 1"),
        ({"with_labels": True}, None, "y has no -1"),
        ({"with_labels": True}, np.ones(300), "y has no -1"),
        ({"metric": "dance"}, None, "metric='dance'"),
    ],
)
def test_what_it_cannot_learn_with_is_refused(options: dict, y: object, part: str) -> None:
    with pytest.raises(BadInput, match=part):
        OutlierDetector(**options).fit(USUAL, y)


def test_what_it_cannot_learn_from_is_refused() -> None:
    with pytest.raises(ValueError, match="minimum of 8"):
        OutlierDetector().fit(USUAL[:7])
    with pytest.raises(ValueError, match="NaN"):
        OutlierDetector().fit(np.full((20, 2), np.nan))
