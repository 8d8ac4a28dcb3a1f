"""Leaving nothing behind of what was removed: for things that nobody may keep, such as the faces of people.

A removal alone leaves bytes: in pages of the file that are free again, in its log, and in the index beside it.
"""

from __future__ import annotations

from knnife.errors import SpaceBusy
from knnife.space.space import Space
from knnife.space.sqlite.connection import errors
from knnife.space.views import views


def scrub(space: Space) -> None:
    """Write the file anew without what was removed, empty its log, and delete the indexes beside it.

    Raises SpaceBusy where another process reads or writes: what was removed is gone from every answer, but its bytes
    may still be in the file until this is done again.
    """
    store = space._store
    with store.write() as db:
        numbers = [view.number for view in views(db)]
    for number in numbers:
        space._indexes.forget(number)
    with store._lock, errors(space.path):
        writer = store._writer
        assert writer is not None  # write() has refused files that may only be read
        writer.execute("VACUUM")
        busy = writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    if busy:
        raise SpaceBusy(
            f"what was removed is gone from all answers, but another process has {space.path} open, so its bytes may "
            "still lie in the file; close that, and remove anything again (or open and close the file) to clear them"
        )
