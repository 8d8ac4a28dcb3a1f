"""How much each thing suits who asks: by what was learned, by what the things are, or by both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from knnife.geometry import Vectors
from knnife.tools._recommend.asking import Asker, Member
from knnife.tools._recommend.catalogue import Catalogue, Kin
from knnife.tools._recommend.ranking import LEAST, standard

By = Literal["both", "taste", "content"]
Ground = Literal["both", "taste", "content", "popularity"]
RESTS_ON: dict[By, tuple[Ground, ...]] = {"both": ("both", "content"), "taste": ("taste",), "content": ("content",)}
AGAINST = 0.5  # what is disliked counts half of what is liked, and against


class Chosen(NamedTuple):
    """Ids of items; timed: the oldest first. Each counts the same: how much it was liked says less of what is next."""

    ids: Sequence[str]
    timed: bool


def scores_of(
    known: Catalogue, asked: Sequence[Asker], by: By, among: NDArray[np.bool_]
) -> tuple[Vectors, list[Ground]]:
    """The scores of all things `(q, n)` and what those of each asker rest on.

    among: which things may be answered to whom `(q, n)`; the others have minus infinity, as have those of which nothing
    is known. A group has the mean of the standard scores of its members.
    """
    members = [(row, member) for row, asker in enumerate(asked) for member in asker.members]
    rows = np.array([row for row, _ in members], np.int64)
    scores, grounds = _of_members(known, [member for _, member in members], by, among[rows])
    if len(members) == len(asked):
        return scores, grounds
    begins = np.flatnonzero(np.diff(rows, prepend=-1))
    sizes = np.diff(begins, append=len(rows))
    joined = (np.add.reduceat(standard(scores), begins, axis=0) / sizes[:, None]).astype(np.float32)
    rest = [grounds[begin : begin + size] for begin, size in zip(begins.tolist(), sizes.tolist(), strict=True)]
    return joined, [next((each for each in some if each != "popularity"), "popularity") for some in rest]


def _of_members(
    known: Catalogue, members: Sequence[Member], by: By, among: NDArray[np.bool_]
) -> tuple[Vectors, list[Ground]]:
    scores, grounds = _liked(known, [Chosen([*member.chosen], member.timed) for member in members], by)
    scores[~among] = LEAST
    against = [row for row, member in enumerate(members) if member.disliked]
    if against:
        disliked, _ = _liked(known, [Chosen(members[row].disliked, timed=False) for row in against], by)
        disliked[~among[against]] = LEAST
        usual = np.where(among[against], popular(known), LEAST)  # what is popular is near to everything
        beyond = np.where(np.isfinite(disliked), standard(disliked), 0) - np.where(among[against], standard(usual), 0)
        scores[against] = standard(scores[against]) - np.float32(AGAINST) * beyond
    return scores, grounds


def _liked(known: Catalogue, chosen: Sequence[Chosen], by: By) -> tuple[Vectors, list[Ground]]:
    """The scores of all things for who chose these, and what they rest on."""
    scores = np.repeat(popular(known)[None], len(chosen), axis=0)
    grounds: list[Ground] = ["popularity"] * len(chosen)
    for ground in RESTS_ON[by]:
        numbers = known.place_of if ground == "content" else known.number_of
        rows = [
            row
            for row, each in enumerate(chosen)
            if grounds[row] == "popularity" and any(id in numbers for id in each.ids)
        ]
        if not rows:
            continue
        some = [chosen[row] for row in rows]
        scores[rows] = _by_content(known, some) if ground == "content" else _learned(known, some, ground == "both")
        for row in rows:
            grounds[row] = ground
    return scores, grounds


def popular(known: Catalogue) -> NDArray[np.float32]:
    """What is answered to who has chosen nothing yet: the logarithm of how many chose each thing, `(n,)`."""
    return np.log1p(known.chosen_by).astype(np.float32)


def _learned(known: Catalogue, chosen: Sequence[Chosen], cold: bool) -> Vectors:
    """The scores by what was learned; with `cold`, also of what nobody had chosen then, all standard scores."""
    warm = known.learned >= 0
    scores = np.full((len(chosen), len(known.ids)), LEAST)
    found = known.taste.scores([known.taste.history(each.ids, timed=each.timed) for each in chosen])
    scores[:, warm] = found[:, known.learned[warm]]
    if cold and warm.any() and not warm.all():
        scores = standard(scores)
        scores[:, ~warm] = _placed(scores[:, warm], known.kin_of_cold, known.kin_of_warm)
    return scores


def _placed(scores: Vectors, cold: Kin, warm: Kin) -> Vectors:
    """The scores of cold things `(q, c)`, from those of warm ones `(q, w)`: the mean over the kin of each.

    Means vary less than single scores. How much less is seen from warm things that are placed likewise.
    """
    found, usual = _mean(scores, cold), _mean(scores, warm)
    spread = usual.std(axis=1, keepdims=True)
    centred = found - usual.mean(axis=1, keepdims=True)
    placed: Vectors = np.divide(centred, spread, out=np.zeros_like(centred), where=spread > 0)
    return placed


def _mean(scores: Vectors, kin: Kin) -> Vectors:
    """The weighted means `(q, p)` of scores `(q, w)` over kin."""
    found = np.zeros((len(scores), len(kin.rows)), np.float32)
    for rows, weights in zip(kin.rows.T, kin.weights.T, strict=True):
        found += scores[:, rows] * weights
    return found


def _by_content(known: Catalogue, chosen: Sequence[Chosen]) -> Vectors:
    """How alike things are to what was chosen, `(q, n)`: the mean of the cosines."""
    profiles = np.zeros((len(chosen), known.points.shape[1]), np.float32)
    for row, each in enumerate(chosen):
        places = [known.place_of[id] for id in each.ids if id in known.place_of]
        profiles[row] = known.points[places].mean(axis=0) if places else 0
    found: Vectors = profiles @ known.points.T
    return found
