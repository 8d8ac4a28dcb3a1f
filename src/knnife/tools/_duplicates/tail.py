"""How many pairs that are no copies are as alike as this?

Among things that are no copies, the number of pairs closer than a distance r falls as a power of r when r becomes
small; the power is the dimension of the cloud at that scale (the correlation integral: Grassberger and Procaccia,
"Measuring the strangeness of strange attractors", Physica D 9, 1983). So the pairs just beyond a distance tell how many
lie within it by chance: the logarithms of their distances are those of an exponential distribution that is cut off, and
its rate is found by maximum likelihood. The pairs within the distance, copies for the most part, are not looked at, so
their number has no influence.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knnife.geometry import Vectors

WINDOW = 200  # pairs beyond a distance, for an estimate of those within it: it is right to a factor of 1.5 or so
FEWEST = 40  # of them; with fewer there is no estimate
FALL = 20.0  # the anchor is the greatest distance within which are so many times fewer than in the window beyond it
STEEP = 1 / np.log1p(FALL) - 1 / FALL  # the mean, as share of the window, of a distribution that falls so much
STEPS = 400  # distances tried, evenly on a logarithmic scale

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Tail:
    """The expected number of pairs within each distance that are no copies.

    anchor: a distance within which `expected_there` such pairs are expected. power: by which the number falls below it.
    beyond: the distances of the pairs beyond the anchor, sorted; each of them is counted as no copy.
    """

    anchor: float
    expected_there: float
    power: float
    beyond: Floats

    @property
    def known(self) -> bool:
        """Whether there were pairs enough for an estimate."""
        return self.anchor > 0

    def expected(self, distances: Vectors | Floats) -> Floats:
        """The number of pairs expected within these distances though they are no copies; 0 for those at 0."""
        distances = np.maximum(np.asarray(distances, np.float64), 0)
        if not self.known:
            return np.where(distances <= 0, 0.0, np.inf)
        within: Floats = np.minimum(distances / self.anchor, 1) ** self.power
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


NOTHING_KNOWN = Tail(0.0, 0.0, 0.0, np.empty(0))


def fit_tail(distances: Vectors | Floats, most: float) -> Tail:
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
    for place in np.linspace(min(np.log(most), logs[-1]), logs[0] - 2, STEPS):
        first = int(np.searchsorted(logs, place, side="right"))
        window = logs[first : first + size]
        reach = window[-1] - place if len(window) == size else 0.0
        if reach > 0 and (mean := (window[-1] - window[:-1]).mean() / reach) <= STEEP:
            rate = _cut_exponential(mean)
            return Tail(float(np.exp(place)), float((size - 1) / np.expm1(rate)), float(rate / reach), positive[first:])
    return NOTHING_KNOWN


def _cut_exponential(mean: float) -> float:
    """The rate of an exponential distribution, cut off at 1, that has this mean.

    Solves 1 / rate - 1 / (e^rate - 1) = mean, for a mean below 1/2.
    """
    low, high = 1e-6, 1 / max(mean, 1e-6)  # the mean is at most 1 / rate
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if 1 / middle - 1 / np.expm1(min(middle, 700)) > mean else (low, middle)
    return (low + high) / 2
