"""A linear model from items to items: the score of an item is the sum of what each chosen one says for it.

Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", WWW 2019: the least squares of a history by itself with a
diagonal of zeros, in closed form.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from knnife.encoders._taste.links import ItemLinks
from knnife.encoders._taste.taste_settings import TasteSettings
from knnife.things.interactions import Interactions

NUMBERS: Final = 1 << 24  # of a dense block of histories
MOST: Final = 4_000  # items that are linked; the inverse of 8,000 took a minute and no ranking was better


def ease(interactions: Interactions, settings: TasteSettings) -> ItemLinks:
    """What each item says for each other: of many items, the MOST that most users chose; the others say nothing.

    Takes memory for three matrices `(m, m)` of float32, m being MOST at most.
    """
    m = len(interactions.items)
    counts = np.bincount(interactions.chosen, minlength=m)
    linked = np.sort(np.argsort(-counts, kind="stable")[:MOST]).astype(np.int32)
    place = np.full(m, -1, np.int32)
    place[linked] = np.arange(len(linked), dtype=np.int32)
    links = ItemLinks.of_dense(dense(together(interactions, place), settings.smoothing), settings.links)
    return links.among(linked, m)


def together(interactions: Interactions, place: NDArray[np.int32]) -> NDArray[np.float32]:
    """How many users chose both of two items. place: where each item stands in the matrix, `(m,)`; -1: nowhere."""
    size = int(place.max()) + 1
    counts = np.zeros((size, size), np.float32)
    step = max(1, NUMBERS // size)
    for first in range(0, len(interactions.users), step):
        last = min(first + step, len(interactions.users))
        pairs = slice(int(interactions.starts[first]), int(interactions.starts[last]))
        columns = place[interactions.chosen[pairs]]
        block = np.zeros((last - first, size), np.float32)
        block[(interactions.of[pairs] - first)[columns >= 0], columns[columns >= 0]] = 1
        counts += block.T @ block
    return counts


def dense(counts: NDArray[np.float32], smoothing: float) -> NDArray[np.float32]:
    """The weights `(m, m)`, from the chosen item to the scored one. counts: what `together` gives; it is changed."""
    counts[np.diag_indices(len(counts))] += np.float32(smoothing)
    inverse: NDArray[np.float32] = np.linalg.inv(counts)
    inverse /= -np.diag(inverse)[None, :].copy()
    inverse[np.diag_indices(len(inverse))] = 0
    return inverse
