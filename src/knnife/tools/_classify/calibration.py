"""How sure may a head be? Logits of examples that it did not see, and the one number that makes them honest.

Probabilities of a head that knows its examples by heart are too sure. So the examples are parted into folds, each is
judged by a head that was fitted without it, and all logits are multiplied by the sharpness that makes the given classes
most likely ("temperature scaling": Guo et al., "On Calibration of Modern Neural Networks", ICML 2017).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from knnife.geometry import Vectors
from knnife.tools._classify.softmax import Codes, softmax

FOLDS = 5
BINS = 15  # of probabilities, for the calibration error
SHARPNESSES = np.geomspace(0.1, 30, 40)


class Sharpness(NamedTuple):
    """By what logits are multiplied, and the mean surprise, -log p of the given class, that is left then."""

    value: float
    surprise: float


def sharpness(logits: Vectors, codes: Codes) -> Sharpness:
    """By what logits (h, K) have to be multiplied for the classes `codes` (h,) to be least surprising.

    Where all are answered rightly that would be without end, so one wrong answer more is supposed, whichever it is (as
    by Platt, "Probabilistic outputs for support vector machines", 1999).
    """
    rows, doubt = np.arange(len(codes)), 1 / (len(codes) + 2)
    behind = logits - logits[rows, codes][:, None]
    usual = behind.mean(axis=1)

    def loss(by: float) -> float:
        scaled = behind * np.float32(by)
        most = scaled.max(axis=1)
        surprise = np.log(np.exp(scaled - most[:, None]).sum(axis=1)) + most  # -log p of the given class
        return float((surprise - doubt * by * usual).mean(dtype=np.float64))

    first, last = 0, len(SHARPNESSES) - 1
    while first < last:  # it is convex, so one neighbour says on which side the least is
        middle = (first + last) // 2
        if loss(SHARPNESSES[middle]) <= loss(SHARPNESSES[middle + 1]):
            last = middle
        else:
            first = middle + 1
    return Sharpness(float(SHARPNESSES[first]), loss(SHARPNESSES[first]))


def calibration_error(probabilities: Vectors, codes: Codes) -> float:
    """By how much the probability of the answer misses the share of right answers, on average over 15 bins (ECE)."""
    sure = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == codes
    bins = np.minimum((sure * BINS).astype(np.int64), BINS - 1)
    gaps = np.abs(np.bincount(bins, sure - right, minlength=BINS))
    return float(gaps.sum() / len(codes))


class Measured(NamedTuple):
    """What a head may be expected to do: measured on `things` examples, each judged by a head that did not see it."""

    things: int
    accuracy: float
    calibration_error: float

    @classmethod
    def of(cls, logits: Vectors, codes: Codes, by: float) -> Measured:
        """Of these logits (h, K), multiplied `by` the sharpness found."""
        probabilities = softmax(logits * np.float32(by))
        accuracy = float((probabilities.argmax(axis=1) == codes).mean())
        return cls(len(codes), accuracy, calibration_error(probabilities, codes))
