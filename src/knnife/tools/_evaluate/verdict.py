"""Which encoder is better, said only where chance would hardly say it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from knnife.statistics.intervals import Figure, Numbers, percentile_interval, resampled

FEWEST: Final = 20  # units; an interval drawn from fewer is too narrow to be believed


class Standing(NamedTuple):
    """Where an encoder stands in the figure that decides: its value and by how much it is behind the best.

    Both with the interval that holds 95% of the draws; the best is behind by 0. sure: whether the interval leaves
    out 0, and there were units enough.
    """

    value: float
    low: float
    high: float
    behind: float
    behind_low: float
    behind_high: float
    sure: bool


def standings(figure: Figure, units: Sequence[Numbers], seed: int) -> list[Standing]:
    """Where each encoder stands, given its numbers on the same units, each (n, columns)."""
    values = [figure(each) for each in units]
    draws = resampled(figure, units, seed)
    best = int(np.argmax(values))
    found = []
    for value, drawn in zip(values, draws, strict=True):
        low, high = percentile_interval(draws[best] - drawn)
        sure = len(units[0]) >= FEWEST and low > 0
        found.append(Standing(value, *percentile_interval(drawn), values[best] - value, low, high, sure))
    return found


def verdict(names: Sequence[str], standings: Sequence[Standing], speeds: Sequence[float], of: str) -> list[str]:
    """A line for each encoder but the best. `of` says what was measured: "ndcg@10 of 225 queries"."""
    best = int(np.argmax([standing.value for standing in standings]))
    lines = []
    for i, (name, standing) in enumerate(zip(names, standings, strict=True)):
        if i == best:
            continue
        by = f"{standing.behind:.3f} ({standing.behind_low:.3f} to {standing.behind_high:.3f}) in {of}"
        pace = _pace(speeds[best] / speeds[i])
        if standing.sure:
            lines.append(f"{names[best]} is better than {name} by {by}, {pace}")
        elif standing.behind == 0:
            lines.append(f"no winner: {names[best]} and {name} do alike in {of}, {names[best]} {pace}")
        else:
            why = "which are too few to tell" if standing.behind_low > 0 else "which may be chance"
            lines.append(f"no winner: {names[best]} is ahead of {name} by {by}, {why}, {pace}")
    return lines


def _pace(ratio: float) -> str:
    if ratio < 0.5:
        return f"at 1/{1 / ratio:,.0f} of the speed"
    if ratio > 2:
        return f"at {ratio:,.0f} times the speed"
    return f"at {ratio:.1f} times the speed" if abs(ratio - 1) > 0.1 else "at the same speed"
