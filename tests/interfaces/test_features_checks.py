# ruff: noqa: N803 - X is what scikit-learn calls it
"""What scikit-learn itself demands of its estimators, all of it; exceptions are listed with their reason."""

from __future__ import annotations

import doctest
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from sklearn.exceptions import SkipTestWarning
from sklearn.utils import estimator_checks

from knnife import Embed, EmbedRows, NearestClassifier, OutlierDetector
from knnife.interfaces.features import embed

EXPECTED_TO_FAIL = {
    "Spelled": {"check_fit1d": "texts (n,) are what it is made for"},
    "OutlierDetector": {
        "check_outliers_fit_predict": "fit_predict compares no row with itself; predict takes every row for a new one",
        "check_methods_subset_invariance": "distances are float32, and a row of fit is not exactly 0 away from itself",
    },
}
OUTPUT_CHECKS = [  # not among the common ones, as they need pandas and polars
    "check_dataframe_column_names_consistency",
    "check_get_feature_names_out_error",
    "check_set_output_transform",
    "check_set_output_transform_pandas",
    "check_set_output_transform_polars",
    "check_global_output_transform_pandas",
    "check_global_set_output_transform_polars",
    "check_transformer_get_feature_names_out",
    "check_transformer_get_feature_names_out_pandas",
]


class Spelled(Embed):
    """The checks bring numbers, which are spelled out here, as Embed takes nothing but texts."""

    def _texts(self, X: Any, *, reset: bool):
        return super()._texts(spelled(X), reset=reset)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array, tags.input_tags.one_d_array = True, False
        return tags


def spelled(X: Any) -> Any:
    if hasattr(X, "tocsr"):
        return X
    if hasattr(X, "columns"):
        return X.astype(str) if hasattr(X, "iloc") else X.cast(str)
    array = np.asarray(X)
    if array.dtype.kind == "c" or not array.size:
        return array
    return np.vectorize(lambda cell: cell if cell != cell else str(cell), otypes=[object])(array)


ESTIMATORS = [Spelled(), EmbedRows(), NearestClassifier(), OutlierDetector()]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@estimator_checks.parametrize_with_checks(
    ESTIMATORS, expected_failed_checks=lambda estimator: EXPECTED_TO_FAIL.get(type(estimator).__name__, {})
)
def test_what_scikit_learn_demands(estimator, check) -> None:
    check(estimator)


@pytest.mark.filterwarnings("ignore:X (has|does not have valid) feature names")  # the checks mix arrays and frames
@pytest.mark.parametrize("check", OUTPUT_CHECKS)
@pytest.mark.parametrize("estimator", [Spelled(), EmbedRows()], ids=lambda estimator: type(estimator).__name__)
def test_names_and_containers_of_what_comes_out(estimator, check: str) -> None:
    getattr(estimator_checks, check)(type(estimator).__name__, estimator)


def test_an_embed_as_it_is_takes_no_numbers_so_nothing_is_checked() -> None:
    with pytest.warns(SkipTestWarning, match="Can't test estimator Embed"):
        estimator_checks.check_estimator(Embed())


def test_rows_score_alike_alone_and_in_company() -> None:
    rows = np.random.default_rng(0).standard_normal((60, 4))
    model = OutlierDetector().fit(rows)
    alone = np.concatenate([model.score_samples(row[None]) for row in rows])
    np.testing.assert_allclose(alone, model.score_samples(rows), atol=2e-3)


def test_without_scikit_learn_all_else_works_and_the_error_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['sklearn'] = None\n"
        "from knnife import *\n"
        "import knnife\n"
        "assert 'Embed' in dir(knnife)\n"
        "try: knnife.Embed\n"
        "except knnife.MissingPackage as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith('pip install "knnife[sklearn]"')


def test_examples_in_docstrings_are_true() -> None:
    found = doctest.testmod(embed)
    assert (found.failed, found.attempted) == (0, 5)
