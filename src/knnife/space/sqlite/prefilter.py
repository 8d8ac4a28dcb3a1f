"""Filters at work: from a condition to the positions that meet it, before any search.

Nobody declares an index. The first time that a field is asked about in a space that is large enough for it to matter,
an index on it is made in the file (an SQLite index on the expression that reads the field); from then on a filter costs
as much as it matches, not as much as there is. Where the file cannot be written just then, the filter still answers
right, by looking at every thing.
"""

from __future__ import annotations

import sqlite3
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import numpy as np

from knnife.errors import ReadOnly, SpaceBusy
from knnife.geometry import Positions
from knnife.space.filters import compile_filter
from knnife.space.sqlite.conditions import Condition, column
from knnife.space.sqlite.connection import positions
from knnife.space.sqlite.store import Store, state

INDEXED_FROM = 5_000  # things; below, looking at every one takes a few milliseconds
MOST_INDEXES = 32  # each costs about a microsecond an added thing
REMEMBERED = 16  # filters whose positions are kept while the space does not change


class Filters:
    """The filters asked of one space."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._indexed: set[str] = set()
        self._recent: OrderedDict[tuple[Any, ...], Positions] = OrderedDict()

    def condition(self, where: str | Mapping[str, Any] | None) -> Condition | None:
        """The compiled filter, its fields indexed if that is worth it; None for no filter.

        To be called outside of a transaction: one that began before an index was made does not see it.
        """
        if where is None:
            return None
        condition = compile_filter(where)
        for field in sorted(condition.fields - self._indexed):
            self._index(field)
        return condition

    def positions(self, db: sqlite3.Connection, condition: Condition | None) -> Positions | None:
        """The ascending positions of all things that a filter matches; None for no filter."""
        if condition is None:
            return None
        key = (state(db).token, condition.sql, *condition.parameters)
        found = self._recent.get(key)
        if found is None:
            sql = f"SELECT pos FROM things WHERE {condition.sql}"
            found = np.sort(positions(db, sql, condition.parameters))
            self._recent[key] = found
            while len(self._recent) > REMEMBERED:
                self._recent.popitem(last=False)
        return found

    def _index(self, field: str) -> None:
        if self._store.read_only:
            return
        with self._store.read() as db:
            if state(db).things < INDEXED_FROM:
                return
            made = {row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE name LIKE 'about %'")}
        name = f"about {field}"
        if name not in made and len(made) < MOST_INDEXES:
            try:
                with self._store.write(wait=False) as db:
                    db.execute(f'CREATE INDEX IF NOT EXISTS "{name}" ON things ({column(field)})')
            except (SpaceBusy, ReadOnly):
                return  # the next filter tries again
        self._indexed.add(field)
