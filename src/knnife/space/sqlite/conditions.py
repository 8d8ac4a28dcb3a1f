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
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

import numpy as np

from knnife.geometry import Positions
from knnife.space.filter_tree import OF_THINGS, Compare, Holds, Not, Tree, leaves
from knnife.space.sqlite.connection import positions

INDEXED_FROM = 5_000  # things; below, looking at every one takes a few milliseconds
MOST_INDEXES = 32  # each costs about a microsecond an added thing
MANY_LISTS = 1_000  # in a field, from which looking into each thing is quicker than finding them by an index
REMEMBERED = 16  # filters whose positions are kept while the space does not change


Lists = Literal["none", "some", "many"]  # how many things have a list in a field


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
            condition = compiled(tree, lists_in(db, tree))
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
    fields = sorted({leaf.field for leaf in leaves(tree)} - {*OF_THINGS})
    wanted = [field for field in fields if f"about {field}" not in made][: max(0, MOST_INDEXES - len(made))]
    return {field: f'CREATE INDEX IF NOT EXISTS "about {field}" ON things ({column(field)})' for field in wanted}


def lists_in(db: sqlite3.Connection, tree: Tree) -> dict[str, Lists]:
    """How many things have a list in the fields of a filter: it decides how they are looked for, and how long it takes.

    An index knows, of a field without one so many are taken as the first things have.
    """
    found: dict[str, Lists] = {}
    for field in {leaf.field for leaf in leaves(tree)} - {*OF_THINGS}:
        if db.execute("SELECT 1 FROM sqlite_master WHERE name = ?", [f"about {field}"]).fetchone():
            some = f"SELECT 1 FROM things WHERE {_looks_like_list(field)} LIMIT {MANY_LISTS}"
            count = db.execute(f"SELECT count(*) FROM ({some})").fetchone()[0]
            found[field] = "none" if not count else "some" if count < MANY_LISTS else "many"
        else:
            first = f"SELECT json_type(about, {path_of(field)}) AS kind FROM things ORDER BY pos LIMIT {MANY_LISTS}"
            count = db.execute(f"SELECT count(*) FROM ({first}) WHERE kind = 'array'").fetchone()[0]
            found[field] = "many" if count else "some"
    return found


def compiled(tree: Tree, lists: Mapping[str, Lists] = MappingProxyType({})) -> Condition:
    """The SQL of a tree; lists: what is known of how many lists its fields have."""
    if isinstance(tree, Compare):
        return _comparison(tree, "none" if tree.field in OF_THINGS else lists.get(tree.field, "some"))
    if isinstance(tree, Holds):
        expression = column(tree.field)
        empty = "" if tree.field in OF_THINGS else f" AND NOT ({expression} = '[]' AND {_is_list(tree.field)})"
        return Condition(f"({expression} IS NOT NULL AND {expression} NOT IN (0, ''){empty})", ())
    if isinstance(tree, Not):
        condition = compiled(tree.tree, lists)
        return condition._replace(sql=f"NOT coalesce({condition.sql}, 0)")  # unknown counts as not so
    parts = [compiled(each, lists) for each in tree.trees]
    sql = f" {tree.word.upper()} ".join(part.sql for part in parts)
    return Condition(f"({sql})", tuple(value for part in parts for value in part.parameters))


def column(field: str) -> str:
    """The SQL expression for a field. The same text every time, so that an index on it is found."""
    return field if field in OF_THINGS else f"json_extract(about, {path_of(field)})"


def path_of(field: str) -> str:
    """The path of a field within the JSON of metadata, as SQL."""
    return "'$.\"{}\"'".format(field.replace("'", "''"))


def _looks_like_list(field: str) -> str:
    """A list is extracted as its JSON, which an index finds between "[" and the character behind it."""
    return f"{column(field)} >= '[' AND {column(field)} < '\\'"


def _is_list(field: str) -> str:
    return f"({_looks_like_list(field)} AND json_type(about, {path_of(field)}) = 'array')"


def _comparison(leaf: Compare, lists: Lists) -> Condition:
    """A comparison with a single value, or with those in a list."""
    expression = column(leaf.field)
    if leaf.value is None and (leaf.operator == "=" or lists == "none"):
        return Condition(f"{expression} IS NULL", ())
    found, each = _test(expression, leaf), _test("value", leaf)
    inside = f"EXISTS (SELECT 1 FROM json_each(about, {path_of(leaf.field)}) WHERE {each.sql})"
    if lists == "many":  # json_each gives a single value, too
        found = each._replace(sql=inside)
    elif lists == "some":
        alone = f"({found.sql} AND NOT {_is_list(leaf.field)})" if _is_met_by_json(leaf) else found.sql
        both = found.parameters + each.parameters
        found = Condition(f"({alone} OR ({_is_list(leaf.field)} AND {inside}))", both)
    if leaf.value is None or (leaf.operator == "in" and None in leaf.value):
        found = found._replace(sql=f"({found.sql} OR {expression} IS NULL)")
    return found


def _is_met_by_json(leaf: Compare) -> bool:
    """Whether the JSON of a list, taken for a text, might meet a comparison."""
    values = leaf.value if leaf.operator == "in" else (leaf.value,)
    texts = [value for value in values if isinstance(value, str)]
    return any(value.startswith("[") for value in texts) if leaf.operator in ("=", "in") else bool(texts)


def _test(expression: str, leaf: Compare) -> Condition:
    """How a single value is compared."""
    value = leaf.value
    if value is None:
        return Condition(f"{expression} IS NULL", ())
    if leaf.operator == "in":
        values = json.dumps([each for each in value if each is not None])
        return Condition(f"{expression} IN (SELECT value FROM json_each(?))", (values,))
    if leaf.operator == "contains":
        escaped = re.sub(r"([\\%_])", r"\\\1", value)
        return Condition(f"{expression} LIKE ? ESCAPE '\\'", (f"%{escaped}%",))
    if leaf.operator == "=":
        return Condition(f"{expression} = ?", (value,))
    # SQLite sorts every number before every text: the second half keeps each to its own kind, and to the index.
    guard = ""
    if isinstance(value, str):
        guard = f" AND {expression} >= ''" if leaf.operator.startswith("<") else ""
    elif leaf.operator.startswith(">"):
        guard = f" AND {expression} < ''"
    return Condition(f"({expression} {leaf.operator} ?{guard})", (value,))
