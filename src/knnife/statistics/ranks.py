"""Statistics of ranks: they depend on the order of values only, so they hold for any continuous distribution."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from knnife.geometry import Vectors

Numbers = NDArray[np.float64]


def rank_p_values(scores: Vectors | Numbers, reference: Vectors | Numbers) -> Numbers:
    """The conformal p-value of each score `(m,)` against a reference `(n,)`, where high scores are extreme.

    p = (1 + how many of the reference score as high) / (1 + n), which is at most u with probability u where the score
    and those of the reference are exchangeable. Vovk, Gammerman and Shafer, "Algorithmic Learning in a Random World"
    (2005); Bates, Candès, Lei, Romano and Sesia, "Testing for outliers with conformal p-values", Annals of Statistics
    51 (2023).
    """
    as_high = len(reference) - np.searchsorted(np.sort(reference), scores, side="left")
    p_values: Numbers = (1 + as_high) / (1 + len(reference))
    return p_values


def mean_ranks(values: Numbers) -> Numbers:
    """The ranks of values `(n,)` from 1 to n; equal values share the mean of their ranks."""
    _, which, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks: Numbers = (np.cumsum(counts) - (counts - 1) / 2)[which]
    return ranks


def shares_below(values: Numbers, reference: Numbers) -> Numbers:
    """The share of the reference `(n,)` below each value `(m,)`; equal members count half."""
    ordered = np.sort(reference)
    twice = np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right")
    return twice / (2 * len(ordered))


def auroc(scores: Numbers, truth: Numbers | NDArray[np.bool_]) -> float:
    """The area under the ROC curve: the share of pairs of one positive and one negative that scores put in order.

    scores: `(n,)`, where a tie counts half. truth: `(n,)`, above 0 for positives. 0 where one of the kinds is missing.
    Mann and Whitney, Annals of Mathematical Statistics 18 (1947).
    """
    positives: NDArray[np.bool_] = truth > 0
    if positives.all() or not positives.any():
        return 0.0
    return float(shares_below(scores[positives], scores[~positives]).mean())
