"""From pairs to groups, and from groups to the one that is kept."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from knnife.errors import BadInput
from knnife.tools._duplicates.shingles import Rows

RULES = ("first", "last", "longest", "central", "max:FIELD", "min:FIELD")


class Group(NamedTuple):
    """Copies of one thing: the position of the one that is kept (None: it is on the other side), and of the others."""

    kept: int | None
    copies: tuple[int, ...]


def first_alike(keys: Sequence[Hashable]) -> Rows:
    """For each key the place of the first that is equal to it, `(n,)`."""
    first: dict[Hashable, int] = {}
    return np.fromiter((first.setdefault(key, place) for place, key in enumerate(keys)), np.int64, len(keys))


def check_rule(rule: str) -> None:
    """Raises BadInput unless this is a rule by which one is kept."""
    named = rule.startswith(("max:", "min:")) and len(rule) > 4
    if not named and rule not in RULES[:4]:
        raise BadInput(f"keep is {rule!r}; expected one of {', '.join(RULES)}")


def worth(rule: str, things: Sequence[Any], linked: NDArray[np.float64]) -> NDArray[np.float64]:
    """How much each thing deserves to be kept, `(n,)`; of equals the first is kept.

    linked: for each thing the sum of its similarities to the others of its group.
    """
    n = len(things)
    if rule == "first":
        return np.zeros(n)
    if rule == "last":
        return np.arange(n, dtype=float)
    if rule == "central":
        return linked
    if rule == "longest":
        return np.array([float(len(thing.value)) if isinstance(thing.value, str) else 0.0 for thing in things])
    return _ranked([thing.about.get(rule[4:]) for thing in things], rule)


def _ranked(values: list[Any], rule: str) -> NDArray[np.float64]:
    """The rank of each value among them, turned round for "min:"; what is missing comes last."""
    known = [value for value in values if value is not None]
    if values and not known:
        raise BadInput(f"keep is {rule!r}, but nothing has the field {rule[4:]!r}")
    try:
        ranks = {value: rank for rank, value in enumerate(sorted(set(known)), 1)}
    except TypeError as error:  # of several kinds, or lists
        kinds = ", ".join(sorted({type(value).__name__ for value in known}))
        raise BadInput(f"keep is {rule!r}, but the values of {rule[4:]!r} cannot be put in order: {kinds}") from error
    sign = 1 if rule.startswith("max:") else -1
    return np.array([-np.inf if value is None else float(sign * ranks[value]) for value in values])
