"""What is very surprising in one way only is odd, though it is close to others in all other ways.

A distance over all columns hardly sees that a total is not price times quantity, or that a number is negative where
none is. So a thing whose greatest surprise is rarer than one ordinary thing in 55 has it gets the score that is as
rare. The others keep theirs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from knnife.geometry import Vectors
from knnife.tools._outliers.single_columns import LIGHT, OUTER, SHAPE, Tails
from knnife.tools._outliers.surprises import Surprises
from knnife.tools._outliers.table import ColumnLayout, ColumnTable, Numbers

FEWEST: Final = 100  # things of a reference: of fewer, what is surprising is not known well enough to count
FOLDS: Final = 5
FROM: Final = 4.0  # nats: one ordinary thing in 55
FAR, STEEP = (
    2.0,
    2.0,
)  # where a normal distribution has as few, in deviations; by how many nats it falls with the next one
QUARTILE: Final = 0.6745  # of a normal distribution, in deviations
HONEST: Final = 10  # things for whose worth surprises are taken to mean what they say, before any are seen
KINDS: Final = 3  # of surprises: by one column, by two, by what others say of it


class Lift(NamedTuple):
    """Scores of what is surprising.

    surprises: what most of a reference makes usual. kinds: how large each kind of surprise usually is, for things that
    were no part of it. middle, deviation: of the scores; of their upper half, so that odd ones count little.
    """

    surprises: Surprises
    kinds: tuple[Tails, ...]
    middle: float
    deviation: float

    @classmethod
    def fit(
        cls, layout: ColumnLayout, table: ColumnTable, scores: Vectors, random: np.random.Generator
    ) -> tuple[Lift, Numbers] | None:
        """Of a reference `(r,)` with these scores, and its own surprises, each as of one that is new `(r, KINDS)`.

        None where it has too few things, or no columns.
        """
        n = len(scores)
        if n < FEWEST or not (table.numbers.shape[1] or table.codes.shape[1]):
            return None
        fold, most = random.permutation(n) % FOLDS, np.empty((n, KINDS))
        for each in range(FOLDS):
            out = fold == each
            surprises = Surprises.of(layout, table.take(~out))  # the last one is kept: new things are then as these
            most[out] = surprises.most(table.take(out))
        middle, high = np.quantile(scores, [0.5, 0.75])
        kinds = tuple(_usual(column) for column in most.T)
        return cls(surprises, kinds, float(middle), float(high - middle) / QUARTILE), most

    def rarity(self, most: Numbers) -> Numbers:
        """How rare the greatest surprises `(m, KINDS)` of things are among ordinary ones, in nats `(m,)`.

        The rarest of the kinds counts, and that there are several (Bonferroni); within a kind, `most` is the greatest
        of all columns, pairs or relations for ordinary things as well.
        """
        found: Numbers = np.maximum(self.nats(most).max(axis=1) - np.log(KINDS), 0)
        return found

    def lifted(self, scores: Vectors, nats: Numbers) -> Vectors:
        """The scores `(m,)` of things that are so rare, in nats `(m,)`."""
        as_rare = self.middle + self.deviation * (FAR + (nats - FROM) / STEEP)
        found: NDArray[np.float32] = np.where(nats > FROM, np.maximum(scores, as_rare), scores).astype(np.float32)
        return found

    def nats(self, most: Numbers) -> Numbers:
        """How rare surprises of each kind are among ordinary things, in nats `(m, KINDS)`."""
        return np.stack([tails.surprise(column) for tails, column in zip(self.kinds, most.T, strict=True)], axis=1)

    def state(self) -> dict[str, Any]:
        """All but the table, for JSON."""
        layout = self.surprises.layout
        return {
            "numbers": [list(each) for each in layout.numbers],
            "names": [list(each) for each in layout.names],
            "of_points": layout.of_points,
            "kinds": [list(each) for each in self.kinds],
            "middle": self.middle,
            "deviation": self.deviation,
        }

    @classmethod
    def of_state(cls, state: Mapping[str, Any], table: ColumnTable) -> Lift:
        """What `state` wrote down. Raises ValueError, TypeError or KeyError for anything else."""
        layout = ColumnLayout.of_state(state["numbers"], state["names"], state["of_points"])
        if table.numbers.shape[1] != len(layout.numbers) or table.codes.shape[1] != len(layout.names):
            raise ValueError("the table does not fit its columns")
        if any(
            ((column < 0) | (column > len(each.levels or ()))).any()
            for column, each in zip(table.codes.T, layout.names, strict=True)
        ):
            raise ValueError("the table has names that its columns do not")
        kinds = tuple(_tails(each) for each in state["kinds"])
        if len(kinds) != KINDS:
            raise ValueError(f"{len(kinds)} kinds of surprises, not {KINDS}")
        return cls(Surprises.of(layout, table), kinds, float(state["middle"]), float(state["deviation"]))


def doubted(rarity: Numbers) -> Numbers:
    """The rarity of things, in nats `(n,)`, if surprises had tails as heavy as those of a column of raw numbers."""
    begun = np.log(KINDS) + np.log(2 * OUTER)  # where the tail begins
    places = np.expm1(LIGHT * np.maximum(rarity + begun, 0)) / LIGHT
    found: Numbers = np.minimum(np.log1p(SHAPE * places) / SHAPE - begun, rarity)
    return found


def _usual(most: Numbers) -> Tails:
    """How large the greatest surprises of a kind `(n,)` are; an honest one is larger than a threshold by 1 nat."""
    found = Tails.of(most, LIGHT)
    seen = int((most > found.high).sum())
    return found._replace(low=-1.0, above=(found.above * seen + HONEST) / (seen + HONEST))  # none is below 0


def _tails(numbers: Any) -> Tails:
    found = Tails(*(float(each) for each in numbers))
    if not np.isfinite(found).all() or found.below <= 0 or found.above <= 0:
        raise ValueError("no tails")
    return found
