"""The names of things (space/naming.py) in a full-text index of their own, beside that of their texts.

Versions before know nothing of it: they open the file, and pass it over when they add and remove. So a note says of
which commit it is, and up to which position things are in it:

    note "names"   [number of a commit, position]

Where the newest commit is another one, the names are those of a state that is past: nothing is answered from them, and
who writes next begins them anew, some things with each transaction. A file that has none yet is filled likewise.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence

from knnife.space import naming
from knnife.space.records import Row
from knnife.space.sqlite import tables
from knnife.space.sqlite.tables import AMONG
from knnife.space.sqlite.tokens import STEMMING, quoted, tokens
from knnife.space.terms import as_indexed

NOTE = "names"
FILLED = 10_000  # things that are caught up with in one transaction
MOST_LIKE = 20_000  # things whose names have all words of a query, that are looked at

SCHEMA = (
    f"CREATE VIRTUAL TABLE names USING fts5(value, content='', columnsize=0, detail=none, tokenize='{STEMMING}')",
    "CREATE VIRTUAL TABLE names_at USING fts5vocab(names, instance)",
    "INSERT INTO names (names, rank) VALUES ('hashsize', 1048576)",
    "INSERT INTO names (names, rank) VALUES ('automerge', 16)",
    "INSERT INTO names (names, rank) VALUES ('crisismerge', 64)",
)  # without what ranking and phrases need: which things have a word is all that is asked
INSERT = "INSERT INTO names (rowid, value) VALUES (?, ?)"
DELETE = "INSERT INTO names (names, rowid, value) VALUES ('delete', ?, ?)"
THINGS = "SELECT pos, id, about, part_of FROM things WHERE"

Named = tuple[int, str, str, str | None]  # position, id, metadata, the whole that it is part of


def until(db: sqlite3.Connection, number: int) -> int:
    """Up to which position things are in the index of names, in the state of a commit; 0 for none."""
    if not tables.there(db, "notes"):
        return 0
    row = db.execute("SELECT value FROM notes WHERE name = ?", [NOTE]).fetchone()
    try:
        of, position = json.loads(row[0]) if row else (0, 0)
        return int(position) if of == number else 0
    except (TypeError, ValueError):
        return 0  # as good as not there: it is made anew


def asked(db: sqlite3.Connection, query: str) -> tuple[list[int], list[int]]:
    """The positions of things whose name is the query, and of those whose name ends in it."""
    key = naming.key(query)
    like = _with_all(db, key, MOST_LIKE)
    held = db.execute(f"{THINGS} {AMONG}", [json.dumps(like)]) if like else ()
    whole, ends = [], []
    for pos, *thing in held:
        own, last = naming.keys(*thing)
        if key in own:
            whole.append(pos)
        elif key in last:
            ends.append(pos)
    return whole, ends


def knows(db: sqlite3.Connection, word: str) -> bool:
    """Does a name hold this word?"""
    return bool(_with_all(db, word, 1))


def _with_all(db: sqlite3.Connection, text: str, most: int) -> list[int]:
    """The positions of up to so many things whose names have all words of a text."""
    words = text.split() if text.isascii() else [word for word, _ in tokens(text)]
    found = " AND ".join(dict.fromkeys(map(quoted, words)))
    sql = "SELECT rowid FROM names WHERE names MATCH ? LIMIT ?"
    return [pos for (pos,) in db.execute(sql, [found, most])] if found else []


def faults(db: sqlite3.Connection, number: int) -> Iterator[str]:
    """What is wrong with the index of names: a sentence each."""
    if not until(db, number):
        return
    lost = "SELECT count(*) FROM (SELECT DISTINCT doc FROM names_at) WHERE doc NOT IN (SELECT pos FROM things)"
    if count := db.execute(lost).fetchone()[0]:
        yield f"{count:,} names belong to no thing"


class NamesWriter:
    """The index of names, in one transaction that changes things."""

    def __init__(self, db: sqlite3.Connection, number: int) -> None:
        """number: of the commit that the transaction began with."""
        self._db, self._until = db, until(db, number)
        if not tables.there(db, "names"):
            for statement in SCHEMA:
                db.execute(statement)
        elif not self._until:
            db.execute("INSERT INTO names (names) VALUES ('delete-all')")

    def add(self, before: int, rows: Sequence[Row]) -> None:
        """Follow rows that stand in `things` behind the position `before`."""
        if self._until < before:
            self.fill(len(rows) + FILLED)
        else:
            self._insert((pos, row.id, row.about, row.part_of) for pos, row in enumerate(rows, before + 1))
            self._until = before + len(rows)

    def fill(self, count: int) -> bool:
        """Catch up with up to `count` things; whether these are all."""
        sql = f"{THINGS} pos > ? ORDER BY pos LIMIT ?"
        found = self._db.execute(sql, [self._until, count]).fetchall()
        self._insert(found)
        self._until = found[-1][0] if found else self._until
        return len(found) < count

    def take(self, positions: str) -> None:
        """Take out things that are still there, before they change or go; the positions as a JSON list."""
        held = self._db.execute(f"{THINGS} {AMONG} AND pos <= ?", [positions, self._until])
        self._db.executemany(DELETE, _texts(held.fetchall()))

    def put(self, positions: str) -> None:
        """Put in again things that were taken out and changed."""
        self._insert(self._db.execute(f"{THINGS} {AMONG} AND pos <= ?", [positions, self._until]).fetchall())

    def end(self, number: int) -> None:
        """Note which state this is. number: of the commit that the transaction ends with."""
        tables.put(self._db, "notes", [(NOTE, json.dumps([number, self._until]))])

    def erase(self) -> None:
        """Leave no byte of what was taken out."""
        self._db.execute("INSERT INTO names (names) VALUES ('optimize')")

    def _insert(self, things: Iterable[Named]) -> None:
        self._db.executemany(INSERT, _texts(things))


def _texts(things: Iterable[Named]) -> Iterator[tuple[int, str]]:
    """Of those things that have a name the position, and what is indexed."""
    for pos, id, about, part_of in things:
        if found := naming.words(id, about, part_of):
            yield pos, as_indexed(found)
