"""One state of a space in memory, and its points, all compared one by one."""

from __future__ import annotations

import json
import operator
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, field, fields
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

from knnife.geometry import Metric, Positions, Vectors, similarity, top_k
from knnife.space.filter_tree import Compare, Holds, Joined, Not, Tree
from knnife.space.memory.events import MemoryEvents
from knnife.space.memory.words import Analyse, MemoryWords
from knnife.space.protocols import Progress
from knnife.space.records import Held, IndexInfo, ReadBy, Reading, Row, State, Summary, View
from knnife.things import About, Thing

ORDER = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


@dataclass
class Content:
    """Everything that a space holds in one state. Positions ascend in `rows`, as they only grow."""

    analyse: Analyse
    state: State
    rows: dict[int, Row] = field(default_factory=dict)
    views: dict[int, View] = field(default_factory=dict)
    vectors: dict[int, dict[int, Vectors]] = field(default_factory=dict)  # number of a view -> position -> (d,)
    tokens: dict[int, bytes] = field(default_factory=dict)  # number of a past state -> its token
    gone: list[int] = field(default_factory=list)
    encoders: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    thumbnails: dict[int, bytes] = field(default_factory=dict)
    readers: dict[str, str] = field(default_factory=dict)  # fingerprint -> name
    readings: dict[tuple[str, int, int], bytes] = field(default_factory=dict)  # fingerprint, position, key of the text
    events: MemoryEvents = field(default_factory=MemoryEvents)

    def copy(self) -> Content:
        """Another one that can be changed."""
        own: dict[str, Any] = {each.name: copy(getattr(self, each.name)) for each in fields(self)}
        own["vectors"] = {number: vectors.copy() for number, vectors in self.vectors.items()}
        return Content(**own)


class MemorySnapshot:
    """See `knnife.space.protocols.Snapshot`."""

    def __init__(self, content: Content) -> None:
        self.content = content

    @property
    def state(self) -> State:
        return self.content.state

    @property
    def views(self) -> list[View]:
        return [*self.content.views.values()]

    def positions(self, ids: Sequence[str], *, wholes: bool = False) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for position, row in self.content.rows.items():
            for id in {row.id, row.part_of} if wholes else {row.id}:
                if id in ids and id is not None:
                    found.setdefault(id, []).append(position)
        return found

    def held(self, ids: Sequence[str]) -> list[Held]:
        held: dict[str, Held] = {
            row.id: (pos, row.content, row.about, row.part_of) for pos, row in self.content.rows.items()
        }
        return [held.get(id, (None, b"", "", None)) for id in ids]

    def parts(self, whole: str) -> dict[str, int]:
        return {row.id: position for position, row in self.content.rows.items() if row.part_of == whole}

    def below(self, begin: str) -> dict[str, int]:
        names = (row.part_of or row.id for row in self.content.rows.values())
        return Counter(name for name in names if name.startswith(begin))

    def things(self, positions: Iterable[int]) -> dict[int, Thing]:
        return {pos: _thing(self.content.rows[pos]) for pos in positions if pos in self.content.rows}

    def scan(self, tree: Tree | None, after: int, count: int) -> list[tuple[int, Thing]]:
        things = ((pos, _thing(row)) for pos, row in self.content.rows.items() if pos > after)
        return [(pos, thing) for pos, thing in things if tree is None or meets(thing, tree)][:count]

    def ids(self, after: int = 0) -> Iterator[tuple[int, str]]:
        return ((pos, row.id) for pos, row in self.content.rows.items() if pos > after)

    def matching(self, tree: Tree) -> frozenset[int]:
        return frozenset(pos for pos, row in self.content.rows.items() if meets(_thing(row), tree))

    def metadata(self, count: int, field: str | None = None) -> list[About]:
        abouts = (json.loads(row.about) for row in self.content.rows.values())
        return [*islice((about for about in abouts if field is None or field in about), count)]

    def gone_since(self, state: State) -> Positions | None:
        if self.content.tokens.get(state.number) != state.token:
            return None
        return np.array(sorted(pos for pos in self.content.gone[state.gone :] if pos <= state.last), np.int64)

    def vectors(
        self, view: View, positions: Sequence[int] | None = None, after: int = 0
    ) -> Iterator[tuple[Positions, Vectors]]:
        held = self.content.vectors[view.number]
        found = sorted(pos for pos in (held if positions is None else {*positions} & {*held}) if pos > after)
        yield np.array(found, np.int64), np.array([held[pos] for pos in found], np.float32).reshape(-1, view.dim)

    def count(self, view: View) -> int:
        return len(self.content.vectors[view.number])

    def missing(self, view: View, after: int, count: int) -> list[tuple[int, Thing]]:
        held = self.content.vectors[view.number]
        rows = self.content.rows.items()
        return [(pos, _thing(row)) for pos, row in rows if pos > after and pos not in held][:count]

    def neighbours(self, view: View, metric: Metric, recall: float, progress: Progress | None = None) -> MemoryPoints:
        ((positions, vectors),) = self.vectors(view)
        return MemoryPoints(positions, vectors, metric, {pos: row.id for pos, row in self.content.rows.items()})

    def index_info(self, view: View, metric: Metric, recall: float) -> IndexInfo:
        return IndexInfo(method="exact", recall=1.0, filtered_recall=1.0)

    @property
    def words(self) -> MemoryWords:
        return MemoryWords(self.content.analyse, self.content.rows)

    @property
    def events(self) -> MemoryEvents:
        return self.content.events

    def readings(self, reader: str, positions: Sequence[int]) -> dict[Reading, bytes]:
        held = self.content.readings.items()
        return {(pos, text): blob for (by, pos, text), blob in held if by == reader and pos in positions}

    @property
    def readers(self) -> list[ReadBy]:
        counts = []
        for reader, name in self.content.readers.items():
            own = {key: blob for key, blob in self.content.readings.items() if key[0] == reader}
            size = sum(map(len, own.values()))
            if own:
                counts.append(ReadBy(name, reader, len({pos for _, pos, _ in own}), len(own), size))
        return counts

    def encoder(self, fingerprint: str) -> tuple[str, bytes] | None:
        return self.content.encoders.get(fingerprint)

    def settings(self) -> dict[str, Any]:
        return self.content.settings.copy()

    def note(self, name: str) -> str | None:
        return self.content.notes.get(name)

    def thumbnail(self, position: int) -> bytes | None:
        return self.content.thumbnails.get(position)

    def without_thumbnail(self, positions: Sequence[int]) -> list[int]:
        return [position for position in positions if position not in self.content.thumbnails]

    def summary(self) -> Summary:
        rows = self.content.rows.values()
        parts = [row.part_of for row in rows if row.part_of is not None]
        names = tuple(dict.fromkeys(name for about in self.metadata(1000) for name in about))
        return Summary(len(parts), len({*parts}), names, 0, len(self.content.thumbnails), 2, 0)

    def faults(self) -> Iterator[str]:
        """See `Snapshot`: nothing is kept, so nothing is damaged."""
        return iter(())


class MemoryPoints(NamedTuple):
    """All points of a view, compared one by one; see `knnife.space.protocols.Neighbourhood`."""

    positions: Positions
    vectors: Vectors
    metric: Metric
    names: dict[int, str]

    def near(
        self, queries: Vectors, k: int, among: Any = None, exclude: Positions | None = None
    ) -> tuple[Positions, Vectors]:
        allowed = self._allowed(among)
        scores = similarity(queries, self.vectors[allowed], self.metric)
        positions = self.positions[allowed]
        if exclude is not None and len(positions):
            scores = np.where(positions == np.asarray(exclude)[:, None], -np.inf, scores)
            k = min(k, len(positions) - bool(np.isin(exclude, positions).any()))
        columns, best = top_k(np.asarray(scores, np.float32), k)
        return positions[columns], best

    def within(self, queries: Vectors, at_least: float, among: Any = None) -> tuple[Positions, Positions, Vectors]:
        allowed = self._allowed(among)
        scores = similarity(queries, self.vectors[allowed], self.metric)
        numbers, rows = np.nonzero(scores >= np.float32(at_least))
        return numbers, self.positions[allowed][rows], np.asarray(scores[numbers, rows], np.float32)

    def similarities(self, queries: Vectors, positions: Positions) -> Vectors:
        found = np.full((len(queries), len(positions)), -np.inf, np.float32)
        there = np.isin(positions, self.positions)
        rows = np.searchsorted(self.positions, positions[there])
        found[:, there] = similarity(queries, self.vectors[rows], self.metric)
        return found

    def ids_of(self, positions: Positions) -> list[list[str]]:
        return [[self.names[pos] for pos in row] for row in positions.tolist()]

    def sample(self, count: int) -> Positions:
        return self.positions[:: max(1, -(-len(self.positions) // count))]

    def _allowed(self, among: frozenset[int] | None) -> Any:
        """Of each point, whether it may be answered."""
        return np.isin(self.positions, [*among]) if among is not None else np.ones(len(self.positions), bool)


def _thing(row: Row) -> Thing:
    return Thing(row.id, row.value, json.loads(row.about), row.part_of)


def meets(thing: Thing, tree: Tree) -> bool:
    """Whether a filter matches a thing, by SQL's rules for what is missing or of another kind."""
    if isinstance(tree, Not):
        return not meets(thing, tree.tree)
    if isinstance(tree, Joined):
        return (all if tree.word == "and" else any)(meets(thing, each) for each in tree.trees)
    value = _field(thing, tree.field)
    if isinstance(tree, Holds):
        return value is not None and value not in (0, "", [])
    return _compares(tree, value)


def _compares(leaf: Compare, value: Any) -> bool:
    several = value if isinstance(value, list) else [value]
    if leaf.value is None:
        return value is None or (leaf.operator == "has" and None in several)
    if value is None:
        return leaf.operator == "in" and None in leaf.value
    return any(_meets(leaf, _scalar(each)) for each in several if each is not None)


def _meets(leaf: Compare, value: Any) -> bool:
    """Whether a single value meets a comparison."""
    asked = leaf.value
    if leaf.operator == "in":
        return value in asked
    if leaf.operator == "=":
        return bool(value == asked)
    if leaf.operator == "contains":
        return _ascii_lower(asked) in _ascii_lower(value if isinstance(value, str) else str(value))
    return isinstance(value, str) == isinstance(asked, str) and bool(ORDER[leaf.operator](value, asked))


def _field(thing: Thing, field: str) -> Any:
    if field in ("id", "part_of"):
        return getattr(thing, field)
    return thing.about.get(field)


def _scalar(value: Any) -> Any:
    """A value as it is compared: lists as their JSON, truth values as numbers."""
    if isinstance(value, bool):
        return int(value)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) if isinstance(value, list) else value


def _ascii_lower(text: str) -> str:
    return "".join(c.lower() if c.isascii() else c for c in text)
