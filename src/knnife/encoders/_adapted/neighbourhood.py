"""A linear map after which things that belong together are nearest neighbours.

Neighbourhood components analysis (Goldberger, Roweis, Hinton & Salakhutdinov, "Neighbourhood components analysis", NIPS
2004) with cosines instead of distances: the chance that each example picks one of its own group as its neighbour, a
softmax over all others, is raised step by step. A few examples leave most directions undecided, and would be learned by
heart; so every step sees them through noise as long as they are themselves, and the map is the mean of the later steps.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knnife.geometry import Vectors, unit

STEPS: Final = 150
RATE: Final = 0.003
TEMPERATURE: Final = 0.1  # of the softmax over cosines
NOISE: Final = 1.0  # its length, in lengths of a vector
AT_ONCE: Final = 1_024  # examples of a step


def learned(
    vectors: Vectors, groups: NDArray[np.int64], seed: int, step_done: Callable[[], None] = lambda: None
) -> Vectors:
    """The map `(d, d)` for vectors `(n, d)` of length 1 in these groups `(n,)`."""
    chance = np.random.default_rng(seed)
    dim = vectors.shape[1]
    map_ = np.eye(dim, dtype=np.float32)
    total, first, second = (np.zeros_like(map_) for _ in range(3))
    for step in range(1, STEPS + 1):
        rows = _drawn(groups, chance)
        noise = chance.standard_normal((len(rows), dim), dtype=np.float32) * np.float32(NOISE / dim**0.5)
        gradient = _gradient(unit(vectors[rows] + noise), groups[rows], map_)
        first += (gradient - first) / 10  # Adam (Kingma & Ba 2015)
        second += (gradient**2 - second) / 100
        map_ -= RATE * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.99**step)) + 1e-8)
        if step > STEPS // 2:
            total += map_
        step_done()
    return (total / (STEPS - STEPS // 2)).astype(np.float32)


def _drawn(groups: NDArray[np.int64], chance: np.random.Generator) -> NDArray[np.int64]:
    """The examples of a step: all, or whole groups drawn at random until there are enough."""
    if len(groups) <= AT_ONCE:
        return np.arange(len(groups))
    order = chance.permutation(len(groups))
    place = np.argsort(chance.permutation(groups.max() + 1)[groups[order]], kind="stable")  # groups in random order
    return order[place][:AT_ONCE]


def _gradient(vectors: Vectors, groups: NDArray[np.int64], map_: Vectors) -> Vectors:
    """Of the mean of minus the logarithms of these chances, by the map `(d, d)`."""
    mapped = vectors @ map_
    lengths = np.linalg.norm(mapped, axis=1, keepdims=True)
    units = mapped / lengths
    scores = units @ units.T / np.float32(TEMPERATURE)
    np.fill_diagonal(scores, -np.inf)
    scores -= scores.max(axis=1, keepdims=True)
    chances = np.exp(scores)
    chances /= chances.sum(axis=1, keepdims=True)
    own = chances * (groups[:, None] == groups)
    right = own.sum(axis=1, keepdims=True)
    alone = right == 0  # nobody of its group is here, or so far away that the chance is none
    wrong = np.where(alone, 0, chances - own / np.where(alone, 1, right)) / np.float32(len(vectors) * TEMPERATURE)
    pulled = (wrong + wrong.T) @ units
    along = (pulled * units).sum(axis=1, keepdims=True)
    gradient: Vectors = vectors.T @ ((pulled - units * along) / lengths)
    return gradient.astype(np.float32, copy=False)
