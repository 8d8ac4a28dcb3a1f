"""What there is to know about a space."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

from knnife.geometry import Metric
from knnife.space.answers import Info, ViewInfo
from knnife.space.following import Indexes
from knnife.space.store import FORMAT, state
from knnife.space.views import View, views


def describe(db: sqlite3.Connection, path: Path, indexes: Indexes, metric: Metric, recall: float) -> Info:
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
        views=tuple(_describe_view(db, indexes, view) for view in found),
    )


def _describe_view(db: sqlite3.Connection, indexes: Indexes, view: View) -> ViewInfo:
    index = indexes.known(view)
    return ViewInfo(
        name=view.name,
        default=view.is_default,
        ready=view.ready,
        encoder=view.encoder,
        fingerprint=view.fingerprint,
        dim=view.dim,
        dtype=view.dtype,
        vectors=_count(db, view),
        loss_mean=view.loss_sum / max(1, view.loss_count),
        loss_max=view.loss_max,
        index=str(index.tuning) if index else None,
        recall=index.tuning.recall if index else None,
        filtered_recall=index.tuning.filtered_recall if index else None,
    )


def _count(db: sqlite3.Connection, view: View) -> int:
    if view.is_default:  # which has a vector of every thing; counting a million would take a second
        return state(db).things
    return int(db.execute(f"SELECT count(*) FROM {view.table}").fetchone()[0])


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
