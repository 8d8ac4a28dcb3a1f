"""Figures of several recommenders with intervals, and who beats whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from knnife.statistics.intervals import percentile_interval, resampled
from knnife.tools._evaluate_recommend.measures import Answers, Numbers
from knnife.tools._evaluate_recommend.recommenders import OURS
from knnife.tools._evaluate_recommend.splits import Split

LEAST: Final = 10  # users; of fewer no interval is told
NORMAL: Final = 1.96  # standard errors of a 95% interval


@dataclass(frozen=True)
class RecommendFigure:
    """A figure of a recommender, and by how much that of knnife is above it; NaN where nothing can be said.

    low, high, ahead_low, ahead_high: 95% intervals.
    """

    system: str
    name: str
    value: float
    low: float
    high: float
    ahead: float
    ahead_low: float
    ahead_high: float


def figures_of(found: Mapping[str, Answers], split: Split, k: int, seed: int) -> list[RecommendFigure]:
    """All figures of each recommender; the intervals are of users drawn again, the same ones for every recommender."""
    told: list[RecommendFigure] = []
    units = {system: _units(answers, split, k) for system, answers in found.items()}
    for name in next(iter(units.values())):
        each = [units[system][name] for system in found]
        values = [_ratio(unit) for unit in each]
        enough = len(split.users) >= LEAST
        draws = resampled(_ratio, each, seed) if enough else np.full((len(each), 1), np.nan)
        ours = list(found).index(OURS) if OURS in found else None
        for row, system in enumerate(found):
            ahead = (np.nan,) * 3
            if ours is not None and row != ours:
                ahead = values[ours] - values[row], *percentile_interval(draws[ours] - draws[row])
            told.append(RecommendFigure(system, name, values[row], *percentile_interval(draws[row]), *ahead))
    told += [
        RecommendFigure(system, f"coverage@{k}", *_coverage(each, split), *(np.nan,) * 3)
        for system, each in found.items()
    ]
    return told


def verdict_of(figures: Sequence[RecommendFigure], users: int) -> list[str]:
    """Whether knnife beats each of the others, by the NDCG, in sentences."""
    told = []
    for each in figures:
        if not each.name.startswith("ndcg") or np.isnan(each.ahead):
            continue
        name = each.name.upper()
        other = "the most popular" if each.system == "most popular" else each.system
        within = f"({signed(each.ahead_low)} to {signed(each.ahead_high)})"
        if users < LEAST:
            told.append(f"{users} users are too few to say whether {OURS} beats {other}: {signed(each.ahead)} {name}")
        elif each.ahead_low > 0:
            told.append(f"{OURS} beats {other} by {signed(each.ahead)} {name} {within}")
        else:
            worse = f"{other} is better" if each.ahead_high < 0 else "it may be chance"
            told.append(f"{OURS} does not beat {other}: {signed(each.ahead)} {name} {within}, {worse}")
    return told


def signed(value: float) -> str:
    """A difference of shares: +.038."""
    return f"{value:+.3f}".replace("0.", ".", 1)


def _units(answers: Answers, split: Split, k: int) -> dict[str, Numbers]:
    """Of each figure what every user adds to its numerator and its denominator, `(q, 2)`."""
    one = np.ones(len(split.users))
    counts = np.bincount(split.training.chosen, minlength=len(split.training.items))
    active = np.count_nonzero(np.diff(split.training.starts))
    answered = answers.lists >= 0
    filled = np.maximum(answered.sum(axis=1), 1)
    some = answered.any(axis=1).astype(float)
    chosen_by = np.where(answered, counts[answers.lists], 1) / active
    surprise = np.where(answered, -np.log2(chosen_by), 0).sum(axis=1) / filled
    popular = np.where(answered, chosen_by, 0).sum(axis=1) / filled
    own = np.array([counts[split.training.chosen[split.training.pairs(int(user))]].mean() for user in split.users])
    return {
        f"ndcg@{k}": np.stack([answers.gain, one], axis=1),
        f"recall@{k}": np.stack([answers.recall, one], axis=1),
        "mrr": np.stack([answers.reciprocal, one], axis=1),
        f"novelty@{k}": np.stack([surprise, some], axis=1),
        f"popularity@{k}": np.stack([popular, some * own / active], axis=1),
    }


def _ratio(units: Numbers) -> float:
    total = float(units[:, 1].sum())
    return float(units[:, 0].sum()) / total if total else float("nan")


def _coverage(answers: Answers, split: Split) -> tuple[float, float, float]:
    """The share of the items that are answered to somebody, and its interval.

    Users drawn again repeat some and lack a third, who would have been answered other items; so the interval is that of
    the jackknife, which leaves one user out at a time: what is missing then is what nobody else is answered.
    """
    listed = answers.lists[answers.lists >= 0]
    known = np.count_nonzero(np.bincount(split.training.chosen, minlength=len(split.training.items)))
    times = np.bincount(listed, minlength=len(split.training.items))
    share = np.count_nonzero(times) / known
    q = len(answers.lists)
    if q < LEAST:
        return share, np.nan, np.nan
    alone = ((answers.lists >= 0) & (times[answers.lists] == 1)).sum(axis=1) / known
    error = NORMAL * float(np.sqrt((q - 1) / q * ((alone - alone.mean()) ** 2).sum()))
    return share, max(share - error, 0.0), min(share + error, 1.0)


def known_or_none(value: float) -> float | None:
    """None for what is not known."""
    return None if np.isnan(value) else float(value)
