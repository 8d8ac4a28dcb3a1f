"""Does the log beside a file belong to it, and does the file still have the history that was seen in it?

Every state has a number and a random token (`commits`), so a file that another one replaced under the same name, or
that an older copy was restored over, is told apart by them. SQLite itself replays whatever log has the right name.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing

from knnife.errors import SpaceMoved
from knnife.space.records import State
from knnife.space.sqlite import trusted_schema
from knnife.space.sqlite.place import FilePlace

NEWEST = "SELECT * FROM commits ORDER BY number DESC LIMIT 1"
TRIES, PAUSE = 4, 0.05  # seconds; another process may be folding its log into the file just now
LOG_HEADER, FRAME_HEADER = 32, 24  # bytes (sqlite.org/fileformat2.html, 4.1)


def newest(db: sqlite3.Connection) -> State | None:
    """The state that a connection sees; None where there is none."""
    row = db.execute(NEWEST).fetchone()
    return None if row is None else State(*row)


def check_same(db: sqlite3.Connection, place: FilePlace, seen: State | None) -> State | None:
    """The state now. Raises SpaceMoved unless it came after one `seen` before it, in the same history."""
    now = newest(db)
    if seen is None or now is None or seen.token == now.token:
        return now
    if now.number > seen.number:
        row = db.execute("SELECT token FROM commits WHERE number = ?", [seen.number]).fetchone()
        if row is None or row[0] == seen.token:  # none: more commits came than are kept
            return now
    raise SpaceMoved(
        f"other contents were put into {place.path} while it was open (a copy restored over it), and what was known of "
        "it does not hold any more. This call changed nothing; open it again"
    )


def check_log(place: FilePlace) -> None:
    """Raises SpaceMoved where the log beside the file is that of another file, or of a later state of this one."""
    if not _size(place):
        return
    for attempt in range(TRIES):
        if attempt:
            time.sleep(PAUSE)
        if _belongs(place):
            return
    raise SpaceMoved(
        f"the log {place.log} does not belong to {place.path}: another file had that name when it was written, or an "
        "older copy was put in its place. Nothing was changed. If the file as it lies there is the one you want, move "
        f"the log away ({place.log.name} and {place.shared_memory.name}); if the log holds what you miss, put the file "
        "back that it was written for"
    )


def _belongs(place: FilePlace) -> bool:
    """Whether what the log holds came right after what the file holds."""
    in_file = _seen(place, "mode=ro&immutable=1")  # which does not look at the log
    if in_file is None:
        return True  # not even begun, or in the middle of being written: that needs its log
    transactions = _transactions(place)
    try:
        with closing(_connect(place, "mode=ro")) as db:
            now = _newest_of_any(db)
            row = db.execute("SELECT token FROM commits WHERE number = ?", [in_file.number]).fetchone()
    except sqlite3.OperationalError:  # no right to read the log, or busy: whoever opens it meets that, and says so
        return True
    except sqlite3.DatabaseError:  # the two do not fit
        return False
    known = row is not None and row[0] == in_file.token
    return now is not None and known and now.number - in_file.number <= transactions


def _seen(place: FilePlace, how: str) -> State | None:
    try:
        with closing(_connect(place, how)) as db:
            return _newest_of_any(db)
    except (sqlite3.Error, TypeError):
        return None


def _newest_of_any(db: sqlite3.Connection) -> State | None:
    """As `newest`, of a file that nobody has checked yet: a view of that name could run for ever."""
    is_table = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'commits'"
    return newest(db) if db.execute(is_table).fetchone() else None


def _connect(place: FilePlace, how: str) -> sqlite3.Connection:
    db = sqlite3.connect(f"{place.real.as_uri()}?{how}", uri=True, isolation_level=None)
    trusted_schema.restrain(db)
    return db


def _size(place: FilePlace) -> int:
    try:
        return place.log.stat().st_size
    except OSError:
        return 0


def _transactions(place: FilePlace) -> int:
    """How many transactions the log holds that are not overwritten yet."""
    return sum(1 for _ in _commits(place))


def _commits(place: FilePlace) -> Iterator[int]:
    try:
        with place.log.open("rb") as file:
            header = file.read(LOG_HEADER)
            page, salts = int.from_bytes(header[8:12], "big"), header[16:24]
            while len(frame := file.read(FRAME_HEADER)) == FRAME_HEADER and frame[8:16] == salts:
                if pages := int.from_bytes(frame[4:8], "big"):  # of the file after a commit; 0 within a transaction
                    yield pages
                file.seek(page, 1)
    except OSError:
        return
