"""A transaction on the file of a space. The guarantees are those of `knnife.space.protocols.Writer`."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from knnife.geometry import Vectors
from knnife.space.index_sync import IndexSync
from knnife.space.packing import pack
from knnife.space.records import Reading, Row, State, View
from knnife.space.sqlite import indexing, name_index, readings, sums, tables
from knnife.space.sqlite.name_index import NamesWriter
from knnife.space.sqlite.snapshot import COLUMNS, Caches, SqliteSnapshot
from knnife.space.sqlite.tables import AMONG, table_of

COMMITS_KEPT = 10_000  # a cache older than so many transactions is built anew


class SqliteWriter(SqliteSnapshot):
    """The connection that writes, in a transaction. `end` writes down the state that it led to."""

    _moved = False  # does anything that a cache shows differ from the state that the transaction began with?
    _held_names: NamesWriter | None = None

    def end(self) -> None:
        """Write down the new state, as the successor of the one before, if there is one."""
        number = self.state.number + self._moved
        if self._held_names is not None or (self._moved and name_index.until(self._db, self.state.number)):
            self._names.end(number)
        if not self._moved:
            return
        new = self.state._replace(number=number, token=os.urandom(8))
        self._db.execute("INSERT INTO commits VALUES (?, ?, ?, ?, ?)", new)
        self._db.execute("DELETE FROM commits WHERE number <= ?", [number - COMMITS_KEPT])

    def _goes_to(self, state: State) -> None:
        self._moved, self._state = True, state
        self._caches = Caches(IndexSync(self._place.path, read_only=True))  # what readers share does not hold in here

    @property
    def _names(self) -> NamesWriter:
        if self._held_names is None:
            self._held_names = NamesWriter(self._db, self.state.number)
        return self._held_names

    def insert(self, rows: Sequence[Row], view: View, vectors: Vectors) -> range:
        before = self.state
        positions = range(before.last + 1, before.last + 1 + len(rows))
        self._db.executemany(
            "INSERT INTO things VALUES (?, ?, ?, ?, ?, ?)",
            [(pos, *row[:5]) for pos, row in zip(positions, rows, strict=True)],
        )
        indexing.insert(self._db, before.last, rows)
        self._names.add(before.last, rows)
        sums.keep(self._db, sums.THINGS, positions, sums.of_things(row[:5] for row in rows))
        self._put(view, positions, vectors)
        self._goes_to(before._replace(last=before.last + len(rows), things=before.things + len(rows)))
        return positions

    def edit(self, edits: Sequence[tuple[str, str | None, int]]) -> None:
        edited = json.dumps([position for _, _, position in edits])
        self._names.take(edited)
        self._db.executemany("UPDATE things SET about = ?, part_of = ? WHERE pos = ?", edits)
        self._names.put(edited)
        sums.keep_things(self._db, edited)
        self._goes_to(self.state)

    def remove(self, positions: Sequence[int]) -> None:
        chosen, before = json.dumps(list(positions)), self.state
        sql = f"SELECT pos, value FROM things WHERE {AMONG} AND typeof(value) = 'text'"
        texts = self._db.execute(sql, [chosen]).fetchall()
        indexing.remove(self._db, texts, before.last)
        self._names.take(chosen)
        self._db.execute(f"DELETE FROM things WHERE {AMONG}", [chosen])
        for view in self.views:
            self._db.execute(f"DELETE FROM {table_of(view)} WHERE {AMONG}", [chosen])
        tables.remove_thumbnails(self._db, chosen)
        readings.remove(self._db, chosen)
        self._db.executemany("INSERT INTO gone (seq, pos) VALUES (?, ?)", enumerate(positions, before.gone + 1))
        self._goes_to(before._replace(gone=before.gone + len(positions), things=before.things - len(positions)))

    def fill(self, view: View, positions: Sequence[int], vectors: Vectors) -> None:
        given = json.dumps(list(positions))
        there = {pos for (pos,) in self._db.execute(f"SELECT pos FROM things WHERE {AMONG}", [given])}
        there -= {pos for (pos,) in self._db.execute(f"SELECT pos FROM {table_of(view)} WHERE {AMONG}", [given])}
        keep = [i for i, pos in enumerate(positions) if pos in there]
        self._put(view, [positions[i] for i in keep], vectors[keep])
        # Indexes that looked at these positions already cannot follow, and notice it by this.
        self._db.execute("UPDATE views SET filled = ? WHERE number = ?", (self.state.number + 1, view.number))
        self._views = None
        self._goes_to(self.state)

    def _put(self, view: View, positions: Sequence[int], vectors: Vectors) -> None:
        """Store vectors `(n, d)` under their positions, with their sums, and add up what rounding cost."""
        data, losses = pack(vectors, view.dtype)
        blobs = [data[start : start + view.width] for start in range(0, len(data), view.width)]
        self._db.executemany(f"INSERT INTO {table_of(view)} VALUES (?, ?)", zip(positions, blobs, strict=True))
        sums.keep(self._db, view.number, positions, sums.of_vectors(data, view.width))
        if losses is not None:
            self._db.execute(
                "UPDATE views SET loss_sum = loss_sum + ?, loss_max = max(loss_max, ?), loss_count = loss_count + ? "
                "WHERE number = ?",
                [float(losses.sum()), float(losses.max(initial=0)), len(losses), view.number],
            )

    def renew_words(self, count: int) -> tuple[int, bool]:
        changed, done = indexing.renew(self._db, self.state.last, count)
        done &= self._names.fill(count)
        self._goes_to(self.state)
        return changed, done

    def compact_words(self) -> None:
        """Leave no byte of words and names that were taken out."""
        self._db.execute("INSERT INTO words (words) VALUES ('optimize')")
        self._names.erase()

    def put_view(self, view: View) -> View:
        self._views = None
        if view.is_default and view.number:
            self._db.execute("UPDATE views SET is_default = 0")
        if view.number:
            self._db.execute(
                "UPDATE views SET ready = ?, is_default = ? WHERE number = ?",
                [view.ready, view.is_default, view.number],
            )
            self._goes_to(self.state)
            return view
        number = self._db.execute("SELECT coalesce(max(number), 0) + 1 FROM views").fetchone()[0]
        view = view._replace(number=number)
        fields = view[: len(COLUMNS.split(","))]
        self._db.execute(f"INSERT INTO views ({COLUMNS}) VALUES ({', '.join('?' * len(fields))})", fields)
        self._db.execute(f"CREATE TABLE {table_of(view)} (pos INTEGER PRIMARY KEY, vector BLOB NOT NULL)")
        if view.origin is not None:
            tables.put(self._db, "origins", [(number, view.metric, json.dumps(view.origin._asdict()))])
        return view

    def drop_view(self, view: View) -> None:
        """See `Writer`. The store deletes the index, once this is committed."""
        self._views = None
        self._db.execute(f"DROP TABLE {table_of(view)}")
        self._db.execute("DELETE FROM views WHERE number = ?", [view.number])
        tables.remove_view(self._db, view.number)
        sums.forget(self._db, view.number)
        self.dropped = [*self.dropped, view.number]
        self._goes_to(self.state)

    dropped: Sequence[int] = ()  # the numbers of views whose indexes go when this is committed

    def keep_encoder(self, fingerprint: str, form: str, data: bytes) -> None:
        tables.put(self._db, "models", [(fingerprint, form, data)])

    def keep_readings(self, name: str, reader: str, read: Mapping[Reading, bytes]) -> None:
        readings.keep(self._db, name, reader, read)

    def drop_readings(self, reader: str) -> None:
        readings.drop(self._db, reader)

    def put_settings(self, settings: Mapping[str, Any]) -> None:
        self._db.executemany("INSERT OR REPLACE INTO settings VALUES (?, ?)", settings.items())

    def put_note(self, name: str, value: str) -> None:
        tables.put(self._db, "notes", [(name, value)])

    def put_thumbnails(self, positions: Iterable[int], pictures: Iterable[bytes]) -> None:
        tables.put(self._db, "thumbnails", zip(positions, pictures, strict=True))
        self._goes_to(self.state)
