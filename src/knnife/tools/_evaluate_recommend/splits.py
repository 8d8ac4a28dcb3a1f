"""What a recommender may learn from, and what it has to find: the choices that came later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from knnife.errors import BadInput
from knnife.things.events import EventColumns, EventLog
from knnife.things.interactions import Interactions

How = Literal["last", "time"]
HOWS: Final = ("last", "time")


@dataclass(frozen=True)
class Split:
    """Choices to learn from, those that came later, and whose they are.

    training, later: of the same users and items. users: `(q,)`, the numbers of those who are asked for: they have
    choices in both. notes: what was left out, and what orders the choices, in sentences.
    """

    training: Interactions
    later: Interactions
    users: NDArray[np.int64]
    notes: Sequence[str]


def read_log(given: Any, columns: EventColumns) -> Interactions:
    """The pairs of a log. Raises what reading it raises, and BadInput for one without a row."""
    users: dict[str, int] = {}
    items: dict[str, int] = {}
    parts: list[tuple[NDArray[Any], ...]] = []
    for batch in EventLog(given, columns):
        user = np.array([users.setdefault(name, len(users)) for name in batch.users], np.int32)
        item = np.array([items.setdefault(name, len(items)) for name in batch.items], np.int32)
        parts.append((user, item, batch.weights, batch.times))
    if not parts:
        raise BadInput("the log has no events; expected rows with a user and an item")
    joined = [np.concatenate(column) for column in zip(*parts, strict=True)]
    return Interactions.of_pairs([*users], [*items], *joined, last=columns.rating is not None)


def split_of(log: Interactions, how: How, share: float, sample: int, seed: int) -> Split:
    """Some choices to learn from, and the later ones: the last of each user, or the last share of all by time.

    sample: so many users are asked for at most, drawn by chance. Raises BadInput where nobody could be asked for.
    """
    if how == "time":
        later, notes = _by_time(log, share)
    else:
        later, notes = _last_of_each(log)
    training, wanted = log.take(~later), log.take(later)
    both = (np.diff(training.starts) > 0) & (np.diff(wanted.starts) > 0)
    users = np.flatnonzero(both)
    if not len(users):
        raise BadInput(
            f"none of {len(log.users):,} users has both a choice to learn from and a later one; expected users with 2 "
            "choices or more"
        )
    new = int(((np.diff(training.starts) == 0) & (np.diff(wanted.starts) > 0)).sum())
    if new:
        notes.append(f"{new:,} users came later; nothing is known of them, so they are not asked for")
    if len(users) > sample:
        notes.append(f"{sample:,} of {len(users):,} users were asked for, drawn by chance (--sample)")
        users = np.sort(np.random.default_rng(seed).permutation(users)[:sample])
    notes += _unfindable(training, wanted, users)
    return Split(training, wanted, users.astype(np.int64), notes)


def _last_of_each(log: Interactions) -> tuple[NDArray[np.bool_], list[str]]:
    """Which pairs are the last of a user who has several."""
    sizes = np.diff(log.starts)
    size = sizes[log.of]
    later = (log.turns == size - 1) & (size > 1)
    notes = []
    if np.isnan(log.times).all():
        notes.append("the log has no times: the order of its rows stands for them")
    elif tied := _tied(log, later, size):
        notes.append(f"{tied:,} users made several choices at their last time: the last row of these was left out")
    if lone := int((sizes == 1).sum()):
        notes.append(f"{lone:,} users have one choice: it is learned from, and they are not asked for")
    return later, notes


def _tied(log: Interactions, later: NDArray[np.bool_], size: NDArray[np.int64]) -> int:
    """How many users made the last two of their choices at the same time, or at no known one."""
    before = (log.turns == size - 2) & (size > 1)
    times = np.nan_to_num(log.times, nan=-np.inf)
    return int((times[later] == times[before]).sum())


def _by_time(log: Interactions, share: float) -> tuple[NDArray[np.bool_], list[str]]:
    """Which pairs are among the last share by time; those of one time stay together, and are learned from."""
    times = np.nan_to_num(log.times, nan=-np.inf)
    if not np.isfinite(times).any():
        raise BadInput("a split by time needs times; name their column (time=, --time), or leave the last of each out")
    cut = np.sort(times)[max(int((1 - share) * len(times)) - 1, 0)]
    later: NDArray[np.bool_] = times > cut
    if not later.any():
        raise BadInput(f"no choice is later than the first {1 - share:.0%} of all; expected times that differ")
    return later, []


def _unfindable(training: Interactions, wanted: Interactions, users: NDArray[Any]) -> list[str]:
    """Tells how many of the choices to be found are of items that nobody chose before."""
    asked = np.isin(wanted.of, users)
    known = np.bincount(training.chosen, minlength=len(training.items)) > 0
    new = int((~known[wanted.chosen[asked]]).sum())
    if not new:
        return []
    return [
        f"{new:,} of {int(asked.sum()):,} left out choices are of items that nobody chose before: they count as missed"
    ]
