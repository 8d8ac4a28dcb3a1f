"""Who else a record could belong to: of its candidates at most one is right, where tables hold nothing twice.

The candidates of a record share what is probable among them, and that none of them is right. Two of them do not compete
as far as they are the same thing themselves, which is seen by comparing them within their own table.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from knnife.tools._match.bags import Numbers, Rows

NEXT = 3  # candidates of a record that its best one is compared with
BEHIND = 0.2  # in similarity, at most
LEAST = 0.4  # similarity of a best candidate that is looked at so
MOST = 10_000  # pairs of candidates of either side that are compared


class Twins(NamedTuple):
    """Two candidates of one record that may be the same thing: their places `(l,)` among the candidate pairs, the best
    one and another, and the measures `(l, f)` of the two within their own table.
    """

    best: Rows
    other: Rows
    measures: Numbers


class Competitors(NamedTuple):
    """All candidate pairs of two tables `(r, 2)`, their measures `(r, f)`, and what two of them have in common.

    sizes: how many records both tables have. twins: of the left records, and of the right ones; of records of one table
    there are none.
    """

    pairs: Rows
    measures: Numbers
    sizes: tuple[int, int]
    twins: tuple[Twins, Twins] | None


class Competition(NamedTuple):
    """For either side: the odds of all candidates of each record, and the share of them that competes, each `(n,)`."""

    odds: tuple[Numbers, Numbers]
    competing: tuple[Numbers, Numbers]

    @classmethod
    def of(
        cls, pairs: Rows, log_odds: Numbers, twins: tuple[Twins, Twins], same: tuple[Numbers, Numbers]
    ) -> Competition:
        """Of candidate pairs `(r, 2)` with these log-odds `(r,)`; same: the chance of twins to be the same thing."""
        odds, competing, sizes = odds_of(log_odds), [], pairs.max(axis=0, initial=-1) + 1
        for side in (0, 1):
            two, chance = twins[1 - side], same[1 - side]
            record = pairs[two.best, side]
            weight = odds[two.other]
            alike, all_of = (np.bincount(record, each, sizes[side]) for each in (weight * chance, weight))
            usual = alike.sum() / max(all_of.sum(), 1e-9)
            competing.append(1 - np.where(all_of > 0, alike / np.maximum(all_of, 1e-300), usual))
        left, right = (np.bincount(pairs[:, side], odds, sizes[side]).astype(np.float64) for side in (0, 1))
        return cls((left, right), (competing[0], competing[1]))

    def taken_off(self, pairs: Rows, log_odds: Numbers, among: Numbers) -> Numbers:
        """What competition takes off the log-odds of pairs `(m, 2)`; among: `(m,)`, 1 for those that are candidates."""
        own, total = odds_of(log_odds) * among, np.zeros(len(pairs))
        for side, (odds, competing) in enumerate(zip(self.odds, self.competing, strict=True)):
            known = pairs[:, side] < len(odds)
            record = np.where(known, pairs[:, side], 0)
            total += np.where(known, competing[record] * np.maximum(odds[record] - own, 0), 0) if len(odds) else 0
        found: Numbers = np.log1p(total)
        return found


def odds_of(log_odds: Numbers) -> Numbers:
    """As odds, none of them so large that others vanish beside it."""
    found: Numbers = np.exp(np.clip(log_odds, -30, 30))
    return found


def places_of_twins(pairs: Rows, similarity: Numbers, side: int) -> tuple[Rows, Rows]:
    """The places `(l,)` of pairs of candidates to compare: records of one side (0 left, 1 right) that are candidates of
    one record of the other side, its best and one of the NEXT behind it.
    """
    owner = pairs[:, 1 - side]
    order = np.lexsort((-similarity, owner))
    owner = owner[order]
    first = np.searchsorted(owner, owner)
    rank = np.arange(len(owner)) - first
    best, other = order[first], order
    near = (rank > 0) & (rank <= NEXT) & (similarity[best] >= LEAST)
    near &= similarity[other] >= similarity[best] - BEHIND
    chosen = np.flatnonzero(near)
    if len(chosen) > MOST:
        chosen = np.sort(np.random.default_rng(0).choice(chosen, MOST, replace=False))
    return best[chosen], other[chosen]
