"""From examples to a head: weights, how large they may grow, and how sharp its probabilities are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from knnife.geometry import Vectors
from knnife.tools._classify import softmax
from knnife.tools._classify.calibration import Measured, folds, sharpness
from knnife.tools._classify.softmax import Codes, Weights

PENALTIES = (0.2, 0.03)  # tried where examples can be held out: more noise needs a larger one
UNTOLD_PENALTY, UNTOLD_SHARPNESS = 0.03, 2.0  # where none can
TOLD_BY = 500  # so many held-out examples are enough to tell


class Head(NamedTuple):
    """Probabilities are softmax(sharpness (x W + b))."""

    weights: Weights
    sharpness: float

    def probabilities(self, features: Vectors) -> Vectors:
        """`(n, K)`, of features (n, r)."""
        return softmax.softmax(self.weights.logits(features) * np.float32(self.sharpness))


class Lesson(NamedTuple):
    """What is to be learned: n examples by their features, then one name for each class where names are of use."""

    features: Vectors  # (n, r) or (n + K, r)
    codes: Codes  # likewise
    things: int  # n
    classes: int

    def weights(self, rows: Codes, penalty: float, start: Weights | None = None) -> Weights:
        """What the examples of these rows teach, and all names."""
        named = np.arange(self.things, len(self.codes))
        rows = np.concatenate([rows, named])
        return softmax.fit(self.features[rows], self.codes[rows], self.classes, penalty=penalty, start=start)


class HeldOut(NamedTuple):
    """Examples judged by heads that did not see them."""

    rows: Codes  # (h,)
    logits: Sequence[Vectors]  # (h, K), for each penalty
    weights: Sequence[Weights]  # one of those heads for each penalty


class Learned(NamedTuple):
    """A head; the penalty it was learned with; and what it may be expected to do, where that can be told."""

    head: Head
    penalty: float
    measured: Measured | None


def learn(lesson: Lesson, seed: int) -> Learned:
    """The head of the penalty and the sharpness under which held-out examples are least surprising."""
    seen = held_out(lesson, PENALTIES, TOLD_BY, seed)
    everything = np.arange(lesson.things)
    if seen is None:
        weights = lesson.weights(everything, UNTOLD_PENALTY)
        return Learned(Head(weights, UNTOLD_SHARPNESS), UNTOLD_PENALTY, None)
    codes = lesson.codes[seen.rows]
    tried = [sharpness(logits, codes) for logits in seen.logits]
    best = int(np.argmin([each.surprise for each in tried]))
    by = tried[best].value
    weights = lesson.weights(everything, PENALTIES[best], seen.weights[best])
    return Learned(Head(weights, by), PENALTIES[best], Measured.of(seen.logits[best], codes, by))


def held_out(lesson: Lesson, penalties: Sequence[float], enough: int | None, seed: int) -> HeldOut | None:
    """Judges examples of classes that are known without them, fold by fold, until `enough` are judged (None: all).

    None where fewer than two can be judged.
    """
    codes = lesson.codes[: lesson.things]
    known = np.bincount(lesson.codes, minlength=lesson.classes)
    judged = np.flatnonzero(known[codes] > 1)
    if len(judged) < 2:
        return None
    rows, logits, fold = [], [], np.full(len(codes), -1)
    fold[judged] = folds(codes[judged], seed)
    for number in range(int(fold.max()) + 1):
        out = np.flatnonzero(fold == number)
        weights = list(_path(lesson, np.flatnonzero(fold != number), penalties))
        rows.append(out)
        logits.append([each.logits(lesson.features[out]) for each in weights])
        if enough is not None and sum(map(len, rows)) >= enough:
            break
    return HeldOut(np.concatenate(rows), [np.concatenate(each) for each in zip(*logits, strict=True)], weights)


def _path(lesson: Lesson, learned: Codes, penalties: Sequence[float]) -> Iterator[Weights]:
    """What the rows `learned` teach with each penalty, each beginning where the last one ended."""
    weights = None
    for penalty in penalties:
        weights = lesson.weights(learned, penalty, weights)
        yield weights
