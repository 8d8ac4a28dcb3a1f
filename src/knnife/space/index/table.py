"""Tables of rows that are only ever appended to, so that snapshots can share them.

A `Column` is a window onto the beginning of a larger buffer. Extending it writes behind the window, where no older
snapshot looks; only when the buffer is full, or another snapshot has written there, is it copied, to twice the size.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knnife.geometry import Positions, Vectors

ID_ERRORS = "surrogatepass"  # Python strings may hold lone surrogates; they must come back as they went in


class _Buffer:
    """The memory behind columns, and how many of its rows are taken."""

    def __init__(self, array: NDArray[Any], used: int) -> None:
        self.array, self.used, self.lock = array, used, threading.Lock()


@dataclass(frozen=True)
class Column:
    """The first `n` rows of a buffer."""

    n: int
    _buffer: _Buffer = field(repr=False)

    @classmethod
    def of(cls, array: NDArray[Any]) -> Column:
        """A column that is `array`, which is not copied and must not be changed any more."""
        return cls(len(array), _Buffer(array, len(array)))

    @property
    def array(self) -> NDArray[Any]:
        """The rows, `(n, ...)`."""
        return self._buffer.array[: self.n]

    def extended(self, rows: NDArray[Any]) -> Column:
        """A column with more rows behind those of this one, which stays as it is."""
        if not len(rows):
            return self
        n, buffer = self.n + len(rows), self._buffer
        with buffer.lock:
            if buffer.used != self.n or n > len(buffer.array):
                array = np.empty((max(n, 2 * self.n), *buffer.array.shape[1:]), buffer.array.dtype)
                array[: self.n] = self.array
                buffer = _Buffer(array, self.n)
            buffer.array[self.n : n] = rows
            buffer.used = n
        return Column(n, buffer)


@dataclass(frozen=True)
class Table:
    """Points, row by row: position (ascending), vector, id."""

    positions_column: Column
    vectors_column: Column
    id_ends: Column  # where each id ends in `id_bytes`
    id_bytes: Column

    @classmethod
    def empty(cls, dim: int) -> Table:
        """No rows of vectors of `dim` components."""
        return cls.of(np.empty(0, np.int64), np.empty((0, dim), np.float32), *pack_ids([]))

    @classmethod
    def of(
        cls, positions: Positions, vectors: Vectors, id_ends: NDArray[np.int64], id_bytes: NDArray[np.uint8]
    ) -> Table:
        """The rows given, which are not copied."""
        return cls(*(Column.of(array) for array in (positions, vectors, id_ends, id_bytes)))

    def __len__(self) -> int:
        return self.positions_column.n

    def check(self) -> None:
        """Raises ValueError where the columns do not fit together, as they may when a file was made by others."""
        n, positions, vectors, ends, data = len(self), self.positions, self.vectors, self.id_ends.array, self.id_bytes
        kinds = [each.dtype for each in (positions, vectors, ends, data.array)]
        if kinds != [np.int64, np.float32, np.int64, np.uint8]:
            raise ValueError("columns of other numbers")
        if [each.shape for each in (positions, ends, data.array)] != [(n,), (n,), (data.n,)]:
            raise ValueError("columns of other lengths")
        if vectors.ndim != 2 or len(vectors) != n or (np.diff(positions) <= 0).any():
            raise ValueError("positions that do not ascend, or not one for each vector")
        if (np.diff(ends, prepend=0) < 0).any() or (ends[-1] if n else 0) != data.n:
            raise ValueError("ids that are not one behind the other")

    @property
    def positions(self) -> Positions:
        """`(n,)` int64, ascending."""
        return self.positions_column.array

    @property
    def vectors(self) -> Vectors:
        """`(n, d)`."""
        return self.vectors_column.array

    def extended(self, positions: Positions, vectors: Vectors, ids: Sequence[str]) -> Table:
        """A table with more rows; this one stays as it is."""
        ends, data = pack_ids(ids)
        return Table(
            self.positions_column.extended(positions),
            self.vectors_column.extended(vectors),
            self.id_ends.extended(ends + self.id_bytes.n),
            self.id_bytes.extended(data),
        )

    def find(self, positions: Positions) -> NDArray[np.int64]:
        """The rows of positions `(p,)`, -1 where there is none."""
        own = self.positions
        n = len(own)
        if n == 0:
            return np.full(positions.shape, -1)
        if own[-1] - own[0] == n - 1:  # nothing is missing between: arithmetic will do
            rows = positions - own[0]
            return np.where((rows >= 0) & (rows < n), rows, -1)
        rows = np.minimum(np.searchsorted(own, positions), n - 1)
        return np.where(own[rows] == positions, rows, -1)

    def taken(self, rows: NDArray[np.int64]) -> Table:
        """A table of some rows, ascending."""
        packed = _take_ids(self.id_ends.array, self.id_bytes.array, rows)
        return Table.of(self.positions[rows], self.vectors[rows], *packed)

    def joined(self, other: Table) -> Table:
        """A table of these rows and then those of another."""
        pairs = (
            (self.positions, other.positions),
            (self.vectors, other.vectors),
            (self.id_ends.array, other.id_ends.array + self.id_bytes.n),
            (self.id_bytes.array, other.id_bytes.array),
        )
        return Table(*(Column.of(np.concatenate(pair)) for pair in pairs))

    def ids(self, rows: NDArray[np.int64]) -> list[str]:
        """The ids of some rows `(p,)`."""
        ends = self.id_ends.array
        stops = ends[rows]
        starts = np.where(rows > 0, ends[rows - 1], 0) if len(ends) else stops
        data = self.id_bytes.array.data
        pairs = zip(starts.tolist(), stops.tolist(), strict=True)
        return [str(data[start:stop], "utf-8", ID_ERRORS) for start, stop in pairs]


def pack_ids(ids: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Ids as the places where each ends `(n,)`, and their UTF-8 bytes one after the other."""
    encoded = [id.encode("utf-8", ID_ERRORS) for id in ids]
    ends = np.cumsum(np.fromiter(map(len, encoded), np.int64, len(encoded)))
    return ends, np.frombuffer(b"".join(encoded), np.uint8)


def _take_ids(
    ends: NDArray[np.int64], data: NDArray[np.uint8], rows: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Packed ids of some ascending rows, packed again."""
    starts = np.where(rows > 0, ends[rows - 1], 0) if len(rows) else rows
    lengths = ends[rows] - starts
    new_ends = np.cumsum(lengths)
    shift = np.repeat(starts - (new_ends - lengths), lengths)
    return new_ends, data[np.arange(int(lengths.sum())) + shift]
