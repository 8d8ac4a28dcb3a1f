"""Checksums of what is stored: one for each vector, and one for each thing, kept in the transaction that stores it.

SQLite does not notice a bit that flipped on the disk. A vector at a position never changes, so its sum is written once,
a row of `sums` for each batch; what is said of a thing may change, and then the later sum counts. Sums of what was
removed stay until `compact`, and are passed over. What an older knnife stored has none.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from knnife.geometry import Positions
from knnife.space.sqlite import tables
from knnife.space.sqlite.tables import AMONG

Sums = NDArray[np.uint64]
StoredThing = tuple[str, str | bytes | None, str, str | None, bytes]  # id, value, about, part_of, content

THINGS = 0  # in place of the number of a view
THING = "id, value, about, part_of, content"
BATCH = 4_096  # rows looked at together
KEPT = 65_536  # sums in a row, once they are put together
ODD = 0x9E3779B97F4A7C15  # the golden ratio: no two words of a vector count alike
SHOWN = 3  # positions named where something is damaged


class Kept(NamedTuple):
    """The sums that are kept, by ascending position."""

    positions: Positions
    sums: Sums

    def differing(self, positions: Positions, sums: Sums) -> Positions:
        """Those of the positions whose sums are not the ones that are kept; without one, nothing can be told."""
        at = np.minimum(np.searchsorted(self.positions, positions), len(self.positions) - 1)
        if not len(self.positions):
            return positions[:0]
        wrong: Positions = positions[(self.positions[at] == positions) & (self.sums[at] != sums)]
        return wrong

    def lacking(self, positions: Positions) -> Positions:
        """Those of the positions that have no sum."""
        return np.setdiff1d(positions, self.positions)


def of_vectors(data: bytes, width: int) -> Sums:
    """The sums of vectors of `width` bytes each, one behind the other: words times odd numbers, modulo 2**64.

    A change within one word always changes the sum.
    """
    if width % 8:
        rows = np.frombuffer(data, np.uint8).reshape(-1, width)
        words = np.pad(rows, ((0, 0), (0, -width % 8))).view("<u8")
    else:
        words = np.frombuffer(data, "<u8").reshape(-1, width // 8)
    sums: Sums = np.einsum("ij,j->i", words, _weights(words.shape[1]))
    return sums


@lru_cache(maxsize=16)
def _weights(count: int) -> Sums:
    return (np.arange(1, count + 1, dtype=np.uint64) * np.uint64(ODD)) | np.uint64(1)


def of_things(things: Iterable[StoredThing]) -> Sums:
    """The sums of things."""
    return np.array([_of_thing(*thing) for thing in things], np.uint64)


def _of_thing(id: str, value: str | bytes | None, about: str, part_of: str | None, content: bytes) -> int:
    text = value if isinstance(value, str) else ""
    try:
        sum = zlib.crc32("\0".join((id, text, about, part_of or "")).encode())
        return zlib.crc32(value, sum) if isinstance(value, bytes) else zlib.crc32(content, sum)
    except TypeError:  # of types that are never written
        return 0


def keep(db: sqlite3.Connection, view: int, positions: Sequence[int] | Positions, sums: Sums) -> None:
    """Write down sums at positions. view: its number, or THINGS."""
    if len(sums):
        blobs = np.asarray(positions, "<i8").tobytes(), sums.astype("<u8", copy=False).tobytes()
        tables.put(db, "sums", [(None, view, *blobs)])


def keep_things(db: sqlite3.Connection, positions: str) -> None:
    """Write down the sums of things as they are stored now; the positions as a JSON list."""
    rows = db.execute(f"SELECT pos, {THING} FROM things WHERE {AMONG}", [positions]).fetchall()
    keep(db, THINGS, [row[0] for row in rows], of_things(row[1:] for row in rows))


def kept(db: sqlite3.Connection, view: int) -> Kept:
    """The sums of the vectors of a view, or of things: of each position the one written last."""
    rows = []
    if tables.there(db, "sums"):
        rows = db.execute("SELECT positions, sums FROM sums WHERE view = ? ORDER BY seq", [view]).fetchall()
    pairs = [(first, second) for first, second in rows if type(first) is type(second) is bytes]
    pairs = [(first, second) for first, second in pairs if len(first) == len(second) and len(first) % 8 == 0]
    positions = np.frombuffer(b"".join(first for first, _ in pairs), "<i8")[::-1]
    unique, last = np.unique(positions, return_index=True)
    return Kept(unique, np.frombuffer(b"".join(second for _, second in pairs), "<u8")[::-1][last])


def stored(db: sqlite3.Connection, view: int, width: int) -> Iterator[tuple[Positions, Sums]]:
    """The sums of what is stored now, a batch at a time; what is no vector of that width is passed over."""
    what = THING if view == THINGS else "vector"
    cursor = db.execute(
        f"SELECT pos, {what} FROM {'things' if view == THINGS else f'vectors_{int(view)}'} ORDER BY pos"
    )
    while rows := cursor.fetchmany(BATCH):
        if view == THINGS:
            sums = of_things(row[1:] for row in rows)
        else:
            rows = [row for row in rows if isinstance(row[1], bytes) and len(row[1]) == width]
            sums = of_vectors(b"".join(row[1] for row in rows), width)
        yield np.array([row[0] for row in rows], np.int64), sums


def damage(db: sqlite3.Connection, view: int, width: int = 0) -> tuple[Positions, int]:
    """The positions where something else is stored than was written, and how many have no sum to tell by."""
    held, wrong, unknown = kept(db, view), [np.empty(0, np.int64)], 0
    for positions, sums in stored(db, view, width):
        wrong.append(held.differing(positions, sums))
        unknown += len(held.lacking(positions))
    return np.concatenate(wrong), unknown


def put_together(db: sqlite3.Connection, view: int, width: int = 0) -> None:
    """Keep only the sums of what is there, in few rows; what has none gets one. None is made anew: damage shows."""
    held, found = kept(db, view), [*stored(db, view, width)]
    positions = np.concatenate([np.empty(0, np.int64), *(each for each, _ in found)])
    sums = np.concatenate([np.empty(0, np.uint64), *(each for _, each in found)])
    at = np.minimum(np.searchsorted(held.positions, positions), max(0, len(held.positions) - 1))
    if len(held.positions):
        sums = np.where(held.positions[at] == positions, held.sums[at], sums)
    if tables.there(db, "sums"):
        db.execute("DELETE FROM sums WHERE view = ?", [view])
    for start in range(0, len(positions), KEPT):
        keep(db, view, positions[start : start + KEPT], sums[start : start + KEPT])


def forget(db: sqlite3.Connection, view: int) -> None:
    """Delete the sums of a view that goes: its number may be used again."""
    if tables.there(db, "sums"):
        db.execute("DELETE FROM sums WHERE view = ?", [view])
