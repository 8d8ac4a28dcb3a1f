"""Learning from a few things that are known to be odd, such as frauds found so far.

The verdict of a regression is added to the score, with a weight that is chosen by how high odd things come that the
regression was not shown. That weight is 0 unless they come clearly higher than without: five frauds of a kind that is
never seen again shall do no harm. After Zhao and Hryniewicz, "XGBOD: Improving supervised outlier detection with
unsupervised representation learning", IJCNN 2018, who add scores to the columns of a table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from knnife.errors import BadInput
from knnife.geometry import Vectors
from knnife.statistics.folds import stratified_folds
from knnife.statistics.ranks import shares_below
from knnife.things import Thing
from knnife.tools._outliers.regression import Floats, Mask, PointFeatures, Regression

Labels = str | Sequence[Any] | NDArray[Any]

YES = {"1", "1.0", "true", "yes"}
NO = {"0", "0.0", "false", "no", "", "nan", "none"}

FEWEST = 3  # known odd things: to learn from some and be judged on another
FOLDS = 5
WEIGHTS = (0.25, 0.5, 1.0, 2.0, 4.0)
PENALTIES = (1.0, 10.0)  # on squared coefficients, where each known odd thing weighs 1
DOUBT = 1.5  # standard errors: what lifts the held-out ones by less may be chance


class LearnedLabels(NamedTuple):
    """What labels taught.

    weight: how much the verdict of the regression counts beside the score; 0 where it did not help. lift: the share
    of other things that a known odd one overtakes by it, on average, when the regression was not shown it.
    """

    regression: Regression
    weight: float
    lift: float

    @classmethod
    def fit(cls, seen: PointFeatures, odd: Mask, seed: int) -> tuple[LearnedLabels, Vectors]:
        """What the labels of n things teach, and what is to be added to their scores `(n,)`, each held out."""
        random = np.random.default_rng(seed)
        fold = stratified_folds(~odd, min(FOLDS, int(odd.sum())), random)
        held_out = {penalty: _held_out(seen, odd, fold, penalty, random) for penalty in PENALTIES}
        choice = _choose(seen.marks.mean(axis=1).astype(np.float64), held_out, odd)
        regression = Regression.fit(seen, odd, choice.penalty, random)
        added = (choice.weight * held_out[choice.penalty]).astype(np.float32)
        return cls(regression, choice.weight, choice.lift), added


@dataclass(frozen=True)
class _Choice:
    """A weight, how far odd things rise by it (mean and standard error), and the penalty it goes with."""

    weight: float
    lift: float
    error: float
    penalty: float


def _held_out(
    seen: PointFeatures, odd: Mask, fold: NDArray[np.int64], penalty: float, random: np.random.Generator
) -> Floats:
    """The verdict on each thing `(n,)` of a regression that was not shown its fold."""
    found = np.empty(len(odd))
    for number in np.unique(fold):
        out = fold == number
        regression = Regression.fit(seen.take(~out), odd[~out], penalty, random)
        found[out] = regression.verdict(seen.take(out))
    return found


def _choose(plain: Floats, held_out: Mapping[float, Floats], odd: Mask) -> _Choice:
    """By what held-out odd things rise; weight 0 where that is in doubt.

    Of all that are as good as the best, within a standard error, the smallest weight: what was learned from a few
    shall not speak louder than it must.
    """
    before, found = _places(plain, odd), []
    for penalty, verdicts in held_out.items():
        for weight in WEIGHTS:
            lifts = _places(plain + weight * verdicts, odd) - before
            choice = _Choice(weight, float(lifts.mean()), float(lifts.std(ddof=1) / np.sqrt(len(lifts))), penalty)
            if choice.lift > DOUBT * choice.error:
                found.append(choice)
    if not found:
        return _Choice(0.0, 0.0, 0.0, PENALTIES[-1])
    best = max(found, key=lambda choice: choice.lift)
    return min((c for c in found if c.lift >= best.lift - best.error), key=lambda choice: choice.weight)


def _places(scores: Floats, odd: Mask) -> Floats:
    """The share of other things that each odd one stands above; one at the same place is half above."""
    return shares_below(scores[odd], scores[~odd])


def known(labels: Labels, things: Sequence[Thing]) -> Mask:
    """Which of n things are known to be odd `(n,)`: by a label for each, or by the name of the field that holds it.

    Raises BadInput for another number of labels, for labels that are not true or false, for too few odd ones, or all.
    """
    n = len(things)
    if isinstance(labels, str):
        if not any(labels in thing.about for thing in things):
            fields = sorted({name for thing in things for name in thing.about})
            raise BadInput(f"no thing has a field {labels!r}; the fields are: {', '.join(fields) or '(none)'}")
        values = [thing.about.get(labels) for thing in things]
    else:
        values = list(labels)
    if len(values) != n:
        raise BadInput(f"{len(values)} labels were given for {n} things; expected one for each (None where unknown)")
    odd = np.array([_truth(value) for value in values], np.bool_)
    if odd.sum() < FEWEST:
        raise BadInput(f"the labels mark {odd.sum()} of {n} things as odd; {FEWEST} at least are needed to learn")
    if (~odd).sum() < FEWEST:
        raise BadInput(f"the labels mark {odd.sum()} of {n} things as odd; the others are needed to tell them apart")
    return odd


def _truth(value: Any) -> bool:
    word = str(value).strip().lower()
    if value is None or word in NO:
        return False
    if word in YES:
        return True
    raise BadInput(
        f"the label {value!r:.40} is neither true nor false; expected true (1, yes) for what is known to be odd, false "
        "or nothing for the others"
    )
