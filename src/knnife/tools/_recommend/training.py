"""Learning from the interactions of a space: what recommend, and neighbours by taste, rest on."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from knnife.encoders.protocol import Progress
from knnife.encoders.taste import Taste
from knnife.errors import BadInput
from knnife.space import Space
from knnife.space.event_table import LEARNED
from knnife.space.interactions import interactions
from knnife.space.notes import note, set_note
from knnife.space.taste import TASTE


@dataclass(frozen=True)
class TrainedRecommender:
    """What was learned from: so many users, items, and pairs of both; strangers: items that are no things."""

    users: int
    items: int
    interactions: int
    strangers: int
    dim: int
    seconds: float

    def rows(self) -> Iterator[dict[str, Any]]:
        """One row with everything."""
        yield asdict(self)


def train_recommender(space: Space, *, progress: Progress | None = None, **settings: Any) -> TrainedRecommender:
    """Learn from the interactions of a space (`knnife.add_interactions`) what people who choose these choose next.

    What is learned is the derived view "taste" of the space, in place of an earlier one. In a space without any things
    the items of the log become things, whose text is their id; else an item that is no thing teaches, and is never
    answered.

    settings: of the methods, such as factors and seed (`knnife.encoders.taste.Taste.train`); none needs tuning.

    Raises BadInput where there are no interactions, and for settings that there are not; ReadOnly, SpaceBusy, DiskFull.
    """
    began = time.perf_counter()
    with space._store.read() as snapshot:
        count = snapshot.events.count()
    log = interactions(space)
    if not len(log):
        raise BadInput(
            f"{space.path} has no interactions to learn from; add some: `knnife recommend add`, or "
            "knnife.add_interactions"
        )
    bare = not len(space) or bool((note(space, LEARNED) or {}).get("bare"))
    known = _known(space, log.items, bare)
    taste = Taste.train(log, progress=progress, **settings)
    ids = [log.items[number] for number in known]
    space.derive(TASTE, taste.item_vectors[known], ids, source="recommend train", encoder=taste)
    when = datetime.now(UTC).isoformat("T", "seconds")
    set_note(space, LEARNED, {"bare": bare, "events": count.events, "mark": count.mark, "when": when})
    strangers = len(log.items) - len(known)
    return TrainedRecommender(
        len(log.users), len(log.items), len(log), strangers, taste.dim, time.perf_counter() - began
    )


def _known(space: Space, items: Sequence[str], bare: bool) -> list[int]:
    """The numbers of the items that are things; bare: the others become things. Raises BadInput where none is."""
    with space._store.read() as snapshot:
        held = {id for _, id in snapshot.ids()}
    if bare:
        space.add({"id": item, "text": item} for item in items if item not in held)
        return [*range(len(items))]
    known = [number for number, item in enumerate(items) if item in held]
    if not known:
        raise BadInput(
            f"none of the {len(items):,} items is a thing of {space.path} (an item is called {items[0]!r}, a thing "
            f"{min(held)!r}): the ids of both must be the same"
        )
    return known
