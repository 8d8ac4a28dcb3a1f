"""What a check found, in the words that all checks share."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal

State = Literal["good", "warning", "bad", "unknown"]
Figure = float | int | str | None
Id = str | int  # of a thing; in an array, the number of the row

SHOWN = 5  # ids named in a finding


@dataclass(frozen=True)
class Finding:
    """What one check found.

    check: its name. state: "good"; "warning", look at it; "bad", answers are wrong or missing; "unknown", it cannot
        be known.
    means: one sentence for people, with the figures in it; figures: the same for programs.
    remedy: a command, or Python, that mends it; None where nothing is to be done.
    ids: things concerned, a few of them. looked_at: how many things were looked at.
    """

    check: str
    state: State
    means: str
    figures: Mapping[str, Figure]
    looked_at: int
    remedy: str | None = None
    ids: tuple[Id, ...] = ()


def judged(value: float, warning: float, bad: float = float("inf")) -> State:
    """The state that a figure stands for where little is good, and how much of it is not any more."""
    return "bad" if value >= bad else "warning" if value >= warning else "good"


def worst(*states: State) -> State:
    """The worst of states, as far as they could be told."""
    order: tuple[State, ...] = ("unknown", "good", "warning", "bad")
    return max(states, key=order.index)


def percent(share: float) -> str:
    """0.0342 as 3.4%, and never a little as nothing, nor nearly all as all."""
    if 0 < share < 0.001:
        return "less than 0.1%"
    return f"{min(share, 0.999) if share < 1 else 1:.1%}".replace(".0%", "%")


def few(ids: Iterable[Id]) -> tuple[Id, ...]:
    """The first of many ids."""
    return tuple(islice(ids, SHOWN))


def named(ids: Sequence[Id]) -> str:
    """Ids in a sentence, the first of many."""
    return ", ".join(map(str, few(ids))) + (", …" if len(ids) > SHOWN else "")


def arguments(*values: Id) -> str:
    """Values as arguments of a command line, quoted where a shell asks for it."""
    return shlex.join(str(value) for value in values)
