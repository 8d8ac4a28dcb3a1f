"""Views: what one encoder makes of the things of a space, and how its vectors are kept.

A vector is a blob of little-endian numbers: float32 (exact), float16 (half the bytes), or int8 (a quarter: a float32
scale, then one signed byte a component; x ≈ scale * byte). What rounding costs is measured on every vector added:
the relative error |x - rounded x| / |x|.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from knnife.errors import BadInput, NotASpace, NotFound
from knnife.geometry import Positions, Vectors, lengths

Dtype = Literal["float32", "float16", "int8"]
DTYPES: tuple[str, ...] = get_args(Dtype)


class View(NamedTuple):
    """One row of the table `views`."""

    number: int
    name: str
    encoder: str | None
    fingerprint: str | None
    kind: str | None
    dim: int
    dtype: Dtype
    ready: bool
    is_default: bool
    filled: int = 0
    loss_sum: float = 0.0
    loss_max: float = 0.0
    loss_count: int = 0

    @property
    def table(self) -> str:
        """The name of the table that holds its vectors."""
        return f"vectors_{int(self.number)}"

    @property
    def width(self) -> int:
        """The bytes of one vector."""
        return {"float32": 4 * self.dim, "float16": 2 * self.dim, "int8": 4 + self.dim}[self.dtype]


_COLUMNS = ", ".join(View._fields)


def views(db: sqlite3.Connection) -> list[View]:
    """All views of a space, the oldest first."""
    rows = db.execute(f"SELECT {_COLUMNS} FROM views ORDER BY number").fetchall()
    return [View(*row)._replace(ready=bool(row[7]), is_default=bool(row[8])) for row in rows]


def pick(found: Sequence[View], name: str | None) -> View | None:
    """The view of that name, or the default one (None in a space that has no vectors yet)."""
    if name is None:
        return next((v for v in found if v.is_default), None)
    for view in found:
        if view.name == name:
            return view
    names = ", ".join(v.name for v in found) or "none yet"
    raise NotFound(f"there is no view {name!r} in this space; its views: {names}")


def ready(found: Sequence[View], name: str | None) -> View | None:
    """The view picked, if it may be asked. Raises BadInput for one that a re-encoding has not filled yet."""
    view = pick(found, name)
    if view is not None and not view.ready:
        raise BadInput(f"the view {view.name!r} is not complete yet; `knnife reencode` with its encoder goes on")
    return view


def count(db: sqlite3.Connection, view: View) -> int:
    """How many vectors a view has. Counting a million takes a second."""
    return int(db.execute(f"SELECT count(*) FROM {view.table}").fetchone()[0])


def make(db: sqlite3.Connection, view: View) -> View:
    """Add a view (its number is given here) and the table of its vectors."""
    number = db.execute("SELECT coalesce(max(number), 0) + 1 FROM views").fetchone()[0]
    view = view._replace(number=number)
    db.execute(f"INSERT INTO views ({_COLUMNS}) VALUES ({', '.join('?' * len(view))})", view)
    db.execute(f"CREATE TABLE {view.table} (pos INTEGER PRIMARY KEY, vector BLOB NOT NULL)")
    return view


def put(db: sqlite3.Connection, view: View, positions: Iterable[int], vectors: Vectors) -> None:
    """Store vectors `(n, d)` under their positions, and add up what rounding cost."""
    blobs, losses = pack(vectors, view.dtype)
    db.executemany(f"INSERT INTO {view.table} VALUES (?, ?)", zip(positions, blobs, strict=True))
    if losses is not None:
        db.execute(
            "UPDATE views SET loss_sum = loss_sum + ?, loss_max = max(loss_max, ?), loss_count = loss_count + ? "
            "WHERE number = ?",
            [float(losses.sum()), float(losses.max(initial=0)), len(losses), view.number],
        )


def take(
    db: sqlite3.Connection, view: View, condition: str = "1", parameters: Sequence[Any] = (), *, most: int
) -> tuple[Positions, Vectors]:
    """The positions `(n,)`, ascending, and vectors `(n, d)` of the at most `most` rows that meet an SQL condition.

    Raises NotASpace where a blob is no vector of this view.
    """
    positions, vectors = np.empty(most, np.int64), np.empty((most, view.dim), np.float32)
    cursor = db.execute(f"SELECT pos, vector FROM {view.table} WHERE {condition} ORDER BY pos", parameters)
    n = 0
    while rows := cursor.fetchmany(4_096):  # into place, so that a million vectors are in memory only once
        block = slice(n, n := n + len(rows))
        positions[block] = [row[0] for row in rows]
        blobs = [row[1] for row in rows]
        if set(map(type, blobs)) != {bytes} or set(map(len, blobs)) != {view.width}:
            raise _damaged(db, view, rows)
        vectors[block] = unpack(b"".join(blobs), view.dim, view.dtype)
    return positions[:n], vectors[:n]


def _damaged(db: sqlite3.Connection, view: View, rows: Sequence[tuple[int, Any]]) -> NotASpace:
    """What is said of rows among which something else than a vector was found."""
    path = db.execute("PRAGMA database_list").fetchone()[2]
    pos, blob = next(row for row in rows if not isinstance(row[1], bytes) or len(row[1]) != view.width)
    found = f"{len(blob)} bytes" if isinstance(blob, bytes) else f"a {type(blob).__name__}"
    return NotASpace(
        f"{path} is damaged: the vector of the thing at position {pos} in the view {view.name!r} is {found}, expected "
        f"{view.width} bytes; restore the file from a copy, or see `knnife doctor {path}` for what can be rescued"
    )


def pack(vectors: Vectors, dtype: Dtype) -> tuple[list[bytes], Vectors | None]:
    """One blob a vector, and the relative rounding errors `(n,)` (None for float32, which has none)."""
    rows = _PACK[dtype](vectors)
    width, joined = rows.shape[1] * rows.itemsize, rows.tobytes()
    blobs = [joined[i : i + width] for i in range(0, len(joined), width)]
    if dtype == "float32":
        return blobs, None
    return blobs, _losses(vectors, unpack(joined, vectors.shape[1], dtype))


def _float32(vectors: Vectors) -> NDArray[Any]:
    return vectors.astype("<f4", copy=False)


def _float16(vectors: Vectors) -> NDArray[Any]:
    with np.errstate(over="ignore"):
        rounded = vectors.astype("<f2")
    if not np.isfinite(rounded).all():
        raise BadInput("a component is beyond the range of float16 (65504); use dtype float32 or int8")
    return rounded


def _int8(vectors: Vectors) -> NDArray[Any]:
    scale = np.abs(vectors).max(axis=1, keepdims=True, initial=0).astype("<f4") / np.float32(127)
    steps = np.divide(vectors, scale, out=np.zeros_like(vectors), where=scale > 0)
    return np.hstack([scale.astype("<f4").view(np.uint8), np.rint(steps).astype(np.int8).view(np.uint8)])


_PACK: dict[Dtype, Callable[[Vectors], NDArray[Any]]] = {"float32": _float32, "float16": _float16, "int8": _int8}


def unpack(data: bytes, dim: int, dtype: Dtype) -> Vectors:
    """The vectors `(n, dim)` in the joined blobs of n rows."""
    if dtype == "float32":
        return np.frombuffer(data, "<f4").reshape(-1, dim).astype(np.float32, copy=False)
    if dtype == "float16":
        return np.frombuffer(data, "<f2").reshape(-1, dim).astype(np.float32)
    rows = np.frombuffer(data, np.uint8).reshape(-1, dim + 4)
    scale = np.ascontiguousarray(rows[:, :4]).view("<f4")
    vectors: Vectors = np.multiply(rows[:, 4:].view(np.int8), scale, dtype=np.float32)
    return vectors


def _losses(exact: Vectors, rounded: Vectors) -> Vectors:
    norms = lengths(exact)
    relative: Vectors = np.divide(lengths(exact - rounded), norms, out=np.zeros_like(norms), where=norms > 0)
    return relative
