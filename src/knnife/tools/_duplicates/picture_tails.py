"""How close pictures come that are no copies, and which pairs tell of it: those whose points lie inexactly.

A copy's keypoints lie where they must, but for a small share of their size, however little of the picture is left.
Those of the same thing, taken anew, do not. So pairs that lie inexactly are the null, into which copies cannot come, be
they most of a folder; and where there are many, as of portraits, they have to be closer than exact ones to count.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from knnife.geometry import Vectors, connected
from knnife.statistics.tails import PairTail, fit_pair_tail, truncated_rate
from knnife.tools._duplicates.similarity_join import Rows

COPIES: Final = 0.65  # distance: of copies 95 in 100 are closer, of series and portraits of one person one in five
FURTHER: Final = 0.85  # pairs up to here tell how fast they become fewer; beyond, they end where evidence does
POWER: Final = 8.0  # by which pairs that are no copies become fewer with the distance: of portraits 5, of series 13
PRIOR: Final = 20.0  # pairs
LEVEL: Final = 0.49  # the mean of pairs that are hardly fewer when they are closer
SURE: Final = 0.5  # expected pairs that are none
INEXACT: Final = 0.5  # of copies one in 100 lies less exactly, of series all, of portraits nine in ten
EXACT: Final = (0.6, 0.8)  # from here pairs begin to count as exact, and do fully: of copies one in ten lies below


class PicturePairs(NamedTuple):
    """The pairs compared: as numbers, their distances, whether each shows nearly all of the other, and how exactly its
    points lie (0 to 1), each `(p,)`.
    """

    keys: Rows
    distances: Vectors
    whole: NDArray[np.bool_]
    exactly: Vectors


class Inexact(NamedTuple):
    """The tail of pairs that are no copies, and how many times further apart inexact ones count."""

    tail: PairTail
    stretch: float

    def distances(self, pairs: PicturePairs) -> Vectors:
        """The distances of these pairs as they count."""
        low, high = EXACT
        share = np.clip((high - pairs.exactly) / (high - low), 0, 1)
        found: Vectors = np.minimum(pairs.distances * np.float32(self.stretch) ** share, 1).astype(np.float32)
        return found


def read_tail(pairs: PicturePairs, left: Rows, right: Rows, n: int) -> Inexact:
    """The tail of these pairs of n pictures. Where most pictures are forms of one print, all pairs are read for it."""
    found = pairs.distances < 1
    every = fit_pair_tail(pairs.distances[found].astype(np.float64), 1.0)
    near = pairs.whole & (pairs.distances <= COPIES)
    if every.known and 2 * np.bincount(connected(n, left[near], right[near]), minlength=1).max() > n:
        return Inexact(every, 1.0)
    inexact = pairs.distances[found & (pairs.exactly < INEXACT)].astype(np.float64)
    tail = max(_beyond_copies(inexact), fit_pair_tail(inexact, 1.0), key=lambda each: each.distance(SURE))
    limit = tail.distance(SURE)
    if limit >= COPIES * (1 - 1e-6):
        return Inexact(tail, 1.0)
    stretch = COPIES / limit
    beyond = np.sort(np.minimum(inexact * stretch, 1))
    beyond = np.concatenate([[COPIES], beyond[beyond > COPIES], [1.0]])
    return Inexact(PairTail(COPIES, SURE, POWER, beyond), stretch)


def _beyond_copies(inexact: NDArray[np.float64]) -> PairTail:
    """From pairs further apart than copies are: a power, as of other pictures until there are many more than PRIOR.

    Pairs become fewer still, the closer they are, so this is cautious.
    """
    beyond = np.sort(inexact[inexact > COPIES])
    reach = float(np.log(FURTHER / COPIES))
    usual = 1 / (POWER * reach) - 1 / np.expm1(POWER * reach)  # the mean of a fall by that power, as share of the reach
    seen = 1 - np.log(beyond[beyond < FURTHER] / COPIES) / reach
    rate = truncated_rate(min((PRIOR * usual + float(seen.sum())) / (PRIOR + len(seen)), LEVEL))
    within = (len(seen) + 1) / float(np.expm1(rate))
    return PairTail(COPIES, within, rate / reach, np.concatenate([[COPIES], beyond, [1.0]]))
