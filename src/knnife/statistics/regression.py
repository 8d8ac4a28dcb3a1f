"""Logistic regression with a normal prior."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

STEPS = 25  # of Newton's method, which needs fewer


def logistic_regression(
    design: Numbers,
    labels: Numbers | NDArray[np.bool_],
    precision: Numbers,
    *,
    prior: Numbers | float = 0.0,
    weights: Numbers | float = 1.0,
) -> Numbers:
    """The coefficients `(f,)` of the greatest posterior density.

    design: `(m, f)`, without an intercept unless one of its columns is constant. labels: `(m,)`, 1 or 0, or how
    probably it is 1. precision, prior: `(f,)`, of the normal prior of each coefficient, its inverse variance and its
    mean. weights: `(m,)`.

    By Newton's method (iteratively reweighted least squares; Nelder and Wedderburn 1972), with steps halved until they
    lower the cost.
    """
    ones: Numbers = labels.astype(np.float64)
    found = np.zeros(design.shape[1]) + prior

    def cost(at: Numbers) -> float:
        loss = np.logaddexp(0, design @ at) - ones * (design @ at)
        return float((weights * loss).sum() + precision @ (at - prior) ** 2 / 2)

    for _ in range(STEPS):
        chance = 1 / (1 + np.exp(-np.clip(design @ found, -50, 50)))
        slope = design.T @ (weights * (chance - ones)) + precision * (found - prior)
        curve = (design * (weights * chance * (1 - chance))[:, None]).T @ design + np.diag(precision)
        step, now = np.linalg.solve(curve, slope), cost(found)
        while cost(found - step) > now and np.abs(step).max() > 1e-9:
            step = step / 2
        found = found - step
        if np.abs(step).max() < 1e-6:
            break
    return found
