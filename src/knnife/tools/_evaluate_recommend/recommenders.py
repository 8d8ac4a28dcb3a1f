"""What is compared: knnife, and what a recommender has to beat: the most popular items for everybody, and item-kNN.

Each is a function from the numbers of users to their scores of all items.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from knnife.encoders.taste import Taste
from knnife.geometry import ranges
from knnife.things.interactions import Interactions

Scores = NDArray[np.float32]
Scorer = Callable[[NDArray[np.int64]], Scores]  # the scores of all items for users by their numbers, (q, m)

OURS: Final = "knnife"
SYSTEMS: Final = ("most popular", "item-kNN", OURS)  # the quick ones first
NEIGHBOURS: Final = 100  # of an item
K1: Final = 1.2  # Okapi BM25's usual values
B: Final = 0.75
SPARSE: Final = 8  # an item that meets fewer than one of so many items is added up by sorting, not in an array of all


def scorer_of(system: str, training: Interactions, seed: int, tell: Callable[[float], None]) -> Scorer:
    """One of SYSTEMS, learned from these choices; tell(share) while it learns."""
    if system == OURS:
        return by_taste(training, seed, tell)
    return most_popular(training) if system == "most popular" else item_neighbours(training, tell)


def by_taste(training: Interactions, seed: int, tell: Callable[[float], None]) -> Scorer:
    """What `recommend` ranks by, where nothing is known of the items but who chose them."""
    taste = Taste.train(training, seed=seed, progress=lambda _, share: tell(share or 0.0))

    def scores(users: NDArray[np.int64]) -> Scores:
        histories = []
        for user in users.tolist():
            pairs = training.pairs(user)
            chosen = training.chosen[pairs][np.argsort(training.turns[pairs])].tolist()
            timed = not np.isnan(training.times[pairs]).any()
            histories.append(taste.history([training.items[item] for item in chosen], timed=bool(timed)))
        return taste.scores(histories)

    return scores


def most_popular(training: Interactions) -> Scorer:
    """Every user wants each item as much as it has users."""
    counts = np.bincount(training.chosen, minlength=len(training.items)).astype(np.float32)
    return lambda users: np.repeat(counts[None], len(users), axis=0)


def item_neighbours(training: Interactions, tell: Callable[[float], None] = lambda share: None) -> Scorer:
    """A user wants an item as much as it is near to those that the user has; items are near by the users they share.

    A user counts the less the more the user has chosen, and an item the less the more users it has, both as in Okapi
    BM25, where items are documents and users their words. Each item speaks for its 100 nearest. Deshpande and Karypis,
    "Item-based top-N recommendation algorithms", ACM Transactions on Information Systems 22 (2004).
    """
    weights = _weights(training)
    begins, order = training.by_item()
    sizes = np.diff(training.starts)
    rows: list[NDArray[np.int64]] = []
    says: list[NDArray[Any]] = []
    for item in range(len(training.items)):
        own = order[begins[item] : begins[item + 1]]
        near, sums = _met(training, sizes, training.of[own], weights, weights[own])
        kept = near != item
        near, sums = near[kept], sums[kept]
        if len(near) > NEIGHBOURS:
            best = np.argpartition(-sums, NEIGHBOURS)[:NEIGHBOURS]
            near, sums = near[best], sums[best]
        rows.append(near)
        says.append(sums)
        tell((item + 1) / len(training.items))

    def scores(users: NDArray[np.int64]) -> Scores:
        found = np.zeros((len(users), len(training.items)), np.float32)
        for row, user in enumerate(users.tolist()):
            past = training.chosen[training.pairs(user)].tolist()
            to = np.concatenate([rows[item] for item in past])
            found[row] = np.bincount(to, np.concatenate([says[item] for item in past]), len(training.items))
        return found

    return scores


def _weights(training: Interactions) -> NDArray[np.float64]:
    """What each pair counts, `(p,)`, as a word counts in a document."""
    chosen_by = np.bincount(training.chosen, minlength=len(training.items))
    length = 1 - B + B * chosen_by / max(chosen_by[chosen_by > 0].mean(), 1.0)
    idf = np.log1p(len(training.items) / (1.0 + np.diff(training.starts)))
    weights: NDArray[np.float64] = idf[training.of] * (K1 + 1) / (K1 * length[training.chosen] + 1)
    return weights


def _met(
    training: Interactions,
    sizes: NDArray[np.int64],
    users: NDArray[np.int32],
    weights: NDArray[np.float64],
    own: NDArray[np.float64],
) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """The items that these users chose, and the products of their weights with those of the users, `own`, added up."""
    places, which = ranges(training.starts[users], sizes[users])
    items, products = training.chosen[places], weights[places] * own[which]
    if len(places) * SPARSE < len(training.items):
        near, at = np.unique(items, return_inverse=True)
        return near.astype(np.int64), np.bincount(at, products)
    sums = np.bincount(items, products, len(training.items))
    met = np.flatnonzero(sums)
    return met, sums[met]
