"""From ids to positions, from positions to vectors, from names to views."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from knnife.errors import BadInput, NotFound
from knnife.geometry import Vectors, gathered
from knnife.space import unmatched
from knnife.space.filter_tree import Tree
from knnife.space.filters import parse_filter
from knnife.space.protocols import Snapshot, Store, Writer
from knnife.space.records import View
from knnife.things import Thing
from knnife.things.reading import RowError
from knnife.things.scalars import elements, name_of

CHUNK = 1_000  # things read at a time where all are wanted


def filter_for(store: Store, where: str | Mapping[str, Any] | None) -> Tree | None:
    """The tree of a filter that a store is to be asked with; None for no filter. Raises BadFilter."""
    if where is None:
        return None
    tree = parse_filter(where)
    store.prepare(tree)
    return tree


def pick(found: Sequence[View], name: str | None) -> View | None:
    """The view of that name, or the default one (None in a space that has no vectors yet)."""
    if name is None:
        return next((view for view in found if view.is_default), None)
    for view in found:
        if view.name == name:
            return view
    names = ", ".join(view.name for view in found) or "none yet"
    raise NotFound(f"there is no view {name!r} in this space; its views: {names}")


def ready(found: Sequence[View], name: str | None) -> View | None:
    """The view picked, if it may be asked. Raises BadInput for one that a re-encoding has not filled yet."""
    view = pick(found, name)
    if view is not None and not view.ready:
        raise BadInput(f"the view {view.name!r} is not complete yet; `knnife reencode` with its encoder goes on")
    return view


def several(ids: Any) -> list[str]:
    """One id or several, of any type that `add` takes, as texts. Raises BadInput for what is no id."""
    found = list(ids) if isinstance(ids, Mapping) else elements(ids)
    return [_id(id) for id in ([ids] if found is None else found)]


def _id(id: Any) -> str:
    if isinstance(id, str):
        return str.__str__(id)
    try:
        return name_of(id)
    except RowError as error:
        raise BadInput(f"id {id!r:.60}: expected a text, got {type(id).__name__}") from error


def is_held(snapshot: Snapshot, id: Any) -> bool:
    """Whether there is a thing of that id, which may be anything."""
    try:
        named = _id(id)
    except BadInput:
        return False
    return named in snapshot.positions([named])


def positions_of(snapshot: Snapshot, ids: Sequence[str], *, wholes: bool = False) -> list[int]:
    """The positions of ids, in their order; with `wholes`, an id also stands for all things that are part of it."""
    found = snapshot.positions(ids, wholes=wholes)
    if missing := [id for id in ids if id not in found]:
        shown = ", ".join(repr(id) for id in missing[:5]) + (", …" if len(missing) > 5 else "")
        raise NotFound(f"{len(missing)} of {len(ids)} ids are not in the space: {shown}")
    return [pos for id in ids for pos in found[id]]


def vectors_of(snapshot: Snapshot, view: View | None, ids: Iterable[str] | None) -> tuple[list[str], Vectors]:
    """The ids and vectors `(n, d)` of these ids in that order, or of all things in the order of their arrival."""
    if view is None:
        return [], np.empty((0, 0), np.float32)
    if ids is not None:
        wanted = several(ids)
        return wanted, vectors_at(snapshot, view, positions_of(snapshot, wanted))
    positions, vectors = gathered(snapshot.vectors(view), snapshot.state.things, view.dim)
    named = dict(snapshot.ids())
    return [named[pos] for pos in positions.tolist()], vectors


def vectors_at(snapshot: Snapshot, view: View, positions: Sequence[int]) -> Vectors:
    """The vectors `(n, d)` at positions, in their order."""
    unique = sorted(set(positions))
    found, vectors = gathered(snapshot.vectors(view, unique), len(unique), view.dim)
    if len(found) < len(unique):
        again = "it was derived for others" if view.origin else "it was left behind"
        hint = "derive it anew" if view.origin else "`knnife reencode` with its encoder completes it"
        raise NotFound(
            f"{len(unique) - len(found)} of these things have no vector in the view {view.name!r}: {again}; {hint}"
        )
    return vectors[np.searchsorted(found, positions)]


def batches(snapshot: Snapshot, view: View | None) -> Iterator[tuple[list[str], Vectors]]:
    """The ids and vectors of all things, in the order of their arrival, a few thousand at a time."""
    for positions, vectors in snapshot.vectors(view) if view is not None else ():
        named = snapshot.things(positions.tolist())
        yield [named[position].id or "" for position in positions.tolist()], vectors


def remove(writer: Writer, ids: Sequence[str], tree: Tree | None) -> int:
    """Remove things by id, or the parts of a whole by its id, and all that a filter matches; the number removed.

    Raises BadFilter where the filter matches all things for the want of a field that no thing has.
    """
    chosen = set(positions_of(writer, ids, wholes=True))
    if tree is not None:
        found = writer.matching(tree)
        unmatched.refuse_all(writer, tree, len(found))
        unmatched.warn(writer, tree, len(found))
        chosen.update(map(int, found))
    if chosen:
        writer.remove(sorted(chosen))
    return len(chosen)


def whole_number(name: str, value: Any) -> int:
    """`value` as an int of 1 or more; numpy's integers count too."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)) or value < 1:
        raise BadInput(f"{name} is {value!r}; expected a whole number, 1 or more")
    return int(value)


def stream(store: Store, tree: Tree | None) -> Iterator[Thing]:
    """All things that a filter matches, in the order of their arrival, as they are when the first one is asked for.

    One snapshot lasts until the end, so what is written meanwhile is not met: things made from things would come again.
    """
    last = total = 0
    with store.read() as snapshot:
        while found := snapshot.scan(tree, last, CHUNK):
            last, total = found[-1][0], total + len(found)
            for _, thing in found:
                yield thing
            with store.read():  # raises where the space was closed, or moved, by now
                pass
        unmatched.warn(snapshot, tree, total)
