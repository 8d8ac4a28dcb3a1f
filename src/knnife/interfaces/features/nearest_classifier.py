# ruff: noqa: N803, N806 - X is what scikit-learn calls it
"""Classes from few or many examples, as the last step of a scikit-learn pipeline: `knnife.Classifier` over arrays."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

import knnife
from knnife.errors import BadInput
from knnife.geometry import METRICS, Metric, Vectors, lengths


class NearestClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Classifies vectors `(n, d)`, with probabilities that are as sure as they may be.

    For texts put `Embed` before it, for mixed tables `EmbedRows`. `knnife.classify` does more: classes known by their
    names alone, and the examples that decided.

    Parameters
    ----------
    metric : {"cosine", "euclidean", "manhattan", "dot"} or None, default=None
        By what vectors are compared. None: by the cosine where all are of length 1, as `Embed` makes them, else by the
        Euclidean distance.
    random_state : int, RandomState or None, default=0
        Of the parting of examples by which the probabilities are calibrated.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels, in the order of the columns of `predict_proba`.
    classifier_ : knnife.Classifier
        What was learned; `classifier_.measured` says what to expect of it. Its classes are the positions in `classes_`.
    n_features_in_, feature_names_in_ :
        As everywhere in scikit-learn.

    """

    def __init__(self, *, metric: Metric | None = None, random_state: Any = 0) -> None:
        self.metric = metric
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> Self:
        """Learn from examples. Raises BadInput for fewer than two classes, ValueError for what are no numbers."""
        X, y = validate_data(self, X, y, dtype=np.float32)
        check_classification_targets(y)
        if self.metric is not None and self.metric not in METRICS:
            raise BadInput(f"metric {self.metric!r}: expected one of {', '.join(METRICS)}, or None")
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise BadInput(
                f"the {len(y):,} examples are of one class, {self.classes_[0].item()!r}; expected two classes or more"
            )
        metric = self.metric or ("cosine" if _all_of_length_1(X) else "euclidean")
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        self.classifier_ = knnife.Classifier.fit(X, codes, metric=metric, seed=seed)
        return self

    def predict_proba(self, X: Any) -> Vectors:
        """The probability of each class: `(n, n_classes)`."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float32, reset=False)
        return self.classifier_.predict_proba(X)

    def predict(self, X: Any) -> NDArray[Any]:
        """The likeliest class of each: `(n,)`."""
        likeliest = self.predict_proba(X).argmax(axis=1)
        labels: NDArray[Any] = self.classes_[likeliest]
        return labels

    def fits(self, X: Any) -> Vectors:
        """How well each belongs to any of the classes: `(n,)`, a share of examples.

        It is the share of them that are no more familiar than this, each judged without itself: what fits no better
        than 0.05 is "none of these", and of what does belong 1 in 20 is. `classifier_.turned_away(0.05)` says how
        sure that is.
        """
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float32, reset=False)
        return self.classifier_.fits(X)


def _all_of_length_1(vectors: Vectors) -> bool:
    """Or of length 0: texts that are missing."""
    found = lengths(vectors)
    return bool((np.abs(found[found > 0] - 1) < 1e-3).all())
