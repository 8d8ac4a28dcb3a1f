"""Multinomial logistic regression: weights that make the given classes likely, and are no larger than they need be.

Minimised is

    f(W) = - sum_ik t_ik log p(k | x_i) + 1/2 penalty (|W|² + |b|²),        p(. | x) = softmax(x W + b)

where t_ik is the share of x_i that belongs to class k: 1 of its class where that is known. It is done by L-BFGS
(Nocedal and Wright, "Numerical Optimization", 2nd ed., algorithm 7.4). It starts from the curvature of each component,
which for the features of nystrom.py is nearly all of it, so that some twenty steps are enough.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from knnife.geometry import Vectors

Codes = NDArray[np.int64]

STEPS = 200
ENOUGH = 1e-3  # a step that lowers the loss by a smaller share than this is the last one
MEMORY = 8  # steps that L-BFGS remembers


class Weights(NamedTuple):
    """A head: logits of x are x `slope` + `intercept`."""

    slope: Vectors  # (d, K)
    intercept: Vectors  # (K,)

    def logits(self, points: Vectors) -> Vectors:
        """`(n, K)`, of points (n, d)."""
        found: Vectors = points @ self.slope + self.intercept
        return found


def softmax(logits: Vectors) -> Vectors:
    """Each row as probabilities; exact for any finite logits."""
    chances = np.exp(logits - logits.max(axis=1, keepdims=True))
    found: Vectors = chances / chances.sum(axis=1, keepdims=True)
    return found


def shares(codes: Codes, classes: int) -> Vectors:
    """Those of points whose classes `codes` (n,) are known: `(n, classes)`, each row with a single 1."""
    found: Vectors = np.zeros((len(codes), classes), np.float32)
    found[np.arange(len(codes)), codes] = 1
    return found


def fit(points: Vectors, belonging: Vectors, *, penalty: float, start: Weights | None = None) -> Weights:
    """The weights that fit best: `points` (n, d), and the shares of each that belong to the classes `(n, K)`.

    A row of `belonging` adds up to what its point weighs. start: where to begin, for a solution close by.
    """
    problem = _Problem.of(points, belonging, penalty)
    where = np.zeros((points.shape[1] + 1, belonging.shape[1]), np.float32)
    if start is not None:
        where = np.vstack([start.slope, start.intercept])
    found = _minimum(problem, where)
    return Weights(found[:-1], found[-1])


class _Problem(NamedTuple):
    """What is minimised; the intercept is the last row of the weights, for a component that is always 1."""

    points: Vectors  # (n, d + 1)
    belonging: Vectors  # (n, K)
    weight: Vectors  # (n, 1), the sums of its rows
    penalty: float
    curvature: Vectors  # (d + 1, 1), the inverse of that which all classes share

    @classmethod
    def of(cls, points: Vectors, belonging: Vectors, penalty: float) -> _Problem:
        n, classes = belonging.shape
        ones = np.hstack([points, np.ones((n, 1), np.float32)])
        weight = belonging.sum(axis=1, keepdims=True)
        share = 2 / classes * (1 - 1 / classes)  # p (1 - p) of undecided classes, and some more for the decided
        bent = share * np.einsum("ij,ij,ik->j", ones, ones, weight)[:, None] + penalty
        return cls(ones, belonging, weight, penalty, (1 / bent).astype(np.float32))

    def value(self, where: Vectors) -> tuple[float, Vectors]:
        """The loss and its gradient (d + 1, K) there."""
        logits = self.points @ where
        logits -= logits.max(axis=1, keepdims=True)
        right = np.einsum("ik,ik->i", self.belonging, logits)
        chances = np.exp(logits, out=logits)
        sums = chances.sum(axis=1, keepdims=True)
        chances *= self.weight / sums
        surprise = (self.weight * np.log(sums))[:, 0] - right
        chances -= self.belonging
        loss = float(surprise.sum(dtype=np.float64)) + self.penalty / 2 * float((where * where).sum())
        return loss, self.points.T @ chances + np.float32(self.penalty) * where


def _minimum(problem: _Problem, where: Vectors) -> Vectors:
    loss, gradient = problem.value(where)
    steps: list[tuple[Vectors, Vectors, float]] = []  # how far it went, what the gradient changed, their product
    for _ in range(STEPS):
        direction = _direction(problem.curvature, gradient, steps)
        slope, size = float((gradient * direction).sum()), 1.0
        while True:
            there = where - size * direction
            new_loss, new_gradient = problem.value(there)
            if new_loss <= loss - 1e-4 * size * slope or size < 1e-3:  # Armijo's condition
                break
            size /= 2
        if new_loss >= loss:  # as far as float32 sees
            return where
        moved, turned = there - where, new_gradient - gradient
        bent = float((moved * turned).sum())
        if bent > 0:
            steps = [*steps[1 - MEMORY :], (moved, turned, bent)]
        last = loss - new_loss <= ENOUGH * abs(loss)
        where, loss, gradient = there, new_loss, new_gradient
        if last:
            break
    return where


def _direction(curvature: Vectors, gradient: Vectors, steps: list[tuple[Vectors, Vectors, float]]) -> Vectors:
    """The inverse curvature, as the last steps saw it, times the gradient: the two loops of L-BFGS."""
    vector, shares = gradient.copy(), []
    for moved, turned, bent in reversed(steps):
        share = float((moved * vector).sum()) / bent
        vector -= share * turned
        shares.append(share)
    vector = curvature * vector
    if steps:
        _, turned, bent = steps[-1]
        vector *= bent / float((turned * (curvature * turned)).sum())
    for (moved, turned, bent), share in zip(steps, reversed(shares), strict=True):
        vector += moved * (share - float((turned * vector).sum()) / bent)
    return vector
