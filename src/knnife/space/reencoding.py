"""Re-encoding: a new view beside the old one, filled while the old one answers, then switched to in one transaction.

Things that are added later get vectors in the default view only; the others fall behind, and are completed before they
become the default again. So the way back is the same as the way there: complete, then switch.
"""

from __future__ import annotations

import sqlite3
import time

from knnife.encoders import Encoder
from knnife.errors import BadInput, KnnifeError, NotFound
from knnife.geometry import Vectors
from knnife.space import views
from knnife.space.adding import BATCH_SECONDS, LARGEST_BATCH, SMALLEST_BATCH, Progress
from knnife.space.answers import Reencoded
from knnife.space.models import Models
from knnife.space.sqlite import stored_encoders
from knnife.space.sqlite.store import Store, set_state, state
from knnife.space.views import Dtype, View
from knnife.things.kinds import kind


def reencode(
    store: Store,
    models: Models,
    encoder: Encoder,
    dtype: Dtype,
    name: str | None,
    switch: bool,
    progress: Progress | None,
) -> Reencoded:
    """See `Space.reencode`. Things that others add meanwhile are caught up with before the switch."""
    with store.write() as db:
        old = views.pick(views.views(db), None)
        if old and old.kind and not kind(encoder.kind).shares_values(kind(old.kind)):
            hint = f": {kind(old.kind).encoders}" if kind(old.kind).encoders else ""
            raise BadInput(
                f"the things of {store.path} were encoded as {old.kind}, and the encoder {encoder.name} takes "
                f"{encoder.kind}{hint}"
            )
        view = _prepared(db, encoder, name or encoder.name, dtype)
    return _complete(store, models, view, old, switch or old is None, progress)


def use(store: Store, models: Models, name: str, progress: Progress | None) -> Reencoded:
    """See `Space.use`."""
    with store.read() as db:
        found = views.views(db)
        old, view = views.pick(found, None), views.pick(found, name)
        assert view is not None  # a name that is not there is an error
        if missing := _missing(db, view, 0, 1):
            _check_encoder(db, store, models, view, missing[0][0])
    return _complete(store, models, view, old, True, progress)


def drop(store: Store, name: str) -> int:
    """Delete a view that is not the default; its number."""
    with store.write() as db:
        view = views.pick(views.views(db), name)
        if view is None:
            raise NotFound("there is no view in this space yet")
        if view.is_default:
            raise BadInput(
                f"the view {name!r} is the one that answers; let another one answer first: "
                f"knnife reencode {store.path} --use VIEW, or --encoder NAME"
            )
        db.execute(f"DROP TABLE {view.table}")
        db.execute("DELETE FROM views WHERE number = ?", [view.number])
        stored_encoders.forget_unused(db)
        set_state(db, state(db))
    return view.number


def _prepared(db: sqlite3.Connection, encoder: Encoder, name: str, dtype: Dtype) -> View:
    """The view of this encoder that is there already (of an interrupted run, or the one before), or a new one."""
    found = views.views(db)
    for view in found:
        if view.fingerprint == encoder.fingerprint:
            return view
    taken = {view.name for view in found}
    stored_encoders.keep(db, encoder)
    unique = next(n for i in range(1, len(taken) + 2) if (n := name if i == 1 else f"{name}-{i}") not in taken)
    return views.make(
        db,
        View(
            0,
            unique,
            encoder.name,
            encoder.fingerprint,
            encoder.kind,
            encoder.dim,
            dtype,
            ready=False,
            is_default=False,
        ),
    )


def _check_encoder(db: sqlite3.Connection, store: Store, models: Models, view: View, first: int) -> None:
    """Raises BadInput where a view lacks things, `first` among their positions, and cannot be completed."""
    id = db.execute("SELECT id FROM things WHERE pos = ?", [first]).fetchone()[0]
    lacks = f"the view {view.name!r} lacks {state(db).things - views.count(db, view):,} of the things, such as {id!r}, "
    if view.encoder is None:
        raise BadInput(
            f"{lacks}and nothing can encode them, because its vectors were brought along. Remove these things first "
            f"(knnife remove {store.path} ID), or let the view that answers now go on"
        )
    try:
        models.of(view)
    except KnnifeError as error:
        raise BadInput(
            f"{lacks}and its encoder is not at hand: {error}. With the folder of that encoder: "
            f"knnife reencode {store.path} --encoder FOLDER"
        ) from error


def _complete(
    store: Store, models: Models, view: View, old: View | None, switch: bool, progress: Progress | None
) -> Reencoded:
    """Encode what a view lacks, in batches of about a second; when nothing is missing, it is ready, or the default."""
    began = time.perf_counter()
    size, encoded, after = SMALLEST_BATCH, 0, 0
    with store.read() as db:
        held = views.count(db, view)
    while True:
        started = time.perf_counter()
        with store.read() as db:
            missing = _missing(db, view, after, size)
            things = state(db).things
        if not missing:
            if _switch(store, view, switch):
                break
            after = 0
            continue
        after = missing[-1][0]
        vectors = models.encode(view, [value for _, value in missing])
        with store.write() as db:
            _fill(db, view, [pos for pos, _ in missing], vectors)
        encoded += len(missing)
        if progress:
            progress(encoded, min(1.0, (held + encoded) / max(1, things)))
        wanted = int(size * BATCH_SECONDS / max(time.perf_counter() - started, 1e-6))
        size = max(SMALLEST_BATCH, min(LARGEST_BATCH, 4 * size, wanted))
    return Reencoded(view.name, old.name if old else None, switch, encoded, time.perf_counter() - began)


def _missing(db: sqlite3.Connection, view: View, after: int, size: int) -> list[tuple[int, str | bytes]]:
    """Up to `size` things (position, value) behind a position that have no vector in the view yet."""
    lacks = f"NOT EXISTS (SELECT 1 FROM {view.table} v WHERE v.pos = things.pos)"
    sql = f"SELECT pos, value FROM things WHERE pos > ? AND {lacks} ORDER BY pos LIMIT ?"
    rows: list[tuple[int, str | bytes]] = db.execute(sql, [after, size]).fetchall()
    for pos, value in rows:
        if value is None:
            id = db.execute("SELECT id FROM things WHERE pos = ?", [pos]).fetchone()[0]
            raise BadInput(
                f"thing {id!r} has a vector but no value, so it cannot be encoded; remove it, or add its text"
            )
    return rows


def _fill(db: sqlite3.Connection, view: View, positions: list[int], vectors: Vectors) -> None:
    """Store vectors of things that are still there: others may have removed some meanwhile."""
    between = "WHERE pos BETWEEN ? AND ?"
    ends = (positions[0], positions[-1])
    there = {row[0] for row in db.execute(f"SELECT pos FROM things {between}", ends)}
    there -= {row[0] for row in db.execute(f"SELECT pos FROM {view.table} {between}", ends)}
    keep = [i for i, pos in enumerate(positions) if pos in there]
    views.put(db, view, [positions[i] for i in keep], vectors[keep])
    # Indexes that looked at these positions already cannot follow, and are told so.
    db.execute("UPDATE views SET filled = ? WHERE number = ?", (state(db).number + 1, view.number))
    set_state(db, state(db))


def _switch(store: Store, view: View, switch: bool) -> bool:
    """Make a complete view ready, and the default if so wanted: nothing is added between the look and the switch."""
    with store.write() as db:
        if _missing(db, view, 0, 1):
            return False
        db.execute("UPDATE views SET ready = 1 WHERE number = ?", [view.number])
        if switch:
            db.execute("UPDATE views SET is_default = (number = ?)", [view.number])
        set_state(db, state(db))
    return True
