"""What a score means: how often a thing that is like the rest scores as high, and which things to look at.

For new things the reference tells by counting (conformal p-values): a normal thing is as likely to come at any place
among the scores of the reference, so p = (1 + how many score as high) / (1 + n) is at most u with probability u,
whatever the data look like. Bates, Candès, Lei, Romano and Sesia, "Testing for outliers with conformal p-values",
Annals of Statistics 51 (2023). The scores of the reference are leave-one-out ones: no thing is compared with itself.

Things that are judged among themselves have no such reference: by counting, the oddest of n would have p = 1/n in any
set. There the bulk tells how the tail goes on: Hill, "A simple general approach to inference about the tail of a
distribution", Annals of Statistics 3 (1975). The scores are logarithms of distances, so this supposes distances with
a tail like a power, which is heavier than most: p-values are rather too large than too small.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from knnife.geometry import Vectors
from knnife.statistics.tails import mean_excess

Numbers = NDArray[np.float64]

BULK = 0.8  # the share of things that are taken to be ordinary without a question
SEEN = 0.95  # what scores above this share says nothing about the tail: it may be outliers


def extrapolated(scores: Vectors) -> Numbers:
    """The p-value of each score `(n,)` among all of them: counted within the bulk, beyond it by its tail."""
    n, ordered = len(scores), np.sort(scores).astype(np.float64)
    start, end = np.quantile(ordered, [BULK, SEEN])
    slope = mean_excess(ordered, start, end)
    as_high: Numbers = (n - np.searchsorted(ordered, scores, side="left")) / n
    if slope <= 0:  # the bulk has no tail: all alike
        return as_high
    tail: Numbers = (ordered > start).sum() / n * np.exp((start - scores) / slope)
    return np.where(scores > start, tail, as_high)


def worth_a_look(p_values: Numbers, rate: float) -> NDArray[np.bool_]:
    """Which to look at, so that on average at most the share `rate` of them is a false alarm `(m,)`.

    Benjamini and Hochberg, "Controlling the false discovery rate", Journal of the Royal Statistical Society B 57
    (1995). Conformal p-values of one reference depend on each other in a way that the procedure bears (Bates et al.).
    """
    ordered = np.sort(p_values)
    passing = np.flatnonzero(ordered <= rate * np.arange(1, len(ordered) + 1) / max(len(ordered), 1))
    limit = ordered[passing[-1]] if len(passing) else -1.0
    return p_values <= limit
