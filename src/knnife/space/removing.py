"""Taking things out of a space, with all that hangs on their positions."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from knnife.space import lookup, thumbnails
from knnife.space.sqlite.conditions import Condition
from knnife.space.sqlite.prefilter import Filters
from knnife.space.sqlite.store import State, Store, set_state, state
from knnife.space.sqlite.words import DELETE_WORDS
from knnife.space.views import views


def remove(store: Store, ids: Sequence[str], filters: Filters, condition: Condition | None) -> int:
    """Remove things by id, or the parts of a whole by its id, and all that meet a condition; the number removed.

    Raises NotFound for an unknown id, and then removes nothing.
    """
    with store.write() as db:
        chosen = set(lookup.positions_of(db, ids, wholes=True))
        matching = filters.positions(db, condition)
        chosen.update([] if matching is None else matching.tolist())
        if chosen:
            set_state(db, remove_positions(db, state(db), sorted(chosen)))
    return len(chosen)


def remove_positions(db: sqlite3.Connection, now: State, positions: Sequence[int]) -> State:
    """Delete the things at positions (that exist, each once), and log that they are gone; the state that follows."""
    chosen = json.dumps(list(positions))
    among = "pos IN (SELECT value FROM json_each(?))"
    texts = db.execute(f"SELECT pos, value FROM things WHERE {among} AND typeof(value) = 'text'", [chosen]).fetchall()
    db.executemany(DELETE_WORDS, texts)  # the full-text index needs the old text to forget it
    db.execute(f"DELETE FROM things WHERE {among}", [chosen])
    for view in views(db):
        db.execute(f"DELETE FROM {view.table} WHERE {among}", [chosen])
    thumbnails.remove(db, positions)
    db.executemany("INSERT INTO gone (seq, pos) VALUES (?, ?)", enumerate(positions, now.gone + 1))
    return now._replace(gone=now.gone + len(positions), things=now.things - len(positions))
