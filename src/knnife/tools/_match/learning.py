"""Learning from labelled pairs: what labels say is added to what is known without them.

Logistic regression starts from the log-odds without labels; how tightly it is held there is chosen by cross-validation,
and never looser than so many labels afford. With many labels, boosted trees learn beside it, where they say more of
pairs that they have not seen. How steep it all is, is fitted to what was said of unseen pairs (stacking, Wolpert 1992;
for one judge, it is the calibration of Platt, 1999).

Where matches begin is another matter, for labelled pairs are seldom drawn as the pairs of two tables are: somebody
labels as many matches as others, and the matches first of all. So labels can only say that there are fewer than is
known without them, or, where they hold more matches than the tables, that there may be more; how many there are in the
tables is known from these (`_begins`). It is the correction for sampling by class, which leaves all coefficients as
they are but the intercept (Prentice and Pyke 1979; King and Zeng 2001), with a rate of sampling that is not known.
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
HOLDS = (np.inf, 256.0, 64.0, 16.0, 4.0, 1.0)  # how tightly a line is held, wholly first: precision of its weights
AFFORDED = 400.0  # the precision times the number of labels, at least
MANY = 200  # labels from which on trees learn too
EACH = 20  # of them, matches and others that are needed for that
TRUSTED = 32.0  # how tightly a judge is held at being believed as it is, which keeps a few labels from overruling it
OFFSET = 1.0  # how tightly it is held that matches begin where a judge says
FAR = 4.0  # widths from the centre, beyond which a measure says no more
COUNTED = 0.15  # by how much the logarithm of the number of matches is off that is known without labels
DRAWN = 0.1  # how probably labels were drawn without regard to what they say
SHIFTS = np.linspace(-6, 6, 121)  # of the log-odds, among which it is looked where matches begin

Mask = NDArray[np.bool_]


class Line(NamedTuple):
    """Log-odds as a weighted sum of measures, in widths from their centre; what is missing lies at the centre.

    weights: `(f + 2,)`: of the measures, of the log-odds without labels, and what is added.
    """

    centre: Numbers
    width: Numbers
    weights: Numbers

    @classmethod
    def before(cls, measures: Numbers) -> Line:
        """One that says what was known before; measures `(c, f)`: of the pairs of the tables, which have no labels."""
        centre, width = np.zeros(measures.shape[1]), np.ones(measures.shape[1])
        some = ~np.isnan(measures).all(axis=0)
        centre[some] = np.nanmean(measures[:, some], axis=0)
        width[some] = np.nanstd(measures[:, some], axis=0)
        weights = np.zeros(measures.shape[1] + 2)
        weights[-2] = 1
        return cls(centre, np.where(width > 1e-3, width, 1.0), weights)

    def taught(self, measures: Numbers, start: Numbers, labels: Numbers, hold: float) -> Line:
        """The line with what labels `(m,)` of pairs with these measures `(m, f)` say beside; as it is, held wholly."""
        if not np.isfinite(hold):
            return self
        held = np.full(len(self.weights), hold)
        held[-2:] = TRUSTED, OFFSET
        design = self._design(measures, start)
        return self._replace(weights=logistic_regression(design, labels, held, prior=self.weights))

    def log_odds(self, measures: Numbers, start: Numbers) -> Numbers:
        """Of pairs `(m,)`."""
        return self._design(measures, start) @ self.weights

    def _design(self, measures: Numbers, start: Numbers) -> Numbers:
        scaled = np.clip(np.nan_to_num((measures - self.centre) / self.width), -FAR, FAR)
        return np.column_stack([scaled, start, np.ones(len(start))])


class MeasuredPairs(NamedTuple):
    """m pairs: their measures `(m, f)`, and log-odds without labels `(m,)`."""

    measures: Numbers
    start: Numbers

    def __len__(self) -> int:
        return len(self.start)

    def at(self, rows: Mask) -> MeasuredPairs:
        """Some of them."""
        return MeasuredPairs(self.measures[rows], self.start[rows])


class LearnedMatching(NamedTuple):
    """What labels taught. trust: `(2,)` or `(3,)`: what is added to the log-odds, and how far the line and, where there
    is one, the forest are believed.
    """

    line: Line
    forest: Forest | None
    trust: Numbers

    @classmethod
    def fit(cls, pairs: MeasuredPairs, labels: Numbers, tables: MeasuredPairs, seed: int) -> LearnedMatching:
        """From pairs with labels `(m,)`, 0 or 1, and pairs of the tables without.

        With fewer than two of each label nothing can be validated, and only the place moves where matches begin.
        """
        before, random = Line.before(tables.measures), np.random.default_rng(seed)
        fewest = int(min(labels.sum(), (1 - labels).sum()))
        if fewest < 2:
            learned = cls(before, None, np.array([0.0, 1.0]))
            return learned.beginning(learned.log_odds(*pairs), labels, tables)
        folds = stratified_folds(labels > 0, FOLDS, random)

        def unseen(judge: Callable[[Mask], Numbers]) -> Numbers:
            """The log-odds of each pair by a judge that learned from the other folds."""
            found = np.empty(len(labels))
            for fold in range(FOLDS):
                found[folds == fold] = judge(folds != fold)[folds == fold]
            return found

        def by_line(hold: float) -> Numbers:
            return unseen(lambda rows: before.taught(*pairs.at(rows), labels[rows], hold).log_odds(*pairs))

        def forest_of(rows: Mask) -> Forest:
            return Forest.fit(_with(*pairs.at(rows)), pairs.start[rows], labels[rows], random)

        lines = {hold: by_line(hold) for hold in HOLDS if hold * len(labels) >= AFFORDED}
        hold = _tightest({each: _losses(line, labels) for each, line in lines.items()})
        judges, forest = [lines[hold]], None
        if len(labels) >= MANY and fewest >= EACH:
            trees = unseen(lambda rows: pairs.start + forest_of(rows).log_odds(_with(*pairs)))
            if _losses((judges[0] + trees) / 2, labels).mean() < _losses(judges[0], labels).mean():
                judges.append(trees)
                forest = forest_of(np.ones(len(labels), np.bool_))
        trust = _trust(judges, labels)
        learned = cls(before.taught(*pairs, labels, hold), forest, np.append(0.0, trust))
        return learned.beginning(trust @ np.array(judges), labels, tables)

    def beginning(self, said: Numbers, labels: Numbers, tables: MeasuredPairs) -> LearnedMatching:
        """The same with the place where matches begin; said: the log-odds of unseen pairs with labels `(m,)`."""
        begins = _begins(said, labels, self.log_odds(*tables), tables.start)
        return self._replace(trust=np.append(self.trust[0] + begins, self.trust[1:]))

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
    held = np.array([OFFSET, *[TRUSTED] * len(judges)])
    return np.maximum(logistic_regression(design, labels, held, prior=before)[1:], 0)


def _begins(said: Numbers, labels: Numbers, tables: Numbers, start: Numbers) -> float:
    """What is added to the log-odds: the mean over SHIFTS, each as probable as tables and labels make it.

    said: the log-odds of pairs with labels `(m,)`. tables: of the pairs of the tables `(c,)`; start: the same without
    labels, which say how many pairs are taken for matches, within COUNTED and what chance does to so many. Those that
    are rather matches are counted, and not their probabilities added up: what many surely different pairs add to these
    depends on how steep they are. Labels may hold more of the matches than of the others, by a factor that may be all
    by which their odds exceed those of the tables.
    """
    known = max(float((start >= 0).sum()), 0.5)
    counts = len(tables) - np.searchsorted(np.sort(tables), -SHIFTS)
    off = np.log(np.maximum(counts, 0.5) / known)
    by_tables = -(off**2) / (COUNTED**2 + 1 / known) / 2
    by_labels = np.array([-_losses(said + shift, labels).sum() for shift in SHIFTS])
    likely = np.exp(by_labels - by_labels.max())
    ours = np.log((labels.sum() + 0.5) / (len(labels) - labels.sum() + 0.5))
    theirs = np.log((known + 0.5) / max(len(start) - known + 0.5, 0.5))
    more = 1 + int(max(0.0, ours - theirs) / (SHIFTS[1] - SHIFTS[0]))
    chosen = np.array([likely[place : place + more].mean() for place in range(len(likely))])
    weights = np.exp(by_tables - by_tables.max()) * (DRAWN * likely + (1 - DRAWN) * chosen)
    return float(weights @ SHIFTS / weights.sum())


def _losses(log_odds: Numbers, labels: Numbers) -> Numbers:
    """How wrong each is: minus the logarithm of the chance that it gave to what is true."""
    found: Numbers = np.logaddexp(0, (1 - 2 * labels) * log_odds)
    return found


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
