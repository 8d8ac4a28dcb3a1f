"""Does a thing fit any of the classes at all? How familiar it is, against how familiar those are that belong.

With examples, familiar is what lies near one of them and what they explain (ridge.py), both together, in units of how
they vary among the examples. The figure is a conformal p-value (Laxhammar and Falkman, "Conformal prediction for
distribution-independent anomaly detection in streaming vessel data", 2010): the share of the examples that are no more
familiar than the thing is, each judged with itself and its copies left out. Of things that do belong, drawn as the
examples were, a share of at most p has a value up to p; less with few of a class, as an example has one fewer of its
class beside it than a new thing has. Beyond the least familiar example, where counting ends, the share goes on falling
as it fell over the last quarter (an exponential tail).

With names alone nothing is known that belongs. The figure is the share of texts about anything (background_texts.py)
that lie farther from every name; or, where things without labels are given, the share of those.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from knnife.geometry import Metric, Vectors
from knnife.space import nearest
from knnife.statistics.intervals import share_interval
from knnife.statistics.ranks import rank_p_values
from knnife.statistics.tails import mean_excess
from knnife.tools._classify.centring import Centring
from knnife.tools._classify.ridge import Ridge
from knnife.tools._classify.softmax import Codes

ASKED = 1_000  # so many examples show how familiar examples are
COPIES, SAME = 3, 1e-4  # of an example up to so many copies, which are so near, do not count as others
TURNED_AWAY = 0.05  # of the things that do belong, so many are answered "none of these"
NOTHING = 1e-9  # what rounding may take from a whole number
ENOUGH = 10  # of a class; of fewer the share that is turned away may be below what is stated
UNLIKELY = 0.5  # with names: what is nearer to one than so many of the background texts belongs; some may belong, too
EXPLAINED = 2.0  # how much more what the examples explain counts than how near the nearest is


class TurnedAway(NamedTuple):
    """Of the things that do belong, how many are answered "none of these".

    share: at most so many; None where that is not known. low, high: between which it lies, in 95 of 100 cases.
    calibrated: whether it is known; why: in words, where it is not.
    """

    share: float | None
    low: float
    high: float
    calibrated: bool
    why: str


class Novelty(NamedTuple):
    """How familiar others are with what is known.

    known: points of the examples, or of the names `(n, d)`. usual: `(s,)`, how familiar others are, ascending. near,
    explained: what similarity to the nearest and the greatest value of least squares are multiplied by. each: how many
    examples a class has, on average. place: where names lie; None with examples. background: whether the others are
    background texts, and no things of the user.
    """

    metric: Metric
    known: Vectors
    usual: Vectors
    near: float
    explained: float
    each: float
    place: Centring | None
    background: bool

    @classmethod
    def of_examples(
        cls, points: Vectors, codes: Codes, metric: Metric, ridge: Ridge, free: Codes, seed: int
    ) -> Novelty:
        """By how familiar some of these examples (n, d) are with the others.

        codes: their classes (n,). free: those that may be asked, because nothing but their class was taken from them.
        """
        counts = np.bincount(codes)
        asked = free[counts[codes[free]] > 1]  # who is alone in a class is far from everything
        if not len(asked):
            asked = free
        rows = np.random.default_rng(seed).permutation(asked)[:ASKED]
        nearness, values = _to_others(points, rows, metric), ridge.left_out(rows).max(axis=1)
        near, explained = 1 / _spread(nearness), EXPLAINED / _spread(values)
        usual = np.sort(np.float32(near) * nearness + np.float32(explained) * values)
        return cls(metric, points, usual, near, explained, len(points) / len(counts), None, False)

    @classmethod
    def of_names(cls, names: Vectors, others: Vectors, place: Centring, *, background: bool) -> Novelty:
        """By how near others, background texts or things (s, d), come to these names (K, d)."""
        known = place.points(names)
        _, similarities = nearest(known, 1, place.points(others), metric=place.metric)
        return cls(place.metric, known, np.sort(similarities[:, 0]), 1.0, 0.0, 0.0, place, background)

    @property
    def limit(self) -> float:
        """What fits no better than that is none of the classes, unless another limit is given."""
        return UNLIKELY if self.background else TURNED_AWAY

    def fits(self, points: Vectors, values: Vectors) -> Vectors:
        """How well each of `points` (m, d) fits, from almost 0 (not at all) to 1; of vectors, where names are known.

        values: the greatest of least squares (m,).
        """
        if self.place is not None:
            points = self.place.points(points)
        _, similarities = nearest(self.known, 1, points, metric=self.metric)
        familiar = np.float32(self.near) * similarities[:, 0] + np.float32(self.explained) * values
        beyond = np.maximum(self.usual[0] - familiar, 0)
        found: Vectors = (rank_p_values(-familiar, -self.usual) * np.exp(-beyond / self._tail)).astype(np.float32)
        return found

    def turned_away(self, share: float) -> TurnedAway:
        """What can be said of the share of things that belong whose `fits` is no better than `share`.

        Given the examples it has a beta distribution, whatever theirs (Vovk, "Conditional validity of inductive
        conformal predictors", ACML 2012).
        """
        count, unknown = len(self.usual), "how many that belong are answered none is not known: "
        if self.background:
            why = "by names alone nothing is known that belongs; give examples, or things without labels"
            return TurnedAway(None, 0.0, 1.0, False, unknown + why)
        if self.place is None and self.each <= 1:
            why = "every class has one example, so nothing shows how far others of it lie; expected two or more"
            return TurnedAway(share, 0.0, 1.0, False, unknown + why)
        if 0 < share * (count + 1) < 1:
            why = f"{count} examples state no share below {1 / (count + 1):.1%}; for {share:.1%} expected "
            most = share_interval(0.0, count)[1]
            return TurnedAway(share, 0.0, most, False, f"{unknown}{why}{int(np.ceil(1 / share)) - 1:,} or more")
        if not share:
            return TurnedAway(0.0, 0.0, 0.0, True, "")
        no_better = int(share * (count + 1) + NOTHING)
        low, high = share_interval((no_better - 0.5) / count, count)  # Beta(no_better, count + 1 - no_better)
        return TurnedAway(share, 0.0 if 0 < self.each < ENOUGH else low, high, True, "")

    @property
    def _tail(self) -> float:
        """By how much less familiar the share falls to a third (1/e), judged by the least familiar quarter."""
        quarter = max(1, len(self.usual) // 4)
        inner = self.usual[min(quarter, len(self.usual) - 1)]
        return max(mean_excess(-self.usual[:quarter].astype(np.float64), -float(inner)), SAME)


def _to_others(points: Vectors, rows: Codes, metric: Metric) -> Vectors:
    """The similarity of each of these rows to the nearest other point that is no copy of it."""
    _, similarities = nearest(points, 2 + COPIES, points[rows], metric=metric)
    others = similarities[:, 1:]  # the first is the example itself
    copies = others[:, :-1] >= similarities[:, :1] - SAME
    found: Vectors = others[np.arange(len(rows)), copies.sum(axis=1)]
    return found


def _spread(values: Vectors) -> float:
    """Their standard deviation; 1 where they do not vary."""
    found = float(values.std(dtype=np.float64))
    return found if found > SAME else 1.0
