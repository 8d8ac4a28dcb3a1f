"""Ids that come twice within one add, for different things: refused, or taken as the user says.

What came is kept as hashes, 24 bytes a thing, so a million things need as little memory as their ids are long.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import Any, Final, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from knnife.errors import BadInput
from knnife.space.protocols import Store
from knnife.space.records import Row

Twice = Literal["error", "last", "first", "number"]
ID, CONTENT, NUMBER = range(3)  # columns of what came
_GOLDEN: Final = 2  # a run is merged with the one before unless that is so many times as long


class Settled(NamedTuple):
    """The rows of a batch by id, and how many were not taken: equal ones, and different ones of the same id."""

    rows: dict[str, Row]
    equal: int
    repeated: int


class Repeats:
    """What came so far in one add."""

    def __init__(self, twice: Twice, store: Store, source: Any) -> None:
        """twice: "error" raises BadInput for a second thing with an id; the others take one of them, or number it."""
        if twice not in get_args(Twice):
            raise BadInput(f"twice={twice!r}: expected one of {', '.join(map(repr, get_args(Twice)))}")
        self._twice, self._store = twice, store
        self._source = getattr(source, "source", None) or "what was given"
        self._runs: list[NDArray[np.int64]] = []  # (n, 3) each, sorted by hash of the id, the longest first

    def settle(self, rows: Sequence[Row], numbers: Sequence[int]) -> Settled:
        """The rows of one batch that are to be stored; numbers: their places in the source, from 1.

        Raises BadInput, which names both places, for two different things with one id.
        """
        if self._twice == "last":
            return _latest(rows)
        came = np.empty((len(rows), 3), np.int64)
        came[:, ID] = [hash(row[0]) for row in rows]
        came[:, CONTENT] = [hash(row[2:5]) for row in rows]  # metadata, whole, and what is encoded
        came[:, NUMBER] = numbers
        again = self._again(came[:, ID])
        if not again:
            self._keep(came)
            return Settled({row.id: row for row in rows}, 0, 0)
        return self._chosen(rows, came, again)

    def _again(self, hashes: NDArray[np.int64]) -> dict[int, list[tuple[int, int]]]:
        """Of those ids of a batch that came before, or come twice in it: what came before, content and number each."""
        ordered = np.sort(hashes)
        twice = set(ordered[1:][ordered[1:] == ordered[:-1]].tolist())
        for run in self._runs:
            places = np.minimum(np.searchsorted(run[:, ID], ordered), len(run) - 1)
            twice |= set(ordered[run[places, ID] == ordered].tolist())
        found: dict[int, list[tuple[int, int]]] = {each: [] for each in twice}
        for each, before in found.items():
            for run in self._runs:
                low, high = np.searchsorted(run[:, ID], each), np.searchsorted(run[:, ID], each, "right")
                before += [(content, number) for _, content, number in run[low:high].tolist()]
            before.sort(key=lambda one: one[1])
        return found

    def _chosen(self, rows: Sequence[Row], came: NDArray[np.int64], again: dict[int, list[tuple[int, int]]]) -> Settled:
        """The rows of a batch in which ids come again."""
        taken: dict[str, Row] = {}
        named = {row.id for row in rows}
        kept, equal, repeated = [], 0, 0
        for row, (id, content, number) in zip(rows, came.tolist(), strict=True):
            before = again.setdefault(id, [])
            if any(content == other for other, _ in before):
                equal += 1
                continue
            if before and self._twice == "first":
                repeated += 1
                continue
            if before and self._twice == "error":
                raise BadInput(self._told(row.id, before[0][1], number))
            if before:
                row = self._numbered(row, len(before) + 1, named, taken)
                again.setdefault(hash(row.id), []).append((content, number))
                kept.append((hash(row.id), content, number))
            before.append((content, number))
            kept.append((id, content, number))
            taken[row.id] = row
        self._keep(np.array(kept, np.int64).reshape(-1, 3))
        return Settled(taken, equal, repeated)

    def _numbered(self, row: Row, number: int, named: Container[str], taken: Container[str]) -> Row:
        """A row under its id with a number: one that is free, or that the space holds with the same content.

        The latter was given by an earlier run of the same add, whatever else of the source has that name.
        """
        with self._store.read() as snapshot:
            while True:
                id = f"{row.id} ({number})"
                ((position, content, _, _),) = snapshot.held([id])
                came = id in taken or self._again(np.array([hash(id)], np.int64))
                if not came and (content == row.content if position is not None else id not in named):
                    return row._replace(id=id)
                number += 1

    def _keep(self, came: NDArray[np.int64]) -> None:
        if not len(came):
            return
        self._runs.append(came[np.argsort(came[:, ID], kind="stable")])
        while len(self._runs) > 1 and len(self._runs[-2]) < _GOLDEN * len(self._runs[-1]):
            both = np.concatenate([self._runs.pop(-2), self._runs.pop()])
            self._runs.append(both[np.argsort(both[:, ID], kind="stable")])

    def _told(self, id: str, first: int, second: int) -> str:
        return (
            f"{id!r:.100} is the id of rows {first:,} and {second:,} of {self._source}, and they differ: name a column "
            "whose values are unique, or say which to take: twice='last', 'first' or 'number' (--twice on the command "
            "line). Of rows of one customer, read(..., row=True, by=COLUMN) makes one thing (--row --by COLUMN)"
        )


def _latest(rows: Sequence[Row]) -> Settled:
    """Of rows with one id the last, in the place of the last."""
    taken: dict[str, Row] = {}
    equal = repeated = 0
    for row in rows:
        earlier = taken.pop(row.id, None)
        if earlier is not None:
            equal, repeated = equal + (earlier[:5] == row[:5]), repeated + (earlier[:5] != row[:5])
        taken[row.id] = row
    return Settled(taken, equal, repeated)
