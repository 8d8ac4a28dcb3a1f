"""The search for copies: exact ones by looking up, the others in one way or in two, and how certain each pair is."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from knnife.encoders.protocol import Progress
from knnife.geometry import Metric, Vectors, ranges
from knnife.space import Sample
from knnife.statistics.neighbours import NeighbourTail
from knnife.statistics.tails import PairTail
from knnife.things.folding import fold
from knnife.tools._duplicates.candidate_search import Close, ComparedPoints, Surface
from knnife.tools._duplicates.groups import first_alike
from knnife.tools._duplicates.picture_copies import Pictures, contents
from knnife.tools._duplicates.shortlist import Poses
from knnife.tools._duplicates.similarity_join import Rows, between

Way = Literal["surface", "vectors"]

CERTAIN = 1e-3  # expected false pairs: where the surface says so, how crowded it is around the vectors is not asked


class Search(NamedTuple):
    """What is looked for: pairs of a similarity, or (threshold None) of at most an expectation. poses: of pictures."""

    ways: tuple[Way, ...]
    threshold: float | None
    explored: float
    seed: int
    progress: Progress | None
    poses: Poses | None = None


class CopyPairs(NamedTuple):
    """Pairs `(p,)` as in `Duplicates`; lowest: the similarity down to which all pairs are here, in either way."""

    a: Rows
    b: Rows
    surface: Vectors
    similarity: Vectors
    expected: NDArray[np.float64]
    tails: Mapping[Way, PairTail | NeighbourTail]
    lowest: float


class FoldedSides(NamedTuple):
    """Positions of both sides (right None: each against each), exact copies once, and their folded texts."""

    left: Rows
    right: Rows | None
    folded: Sequence[str]


def find(things: Sample, against: Sample | None, search: Search) -> CopyPairs:
    """All pairs that are exact copies, and all within the limits of the search; what is blank is a copy of nothing."""
    left = things.filled
    right = None if against is None else against.filled
    if len(left) < len(things) or (against is not None and right is not None and len(right) < len(against)):
        found = find(things.take(left), None if against is None else against.take(right), search)
        return found._replace(a=left[found.a], b=(left if right is None else right)[found.b])
    given = [things] if against is None else [things, against]
    texts = [fold(side.texts or []) if "surface" in search.ways else [] for side in given]
    keys = [_keys(side, folded, search) for side, folded in zip(given, texts, strict=True)]
    first = first_alike([key for side in keys for key in side])
    exact = _exact(first, len(things), within=against is None)
    sides = _each_once(first, len(things), texts, within=against is None)
    surface, vectors = _searches(things, against, sides, search)
    close = _closest(surface, vectors, things.metric, search)
    near = _union(
        [_asked_for(close[way], way, things.metric, search) for way in search.ways], sides, first, len(things)
    )
    far: dict[Way, Vectors] = {}
    if surface is not None:
        far["surface"] = surface.distances(*near)
    if vectors is not None:
        far["vectors"] = vectors.distances(*near)
    if isinstance(surface, Pictures) and search.threshold is None:
        allowed = ~surface.denied(*near, far["surface"])
        near, far = (near[0][allowed], near[1][allowed]), {way: told[allowed] for way, told in far.items()}
    expected = None
    if search.threshold is None:
        expected = _expected({"surface": surface, "vectors": vectors}, near, far, close, search)
    pairs = sides.left[near[0]], (sides.left if sides.right is None else sides.right)[near[1]]
    if against is not None:
        left, which = _every_copy(pairs[0], first[: len(things)])
        pairs, far = (left, pairs[1][which]), {way: distances[which] for way, distances in far.items()}
        expected = None if expected is None else expected[which]
    return _together(things, against, exact, pairs, far, expected, close, search)


def _expected(
    compared: Mapping[Way, Surface | Pictures | ComparedPoints | None],
    near: tuple[Rows, Rows],
    far: Mapping[Way, Vectors],
    close: Mapping[Way, Close],
    search: Search,
) -> NDArray[np.float64]:
    """How many pairs that are no copies are expected to be as close as each of these, in the way that tells most."""
    least = np.full(len(near[0]), np.inf)
    for way in search.ways:
        tail, side = close[way].tail, compared[way]
        if isinstance(tail, PairTail) or isinstance(side, Pictures | None):
            found = tail.expected(far[way])
        else:
            found = np.full(len(least), np.inf)
            open_ = np.flatnonzero((least > CERTAIN) & (tail.expected(far[way]) * len(search.ways) <= search.explored))
            pairs = near[0][open_], near[1][open_]
            company = side.company(*pairs) if isinstance(side, Surface) else side.company(*pairs, tail)
            found[open_] = tail.expected(far[way][open_], company)
            if isinstance(side, Surface):
                found[open_[side.formed(*pairs)]] = np.inf
        least = np.minimum(least, found)
    return least * len(search.ways)


def _keys(side: Sample, folded: Sequence[str], search: Search) -> list[Hashable]:
    """What exact copies share: the folded text (or the text, where nothing is left), the file, or the numbers."""
    if search.poses is not None:
        return list(contents([thing.value for thing in side.things]))
    if folded:
        return [text or (thing.value,) for text, thing in zip(folded, side.things, strict=True)]
    return [row.tobytes() for row in side.vectors]


def _exact(first: Rows, n: int, *, within: bool) -> tuple[Rows, Rows]:
    """Pairs of exact copies: each with the first of them (on the other side), so that there are never n² of them."""
    if within:
        again = np.flatnonzero(first != np.arange(n))
        return first[again], again
    left, right = first[:n], first[n:]
    seen, first_right = np.unique(right, return_index=True)  # class of exact copies -> its first on the right
    place = np.minimum(np.searchsorted(seen, left), max(0, len(seen) - 1))
    met = np.flatnonzero(seen[place] == left) if len(seen) else np.empty(0, np.int64)
    also = np.flatnonzero((right < n) & ~np.isin(np.arange(len(right)), first_right))
    return np.concatenate([met, right[also]]), np.concatenate([first_right[place[met]], also])


def _each_once(first: Rows, n: int, texts: Sequence[Sequence[str]], *, within: bool) -> FoldedSides:
    left = np.unique(first[:n], return_index=True)[1]
    right = None if within else np.unique(first[n:], return_index=True)[1]
    rows = [left] if right is None else [left, right]
    folded = [side[row] for side, kept in zip(texts, rows, strict=True) if side for row in kept.tolist()]
    return FoldedSides(left, right, folded)


def _searches(
    things: Sample, against: Sample | None, sides: FoldedSides, search: Search
) -> tuple[Surface | Pictures | None, ComparedPoints | None]:
    """Both ways, None for one that is not used."""
    surface: Surface | Pictures | None = None
    vectors = None
    split = None if sides.right is None else len(sides.left)
    if search.poses is not None:
        rows = [(things, sides.left)] + ([(against, sides.right)] if against is not None else [])
        surface = Pictures([side.take(rows) for side, rows in rows], split, search.poses, search.progress)
    elif "surface" in search.ways:
        surface = Surface(sides.folded, split, search.seed)
    if "vectors" in search.ways:
        other = None if against is None or sides.right is None else against.points[sides.right]
        vectors = ComparedPoints(things.points[sides.left], other, things.metric, search.seed)
    return surface, vectors


def _closest(
    surface: Surface | Pictures | None, vectors: ComparedPoints | None, metric: Metric, search: Search
) -> dict[Way, Close]:
    """What each way finds, in two threads."""
    found: dict[Way, Close] = {}
    explored = search.explored / len(search.ways)
    with ThreadPoolExecutor(1) as beside:
        if surface is not None:
            pieces = _begun(surface, _reach("surface", metric, search), explored, beside)
        if vectors is not None:
            progress = None if isinstance(surface, Pictures) else search.progress
            found["vectors"] = vectors.close(_reach("vectors", metric, search), explored, progress)
        if surface is not None:
            found["surface"] = pieces.result()
    return found


def _begun(surface: Surface | Pictures, reach: float | None, explored: float, beside: Executor) -> Future[Close]:
    """The surface, at work in another thread; of pictures it is done here, by all cores, and may be interrupted."""
    if isinstance(surface, Surface):
        return beside.submit(surface.close, reach, explored)
    done: Future[Close] = Future()
    done.set_result(surface.close(reach))
    return done


def _reach(way: Way, metric: Metric, search: Search) -> float | None:
    return None if search.threshold is None else distance(way, metric, search.threshold)


def _asked_for(close: Close, way: Way, metric: Metric, search: Search) -> tuple[Rows, Rows]:
    if search.threshold is not None:
        return close.left, close.right
    wanted = close.tail.expected(close.distances) * len(search.ways) <= search.explored
    return close.left[wanted], close.right[wanted]


def _union(pairs: Sequence[tuple[Rows, Rows]], sides: FoldedSides, first: Rows, n: int) -> tuple[Rows, Rows]:
    """Each pair once, as places in `sides`; exact copies are left out."""
    left, right = (np.concatenate([pair[side] for pair in pairs]) for side in (0, 1))
    if sides.right is not None:
        other = first[sides.left[left]] != first[n + sides.right[right]]
        left, right = left[other], right[other]
    width = len(sides.left if sides.right is None else sides.right)
    left, right = np.divmod(np.unique(left * width + right), max(1, width))
    return left, right


def _every_copy(rows: Rows, first: Rows) -> tuple[Rows, Rows]:
    """For each row the rows that are exact copies of it, itself among them, and the place in `rows` of each."""
    order = np.argsort(first, kind="stable")
    begin, end = (np.searchsorted(first[order], first[rows], side=side) for side in ("left", "right"))
    places, which = ranges(begin, end - begin)
    return order[places], which


def _together(
    things: Sample,
    against: Sample | None,
    exact: tuple[Rows, Rows],
    near: tuple[Rows, Rows],
    far: Mapping[Way, Vectors],
    told: NDArray[np.float64] | None,
    close: Mapping[Way, Close],
    search: Search,
) -> CopyPairs:
    a, b = (np.concatenate([exact[side], near[side]]) for side in (0, 1))
    unknown = np.full(len(a), np.nan, np.float32)
    surface, similarity, expected = unknown, unknown, unknown.astype(np.float64)
    expected[: len(exact[0])] = 0
    if "surface" in far:
        surface = np.concatenate([np.ones(len(exact[0]), np.float32), 1 - far["surface"]])
    if "vectors" in far:
        other = things if against is None else against
        exactly = between(things.points, other.points, *exact, things.metric)
        similarity = similarities("vectors", things.metric, np.concatenate([exactly, far["vectors"]]))
    if told is not None:
        expected = np.concatenate([np.zeros(len(exact[0])), told])
    lowest = search.threshold
    if lowest is None:
        lowest = max(
            float(similarities(way, things.metric, close[way].tail.distance(search.explored / len(search.ways))))
            for way in search.ways
        )
    order = np.lexsort((b, a, -np.fmax(surface, similarity), np.nan_to_num(expected, posinf=np.inf)))
    tails = {way: found.tail for way, found in close.items()}
    return CopyPairs(a[order], b[order], surface[order], similarity[order], expected[order], tails, lowest)


def distance(way: Way, metric: Metric, similarity: float) -> float:
    """The distance of ways.py for a similarity."""
    return 1 - similarity if way == "surface" or metric in ("cosine", "dot") else -similarity


def similarities(way: Way, metric: Metric, distances: Vectors | float) -> Vectors:
    """The similarity for a distance of ways.py."""
    found = 1 - distances if way == "surface" or metric in ("cosine", "dot") else np.negative(distances)
    return np.asarray(found, np.float32)
