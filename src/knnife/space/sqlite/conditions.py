"""The filters of a space in its file: a tree compiled to parameterised SQL, and indexes on the fields it asks.

User text never becomes SQL: values are bound, names were checked when the tree was made, and are quoted. In a space
that is large enough, an SQLite index on a field is made the first time that a filter asks for it; where the file cannot
be written just then, the filter looks at every thing.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections import OrderedDict
from typing import Any, NamedTuple

import numpy as np

from knnife.geometry import Positions
from knnife.space.filter_tree import Compare, Holds, Not, Tree, leaves
from knnife.space.sqlite.connection import positions

INDEXED_FROM = 5_000  # things; below, looking at every one takes a few milliseconds
MOST_INDEXES = 32  # each costs about a microsecond an added thing
REMEMBERED = 16  # filters whose positions are kept while the space does not change


class Condition(NamedTuple):
    """A filter as SQL over the columns of `things`, with its parameters."""

    sql: str
    parameters: tuple[Any, ...]


class FilterCache:
    """What the latest filters of one space matched, for as long as its file stays as it is."""

    def __init__(self) -> None:
        self._recent: OrderedDict[tuple[bytes, Tree], Positions] = OrderedDict()

    def matching(self, db: sqlite3.Connection, token: bytes, tree: Tree) -> Positions:
        """The positions that a filter matches, ascending, in the state of this token."""
        found = self._recent.get((token, tree))
        if found is None:
            condition = compiled(tree)
            sql = f"SELECT pos FROM things WHERE {condition.sql}"
            found = self._recent[token, tree] = np.sort(positions(db, sql, condition.parameters))
            while len(self._recent) > REMEMBERED:
                self._recent.popitem(last=False)
        return found


def missing_indexes(db: sqlite3.Connection, tree: Tree, things: int) -> dict[str, str]:
    """The fields of a filter that deserve an index and have none: field -> the statement that makes it."""
    if things < INDEXED_FROM:
        return {}
    made = {row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE name LIKE 'about %'")}
    fields = sorted({leaf.field for leaf in leaves(tree)} - {"id", "part_of"})
    wanted = [field for field in fields if f"about {field}" not in made][: max(0, MOST_INDEXES - len(made))]
    return {field: f'CREATE INDEX IF NOT EXISTS "about {field}" ON things ({column(field)})' for field in wanted}


def compiled(tree: Tree) -> Condition:
    """The SQL of a tree."""
    if isinstance(tree, Compare):
        return _comparison(tree)
    if isinstance(tree, Holds):
        expression = column(tree.field)
        return Condition(f"({expression} IS NOT NULL AND {expression} NOT IN (0, ''))", ())
    if isinstance(tree, Not):
        condition = compiled(tree.tree)
        return condition._replace(sql=f"NOT coalesce({condition.sql}, 0)")  # unknown counts as not so
    parts = [compiled(each) for each in tree.trees]
    sql = f" {tree.word.upper()} ".join(part.sql for part in parts)
    return Condition(f"({sql})", tuple(value for part in parts for value in part.parameters))


def column(field: str) -> str:
    """The SQL expression for a field. The same text every time, so that an index on it is found."""
    return field if field in ("id", "part_of") else f"json_extract(about, {_path(field)})"


def _path(field: str) -> str:
    return "'$.\"{}\"'".format(field.replace("'", "''"))


def _comparison(leaf: Compare) -> Condition:
    expression, value = column(leaf.field), leaf.value
    if leaf.operator == "in":
        return Condition(f"{expression} IN (SELECT value FROM json_each(?))", (json.dumps(value),))
    if leaf.operator == "has":
        inside = f"(SELECT {expression} AS value)"
        if leaf.field not in ("id", "part_of"):
            inside = f"json_each(about, {_path(leaf.field)})"
        return Condition(f"EXISTS (SELECT 1 FROM {inside} WHERE value = ?)", (value,))
    if leaf.operator == "contains":
        escaped = re.sub(r"([\\%_])", r"\\\1", value)
        return Condition(f"{expression} LIKE ? ESCAPE '\\'", (f"%{escaped}%",))
    if leaf.operator == "=":
        return Condition(f"{expression} IS ?" if value is None else f"{expression} = ?", (value,))
    # SQLite sorts every number before every text: the second half keeps each to its own kind, and to the index.
    guard = ""
    if isinstance(value, str):
        guard = f" AND {expression} >= ''" if leaf.operator.startswith("<") else ""
    elif leaf.operator.startswith(">"):
        guard = f" AND {expression} < ''"
    return Condition(f"({expression} {leaf.operator} ?{guard})", (value,))
