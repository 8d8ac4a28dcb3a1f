"""Which examples decided? The head is a weighted sum of its examples, so each answer can be taken apart.

Where the loss of a regularised head is least, the weights of class c are W_c = sum_i a_ic x_i with
a_ic = (1 [y_i = c] - p_ic) / penalty, where p are probabilities or, of least squares, values. So the logit of a thing
is the sum of what each example pulls, a_ic x_i·x (Yeh et al., "Representer point selection for explaining deep neural
networks", NeurIPS 2018).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from knnife.geometry import Vectors, blocks, top_k
from knnife.statistics.intervals import share_interval
from knnife.tools._classify.fitting import Head, Lesson
from knnife.tools._classify.ridge import PENALTY
from knnife.tools._classify.softmax import Codes, shares, softmax

SEEN, TOLD = 8, 0.75  # examples of two classes together; half of them would be told apart by chance


class Reason(NamedTuple):
    """An example that pulled toward the answer: its id, and its share of all that pulled that way."""

    id: str
    share: float


def reasons(
    head: Head, lesson: Lesson, ids: Sequence[str], features: Vectors, codes: Codes, k: int
) -> list[list[Reason]]:
    """For each of `features` (m, r), answered `codes` (m,), the k examples that pulled most toward the answer.

    lesson: what the head was learned from; ids: what its examples are called.
    """
    if k == 0:
        return [[] for _ in features]
    given = shares(lesson.codes, lesson.classes)
    weights = (given - softmax(head.weights.logits(lesson.features))) / np.float32(head.penalty)  # (n, K)
    if head.blend:
        weights += (given - lesson.features @ head.ridge) * np.float32(head.blend / PENALTY)
    found: list[list[Reason]] = []
    for block in blocks(len(features), 8 * len(lesson.codes)):
        pulls = (features[block] @ lesson.features.T) * weights[:, codes[block]].T  # (b, n)
        np.maximum(pulls, 0, out=pulls)
        rows, strengths = top_k(pulls, k)
        parts = strengths / np.maximum(pulls.sum(axis=1), 1e-30)[:, None]
        for row, of in zip(rows.tolist(), parts.tolist(), strict=True):
            found.append([Reason(ids[i], share) for i, share in zip(row, of, strict=True) if share > 0])
    return found


def suspects(probabilities: Vectors, codes: Codes) -> NDArray[np.bool_]:
    """Which given labels `(n,)` look wrong, by the probabilities `(n, K)` of heads that did not see their examples.

    "Confident learning" (Northcutt, Jiang and Chuang, JAIR 70, 2021): an example is confidently of a class when its
    probability is at least the average that examples labelled so have. It is suspect when the likeliest of its
    confident classes is not the one it was given.
    """
    classes = probabilities.shape[1]
    counts = np.bincount(codes, minlength=classes)
    own = probabilities[np.arange(len(codes)), codes]
    usual = np.bincount(codes, own, minlength=classes) / np.maximum(counts, 1)
    usual[counts == 0] = np.inf  # a class of which none was judged
    confident = np.where(probabilities >= usual, probabilities, 0)
    found: NDArray[np.bool_] = (confident.max(axis=1) > 0) & (confident.argmax(axis=1) != codes)
    return found


def confused(logits: Vectors, codes: Codes) -> list[tuple[int, int]]:
    """Pairs of classes whose examples cannot be told from each other, by what heads say that did not see them (h, K).

    Of the two logits of a pair the one of the right class has to be the greater. That is so for a share of their
    examples that surely (95%) is below `TOLD`.
    """
    found = []
    answered = logits.argmax(axis=1)
    for first, second in sorted(
        {(min(pair), max(pair)) for pair in zip(codes.tolist(), answered.tolist(), strict=True)}
    ):
        rows = (codes == first) | (codes == second)
        if first == second or (codes[rows] == first).all() or (codes[rows] == second).all() or rows.sum() < SEEN:
            continue
        right = (logits[rows, first] > logits[rows, second]) == (codes[rows] == first)
        share = float(right.mean())
        if share < TOLD and share_interval(share, len(right))[1] < TOLD:
            found.append((first, second))
    return found
