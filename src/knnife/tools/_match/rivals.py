"""Rivals of a pair: who else each of its two records could be matched with, and how much closer the pair is.

Where a record has one match in the other table, or few, that another pair is closer speaks against this one, however
close it is: two models of one camera share nearly all words. People who match by hand do the same: they take the best.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from knnife.tools._match.bags import Numbers, Rows
from knnife.tools._match.candidates import candidates

NEAREST = 5  # of each record, in the other table


def nearest_rivals(left: Sequence[str], right: Sequence[str] | None) -> Rows:
    """Pairs `(r, 2)` of each text with the closest of the other list, or of its own where `right` is None."""
    if right is None:
        found = candidates(left, k=NEAREST)
        return np.stack([found.left, found.right], axis=1).astype(np.int64)
    there, back = candidates(left, right, k=NEAREST), candidates(right, left, k=NEAREST)
    pairs = np.stack([np.append(there.left, back.right), np.append(there.right, back.left)], axis=1)
    return pairs.astype(np.int64)


def ahead(pairs: Rows, closeness: Numbers, rivals: Rows, theirs: Numbers, side: int) -> Numbers:
    """By how much each pair `(m, 2)` is closer than the closest rival of its record on one side (0 left, 1 right).

    closeness `(m,)`, theirs `(r,)`: of the pairs, and of the rivals `(r, 2)`, which may hold a pair itself. A record
    without a rival has one of closeness 0. Returns `(m,)`, negative where a rival is closer.
    """
    order = np.lexsort((rivals[:, 1 - side], -theirs, rivals[:, side]))
    records, others, theirs = rivals[order, side], rivals[order, 1 - side], np.append(theirs[order], 0.0)
    first = np.searchsorted(records, pairs[:, side])
    last = np.searchsorted(records, pairs[:, side], side="right")

    def own(place: Rows) -> Rows:
        """Where the pair itself stands there: it is no rival of its own, nor is it when it is named twice."""
        inside: Rows = np.flatnonzero(place < last)
        found: Rows = inside[others[place[inside]] == pairs[inside, 1 - side]]
        return found

    place = first.copy()
    while len(same := own(place)):
        place[same] += 1
    return closeness - np.where(place < last, theirs[place], 0.0)
