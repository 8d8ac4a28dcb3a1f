"""Logistic regression: known answers, and that it is at the optimum."""

from __future__ import annotations

import numpy as np
import pytest

from knnife.statistics.regression import logistic_regression


def test_it_finds_the_known_answer() -> None:
    """Three in four of one group, one in four of the other: log-odds of log 3 and -log 3."""
    design = np.repeat(np.eye(2), 4, axis=0)
    labels = np.array([1, 1, 1, 0, 1, 0, 0, 0.0])
    assert logistic_regression(design, labels, np.full(2, 1e-9)) == pytest.approx([np.log(3), -np.log(3)], abs=1e-4)
    held = logistic_regression(design, labels, np.full(2, 1e9), prior=np.array([5.0, 5]))
    assert held == pytest.approx([5, 5], abs=1e-4)


@pytest.mark.parametrize("scale", [1.0, 30.0])
def test_the_gradient_is_zero_there(scale: float) -> None:
    random = np.random.default_rng(0)
    design, labels = scale * random.normal(size=(60, 4)), random.random(60) < 0.3
    weights, precision, prior = random.random(60), random.random(4) + 0.1, random.normal(size=4)
    found = logistic_regression(design, labels, precision, prior=prior, weights=weights)
    chance = 1 / (1 + np.exp(-design @ found))
    gradient = design.T @ (weights * (chance - labels)) + precision * (found - prior)
    assert gradient == pytest.approx(np.zeros(4), abs=1e-5)


def test_a_weight_counts_as_copies_do() -> None:
    random = np.random.default_rng(1)
    design, labels, copies = random.normal(size=(30, 2)), random.random(30) < 0.5, random.integers(1, 4, 30)
    weighed = logistic_regression(design, labels, np.ones(2), weights=copies.astype(float))
    copied = logistic_regression(np.repeat(design, copies, axis=0), np.repeat(labels, copies), np.ones(2))
    assert weighed == pytest.approx(copied)
