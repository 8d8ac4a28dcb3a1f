"""A column as components of a vector: learned from a sample of its cells, one class for each way to see them.

So that no kind of column dominates, a number, a category and a missing cell that one row in a thousand has are about
equally far (`rarity`) from what is usual.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol, Self

import numpy as np

from knnife.encoders._rows.cells import Numbers, is_missing, moments, name_of, numbers, truths
from knnife.encoders._rows.scale import Scale, finite
from knnife.geometry import Vectors

ONE_EACH = 32  # categories up to which each has a component of its own; more share this many
LEAST = 2.0  # how far from "there" a missing cell is at least: as far as two equally frequent categories

DAY, WEEK, YEAR = 86_400.0, 7 * 86_400.0, 365.2425 * 86_400.0
CYCLES = {"hour": DAY, "weekday": WEEK, "season": YEAR}


class ColumnEncoder(Protocol):
    """One column of the table, as it is encoded."""

    size: int

    def encode(self, cells: Sequence[Any]) -> Vectors:
        """The components `(n, size)` of its cells, before they are weighted."""

    def state(self) -> dict[str, Any]:
        """All that was learned, as JSON has it; `of_state` of the same class reads it."""


def rarity(share: float) -> float:
    """How rare a share of the rows is: the z beyond which a normal distribution has it, about exp(-z² / 2)."""
    return math.sqrt(2.0 * math.log(1.0 / share)) if share < 1 else 0.0


class Presence(NamedTuple):
    """Where a cell lies that is missing (above 0), or is there and cannot be read as what the column is (below).

    own: on a component of its own, as one of both occurred in the sample; else in the place of the number, far out.
    """

    missing: float
    unreadable: float
    own: float

    @classmethod
    def learn(cls, found: Numbers) -> Self:
        """From what a reader of cells.py gave."""
        n, missing, unreadable = len(found), int(np.isnan(found).sum()), int(np.isinf(found).sum())
        usual = rarity(max(1, n - missing - unreadable) / n)
        far = [max(LEAST, rarity(max(count, 0.5) / n) - usual) for count in (missing, unreadable)]
        return cls(far[0], far[1], own=float(missing + unreadable > 0))

    @classmethod
    def of_state(cls, state: Any) -> Self:
        """The presence written down as a list. Raises ValueError where it is none."""
        return cls(*finite(state, 3, 100.0))

    def put(self, found: Numbers, far: Numbers) -> list[Numbers]:
        """How far out numbers are, `(n,)`, with what is missing among them; on 1 or 2 components."""
        there = np.isfinite(found)
        absent = np.where(np.isnan(found), self.missing, -self.unreadable)
        if self.own:
            return [np.where(there, far, 0.0), np.where(there, 0.0, absent)]
        return [np.where(there, far, absent)]

    @property
    def size(self) -> int:
        """The components that `put` makes."""
        return 2 if self.own else 1


class NumberColumn:
    """How far from the middle, and is it there."""

    def __init__(self, scale: Scale, presence: Presence) -> None:
        self._scale, self._presence = scale, presence
        self.size = presence.size

    @classmethod
    def learn(cls, cells: Sequence[Any]) -> Self:
        """From the cells of the sample."""
        found = numbers(cells)
        return cls(Scale.learn(found[np.isfinite(found)]), Presence.learn(found))

    @classmethod
    def of_state(cls, state: Mapping[str, Any]) -> Self:
        """What `state` gave."""
        return cls(Scale.of_state(state["scale"]), Presence.of_state(state["presence"]))

    def state(self) -> dict[str, Any]:
        """See `ColumnEncoder`."""
        return {"scale": list(self._scale), "presence": list(self._presence)}

    def encode(self, cells: Sequence[Any]) -> Vectors:
        """See `ColumnEncoder`."""
        found = numbers(cells)
        return _columns(*self._presence.put(found, self._scale.apply(_finite(found))))


class DateColumn:
    """When, on the line of time, and where in the day, the week and the year, as points of circles; is it there."""

    def __init__(self, scale: Scale, presence: Presence, cycles: Sequence[str]) -> None:
        self._scale, self._presence, self._cycles = scale, presence, tuple(cycles)
        self.size = presence.size + 2 * len(cycles)

    @classmethod
    def learn(cls, cells: Sequence[Any]) -> Self:
        """From the cells of the sample: cycles that do not vary in it are left out."""
        when, wall = moments(cells)
        seen = wall[np.isfinite(wall)]
        weeks = float(np.ptp(seen)) / WEEK
        varies = {
            "hour": np.ptp(seen % DAY) > 0,
            "weekday": weeks >= 1 and np.ptp(seen // DAY % 7) > 0,
            "season": weeks >= 26,  # of less, the line of time says it all
        }
        cycles = [cycle for cycle, does in varies.items() if does]
        return cls(Scale.learn(when[np.isfinite(when)], logarithm=False), Presence.learn(when), cycles)

    @classmethod
    def of_state(cls, state: Mapping[str, Any]) -> Self:
        """What `state` gave."""
        if not set(state["cycles"]) <= set(CYCLES):
            raise ValueError(f"cycles {state['cycles']}: expected some of {', '.join(CYCLES)}")
        return cls(Scale.of_state(state["scale"]), Presence.of_state(state["presence"]), state["cycles"])

    def state(self) -> dict[str, Any]:
        """See `ColumnEncoder`."""
        return {"scale": list(self._scale), "presence": list(self._presence), "cycles": list(self._cycles)}

    def encode(self, cells: Sequence[Any]) -> Vectors:
        """See `ColumnEncoder`."""
        when, wall = moments(cells)
        parts = self._presence.put(when, self._scale.apply(_finite(when)))
        there = np.isfinite(when)
        for cycle in self._cycles:
            angle = _finite(wall) % CYCLES[cycle] * (2 * np.pi / CYCLES[cycle])
            parts += [np.where(there, np.sin(angle), 0.0), np.where(there, np.cos(angle), 0.0)]
        return _columns(*parts)


Names = Mapping[str | None, int]  # how often each was seen; None: missing, which is as good as a name


class CategoryColumn:
    """Which name, and how rare it is; a missing cell has a name of its own.

    Up to 32 names have a component each; of more, each gets a direction of its own among 32 components, made from a
    hash of the name. The rarity of a name that was never seen is that of half a row in the sample.
    """

    def __init__(self, counts: Names) -> None:
        """counts: the most frequent first."""
        self._counts, self._n = dict(counts), sum(counts.values())
        self._hashed = len(counts) > ONE_EACH
        self.size = (ONE_EACH if self._hashed else len(counts)) + 1
        shares = np.array(list(counts.values()), np.float64) / self._n
        agree = float((shares**2).sum())  # how often two rows have the same name
        self._length = math.sqrt(min(2.0, 1.0 / max(1.0 - agree, 1e-9)))
        half = int(np.searchsorted(np.cumsum(shares), 0.5))
        self._usual = rarity(float(shares[min(half, len(shares) - 1)]))
        self._rows = {name: self._row(name, place) for place, name in enumerate(counts)}

    @classmethod
    def learn(cls, cells: Sequence[Any]) -> Self:
        """From the cells of the sample."""
        counts = Counter(cls._names(cells))
        return cls(dict(sorted(counts.items(), key=lambda item: (-item[1], item[0] or ""))))

    @classmethod
    def of_state(cls, state: Mapping[str, Any]) -> Self:
        """What `state` gave."""
        names, counts = state["names"], state["counts"]
        if not names or not all(isinstance(name, str | None) for name in names) or len({*names}) != len(counts):
            raise ValueError("expected different names, each with how often it was seen")
        if not all(type(count) is int and 0 < count < 1 << 53 for count in counts):
            raise ValueError("expected names that were seen, each a number of times")
        return cls(dict(zip(names, counts, strict=True)))

    def state(self) -> dict[str, Any]:
        """See `ColumnEncoder`."""
        return {"names": list(self._counts), "counts": list(self._counts.values())}

    def encode(self, cells: Sequence[Any]) -> Vectors:
        """See `ColumnEncoder`."""
        names = self._names(cells)
        table: list[Vectors] = []
        places: dict[str | None, int] = {}
        for name in names:
            if name not in places:
                places[name] = len(table)
                table.append(self._rows[name] if name in self._rows else self._row(name, None))
        picked = np.fromiter((places[name] for name in names), np.int64, len(names))
        return np.array(table, np.float32).reshape(-1, self.size)[picked]

    def _row(self, name: str | None, place: int | None) -> Vectors:
        """The components of one name, whose component is at `place`, if it has one."""
        row = np.zeros(self.size, np.float32)
        if self._hashed:
            bits = np.unpackbits(np.frombuffer(_hash(name), np.uint8))
            row[:ONE_EACH] = (bits * 2.0 - 1.0) * (self._length / math.sqrt(ONE_EACH))
        elif place is not None:
            row[place] = self._length
        row[-1] = rarity(self._counts.get(name, 0.5) / self._n) - self._usual
        return row

    @classmethod
    def _names(cls, cells: Sequence[Any]) -> list[str | None]:
        return [None if is_missing(cell) else name_of(cell) for cell in cells]


class TruthColumn(CategoryColumn):
    """Yes or no, however it is written: a category of two names; what is neither is a name never seen."""

    @classmethod
    def _names(cls, cells: Sequence[Any]) -> list[str | None]:
        names = {0.0: "no", 1.0: "yes", math.inf: "neither"}
        return [names.get(truth) for truth in truths(cells).tolist()]


def _columns(*parts: Numbers) -> Vectors:
    return np.stack(parts, axis=1).astype(np.float32)


def _finite(found: Numbers) -> Numbers:
    return np.where(np.isfinite(found), found, 0.0)


def _hash(name: str | None) -> bytes:
    data = b"" if name is None else name.encode("utf-8", "surrogatepass")
    return hashlib.blake2b(data, digest_size=ONE_EACH // 8).digest()
