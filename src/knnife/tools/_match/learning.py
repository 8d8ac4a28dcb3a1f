"""Learning from labelled pairs: what labels say is added to what is known without them.

Logistic regression starts from the log-odds without labels; how tightly it is held there is chosen by cross-validation.
With many labels, boosted trees learn beside it. How far each is believed is fitted to what they said of pairs they had
not seen (stacking, Wolpert 1992; for one of them, it is the calibration of Platt, 1999).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from knnife.statistics.folds import stratified_folds
from knnife.statistics.regression import logistic_regression
from knnife.tools._match.bags import Numbers
from knnife.tools._match.trees import Forest

FOLDS = 5
HOLDS = (256.0, 64.0, 16.0, 4.0, 1.0)  # how tightly a line is held, the tightest first: the precision of its weights
MANY = 200  # labels from which on trees learn too
EACH = 20  # of them, matches and others that are needed for that
TRUSTED = 32.0  # how tightly a judge is held at being believed as it is, which keeps a few labels from overruling it
OFFSET = 1.0  # how tightly it is held that matches begin where a judge says

Mask = NDArray[np.bool_]


class Line(NamedTuple):
    """Log-odds as a weighted sum of measures, in widths from their centre; what is missing lies at the centre.

    weights: `(f + 2,)`: of the measures, of the log-odds without labels, and what is added.
    """

    centre: Numbers
    width: Numbers
    weights: Numbers

    @classmethod
    def fit(cls, measures: Numbers, start: Numbers, labels: Numbers, hold: float) -> Line:
        """From measures `(m, f)`, and log-odds without labels, in which it believes at first, and labels `(m,)`."""
        centre, width = np.zeros(measures.shape[1]), np.ones(measures.shape[1])
        some = ~np.isnan(measures).all(axis=0)
        centre[some] = np.nanmean(measures[:, some], axis=0)
        width[some] = np.maximum(np.nanstd(measures[:, some], axis=0), 1e-3)
        before = np.zeros(measures.shape[1] + 2)
        before[-2] = 1
        held = np.full(len(before), hold)
        held[-2:] = TRUSTED, OFFSET
        line = cls(centre, width, before)
        return line._replace(weights=logistic_regression(line._design(measures, start), labels, held, prior=before))

    def log_odds(self, measures: Numbers, start: Numbers) -> Numbers:
        """Of pairs `(m,)`."""
        return self._design(measures, start) @ self.weights

    def _design(self, measures: Numbers, start: Numbers) -> Numbers:
        scaled = np.nan_to_num((measures - self.centre) / self.width)
        return np.column_stack([scaled, start, np.ones(len(start))])


class LearnedMatching(NamedTuple):
    """What labels taught. trust: `(2,)` or `(3,)`: what is added to the log-odds, and how far the line and, where there
    is one, the forest are believed.
    """

    line: Line
    forest: Forest | None
    trust: Numbers

    @classmethod
    def fit(cls, measures: Numbers, start: Numbers, labels: Numbers, seed: int) -> LearnedMatching:
        """From measures `(m, f)`, log-odds without labels `(m,)` and labels `(m,)`, 0 or 1.

        With fewer than two of each label nothing can be validated, and the line is held most tightly.
        """
        fewest = int(min(labels.sum(), (1 - labels).sum()))
        if fewest < 2:
            return cls(Line.fit(measures, start, labels, HOLDS[0]), None, np.array([0.0, 1.0]))
        random = np.random.default_rng(seed)
        folds = stratified_folds(labels > 0, FOLDS, random)

        def line_of(rows: Mask, hold: float) -> Line:
            return Line.fit(measures[rows], start[rows], labels[rows], hold)

        def forest_of(rows: Mask) -> Forest:
            return Forest.fit(_with(measures, start)[rows], start[rows], labels[rows], random)

        def unseen(judge: Callable[[Mask], Numbers]) -> Numbers:
            """The log-odds of each pair by a judge that learned from the other folds."""
            found = np.empty(len(labels))
            for fold in range(FOLDS):
                found[folds == fold] = judge(folds != fold)[folds == fold]
            return found

        def by_line(hold: float) -> Numbers:
            return unseen(lambda rows: line_of(rows, hold).log_odds(measures, start))

        lines = {hold: by_line(hold) for hold in HOLDS}
        hold = _tightest({each: np.logaddexp(0, (1 - 2 * labels) * line) for each, line in lines.items()})
        judges, forest, everything = [lines[hold]], None, np.ones(len(labels), np.bool_)
        if len(labels) >= MANY and fewest >= EACH:
            judges.append(unseen(lambda rows: start + forest_of(rows).log_odds(_with(measures, start))))
            forest = forest_of(everything)
        return cls(line_of(everything, hold), forest, _trust(judges, labels))

    def log_odds(self, measures: Numbers, start: Numbers) -> Numbers:
        """Of pairs with these measures `(m, f)` and log-odds without labels `(m,)`: `(m,)`."""
        found: Numbers = self.trust[0] + self.trust[1] * self.line.log_odds(measures, start)
        if self.forest is not None:
            found += self.trust[2] * (start + self.forest.log_odds(_with(measures, start)))
        return found


def _trust(judges: Sequence[Numbers], labels: Numbers) -> Numbers:
    """How far to believe judges, by what they said of pairs they had not seen; at least not at all."""
    before = np.array([0.0, *[1 / len(judges)] * len(judges)])
    design = np.column_stack([np.ones(len(labels)), *judges])
    trust = logistic_regression(design, labels, np.array([OFFSET, *[TRUSTED] * len(judges)]), prior=before)
    trust[1:] = np.maximum(trust[1:], 0)
    return trust


def _tightest(losses: dict[float, Numbers]) -> float:
    """The tightest hold that is no worse than the best by more than what chance may do: one standard error."""
    best = min(losses.values(), key=lambda each: float(each.mean()))
    for hold, each in losses.items():
        worse = each - best
        if worse.mean() <= worse.std() / np.sqrt(len(worse)):
            return hold
    raise AssertionError("the best is no worse than itself")


def _with(measures: Numbers, start: Numbers) -> Numbers:
    return np.column_stack([measures, start])
