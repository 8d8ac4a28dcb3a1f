"""Interactions of a space: events are added block by block, and read as the pairs that everything is learned from.

A source that has a name is brought up to date: a block that is as it was costs its reading and no more, one that
changed takes the place of the old one. So an interrupted run goes on where it stopped, and a log that grew is added
again without counting anything twice. Events without a source, from Python, are new each time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from knnife.encoders.protocol import Progress
from knnife.errors import BadInput, NotFound
from knnife.space.event_table import NO_CONTEXT, EventBlock, EventWriter, Named
from knnife.space.space import Space
from knnife.things import as_things
from knnife.things.events import EventColumns, EventLog
from knnife.things.interactions import Events, Interactions, lookalikes
from knnife.things.reading import OnError

AMOUNT: Final = "interactions"  # the setting that says what the numbers are: "weight" or "rating"
SHOWN: Final = 3  # of names that look alike
_WHO: Final[tuple[Named, ...]] = ("user", "item")

_held: WeakKeyDictionary[Space, tuple[object, Interactions]] = WeakKeyDictionary()


@dataclass(frozen=True)
class AddedInteractions:
    """What adding events did.

    events: how many were read; new: those in blocks that were not there already. users, items: how many are new.
    broken: rows that were skipped; problems: the first 100 of them, in words. alike: names of users and items that
    differ from another in case or white space only, as sentences, the first few; a name is taken exactly as written.
    """

    events: int
    new: int
    users: int
    items: int
    broken: int
    problems: Sequence[str]
    alike: Sequence[str]


def add_interactions(
    space: Space,
    events: Any,
    *,
    user: str = "user",
    item: str = "item",
    weight: str | None = None,
    rating: str | None = None,
    time: str | None = None,
    context: str | None = None,
    source: str | None = None,
    on_error: OnError = "stop",
    progress: Progress | None = None,
) -> AddedInteractions:
    """Add events of who chose what to a space, beside its things.

    events: the path of a table, a data frame, mappings, or tuples (user, item, weight, time, context), of which the
        last three may lack.
    user, item, weight, rating, time, context: names of columns. Weights of repeated events of a pair are added up; of
        ratings the last one counts, by time. Without either each event counts 1. Times are numbers, or dates.
    source: what the events come from, by default the path: adding it again brings it up to date. Events without a
        source are new each time.
    on_error: "stop" raises at the first row that cannot be used, "skip" counts it.
    progress: called after each batch with the number of events so far, and the share done (None: unknown).

    Batches of 65,536 events are committed as they are read; the same call again goes on where this one stopped. Raises
    BadInput (BadRow for a row: nothing in a column, a negative number, a time that is none), NotFound, ReadOnly,
    SpaceBusy, DiskFull.
    """
    columns = EventColumns(user, item, weight, rating, time, context)
    log = EventLog(events, columns, on_error)
    if source is None:
        source = log.reading.source if isinstance(events, str) or hasattr(events, "__fspath__") else ""
    return _Adding(space, source, "rating" if rating is not None else "weight").run(log, progress)


class _Adding:
    """One run of `add_interactions`."""

    def __init__(self, space: Space, source: str, amount: str) -> None:
        self._store, self._source, self._amount = space._store, source, amount
        with self._store.read() as snapshot:
            before = snapshot.settings().get(AMOUNT, amount)
            if before != amount and snapshot.events.count().events:
                raise BadInput(
                    f"the interactions of {space.path} have {before}s, these have {amount}s; name the column as "
                    f"{before}=, or leave it out"
                )
            self._digests = dict(snapshot.events.digests(source))
            self._before = {what: snapshot.events.name_count(what) for what in _WHO}
        self._next = max(self._digests, default=-1) + 1 if not source else 0  # events without a source are all new

    def run(self, log: EventLog, progress: Progress | None) -> AddedInteractions:
        events = new = 0
        for batch in log:
            events += len(batch.users)
            new += self._keep(batch)
            if progress is not None:
                progress(events, log.reading.fraction)
        if not events:
            broken = f" but {log.reading.broken:,} broken rows: {log.reading.problems[0]}" if log.reading.broken else ""
            raise BadInput(f"{log.reading.source} has no events{broken}; expected rows with a user and an item")
        with self._store.write() as writer:
            if self._source:
                writer.events.drop(self._source, self._next)  # the source is shorter now
            new_names = {what: writer.events.name_count(what) - count for what, count in self._before.items()}
            names = {what: writer.events.names(what) for what, count in new_names.items() if count}
        alike = [
            f"the {what}s {a!r} and {b!r}" for what, every in names.items() for a, b in islice(lookalikes(every), SHOWN)
        ]
        problems = [str(problem) for problem in log.reading.problems]
        broken = log.reading.broken
        return AddedInteractions(events, new, new_names["user"], new_names["item"], broken, problems, alike)

    def _keep(self, batch: Events) -> int:
        """Keep a batch, unless it is there: how many events are new."""
        number, digest = self._next, _digest(batch)
        self._next += 1
        if self._source and self._digests.get(number) == digest:
            return 0
        with self._store.write() as writer:
            writer.put_settings({AMOUNT: self._amount})
            events = writer.events
            users, items = _numbers(events, "user", batch.users), _numbers(events, "item", batch.items)
            contexts = _numbers(events, "context", batch.contexts)
            columns = (users, items, batch.weights, batch.times, contexts)
            events.put(EventBlock(self._source, number, digest, *columns))
        return len(batch.users)


def add_users(space: Space, table: Any, *, id: str = "id") -> int:
    """Keep what is known of users: rows with the column `id` and facts beside it; how many there are in the table.

    table: the path of a table, a data frame, or mappings. What was known of them is replaced. Raises BadInput for a
    row without the column, and what reading raises.
    """
    if isinstance(table, str) or hasattr(table, "__fspath__"):
        from knnife.things import read  # loads the readers of all formats

        table = read(table, text=id)
    facts = {str(thing.value): thing.about for thing in as_things(table, text=id)}
    if not facts:
        raise BadInput(f"no users were given; expected rows with the column {id!r}")
    with space._store.write() as writer:
        writer.events.put_facts(facts)
    return len(facts)


def interactions(space: Space, *, context: str | None = None) -> Interactions:
    """The interactions of a space as pairs; context: only events of this one.

    They are kept in memory with the space until events are added. Raises NotFound for a context that no event has.
    """
    with space._store.read() as snapshot:
        mark = (snapshot.events.count(), context)
        kept = _held.get(space)
        if kept is not None and kept[0] == mark:
            return kept[1]
        users, items, contexts = (snapshot.events.names(what) for what in ("user", "item", "context"))
        blocks = [*snapshot.events.blocks()]
        last = snapshot.settings().get(AMOUNT) == "rating"
    if context is not None and context not in contexts:
        known = ", ".join(contexts[:30]) or "none"
        raise NotFound(f"{space.path} has no events of the context {context!r}; there are: {known}")
    columns = [np.concatenate([each[at] for each in blocks] or [np.empty(0)]) for at in range(3, 8)]
    if context is not None:
        own = columns[4] == contexts.index(context)
        columns = [column[own] for column in columns]
    user, item = (np.asarray(column, np.int32) for column in columns[:2])
    found = Interactions.of_pairs(users, items, user, item, columns[2], columns[3], last=last)
    _held[space] = mark, found
    return found


def facts_of_users(space: Space) -> Mapping[str, Mapping[str, Any]]:
    """What is known of users, by their names."""
    with space._store.read() as snapshot:
        return snapshot.events.facts()


def _numbers(events: EventWriter, what: Any, names: Sequence[str]) -> NDArray[np.int32]:
    """The number of each name in a batch; -1 for "", which is none."""
    different = [name for name in dict.fromkeys(names) if name]
    number = dict(zip(different, events.number(what, different), strict=True))
    return np.fromiter((number.get(name, NO_CONTEXT) for name in names), np.int32, len(names))


def _digest(batch: Events) -> bytes:
    """A hash of the events of a batch."""
    found = hashlib.blake2b(digest_size=16)
    for names in (batch.users, batch.items, batch.contexts):
        found.update("\0".join(names).encode())
        found.update(b"\0\0")
    found.update(batch.weights.astype("<f4").tobytes() + batch.times.astype("<f8").tobytes())
    return found.digest()
