"""How good the answers to each user are: all items are ranked, none is drawn, and what a user has is left out.

Where items have the same score, chance decides which comes first, the same for every recommender; else the order of the
rows of a log, which often is that of time, would speak for some.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from knnife.geometry import blocks
from knnife.tools._evaluate_recommend.recommenders import Scorer
from knnife.tools._evaluate_recommend.splits import Split

Numbers = NDArray[np.float64]
ARRAYS: Final = 4  # of the size of the scores that are in memory at once


class Answers(NamedTuple):
    """What one recommender answers q users.

    lists: `(q, k)`, the numbers of items, the best first, -1 where there are fewer. gain, recall, reciprocal: `(q,)`,
    the NDCG and the recall of the lists, and 1 over the rank of the first item that is wanted, among all.
    """

    lists: NDArray[np.int64]
    gain: Numbers
    recall: Numbers
    reciprocal: Numbers


def answers_of(scorer: Scorer, split: Split, k: int, seed: int, tell: Callable[[int], None]) -> Answers:
    """Asks a recommender for the users of a split; tell(done) after each block of users."""
    m = len(split.training.items)
    known = np.bincount(split.training.chosen, minlength=m) > 0
    drawn = np.random.default_rng(seed).permutation(m)  # the place of each item among those of the same score
    lists = np.full((len(split.users), k), -1, np.int64)
    figures = np.zeros((3, len(split.users)))
    for some in blocks(len(split.users), m * 4 * ARRAYS):
        users = split.users[some]
        scores = scorer(users)
        scores[:, ~known] = -np.inf
        for row, user in enumerate(users.tolist()):
            place = some.start + row
            scores[row, split.training.chosen[split.training.pairs(user)]] = -np.inf
            wanted = split.later.chosen[split.later.pairs(user)]
            best = best_of(scores[row], drawn, k)
            lists[place, : len(best)] = best
            figures[:, place] = _figures(ranks_of(scores[row], drawn, wanted), k)
        tell(some.stop)
    return Answers(lists, *figures)


def best_of(scores: NDArray[np.float32], drawn: NDArray[np.int64], k: int) -> NDArray[np.int64]:
    """The k items of the highest scores, the best first; those of minus infinity are none."""
    k = min(k, len(scores))
    least = np.partition(scores, len(scores) - k)[len(scores) - k]
    found = np.flatnonzero((scores >= least) & (scores > -np.inf))
    return found[np.lexsort((drawn[found], -scores[found]))][:k]


def ranks_of(scores: NDArray[np.float32], drawn: NDArray[np.int64], wanted: NDArray[np.int32]) -> Numbers:
    """The ranks of the wanted items among all, from 1; infinity for one that cannot be answered."""
    ranks = np.full(len(wanted), np.inf)
    for place, item in enumerate(wanted.tolist()):
        if scores[item] > -np.inf:
            before = (scores == scores[item]) & (drawn < drawn[item])
            ranks[place] = 1 + np.count_nonzero(scores > scores[item]) + np.count_nonzero(before)
    return ranks


def _figures(ranks: Numbers, k: int) -> tuple[float, float, float]:
    """NDCG and recall at k, and the reciprocal rank, of one user.

    Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR techniques", ACM TOIS 20 (2002); what could be
    gained at most is that of all wanted items, or k of them, at the head of the list.
    """
    found = ranks[ranks <= k]
    most = (1 / np.log2(np.arange(min(len(ranks), k)) + 2)).sum()
    return float((1 / np.log2(found + 1)).sum() / most), len(found) / len(ranks), float(1 / ranks.min())
