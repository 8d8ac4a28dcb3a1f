"""How much accuracy is expected to be lost: what is known of the reference, weighed by where the new things lie.

Supposed is that only the things moved, and not what is right for each (covariate shift; Shimodaira 2000, Sugiyama et
al. 2007, JMLR 8). Each new thing is then expected to be told as rightly as its nearest things of the reference, which
weighs each of the reference by how many new things it is near to (nearest-neighbour density ratios: Loog 2012, MLSP).
Things that are neighbours of many are so before and after: the same is done for the reference itself, and what is lost
is the difference.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knnife.errors import BadInput
from knnife.space import Sample, nearest
from knnife.tools._drift.pool import Rows

Strings = NDArray[np.str_]

SMOOTHED = 10  # things of the reference that a new thing is judged by
VOTES = 5  # where no predictions are given: of so many neighbours the most frequent label
SURE = 1.96  # standard errors: 95%


@dataclass(frozen=True)
class Accuracy:
    """Of the reference, and what is expected of new things, between `low` and `high` in 95 of 100 cases.

    by: whose accuracy, "predictions" or "nearest neighbours". weighing: how many things of the reference the
    expectation rests on; few, where the new things lie near to few of them.
    """

    reference: float
    expected: float
    low: float
    high: float
    by: str
    weighing: float

    @property
    def lost(self) -> float:
        """What is expected to be lost; below 0, gained."""
        return self.reference - self.expected


def of_things(labels: str | Sequence[Any], sample: Sample, what: str) -> Strings:
    """Labels `(n,)` as given for each thing of a sample, or as they stand in a field of it."""
    if isinstance(labels, str):
        given = [thing.about.get(labels) for thing in sample.things]
        missing = sum(value is None for value in given)
        if missing:
            raise BadInput(f"{what}={labels!r}: {missing:,} of {len(sample):,} things of {sample.source} lack it")
    else:
        given = list(labels)
        if len(given) != len(sample):
            raise BadInput(f"{what}: {len(given):,} were given for {len(sample):,} things of {sample.source}")
    return np.array([str(value) for value in given])


def accuracy(reference: Sample, new: Sample, labels: Strings, predictions: Strings | None) -> Accuracy:
    """What was right in the reference, carried over to the new things. Raises BadInput for labels of one class."""
    if len(set(labels.tolist())) < 2:
        raise BadInput(f"labels: all things are of one class, {labels[0]!r}; expected two classes or more")
    k = min(max(SMOOTHED, VOTES), len(reference) - 1)
    own = nearest(reference.vectors, k, metric=reference.metric)[0]
    near = nearest(reference.vectors, k, new.vectors, metric=reference.metric)[0]
    by = "predictions" if predictions is not None else "nearest neighbours"
    answers = predictions if predictions is not None else _votes(labels, own[:, :VOTES])
    right = (answers == labels).astype(np.float64)
    before, after = right[own].mean(axis=1), right[near].mean(axis=1)
    share = float(right.mean())
    expected = min(1.0, max(0.0, share + after.mean() - before.mean()))
    weights = np.bincount(near.ravel(), minlength=len(right)) / near.size
    change = weights - np.bincount(own.ravel(), minlength=len(right)) / own.size + 1 / len(right)
    error = SURE * float(np.sqrt(after.var() / len(new) + (change**2).sum() * share * (1 - share)))
    low, high = max(0.0, expected - error), min(1.0, expected + error)
    return Accuracy(share, expected, low, high, by, float(1 / (weights**2).sum()))


def _votes(labels: Strings, near: Rows) -> Strings:
    """For each thing the most frequent label of others; of equally frequent ones that of the nearest."""
    names, numbers = np.unique(labels, return_inverse=True)
    votes = np.zeros((len(near), len(names)))
    for rank in range(near.shape[1]):
        votes[np.arange(len(near)), numbers[near[:, rank]]] += 1 - rank / 100
    found: Strings = names[votes.argmax(axis=1)]
    return found
