"""One partner for each: of the pairs that claim the same record, the most probable one keeps it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def one_to_one(
    left: NDArray[np.integer], right: NDArray[np.integer], probability: NDArray[np.floating], *, within: bool = False
) -> NDArray[np.bool_]:
    """Which of m pairs stay, `(m,)`, when every record may be in one pair only.

    The most probable pair of all is taken, its records are gone, and so on. No two records would rather be with each
    other than with those they got (a stable matching: Gale and Shapley, 1962, where both sides agree on the scores).
    At a tie the pair that stands first is taken. within: left and right are rows of the same table.
    """
    stays = np.zeros(len(left), bool)
    gone_left: set[int] = set()
    gone_right = gone_left if within else set()
    pairs = list(zip(left.tolist(), right.tolist(), strict=True))
    for at in np.argsort(-probability, kind="stable").tolist():
        a, b = pairs[at]
        if a not in gone_left and b not in gone_right:
            gone_left.add(a)
            gone_right.add(b)
            stays[at] = True
    return stays
