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

from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from knnife.geometry import Vectors
from knnife.statistics.intervals import count_interval

Numbers = NDArray[np.float64]

RANK: Final = 6  # the first rank that is looked at: a thing and five copies of it cannot reach it
WIDE: Final = 18  # a later rank: up to it, it is seen how the things of a crowd are spread
DEEPEST: Final = 50  # the last one
BLOCKS: Final = 4  # of ranks, within each of which the rise is measured
PARTS: Final = 10  # of the jackknife
CARRIED: Final = 0.8  # of the shape: it is seen over two e-folds of ranks, and carried over some nine more
SCALES: Final = 20
LEAST_SCALE: Final = 0.1
BEYOND: Final = 0.1  # error of the logarithm for each e-fold that a tail is carried on
USUAL_ERROR: Final = 0.4  # of the logarithm of what is expected
MOST_DOUBT: Final = 2.0  # a greater error is not told from no estimate
FLATTEST: Final = 1e-6  # shape; below 0 a tail would end, and near a thing there is no such end
STEEPEST: Final = 0.5
CURVED: Final = 0.1  # by how much steeper for each e-fold a curved cloud may become; more tells of clusters
FITS: Final = 0.2  # how far the curve may be from the ranks it was fitted to, as share of its scale


class Company(NamedTuple):
    """How much closer the neighbour RANK of each thing is than usual, and how much wider the neighbours behind it are
    spread, never less than 0 and 1, `(n,)` each.
    """

    shift: Numbers
    scale: Numbers

    def of(self, left: NDArray[np.int64], right: NDArray[np.int64]) -> Company:
        """Of pairs of these things, the closer and the wider one of both."""
        return Company(*(np.maximum(each[left], each[right]) for each in self))


@dataclass(frozen=True)
class NeighbourTail:
    """How many pairs of things that are no copies are expected within each distance.

    level: minus the logarithm of how far the neighbour of rank RANK usually is. Within exp(-level - scale * (((m /
    RANK) ** -shape) - 1) / shape) of a thing, m of those looked at are expected that are no copies of it. every: one in
    so many was looked at. spread: the scales of things, `(q,)`, as shares of the usual one; what is expected is the
    mean over them. pairs: how many pairs are expected where one neighbour is. error: the standard error of the
    logarithm of what is expected, where that is one pair. fits: whether the ranks follow such a curve at all.
    """

    level: float
    scale: float
    shape: float
    every: float
    pairs: float
    error: float
    fits: bool
    spread: Numbers = field(default_factory=lambda: np.ones(1))

    @property
    def known(self) -> bool:
        """Whether there were things enough for an estimate."""
        return self.pairs > 0

    @property
    def calibrated(self) -> bool:
        """Whether the estimate is one: the ranks follow the curve, and the error is not all there is."""
        return self.known and self.fits and self.error < MOST_DOUBT

    def expected(self, distances: Vectors | Numbers, company: Company | None = None) -> Numbers:
        """The number of pairs expected within these distances though they are no copies; 0 for those at 0.

        company: that of the pairs, `(p,)`. A pair must stand out from it as far as others from theirs.
        """
        distances = np.maximum(np.asarray(distances, np.float64), 0)
        if not self.known:
            return np.where(distances <= 0, 0.0, np.inf)
        with np.errstate(divide="ignore"):
            closeness = -np.log(distances)
        if company is not None:
            with np.errstate(invalid="ignore"):  # of exact copies among exact copies
                closeness = self.level + (closeness - self.level - company.shift) / company.scale
        found = self._doubt * self.pairs * self._neighbours(closeness)
        return np.where(distances <= 0, 0.0, found)

    def company(self, near: Vectors | Numbers, wide: Vectors | Numbers) -> Company:
        """The company of things whose neighbours of rank RANK and WIDE are so far, infinite where that is not known."""
        with np.errstate(divide="ignore"):
            close, wider = (-np.log(np.maximum(np.asarray(far, np.float64), 0)) for far in (near, wide))
        gaps = float((1 / np.arange(RANK, WIDE)).sum())
        crowded = np.isfinite(close) & (wider > self.level)  # even neighbour WIDE is nearer than RANK usually is
        scale = np.ones(len(close))
        scale[crowded] = (close[crowded] - wider[crowded]) / (gaps * self.scale)
        return Company(np.maximum(0, close - self.level), np.maximum(1, scale))

    def distance(self, expected: float) -> float:
        """The greatest distance within which no more such pairs are expected, in usual company."""
        if not self.known or expected <= 0:
            return 0.0
        return float(np.exp(-self._closeness(expected / self.pairs / self._doubt)))

    @property
    def uncertainty(self) -> float:
        """As `error`, and with it that of the curve itself, which is carried from rank RANK to less than one pair."""
        return float(np.hypot(self.error, BEYOND * np.log(max(self.every * RANK * self.pairs, 1))))

    @property
    def _doubt(self) -> float:
        """The mean of what is expected, where its logarithm is known to a normal error, over its middle."""
        return float(np.exp(min(self.error, MOST_DOUBT) ** 2 / 2))

    def _neighbours(self, closeness: Numbers) -> Numbers:
        """How many of all are expected at least so close."""
        found = np.zeros(np.shape(closeness))
        for scale in self.spread * self.scale:
            further = np.log1p(np.maximum(self.shape * (closeness - self.level) / scale, -0.99))
            found += np.exp(-further / self.shape)
        return np.asarray(self.every * RANK / len(self.spread) * found)

    def _closeness(self, neighbours: float) -> float:
        """How close so many of all are expected to be, by bisection."""
        behind = -np.log(neighbours / self.every / RANK)
        low, high = self.level + self.scale * min(behind, 0.0) * 10, self.level + self.scale
        while self._neighbours(np.array(high)) > neighbours:
            high = high + 2 * (high - self.level)
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if self._neighbours(np.array(middle)) > neighbours else (low, middle)
        return float(low)


NOTHING_KNOWN = NeighbourTail(0.0, 1.0, 1.0, 1.0, 0.0, np.inf, False)


def fit_neighbour_tail(
    nearest: Vectors | Numbers, every: float, pairs: float, *, unlike: bool = False
) -> NeighbourTail:
    """The tail of pairs that are no copies.

    nearest: how far the neighbours of some things are, the nearest first, `(m, k)`, k being `deepest(others)`. every,
    pairs: as in `NeighbourTail`. unlike: the scales of things differ, and not by how crowded it is around them.
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
    kept = CARRIED * float(tail.shape**2 / (tail.shape**2 + doubt))  # a shape that is not told from 0 is none
    tail = _curve(left, every, pairs, kept) or first
    limit = np.array(tail._closeness(1 / pairs))
    again = [_curve(left[part != out], every, pairs, kept) for out in range(PARTS)]
    logs = [np.log(max(float(each._neighbours(limit)) * pairs, 1e-9)) for each in again if each is not None]
    error = float(np.sqrt((PARTS - 1) * np.var(logs))) if len(logs) == PARTS else np.inf
    spread = _spread(left) if unlike else np.ones(1)
    return replace(tail, error=error, spread=spread)


def _spread(closeness: Numbers) -> Numbers:
    """Evenly spaced quantiles of the scales of things over the usual one, less what chance adds to their variance."""
    gaps = 1 / np.arange(RANK, closeness.shape[1])
    scales = closeness[:, RANK - 1] - closeness[:, -1]
    scales = scales[np.isfinite(scales)] / _typical(scales)
    chance = (gaps**2).sum() / gaps.sum() ** 2 * (scales**2).mean()
    kept = np.sqrt(max(0.0, 1 - chance / max(scales.var(), chance)))
    found: Numbers = np.quantile(1 + kept * (scales - 1), (np.arange(SCALES) + 0.5) / SCALES)
    return np.maximum(found, LEAST_SCALE)


def _without_copies(closeness: Numbers, tail: NeighbourTail) -> Numbers:
    """Copies leave the ranks: what stands out among the neighbours of a thing so far that one pair is expected to."""
    limit = tail._closeness(1 / tail.pairs) + np.maximum(0, closeness[:, RANK - 1 : RANK] - tail.level)
    left = -np.sort(np.where(closeness > limit, np.inf, -closeness), axis=1)
    left[~np.isfinite(left)] = np.nan
    return left


def as_many_as_expected(expected: Numbers, accepted: float, most: float, error: float) -> bool:
    """Whether the pairs just beyond the limit are no more than expected: copies are mostly far within it.

    expected: of all pairs up to an expectation of `most`, `(p,)`. accepted: that of the limit. So things are told that
    follow no tail, as questions that differ in a word: there are more and more of them.
    """
    end = min(10 * accepted, most)
    beyond = np.count_nonzero((expected > accepted) & (expected <= end))
    return bool(beyond <= count_interval(end - accepted, max(error, USUAL_ERROR))[1])


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
