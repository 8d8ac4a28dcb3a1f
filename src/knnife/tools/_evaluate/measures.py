"""How good a ranking, a score or a neighbourhood is, in numbers between 0 and 1 (Spearman: -1 and 1). Plain NumPy.

Higher is always better. Where a measure has one value for each question these are returned, so that the caller can
average them, and draw them again to see how far chance moves the average (`redrawn`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knnife.geometry import Vectors

Numbers = NDArray[np.float64]
Figure = Callable[[Numbers], float]  # one number from units `(n, columns)`

DRAWS: Final = 1_000


def ranking_quality(scores: Vectors, gains: Sequence[Mapping[int, float]], k: int) -> Numbers:
    """How well each row of `scores` (m, n) ranks the columns that have a gain: nDCG@k, recall@k, reciprocal rank.

    gains: for each row the columns that answer it, with how well they do (above 0); at least one each. `(m, 3)` comes
    back. nDCG is the sum of gain / log2(rank + 1) over the first k, divided by the best possible sum (Järvelin and
    Kekäläinen 2002, with the gain as it is given); the reciprocal rank is that of the first answer, however far down.
    """
    discounts = 1 / np.log2(np.arange(2, k + 2))
    quality = np.zeros((len(scores), 3))
    for i, answers in enumerate(gains):
        order = np.argsort(-scores[i], kind="stable")
        gain = np.zeros(len(order))
        gain[list(answers)] = list(answers.values())
        ranked, best = gain[order], np.sort(gain)[::-1]
        first = discounts[: len(order)]
        quality[i, 0] = (ranked[:k] @ first) / (best[:k] @ first)
        quality[i, 1] = np.count_nonzero(ranked[:k]) / len(answers)
        quality[i, 2] = 1 / (1 + np.argmax(ranked > 0))
    return quality


def spearman(a: Numbers, b: Numbers) -> float:
    """The rank correlation of two samples `(n,)`; equal values share their mean rank. 0 where one is constant."""
    x, y = _ranks(a), _ranks(b)
    x, y = x - x.mean(), y - y.mean()
    spread = np.sqrt((x @ x) * (y @ y))
    return float(x @ y / spread) if spread > 0 else 0.0


def auroc(scores: Numbers, truth: Numbers) -> float:
    """The share of pairs of one positive and one negative that `scores` puts in order, ties counting half.

    truth: 1 for positives, 0 for negatives. 0 where one of the kinds is missing.
    """
    positives = truth > 0
    n, m = np.count_nonzero(positives), np.count_nonzero(~positives)
    if not n or not m:
        return 0.0
    return float((_ranks(scores)[positives].sum() - n * (n + 1) / 2) / (n * m))


def average_precision(scores: Numbers, truth: Numbers) -> float:
    """Precision averaged over recall, threshold by threshold, without interpolation. 0 without positives."""
    found, taken = _by_threshold(scores, truth)
    if not len(found) or not found[-1]:
        return 0.0
    return float((np.diff(found, prepend=0) / found[-1]) @ (found / taken))


def best_f1(scores: Numbers, truth: Numbers) -> float:
    """F1 at the best of all thresholds: what a well chosen limit would reach on these very pairs."""
    found, taken = _by_threshold(scores, truth)
    positives = found[-1] if len(found) else 0
    return float((2 * found / (taken + positives)).max()) if positives else 0.0


def overlap(a: NDArray[np.int64], b: NDArray[np.int64]) -> Numbers:
    """The share of each row of `a` (n, k) that is also in that row of `b` (n, k), `(n,)`."""
    shared: Numbers = (a[:, :, None] == b[:, None, :]).any(axis=2).mean(axis=1)
    return shared


def redrawn(figure: Figure, units: Sequence[Numbers], seed: int) -> Numbers:
    """`figure` of units drawn again with replacement, `(len(units), DRAWS)`: the bootstrap (Efron 1979).

    Each member of `units` (n, columns) is measured on the same n things, and is drawn alike: so the difference of two
    rows of the result shows how sure a difference between two encoders is.
    """
    random = np.random.default_rng(seed)
    n = len(units[0])
    draws = np.empty((len(units), DRAWS))
    for i in range(DRAWS):
        chosen = random.integers(n, size=n)
        draws[:, i] = [figure(each[chosen]) for each in units]
    return draws


def interval(draws: Numbers) -> tuple[float, float]:
    """What the middle 95% of the draws lie between."""
    low, high = np.percentile(draws, [2.5, 97.5])
    return float(low), float(high)


def _ranks(values: Numbers) -> Numbers:
    """The ranks of values from 1, equal ones sharing the mean of theirs."""
    _, which, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks: Numbers = (last - (counts - 1) / 2)[which]
    return ranks


def _by_threshold(scores: Numbers, truth: Numbers) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For each distinct score, from the highest: how many positives, and how many at all, reach it."""
    order = np.argsort(-scores, kind="stable")
    ends = np.flatnonzero(np.diff(scores[order], append=-np.inf))
    found: NDArray[np.int64] = np.cumsum(truth[order] > 0, dtype=np.int64)[ends]
    return found, ends.astype(np.int64) + 1
