"""How near a thing's neighbours are that are no copies of it, though copies stand among them.

The neighbours of a thing, the nearest first, are order statistics. A group of copies fills the first few ranks and no
more, however many groups there are. So the ranks behind these tell of the others alone, and the law of extremes
carries what they tell on to the first ranks: minus the logarithm of a distance, as a function of the expected number
of neighbours within it, is that of a generalised Pareto tail (Pickands, "Statistical inference using extreme order
statistics", Annals of Statistics 3, 1975). With shape 0 this is the power law of the correlation integral, whose power
is the dimension (Grassberger and Procaccia 1983; Levina and Bickel, "Maximum likelihood estimation of intrinsic
dimension", 2004).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knnife.geometry import Vectors

Numbers = NDArray[np.float64]

RANK: Final = 6  # the first rank that is looked at: a thing and five copies of it cannot reach it
DEEPEST: Final = 50  # the last one
BLOCKS: Final = 4  # of ranks, within each of which the rise is measured
PARTS: Final = 10  # of the jackknife
MOST_DOUBT: Final = 2.0  # a greater error is not told from no estimate
FLATTEST: Final = 1e-6  # shape; below 0 a tail would end, and near a thing there is no such end
STEEPEST: Final = 0.5
CURVED: Final = 0.1  # by how much steeper for each e-fold a curved cloud may become; more tells of clusters
FITS: Final = 0.2  # how far the curve may be from the ranks it was fitted to, as share of its scale


@dataclass(frozen=True)
class NeighbourTail:
    """How many pairs of things that are no copies are expected within each distance.

    level: minus the logarithm of how far the neighbour of rank RANK usually is. Within exp(-level - scale * (((m /
    RANK) ** -shape) - 1) / shape) of a thing, m of those looked at are expected that are no copies of it. every: one in
    so many was looked at. pairs: how many pairs are expected where one neighbour is. error: the standard error of the
    logarithm of what is expected, where that is one pair. fits: whether the ranks follow such a curve at all.
    """

    level: float
    scale: float
    shape: float
    every: float
    pairs: float
    error: float
    fits: bool

    @property
    def known(self) -> bool:
        """Whether there were things enough for an estimate."""
        return self.pairs > 0

    @property
    def calibrated(self) -> bool:
        """Whether the estimate is one: there is one, it fits, and it is right to a factor of e^2 or so."""
        return self.known and self.fits and self.error < 1

    def expected(self, distances: Vectors | Numbers, crowds: Vectors | Numbers | float = np.inf) -> Numbers:
        """The number of pairs expected within these distances though they are no copies; 0 for those at 0.

        crowds: how far the neighbour RANK of either thing of the pair is, `(p,)`, the smaller of both. Where it is
        nearer than usual the things stand in a crowd, and a pair must stand out from it as far as others from theirs.
        """
        distances = np.maximum(np.asarray(distances, np.float64), 0)
        if not self.known:
            return np.where(distances <= 0, 0.0, np.inf)
        with np.errstate(divide="ignore", invalid="ignore"):
            closeness = -np.log(distances) - self._shift(crowds)
            found = self._doubt * self.pairs * self._neighbours(closeness)
        return np.where(distances <= 0, 0.0, found)

    def distance(self, expected: float, crowd: float = np.inf) -> float:
        """The greatest distance within which no more such pairs are expected."""
        if not self.known or expected <= 0:
            return 0.0
        return float(np.exp(-self._closeness(expected / self.pairs / self._doubt) - self._shift(crowd)))

    def between(self, expected: float) -> tuple[float, float]:
        """Between which numbers of such pairs the true one lies, in 95 of 100 cases, where so many are expected.

        The error of the estimate, and chance: twice the square root of a count, and one more (Freeman and Tukey, 1950).
        """
        if not self.known:
            return 0.0, float("inf")
        factor = float(np.exp(2 * self.error))
        low, high = np.sqrt(expected / factor), np.sqrt(expected * factor)
        return float(max(0.0, low - 1) ** 2), float((high + 1) ** 2)

    @property
    def _doubt(self) -> float:
        """The mean of what is expected, where its logarithm is known to a normal error, over its middle."""
        return float(np.exp(min(self.error, MOST_DOUBT) ** 2 / 2))

    def _neighbours(self, closeness: Numbers) -> Numbers:
        """How many of all are expected at least so close."""
        further = np.log1p(np.maximum(self.shape * (closeness - self.level) / self.scale, -0.99))
        found: Numbers = self.every * RANK * np.exp(-further / self.shape)
        return found

    def _closeness(self, neighbours: float) -> float:
        """How close so many of all are expected to be."""
        return float(
            self.level + self.scale * np.expm1(-self.shape * np.log(neighbours / self.every / RANK)) / self.shape
        )

    def _shift(self, crowds: Vectors | Numbers | float) -> Numbers:
        with np.errstate(divide="ignore"):
            shift: Numbers = np.maximum(0, -np.log(np.maximum(crowds, 0)) - self._closeness(RANK))
        return shift


NOTHING_KNOWN = NeighbourTail(0.0, 1.0, 1.0, 1.0, 0.0, np.inf, False)


def fit_neighbour_tail(nearest: Vectors | Numbers, every: float, pairs: float) -> NeighbourTail:
    """The tail of pairs that are no copies.

    nearest: how far the neighbours of some things are, the nearest first, `(m, k)`, k being `deepest(others)`. every,
    pairs: as in `NeighbourTail`.
    """
    if len(nearest) < PARTS or nearest.shape[1] <= 2 * RANK:
        return NOTHING_KNOWN
    with np.errstate(divide="ignore"):
        closeness = -np.log(np.maximum(np.asarray(nearest, np.float64), 0))
    deep = closeness.shape[1]
    first = _curve(closeness, every, pairs)
    while first is not None and not first.fits and deep > 4 * RANK:  # clusters end at some rank
        deep = int(deep / 1.4)
        first = _curve(closeness[:, :deep], every, pairs)
    if first is None:
        return NOTHING_KNOWN
    closeness = closeness[:, :deep]
    left = _without_copies(closeness, first)
    tail = _curve(left, every, pairs) or first
    part = np.arange(len(left)) % PARTS
    without = [_curve(left[part != out], every, pairs) for out in range(PARTS)]
    others = [each for each in without if each is not None]
    doubt = np.inf if len(others) < PARTS else (PARTS - 1) * np.var([each.shape for each in others])
    kept = float(tail.shape**2 / (tail.shape**2 + doubt))  # a shape that is not told from 0 is none
    tail = _curve(left, every, pairs, kept) or first
    limit = np.array(tail._closeness(1 / pairs))
    again = [_curve(left[part != out], every, pairs, kept) for out in range(PARTS)]
    logs = [np.log(max(float(each._neighbours(limit)) * pairs, 1e-9)) for each in again if each is not None]
    error = float(np.sqrt((PARTS - 1) * np.var(logs))) if len(logs) == PARTS else np.inf
    return replace(tail, error=error)


def _without_copies(closeness: Numbers, tail: NeighbourTail) -> Numbers:
    """Copies leave the ranks: what stands out among the neighbours of a thing so far that one pair is expected to."""
    limit = tail._closeness(1 / tail.pairs) + np.maximum(0, closeness[:, RANK - 1 : RANK] - tail._closeness(RANK))
    left = -np.sort(np.where(closeness > limit, np.inf, -closeness), axis=1)
    left[~np.isfinite(left)] = np.nan
    return left


def deepest(others: int) -> int:
    """The last rank that tells of the nearest ones, among so many others."""
    return min(DEEPEST, max(others // 8, min(others // 3, 2 * RANK + 1)))


def _curve(closeness: Numbers, every: float, pairs: float, kept: float = 1.0) -> NeighbourTail | None:
    """From how much closer the neighbours of one rank are than those of a later one; None where they do not differ.

    kept: of the shape.

    Of each thing alone, so it makes no difference that some things are in closer company than others; and the middle
    thing counts, so some may stand in crowds.
    """
    ranks = np.unique(np.round(np.geomspace(RANK, closeness.shape[1], BLOCKS + 1)).astype(int))
    blocks = [(int(a), int(b)) for a, b in pairwise(ranks)]
    gaps = [1 / np.arange(*block) for block in blocks]  # in units of scale they are exponential (Rényi, 1953)
    means, weights = np.array([(each.sum(), each.sum() ** 2 / (each**2).sum()) for each in gaps]).T
    rises = np.array([_typical(closeness[:, a - 1] - closeness[:, b - 1]) for a, b in blocks]) / means
    level = _typical(closeness[:, RANK - 1])
    if not np.isfinite(rises).all() or not np.isfinite(level) or rises.min() < 1e-9:
        return None
    places = np.array([np.log(np.sqrt(a * b) / RANK) for a, b in blocks])
    places -= (centre := np.average(places, weights=weights))
    middle = np.average(np.log(rises), weights=weights)
    fall = (places * np.log(rises)) @ weights / (places**2 @ weights)
    missed = float(np.abs(np.log(rises) - middle - fall * places).max())
    steeper = np.log(RANK) * min(max(fall, 0), CURVED)  # up to the first rank
    scale, shape = float(np.exp(middle - fall * centre - steeper)), float(np.clip(-kept * fall, FLATTEST, STEEPEST))
    return NeighbourTail(level, scale, shape, every, pairs, 0.0, missed <= FITS)


def _typical(values: Numbers) -> float:
    """The mean of the middle four fifths of the values that are known."""
    known = np.sort(values[np.isfinite(values)])
    cut = len(known) // 10
    return float(known[cut : len(known) - cut].mean()) if len(known) else np.nan
