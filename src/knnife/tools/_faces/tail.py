"""How alike the faces of different people are at the upper end: from a false-match rate to a threshold, and back.

Above a starting point, chosen so that some people's worth of likenesses lie beyond it, the share of people who are so
much alike is taken to fall as a power of the distance (1 - likeness): so does the share of a sphere that lies within a
distance of a point on it. So a rate can be stated that is smaller than one in the number of likenesses seen.

How sure that is depends on the people, not on the faces: two photos of one person say almost the same. So the interval
is that of a share of so many people (the one of Jeffreys; Brown, Cai and DasGupta 2001, "Interval estimation for a
binomial proportion").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Codes = NDArray[np.int64]

LEAST, MOST = 0.05, 0.5  # the share of likenesses that a tail is learned from, at the least and the most
HIGHEST: Final = 1 - 1e-6  # likeness: beyond, faces are copies
STEEPEST: Final = 1e6
STEPS: Final = 20_000  # in which the interval is looked for


@dataclass(frozen=True)
class Tail:
    """The upper end of the likenesses of people who are not the same.

    start: the likeness at which it begins; share: of the likenesses, how many lie beyond; power: of the distance, by
    which that share falls. people, count: how many people and likenesses it was learned from.
    """

    start: float
    share: float
    power: float
    people: int
    count: int

    @classmethod
    def learn(cls, likenesses: Numbers, people: int, *, beyond: float) -> Self:
        """From likenesses `(m,)` between so many people; beyond: of how many people it takes the upper end."""
        wanted = float(np.clip(beyond / people, LEAST, MOST))
        start = float(np.quantile(likenesses, 1 - wanted))
        inside = likenesses[likenesses > start]
        if not len(inside) or start > HIGHEST:  # all the same
            return cls(min(start, HIGHEST), wanted, STEEPEST, people, len(likenesses))
        closer = np.log((1 - start) / (1 - np.minimum(inside, HIGHEST)))  # the maximum likelihood (Hill 1975)
        power = min(1 / max(float(closer.mean()), 1 / STEEPEST), STEEPEST)
        return cls(start, len(inside) / len(likenesses), power, people, len(likenesses))

    def threshold(self, rate: float) -> float:
        """The likeness that people who are not the same reach at this rate, which is not above `LEAST`."""
        return 1 - (1 - self.start) * float((rate / max(self.share, rate)) ** (1 / self.power))

    def rate(self, likeness: float) -> float:
        """The share of people who are not the same that are at least so alike; `share` for all below the tail."""
        return float(self.share * min(max(1 - likeness, 0.0) / (1 - self.start), 1.0) ** self.power)

    def between(self, likeness: float) -> tuple[float, float]:
        """The 95 % interval of the rate, given the number of people it was measured on."""
        return share_between(self.rate(likeness), self.people)

    def state(self) -> dict[str, Any]:
        """All of it, for JSON."""
        return asdict(self)

    @classmethod
    def of_state(cls, state: Mapping[str, Any]) -> Self:
        """What `state` wrote down. Raises KeyError, TypeError or ValueError for anything else."""
        start, share, power = (float(state[name]) for name in ("start", "share", "power"))
        people, count = int(state["people"]), int(state["count"])
        if not (-1.1 < start <= HIGHEST and 0 < share <= 1 and 0 < power <= STEEPEST and people > 0):
            raise ValueError("no tail")
        return cls(start, share, power, people, count)


def share_between(share: float, count: int) -> tuple[float, float]:
    """The 95 % interval of a share that was seen among so many."""
    places = (np.arange(STEPS) + 0.5) / STEPS
    places = places**4  # close together near 0, where small shares are
    seen = share * count
    heights = (seen - 0.5) * np.log(places) + (count - seen - 0.5) * np.log1p(-places)
    sums = np.cumsum(np.exp(heights - heights.max()) * np.gradient(places))
    low, high = np.interp([0.025, 0.975], sums / sums[-1], places)
    return float(low), float(high)
