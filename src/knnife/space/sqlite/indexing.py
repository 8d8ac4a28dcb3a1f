"""Texts into the full-text index and out of it, and which of them are indexed as versions before 2 of the format did.

Format 1 indexes a text as it is, format 2 as `as_indexed` writes it. For most texts that is the same, so a file stays
in format 1, which older versions read and write, until it gets the first text for which it is not. From then on:

    note "words"   in format 1: up to this position it is known to be the same: a version that tells them wrote them
                   in format 2: up to this position texts are indexed as they are, behind it as `as_indexed` writes them

A text has to leave the index as it came in, for FTS5 has no other way to know its words.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

from knnife.errors import NotASpace
from knnife.space.records import Row
from knnife.space.sqlite import tables
from knnife.space.terms import as_indexed

PLAIN, ANY_SCRIPT = 1, 2  # formats
NOTE = "words"
LARGEST = 2**63 - 1  # of positions

INSERT_WORDS = (  # of all things behind a pos, in one statement, which takes a tenth less time than row by row
    "INSERT INTO words (rowid, value) SELECT pos, value FROM things WHERE pos > ? AND typeof(value) = 'text'"
)
INSERT = "INSERT INTO words (rowid, value) VALUES (?, ?)"
DELETE = "INSERT INTO words (words, rowid, value) VALUES ('delete', ?, ?)"  # pos, text as it was indexed
TEXTS = "SELECT pos, value FROM things WHERE typeof(value) = 'text' AND "


def format_of(db: sqlite3.Connection) -> int:
    """The number of the format of a file."""
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def older(db: sqlite3.Connection, last: int) -> int:
    """Up to which position texts may be indexed as versions before did; 0 for none. last: the greatest ever given."""
    note = _note(db)
    return note if format_of(db) == ANY_SCRIPT else 0 if note == last else last


def count_older(db: sqlite3.Connection, last: int) -> int:
    """How many texts may be indexed as versions before did."""
    if not (position := older(db, last)):
        return 0
    return int(db.execute("SELECT count(*) FROM words_docsize WHERE id <= ?", [position]).fetchone()[0])  # one a text


def insert(db: sqlite3.Connection, before: int, rows: Sequence[Row]) -> None:
    """Index the texts of rows that stand in `things` behind the position `before`, in their order."""
    given = [(pos, row.value) for pos, row in enumerate(rows, before + 1) if isinstance(row.value, str)]
    indexed = [(pos, as_indexed(text)) for pos, text in given]
    same = all(new is text for (_, new), (_, text) in zip(indexed, given, strict=True))
    plain = format_of(db) == PLAIN
    if plain and same and _note(db) == before:
        _put(db, before + len(rows))
    elif plain and not same:
        _begin(db, before)
    if same:
        db.execute(INSERT_WORDS, [before])
    else:
        db.executemany(INSERT, indexed)


def remove(db: sqlite3.Connection, texts: Iterable[tuple[int, str]], last: int) -> None:
    """Take texts out of the index that are there, by their positions. last: the greatest position ever given."""
    as_they_are = last if format_of(db) == PLAIN else _note(db)
    db.executemany(DELETE, [(pos, text if pos <= as_they_are else as_indexed(text)) for pos, text in texts])


def renew(db: sqlite3.Connection, last: int, count: int) -> tuple[int, bool]:
    """Index up to `count` of the older texts as they are indexed now: how many differed, and whether all are done.

    Called until all are done, each time in a transaction of its own.
    """
    if format_of(db) == PLAIN:  # upwards, until a text differs
        known = _note(db)
        texts = db.execute(f"{TEXTS} pos > ? ORDER BY pos LIMIT ?", [known, count]).fetchall()
        if all(as_indexed(text) is text for _, text in texts):
            _put(db, texts[-1][0] if len(texts) == count else last)
            return 0, len(texts) < count
        _begin(db, last)
    texts = db.execute(f"{TEXTS} pos <= ? ORDER BY pos DESC LIMIT ?", [_note(db), count]).fetchall()
    changed = [(pos, text, new) for pos, text in texts if (new := as_indexed(text)) is not text]
    db.executemany(DELETE, [(pos, text) for pos, text, _ in changed])
    db.executemany(INSERT, [(pos, new) for pos, _, new in changed])
    _put(db, texts[-1][0] - 1 if len(texts) == count else 0)
    return len(changed), len(texts) < count


def _begin(db: sqlite3.Connection, last: int) -> None:
    """Make a file of format 1 one of format 2. last: the greatest position so far."""
    _put(db, older(db, last))
    db.execute(f"PRAGMA user_version = {ANY_SCRIPT}")


def _note(db: sqlite3.Connection) -> int:
    if not tables.there(db, "notes"):
        return 0
    row = db.execute("SELECT value FROM notes WHERE name = ?", [NOTE]).fetchone()
    try:
        return min(int(row[0]), LARGEST) if row else 0
    except (TypeError, ValueError) as error:
        raise NotASpace(
            f"the file is damaged: its note {NOTE!r} is {row[0]!r:.40}, expected a position; restore it from a copy"
        ) from error


def _put(db: sqlite3.Connection, position: int) -> None:
    tables.put(db, "notes", [(NOTE, str(position))])
