"""The shape of a cloud of points in plain figures: neighbours, hubs, cosines, directions in use."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from knnife import geometry
from knnife.geometry import Metric, Vectors, blocks, top_k, unit

Rows = NDArray[np.int64]
Floats = NDArray[np.float64]

SPECTRUM_ROWS = 1_000  # points of which wider vectors are decomposed, so that a spectrum costs at most 1,000³
PAIRS = 10_000  # random pairs: a quantile of their cosines is then right to about one in a hundred of its range
TWO_NN_KEPT = 0.9  # Facco et al. leave out the tenth with the largest ratios, where the fit is not straight


def neighbours(points: Vectors, k: int, metric: Metric, progress: Callable[[int, float], None]) -> tuple[Rows, Floats]:
    """The `k` nearest of each point among the others, nearest first: rows `(n, k)`, and distances `(n, k)`.

    Under "cosine" and "dot" the distances are those of vectors scaled to length 1.
    """
    place = unit(points) if metric == "cosine" else points
    if metric == "euclidean":
        place = points - points.mean(axis=0)  # |x|² - 2xy + |y|² loses fewer digits near the origin
    halves = np.einsum("ij,ij->i", place, place) / 2 if metric == "euclidean" else np.float32(0)
    found = np.empty((len(points), k), np.int64)
    for block in blocks(len(points), 4 * len(points)):
        if metric == "manhattan":
            close = geometry.similarity(points[block], points, "manhattan")
        else:
            close = place[block] @ place.T - halves
        close[np.arange(len(close)), np.arange(block.start, block.stop)] = -np.inf  # nobody is his own neighbour
        found[block] = top_k(close, k)[0]
        progress(block.stop, block.stop / len(points))
    if metric == "dot":
        place = unit(points)
    return found, _distances(place, found, 1 if metric == "manhattan" else 2)


def occurrences(neighbours: Rows) -> Rows:
    """In how many lists of neighbours `(n, k)` each point stands: `(n,)`, the k-occurrence N_k."""
    return np.bincount(neighbours.ravel(), minlength=len(neighbours)).astype(np.int64)


def skewness(counts: NDArray[np.int64]) -> float:
    """The third standardised moment: 0 for a symmetric distribution, large when few have very much."""
    centred = counts - counts.mean()
    spread = float(np.sqrt((centred**2).mean()))
    return float((centred**3).mean()) / spread**3 if spread else 0.0


def two_nn(distances: Floats) -> float | None:
    """The intrinsic dimension by the two nearest neighbours (Facco et al. 2017, doi 10.1038/s41598-017-11873-y).

    The ratios m = r2 / r1 follow 1 - m^-d, so -log(1 - F(m)) over log(m) is a line through the origin with slope d.
    Points with an exact copy have no ratio. None when fewer than ten are left. `distances` `(n, k)` in any order.
    """
    nearest, second = np.sort(distances, axis=1)[:, :2].T
    apart = nearest > 1e-6 * np.median(second)  # below, the digits of float32 decide
    ratios = np.sort(np.log(second[apart] / nearest[apart]))
    if len(ratios) < 10 or not ratios.any():
        return None
    kept = int(TWO_NN_KEPT * len(ratios))
    survival = -np.log1p(-np.arange(1, kept + 1) / len(ratios))
    return float(survival @ ratios[:kept] / (ratios[:kept] @ ratios[:kept]))


def typical_distance(points: Vectors, metric: Metric, seed: int) -> float:
    """The median distance of two random points, measured as `neighbours` does."""
    place = unit(points) if metric in ("cosine", "dot") else points
    first, second = _pairs(len(points), seed)
    apart = place[first].astype(np.float64) - place[second]
    return float(np.median(np.linalg.norm(apart, ord=1 if metric == "manhattan" else 2, axis=1)))


class Cosines(NamedTuple):
    """The cosines of pairs of different points: their mean, and what 1 pair in 20 lies below or above."""

    mean: float
    low: float
    high: float


def cosines(points: Vectors, seed: int) -> Cosines:
    """The mean cosine of all pairs, exact, and the quantiles 0.05 and 0.95 of random ones."""
    directions, n = unit(points), len(points)
    total = directions.sum(axis=0, dtype=np.float64)
    own = float(np.einsum("ij,ij->", directions, directions, dtype=np.float64))
    first, second = _pairs(n, seed)
    low, high = np.quantile(np.einsum("ij,ij->i", directions[first], directions[second]), [0.05, 0.95])
    return Cosines((float(total @ total) - own) / (n * (n - 1)), float(low), float(high))


class Spectrum(NamedTuple):
    """How the variance is spread over directions.

    strongest: the share of the first principal component.
    participation: (sum of variances)² / sum of squared variances: d when all d directions are used alike, 1 when
        one is. still: components (columns) in which all points agree.
    """

    strongest: float
    participation: float
    still: int


def spectrum(points: Vectors) -> Spectrum:
    """The principal components of points `(n, d)`, by those of the smaller of both sides."""
    rows = points if points.shape[1] <= SPECTRUM_ROWS else points[:SPECTRUM_ROWS]
    centred = (rows - rows.mean(axis=0, dtype=np.float64)).astype(np.float32)
    scale = np.abs(centred).max()
    still = int((np.ptp(points, axis=0) == 0).sum())
    if scale == 0:
        return Spectrum(1.0, 1.0, still)
    centred /= scale  # so that squares stay within float32
    small = centred.T @ centred if len(rows) >= points.shape[1] else centred @ centred.T
    variances = np.maximum(np.linalg.eigvalsh(small.astype(np.float64)), 0)
    total = variances.sum()
    return Spectrum(float(variances[-1] / total), float(total**2 / (variances**2).sum()), still)


def _pairs(n: int, seed: int) -> tuple[Rows, Rows]:
    """Random pairs of different rows."""
    random = np.random.default_rng(seed)
    first = random.integers(n, size=PAIRS)
    return first, (first + random.integers(1, n, size=PAIRS)) % n


def _distances(place: Vectors, found: Rows, order: int) -> Floats:
    """The distances `(n, k)` of each point from those `found`, by differences, which keep close ones apart."""
    distances = np.empty(found.shape)
    for block in blocks(len(place), 8 * place.shape[1] * found.shape[1]):
        apart = place[found[block]].astype(np.float64) - place[block, None, :]  # (block, k, d)
        distances[block] = np.linalg.norm(apart, ord=order, axis=2)
    return distances
