"""One state of a space in its file, as a connection within a transaction sees it. The guarantees are those of
`knnife.space.protocols.Snapshot`.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from knnife.errors import DamagedSpace, NotASpace
from knnife.geometry import Metric, Positions, Vectors
from knnife.space.filter_tree import Tree
from knnife.space.index.index import Index
from knnife.space.index_sync import IndexSync
from knnife.space.packing import unpack
from knnife.space.protocols import Progress
from knnife.space.records import Held, IndexInfo, ReadBy, Reading, State, Summary, View
from knnife.space.sqlite import checking, indexing, name_index, readings, sums, tables
from knnife.space.sqlite.conditions import FilterCache, compiled, lists_in, path_of
from knnife.space.sqlite.event_tables import SqliteEvents
from knnife.space.sqlite.file import file_bytes
from knnife.space.sqlite.history import newest
from knnife.space.sqlite.place import FilePlace
from knnife.space.sqlite.tables import AMONG, table_of
from knnife.space.sqlite.words import SqliteWords
from knnife.space.sqlite.words_memo import MemoCache
from knnife.things import About, Thing

BATCH = 4_096  # vectors
LAST_CHARACTER = "\U0010ffff"
FIELDS_OF = 1_000  # things whose metadata names the fields

COLUMNS = (
    "number, name, encoder, fingerprint, kind, dim, dtype, ready, is_default, filled, loss_sum, loss_max, loss_count"
)


class Caches:
    """What readings of one file share."""

    def __init__(self, indexes: IndexSync) -> None:
        self.indexes, self.filters, self.words = indexes, FilterCache(), MemoCache()


class SqliteSnapshot:
    """A connection in a transaction."""

    def __init__(
        self, db: sqlite3.Connection, place: FilePlace, caches: Caches, damage: DamagedSpace | None = None
    ) -> None:
        """damage: why nothing may be answered from this file, but for what is wrong with it."""
        self._db, self._place, self._caches, self._damage = db, place, caches, damage
        self._state: State | None = None  # read once: a question of microseconds notices what it costs
        self._views: list[View] | None = None

    @property
    def _sound(self) -> sqlite3.Connection:
        """The connection, for what is answered. Raises DamagedSpace."""
        if self._damage is not None:
            raise self._damage
        return self._db

    @property
    def state(self) -> State:
        """The newest row of `commits`."""
        db = self._sound
        if self._state is None:
            state = newest(db)
            if state is None:
                raise NotASpace(f"{self._place.path} is damaged: it holds no state; restore it from a copy")
            self._state = state
        return self._state

    # things

    def positions(self, ids: Sequence[str], *, wholes: bool = False) -> dict[str, list[int]]:
        given = json.dumps(list(ids))
        sql = "SELECT things.id, pos FROM json_each(?) AS given JOIN things ON things.id = given.value"
        found: dict[str, list[int]] = {id: [pos] for id, pos in self._sound.execute(sql, [given])}
        if wholes:
            parts = "SELECT part_of, pos FROM json_each(?) AS given JOIN things ON part_of = given.value"
            for whole, pos in self._sound.execute(parts, [given]):
                found.setdefault(whole, []).append(pos)
        return found

    def held(self, ids: Sequence[str]) -> Iterator[Held]:
        # LEFT JOIN reads the ids in their order; a cursor gives tuples, which costs an add of known things least
        sql = (
            "SELECT pos, content, about, part_of FROM json_each(?) AS given LEFT JOIN things ON things.id = given.value"
        )
        return self._sound.execute(sql, [json.dumps(list(ids))])

    def parts(self, whole: str) -> dict[str, int]:
        return dict(self._sound.execute("SELECT id, pos FROM things WHERE part_of = ?", [whole]))

    def below(self, begin: str) -> dict[str, int]:
        sql = (
            "SELECT part_of, count(*) FROM things WHERE part_of >= ?1 AND part_of < ?2 GROUP BY part_of UNION ALL "
            "SELECT id, 1 FROM things WHERE part_of IS NULL AND id >= ?1 AND id < ?2"
        )
        return dict(self._db.execute(sql, [begin, begin + LAST_CHARACTER]))

    def things(self, positions: Iterable[int]) -> dict[int, Thing]:
        wanted = "json_each(?) AS given JOIN things ON pos = given.value"
        sql = f"SELECT pos, things.id, things.value, about, part_of FROM {wanted}"
        return dict(map(_thing, self._sound.execute(sql, [json.dumps(list(positions))])))

    def scan(self, tree: Tree | None, after: int, count: int) -> list[tuple[int, Thing]]:
        where, parameters = compiled(tree, lists_in(self._db, tree)) if tree is not None else ("1", ())
        sql = f"SELECT pos, id, value, about, part_of FROM things WHERE pos > ? AND {where} ORDER BY pos LIMIT ?"
        return [_thing(row) for row in self._sound.execute(sql, [after, *parameters, count])]

    def ids(self, after: int = 0) -> Iterator[tuple[int, str]]:
        return self._sound.execute("SELECT pos, id FROM things WHERE pos > ?", [after])

    def matching(self, tree: Tree) -> Positions:
        return self._caches.filters.matching(self._sound, self.state.token, tree)

    def metadata(self, count: int, field: str | None = None) -> list[About]:
        having, named = "", []
        if field is not None:  # most that lack it are told by its name, without a look into their JSON
            having = f"WHERE instr(about, ?) AND json_type(about, {path_of(field)}) IS NOT NULL"
            named = [f'"{field}"']
        sql = f"SELECT about FROM things {having} ORDER BY pos LIMIT ?"
        return [tables.about_of(stored) for (stored,) in self._db.execute(sql, [*named, count])]

    def gone_since(self, state: State) -> Positions | None:
        row = self._sound.execute("SELECT token FROM commits WHERE number = ?", [state.number]).fetchone()
        if row is None or row[0] != state.token:
            return None
        gone = self._sound.execute("SELECT pos FROM gone WHERE seq > ? ORDER BY pos", [state.gone])
        return np.fromiter((pos for (pos,) in gone if pos <= state.last), np.int64)

    # views

    @property
    def views(self) -> list[View]:
        if self._views is None:
            rows = self._db.execute(f"SELECT {COLUMNS} FROM views ORDER BY number").fetchall()
            found = [View(*row)._replace(ready=bool(row[7]), is_default=bool(row[8])) for row in rows]
            self._views = tables.with_origins(self._db, found)
        return self._views

    def vectors(
        self, view: View, positions: Sequence[int] | None = None, after: int = 0
    ) -> Iterator[tuple[Positions, Vectors]]:
        some = f" AND {AMONG}" if positions is not None else ""
        parameters = [after] if positions is None else [after, json.dumps(list(positions))]
        sql = f"SELECT pos, vector FROM {table_of(view)} WHERE pos > ?{some} ORDER BY pos"
        cursor = self._sound.execute(sql, parameters)
        # Reading everything costs so much that looking at the sums costs nothing.
        held = sums.kept(self._sound, view.number) if positions is None and not after else None
        while rows := cursor.fetchmany(BATCH):
            blobs = [row[1] for row in rows]
            if set(map(type, blobs)) != {bytes} or set(map(len, blobs)) != {view.width}:
                raise self._damaged(view, rows)
            found, data = np.array([row[0] for row in rows], np.int64), b"".join(blobs)
            if held is not None and len(wrong := held.differing(found, sums.of_vectors(data, view.width))):
                raise self._not_as_stored(view, int(wrong[0]))
            yield found, unpack(data, view.dim, view.dtype)

    def _damaged(self, view: View, rows: Sequence[tuple[int, Any]]) -> NotASpace:
        """What is said of rows among which something else than a vector was found."""
        pos, blob = next(row for row in rows if not isinstance(row[1], bytes) or len(row[1]) != view.width)
        found = f"{len(blob)} bytes" if isinstance(blob, bytes) else f"a {type(blob).__name__}"
        return self._not_as_stored(view, pos, f"{found}, expected {view.width} bytes")

    def _not_as_stored(self, view: View, pos: int, found: str = "not what was stored") -> NotASpace:
        path = self._place.path
        return NotASpace(
            f"{path} is damaged: the vector of the thing at position {pos} in the view {view.name!r} is {found}; "
            f"restore the file from a copy, or see `knnife doctor {path}` for what can be rescued"
        )

    def count(self, view: View) -> int:
        """See `Snapshot`. Counting a million takes a second."""
        return int(self._db.execute(f"SELECT count(*) FROM {table_of(view)}").fetchone()[0])

    def missing(self, view: View, after: int, count: int) -> list[tuple[int, Thing]]:
        lacks = f"NOT EXISTS (SELECT 1 FROM {table_of(view)} v WHERE v.pos = things.pos)"
        sql = f"SELECT pos, id, value, '{{}}', part_of FROM things WHERE pos > ? AND {lacks} ORDER BY pos LIMIT ?"
        return [_thing(row) for row in self._sound.execute(sql, [after, count])]

    def neighbours(self, view: View, metric: Metric, recall: float, progress: Progress | None = None) -> Index:
        return self._caches.indexes.neighbours(self, view, metric, recall, progress)

    def index_info(self, view: View, metric: Metric, recall: float) -> IndexInfo:
        return self._caches.indexes.info(self, view, metric, recall)

    @property
    def words(self) -> SqliteWords:
        memo = self._caches.words.at(self.state.token)
        if memo.older is None:
            memo.older = indexing.older(self._db, self.state.last) > 0
            memo.named = self.state.things if name_index.until(self._db, self.state.number) else 0
        return SqliteWords(self._sound, memo, older=memo.older)

    @property
    def events(self) -> SqliteEvents:
        return SqliteEvents(self._sound, self._place.path)

    # what readers have read

    def readings(self, reader: str, positions: Sequence[int]) -> dict[Reading, bytes]:
        return readings.found(self._sound, reader, positions)

    @property
    def readers(self) -> list[ReadBy]:
        return readings.counted(self._db)

    # what else is kept

    def encoder(self, fingerprint: str) -> tuple[Any, Any] | None:
        if not tables.there(self._sound, "models"):
            return None
        row = self._sound.execute("SELECT form, bytes FROM models WHERE fingerprint = ?", [fingerprint]).fetchone()
        return row and (row[0], row[1])

    def settings(self) -> dict[str, Any]:
        return dict(self._db.execute("SELECT name, value FROM settings"))

    def note(self, name: str) -> str | None:
        if not tables.there(self._db, "notes"):
            return None
        row = self._db.execute("SELECT value FROM notes WHERE name = ?", [name]).fetchone()
        return None if row is None else row[0]

    def thumbnail(self, position: int) -> bytes | None:
        return tables.thumbnail(self._sound, position)

    def without_thumbnail(self, positions: Sequence[int]) -> list[int]:
        return tables.without_thumbnail(self._sound, positions)

    def summary(self) -> Summary:
        counts = "SELECT count(*), count(DISTINCT part_of) FROM things WHERE part_of IS NOT NULL"
        parts, wholes = self._db.execute(counts).fetchone()
        fields = dict.fromkeys(name for about in self.metadata(FIELDS_OF) for name in about)
        return Summary(
            parts,
            wholes,
            tuple(fields),
            file_bytes(self._place),
            tables.count_thumbnails(self._db)[0],
            indexing.format_of(self._db),
            indexing.count_older(self._db, self.state.last),
        )

    def faults(self) -> Iterator[str]:
        """What SQLite finds damaged, and what is promised of a space and does not hold.

        Once that is told, the snapshot shows what can be read of a damaged file.
        """
        if self._damage is not None:
            yield str(self._damage)
            self._damage = None
        damage = [*checking.found_by_sqlite(self._db)]
        yield from (f"the file is damaged: {line}" for line in damage)
        if not damage:  # else what is counted may not even be readable
            yield from checking.faults(self._db, self.state.things, self.views, self.things)
            yield from name_index.faults(self._db, self.state.number)
            yield from self.events.faults()


def _thing(row: tuple[int, str, str | bytes | None, str, str | None]) -> tuple[int, Thing]:
    position, id, value, about, part_of = row
    return position, Thing(id, value, tables.about_of(about), part_of)
