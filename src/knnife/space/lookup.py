"""From ids to positions, from positions to things and vectors, from questions to query vectors."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from knnife.errors import BadInput, NotFound
from knnife.geometry import Positions, Vectors, as_vectors
from knnife.space.models import Models
from knnife.space.sqlite.conditions import Condition
from knnife.space.sqlite.store import Store, state
from knnife.space.views import View, take
from knnife.things import Thing

VALUES = (str, bytes, os.PathLike, Mapping)  # what a query may be beside a vector
CHUNK = 1_000  # things read at a time where all are wanted


def positions_of(db: sqlite3.Connection, ids: Sequence[str], *, wholes: bool = False) -> list[int]:
    """The positions of ids, in their order; with `wholes`, an id also stands for all things that are part of it."""
    for id in ids:
        if not isinstance(id, str):
            raise BadInput(f"id {id!r}: expected a text, got {type(id).__name__}")
    listed = json.dumps(ids)
    sql = "SELECT things.id, pos FROM json_each(?) AS given JOIN things ON things.id = given.value"
    found: dict[str, list[int]] = {id: [pos] for id, pos in db.execute(sql, [listed])}
    if wholes:
        parts = "SELECT part_of, pos FROM json_each(?) AS given JOIN things ON part_of = given.value"
        for whole, pos in db.execute(parts, [listed]).fetchall():
            found.setdefault(whole, []).append(pos)
    if missing := [id for id in ids if id not in found]:
        shown = ", ".join(repr(id) for id in missing[:5]) + (", …" if len(missing) > 5 else "")
        raise NotFound(f"{len(missing)} of {len(ids)} ids are not in the space: {shown}")
    return [pos for id in ids for pos in found[id]]


def things_at(db: sqlite3.Connection, positions: Iterable[int]) -> dict[int, Thing]:
    """The things at positions, by position; positions that are gone are left out."""
    wanted = "json_each(?) AS given JOIN things ON pos = given.value"
    sql = f"SELECT pos, things.id, things.value, about, part_of FROM {wanted}"
    return {
        pos: Thing(id, value, json.loads(about), part_of)
        for pos, id, value, about, part_of in db.execute(sql, [json.dumps(list(positions))])
    }


def all_vectors(db: sqlite3.Connection, view: View) -> tuple[list[str], Vectors]:
    """The ids and vectors `(n, d)` of all things in a view, in the order of their arrival."""
    positions, vectors = take(db, view, most=state(db).things)
    named = dict(db.execute("SELECT pos, id FROM things"))
    return [named[pos] for pos in positions.tolist()], vectors


def vectors_of(db: sqlite3.Connection, view: View | None, ids: Iterable[str] | None) -> tuple[list[str], Vectors]:
    """See `Space.vectors`."""
    if view is None:
        return [], np.empty((0, 0), np.float32)
    if ids is None:
        return all_vectors(db, view)
    wanted = list(ids)
    return wanted, vectors_at(db, view, positions_of(db, wanted))


def vectors_at(db: sqlite3.Connection, view: View, positions: Sequence[int]) -> Vectors:
    """The vectors `(n, d)` at positions, in their order."""
    unique = sorted(set(positions))
    condition = "pos IN (SELECT value FROM json_each(?))"
    found, vectors = take(db, view, condition, [json.dumps(unique)], most=len(unique))
    if len(found) < len(unique):
        raise NotFound(
            f"{len(unique) - len(found)} of these things have no vector in the view {view.name!r}: it was left behind; "
            f"`knnife reencode` with its encoder completes it"
        )
    return vectors[np.searchsorted(found, positions)]


def query_vectors(
    db: sqlite3.Connection, view: View, models: Models, queries: Any, ids: Iterable[str] | None
) -> tuple[Vectors, Positions | None]:
    """The vectors `(m, d)` of a question, and the positions `(m,)` of the things that ask (None for others)."""
    if (queries is None) == (ids is None):
        raise BadInput("give either queries (texts, rows or vectors) or ids, not both and not neither")
    if ids is not None:
        positions = positions_of(db, [ids] if isinstance(ids, str) else list(ids))
        return vectors_at(db, view, positions), np.array(positions, np.int64)
    if isinstance(queries, VALUES):
        queries = [queries]
    if isinstance(queries, (list, tuple)) and (not queries or any(isinstance(q, VALUES) for q in queries)):
        return models.encode_query(view, queries), None
    return as_vectors(queries, view.dim, "query"), None


def best_first(
    queries: Positions, positions: Positions, scores: Vectors, own: Positions | None
) -> tuple[Positions, Positions, Vectors]:
    """Pairs of queries (their numbers) and positions, best first for each query; no thing with itself."""
    order = np.lexsort((positions, -scores, queries))
    if own is not None:
        order = order[positions[order] != own[queries[order]]]
    return queries[order], positions[order], scores[order]


def whole_number(name: str, value: Any) -> int:
    """`value` as an int of 1 or more; numpy's integers count too."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)) or value < 1:
        raise BadInput(f"{name} is {value!r}; expected a whole number, 1 or more")
    return int(value)


def stream(store: Store, condition: Condition | None) -> Iterator[Thing]:
    """All things that meet a condition, in the order of their arrival."""
    sql, parameters = (condition.sql, condition.parameters) if condition else ("1", ())
    select = f"SELECT pos, id, value, about, part_of FROM things WHERE pos > ? AND {sql} ORDER BY pos LIMIT {CHUNK}"
    last = 0
    while True:
        with store.read() as db:  # a short look at a time, so that a slow consumer holds no log back
            rows = db.execute(select, [last, *parameters]).fetchall()
        if not rows:
            return
        last = rows[-1][0]
        for _, id, value, about, part_of in rows:
            yield Thing(id, value, json.loads(about), part_of)
