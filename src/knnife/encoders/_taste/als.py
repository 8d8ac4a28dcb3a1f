"""Factors of users and items by alternating least squares.

Hu, Koren & Volinsky, "Collaborative Filtering for Implicit Feedback Datasets", ICDM 2008: what was chosen is 1 with
confidence 1 + c, all else 0 with confidence 1. Each side in turn is solved for by a few steps of conjugate gradients
from where it was (Takacs, Pilaszy & Tikk, "Applications of the Conjugate Gradient Method for Implicit Feedback
Collaborative Filtering", RecSys 2011).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knnife.encoders._taste.taste_settings import TasteSettings
from knnife.geometry import Vectors
from knnife.things.interactions import Interactions
from knnife.threads import on_all_cores

try:
    from knnife import _taste
except ImportError:  # installed where there was no compiler
    COMPILED = False
else:
    COMPILED = True

STEPS: Final = 3  # of conjugate gradients each time: more gain nothing, as the other side moves meanwhile
PAIRS: Final = 1 << 15  # of a block: its factors stay in the cache of a core
TINY: Final = 1e-20  # a residual below is none


@dataclass(frozen=True)
class Factors:
    """users `(n, f)` and items `(m, f)`: the score of an item for a user is the product of theirs."""

    users: Vectors
    items: Vectors


@dataclass(frozen=True)
class PairsOfRows:
    """The pairs from one side: where those of each row begin `(r + 1,)`, the other side's numbers, what each counts."""

    starts: NDArray[np.int64]
    others: NDArray[np.int32]
    counts: NDArray[np.float32]

    def blocks(self) -> list[slice]:
        """Rows with about as many pairs."""
        ends = np.searchsorted(self.starts, np.arange(PAIRS, self.starts[-1], PAIRS))
        bounds = np.unique(np.concatenate(([0], ends, [len(self.starts) - 1])))
        return [slice(int(a), int(b)) for a, b in pairwise(bounds)]


def factorise(
    interactions: Interactions, settings: TasteSettings, tell: Callable[[float], None] = lambda _: None
) -> Factors:
    """Factors of all users and items; those without a pair are zeros. tell: called with the share of rounds done."""
    chance = np.random.default_rng(settings.seed)
    counts = np.full(len(interactions), settings.confidence, np.float32)
    by_user = PairsOfRows(interactions.starts, interactions.chosen, counts)
    starts, order = interactions.by_item()
    by_item = PairsOfRows(starts, interactions.of[order], counts)
    users = np.zeros((len(interactions.users), settings.factors), np.float32)
    size = 0.1 / np.sqrt(settings.factors)
    items = chance.normal(0, size, (len(interactions.items), settings.factors)).astype(np.float32)
    items[np.diff(starts) == 0] = 0
    for done in range(settings.rounds):
        solve(by_user, items, users, settings.regularisation)
        solve(by_item, users, items, settings.regularisation)
        tell((done + 1) / settings.rounds)
    solve(by_user, items, users, settings.regularisation)
    return Factors(users, items)


def solve(side: PairsOfRows, fixed: Vectors, moved: Vectors, regularisation: float, steps: int = STEPS) -> None:
    """Some steps from the factors `moved` towards those that fit best to the others, which stay; written into it."""
    gram = fixed.T @ fixed + np.float32(regularisation) * np.eye(fixed.shape[1], dtype=np.float32)

    def work(rows: slice) -> None:
        if COMPILED:
            bounds = fixed.shape[1], rows.start, rows.stop, steps
            _taste.solve_rows(side.starts, side.others, side.counts, fixed, gram, moved, *bounds)
        else:
            moved[rows] = steps_of(side, rows, fixed, moved[rows], gram, steps)

    on_all_cores(work, iter(side.blocks()))


def steps_of(side: PairsOfRows, rows: slice, fixed: Vectors, x: Vectors, gram: Vectors, steps: int) -> Vectors:
    """What `solve` makes of some rows x: the plain twin of what is compiled."""
    starts = side.starts[rows.start : rows.stop + 1]
    pairs = slice(int(starts[0]), int(starts[-1]))
    owner = np.repeat(np.arange(len(x)), np.diff(starts))
    others, counts = fixed[side.others[pairs]], side.counts[pairs]  # (p, f), (p,)
    begins = starts[:-1] - starts[0]
    some = np.diff(starts) > 0

    def summed(weights: NDArray[np.float32]) -> Vectors:
        sums = np.zeros_like(x)
        if some.any():
            sums[some] = np.add.reduceat(others * weights[:, None], begins[some], axis=0)
        return sums

    def times(p: Vectors) -> Vectors:
        """The matrix of each row's normal equations times its p."""
        products: Vectors = p @ gram + summed(counts * np.einsum("pf,pf->p", others, p[owner]))
        return products

    x = np.where(some[:, None], x, np.float32(0))
    residual = summed(1 + counts) - times(x)
    direction = residual.copy()
    size = np.einsum("rf,rf->r", residual, residual)
    for _ in range(steps):
        moving = size > TINY
        ahead = times(direction)
        bend = np.where(moving, np.einsum("rf,rf->r", direction, ahead), 1)
        step = np.where(moving, size / bend, 0).astype(np.float32)[:, None]
        x = x + step * direction
        residual = residual - step * ahead
        before, size = size, np.einsum("rf,rf->r", residual, residual)
        direction = residual + (size / np.where(moving, before, 1)).astype(np.float32)[:, None] * direction
    return x


def fold_in(
    items: Vectors, gram: NDArray[np.float64], chosen: NDArray[np.int32], counts: NDArray[np.float32]
) -> Vectors:
    """The factors `(f,)` of a user who chose these items, solved exactly; zeros for one who chose none.

    gram: `items.T @ items`, with the regularisation on its diagonal. counts: the confidence beyond 1 of each; below 0,
    how sure it is that the item is not wanted.
    """
    if not len(chosen):
        return np.zeros(items.shape[1], np.float32)
    own = items[chosen].astype(np.float64)
    wanted = np.where(counts > 0, 1 + counts, 0)
    solved: Vectors = np.linalg.solve(gram + (own.T * np.abs(counts)) @ own, wanted @ own).astype(np.float32)
    return solved
