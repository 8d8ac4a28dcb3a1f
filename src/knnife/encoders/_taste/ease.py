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

ROWS: Final = 1 << 24  # numbers of a dense block of histories


def ease(interactions: Interactions, settings: TasteSettings) -> ItemLinks:
    """What each item says for each other. Takes memory for three matrices `(m, m)` of float32."""
    return ItemLinks.of_dense(dense(together(interactions), settings.smoothing), settings.links)


def together(interactions: Interactions) -> NDArray[np.float32]:
    """How many users chose both, `(m, m)`."""
    m = len(interactions.items)
    counts = np.zeros((m, m), np.float32)
    step = max(1, ROWS // max(m, 1))
    for first in range(0, len(interactions.users), step):
        last = min(first + step, len(interactions.users))
        pairs = slice(int(interactions.starts[first]), int(interactions.starts[last]))
        block = np.zeros((last - first, m), np.float32)
        block[interactions.of[pairs] - first, interactions.chosen[pairs]] = 1
        counts += block.T @ block
    return counts


def dense(counts: NDArray[np.float32], smoothing: float) -> NDArray[np.float32]:
    """The weights `(m, m)`, from the chosen item to the scored one. counts: what `together` gives; it is changed."""
    counts[np.diag_indices(len(counts))] += np.float32(smoothing)
    inverse: NDArray[np.float32] = np.linalg.inv(counts)
    inverse /= -np.diag(inverse)[None, :].copy()
    inverse[np.diag_indices(len(inverse))] = 0
    return inverse
