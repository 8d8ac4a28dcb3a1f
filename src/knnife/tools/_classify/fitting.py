"""From examples to a head: weights, how large they may grow, and how sharp its probabilities are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from knnife.geometry import Vectors
from knnife.statistics.folds import stratified_folds
from knnife.tools._classify import softmax
from knnife.tools._classify.calibration import FOLDS, Measured, Sharpness, sharpness
from knnife.tools._classify.ridge import Ridge
from knnife.tools._classify.softmax import Codes, Weights

PENALTIES = (0.2, 0.03)  # tried where examples can be held out: more noise needs a larger one
DEFAULT_PENALTY, DEFAULT_SHARPNESS = 0.03, 2.0  # where none can
ENOUGH = 500  # so many held-out examples are enough to tell
MOST = 5_000  # things without a label, by chance, are enough: more gained nothing
ROUNDS = 3
TOWARD = (0.5, 0.5)  # twice half of the way to the proportions of the examples
BLENDS = (0.5, 0.0)  # how far logits of held-out examples spread by least squares, of those of the regression


class Head(NamedTuple):
    """Probabilities are softmax(sharpness (x W + b + blend x ridge)): a logistic regression, and least squares."""

    weights: Weights
    sharpness: float
    penalty: float  # of the weights
    ridge: Vectors  # (r, K)
    blend: float

    def logits(self, features: Vectors) -> Vectors:
        """`(n, K)`, of features (n, r), before they are sharpened."""
        found = self.weights.logits(features)
        return found + np.float32(self.blend) * (features @ self.ridge) if self.blend else found

    def probabilities(self, features: Vectors) -> Vectors:
        """`(n, K)`, of features (n, r)."""
        return softmax.softmax(self.logits(features) * np.float32(self.sharpness))


class Unlabelled(NamedTuple):
    """Things without a label, by their features (u, r), and how sharp the head is that answers them.

    The head answers them and learns again from what it answered, each thing as much of each class as it is likely to be
    (Nigam, McCallum, Thrun and Mitchell, "Text classification from labeled and unlabeled documents using EM", Machine
    Learning 39, 2000). Such a head can talk itself into anything. So classes keep, most of the way, the proportions
    that they have among the examples; what is unsure counts for less; all together weigh no more than the examples do;
    and `learn` uses it only where held-out examples are answered better.
    """

    features: Vectors
    sharpness: float

    def teach(self, features: Vectors, belonging: Vectors, penalty: float, weights: Weights) -> Weights:
        """What these teach a head with `weights`, beside the examples (n, r), (n, K) that it was learned from."""
        everything = np.vstack([features, self.features])
        proportions = belonging.mean(axis=0)
        for _ in range(ROUNDS):
            guessed = self._guessed(weights, proportions)
            guessed *= guessed.max(axis=1, keepdims=True) * np.float32(len(features) / len(guessed))
            weights = softmax.fit(everything, np.vstack([belonging, guessed]), penalty=penalty, start=weights)
        return weights

    def _guessed(self, weights: Weights, proportions: Vectors) -> Vectors:
        """How likely each is of each class `(u, K)`, most of the way in those proportions."""
        found = softmax.softmax(weights.logits(self.features) * np.float32(self.sharpness))
        for way in TOWARD:
            found *= (proportions / np.maximum(found.mean(axis=0), 1e-9)) ** np.float32(way)
            found /= found.sum(axis=1, keepdims=True)
        return found


class Lesson(NamedTuple):
    """What is to be learned: n examples by their features, then one name for each class where names are of use."""

    features: Vectors  # (n, r) or (n + K, r)
    codes: Codes  # likewise
    things: int  # n
    classes: int

    def weights(
        self, rows: Codes, penalty: float, start: Weights | None = None, more: Unlabelled | None = None
    ) -> Weights:
        """What the examples of these rows teach, and all names, and `more` things without a label."""
        rows = np.concatenate([rows, np.arange(self.things, len(self.codes))])
        features, belonging = self.features[rows], softmax.shares(self.codes[rows], self.classes)
        weights = softmax.fit(features, belonging, penalty=penalty, start=start)
        return weights if more is None else more.teach(features, belonging, penalty, weights)


class HeldOut(NamedTuple):
    """Examples judged by heads that did not see them."""

    rows: Codes  # (h,)
    logits: Sequence[Vectors]  # (h, K), for each penalty
    weights: Sequence[Weights]  # one of those heads for each penalty


class FittedHead(NamedTuple):
    """A head; what it may be expected to do, where that can be told; and what leaves single examples out.

    unlabelled: how many things without a label it was learned from. judged: the answers to
    held-out examples.
    """

    head: Head
    measured: Measured | None
    ridge: Ridge
    unlabelled: int = 0
    judged: Blended | None = None


class Blended(NamedTuple):
    """Logits (h, K) of held-out examples, by the blend that is right more often, before they are sharpened."""

    rows: Codes  # (h,)
    logits: Vectors
    blend: float
    sharpness: Sharpness

    @classmethod
    def of(
        cls, rows: Codes, logits: Vectors, squares: Vectors, codes: Codes, blends: Sequence[float] = BLENDS
    ) -> Blended:
        """Of what the regression and least squares say (h, K) of the examples of these rows, of these classes.

        Things without a label teach nothing to least squares, so where they are of use those are left out.
        """
        unit = float(logits.std()) / max(float(squares.std()), 1e-9)
        tried = [(share * unit, logits + np.float32(share * unit) * squares) for share in blends]
        blend, blended = max(tried, key=lambda each: int((each[1].argmax(axis=1) == codes).sum()))
        return cls(rows, blended, blend, sharpness(blended, codes))


def learn(lesson: Lesson, unlabelled: Vectors, seed: int) -> FittedHead:
    """The head of the penalty and the sharpness under which held-out examples are least surprising.

    Least squares are added unless more of them are answered rightly without: they answer better than they are sure.

    Things without a label (u, r) teach it, too, where held-out examples are less surprising then.
    """
    ridge = Ridge.of(lesson.features, lesson.codes, lesson.classes)
    seen = held_out(lesson, PENALTIES, ENOUGH, seed)
    everything = np.arange(lesson.things)
    if seen is None:
        return _untold(lesson, unlabelled, ridge)
    codes = lesson.codes[seen.rows]
    squares = ridge.left_out(seen.rows)
    tried = [Blended.of(seen.rows, logits, squares, codes) for logits in seen.logits]
    best = int(np.argmin([each.sharpness.surprise for each in tried]))
    penalty, found = PENALTIES[best], tried[best]
    if len(unlabelled):
        alone = sharpness(seen.logits[best], codes)
        more = Unlabelled(unlabelled, alone.value)
        taught = held_out(lesson, [penalty], ENOUGH, seed, more)
        judged = Blended.of(taught.rows, taught.logits[0], squares, codes, (0.0,)) if taught else found
        if judged.sharpness.surprise < alone.surprise:
            weights = lesson.weights(everything, penalty, more=more)
            return _fitted(lesson, weights, penalty, ridge, judged, len(unlabelled))
    weights = lesson.weights(everything, penalty, seen.weights[best])
    return _fitted(lesson, weights, penalty, ridge, found, 0)


def _untold(lesson: Lesson, unlabelled: Vectors, ridge: Ridge) -> FittedHead:
    """Where nothing tells what is best. Names alone say so little that things without a label nearly always help."""
    more = Unlabelled(unlabelled, DEFAULT_SHARPNESS) if len(unlabelled) and not lesson.things else None
    weights = lesson.weights(np.arange(lesson.things), DEFAULT_PENALTY, more=more)
    head = Head(weights, DEFAULT_SHARPNESS, DEFAULT_PENALTY, ridge.slope, 0.0)
    return FittedHead(head, None, ridge, len(unlabelled) if more else 0)


def _fitted(
    lesson: Lesson, weights: Weights, penalty: float, ridge: Ridge, judged: Blended, unlabelled: int
) -> FittedHead:
    by = judged.sharpness.value
    measured = Measured.of(judged.logits, lesson.codes[judged.rows], by)
    return FittedHead(Head(weights, by, penalty, ridge.slope, judged.blend), measured, ridge, unlabelled, judged)


def held_out(
    lesson: Lesson, penalties: Sequence[float], enough: int | None, seed: int, more: Unlabelled | None = None
) -> HeldOut | None:
    """Judges examples of classes that are known without them, fold by fold, until `enough` are judged (None: all).

    None where fewer than two can be judged. more: what teaches each of the heads that judge, too.
    """
    codes = lesson.codes[: lesson.things]
    known = np.bincount(lesson.codes, minlength=lesson.classes)
    judged = np.flatnonzero(known[codes] > 1)
    if len(judged) < 2:
        return None
    rows, logits, fold = [], [], np.full(len(codes), -1)
    fold[judged] = stratified_folds(codes[judged], FOLDS, np.random.default_rng(seed))
    for number in range(int(fold.max()) + 1):
        out = np.flatnonzero(fold == number)
        weights, start = [], None
        for penalty in penalties:  # each begins where the last one ended
            start = lesson.weights(np.flatnonzero(fold != number), penalty, start, more)
            weights.append(start)
        rows.append(out)
        logits.append([each.logits(lesson.features[out]) for each in weights])
        if enough is not None and sum(map(len, rows)) >= enough:
            break
    return HeldOut(np.concatenate(rows), [np.concatenate(each) for each in zip(*logits, strict=True)], weights)
