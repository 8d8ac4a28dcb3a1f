"""What a space has learned of who chose what: the view of it, and its users as points."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Final, NamedTuple

import numpy as np

from knnife.encoders import Encoder
from knnife.errors import BadInput
from knnife.geometry import Vectors
from knnife.space.interactions import facts_of_users, interactions
from knnife.space.space import Space
from knnife.things import Thing

TASTE: Final = "taste"  # the derived view of what was learned, with the encoder that learned it
USERS: Final = "users"  # the name of a view that has users in the place of things


class UserPoints(NamedTuple):
    """The n users of a space: names, vectors `(n, d)`, and things that have what is known of them, without values."""

    ids: list[str]
    vectors: Vectors
    things: list[Thing]


def taste_of(space: Space) -> Any:
    """The encoder that was trained on the interactions of a space; None where none was."""
    with space._store.read() as snapshot:
        view = next((view for view in snapshot.views if view.name == TASTE), None)
        return None if view is None else space._models.of(snapshot, view)


def need_taste(space: Space) -> Encoder:
    """The same. Raises BadInput, with the command to run, where there is none."""
    taste: Encoder | None = taste_of(space)
    if taste is not None:
        return taste
    path = space.path
    if not len(interactions(space)):
        raise BadInput(
            f"{path} has no interactions, so nothing is known of who chose what: `knnife recommend train LOG -o {path}`"
            " (knnife.add_interactions, then knnife.train_recommender) learns from a log of them"
        )
    raise BadInput(
        f"{path} has interactions and has not learned from them yet: `knnife recommend train {path}` "
        "(knnife.train_recommender)"
    )


def user_points(space: Space) -> UserPoints:
    """All users of a space by what they have chosen until now. Raises BadInput where nothing was learned yet."""
    taste, log, facts = need_taste(space), interactions(space), facts_of_users(space)
    chosen = [log.items[item] for item in log.chosen[np.lexsort((log.turns, log.of))].tolist()]  # the oldest first
    starts = log.starts.tolist()
    histories = [chosen[begin:end] for begin, end in pairwise(starts)]
    things = [Thing(name, None, facts.get(name, {})) for name in log.users]
    return UserPoints(list(log.users), taste.encode(histories), things)
