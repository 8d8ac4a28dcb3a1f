"""Whether pairs match, without labels: how similar they are, what differs, what agrees, and who else they could be.

A pair scores its similarity, less by how much its rivals are closer; how near its numbers, days, codes and words are,
field by field; and what stands in one record against the other (`differences.py`). What each of these adds to the
log-odds is learned from the tables (`unlabelled.py`). Then the candidates of each record compete (`competition.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from knnife.tools._match.bags import Numbers, Rows
from knnife.tools._match.comparing import AHEAD, DIFFERENCES, RECORD, RIVALS, Compared
from knnife.tools._match.competition import Competition, Competitors

STEEP = 12.0  # log-odds for each of similarity; of labelled data sets it was between 5 and 37
LEVELS = (0.3, 0.6, 0.9, 0.995, 2.0)  # of a measure, between which values are told apart, unless tables say others
GRADED = ("near", "letters")  # measures of fields whose levels are told apart

Names = Sequence[tuple[str, str]]


class Evidence(NamedTuple):
    """begins: the similarity from which on pairs are rather matches. beaten: `(2,)`, what is taken off for each by
    which a rival of the left record, or of the right one, is closer. values: which measures count beside it; edges
    `(v, levels - 1)`, ascending: between which levels of each are told apart; weights `(v, levels)`: what each level
    adds to the log-odds. differences `(d,)`: what each measure of what differs adds. twins `(2,)`: the log-odds that
    two candidates of a record are the same thing where nothing else tells, of the left ones and of the right ones;
    infinite where candidates do not compete.
    """

    begins: float
    beaten: Numbers
    values: Names
    edges: Numbers
    weights: Numbers
    differences: Numbers
    twins: Numbers

    def log_odds(self, compared: Compared) -> Numbers:
        """Of the pairs being matches `(m,)`."""
        return sum(self.shares(compared).values(), start=np.zeros(len(compared.measures)))

    def shares(self, compared: Compared) -> dict[str, Numbers]:
        """What each group of measures adds to the log-odds, each `(m,)`.

        Similarity is that of the records as a whole. Of it each field that is compared by its words is given what it
        would add alone, divided among those that are there; the rest stays with the record.
        """
        words = [group for group, name in compared.names if name == "letters" and group != RECORD]
        alone = np.array([compared.of(group, "letters") - self.begins for group in words])
        alone = np.nan_to_num(STEEP * alone / np.maximum((~np.isnan(alone)).sum(axis=0), 1))
        found = dict(zip(words, alone, strict=True))
        found[RECORD] = STEEP * (compared.of(RECORD, "similarity") - self.begins) - alone.sum(axis=0)
        found[RIVALS] = STEEP * (self.beaten @ behind(compared.measures, compared.names).T)
        for group, added in self._of_values(compared.measures, compared.names).items():
            found[group] = found.get(group, 0) + added
        found[DIFFERENCES] = differing(compared.measures, compared.names) @ self.differences
        return self._competed(found, compared)

    def alone(self, measures: Numbers, names: Names) -> Numbers:
        """The log-odds of pairs `(m,)` if nobody competed, from their measures `(m, f)`."""
        similarity = measures[:, list(names).index((RECORD, "similarity"))]
        found = STEEP * (similarity - self.begins) + STEEP * (behind(measures, names) @ self.beaten)
        for added in self._of_values(measures, names).values():
            found = found + added
        total: Numbers = found + differing(measures, names) @ self.differences
        return total

    def competition(self, candidates: Competitors, names: Names) -> Competition | None:
        """Among the candidates; None where records may have any number of partners."""
        if candidates.twins is None or not np.isfinite(self.twins).all():
            return None
        same = [
            chance(self.alone(two.measures, names) + odds)
            for two, odds in zip(candidates.twins, self.twins, strict=True)
        ]
        log_odds = self.alone(candidates.measures, names)
        return Competition.of(candidates.pairs, log_odds, candidates.twins, (same[0], same[1]))

    def _competed(self, found: dict[str, Numbers], compared: Compared) -> dict[str, Numbers]:
        competition = self.competition(compared.candidates, compared.names)
        if competition is not None and len(compared.pairs):
            log_odds = sum(found.values(), start=np.zeros(len(compared.pairs)))
            among = among_candidates(compared.pairs, compared.candidates.pairs)
            found[RIVALS] = found[RIVALS] - competition.taken_off(compared.pairs, log_odds, among)
        return found

    def _of_values(self, measures: Numbers, names: Names) -> dict[str, Numbers]:
        found: dict[str, Numbers] = {}
        for (group, name), edges, weights in zip(self.values, self.edges, self.weights, strict=True):
            measure = measures[:, list(names).index((group, name))]
            added = np.where(np.isnan(measure), 0.0, weights[np.digitize(measure, edges)])
            found[group] = found.get(group, 0) + added
        return found


def behind(measures: Numbers, names: Names) -> Numbers:
    """By how much rivals of the left record and of the right one are closer `(m, 2)`, 0 or less."""
    places = [list(names).index((RIVALS, side)) for side in AHEAD]
    found: Numbers = np.minimum(measures[:, places], 0)
    return found


def differing(measures: Numbers, names: Names) -> Numbers:
    """The measures of what differs `(m, d)`."""
    found: Numbers = measures[:, [place for place, (group, _) in enumerate(names) if group == DIFFERENCES]]
    return found


def graded(names: Names) -> Names:
    """The measures of fields whose levels are told apart."""
    return [(group, name) for group, name in names if name in GRADED and not group.startswith("(")]


def chance(log_odds: Numbers) -> Numbers:
    """As a probability."""
    found: Numbers = 1 / (1 + np.exp(-np.clip(log_odds, -50, 50)))
    return found


def among_candidates(pairs: Rows, candidates: Rows) -> Numbers:
    """1 for those pairs `(m, 2)` that are candidates themselves, else 0: `(m,)`."""
    if pairs is candidates:
        return np.ones(len(pairs))
    width = 1 + max(pairs.max(initial=0), candidates.max(initial=0))
    return np.isin(pairs @ [width, 1], candidates @ [width, 1]).astype(np.float64)
