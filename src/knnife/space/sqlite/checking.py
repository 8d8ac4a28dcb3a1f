"""What is damaged in the file of a space, or does not hold as promised: a sentence each."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence

from knnife.space.records import View
from knnife.space.sqlite import readings, sums, tables
from knnife.space.sqlite.connection import is_busy
from knnife.space.sqlite.tables import table_of
from knnife.things import Thing

Named = Callable[[Iterable[int]], dict[int, Thing]]


def faults(db: sqlite3.Connection, counted: int, views: Sequence[View], named: Named) -> Iterator[str]:
    """What does not hold in a file that SQLite can read.

    counted: how many things there are said to be; named: the things at positions.
    """
    things = int(db.execute("SELECT count(*) FROM things").fetchone()[0])
    if things != counted:
        yield f"{things:,} things are there, and {counted:,} were counted"
    for view in views:
        yield from _of_view(db, view, things)
    if lost := tables.count_thumbnails(db)[1]:
        yield f"{lost:,} thumbnails belong to no thing"
    yield from readings.faults(db)
    yield from _changed(db, "things", sums.THINGS, 0, named)
    for view in views:
        yield from _changed(db, f"view {view.name}: vectors", view.number, view.width, named)


def found_by_sqlite(db: sqlite3.Connection) -> Iterator[str]:
    """What SQLite finds damaged: where that is anything, nothing else can be relied on."""
    try:
        yield from (line for (line,) in db.execute("PRAGMA integrity_check(10)") if line != "ok")
    except sqlite3.DatabaseError as error:
        if is_busy(error):
            raise
        yield str(error)


def _of_view(db: sqlite3.Connection, view: View, things: int) -> Iterator[str]:
    held = f"SELECT count(*), count(t.pos) FROM {table_of(view)} v LEFT JOIN things t USING (pos)"
    vectors, owned = db.execute(held).fetchone()
    if vectors > owned:
        yield f"view {view.name}: {vectors - owned:,} vectors belong to no thing"
    if view.origin is not None and view.origin.source == tables.DAMAGED:
        yield f"view {view.name}: where it comes from cannot be read"
    if view.is_default and owned < things:
        yield f"view {view.name}: {things - owned:,} things have no vector"


def _changed(db: sqlite3.Connection, what: str, view: int, width: int, named: Named) -> Iterator[str]:
    """What is said of stored things, or vectors, that are not what was written."""
    wrong, _ = sums.damage(db, view, width)
    if len(wrong):
        ids = [thing.id for thing in named(wrong[: sums.SHOWN].tolist()).values()]
        shown = ", ".join(map(repr, ids)) + (", …" if len(wrong) > len(ids) else "")
        older = ", unless a version of knnife without checksums changed them" if view == sums.THINGS else ""
        yield f"{what} that are not what was stored, by their checksums: {len(wrong):,} ({shown}){older}"
