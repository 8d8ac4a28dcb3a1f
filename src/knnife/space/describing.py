"""What there is to know about a space."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from knnife.geometry import Metric
from knnife.space import thumbnails
from knnife.space.answers import Info, ViewInfo
from knnife.space.index_sync import Indexes
from knnife.space.sqlite.store import FORMAT, state
from knnife.space.views import View, count, views


def describe(db: sqlite3.Connection, path: Path, indexes: Indexes, metric: Metric, recall: float, check: bool) -> Info:
    """See `Space.info`."""
    found = views(db)
    counts = "SELECT count(*), count(DISTINCT part_of) FROM things WHERE part_of IS NOT NULL"
    parts, wholes = db.execute(counts).fetchone()
    fields: dict[str, None] = {}
    for (about,) in db.execute("SELECT about FROM things ORDER BY pos LIMIT 1000"):
        fields.update(dict.fromkeys(json.loads(about)))
    return Info(
        path=str(path),
        format=FORMAT,
        things=state(db).things,
        parts=parts,
        wholes=wholes,
        metric=metric,
        recall_wanted=recall,
        fields=tuple(fields),
        file_bytes=sum(_size(path.with_name(path.name + end)) for end in ("", "-wal")),
        index_bytes=sum(_size(indexes.path(view.number)) for view in found),
        thumbnails=thumbnails.count(db)[0],
        views=tuple(_describe_view(db, indexes, view) for view in found),
        faults=tuple(_faults(db)) if check else None,
    )


def _describe_view(db: sqlite3.Connection, indexes: Indexes, view: View) -> ViewInfo:
    index, things = indexes.known(view), state(db).things
    vectors = things if view.is_default else count(db, view)  # the default view has a vector of every thing
    return ViewInfo(
        name=view.name,
        default=view.is_default,
        ready=view.ready,
        complete=vectors == things,
        encoder=view.encoder,
        fingerprint=view.fingerprint,
        kind=view.kind,
        dim=view.dim,
        dtype=view.dtype,
        vectors=vectors,
        loss_mean=view.loss_sum / max(1, view.loss_count),
        loss_max=view.loss_max,
        bytes=vectors * view.width,
        index_file=indexes.standing(db, view),
        index=str(index.tuning) if index else None,
        recall=index.tuning.recall if index else None,
        filtered_recall=index.tuning.filtered_recall if index else None,
    )


def _faults(db: sqlite3.Connection) -> Iterator[str]:
    """What SQLite finds damaged, and what this package promises of a space and does not hold."""
    damage = [line for (line,) in db.execute("PRAGMA quick_check(10)") if line != "ok"]
    yield from (f"the file is damaged: {line}" for line in damage)
    if damage:  # what else is counted may not even be readable
        return
    things = int(db.execute("SELECT count(*) FROM things").fetchone()[0])
    if things != state(db).things:
        yield f"{things:,} things are there, and {state(db).things:,} were counted"
    for view in views(db):
        held = "SELECT count(*), count(t.pos) FROM {} v LEFT JOIN things t USING (pos)"
        vectors, owned = db.execute(held.format(view.table)).fetchone()
        if vectors > owned:
            yield f"view {view.name}: {vectors - owned:,} vectors belong to no thing"
        if view.is_default and owned < things:
            yield f"view {view.name}: {things - owned:,} things have no vector"
    if lost := thumbnails.count(db)[1]:
        yield f"{lost:,} thumbnails belong to no thing"


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
