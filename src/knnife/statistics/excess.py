"""How many of the highest of many values are more than the tail of the others explains.

The values are of ordinary things and, perhaps, of some odd ones that lie above; nobody says which. What is supposed of
the ordinary ones is that their tail falls no slower than an exponential one, or hardly: its hazard does not fall (an
"increasing failure rate", which normal, uniform, exponential and all other log-concave distributions have), but for a
little that is allowed for (`SHAPE`). Then any part of the values tells, by how fast they become fewer in it, how many
ordinary ones there can be beyond at most. Odd ones cannot get into a part that ends before they begin; where they begin
is unknown, so parts of many lengths are asked, and each has its say only as far as it is sure.

Efron, "Large-scale simultaneous hypothesis testing: the choice of a null hypothesis", JASA 99 (2004), for a null
distribution that is learned from the values that are not looked for; Barlow, Marshall and Proschan, "Properties of
probability distributions with monotone hazard rate", Annals of Mathematical Statistics 34 (1963), for the bound.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Final

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

FEWEST: Final = 20  # values in a part: of fewer, its rate is unknown to a factor of 1.6
ENDS: Final = np.geomspace(0.45, 0.004, 24)  # which share of all values lies beyond a part
LENGTHS: Final = (2, 3, 5, 8)  # how many times as many lie beyond its beginning as beyond its end
SHAPE: Final = 0.1  # of a generalised Pareto tail: somewhat heavier than the exponential one, whose shape is 0
RATES: Final = np.geomspace(0.2, 60, 80)  # tried, for each width of a part
SHARES: Final = np.concatenate([[0], np.geomspace(0.003, 0.6, 17)])  # of odd ones among all: tried
USUAL_SHARE: Final = (
    0.05  # of odd ones, before anything is known: the mean where there are any, which is as likely as not
)
LOWEST: Final = 0.3  # of all values lie below a part
USUAL_END, USUAL_LENGTH = 0.1, 5  # of the part that is asked where nothing is in excess
DOUBT: Final = 0.25  # that a part is wrong in saying that no more than the stated share is ordinary
PARTINGS: Final = 4
CUTS: Final = 25  # numbers of highest values that are tried for a part
DRAWS: Final = 4_000


@dataclass(frozen=True)
class Tail:
    """The ordinary values beyond an end, as a part of the values before it tells.

    end: where it begins. width: of the part. beyond: `(r, s)`, how many ordinary ones lie beyond the end, if the rate
    and the share of odd ones were these. weights: `(r, s)`, how likely that is; their sum is 1.
    """

    end: float
    width: float
    beyond: Numbers
    weights: Numbers

    def expected(self, values: Numbers) -> Numbers:
        """How many ordinary ones are expected to lie as high as each value `(m,)`, which is not below the end."""
        found: Numbers = self._surviving(values) @ (self.weights * self.beyond).sum(axis=1)
        return found

    def doubts(self, values: Numbers, most: Numbers) -> Numbers:
        """How likely more than `most` ordinary ones are expected beyond each value: both `(m,)`."""
        counts = self._surviving(values)[:, :, None] * self.beyond
        likely: Numbers = np.einsum("rs,mrs->m", self.weights, counts > most[:, None, None])
        return likely

    def interval(self, value: float) -> tuple[int, int]:
        """Between how many ordinary ones lie as high as a value, in 95 of 100 cases.

        These are the 0.5 and 99.5 percentiles: of many tails, the one that finds the most is believed, and is biased.
        """
        random = np.random.default_rng(0)
        drawn = random.choice(self.weights.size, DRAWS, p=self.weights.ravel())
        counts = (self._surviving(np.array([value]))[0][:, None] * self.beyond).ravel()
        low, high = np.percentile(random.poisson(counts[drawn]), [0.5, 99.5], method="nearest")
        return int(low), int(high)

    def _surviving(self, values: Numbers) -> Numbers:
        """The share of those beyond the end that lie as high `(m, r)`."""
        places = np.maximum(values - self.end, 0)[:, None] / self.width
        return np.power(1 + SHAPE * RATES * places, -1 / SHAPE)


@dataclass(frozen=True)
class Excess:
    """The highest values, and what of them is more than expected.

    count: how many are in excess of the tail, all but a share of them. tail: that of the ordinary ones, None where
    there are too few different values to learn one. ordered: `(n,)`, the values, ascending.
    """

    count: int
    tail: Tail | None
    ordered: Numbers

    @property
    def limit(self) -> float:
        """The lowest of the values in excess; infinite where there are none."""
        return float(self.ordered[-self.count]) if self.count else np.inf

    @cached_property
    def false(self) -> tuple[float, int, int]:
        """How many of those in excess are expected to be ordinary, and between how many in 95 of 100 cases."""
        if not self.count or self.tail is None:
            return 0.0, 0, 0
        low, high = self.tail.interval(self.limit)
        return float(self.tail.expected(np.array([self.limit]))[0]), low, min(high, self.count)

    def p_values(self, values: Numbers) -> Numbers:
        """Which share of the ordinary ones is expected to be as high as each value `(m,)`, by counting and beyond."""
        n = len(self.ordered)
        found: Numbers = (n - np.searchsorted(self.ordered, values, side="left")) / n
        if self.tail is not None:
            far = values > self.tail.end
            most = (n - np.searchsorted(self.ordered, self.tail.end, side="right")) / n
            found[far] = np.minimum(self.tail.expected(values[far]) / n, most)
        return found


def excess(values: Numbers, rate: float) -> Excess:
    """The highest of values `(n,)` of which at most the share `rate` is expected to be ordinary.

    Of all parts of the values that say so, the one that finds the most is believed.
    """
    ordered = np.sort(values).astype(np.float64)
    best, found, tails = 0, None, _tails(ordered)
    for tail in tails:
        count = _passing(tail, ordered, np.geomspace(1, len(ordered) / 2, CUTS), rate, best)
        if count > best:
            best, found = count, tail
    if found is not None:  # the cuts were coarse
        best = _passing(found, ordered, np.linspace(best, 2 * best, 2 * CUTS), rate, best - 1)
    return Excess(best, found or (tails[0] if tails else None), ordered)


def halves_agree(values: Numbers, rate: float, seed: int) -> bool:
    """Whether something is in excess within a random half of values `(n,)` too, in each of several partings."""
    random = np.random.default_rng(seed)
    partings = (np.array_split(random.permutation(len(values)), 2) for _ in range(PARTINGS))
    return all(any(excess(values[half], rate).count for half in halves) for halves in partings)


def _passing(tail: Tail, ordered: Numbers, cuts: Numbers, rate: float, above: int) -> int:
    """The largest of so many highest values that a tail calls in excess, above a number; else 0."""
    beyond = len(ordered) - np.searchsorted(ordered, tail.end, side="right")
    counts = np.unique(np.minimum(cuts.astype(np.int64), beyond))
    counts = counts[counts > above]
    passing = counts[tail.doubts(ordered[len(ordered) - counts], rate * counts) <= DOUBT]
    return int(passing.max()) if len(passing) else 0


def _tails(ordered: Numbers) -> list[Tail]:
    """What each part of the values `(n,)` tells, first the one that is asked where nothing is in excess."""
    n, sums = len(ordered), np.concatenate([[0], np.cumsum(ordered)])
    found = []
    for end, length in sorted(product(ENDS, LENGTHS), key=_unusual):
        first, last = int(n * (1 - end * length)), int(n * (1 - end))
        seen = last - first
        if first < LOWEST * n or seen < FEWEST or last >= n:
            continue
        start, width = ordered[first - 1], ordered[last - 1] - ordered[first - 1]
        if width > 0:
            places = (sums[last] - sums[first] - seen * start) / width
            found.append(_tail(float(ordered[last - 1]), float(width), seen, float(places), n - last, n))
    return found


def _unusual(part: tuple[float, int]) -> float:
    end, length = part
    return abs(math.log(end / USUAL_END)) + abs(math.log(length / USUAL_LENGTH))


def _tail(end: float, width: float, seen: int, places: float, beyond: int, n: int) -> Tail:
    """The posterior of the rate and of the share of odd ones, all of which lie beyond the end.

    seen: how many values lie in the part; places: the sum of where, from 0 to 1. beyond: how many lie beyond its end.
    """
    shares = SHARES * n / (seen + beyond)
    prior = np.exp(-SHARES / USUAL_SHARE) * np.gradient(SHARES) / USUAL_SHARE / 2
    prior[0] = 1 / 2
    shares, prior = shares[shares < 1], prior[shares < 1]
    surviving = np.exp(-RATES)[:, None]
    likely = (seen * np.log(RATES) - RATES * places)[:, None] + seen * np.log1p(-shares) + np.log(prior)
    likely += beyond * np.log((1 - shares) * surviving + shares)
    weights = np.exp(likely - likely.max())
    return Tail(end, width, (seen + beyond) * (1 - shares) * surviving, weights / weights.sum())
