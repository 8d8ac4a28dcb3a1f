"""Whether pairs match, without labels: how similar they are, who is closer, and whether numbers, days and codes agree.

A pair scores its similarity, less twice by how much its rivals are closer. Where matches begin on that scale is read
from the pairs that are the best of both their records, most of which match: a mixture of two normal distributions of
one width (EM; Dempster, Laird and Rubin 1977), held by what is usual. Where the best two partners of many records are
tied, a record may have several, and rivals count for less.

How much it says that numbers, days and codes agree is learned from the same pairs: the logarithm of how much more often
they do among matches (Fellegi and Sunter, "A theory for record linkage", 1969; with EM, Winkler 1988). As they depend
on the words, half of that is added.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from knnife.tools._match.bags import Numbers
from knnife.tools._match.comparing import AHEAD, RECORD, RIVALS, Compared

BEATEN = 2.0  # what is taken off for each by which a rival is closer, where records have one partner
TIED = 0.1  # the best two partners of a record that differ by less are tied
STEEP = 12.0  # log-odds for each of similarity; of labelled data sets it was between 5 and 37
BEGINS = 0.6  # where matches begin on the scale, usually: labelled data sets had 0.45 to 0.72
MATCHES, OTHERS, WIDTH = 0.76, 0.4, 0.12  # usual means of matches and others, and the width of both
HELD = 20  # pairs that this is worth
STEPS = 500
HALF = 0.5  # of the evidence of values is added
LEVELS = (0.3, 0.6, 0.9)  # of a measure, between which values are told apart
LARGEST = 2.0  # log-odds that one value may add
FEW = 2.0  # pairs that are added to every count


class Evidence(NamedTuple):
    """begins: the similarity from which on pairs are rather matches. beaten: `(2,)`, what is taken off for each by
    which a rival of the left record, or of the right one, is closer. values: which measures count beside it; weights
    `(v, levels)`: what each level of each adds to the log-odds.
    """

    begins: float
    beaten: Numbers
    values: Sequence[tuple[str, str]]
    weights: Numbers

    @classmethod
    def learn(cls, compared: Compared) -> Evidence:
        """From candidate pairs, which have no labels."""
        values = [name for name in compared.names if name[1] == "near"]
        best = np.min([compared.of(RIVALS, side) for side in AHEAD], axis=0) >= 0
        begins = (_begins(compared.of(RECORD, "similarity")[best]) + BEGINS) / 2
        first = cls(begins, _beaten(compared, begins), values, np.zeros((len(values), len(LEVELS) + 1)))
        chance = 1 / (1 + np.exp(-first.log_odds(compared)))
        return first._replace(weights=_weights(compared, values, chance))

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
        behind = [np.minimum(compared.of(RIVALS, side), 0) for side in AHEAD]
        found[RIVALS] = STEEP * (self.beaten @ np.array(behind))
        for (group, name), weights in zip(self.values, self.weights, strict=True):
            measure = compared.of(group, name)
            found[group] = np.where(np.isnan(measure), 0.0, HALF * weights[np.digitize(measure, LEVELS)])
        return found


def _beaten(compared: Compared, begins: float) -> Numbers:
    """What is taken off for each by which a rival is closer `(2,)`: less where the best two of many are tied."""
    similarity, found = compared.of(RECORD, "similarity"), []
    for side in AHEAD:
        ahead = compared.of(RIVALS, side)
        best = (ahead >= 0) & (similarity > begins)
        tied = best & (ahead < TIED) & (similarity - ahead > begins)
        found.append(1 - tied.sum() / (best.sum() + HELD))
    return BEATEN * np.array(found)


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


def _weights(compared: Compared, values: Sequence[tuple[str, str]], match: Numbers) -> Numbers:
    """The log-odds of each level of each measure `(v, levels)`, of pairs that are matches with these chances `(m,)`."""
    levels = len(LEVELS) + 1
    found = np.zeros((len(values), levels))
    for row, name in zip(found, values, strict=True):
        measure = compared.of(*name)
        there = ~np.isnan(measure)
        level = np.digitize(measure[there], LEVELS)
        ours = np.bincount(level, match[there], levels) + FEW / levels
        others = np.bincount(level, 1 - match[there], levels) + FEW / levels
        row[:] = np.clip(np.log(ours / ours.sum()) - np.log(others / others.sum()), -LARGEST, LARGEST)
    return found
