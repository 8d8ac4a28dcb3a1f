"""What may tell two samples apart, in five statistics, each of them quick to compute for a thousand labellings.

gathered    new things lie among new things, in some places more than chance would put them there (a new topic)
vanished    the same of the reference (a topic that is gone)
regions     the share of some region of the cloud changed: the largest change of a cell, in standard errors
shifted     the means of a Gaussian kernel differ: MMD (Gretton et al. 2012, JMLR 13)
turned      the same with directions of little variance counting as much as others, up to a limit: what a regularised
            kernel classifier sees (Harchaoui, Bach and Moulines 2008, NIPS 20; Hagrass et al. 2024, Ann. Statist. 52)

The first two are a nearest-neighbour test (Schilling 1986, Henze 1988) of one side, in which the excess of each
neighbourhood counts by its fifth power: some strange neighbourhoods weigh more than many that are hardly strange. Who
is a neighbour is said by `kin`. All that is slow (neighbours, cells, eigenvectors) knows nothing of labels, and is done
once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from knnife.geometry import Metric, Vectors, blocks, similarity
from knnife.statistics.kmeans import centroids
from knnife.statistics.whitening import inverse_cholesky
from knnife.tools._drift.kin import kin
from knnife.tools._drift.pool import Floats, Labels, Pool, Rows, contrasts

PARTS = ("gathered", "vanished", "regions", "shifted", "turned")
NEIGHBOURS = (5, 10, 20, 40)  # a topic of so many things is seen best by lists of that length, so there are several
POWER = 5  # of the excess of a neighbourhood
WEIGHTS = (4.0, 1.0, 1.0, 1.0, 1.0)  # of the parts where they are joined: what is asked most is whether a kind is new
CELLS, CELL_ROUNDS = 32, 10
LANDMARKS = 300  # the kernel is exact on so many points, and interpolated from them where there are more
DAMPING = 0.1  # of the largest variance: directions with less count in proportion to it
RIDGE = 1e-4  # added to the kernel of a point with itself, which is 1, so that copies do no harm
NOTHING = 1e-6  # what is smaller is rounding; the kernel is at most 1
POWERS = 30  # steps to the largest variance, which need not be exact


@dataclass(frozen=True)
class Cloud:
    """What is known of a pool without its labels. See `look`."""

    pool: Pool
    near: Rows  # (N, k), of other blocks, nearest first
    cells: Rows  # (N,), of each point

    @cached_property
    def members(self) -> Vectors:
        """1 where a point is of a cell, `(N, cells)`."""
        found: Vectors = np.eye(self.cells.max() + 1, dtype=np.float32)[self.cells]
        return found

    @cached_property
    def features(self) -> Floats:
        """The points in the space of the kernel, around their mean: `(N, r)`, whose products are the kernel."""
        points, metric = self.pool.points, self.pool.metric
        marks = points[:LANDMARKS]  # the pool is shuffled
        apart = distances(marks, marks, metric)
        scale = float(np.median(apart[np.triu_indices(len(marks), 1)])) or float(apart.mean()) or 1.0
        kernel = np.exp(-apart / scale).astype(np.float64) + RIDGE * np.eye(len(marks))
        found: Floats = np.exp(-distances(points, marks, metric) / scale) @ inverse_cholesky(kernel).T
        found -= found.mean(axis=0)
        return found

    @cached_property
    def covariance(self) -> Floats:
        """Of the features `(r, r)`."""
        found: Floats = self.features.T @ self.features / len(self.pool)
        return found


def look(pool: Pool) -> Cloud:
    """Neighbours and cells of a pool."""
    n = len(pool)
    k = min(NEIGHBOURS[-1], max(1, n // 8))
    return Cloud(pool, kin(pool, k), _cells(pool.points, max(2, min(CELLS, int(np.sqrt(n / 2))))))


def statistics(cloud: Cloud, labels: Labels) -> dict[str, Floats]:
    """Each statistic for each labelling: name -> `(L,)`, large where samples differ."""
    covariance = cloud.covariance
    if covariance.trace() <= NOTHING:  # all points are one: nothing depends on labels
        return {name: np.zeros(labels.shape[1]) for name in PARTS}
    gathered, vanished = _excess(cloud.near, labels)
    regions = np.abs(standardised(cloud.members, labels)).max(axis=0).astype(np.float64)
    means = cloud.features.T @ contrasts(labels)  # (r, L), of the new less of the reference
    damped = covariance + DAMPING * _largest(covariance) * np.eye(len(covariance))
    turned = ((inverse_cholesky(damped) @ means) ** 2).sum(axis=0)
    shifted = (means**2).sum(axis=0)
    return dict(zip(PARTS, (gathered, vanished, regions, shifted, turned), strict=True))


def standardised(features: Vectors, labels: Labels) -> Vectors:
    """How many standard errors the mean of each feature `(N, f)` is higher in the new sample: `(f, L)`.

    The error is that of chance, when labels are given out at random; constant features are 0.
    """
    centred = features - features.mean(axis=0)
    deviations = np.sqrt(np.einsum("nf,nf->f", centred, centred, dtype=np.float64) / max(1, len(features) - 1))
    new = int(labels[:, 0].sum())
    errors = deviations * np.sqrt(1 / new + 1 / (len(labels) - new))
    constant = errors <= NOTHING * (np.abs(features).max(axis=0) + NOTHING)
    z: Vectors = (centred.T @ contrasts(labels)) / np.where(constant, np.inf, errors)[:, None].astype(np.float32)
    return z


def _excess(near: Rows, labels: Labels) -> tuple[Floats, Floats]:
    """How much new things gather, and how much those of the reference do: two `(L,)`."""
    share = float(labels[:, 0].mean())
    sums = np.zeros((2, labels.shape[1]))
    for part in blocks(len(near), 8 * labels.shape[1]):
        own = labels[part].astype(np.float32)
        counts = np.zeros(own.shape, np.uint8)
        start = 0
        for k in lengths(near):
            for column in range(start, k):
                counts += labels[near[part, column]]
            start = k
            z = (np.arange(k + 1) - k * share) / np.sqrt(k * share * (1 - share))
            sums[0] += np.einsum("nl,nl->l", (np.maximum(z, 0) ** POWER).astype(np.float32)[counts], own)
            sums[1] += np.einsum("nl,nl->l", (np.maximum(-z, 0) ** POWER).astype(np.float32)[counts], 1 - own)
    return sums[0], sums[1]


def lengths(near: Rows) -> list[int]:
    """How many of the neighbours `(N, k)` are looked at: several numbers, the least first."""
    return sorted({min(k, near.shape[1]) for k in NEIGHBOURS})


def _largest(covariance: Floats) -> float:
    """The largest variance in any direction, by the power method."""
    vector = covariance[np.argmax(covariance.diagonal())]
    for _ in range(POWERS):
        vector = np.einsum("ij,j->i", covariance, vector)  # in one thread: too little to wait for another
        vector /= np.linalg.norm(vector)
    return float(vector @ covariance @ vector)


def distances(a: Vectors, b: Vectors, metric: Metric) -> Vectors:
    """Squared Euclidean distances `(n, m)`, or Manhattan ones."""
    if metric == "manhattan":
        return -similarity(a, b, metric)
    squares = np.einsum("ij,ij->i", a, a)[:, None] - 2 * (a @ b.T) + np.einsum("ij,ij->i", b, b)
    found: Vectors = np.maximum(squares, 0)
    return found


def _cells(points: Vectors, count: int) -> Rows:
    """The cell of each point `(N,)`, by k-means; none is empty."""
    centres = centroids(points, count, rounds=CELL_ROUNDS, seed=0)
    found: Rows = np.unique(distances(points, centres, "euclidean").argmin(axis=1), return_inverse=True)[1]
    return found
