"""Keeps an index in step with the store.

An index is a cache, in memory and, when large enough, beside the file (`films.knnife-index1`), stamped with the state
it shows. When the store has moved on, what came and left since then is followed; where that is not possible (another
file, a damaged or foreign cache), the index is built again.
"""

from __future__ import annotations

import threading
import warnings
from pathlib import Path

import numpy as np

from knnife.geometry import Metric, Positions, gathered
from knnife.space.index.cache_file import DamagedCache
from knnife.space.index.index import Index, Stamp
from knnife.space.protocols import Progress, Snapshot
from knnife.space.records import IndexInfo, Standing, State, View

SAVED_FROM = 0.1  # of the points changed: less is followed again the next time, quicker than all is written


class IndexSync:
    """The indexes of the space in a file, one a view."""

    def __init__(self, path: Path, read_only: bool) -> None:
        self._path, self._read_only = path, read_only
        self._held: dict[int, tuple[Stamp, Index]] = {}
        self._lock = threading.Lock()

    def neighbours(
        self, snapshot: Snapshot, view: View, metric: Metric, recall: float, progress: Progress | None
    ) -> Index:
        """The index of a view for the state of a snapshot; `progress` gets the share of a build that is done."""
        stamp = _stamp(snapshot, view)
        held = self._held.get(view.number)
        if held is None or held[0].commit < stamp.commit:  # one that is newer, made by another thread, will do
            with self._lock:  # threads that come meanwhile wait for the one that builds
                held = self._held.get(view.number)
                if held is None or held[0].commit < stamp.commit:
                    index = self._follow(snapshot, view, stamp, metric, recall, progress)
                    held = self._held[view.number] = (stamp, index)
        return held[1]

    def info(self, snapshot: Snapshot, view: View, metric: Metric, recall: float) -> IndexInfo:
        """How the index stands; nothing is built."""
        kept, path = self._load(view), self.path(view.number)
        held = self._held.get(view.number) or kept
        tuning = held[1].tuning if held else None
        return IndexInfo(
            self._standing(snapshot, view, kept, metric, recall),
            path.stat().st_size if path.exists() else 0,
            str(tuning) if tuning else None,
            tuning.recall if tuning else None,
            tuning.filtered_recall if tuning else None,
        )

    def path(self, number: int) -> Path:
        """Where the index of a view is kept."""
        return self._path.with_name(f"{self._path.name}-index{number}")

    def forget(self, number: int) -> None:
        """Delete what is kept of a view's index."""
        self._held.pop(number, None)
        self.path(number).unlink(missing_ok=True)

    def forget_all(self) -> None:
        """Delete what is kept of all views, also of those that are no more, after which a process may have ended."""
        self._held.clear()
        begin = f"{self._path.name}-index"
        for path in self._path.parent.iterdir():
            if path.name.startswith(begin) and path.name.removeprefix(begin).isdigit():
                path.unlink(missing_ok=True)

    def _standing(
        self, snapshot: Snapshot, view: View, kept: tuple[Stamp, Index] | None, metric: Metric, recall: float
    ) -> Standing:
        """How the index beside the file stands to the state of a snapshot."""
        if kept is None:
            return "outdated" if self.path(view.number).exists() else "none"
        stamp = _stamp(snapshot, view)
        if _gone(snapshot, *kept, stamp, metric, recall) is None:
            return "outdated"
        return "current" if (kept[0].last, kept[0].gone) == (stamp.last, stamp.gone) else "behind"

    def _follow(
        self, snapshot: Snapshot, view: View, stamp: Stamp, metric: Metric, recall: float, progress: Progress | None
    ) -> Index:
        held = self._held.get(view.number) or self._load(view)
        gone = None if held is None else _gone(snapshot, *held, stamp, metric, recall)
        if held is None or gone is None:
            positions, vectors = gathered(snapshot.vectors(view), snapshot.state.things, view.dim)
            ids = _ids(snapshot, positions, 0)
            index = Index.build(vectors, positions, ids, metric=metric, recall=recall, progress=progress)
            return self._save(index, view, stamp)
        old, index = held
        if (old.last, old.gone) == (stamp.last, stamp.gone):
            return index
        positions, vectors = gathered(snapshot.vectors(view, after=old.last), stamp.last - old.last, view.dim)
        followed = index.changed(positions, vectors, _ids(snapshot, positions, old.last), gone)
        if followed.tuning is index.tuning and followed.unsaved < SAVED_FROM:
            return followed
        return self._save(followed, view, stamp)

    def _save(self, index: Index, view: View, stamp: Stamp) -> Index:
        """Leave an index beside the file, unless it is so small that building it is as quick as reading it."""
        if index.codes is None or self._read_only:
            return index
        path = self.path(view.number)
        try:
            index.save(path, stamp)
            path.chmod(self._path.stat().st_mode & 0o777)  # whoever may read the space may read its index
            return index.settled()
        except OSError as error:
            warnings.warn(f"the index of {self._path} could not be kept in {path}: {error}", stacklevel=2)
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


def _gone(snapshot: Snapshot, old: Stamp, index: Index, new: Stamp, metric: Metric, recall: float) -> Positions | None:
    """What left since an index was made, if it can follow: made as wanted now, of a state the store was once in."""
    if (index.metric, index.wanted, old.view, old.filled) != (metric, recall, new.view, new.filled):
        return None
    return snapshot.gone_since(State(old.commit, bytes.fromhex(old.token), old.last, old.gone, 0))


def _stamp(snapshot: Snapshot, view: View) -> Stamp:
    now = snapshot.state
    return Stamp(view.number, view.filled, commit=now.number, token=now.token.hex(), last=now.last, gone=now.gone)


def _ids(snapshot: Snapshot, positions: Positions, after: int) -> list[str]:
    """The ids of things at ascending positions, all greater than `after`."""
    named = dict(snapshot.ids(after))
    return [named[pos] for pos in np.asarray(positions).tolist()]
