"""What the rows of many owners add up to, column by column, as arrays over the owners: no row is kept.

An owner is a number from 0, a customer for instance. Each kind of column takes blocks of cells (`add`) and says in the
end what they come to (`told`): lists with an element for each owner, by the words behind the name of the column.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from knnife.things.scalars import name_of

Owners = NDArray[np.int64]
Told = Mapping[str, list[Any]]

DIFFERENT: Final = 100_000  # values of a column: with more of them it has no categories
DIGITS: Final = 12  # of sums and means: the last ones depend on the order of the rows
_MERGED: Final = 1 << 20  # pairs that wait to be merged, at least
_DAY: Final = 86_400
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DATE: Final = len("2024-01-01")


class ColumnTally(Protocol):
    """What a column comes to. misfits: cells that are not of its kind, and do not count. full: see `CategoryTally`."""

    misfits: int
    full: bool

    def add(self, owners: Owners, cells: Sequence[Any]) -> None:
        """Adds a block: the owner of each cell, and the cells."""
        ...

    def told(self, count: int) -> Told:
        """What is told of each of so many owners."""
        ...


class OwnerSums:
    """How often something was there for each owner, and the sum of it."""

    def __init__(self) -> None:
        self.counts, self.sums = np.zeros(0), np.zeros(0)

    def add(self, owners: Owners, numbers: NDArray[np.float64]) -> None:
        """Adds numbers that are there, `(n,)`, and the owner of each."""
        size = max(len(self.counts), int(owners.max(initial=-1)) + 1)
        self.counts = _longer(self.counts, size, 0.0) + np.bincount(owners, minlength=size)
        with np.errstate(over="ignore", invalid="ignore"):  # what overflows is told as missing
            self.sums = _longer(self.sums, size, 0.0) + np.bincount(owners, numbers, minlength=size)


class NumberTally:
    """The sum and the mean of numbers."""

    full = False

    def __init__(self) -> None:
        self.misfits, self._sums = 0, OwnerSums()

    def add(self, owners: Owners, cells: Sequence[Any]) -> None:
        """Adds a block: the owner of each cell, and the cells."""
        numbers = np.array([cell if type(cell) in (int, float) else np.nan for cell in cells], np.float64)
        there = np.isfinite(numbers)
        self.misfits += _present(cells) - int(there.sum())
        self._sums.add(owners[there], numbers[there])

    def told(self, count: int) -> Told:
        """What is told of each of so many owners."""
        counts, sums = _longer(self._sums.counts, count, 0.0), _longer(self._sums.sums, count, 0.0)
        sums = np.where(counts > 0, sums, np.nan)
        return {"sum": plain(sums), "mean": plain(sums / np.maximum(counts, 1))}


class TruthTally:
    """The share of what is true."""

    full = False

    def __init__(self) -> None:
        self.misfits, self._sums = 0, OwnerSums()

    def add(self, owners: Owners, cells: Sequence[Any]) -> None:
        """Adds a block: the owner of each cell, and the cells."""
        numbers = np.array([cell if type(cell) is bool else np.nan for cell in cells], np.float64)
        there = ~np.isnan(numbers)
        self.misfits += _present(cells) - int(there.sum())
        self._sums.add(owners[there], numbers[there])

    def told(self, count: int) -> Told:
        """What is told of each of so many owners."""
        counts, sums = _longer(self._sums.counts, count, 0.0), _longer(self._sums.sums, count, 0.0)
        return {"share": plain(np.where(counts > 0, sums, np.nan) / np.maximum(counts, 1))}


class DateTally:
    """The first and the last, the days since the last until the last of all, and the median gap in days.

    Gaps are between different days: many rows of one day, as the lines of one order, are one visit.
    """

    full = False

    def __init__(self) -> None:
        self.misfits, self._days = 0, PairCounts()
        self._first, self._last = np.zeros(0), np.zeros(0)
        self._timed = self._zoned = False

    def add(self, owners: Owners, cells: Sequence[Any]) -> None:
        """Adds a block: the owner of each cell, and the cells."""
        read = {cell: seconds(cell) for cell in set(cells) if type(cell) is str}
        self._timed = self._timed or any(len(cell) > _DATE for cell, found in read.items() if found is not None)
        self._zoned = self._zoned or any(cell.endswith("+00:00") for cell in read)
        found = [read.get(cell) if type(cell) is str else None for cell in cells]
        moments = np.array(found, np.float64)
        there = ~np.isnan(moments)
        self.misfits += _present(cells) - int(there.sum())
        owners, moments = owners[there], moments[there]
        size = max(len(self._first), int(owners.max(initial=-1)) + 1)
        self._first, self._last = _longer(self._first, size, np.inf), _longer(self._last, size, -np.inf)
        np.minimum.at(self._first, owners, moments)
        np.maximum.at(self._last, owners, moments)
        self._days.add(owners, (moments // _DAY).astype(np.int64) - _FIRST_DAY)

    def told(self, count: int) -> Told:
        """What is told of each of so many owners."""
        first, last = _longer(self._first, count, np.inf), _longer(self._last, count, -np.inf)
        days = np.where(np.isfinite(last), last, np.nan) // _DAY
        ago = np.fmax.reduce(days, initial=np.nan) - days
        gaps = _median_gaps(*self._days.all()[:2], count)
        return {
            "first": [self._written(each) for each in first.tolist()],
            "last": [self._written(each) for each in last.tolist()],
            "days ago": plain(ago),
            "usual gap": plain(gaps),
        }

    def _written(self, moment: float) -> str | None:
        if not np.isfinite(moment):
            return None
        written = (_EPOCH + timedelta(seconds=moment)).replace(tzinfo=None)
        return f"{written.isoformat()}{'+00:00' * self._zoned}" if self._timed else written.date().isoformat()


class CategoryTally:
    """The most frequent value (of equally frequent ones that which came first in all rows), its share, how many.

    full: there are too many different values to be categories, and nothing is kept of them.
    """

    misfits = 0

    def __init__(self) -> None:
        self.full = False
        self._codes: dict[str, int] = {}
        self._pairs = PairCounts()

    def add(self, owners: Owners, cells: Sequence[Any]) -> None:
        """Adds a block: the owner of each cell, and the cells."""
        if self.full:
            return
        codes, new = self._codes, self._codes.setdefault
        found = np.array([new(category(cell), len(codes)) if is_there(cell) else -1 for cell in cells], np.int64)
        self._pairs.add(owners[found >= 0], found[found >= 0])
        if len(codes) > DIFFERENT:
            self.full, self._codes, self._pairs = True, {}, PairCounts()

    def told(self, count: int) -> Told:
        """What is told of each of so many owners."""
        if self.full:
            return {}
        owners, codes, times = self._pairs.all()
        best = np.lexsort((codes, -times, owners))
        best = best[np.append(True, np.diff(owners[best]) > 0)[: len(best)]]
        different = np.bincount(owners, minlength=count)
        totals = np.bincount(owners, times, minlength=count)
        names = list(self._codes)
        usual: list[str | None] = [None] * count
        share = np.full(count, np.nan)
        for owner, code in zip(owners[best].tolist(), codes[best].tolist(), strict=True):
            usual[owner] = names[code]
        share[owners[best]] = times[best] / totals[owners[best]]
        return {"usual": usual, "usual share": plain(share), "different": plain(np.where(different, different, np.nan))}


class PairCounts:
    """How often each pair of an owner and a code, 0 <= code < 2**32, was added: memory for each different pair."""

    def __init__(self) -> None:
        self._keys, self._counts = np.zeros(0, np.int64), np.zeros(0, np.int64)
        self._waiting: list[tuple[Owners, NDArray[np.int64]]] = []
        self._size = 0

    def add(self, owners: Owners, codes: NDArray[np.int64]) -> None:
        """Adds pairs: owners and codes, `(n,)` each."""
        keys, counts = np.unique((owners << 32) | codes, return_counts=True)
        self._waiting.append((keys, counts))
        self._size += len(keys)
        if self._size > max(_MERGED, len(self._keys)):
            self._merge()

    def all(self) -> tuple[Owners, NDArray[np.int64], NDArray[np.int64]]:
        """The owners, the codes and the counts of all pairs, by owner and code, ascending."""
        self._merge()
        return self._keys >> 32, self._keys & 0xFFFFFFFF, self._counts

    def _merge(self) -> None:
        keys = np.concatenate([self._keys, *(keys for keys, _ in self._waiting)])
        counts = np.concatenate([self._counts, *(counts for _, counts in self._waiting)])
        order = np.argsort(keys, kind="stable")
        keys, counts = keys[order], counts[order]
        first = np.flatnonzero(np.append(True, keys[1:] != keys[:-1])[: len(keys)])
        self._keys, self._counts = keys[first], np.add.reduceat(counts, first) if len(first) else counts
        self._waiting, self._size = [], 0


def seconds(text: str) -> float | None:
    """The moment that a text in ISO 8601 says, in seconds since 1970, without a zone in UTC; None for other texts."""
    if len(text) < _DATE or text[4] != "-" or text[7] != "-":
        return None
    try:
        found = datetime.fromisoformat(text)
        return ((found if found.tzinfo else found.replace(tzinfo=UTC)) - _EPOCH) // timedelta(seconds=1)
    except ValueError:
        return None


def is_there(cell: Any) -> bool:
    """Is anything in a cell that was read?"""
    return cell is not None and cell != ""


def category(cell: Any) -> str:
    """What a cell is called as a category."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return ", ".join(category(each) for each in cell if each is not None) if isinstance(cell, list) else name_of(cell)


def plain(numbers: NDArray[Any]) -> list[int | float | None]:
    """Numbers as metadata has them: whole ones as integers, what is not finite as None, 12 digits of the others."""
    return [
        None
        if each - each != 0
        else int(each)
        if each.is_integer() and abs(each) < 1e15
        else float(f"{each:.{DIGITS}g}")
        for each in numbers.astype(np.float64).tolist()
    ]


def _present(cells: Sequence[Any]) -> int:
    return len(cells) - cells.count(None) - cells.count("")


def _longer(numbers: NDArray[np.float64], size: int, fill: float) -> NDArray[np.float64]:
    return np.append(numbers, np.full(size - len(numbers), fill)) if size > len(numbers) else numbers


def _median_gaps(owners: Owners, days: NDArray[np.int64], count: int) -> NDArray[np.float64]:
    """The median of the differences of the days of each owner, NaN where there is one day; both sorted."""
    same = owners[1:] == owners[:-1]
    gaps, owners = np.diff(days)[same], owners[1:][same]
    gaps = gaps[np.lexsort((gaps, owners))]
    starts = np.searchsorted(owners, np.arange(count + 1))
    sizes = np.diff(starts)
    found = np.full(count, np.nan)
    several = sizes > 0
    begins, middle = starts[:-1][several], sizes[several]
    found[several] = (gaps[begins + (middle - 1) // 2] + gaps[begins + middle // 2]) / 2
    return found


_FIRST_DAY: Final = (date.min - _EPOCH.date()).days  # of Python's calendar, so that no code is negative
