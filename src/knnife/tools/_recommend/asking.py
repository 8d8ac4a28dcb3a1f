"""Who asks: users with what they chose, baskets of things without a user, groups. Each is a history, or several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from knnife.errors import BadInput
from knnife.space import Space
from knnife.space.lookup import several
from knnife.tools._recommend.catalogue import Catalogue
from knnife.tools._recommend.named_things import things_named, users_named


@dataclass(frozen=True)
class Member:
    """One who chose things: a user, or nobody in particular.

    name: of the user; None for a basket. chosen: ids of items with their weights; timed: the oldest first.
    """

    name: str | None
    chosen: dict[str, float]
    timed: bool
    disliked: Sequence[str] = ()


@dataclass(frozen=True)
class Asker:
    """One question: who is answered together. given: what was liked, where that was said with the question."""

    name: str
    members: Sequence[Member]
    given: frozenset[str] = field(default_factory=frozenset)


def askers(space: Space, known: Catalogue, user: Any, group: Any, liked: Any, disliked: Any) -> list[Asker]:
    """Whom the arguments of `knnife.recommend` speak of. Raises BadInput for nobody, NotFound for unknown names."""
    users = [] if user is None else several(user)
    together = [] if group is None else several(group)
    likes, dislikes = things_named(space, several(liked)), things_named(space, several(disliked))
    if users and together:
        raise BadInput(
            "user= and group= were given; users are answered one by one, a group together: give one of the two"
        )
    if both := sorted({*likes} & {*dislikes}):
        raise BadInput(f"{both[0]!r} is given as liked and as disliked; expected one of the two")
    if not (users or together or likes or dislikes):
        raise BadInput("nobody is asked for: give user=, group=, or what somebody without a name liked=")
    typical = float(known.interactions.weights.mean()) if len(known.interactions) else 1.0
    said = dict.fromkeys(likes, typical)
    members = [_member(known, name, number, said, dislikes) for name, number in _numbered(known, [*users, *together])]
    if together:
        return [Asker(" and ".join(together), members, frozenset(likes))]
    if users:
        return [Asker(member.name or "", [member], frozenset(likes)) for member in members]
    return [Asker("", [Member(None, said, False, dislikes)], frozenset(likes))]


def _numbered(known: Catalogue, names: Sequence[str]) -> Sequence[tuple[str, int]]:
    if names and not len(known.interactions.users):
        raise BadInput("the space knows no users: a log of who chose what has them (`knnife recommend train`)")
    return list(zip(names, users_named(known.interactions.users, names), strict=True))


def _member(known: Catalogue, name: str, number: int, said: dict[str, float], dislikes: Sequence[str]) -> Member:
    pairs, log = known.interactions.pairs(number), known.interactions
    order = np.argsort(log.turns[pairs], kind="stable")
    chosen = {
        log.items[item]: float(weight)
        for item, weight in zip(log.chosen[pairs][order].tolist(), log.weights[pairs][order].tolist(), strict=True)
    }
    for id in (*dislikes, *said):
        chosen.pop(id, None)
    timed = not np.isnan(log.times[pairs]).any()
    return Member(name, {**chosen, **said}, bool(timed), dislikes)
