"""Interactions in the file of a space: a row a block of events, a row a name. See `knnife.space.event_table`."""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from knnife.errors import NotASpace
from knnife.space.event_table import NAMED, EventBlock, EventCount, Named
from knnife.space.sqlite import tables
from knnife.things import About

TYPES = ("<i4", "<i4", "<f4", "<f8", "<i4")  # of users, items, weights, times, contexts


class SqliteEvents:
    """Reads and, on the connection that writes, changes them."""

    def __init__(self, db: sqlite3.Connection, path: object) -> None:
        self._db, self._path = db, path

    def count(self) -> EventCount:
        if not tables.there(self._db, "events"):
            return EventCount(0, (0, 0))
        sql = "SELECT coalesce(sum(length(users)), 0) / 4, count(*), coalesce(max(seq), 0) FROM events"
        events, blocks, last = self._db.execute(sql).fetchone()
        return EventCount(events, (blocks, last))

    def blocks(self) -> Iterator[EventBlock]:
        if not tables.there(self._db, "events"):
            return
        most = [self.name_count(what) for what in NAMED]
        columns = "source, number, digest, sum, users, items, weights, times, contexts"
        for row in self._db.execute(f"SELECT {columns} FROM events ORDER BY seq"):
            yield self._block(row, most)

    def digests(self, source: str) -> dict[int, bytes]:
        if not tables.there(self._db, "events"):
            return {}
        return dict(self._db.execute("SELECT number, digest FROM events WHERE source = ?", [source]))

    def names(self, what: Named) -> list[str]:
        if not tables.there(self._db, "event_names"):
            return []
        sql = "SELECT number, name FROM event_names WHERE what = ? ORDER BY number"
        rows = self._db.execute(sql, [what]).fetchall()
        if any(number != place or not isinstance(name, str) for place, (number, name) in enumerate(rows)):
            raise self._damaged(f"the numbers of its {what}s have gaps")
        return [name for _, name in rows]

    def name_count(self, what: Named) -> int:
        if not tables.there(self._db, "event_names"):
            return 0
        sql = "SELECT coalesce(max(number) + 1, 0) FROM event_names WHERE what = ?"
        return int(self._db.execute(sql, [what]).fetchone()[0])

    def facts(self) -> dict[str, About]:
        if not tables.there(self._db, "event_names"):
            return {}
        sql = "SELECT name, about FROM event_names WHERE what = 'user' AND about IS NOT NULL ORDER BY number"
        return {name: tables.about_of(about) for name, about in self._db.execute(sql)}

    def number(self, what: Named, names: Sequence[str]) -> list[int]:
        self._db.execute(tables.TABLES["event_names"])
        sql = "SELECT name, number FROM json_each(?) AS given CROSS JOIN event_names ON what = ? AND name = given.value"
        held: dict[str, int] = dict(self._db.execute(sql, [json.dumps(list(names)), what]))
        count = self.name_count(what)
        new = {name: number for number, name in enumerate((name for name in names if name not in held), count)}
        tables.put(self._db, "event_names", [(what, number, name, None) for name, number in new.items()])
        return [held[name] if name in held else new[name] for name in names]

    def put(self, block: EventBlock) -> None:
        blobs = [np.asarray(each, type).tobytes() for each, type in zip(block[3:], TYPES, strict=True)]
        self._db.execute(tables.TABLES["events"])
        last = self._db.execute("SELECT coalesce(max(seq), 0) FROM events").fetchone()[0]
        tables.put(self._db, "events", [(last + 1, *block[:3], _sum(blobs), *blobs)])

    def drop(self, source: str, number: int) -> None:
        if tables.there(self._db, "events"):
            self._db.execute("DELETE FROM events WHERE source = ? AND number >= ?", [source, number])

    def put_facts(self, facts: Mapping[str, About]) -> None:
        numbers = self.number("user", [*facts])
        rows = zip(numbers, facts.items(), strict=True)
        tables.put(
            self._db,
            "event_names",
            [("user", number, name, json.dumps(dict(about), ensure_ascii=False)) for number, (name, about) in rows],
        )

    def faults(self) -> Iterator[str]:
        """What is damaged: a sentence each."""
        try:
            for what in NAMED:
                self.names(what)
            for _ in self.blocks():
                pass
        except NotASpace as error:
            yield str(error)

    def _block(self, row: Sequence[Any], most: Sequence[int]) -> EventBlock:
        """One block as it was stored. Raises NotASpace where it is not."""
        source, number, digest, sum, *blobs = row
        sizes = [len(blob) if isinstance(blob, bytes) else -1 for blob in blobs]
        wanted = [sizes[0] // 4 * np.dtype(type).itemsize for type in TYPES]
        if sizes != wanted or sum != _sum(blobs):
            raise self._damaged(f"events {number!r:.20} of {source!r:.60} are not what was stored, by their checksum")
        users, items, weights, times, contexts = (
            np.frombuffer(blob, type) for blob, type in zip(blobs, TYPES, strict=True)
        )
        for numbers, below in zip((users, items, contexts), most, strict=True):
            if len(numbers) and not -1 <= int(numbers.min()) <= int(numbers.max()) < below:
                raise self._damaged(f"events {number!r:.20} of {source!r:.60} are of nobody that it names")
        return EventBlock(source, number, digest, users, items, weights, times, contexts)

    def _damaged(self, what: str) -> NotASpace:
        return NotASpace(f"{self._path} is damaged: {what}; restore the file from a copy")


def _sum(blobs: Sequence[object]) -> int:
    """The CRC-32 of all columns of a block."""
    found = 0
    for blob in blobs:
        found = zlib.crc32(blob if isinstance(blob, bytes) else b"", found)
    return found
