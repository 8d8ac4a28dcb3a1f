"""What a file may contain before anything of it is read: tables and indexes as knnife makes them, nothing that runs.

The schema of an SQLite file is a program. A view called `commits` answers in its place, for ever if it is recursive; a
trigger, a check, a generated column or an index on an expression runs with every row; a virtual table reads what it
likes. So a file whose schema has anything but plain columns is refused, whoever made it. The exceptions are those of
knnife: the index on a field of `about`, and the full-text tables, each compared with the one form that it has here.

Tables with other names, as a later knnife may add them, are never read, so they may be there as long as they are plain.
Then what is left to a file is how many rows it has, and these take time as its bytes do. The few numbers by which
memory is reserved (how many things, how many components) are held against the size of the file.
"""

from __future__ import annotations

import re
import sqlite3
import time
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from knnife.errors import NotASpace
from knnife.geometry import METRICS, MOST_COMPONENTS
from knnife.space.records import DTYPES

MOST_OBJECTS: Final = 10_000  # tables and indexes; a view takes one
LONGEST: Final = 100_000  # characters of one statement; ours have a thousand
PATIENCE: Final = 10.0  # seconds for all of this; it takes less than one thousandth of one
STEPS: Final = 100_000  # of SQLite's machine between two looks at the clock

# An index on a field of `about` is refused by older ones in a schema that is not trusted. Once checked, ours may be.
TRUSTLESS: Final = sqlite3.sqlite_version_info >= (3, 41)

# A name, in the quotes that it may have; without any brackets, so that nothing hides in them.
NAME: Final = r"(?:[\w$]+|\"[^\"()]*\"|'[^'()]*'|\[[^\]()]*\]|`[^`()]*`)"
NAMES: Final = rf"{NAME}(?: ?, ?{NAME})*"
_QUOTED: Final = r"""('[^']*'|"[^"]*"|`[^`]*`|\[[^\]]*\])"""
_TOKENS: Final = re.compile(_QUOTED + r"|(?:--[^\n]*|/\*(?s:.*?)(?:\*/|\Z)|\s)+")
_PLAIN_TABLE: Final = re.compile(
    rf"create table (?P<name>{NAME}) ?\((?:[^()]|(?:primary key|unique) ?\({NAMES}\))*\)[\w ,]*", re.I
)
_PLAIN_INDEX: Final = re.compile(
    rf"create (?:unique )?index (?P<name>{NAME}) on {NAME} ?\({NAMES}\)(?: where {NAME} is not null)?", re.I
)
_FIELD_INDEX: Final = re.compile(
    r"create index (?P<name>\"about (?P<field>[^\"]*)\") on things \(json_extract\(about, (?P<path>'(?:[^']|'')*')\)\)",
    re.I,
)
_FULL_TEXT: Final = re.compile(
    rf"create virtual table (?P<name>{NAME}) using (?:"
    r"fts5\(value, content='(?:things)?'(?:, content_rowid='pos')?(?:, \w+=(?:\w+|'[\w ]*'))*\)"
    rf"|fts5vocab\({NAME}, '?(?:row|col|instance)'?\))",
    re.I,
)


def restrain(db: sqlite3.Connection) -> None:
    """Settings of a connection with which a file runs as little as possible, even where `check` had a gap."""
    db.execute(f"PRAGMA trusted_schema = {'OFF' if TRUSTLESS else 'ON'}")
    db.execute("PRAGMA cell_size_check = ON")
    db.setlimit(sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH, 1)
    db.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 1)  # the one that VACUUM takes
    if configure := getattr(db, "setconfig", None):  # Python 3.12
        for name, on in (("DEFENSIVE", True), ("ENABLE_TRIGGER", False), ("ENABLE_VIEW", False)):
            configure(getattr(sqlite3, f"SQLITE_DBCONFIG_{name}"), on)


def check(db: sqlite3.Connection, path: Path) -> None:
    """Raises NotASpace for a file that contains what knnife never makes; nothing else of it was read before."""
    until = time.monotonic() + PATIENCE
    db.set_progress_handler(lambda: time.monotonic() > until, STEPS)
    db.execute("PRAGMA trusted_schema = OFF")
    try:
        objects = db.execute("SELECT type, name, sql FROM sqlite_master LIMIT ?", [MOST_OBJECTS + 1]).fetchall()
        if len(objects) > MOST_OBJECTS:
            raise _stranger(path, f"more than {MOST_OBJECTS:,} tables and indexes")
        for object in objects:
            if not _is_ours(*object):
                raise _stranger(path, _said(*object))
        _check_rows(db, path)
    except sqlite3.OperationalError as error:
        name = getattr(error, "sqlite_errorname", "SQLITE_ERROR")  # none: a text that is no UTF-8
        if name == "SQLITE_INTERRUPT":
            raise _stranger(path, f"tables that cannot be looked through in {PATIENCE:.0f} seconds") from error
        if name == "SQLITE_ERROR":
            raise _damaged(path, str(error)) from error
        raise
    finally:
        db.set_progress_handler(None, 0)
    restrain(db)


@lru_cache(maxsize=4_096)  # files have the same few statements, and to look through them takes half a millisecond
def _is_ours(type: Any, name: Any, sql: Any) -> bool:
    """Is this a table or an index that runs nothing?"""
    if type not in ("table", "index") or not isinstance(name, str):
        return False
    if sql is None:  # the index of a key, which SQLite makes
        return type == "index" and name.startswith("sqlite_autoindex_")
    if not isinstance(sql, str) or len(sql) > LONGEST:
        return False
    text = _TOKENS.sub(lambda found: found[1] or " ", sql).strip()
    if type == "table":
        found = _PLAIN_TABLE.fullmatch(text) or _FULL_TEXT.fullmatch(text)
    else:
        found = _PLAIN_INDEX.fullmatch(text) or _field_index(text)
    return found is not None and _bare(found["name"]) == name


def _field_index(text: str) -> re.Match[str] | None:
    """The index on a field of `about`, as conditions.py makes it."""
    found = _FIELD_INDEX.fullmatch(text)
    own = found and "'$.\"{}\"'".format(found["field"].replace("'", "''"))
    return found if found and found["path"] == own else None


def _bare(name: str) -> str:
    return name[1:-1] if name[0] in "\"'[`" else name


def _check_rows(db: sqlite3.Connection, path: Path) -> None:
    """Raises NotASpace where the numbers by which everything else is read cannot be."""
    room = db.execute("PRAGMA page_count").fetchone()[0] * db.execute("PRAGMA page_size").fetchone()[0]
    state = db.execute("SELECT number, token, last, gone, things FROM commits ORDER BY number DESC LIMIT 1").fetchone()
    whole = state is not None and isinstance(state[1], bytes) and all(type(state[i]) is int for i in (0, 2, 3, 4))
    if not whole or not 0 <= state[4] <= state[2] < 1 << 62 or not 0 <= state[3] < 1 << 62 or state[4] > room:
        raise _damaged(path, "how many things it has cannot be")
    lost = "loss_sum + 0 = loss_sum AND loss_max + 0 = loss_max AND loss_count + 0 = loss_count"
    for number, name, dim, dtype, sound in db.execute(f"SELECT number, name, dim, dtype, {lost} FROM views"):
        if type(number) is not int or type(name) is not str or dtype not in DTYPES or not sound:
            raise _damaged(path, f"its view {name!r:.40} cannot be")
        if type(dim) is not int or not 0 < dim <= MOST_COMPONENTS:
            raise _damaged(path, f"its view {name!r:.40}, of {dim!r:.40} components, cannot be")
    settings = dict(db.execute("SELECT name, value FROM settings"))
    recall = settings.get("recall", 1.0)
    sound = settings.get("metric", METRICS[0]) in METRICS and settings.get("dtype", DTYPES[0]) in DTYPES
    if not sound or not isinstance(recall, int | float) or not 0 < recall <= 1:
        raise _damaged(path, "its settings cannot be")


def _stranger(path: Path, found: str) -> NotASpace:
    return NotASpace(
        f"{path} is no space that knnife made: it contains {found}, and a space has only tables of plain columns. "
        "Nothing else of it was read; ask who gave you the file"
    )


def _damaged(path: Path, what: str) -> NotASpace:
    return NotASpace(f"{path} is damaged, or no space that knnife made: {what}; restore the file from a copy")


def _said(type: Any, name: Any, sql: Any) -> str:
    """An object in words."""
    words = " ".join(str(sql).split())
    kinds = {"view": "a view", "trigger": "a trigger", "table": "a table", "index": "an index"}
    return f"{kinds.get(type, 'something')} {name!r:.60} ({words:.80})"
