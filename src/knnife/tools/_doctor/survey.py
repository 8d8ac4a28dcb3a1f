"""A space or an array read once, from end to end, a block at a time.

A few bytes of each thing stay (its id, the length and a hash of its vector, a hash of its text), and a sample for the
costly figures (neighbours, tokens).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from knnife.errors import NotFound
from knnife.geometry import Metric, Vectors, as_vectors, blocks, lengths
from knnife.space import Space
from knnife.tools._doctor.check_result import Id

BLOCK = 4_096  # things read at a time
MISSING = -1.0  # in place of the length of a vector that is not there

Value = str | bytes | None
Report = Callable[[int, float], None]
Rows = NDArray[np.int64]
Part = tuple[Sequence[Id], Sequence[Value], Vectors, NDArray[np.bool_]]  # ids, values, vectors, which have a vector


class SurveySample(NamedTuple):
    """The things that are looked at more closely: their rows among all `(m,)`, vectors `(m, d)` and values.

    Sound vectors only: damaged ones and those of zeros are reported, and would spoil every other figure.
    """

    rows: Rows
    vectors: Vectors
    values: Sequence[Value]


@dataclass(frozen=True)
class Survey:
    """What was seen of n things, in the order of their arrival.

    path: of the space, None for an array. lengths `(n,)`: of the vectors; NaN or infinity for a damaged one, MISSING
    for none. vector_hashes, value_hashes `(n,)`: equal where the contents are; 0 for the value None. blank: rows whose
    text has neither letters nor digits. characters: of all texts, or bytes.
    """

    path: str | None
    metric: Metric
    dim: int
    ids: Sequence[Id]
    lengths: Vectors
    vector_hashes: Rows
    value_hashes: Rows
    blank: Sequence[int]
    characters: int
    sample: SurveySample

    @property
    def n(self) -> int:
        """How many things there are."""
        return len(self.ids)

    def named(self, rows: Iterable[int]) -> list[Id]:
        """The ids of rows."""
        return [self.ids[int(row)] for row in rows]

    @property
    def sound(self) -> NDArray[np.bool_]:
        """Which vectors can be compared: finite, and longer than 0."""
        return np.isfinite(self.lengths) & (self.lengths > 0)


def look_at_array(given: Any, sample: int, seed: int, progress: Report) -> Survey:
    """Looks at vectors `(n, d)`, which may hold NaN and infinity. Raises BadInput for anything else."""
    vectors = _array(given)
    n, dim = vectors.shape
    notes = _Notes(_drawn(n, sample, seed))
    for part in blocks(n, 4 * dim):
        rows = vectors[part]
        notes.take(range(part.start, part.stop), [None] * len(rows), rows, np.ones(len(rows), bool))
        progress(part.stop, part.stop / n)
    return notes.looked(None, "cosine", dim)


def look_at_space(space: Space, view: str | None, sample: int, seed: int, progress: Report) -> Survey:
    """Looks at the things of a space and their vectors in a view. Raises SpaceError where the file is damaged."""
    n = len(space)
    dim = space.vectors([], view=view)[1].shape[1]
    notes = _Notes(_drawn(n, sample, seed))
    for part in _parts(space, view, dim):
        notes.take(*part)
        progress(len(notes.ids), min(1.0, len(notes.ids) / n))
    return notes.looked(str(space.path), space.metric, dim)


@dataclass
class _Notes:
    """What is kept of the parts seen so far."""

    drawn: Rows  # ascending
    ids: list[Id] = field(default_factory=list)
    blank: list[int] = field(default_factory=list)
    characters: int = 0
    values: list[Value] = field(default_factory=list)  # of the sample, as the next two
    rows: list[Rows] = field(default_factory=lambda: [np.empty(0, np.int64)])
    vectors: list[Vectors] = field(default_factory=list)
    lengths: list[Vectors] = field(default_factory=lambda: [np.empty(0, np.float32)])
    vector_hashes: list[int] = field(default_factory=list)
    value_hashes: list[int] = field(default_factory=list)

    def take(self, ids: Sequence[Id], values: Sequence[Value], vectors: Vectors, there: NDArray[np.bool_]) -> None:
        start, long = len(self.ids), lengths(vectors)
        mine = self.drawn[slice(*np.searchsorted(self.drawn, [start, start + len(long)]))] - start
        mine = mine[np.isfinite(long[mine]) & (long[mine] > 0)]
        self.rows.append(mine + start)
        self.vectors.append(vectors[mine])
        self.values += [values[i] for i in mine]
        self.ids += ids
        self.blank += [
            start + i for i, value in enumerate(values) if isinstance(value, str) and not any(map(str.isalnum, value))
        ]
        self.characters += sum(len(value) for value in values if isinstance(value, str | bytes))
        self.lengths.append(np.where(there, long, np.float32(MISSING)))
        self.vector_hashes += [hash(vector.tobytes()) for vector in vectors]
        self.value_hashes += [0 if value is None else hash(value) for value in values]

    def looked(self, path: str | None, metric: Metric, dim: int) -> Survey:
        vectors = np.concatenate([*self.vectors, np.empty((0, dim), np.float32)])
        return Survey(
            path=path,
            metric=metric,
            dim=dim,
            ids=self.ids,
            lengths=np.concatenate(self.lengths),
            vector_hashes=np.array(self.vector_hashes, np.int64),
            value_hashes=np.array(self.value_hashes, np.int64),
            blank=self.blank,
            characters=self.characters,
            sample=SurveySample(np.concatenate(self.rows), vectors, self.values),
        )


def _drawn(n: int, sample: int, seed: int) -> Rows:
    """The rows of a sample, ascending; all of them when they are no more than that."""
    if n <= sample:
        return np.arange(n)
    return np.sort(np.random.default_rng(seed).choice(n, sample, replace=False))


def _parts(space: Space, view: str | None, dim: int) -> Iterator[Part]:
    """All things with their vectors, a block at a time."""
    stream = space.things()
    everything: dict[str, Vectors] | None = None
    while things := list(islice(stream, BLOCK)):
        ids = [str(thing.id) for thing in things]
        values = [thing.value for thing in things]
        if everything is None:
            try:
                yield ids, values, space.vectors(ids, view=view)[1], np.ones(len(ids), bool)
                continue
            except NotFound:  # some have no vector, or were removed since: which ones, the view as a whole tells
                everything = dict(zip(*space.vectors(view=view), strict=True))
        kept = [i for i, id in enumerate(ids) if id in everything or id in space]
        vectors = np.zeros((len(kept), dim), np.float32)
        there = np.array([ids[i] in everything for i in kept], bool)
        for row in np.flatnonzero(there):
            vectors[row] = everything[ids[kept[row]]]
        yield [ids[i] for i in kept], [values[i] for i in kept], vectors, there


def _array(given: Any) -> Vectors:
    """As `as_vectors`, but for NaN and infinity, which stay where they are."""
    array = np.asarray(given)
    broken = ~np.isfinite(array) if np.issubdtype(array.dtype, np.floating) else np.zeros(array.shape, bool)
    if not broken.any():
        return as_vectors(array)
    vectors = as_vectors(np.where(broken, 0, array))
    vectors[broken.reshape(vectors.shape)] = np.nan
    return vectors
