# ruff: noqa: N803, N806 - X is what scikit-learn calls it
"""How unlike the rest is each row, by scikit-learn's rules: `knnife.Detector` with the scale turned round."""

from __future__ import annotations

from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

import knnife
from knnife.errors import BadInput

Numbers = NDArray[np.float64]
ODD = -1
LEAST = 8  # rows, of which knnife.Detector can say what is usual


class OutlierDetector(OutlierMixin, BaseEstimator):  # type: ignore[misc]
    """Finds the odd ones among vectors `(n, d)`, and scores new ones against those of `fit`.

    For texts put `Embed` before it, for mixed tables `EmbedRows`. `knnife.outliers` says more: the nearest normal
    examples, and the columns that made a row odd.

    Parameters
    ----------
    alpha : float, default=0.05
        The share of new rows like those of `fit` that `predict` calls odd, by mistake; of n rows no less than
        1 / (n + 1) can be had.
    metric : {"euclidean", "cosine"}, default="euclidean"
        Whether the distances between vectors count, or between their directions.
    with_labels : bool, default=False
        Whether to learn from `y`, in which -1 marks rows that are known to be odd, such as frauds. Otherwise `y` is
        not looked at.
    random_state : int, RandomState or None, default=0
        Of all that is drawn by chance.

    Attributes
    ----------
    detector_ : knnife.Detector
        What was learned.
    offset_ : float
        What `score_samples` gives to the oddest rows that are still called usual.
    n_features_in_, feature_names_in_ :
        As everywhere in scikit-learn.

    """

    def __init__(
        self,
        *,
        alpha: float = 0.05,
        metric: Literal["euclidean", "cosine"] = "euclidean",
        with_labels: bool = False,
        random_state: Any = 0,
    ) -> None:
        self.alpha = alpha
        self.metric = metric
        self.with_labels = with_labels
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn what is usual. Some odd rows in it do no harm.

        Raises BadInput for fewer than 8 rows, an alpha that is no share, an unknown metric, and labels without a -1.
        """
        if not 0 < self.alpha < 1:
            raise BadInput(f"alpha={self.alpha}: expected a share between 0 and 1")
        if self.metric not in ("euclidean", "cosine"):
            raise BadInput(f"metric={self.metric!r}: expected 'euclidean' or 'cosine'")
        X = validate_data(self, X, ensure_min_samples=LEAST)
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        self.detector_ = knnife.Detector.fit(X, labels=self._odd(y), metric=self.metric, seed=seed)
        usual = np.sort(self.detector_.scores[~self.detector_.odd])
        as_high = max(1, int(self.alpha * (len(usual) + 1)))  # so many may score as high, or higher
        self.offset_ = -float(usual[-as_high])
        return self

    def score_samples(self, X: Any) -> Numbers:
        """How usual each row is `(n,)`: higher is more usual. It is the negated score of `knnife.outliers`."""
        return -self._scores(X)

    def decision_function(self, X: Any) -> Numbers:
        """The same, from the threshold on: below 0 is what `predict` calls odd."""
        return self.score_samples(X) - self.offset_

    def predict(self, X: Any) -> NDArray[np.int64]:
        """1 for usual rows, -1 for odd ones: `(n,)`. For the rows of `fit` themselves take `fit_predict`."""
        return np.where(self.decision_function(X) >= 0, 1, ODD)

    def fit_predict(self, X: Any, y: Any = None, **kwargs: Any) -> NDArray[np.int64]:
        """Which of these rows are odd, each compared with the others only: `(n,)`."""
        self.fit(X, y, **kwargs)
        return np.where(-self.detector_.scores.astype(np.float64) >= self.offset_, 1, ODD)

    def p_values(self, X: Any) -> Numbers:
        """How often a row like those of `fit` scores as odd: `(n,)`, small for odd ones."""
        return self.detector_.p_values(self._scores(X).astype(np.float32))

    def _scores(self, X: Any) -> Numbers:
        check_is_fitted(self)
        X = validate_data(self, X, reset=False)
        return self.detector_.score(X).astype(np.float64)

    def _odd(self, y: Any) -> NDArray[np.bool_] | None:
        """Which rows are known to be odd; None where nobody says."""
        if not self.with_labels:
            return None
        odd: NDArray[np.bool_] = np.asarray(y) == ODD
        if y is None or not odd.any():
            raise BadInput("with_labels=True, and y has no -1; expected -1 for each row that is known to be odd")
        return odd
