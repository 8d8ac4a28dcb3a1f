"""Is this one new? Copies of one thing at a time among those that were seen before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from knnife.encoders import Encoder
from knnife.errors import BadInput
from knnife.geometry import Metric, Vectors, as_vectors, similarity, unit
from knnife.space.space import Where
from knnife.statistics.neighbours import RANK, WIDE, NeighbourTail
from knnife.things.folding import fold
from knnife.things.kinds import kind
from knnife.tools._duplicates.finding import Way, distance
from knnife.tools._duplicates.shingles import Rows, shingles
from knnife.tools._duplicates.sketches import LEAST_SHARED, choose, commonness, looked_up
from knnife.tools.duplicates import duplicates

Keys = NDArray[np.uint32]
LOW = np.uint64(0xFFFFFFFF)
END = "\0"  # cannot begin a folded text


class Copy(NamedTuple):
    """A thing seen before that another is a copy of: its id and position, and how alike they are, NaN: not compared."""

    id: str
    position: int
    surface: float
    similarity: float


class Seen:
    """The things seen so far. `copies` finds the copies of a thing, `add` adds it, `take` adds it if it has none.

    limits: the similarity from which a thing is a copy, by way, as `duplicates` finds it. For one thread at a time.
    """

    def __init__(
        self,
        given: Any,
        *,
        false_pairs: float = 1.0,
        threshold: float | None = None,
        by: Literal["both", "surface", "vectors"] | None = None,
        encoder: str | Encoder | None = None,
        metric: Metric | None = None,
        view: str | None = None,
        where: Where = None,
        seed: int = 0,
    ) -> None:
        """Arguments as those of `duplicates`; raises what that raises."""
        found = duplicates(
            given, false_pairs=false_pairs, threshold=threshold, by=by, encoder=encoder, metric=metric, view=view,
            where=where, seed=seed,
        )  # fmt: skip
        if kind(found.things.kind).overlaid and "surface" in found.tails:
            raise BadInput("pictures are compared one at a time by their vectors alone: give by='vectors'")
        self._things, self._ids = found.things, list(found.things.ids)
        self.limits: dict[Way, float] = {way: found.limit(way) for way in found.tails}
        self._found = found
        self._pieces = Pieces(found.things.texts or []) if "surface" in self.limits else None
        self._points = GrowingPoints(found.things.points) if "vectors" in self.limits else None

    def __len__(self) -> int:
        return len(self._ids)

    def copies(self, value: Any) -> list[Copy]:
        """What `value`, a text, a picture or a vector `(d,)`, is a copy of, the closest first."""
        return self._copies(*self._read(value))

    def add(self, value: Any, id: str | None = None) -> int:
        """Add a thing, whether it is new or not; its position, which is also its id by default."""
        return self._add(*self._read(value), id)

    def take(self, value: Any, id: str | None = None) -> list[Copy]:
        """The copies of `value`; where there are none it is new, and added."""
        text, point = self._read(value)
        found = self._copies(text, point)
        if not found:
            self._add(text, point, id)
        return found

    def new(self, values: Iterable[Any]) -> Iterable[Any]:
        """The new ones of a stream, as they come; each is added."""
        return (value for value in values if not self.take(value))

    def _read(self, value: Any) -> tuple[str | None, Vectors | None]:
        if self._pieces is not None and not isinstance(value, str):
            raise BadInput(f"{value!r:.60}: expected a text, as those seen before; by='vectors' compares vectors alone")
        text = value if isinstance(value, str) else None
        if self._points is None:
            return text, None
        vectors = self._things.encoder.encode([value]) if isinstance(value, str | bytes) else value
        vectors = as_vectors(vectors, self._points.dim, "the thing asked about")
        if len(vectors) != 1:
            raise BadInput(f"expected one thing at a time, got {len(vectors)} vectors")
        return text, unit(vectors) if self._things.metric == "cosine" else vectors

    def _add(self, text: str | None, point: Vectors | None, id: str | None) -> int:
        position = len(self)
        self._ids.append(str(position) if id is None else id)
        if self._pieces is not None and text is not None:
            self._pieces.add(text)
        if self._points is not None and point is not None:
            self._points.add(point)
        return position

    def _copies(self, text: str | None, point: Vectors | None) -> list[Copy]:
        surface, close = np.full((2, len(self)), np.nan, np.float32)
        alike = np.zeros(len(self), bool)
        if self._pieces is not None and text is not None:
            rows, shared = self._pieces.near(text)
            surface[rows] = shared
            alike[rows] = self._close("surface", shared)
        if self._points is not None and point is not None:
            close = self._points.similarities(point, self._things.metric)
            alike |= self._close("vectors", close)
        found = [
            Copy(self._ids[row], row, float(surface[row]), float(close[row])) for row in np.flatnonzero(alike).tolist()
        ]
        return sorted(found, key=lambda copy: -float(np.fmax(copy.surface, copy.similarity)))

    def _close(self, way: Way, similarity: Vectors) -> NDArray[np.bool_]:
        """Which are close enough, of a thing's similarities to others: in a crowd they must be closer still."""
        tail, metric = self._found.tails[way], self._things.metric
        close = np.asarray(similarity >= self.limits[way])
        if self._found.threshold is not None or not isinstance(tail, NeighbourTail) or np.sum(close) < RANK:
            return close  # fewer cannot be a crowd
        far = np.array([distance(way, metric, float(each)) for each in similarity[close]])
        ranked = np.append(np.sort(far[far > 0]), np.full(WIDE, np.inf))  # exact copies are no crowd
        company = tail.company(ranked[RANK - 1 : RANK], ranked[WIDE - 1 : WIDE])
        close[close] = tail.expected(far, company) <= self._found.false_pairs / len(self.limits)
        return close


class GrowingPoints:
    """Points in an array that has room for more."""

    def __init__(self, points: Vectors) -> None:
        self._room, self._n = points, len(points)

    @property
    def dim(self) -> int | None:
        """The dimension of the points; None before there is one."""
        return self._room.shape[1] or None

    def add(self, point: Vectors) -> None:
        """Add a point `(1, d)`."""
        if self._n == len(self._room):
            room = np.empty((max(64, 2 * self._n), point.shape[1]), np.float32)
            room[: self._n] = self._room[: self._n].reshape(self._n, point.shape[1])
            self._room = room
        self._room[self._n] = point[0]
        self._n += 1

    def similarities(self, point: Vectors, metric: Metric) -> Vectors:
        """Those of a point `(1, d)` to all, `(n,)`; for the cosine all have length 1."""
        if not self._n:
            return np.empty(0, np.float32)
        found: Vectors = similarity(point, self._room[: self._n], "dot" if metric == "cosine" else metric)[0]
        return found


class Pieces:
    """Texts by their chosen pieces, as sketches.py chooses them, by how common they were in the first texts."""

    def __init__(self, texts: Sequence[str]) -> None:
        folded = fold(texts)
        known = shingles(folded)
        self._common = np.minimum(commonness(known.keys) + 1, 0xFFFF).astype(np.uint16)
        kept = choose(known.keys, known.owners, looked_up(known.keys, self._common), len(known))
        self._postings = (known.keys[kept].astype(np.uint64) << np.uint64(32)) | known.owners[kept].astype(np.uint64)
        self._postings.sort()
        self._later: dict[int, list[int]] = {}  # piece -> texts that came after the first ones
        self._sets: list[Keys] = [known.keys[a:b] for a, b in zip(known.starts[:-1], known.starts[1:], strict=True)]
        self._rows: dict[str, list[int]] = {}  # folded text -> where it was
        for row, (form, text) in enumerate(zip(folded, texts, strict=True)):
            self._rows.setdefault(form or END + text, []).append(row)

    def near(self, text: str) -> tuple[Rows, Vectors]:
        """Texts that may be alike, and the share of pieces in common, each `(c,)`; 1 for the same once folded."""
        form, keys = _read(text)
        equal = self._rows.get(form or END + text, [])
        met = self._meeting(self._chosen(keys))
        rows, counts = np.unique(met, return_counts=True)
        rows = np.setdiff1d(rows[counts >= LEAST_SHARED], equal)
        shared = np.array(
            [np.isin(self._sets[row], keys, assume_unique=True).sum() for row in rows.tolist()], np.float32
        )
        sizes = np.array([len(self._sets[row]) for row in rows.tolist()], np.float32)
        alike = shared / (sizes + len(keys) - shared)
        return np.concatenate([np.array(equal, np.int64), rows]), np.concatenate(
            [np.ones(len(equal), np.float32), alike]
        )

    def add(self, text: str) -> None:
        """Take a text in, behind the others."""
        form, keys = _read(text)
        row = len(self._sets)
        self._sets.append(keys)
        self._rows.setdefault(form or END + text, []).append(row)
        for key in self._chosen(keys).tolist():
            self._later.setdefault(key, []).append(row)

    def _chosen(self, keys: Keys) -> Keys:
        return keys[choose(keys, np.zeros(len(keys), np.int32), looked_up(keys, self._common), 1)]

    def _meeting(self, keys: Keys) -> Rows:
        """The texts that have chosen these pieces, once for each."""
        wide = keys.astype(np.uint64) << np.uint64(32)
        first, last = np.searchsorted(self._postings, wide), np.searchsorted(self._postings, wide | LOW, side="right")
        base = [(self._postings[a:b] & LOW).astype(np.int64) for a, b in zip(first, last, strict=True)]
        later = [row for key in keys.tolist() for row in self._later.get(key, ())]
        return np.concatenate([*base, np.array(later, np.int64)])


def _read(text: str) -> tuple[str, Keys]:
    folded = fold([text])
    return folded[0], shingles(folded).keys
