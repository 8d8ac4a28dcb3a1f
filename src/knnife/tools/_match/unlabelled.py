"""Learning from two tables what matches are like, without labels.

Where matches begin on the scale of similarity is read from the pairs that are the best of both their records, most of
which match: a mixture of two normal distributions of one width (EM; Dempster, Laird and Rubin 1977), held by what is
usual.

What agreeing and differing values say is learned in turns: candidates compete, which gives each pair a probability; a
logistic regression, held by what is usual, learns from these; and so on. The second best candidates of a record are
mostly draws from what is not the same, as close as such things come (target and decoy: Elias and Gygi, "Target-decoy
search strategy", 2007). So a sign that differs between them and never between the best ones comes to weigh, and one
that differs everywhere comes to weigh nothing (Fellegi and Sunter, "A theory for record linkage", 1969). Competitors do
not compete as far as they are the same thing themselves: how often that is so is learned in the same turns, from pairs
within either table. Those of these that are two things are decoys, too: what a record without a partner meets in the
other table is like what it meets in its own.

How near two numbers or days are says something only beside how near others are: that is seen in the pairs that are not
the best of either record.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from knnife.statistics.regression import logistic_regression
from knnife.tools._match.bags import Numbers
from knnife.tools._match.comparing import RECORD, Compared
from knnife.tools._match.competition import Competition, Competitors, Twins
from knnife.tools._match.evidence import LEVELS, STEEP, Evidence, behind, chance, differing, graded
from knnife.tools._match.fields import Field, Kind
from knnife.tools._match.values import SIGNS

BEGINS = 0.6  # where matches begin on the scale, usually: labelled data sets had 0.45 to 0.72
MATCHES, OTHERS, WIDTH = 0.76, 0.4, 0.12  # usual means of matches and others, and the width of both
HELD = 20  # pairs that this is worth
STEPS = 500
BEATEN = 0.5  # what is taken off for each by which a rival is closer
TURNS = 6
# What is usual: log-odds for each weight of words that stand against each other, and of those that both have.
AGAINST = {"word": -1, "code": -3, "number": -4, "measure": -6, "year": -4, "time": -4, "colour": -6, "negation": -3}
SAME = {"word": 0.5, "code": 2, "number": 1, "measure": 1.5, "year": 0.5, "time": 1, "colour": 2, "negation": 0}
NEAR = (-0.75, -0.5, -0.15, 0.15, 0.5, 0.5)  # log-odds of the levels of codes and categories; of words 0
# Numbers and days are near or not as others are: levels end at these shares of the pairs that others beat, and a level
# has so many matches beside those that are no nearer than chance has it.
SCALE = ("number", "date")
SHARES = (0.5, 0.8, 0.95, 0.99, 0.999)
NEARER = np.array([0, 0, 0, 0.05, 0.1, 0.2])
SURE, SURE_LEVEL = 3.0, 1.0  # how tightly these are held: the precision of both
AS_IT_IS = 1e6  # precision of what is not learned
SHOWN = 5_000  # pairs that a turn learns from; those that surely do not match are drawn at random
UNLIKELY = 1e-3
ONCE, TWICE = 7.0, 1.0  # pairs of candidates that are two things, and one, which are added to all that are seen


class _Pairs(NamedTuple):
    """The measures of pairs as a regression sees them: what it does not learn, and what it learns."""

    start: Numbers
    design: Numbers

    @classmethod
    def of(cls, measures: Numbers, names: list[tuple[str, str]], evidence: Evidence) -> _Pairs:
        """evidence: by which they start, if nothing differed and no value counted."""
        bare = evidence._replace(differences=0 * evidence.differences, weights=0 * evidence.weights)
        start = bare.alone(measures, names)
        values = [measures[:, names.index(name)] for name in evidence.values]
        marks = [
            (np.digitize(each, edges) == level) & ~np.isnan(each)
            for each, edges in zip(values, evidence.edges, strict=True)
            for level in range(len(LEVELS) + 1)
        ]
        return cls(start, np.column_stack([differing(measures, names), *marks]).astype(np.float64))

    def lowered(self, others: Numbers) -> _Pairs:
        """Pairs within a table as if they were of two tables, which are written less alike; others `(l,)`: how pairs of
        either record of theirs and one of the other table start.
        """
        return self._replace(start=self.start - max(0.0, float((self.start - others).mean()))) if len(others) else self

    def log_odds(self, weights: Numbers) -> Numbers:
        return self.start + self.design @ weights


def learned(compared: Compared, fields: Sequence[Field]) -> Evidence:
    """What the candidate pairs of two tables teach, or of one table."""
    candidates, names = compared.candidates, list(compared.names)
    similarity = candidates.measures[:, names.index((RECORD, "similarity"))]
    best = behind(candidates.measures, names).sum(axis=1) == 0
    begins = (_begins(similarity[best]) + BEGINS) / 2
    values = graded(names)
    beaten = candidates.measures[(behind(candidates.measures, names) < 0).all(axis=1)]
    kinds = {field.name: field.kind for field in fields}
    scales = [_scale(beaten[:, names.index((group, name))], name, kinds[group]) for group, name in values]
    usual = _usual([scale.usual for scale in scales])
    differences, levels = _parted(usual, values)
    edges = np.array([scale.edges for scale in scales]).reshape(len(values), len(LEVELS))
    evidence = Evidence(begins, np.full(2, BEATEN), values, edges, levels, differences, np.full(2, np.inf))
    pairs = _Pairs.of(candidates.measures, names, evidence)
    surely = best & (similarity > begins)
    # What agrees counts from what the surest pairs have, value by value: what is missing then speaks neither for nor
    # against, and matches begin where they would without it.
    marks = pairs.design[surely, len(differences) :].reshape(int(surely.sum()), *levels.shape)
    centre = (marks * levels).sum(axis=(0, 2)) / np.maximum(marks.sum(axis=(0, 2)), 1)
    evidence = evidence._replace(weights=levels - centre[:, None])
    usual = np.concatenate([differences, evidence.weights.ravel()])
    if candidates.twins is None or not len(candidates.pairs):
        return evidence
    return _in_turns(evidence, pairs, usual, compared)


def _in_turns(evidence: Evidence, pairs: _Pairs, usual: Numbers, compared: Compared) -> Evidence:
    """What candidates that compete teach of the weights, of where matches begin, and of twins."""
    candidates, names, values = compared.candidates, list(compared.names), graded(compared.names)
    assert candidates.twins is not None
    within = [_Pairs.of(two.measures, names, evidence) for two in candidates.twins]
    decoys = [two.lowered(pairs.start[twins.other]) for two, twins in zip(within, candidates.twins, strict=True)]
    weights, freed, odds = usual, 0.0, np.zeros(2)
    for turn in range(TURNS + 1):
        same = [
            chance(two.log_odds(weights if turn > 1 else usual) + more) for two, more in zip(within, odds, strict=True)
        ]
        log_odds = pairs.log_odds(weights) + freed
        competition = Competition.of(candidates.pairs, log_odds, candidates.twins, (same[0], same[1]))
        match = chance(log_odds - competition.taken_off(candidates.pairs, log_odds, np.ones(len(log_odds))))
        if turn == TURNS:
            break
        weights = _fitted(pairs, match, usual, list(zip(decoys, same, strict=True)), _free(match, candidates))
        log_odds = pairs.log_odds(weights) + freed
        if turn > 0:
            odds = np.array(
                [
                    _odds(two.log_odds(weights), more, log_odds, places)
                    for two, more, places in zip(within, odds, candidates.twins, strict=True)
                ]
            )
        freed = _freed(
            match, candidates, [_exclusive(*each, log_odds) for each in zip(candidates.twins, same, strict=True)]
        )
    begins = evidence.begins - freed / STEEP
    differences, levels = _parted(weights, values)
    return evidence._replace(begins=begins, differences=differences, weights=levels, twins=odds - freed)


def _fitted(
    pairs: _Pairs, match: Numbers, usual: Numbers, within: Sequence[tuple[_Pairs, Numbers]], free: float
) -> Numbers:
    """The weights by which pairs match with these chances `(m,)`, and pairs within a table do not.

    within: of each table, with the chance of two to be the same thing. They stand for what records without a partner
    meet in the other table, so that the share of these that are free says how much they count.
    """
    likely, rest = np.flatnonzero(match > UNLIKELY), np.flatnonzero(match <= UNLIKELY)
    weight = np.ones(len(match))
    if len(rest) > SHOWN:
        shown = np.random.default_rng(0).choice(rest, SHOWN, replace=False)
        weight[shown] = len(rest) / SHOWN
        rest = shown
    rows = np.concatenate([likely, rest])
    all_pairs = [_Pairs(pairs.start[rows], pairs.design[rows]), *(two for two, _ in within)]
    design = np.concatenate([np.column_stack([some.start, some.design]) for some in all_pairs])
    labels = np.concatenate([match[rows], np.zeros(len(design) - len(rows))])
    weight = np.concatenate([weight[rows], *(free * (1 - same) for _, same in within)])
    count = 3 * len(SIGNS)
    hold = np.concatenate([[AS_IT_IS], np.full(count, SURE), np.full(len(usual) - count, SURE_LEVEL)])
    return logistic_regression(design, labels, hold, prior=np.concatenate([[1.0], usual]), weights=weight)[1:]


def _odds(within: Numbers, odds: float, log_odds: Numbers, twins: Twins) -> float:
    """The log-odds of two candidates of one record to be the same thing, before anything is known of the two."""
    low = np.minimum(log_odds[twins.best], log_odds[twins.other])
    weight = np.where(low > 0, chance(low), 0)
    for _ in range(5):
        same = chance(within + odds)
        odds = float(np.log((weight @ same + TWICE) / (weight @ (1 - same) + ONCE)))
    return odds


def _exclusive(twins: Twins, same: Numbers, log_odds: Numbers) -> float:
    """The share of close candidates of records of one side that compete."""
    weight = chance(np.minimum(log_odds[twins.best], log_odds[twins.other]))
    return 1 - float(weight @ same) / (float(weight.sum()) + HELD)


def _free(match: Numbers, candidates: Competitors) -> float:
    """The share of the records without a partner, of the table that has fewer of these."""
    return min(
        1 - float(np.minimum(np.bincount(candidates.pairs[:, side], match, size), 1).mean())
        for side, size in enumerate(candidates.sizes)
    )


def _freed(match: Numbers, candidates: Competitors, exclusive: list[float]) -> float:
    """By how much the odds of a pair of records that are free are higher than those of any pair.

    Of n records of which m are matched, n - m are free to be matched by one more pair.
    """
    found = 0.0
    for side, size in enumerate(candidates.sizes):
        matched = np.minimum(np.bincount(candidates.pairs[:, side], match, size), 1).sum()
        found += exclusive[1 - side] * np.log((size + 1) / (size - matched + 1))
    return float(found)


def _parted(weights: Numbers, values: Sequence[tuple[str, str]]) -> tuple[Numbers, Numbers]:
    """Weights as those of differences `(d,)` and of the levels of values `(v, levels)`."""
    count = 3 * len(SIGNS)
    return weights[:count], weights[count:].reshape(len(values), len(LEVELS) + 1)


class _Scale(NamedTuple):
    """Where levels of a measure end, and the log-odds that are usual for each."""

    edges: Sequence[float] | Numbers
    usual: Sequence[float] | Numbers


def _scale(beaten: Numbers, name: str, kind: Kind) -> _Scale:
    """Of a measure of this name of a field of this kind; beaten: what it is of pairs that others beat."""
    if kind not in SCALE or (known := ~np.isnan(beaten)).sum() < HELD:
        usual = NEAR if name == "near" or kind == "category" else (0.0,) * len(NEAR)
        return _Scale(LEVELS, usual)
    edges = np.quantile(beaten[known], SHARES)
    share = np.bincount(np.digitize(beaten[known], edges), minlength=len(NEARER)) / known.sum()
    return _Scale(edges, np.log(1 - NEARER.sum() + NEARER / np.maximum(share, 1 - SHARES[-1])))


def _usual(levels: Sequence[Sequence[float] | Numbers]) -> Numbers:
    against, same = ([float(each[sign]) for sign in SIGNS] for each in (AGAINST, SAME))
    return np.concatenate([against, np.zeros(len(SIGNS)), same, *levels])


def _begins(similarity: Numbers) -> float:
    """From which similarity on a pair is rather a match, of pairs `(m,)`; held by what is usual, so any m will do."""
    high, low, width, share = MATCHES, OTHERS, WIDTH, 0.5
    for _ in range(STEPS):
        steep = (high - low) / width**2
        middle = (high + low) / 2 - np.log(share / (1 - share)) / steep
        match = 1 / (1 + np.exp(-np.clip(steep * (similarity - middle), -50, 50)))
        before, m = high, len(similarity)
        share = (match.sum() + 1) / (m + 2)
        high = (match @ similarity + HELD * MATCHES) / (match.sum() + HELD)
        low = ((1 - match) @ similarity + HELD * OTHERS) / (m - match.sum() + HELD)
        apart = match @ (similarity - high) ** 2 + (1 - match) @ (similarity - low) ** 2
        moved = (high - MATCHES) ** 2 + (low - OTHERS) ** 2
        width = np.sqrt((apart + HELD * (WIDTH**2 + moved)) / (m + 3 * HELD))
        if abs(high - before) < 1e-7:
            break
    return float(middle)
