"""Tails of distributions, where there are too few values to count.

An excess over a threshold is often nearly exponential, and always so for the logarithm of a power law: the generalised
Pareto distribution with shape 0 (Pickands, "Statistical inference using extreme order statistics", Annals of Statistics
3, 1975). The three estimates below are maximum likelihood for what is seen of such a tail: all of it, a part that is
censored, or a part that is cut off.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from knnife.geometry import Vectors
from knnife.statistics.intervals import share_interval

Numbers = NDArray[np.float64]

WINDOW: Final = 200  # pairs beyond a distance that tell of those within: the estimate is right to a factor of 1.5 or so
FEWEST: Final = 40  # of them; with fewer there is no estimate
FALL: Final = 20.0  # the anchor is the greatest distance within which are so many times fewer than in the window beyond
STEEP: Final = 1 / np.log1p(FALL) - 1 / FALL  # the mean, as share of the window, of a distribution that falls so much
PLACES: Final = 400  # distances tried, evenly on a logarithmic scale

LEAST, MOST = 0.05, 0.5  # the share of similarities that a power tail is learned from, at the least and the most
HIGHEST: Final = 1 - 1e-6  # similarity: beyond, things are copies
STEEPEST: Final = 1e6


def mean_excess(values: NDArray[np.floating], start: float, end: float = np.inf) -> float:
    """The mean of an exponential tail, from those of the values `(n,)` that lie above `start`; 0 where none does.

    Values from `end` on count as censored: they tell that they are as high, and no more (Hill, "A simple general
    approach to inference about the tail of a distribution", Annals of Statistics 3, 1975; Epstein and Sobel 1953 for
    censored values). Of logarithms of a power law, the power is 1 / mean.
    """
    beyond = values[values > start]
    seen = int((beyond < end).sum())
    return float((np.minimum(beyond, end) - start).sum() / max(seen, 1))


def truncated_rate(mean: float) -> float:
    """The rate of an exponential distribution on [0, 1], truncated at 1, that has this mean; the mean is below 1/2.

    Solves 1 / rate - 1 / (e^rate - 1) = mean by bisection. Deemer and Votaw, "Estimation of parameters of truncated or
    censored exponential distributions", Annals of Mathematical Statistics 26 (1955).
    """
    low, high = 1e-6, 1 / max(mean, 1e-6)  # the mean is at most 1 / rate
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if 1 / middle - 1 / np.expm1(min(middle, 700)) > mean else (low, middle)
    return (low + high) / 2


@dataclass(frozen=True)
class PowerTail:
    """The upper end of similarities below 1, where the share beyond one falls as a power of the distance (1 - it).

    So does the share of a sphere that lies within a distance of a point on it. A rate can then be stated that is
    smaller than one in the number of similarities seen. How sure it is depends on how many people they are of.

    The rate is that of new people, not of those seen: the power is an estimate, and a line that is set too low lets in
    more than one set too high keeps out. Of an exponential tail whose mean m was seen on n values, a new value is
    beyond x with a chance of (1 + x / (n m))^-n, whatever the true mean (Geisser, "Predictive inference", 1993).

    start: the similarity at which it begins. share: how many similarities lie beyond. power: of the distance, by which
    that share falls. people, count: how many people and similarities it was learned from. units: how many of the
    similarities tell something of their own.
    """

    start: float
    share: float
    power: float
    people: int
    count: int
    units: float

    @classmethod
    def learn(
        cls, similarities: Numbers, people: int, *, beyond: float, units: float | None = None, more: float = 1.0
    ) -> Self:
        """From similarities `(m,)` between so many people.

        beyond: of how many people it takes the upper end. units: as above; None: the people. more: how many times as
        many people a new one will be compared with.
        """
        told = people if units is None else units
        wanted = float(np.clip(beyond / people, LEAST, MOST))
        start = float(np.quantile(similarities, 1 - wanted))
        inside = similarities[similarities > start]
        if not len(inside) or start > HIGHEST:  # all the same
            return cls(min(start, HIGHEST), wanted, STEEPEST, people, len(similarities), told)
        closer = -np.log1p(-np.minimum(inside, HIGHEST))
        power = min(1 / max(mean_excess(closer, -float(np.log1p(-start))), 1 / STEEPEST), STEEPEST)
        share = min(more * len(inside) / len(similarities), 1.0)
        return cls(start, share, power, people, len(similarities), told)

    @property
    def _seen(self) -> float:
        """How many values the power was estimated from."""
        return max(self.share * self.units, 1.0)

    def threshold(self, rate: float) -> float:
        """The similarity that new people who are not the same reach at this rate, which is not above `LEAST`."""
        beyond = np.expm1(-np.log(rate / max(self.share, rate)) / self._seen) * self._seen / self.power
        return min(1 - (1 - self.start) * float(np.exp(-beyond)), max(HIGHEST, self.start))

    def rate(self, similarity: float) -> float:
        """The share of new people who are not the same that are at least so alike; `share` for all below the tail."""
        closer = (1 - self.start) / max(1 - similarity, 1e-300)
        beyond = self.power * np.log(max(closer, 1.0)) / self._seen
        return float(self.share * (1 + beyond) ** -self._seen) if similarity < 1 else 0.0

    def between(self, similarity: float) -> tuple[float, float]:
        """Between which rates the true one lies, in 95 of 100 cases, as far as so many people can tell."""
        return share_interval(self.rate(similarity), self.people)

    def state(self) -> dict[str, Any]:
        """All of it, for JSON."""
        return asdict(self)

    @classmethod
    def of_state(cls, state: Mapping[str, Any]) -> Self:
        """What `state` wrote down. Raises KeyError, TypeError or ValueError for anything else."""
        start, share, power = (float(state[name]) for name in ("start", "share", "power"))
        people, count = int(state["people"]), int(state["count"])
        units = float(state.get("units", people))  # older files name none
        if not (-1.1 < start <= HIGHEST and 0 < share <= 1 and 0 < power <= STEEPEST and people > 0 < units):
            raise ValueError("no tail")
        return cls(start, share, power, people, count, units)


@dataclass(frozen=True)
class PairTail:
    """How many pairs of things that are no copies are expected within each distance.

    Their number falls as a power of the distance r when r becomes small; the power is the dimension of the cloud at
    that scale (the correlation integral: Grassberger and Procaccia, "Measuring the strangeness of strange attractors",
    Physica D 9, 1983). So the pairs just beyond a distance tell how many lie within it by chance. The pairs within it,
    copies for the most part, are not looked at.

    anchor: a distance within which `expected_there` such pairs are expected. power: by which the number falls below it.
    beyond: the distances of the pairs beyond the anchor, sorted; each of them is counted as no copy.
    """

    anchor: float
    expected_there: float
    power: float
    beyond: Numbers

    @property
    def known(self) -> bool:
        """Whether there were pairs enough for an estimate."""
        return self.anchor > 0

    @property
    def calibrated(self) -> bool:
        """As `NeighbourTail.calibrated`."""
        return self.known

    def expected(self, distances: Vectors | Numbers) -> Numbers:
        """The number of pairs expected within these distances though they are no copies; 0 for those at 0."""
        distances = np.maximum(np.asarray(distances, np.float64), 0)
        if not self.known:
            return np.where(distances <= 0, 0.0, np.inf)
        within: Numbers = np.minimum(distances / self.anchor, 1) ** self.power
        between = np.searchsorted(self.beyond, distances, side="right")
        return self.expected_there * within + between

    def distance(self, expected: float) -> float:
        """The greatest distance within which no more such pairs are expected."""
        if not self.known:
            return 0.0
        if expected < self.expected_there:
            return float(self.anchor * (expected / self.expected_there) ** (1 / self.power))
        more = int(expected - self.expected_there)
        if more >= len(self.beyond):
            return float(self.beyond[-1])
        return float(np.nextafter(self.beyond[more], 0))


NOTHING_KNOWN = PairTail(0.0, 0.0, 0.0, np.empty(0))


def fit_pair_tail(distances: Vectors | Numbers, most: float) -> PairTail:
    """The tail of pairs that are no copies.

    distances: of all pairs up to some distance, copies among them, `(p,)`. most: the anchor lies below; so far away,
    pairs are known to be no copies.
    """
    found = np.sort(np.asarray(distances, np.float64))
    positive = found[found > 0]
    if len(positive) < FEWEST or most <= 0:
        return NOTHING_KNOWN
    logs = np.log(positive)
    size = min(WINDOW, max(FEWEST, len(logs) // 4))
    for place in np.linspace(min(np.log(most), logs[-1]), logs[0] - 2, PLACES):
        first = int(np.searchsorted(logs, place, side="right"))
        window = logs[first : first + size]
        reach = window[-1] - place if len(window) == size else 0.0
        if reach > 0 and (mean := (window[-1] - window[:-1]).mean() / reach) <= STEEP:
            rate = truncated_rate(mean)
            return PairTail(
                float(np.exp(place)), float((size - 1) / np.expm1(rate)), float(rate / reach), positive[first:]
            )
    return NOTHING_KNOWN
