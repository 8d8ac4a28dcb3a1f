"""Keeps an index in step with the file.

The file is the truth, an index a cache of it: in memory always, and beside the file (`films.knnife-index1`) when it is
large enough to be worth it. An index is stamped with the state it shows. When the file has moved on, what is new and
what is gone since then are read and followed; when that is not possible (another file, a damaged or foreign cache), the
index is built again.
"""

from __future__ import annotations

import sqlite3
import threading
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np

from knnife.geometry import Metric
from knnife.space.answers import Standing
from knnife.space.index.file import DamagedCache
from knnife.space.index.index import Index, Stamp
from knnife.space.sqlite.store import Store, is_past, state
from knnife.space.views import View, take

Progress = Callable[[float], None]

SAVED_FROM = 0.1  # of the points changed: less is followed again the next time, quicker than all is written


class Indexes:
    """The indexes of a space, one a view."""

    def __init__(self, store: Store, metric: Metric, recall: float) -> None:
        self._store, self._metric, self._recall = store, metric, recall
        self._held: dict[int, tuple[Stamp, Index]] = {}
        self._lock = threading.Lock()

    def current(self, db: sqlite3.Connection, view: View, progress: Progress | None = None) -> Index:
        """The index of a view for the state that `db` sees; `progress` is told the share of a build that is done."""
        stamp = _stamp(db, view)
        held = self._held.get(view.number)
        if held is None or held[0].commit < stamp.commit:  # one that is newer, made by another thread, will do
            with self._lock:  # threads that come meanwhile wait for the one that builds
                held = self._held.get(view.number)
                if held is None or held[0].commit < stamp.commit:
                    held = self._held[view.number] = (stamp, self._follow(db, view, stamp, progress))
        return held[1]

    def known(self, view: View) -> Index | None:
        """The index of a view as it was last used here or left beside the file; nothing is built."""
        held = self._held.get(view.number) or self._load(view)
        return held[1] if held else None

    def standing(self, db: sqlite3.Connection, view: View) -> Standing:
        """How the index that is kept beside the file stands to the state that `db` sees."""
        held, stamp = self._load(view), _stamp(db, view)
        if held is None:
            return "outdated" if self.path(view.number).exists() else "none"
        if not self._can_follow(db, *held, stamp):
            return "outdated"
        return "current" if (held[0].last, held[0].gone) == (stamp.last, stamp.gone) else "behind"

    def path(self, number: int) -> Path:
        """Where the index of a view is kept."""
        return self._store.path.with_name(f"{self._store.path.name}-index{number}")

    def forget(self, number: int) -> None:
        """Delete what is kept of a view's index."""
        self._held.pop(number, None)
        self.path(number).unlink(missing_ok=True)

    def _follow(self, db: sqlite3.Connection, view: View, stamp: Stamp, progress: Progress | None) -> Index:
        held = self._held.get(view.number) or self._load(view)
        if held is None or not self._can_follow(db, *held, stamp):
            return self._built(db, view, stamp, progress)
        old, index = held
        if (old.last, old.gone) == (stamp.last, stamp.gone):
            return index
        positions, vectors = take(db, view, "pos > ?", [old.last], most=stamp.last - old.last)
        gone = db.execute("SELECT pos FROM gone WHERE seq > ? ORDER BY pos", [old.gone]).fetchall()
        left = np.fromiter((row[0] for row in gone if row[0] <= old.last), np.int64)
        followed = index.changed(positions, vectors, _ids(db, positions, old.last), left)
        if followed.tuning is index.tuning and followed.unsaved < SAVED_FROM:
            return followed
        return self._kept(followed, view, stamp)

    def _can_follow(self, db: sqlite3.Connection, old: Stamp, index: Index, new: Stamp) -> bool:
        """Was the index made as it is wanted now, of a state that the file was once in?"""
        wanted = (self._metric, self._recall, new.view, new.filled)
        as_wanted = (index.metric, index.wanted, old.view, old.filled) == wanted
        return as_wanted and is_past(db, old.commit, bytes.fromhex(old.token))

    def _built(self, db: sqlite3.Connection, view: View, stamp: Stamp, progress: Progress | None) -> Index:
        positions, vectors = take(db, view, most=state(db).things)
        ids = _ids(db, positions, 0)
        index = Index.build(vectors, positions, ids, metric=self._metric, recall=self._recall, progress=progress)
        return self._kept(index, view, stamp)

    def _kept(self, index: Index, view: View, stamp: Stamp) -> Index:
        """Leave an index beside the file, unless it is so small that building it is as quick as reading it."""
        if index.codes is None or self._store.read_only:
            return index
        path = self.path(view.number)
        try:
            index.save(path, stamp)
            path.chmod(self._store.path.stat().st_mode & 0o777)  # whoever may read the space may read its index
            return Index.load(path)[0]  # from now on its vectors are mapped from the file, not held in memory
        except OSError as error:
            warnings.warn(f"the index of {self._store.path} could not be kept in {path}: {error}", stacklevel=2)
            return index

    def _load(self, view: View) -> tuple[Stamp, Index] | None:
        path = self.path(view.number)
        if not path.exists():
            return None
        try:
            index, stamp = Index.load(path)
        except (DamagedCache, OSError):
            return None  # a cache may be anything; the file it was made from is there
        return stamp, index


def _stamp(db: sqlite3.Connection, view: View) -> Stamp:
    now = state(db)
    token = now.token.hex()
    return Stamp(view.number, view.filled, commit=now.number, token=token, last=now.last, gone=now.gone)


def _ids(db: sqlite3.Connection, positions: np.ndarray, after: int) -> list[str]:
    """The ids of things at ascending positions, all greater than `after`."""
    named = dict(db.execute("SELECT pos, id FROM things WHERE pos > ?", [after]))
    return [named[pos] for pos in positions.tolist()]
