"""Putting things into a space: an upsert keyed by id and by a hash of the content.

Each batch is one transaction of about a second: compare with what is there (`_plan`), encode what is missing (`_made`),
write (`_write`), and plan again if somebody else wrote meanwhile. An interrupted `add` that is run again finds its
first part unchanged and goes on from there.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from knnife.encoders import Encoder, vector_cache
from knnife.encoders.protocol import Progress, check_values
from knnife.errors import BadInput, BadPictures
from knnife.geometry import Vectors, as_vectors, check_scale
from knnife.space import preparing
from knnife.space.answers import Added
from knnife.space.batching import batches_of, few_collections, numbered_in
from knnife.space.models import AddTarget
from knnife.space.preparing import is_shown
from knnife.space.protocols import Moved, Snapshot, Store, Writer
from knnife.space.records import Row, State, View
from knnife.space.repeats import Repeats, Twice
from knnife.things import Thing
from knnife.things.reading import Folder
from knnife.things.rows import listed

SHOWN = 3  # files that are gone, by their names


class _Plan(NamedTuple):
    """What a batch changes, and the state of the store for which that holds."""

    state: State
    new: list[Row]
    replaced: list[int]  # positions of things whose content changed
    edited: list[tuple[str, str | None, int]]  # about, part_of, pos: metadata alone changed
    stale: list[int]  # positions of passages that their document no longer has
    bare: dict[int, Row]  # things that are there, by position, and lack the thumbnail that was asked for
    encoder: Encoder | None  # of new things that bring no vector


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

    def __init__(
        self, store: Store, target: AddTarget, progress: Progress | None = None, side: int = 0, twice: Twice = "error"
    ) -> None:
        """side: of the thumbnails to make, in pixels; 0 for none. twice: see `Repeats`."""
        self._store, self._target, self._progress, self._side, self._twice = store, target, progress, side, twice
        self._counts = dict.fromkeys(("added", "updated", "unchanged", "removed", "repeated", "encoded"), 0)
        self._source: Any = None
        self._whole: str | None = None  # the document that is being read, and its passages so far
        self._passages: set[str] = set()
        self._complete: list[tuple[str, set[str]]] = []
        self._gone: list[str] = []  # files that are no more, whose things are to be removed

    def run(self, things: Iterable[Thing], source: Any, prune: bool = False) -> Added:
        """Add everything; `source` may tell how far it is (`fraction`), what it skipped and if wholes are whole.

        prune: remove the things of files that are gone from the folder that `source` is.
        """
        if prune and getattr(source, "folder", None) is None:
            raise BadInput("prune=True (--prune) removes things of files that are gone from a folder; give a folder")
        began = time.perf_counter()
        self._source, self._repeats = source, Repeats(self._twice, self._store, source)
        with self._store.read() as snapshot:
            self._start = snapshot.state.last
        follow = bool(getattr(source, "complete", False))
        done = 0
        with few_collections():
            for batch in batches_of(numbered_in(source, things)):
                self._commit(self._prepare(batch, follow))
                done += len(batch)
                if self._progress is not None:
                    self._progress(done, getattr(source, "fraction", None))
        if follow and self._whole is not None:
            self._complete.append((self._whole, self._passages))
        left = self._end(prune)
        broken = int(getattr(source, "broken", 0))
        return Added(**self._counts, broken=broken, seconds=time.perf_counter() - began, left=left)

    def _end(self, prune: bool) -> int:
        """What is known at the end: wholes without any part, and files that are gone; the things of those that stay."""
        self._complete += [(whole, set()) for whole in getattr(self._source, "emptied", ())]
        with self._store.read() as snapshot:
            gone = gone_from(snapshot, getattr(self._source, "folder", None))
        if prune:
            self._gone = list(gone)
        if self._complete or self._gone:
            self._commit({})
        left = 0 if prune else sum(gone.values())
        if left:
            warnings.warn(
                f"{left:,} things of {len(gone):,} files that are gone from {self._source.source} stay in the space "
                f"({listed(sorted(gone)[:SHOWN])}{', …' if len(gone) > SHOWN else ''}); add the folder with prune=True "
                "(--prune on the command line) to remove them",
                stacklevel=4,
            )
        return left

    def _prepare(self, batch: list[tuple[int, Thing]], follow: bool) -> dict[str, Row]:
        with np.errstate(over="ignore"):  # a component beyond float32 becomes infinity, and is reported as that
            prepared = list(preparing.rows([thing for _, thing in batch]))
        settled = self._repeats.settle(prepared, [number for number, _ in batch])
        self._counts["unchanged"] += settled.equal
        self._counts["repeated"] += settled.repeated
        if follow:
            for row in prepared:
                self._follow(row)
        return settled.rows

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
        """Encode outside of any transaction, so that others can write meanwhile; if one did, plan again."""
        planned, made = None, _Made(None, [])
        while True:
            with self._store.read() as snapshot:
                plan = self._plan(snapshot, rows)
            if planned is None or (plan.new, plan.bare) != (planned.new, planned.bare):
                made = self._made(plan)
            planned = plan
            if not (plan.new or plan.edited or plan.stale or plan.bare):
                break
            try:
                with self._store.write(plan.state) as writer:
                    self._write(writer, plan, made)
                break
            except Moved:
                continue
        counts = self._counts
        counts["added"] += len(plan.new) - len(plan.replaced)
        counts["updated"] += len(plan.replaced) + len(plan.edited)
        counts["unchanged"] += len(rows) - len(plan.new) - len(plan.edited)
        counts["repeated"] += sum(pos > self._start for pos in plan.replaced)
        counts["removed"] += len(plan.stale)
        self._complete.clear()
        self._gone.clear()

    def _plan(self, snapshot: Snapshot, rows: dict[str, Row]) -> _Plan:
        plan = _Plan(snapshot.state, [], [], [], [], {}, None)
        shown: dict[int, Row] = {}
        held = snapshot.held(list(rows))
        for row, (position, content, about, part_of) in zip(rows.values(), held, strict=True):
            if position is None or content != row.content:
                plan.new.append(row)
                if position is not None:
                    plan.replaced.append(position)
                continue
            if self._side and is_shown(row.value):
                shown[position] = row
            if about != row.about or part_of != row.part_of:
                plan.edited.append((row.about, row.part_of, position))
        for whole, kept in self._complete:
            plan.stale.extend(pos for id, pos in snapshot.parts(whole).items() if id not in kept)
        for held_there in snapshot.positions(self._gone, wholes=True).values() if self._gone else ():
            plan.stale.extend(held_there)
        if shown:
            plan.bare.update((pos, shown[pos]) for pos in sorted(snapshot.without_thumbnail(list(shown))))
        if any(row.vector is None for row in plan.new):
            return plan._replace(encoder=self._target.encoder(snapshot))
        return plan

    def _made(self, plan: _Plan) -> _Made:
        """Vectors, and thumbnails where these are asked for. Raises _Broken for pictures that cannot be decoded."""
        with _naming([row for row in plan.new if row.vector is None]):
            vectors = self._vectors(plan.new, plan.encoder)
        shown = [row for row in plan.new if is_shown(row.value)] if self._side else []
        shown += plan.bare.values()
        with _naming(shown):
            return _Made(vectors, preparing.thumbnails([row.value for row in shown], self._side))

    def _vectors(self, rows: list[Row], encoder: Encoder | None) -> Vectors | None:
        """The vectors `(n, d)` of rows, in order: those brought along, and the others encoded. None for no rows."""
        brought = [row.vector for row in rows if row.vector is not None]
        if encoder is None:
            return preparing.joined(brought) if brought else None
        missing = [row.value for row in rows if row.vector is None]
        check_values(encoder, missing)
        made = vector_cache.encode(encoder, missing)
        self._counts["encoded"] += len(missing)
        if not brought:
            return made
        vectors = np.empty((len(rows), made.shape[1]), np.float32)
        has_one = np.fromiter((row.vector is not None for row in rows), bool, len(rows))
        vectors[~has_one] = made
        vectors[has_one] = as_vectors(preparing.joined(brought), made.shape[1], "the vectors brought along")
        return vectors

    def _write(self, writer: Writer, plan: _Plan, made: _Made) -> None:
        shown = [*plan.bare]
        if plan.replaced or plan.stale:
            writer.remove(plan.replaced + plan.stale)
        if plan.edited:
            writer.edit(plan.edited)
        if made.vectors is not None:
            view = self._target.view(writer, made.vectors.shape[1])
            self._check_scale(writer, view, plan, made.vectors)
            positions = writer.insert(plan.new, view, made.vectors)
            shown = [pos for pos, row in zip(positions, plan.new, strict=True) if is_shown(row.value)] + shown
        if made.thumbnails:
            writer.put_thumbnails(shown, made.thumbnails)

    def _check_scale(self, writer: Writer, view: View, plan: _Plan, vectors: Vectors) -> None:
        """Raises BadInput for vectors that cannot be compared by the metric; encoders may make some that are short."""
        metric = view.metric or writer.settings().get("metric", "cosine")
        check_scale(vectors, metric, "the vectors added", least=plan.encoder is None)


def gone_from(snapshot: Snapshot, folder: Folder | None) -> dict[str, int]:
    """The files that are gone from a folder, and how many things each has here; none where not all could be seen."""
    if folder is None or folder.unread:
        return {}
    return {name: count for name, count in snapshot.below(folder.begin).items() if folder.has_lost(name)}


@contextmanager
def _naming(rows: Sequence[Row]) -> Iterator[None]:
    """Raises _Broken for BadPictures about these rows."""
    try:
        yield
    except BadPictures as error:
        raise _Broken({rows[place].id: why for place, why in error.faults.items()}) from error
