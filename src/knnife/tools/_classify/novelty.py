"""Does a thing fit any of the classes at all? How near it is to what is known, against how near others are.

With examples, the figure is a conformal p-value (Laxhammar and Falkman, "Conformal prediction for
distribution-independent anomaly detection in streaming vessel data", 2010): the share of the examples that lie at least
as far from the others as the thing does. Of things that do belong, a share of at most p has a value up to p. Beyond
the farthest example, where counting ends, the share goes on falling as it fell over the farthest quarter (an
exponential tail), so that a few examples are enough to say "none of these". With names alone, the figure is the share
of texts about anything (background_texts.py) that lie farther from every name.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from knnife.geometry import Metric, Vectors
from knnife.space import nearest
from knnife.statistics.ranks import rank_p_values
from knnife.statistics.tails import mean_excess

ASKED = 1_000  # so many examples show how near examples are
COPIES, SAME = 3, 1e-4  # of an example up to so many copies, which are so near, do not count as others
TURNED_AWAY = 0.01  # with examples: of the things that do belong, so many are answered "none of these"
ENOUGH = 5  # of a class; each of fewer is judged by fewer of its own, and lies farther away than a new thing would
UNLIKELY = 0.5  # with names: what is nearer to one than so many of the background texts belongs; some may belong, too


class Novelty(NamedTuple):
    """How similar others are to what is known.

    known: points of the examples, or vectors of the names `(n, d)`. usual: `(s,)`, similarities of others, ascending.
    named: whether those others are background texts, and not the examples themselves. least: what fits no better than
    that is none of the classes, unless another limit is given.
    """

    metric: Metric
    known: Vectors
    usual: Vectors
    named: bool
    least: float

    @classmethod
    def of_examples(cls, points: Vectors, classes: int, metric: Metric, seed: int) -> Novelty:
        """By how near these examples (n, d) of so many classes are to each other."""
        least = TURNED_AWAY * max(1.0, ENOUGH * classes / len(points))
        rows = np.random.default_rng(seed).permutation(len(points))[:ASKED]
        _, similarities = nearest(points, 2 + COPIES, points[rows], metric=metric)
        others = similarities[:, 1:]  # the first is the example itself
        copies = others[:, :-1] >= similarities[:, :1] - SAME
        return cls(metric, points, np.sort(others[np.arange(len(rows)), copies.sum(axis=1)]), False, least)

    @classmethod
    def of_names(cls, names: Vectors, background: Vectors, metric: Metric) -> Novelty:
        """By how near background texts (s, d) come to these names (K, d)."""
        _, similarities = nearest(names, 1, background, metric=metric)
        return cls(metric, names, np.sort(similarities[:, 0]), True, UNLIKELY)

    def fits(self, points: Vectors) -> Vectors:
        """How well each of `points` (m, d) fits, from almost 0 (not at all) to 1; of vectors, where names are known."""
        _, similarities = nearest(self.known, 1, points, metric=self.metric)
        near = similarities[:, 0]
        beyond = np.maximum(self.usual[0] - near, 0)
        found: Vectors = (rank_p_values(-near, -self.usual) * np.exp(-beyond / self._tail)).astype(np.float32)
        return found

    @property
    def _tail(self) -> float:
        """By how much less near the share falls to a third (1/e), judged by the farthest quarter."""
        quarter = max(1, len(self.usual) // 4)
        inner = self.usual[min(quarter, len(self.usual) - 1)]
        return max(mean_excess(-self.usual[:quarter].astype(np.float64), -float(inner)), SAME)
