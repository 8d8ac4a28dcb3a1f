"""From examples to a head: weights, how large they may grow, and how sharp its probabilities are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from knnife.geometry import Vectors
from knnife.statistics.folds import stratified_folds
from knnife.tools._classify import softmax
from knnife.tools._classify.calibration import FOLDS, Measured, Sharpness, sharpness
from knnife.tools._classify.class_words import ClassWords, Heard
from knnife.tools._classify.ridge import Ridge
from knnife.tools._classify.softmax import Codes, Weights

PENALTIES = (0.2, 0.03)  # tried where examples can be held out: more noise needs a larger one
DEFAULT_PENALTY, DEFAULT_SHARPNESS = 0.03, 2.0  # where none can
ENOUGH = 500  # so many held-out examples are enough to tell
MOST = 5_000  # things without a label, by chance, are enough: more gained nothing
ROUNDS = 3
TOWARD = (0.5, 0.5)  # twice half of the way to the proportions of the examples
BLENDS = (0.0, 0.25, 0.5)  # how far logits of held-out examples spread by least squares, of those of the regression
SPOKEN = (0.0, 0.2, 0.4, 0.8)  # ... and by their words


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


class Worded(NamedTuple):
    """A head for texts: what the head says of their features, plus blend x how much they sound like each class."""

    head: Head
    wording: ClassWords
    blend: float

    def probabilities(self, features: Vectors, texts: Sequence[str]) -> Vectors:
        """`(n, K)`, of the features (n, r) and the texts of n things."""
        logits = self.head.logits(features) + np.float32(self.blend) * self.wording.sounds(texts)
        return softmax.softmax(logits * np.float32(self.head.sharpness))


class FittedHead(NamedTuple):
    """A head; what it may be expected to do, where that can be told; and what leaves single examples out.

    worded: what answers texts instead, where their words are of use. unlabelled: how many things without a label it was
    learned from. judged: the answers to held-out examples, of `worded` where there is one.
    """

    head: Head
    measured: Measured | None
    ridge: Ridge
    worded: Worded | None = None
    unlabelled: int = 0
    judged: Blended | None = None


class Blended(NamedTuple):
    """Logits (h, K) of held-out examples, by the blend that surprises least, before they are sharpened.

    ridge, words: what least squares, and how much a text sounds like each class, are multiplied by.
    """

    rows: Codes  # (h,)
    logits: Vectors
    ridge: float
    words: float
    sharpness: Sharpness

    @classmethod
    def of(cls, rows: Codes, logits: Vectors, codes: Codes, squares: Vectors | None, sounds: Vectors | None) -> Blended:
        """Of what the regression, least squares and words say (h, K) of the examples of these rows, of these classes.

        None of the latter two: they are left out. Things without a label teach nothing to least squares, so where
        they are of use those are.
        """
        tried = []
        for ridge, first in _blends(logits, squares, BLENDS):
            for words, blended in _blends(logits, sounds, SPOKEN, first):
                tried.append(cls(rows, blended, ridge, words, sharpness(blended, codes)))
        return min(tried, key=lambda each: each.sharpness.surprise)


def _blends(
    logits: Vectors, more: Vectors | None, shares: Sequence[float], start: Vectors | None = None
) -> list[tuple[float, Vectors]]:
    """`start` with shares of `more`, in units of how far both spread, and what `more` is multiplied by."""
    start = logits if start is None else start
    if more is None:
        return [(0.0, start)]
    unit = float(logits.std()) / max(float(more.std()), 1e-9)
    return [(share * unit, start + np.float32(share * unit) * more) for share in shares]


def learn(lesson: Lesson, unlabelled: Vectors, seed: int, heard: Heard | None = None) -> FittedHead:
    """The head of the penalty and the sharpness under which held-out examples are least surprising.

    Least squares, and the words of texts, are added as far as these are less surprising then. Things without a label
    (u, r) teach it, too, where held-out examples are less surprising by the regression then.
    """
    ridge = Ridge.of(lesson.features, lesson.codes, lesson.classes)
    seen = held_out(lesson, PENALTIES, ENOUGH, seed)
    if seen is None:
        return _untold(lesson, unlabelled, ridge)
    codes, everything = lesson.codes[seen.rows], np.arange(lesson.things)
    alone = [sharpness(logits, codes) for logits in seen.logits]
    best = int(np.argmin([each.surprise for each in alone]))
    penalty, logits = PENALTIES[best], seen.logits[best]
    more = Unlabelled(unlabelled, alone[best].value) if len(unlabelled) else None
    taught = held_out(lesson, [penalty], ENOUGH, seed, more) if more else None
    if taught and sharpness(taught.logits[0], codes).surprise < alone[best].surprise:
        logits, weights = taught.logits[0], lesson.weights(everything, penalty, more=more)
    else:
        more, weights = None, lesson.weights(everything, penalty, seen.weights[best])
    squares = None if more else ridge.left_out(seen.rows)
    found = Blended.of(seen.rows, logits, codes, squares, None)
    head = Head(weights, found.sharpness.value, penalty, ridge.slope, found.ridge)
    worded = None
    if heard is not None:
        spoken = Blended.of(seen.rows, logits, codes, squares, heard.left_out(seen.rows))
        if spoken.words:
            found = spoken
            head_of_texts = head._replace(blend=spoken.ridge, sharpness=spoken.sharpness.value)
            worded = Worded(head_of_texts, heard.wording, spoken.words)
    measured = Measured.of(found.logits, codes, found.sharpness.value)
    return FittedHead(head, measured, ridge, worded, len(unlabelled) if more else 0, found)


def _untold(lesson: Lesson, unlabelled: Vectors, ridge: Ridge) -> FittedHead:
    """Where nothing tells what is best. Names alone say so little that things without a label nearly always help."""
    more = Unlabelled(unlabelled, DEFAULT_SHARPNESS) if len(unlabelled) and not lesson.things else None
    weights = lesson.weights(np.arange(lesson.things), DEFAULT_PENALTY, more=more)
    head = Head(weights, DEFAULT_SHARPNESS, DEFAULT_PENALTY, ridge.slope, 0.0)
    return FittedHead(head, None, ridge, unlabelled=len(unlabelled) if more else 0)


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
