"""Putting things into a space: an upsert keyed by id and by a hash of the content.

Things are taken in batches, each one transaction of about a second. For each batch: what does the space hold under
these ids (`_plan`), make the vectors that are missing, write everything down (`_write`). Unchanged things cost a hash
and a look; an `add` that was interrupted and is run again finds its first part unchanged and goes on from there.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, Protocol

import numpy as np

from knnife.errors import BadInput, BadPictures
from knnife.geometry import Vectors, as_vectors
from knnife.space import preparing, thumbnails, views
from knnife.space.answers import Added
from knnife.space.gc_pause import few_collections
from knnife.space.preparing import Row
from knnife.space.removing import remove_positions
from knnife.space.sqlite.store import State, Store, set_state, state
from knnife.space.sqlite.words import INSERT_WORDS
from knnife.space.views import View
from knnife.things import Thing

Progress = Callable[[int, float | None], None]

SMALLEST_BATCH, LARGEST_BATCH = 256, 16_384
LARGEST_BYTES = 128 << 20  # of values that are bytes, in a batch
BATCH_SECONDS = 1.0

_HELD = """
SELECT given.key, pos, content, about, part_of
FROM json_each(?) AS given LEFT JOIN things ON things.id = given.value
"""  # one row for each id; NULLs where there is none


class Target(Protocol):
    """Where the vectors of an add come from and go to (the space, as this file sees it)."""

    def encode(self, values: Sequence[Any]) -> Vectors:
        """The vectors of values; raises BadInput where the space has no encoder."""

    def view(self, db: sqlite3.Connection, dim: int) -> View:
        """The view that takes vectors of `dim` dimensions, made if there is none; checks encoder and dimension."""


class _Plan(NamedTuple):
    """What a batch changes, and the state of the file for which that holds."""

    state: State
    new: list[Row]
    replaced: list[int]  # positions of things whose content changed
    edited: list[tuple[str, str | None, int]]  # about, part_of, pos: metadata alone changed
    stale: list[int]  # positions of passages that their document no longer has
    bare: dict[int, Row]  # things that are there, by position, and lack the thumbnail that was asked for


class _Made(NamedTuple):
    """What was made of the things of a plan, outside of any transaction."""

    vectors: Vectors | None  # of those that are new, `(n, d)`; None where there is none
    thumbnails: list[bytes]  # of those that are new and pictures, then of those that are bare


class _Broken(Exception):
    """Some things of a batch turned out to be broken pictures: their ids, and why."""

    def __init__(self, faults: dict[str, str]) -> None:
        self.faults = faults


class Adder:
    """One run of `Space.add`."""

    def __init__(self, store: Store, target: Target, progress: Progress | None = None, side: int = 0) -> None:
        """side: of the thumbnails to make, in pixels; 0 for none."""
        self._store, self._target, self._progress, self._side = store, target, progress, side
        self._counts = dict.fromkeys(("added", "updated", "unchanged", "removed", "repeated", "encoded"), 0)
        self._source: Any = None
        self._whole: str | None = None  # the document that is being read, and its passages so far
        self._passages: set[str] = set()
        self._complete: list[tuple[str, set[str]]] = []

    def run(self, things: Iterable[Thing], source: Any) -> Added:
        """Add everything; `source` may tell how far it is (`fraction`), what it skipped and if wholes are whole."""
        began = time.perf_counter()
        self._source = source
        with self._store.read() as db:
            self._start = state(db).last
        follow = bool(getattr(source, "complete", False))
        done = 0
        with few_collections():
            for batch in _batches(things):
                self._commit(self._prepare(batch, follow))
                done += len(batch)
                if self._progress is not None:
                    self._progress(done, getattr(source, "fraction", None))
        if follow and self._whole is not None:
            self._complete.append((self._whole, self._passages))
            self._commit({})
        broken = int(getattr(source, "broken", 0))
        return Added(**self._counts, broken=broken, seconds=time.perf_counter() - began)

    def _prepare(self, batch: list[Thing], follow: bool) -> dict[str, Row]:
        rows: dict[str, Row] = {}
        with np.errstate(over="ignore"):  # a component beyond float32 becomes infinity, and is reported as that
            prepared = list(preparing.rows(batch))
        for row in prepared:
            earlier = rows.pop(row.id, None)
            if earlier is not None:
                self._counts["unchanged" if earlier[:5] == row[:5] else "repeated"] += 1
            rows[row.id] = row
            if follow:
                self._follow(row)
        return rows

    def _follow(self, row: Row) -> None:
        """Passages of one document come one after another; when the next begins, the last is known whole."""
        whole = row.part_of or row.id
        if whole != self._whole:
            if self._whole is not None:
                self._complete.append((self._whole, self._passages))
            self._whole, self._passages = whole, set()
        self._passages.add(row.id)

    def _commit(self, rows: dict[str, Row]) -> None:
        """Write a batch down, without the pictures in it that turn out to be broken."""
        broken: dict[str, str] = {}
        while True:
            try:
                self._commit_sound({id: row for id, row in rows.items() if id not in broken})
                break
            except _Broken as error:
                broken |= error.faults
        if broken and not hasattr(self._source, "fault"):
            named = (why if id in why else f"thing {id!r}: {why}" for id, why in broken.items())
            raise BadPictures(dict(enumerate(named)), len(rows))
        for id, why in broken.items():
            self._source.fault(None, why, id)

    def _commit_sound(self, rows: dict[str, Row]) -> None:
        """Encode outside the transaction, so that others can write meanwhile; if one did, plan again inside it."""
        with self._store.read() as db:
            plan = self._plan(db, rows)
        made = self._made(plan)
        if plan.new or plan.edited or plan.stale or plan.bare:
            with self._store.write() as db:
                if state(db) != plan.state:
                    planned, plan = plan, self._plan(db, rows)
                    if (plan.new, plan.bare) != (planned.new, planned.bare):
                        made = self._made(plan)
                self._write(db, plan, made)
        counts = self._counts
        counts["added"] += len(plan.new) - len(plan.replaced)
        counts["updated"] += len(plan.replaced) + len(plan.edited)
        counts["unchanged"] += len(rows) - len(plan.new) - len(plan.edited)
        counts["repeated"] += sum(pos > self._start for pos in plan.replaced)
        counts["removed"] += len(plan.stale)
        self._complete.clear()

    def _plan(self, db: sqlite3.Connection, rows: dict[str, Row]) -> _Plan:
        plan = _Plan(state(db), [], [], [], [], {})
        held: dict[int, Row] = {}
        wanted = list(rows.values())
        for number, pos, content, about, part_of in db.execute(_HELD, [json.dumps(list(rows))]):
            row = wanted[number]
            if content != row.content:
                plan.new.append(row)
                if pos is not None:
                    plan.replaced.append(pos)
                continue
            if self._side and thumbnails.is_shown(row.value):
                held[pos] = row
            if about != row.about or part_of != row.part_of:
                plan.edited.append((row.about, row.part_of, pos))
        for whole, kept in self._complete:
            parts = db.execute("SELECT id, pos FROM things WHERE part_of = ?", [whole])
            plan.stale.extend(pos for id, pos in parts if id not in kept)
        if held:
            plan.bare.update((pos, held[pos]) for pos in sorted(thumbnails.lacking(db, list(held))))
        return plan

    def _made(self, plan: _Plan) -> _Made:
        """Vectors, and thumbnails where these are asked for. Raises _Broken for pictures that cannot be decoded."""
        with _naming([row for row in plan.new if row.vector is None]):
            vectors = self._vectors(plan.new)
        shown = [row for row in plan.new if thumbnails.is_shown(row.value)] if self._side else []
        shown += plan.bare.values()
        with _naming(shown):
            return _Made(vectors, thumbnails.made([row.value for row in shown], self._side))

    def _vectors(self, rows: list[Row]) -> Vectors | None:
        """The vectors `(n, d)` of rows, in order: those brought along, and the others encoded. None for no rows."""
        if not rows:
            return None
        missing = [row.value for row in rows if row.vector is None]
        if len(missing) == len(rows):
            vectors = self._target.encode(missing)
            self._counts["encoded"] += len(missing)
            return vectors
        brought = preparing.joined([row.vector for row in rows if row.vector is not None])
        if not missing:
            return brought
        made = self._target.encode(missing)
        self._counts["encoded"] += len(missing)
        vectors = np.empty((len(rows), made.shape[1]), np.float32)
        has_one = np.fromiter((row.vector is not None for row in rows), bool, len(rows))
        vectors[~has_one] = made
        vectors[has_one] = as_vectors(brought, made.shape[1], "the vectors brought along")
        return vectors

    def _write(self, db: sqlite3.Connection, plan: _Plan, made: _Made) -> None:
        now, vectors, shown = plan.state, made.vectors, [*plan.bare]
        if plan.replaced or plan.stale:
            now = remove_positions(db, now, plan.replaced + plan.stale)
        if plan.edited:
            db.executemany("UPDATE things SET about = ?, part_of = ? WHERE pos = ?", plan.edited)
        if vectors is not None:
            view = self._target.view(db, vectors.shape[1])
            positions = range(now.last + 1, now.last + 1 + len(plan.new))
            db.executemany(
                "INSERT INTO things VALUES (?, ?, ?, ?, ?, ?)",
                [(pos, *row[:5]) for pos, row in zip(positions, plan.new, strict=True)],
            )
            db.execute(INSERT_WORDS, [now.last])
            views.put(db, view, positions, vectors)
            shown = [
                pos for pos, row in zip(positions, plan.new, strict=True) if thumbnails.is_shown(row.value)
            ] + shown
            now = now._replace(last=now.last + len(plan.new), things=now.things + len(plan.new))
        if made.thumbnails:
            thumbnails.put(db, shown, made.thumbnails)
        set_state(db, now)


@contextmanager
def _naming(rows: Sequence[Row]) -> Iterator[None]:
    """Raises _Broken for BadPictures about these rows."""
    try:
        yield
    except BadPictures as error:
        raise _Broken({rows[place].id: why for place, why in error.faults.items()}) from error


def with_vectors(things: Iterable[Thing], vectors: Vectors, count: int | None) -> Iterator[Thing]:
    """Each thing with its row of `vectors` (n, d); `count` is the number of things, where it is known beforehand.

    Raises BadInput when there are more of one than of the other.
    """
    if count is not None and count != len(vectors):
        raise BadInput(f"{len(vectors)} vectors were given for {count} things; expected one for each")
    n = 0
    for thing in things:
        if n == len(vectors):
            raise BadInput(f"{n} vectors were given, and more things than that")
        yield Thing(thing.id, thing.value, thing.about, thing.part_of, vectors[n])
        n += 1
    if n < len(vectors):
        raise BadInput(f"{len(vectors)} vectors were given, and only {n} things")


def _batches(things: Iterable[Thing]) -> Iterator[list[Thing]]:
    """Lists of things, sized so that each takes about BATCH_SECONDS from here to here.

    When the source fails, or Ctrl-C comes, what it gave until then is still handed on before the error goes up.
    """
    size, held, batch, began = SMALLEST_BATCH, 0, list[Thing](), time.perf_counter()
    try:
        for thing in things:
            batch.append(thing)
            if type(thing.value) is bytes:
                held += len(thing.value)
            if len(batch) >= size or held >= LARGEST_BYTES:
                full, batch, held = batch, [], 0
                yield full
                took, began = time.perf_counter() - began, time.perf_counter()
                wanted = int(len(full) * BATCH_SECONDS / max(took, 1e-6))
                size = max(SMALLEST_BATCH, min(LARGEST_BATCH, 4 * size, wanted))
    except GeneratorExit:
        raise
    except BaseException:
        if batch:
            yield batch
        raise
    if batch:
        yield batch
