"""Stated rates against what happened: one file for each tool, whose `trials(quick)` yields a Trial at a time.

A file names its data sets in two halves before any is looked at: the choices of a method (its constants, its form) were
made in sight of "chosen"; "held out" was run once they had been made.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Trial:
    """One stated rate against what happened.

    tool: e.g. "duplicates". data: the name of the set, e.g. "AG News, OCR noise". half: "chosen" or "held out". share:
    of the things, how many are of the kind that is looked for (0, .01, .05, .15, .4). what: is stated, an error, so
    that less is better: "false pairs", "false alarms", "turned away". stated, observed: a share or a number. low, high:
    the interval that the tool states; where it states none, that of the observed share (95%). recall: power beside it.
    calibrated: what the tool said of itself.
    """

    tool: str
    data: str
    half: str
    share: float
    what: str
    stated: float
    observed: float
    low: float
    high: float
    recall: float | None
    calibrated: bool

    @property
    def held(self) -> bool:
        """Are the stated and the observed figure in the interval? Whoever's interval it is, one of them always is."""
        return all(self.low <= figure <= self.high for figure in (self.stated, self.observed))
