"""A space in memory. A transaction works on a copy of everything, which becomes the state when it ends well."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from knnife.errors import BadInput, SpaceBusy, SpaceError
from knnife.geometry import Vectors
from knnife.space.filter_tree import Tree
from knnife.space.memory.snapshot import Content, MemorySnapshot
from knnife.space.memory.words import Analyse
from knnife.space.packing import pack, unpack
from knnife.space.protocols import Moved
from knnife.space.records import Reading, Row, State, View


class MemoryStore:
    """See `knnife.space.protocols.Store`."""

    path, read_only = Path(":memory:"), False

    def __init__(self, analyse: Analyse) -> None:
        token = os.urandom(8)
        self._content: Content | None = Content(analyse, State(1, token, 0, 0, 0), tokens={1: token})
        self._lock = threading.Lock()

    @contextmanager
    def read(self) -> Iterator[MemorySnapshot]:
        yield MemorySnapshot(self._open())

    @contextmanager
    def write(self, expected: State | None = None, *, wait: bool = True) -> Iterator[MemoryWriter]:
        if not self._lock.acquire(blocking=wait):
            raise SpaceBusy("another thread is writing to the space in memory")
        try:
            before = self._open()
            if expected not in (None, before.state):
                raise Moved
            writer = MemoryWriter(before.copy())
            yield writer
            writer.end()
            self._content = writer.content
        finally:
            self._lock.release()

    def prepare(self, tree: Tree) -> None:
        """See `Store`: every filter looks at every thing."""

    def compact(self) -> None:
        """See `Store`: nothing is left of what was removed."""

    def __reduce__(self) -> NoReturn:
        raise BadInput(
            "a space in memory cannot be copied, nor sent to another process; keep it in a file, and send its path"
        )

    def close(self) -> None:
        self._content = None

    def _open(self) -> Content:
        if self._content is None:
            raise SpaceError("the space in memory is closed, and gone; open another with Space.open")
        return self._content


class MemoryWriter(MemorySnapshot):
    """See `knnife.space.protocols.Writer`."""

    _moved = False

    def end(self) -> None:
        """Write down the new state, if it differs from the one before in what a cache shows."""
        if self._moved:
            state = self.content.state
            self.content.state = state._replace(number=state.number + 1, token=os.urandom(8))
            self.content.tokens[state.number + 1] = self.content.state.token

    def _goes_to(self, **counts: Any) -> None:
        self._moved = True
        self.content.state = self.content.state._replace(**counts)

    def insert(self, rows: Sequence[Row], view: View, vectors: Vectors) -> range:
        first = self.state.last + 1
        positions = range(first, first + len(rows))
        self.content.rows.update(zip(positions, rows, strict=True))
        self._put(view, positions, vectors)
        self._goes_to(last=self.state.last + len(rows), things=len(self.content.rows))
        return positions

    def edit(self, edits: Sequence[tuple[str, str | None, int]]) -> None:
        for about, part_of, position in edits:
            self.content.rows[position] = self.content.rows[position]._replace(about=about, part_of=part_of)
        self._goes_to()

    def remove(self, positions: Sequence[int]) -> None:
        for position in positions:
            for held in (self.content.rows, self.content.thumbnails, *self.content.vectors.values()):
                held.pop(position, None)  # type: ignore[attr-defined]
        self._forget(lambda reader, position: position in positions)
        self.content.gone.extend(positions)
        self._goes_to(gone=len(self.content.gone), things=len(self.content.rows))

    def fill(self, view: View, positions: Sequence[int], vectors: Vectors) -> None:
        held = self.content.vectors[view.number]
        lacking = [i for i, pos in enumerate(positions) if pos in self.content.rows and pos not in held]
        self._put(view, [positions[i] for i in lacking], vectors[lacking])
        filled = self.content.views[view.number]._replace(filled=self.state.number + 1)
        self.content.views[view.number] = filled
        self._goes_to()

    def _put(self, view: View, positions: Iterable[int], vectors: Vectors) -> None:
        data, losses = pack(vectors, view.dtype)
        rows = unpack(data, view.dim, view.dtype)
        self.content.vectors[view.number].update(zip(positions, rows, strict=True))
        if losses is not None:
            now = self.content.views[view.number]
            self.content.views[view.number] = now._replace(
                loss_sum=now.loss_sum + float(losses.sum()),
                loss_max=max(now.loss_max, float(losses.max(initial=0))),
                loss_count=now.loss_count + len(losses),
            )

    def renew_words(self, count: int) -> tuple[int, bool]:
        """See `Writer`: every query reads the texts anew."""
        return 0, True

    def put_view(self, view: View) -> View:
        if view.number == 0:
            view = view._replace(number=max(self.content.views, default=0) + 1)
            self.content.vectors[view.number] = {}
        else:
            self._goes_to()
            if view.is_default:
                for number, other in self.content.views.items():
                    self.content.views[number] = other._replace(is_default=False)
        self.content.views[view.number] = view
        return view

    def drop_view(self, view: View) -> None:
        del self.content.views[view.number], self.content.vectors[view.number]
        used = {each.fingerprint for each in self.content.views.values()}
        self.content.encoders = {name: kept for name, kept in self.content.encoders.items() if name in used}
        self._goes_to()

    def keep_encoder(self, fingerprint: str, form: str, data: bytes) -> None:
        self.content.encoders[fingerprint] = (form, data)

    def keep_readings(self, name: str, reader: str, readings: Mapping[Reading, bytes]) -> None:
        self.content.readers.setdefault(reader, name)
        own = {(reader, *key): blob for key, blob in readings.items() if key[0] in self.content.rows}
        self.content.readings.update(own)

    def drop_readings(self, reader: str) -> None:
        self._forget(lambda by, position: by == reader)
        self.content.readers.pop(reader, None)

    def _forget(self, goes: Callable[[str, int], bool]) -> None:
        held = self.content.readings.items()
        self.content.readings = {key: blob for key, blob in held if not goes(*key[:2])}

    def put_settings(self, settings: Mapping[str, Any]) -> None:
        self.content.settings.update(settings)

    def put_note(self, name: str, value: str) -> None:
        self.content.notes[name] = value

    def put_thumbnails(self, positions: Iterable[int], pictures: Iterable[bytes]) -> None:
        self.content.thumbnails.update(zip(positions, pictures, strict=True))
        self._goes_to()
