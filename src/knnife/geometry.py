"""Points, and how close they are: plain NumPy, in terms that everything above shares.

Vectors are float32 rows, `(n, d)`. A similarity is always *higher is closer*; the two distances are negated, so a
similarity of -0.5 under "euclidean" is a distance of 0.5:

    cosine      x·y / (|x| |y|)         in [-1, 1]; a zero vector has similarity 0 to everything
    dot         x·y
    euclidean   -sqrt(sum (x - y)²)     at most 0
    manhattan   -sum |x - y|            at most 0

Directions are compared at any length, of 1e-45 as of 3e38. Products and distances are made of squares, which float32
holds for lengths from SHORTEST to LONGEST: what is beyond is refused (`check_scale`), never answered by 0 or infinity.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from knnife.errors import BadInput

Vectors = NDArray[np.float32]
Positions = NDArray[np.int64]
Metric = Literal["cosine", "dot", "euclidean", "manhattan"]
METRICS: tuple[str, ...] = get_args(Metric)

MOST_COMPONENTS = 1_000_000  # of a vector: 4 MB each; what has more is a mistake (a whole file read as one cell)
LONGEST = 1e18  # of a vector for all metrics but cosine: sums of a few squares of it stay below 3.4e38
SHORTEST = 1e-12  # of the longest: the square of its last digit, 4e-39, is still a number
BLOCK_BYTES = 32 << 20  # what one intermediate result may take: large enough for BLAS, small enough for any laptop


def as_vectors(values: Any, dim: int | None = None, what: str = "vectors") -> Vectors:
    """`values` as C-ordered float32 `(n, d)`; one vector `(d,)` becomes one row.

    Raises BadInput when it is no such array, holds NaN or infinity, or is not `dim` wide.
    """
    try:
        exact = np.asarray(values)
        if exact.dtype == object or not (
            np.issubdtype(exact.dtype, np.floating) or np.issubdtype(exact.dtype, np.integer)
        ):
            raise TypeError(f"its type is {exact.dtype}")
        with np.errstate(over="ignore", under="ignore"):  # what overflows float32 is reported below, as infinity
            array = np.ascontiguousarray(exact, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise BadInput(f"{what}: expected numbers in rows of equal length (n, d); {error}") from error
    if array.ndim == 1:
        array = array[None, :]
    if array.ndim != 2 or array.shape[1] == 0:
        raise BadInput(f"{what}: expected an array of shape (n, d), got shape {array.shape}")
    if array.shape[1] > MOST_COMPONENTS:
        raise BadInput(f"{what}: {array.shape[1]:,} components in a row; at most {MOST_COMPONENTS:,} are taken")
    if dim is not None and array.shape[1] != dim:
        raise BadInput(f"{what}: expected {dim} dimensions, got {array.shape[1]}")
    # A sum is not finite exactly when a member is not (or it overflows, which the slower look then clears up).
    with np.errstate(over="ignore", invalid="ignore"):
        suspicious = not np.isfinite(array.sum(dtype=np.float64))
    if suspicious and not (finite := np.isfinite(array).all(axis=1)).all():
        row = int(np.argmin(finite))
        raise BadInput(
            f"{what}: row {row} holds NaN or infinity, or a number beyond float32 (3.4e38); every component must be a "
            "finite number"
        )
    if exact.dtype != np.float32 and (gone := vanished(exact.reshape(array.shape), array)).any():
        raise BadInput(
            f"{what}: row {int(np.argmax(gone))} is too small for float32, which has no number between 0 and 1.4e-45; "
            "multiply the vectors by a constant"
        )
    return array


def vanished(exact: NDArray[Any], rounded: NDArray[Any]) -> NDArray[np.bool_]:
    """Which rows `(n,)` have become zeros by rounding, and were none."""
    found: NDArray[np.bool_] = np.logical_not(rounded.any(axis=1))
    found[found] = exact[found].any(axis=1)
    return found


def check_scale(vectors: Vectors, metric: Metric, what: str = "vectors", *, least: bool = True) -> None:
    """Raises BadInput where float32 cannot hold their products and distances; least: also where all are too short."""
    if metric == "cosine" or not vectors.size:
        return
    largest = max(float(vectors.max()), -float(vectors.min()))
    if largest * vectors.shape[1] ** 0.5 > LONGEST and (longest := float(lengths(vectors).max())) > LONGEST:
        much = "beyond what float32 holds" if np.isinf(longest) else f"{longest:.2g}"
    elif least and 0 < largest < SHORTEST and (longest := float(lengths(vectors).max())) < SHORTEST:
        much = f"{longest:.2g}"
    else:
        return
    raise BadInput(
        f"{what}: the longest has the length {much}, and float32 holds products and distances for lengths from "
        f"{SHORTEST:.0e} to {LONGEST:.0e} only; multiply the vectors by a constant, or use the metric cosine"
    )


def unit(vectors: Vectors) -> Vectors:
    """Each row scaled to length 1; rows of zeros stay zeros."""
    norms = lengths(vectors)
    found = np.divide(vectors, norms[:, None], out=np.zeros_like(vectors), where=norms[:, None] > 0)
    if (odd := (norms < 1e-15) | (norms > 1e15)).any():  # where a length has fewer digits in float32, or none
        rows = vectors[odd].astype(np.float64)
        exact = np.linalg.norm(rows, axis=1)[:, None]
        found[odd] = np.divide(rows, exact, out=np.zeros_like(rows), where=exact > 0)
    return found


def lengths(vectors: Vectors) -> Vectors:
    """The Euclidean length of each row, `(n,)`; infinity where float32 cannot hold it."""
    with np.errstate(over="ignore", under="ignore"):
        squares = np.einsum("ij,ij->i", vectors, vectors)
        found: Vectors = np.sqrt(squares)
        extreme = (squares < 1e-30) | (squares > 1e30)  # where float32 squares lose digits, vanish or overflow
        found[extreme] = np.linalg.norm(vectors[extreme].astype(np.float64), axis=1)
    return found


def similarity(a: Vectors, b: Vectors, metric: Metric = "cosine") -> Vectors:
    """All similarities between the rows of `a` (n, d) and of `b` (m, d): `(n, m)`, higher is closer.

    Raises BadInput for vectors that are too long for the metric (`check_scale`).
    """
    if metric not in METRICS:
        raise BadInput(f"metric {metric!r}: expected one of {', '.join(METRICS)}")
    if metric == "cosine":
        return unit(a) @ unit(b).T
    for each in (a, b):
        check_scale(each, metric, least=False)
    if metric == "dot":
        return a @ b.T
    scores = np.empty((len(a), len(b)), np.float32)
    for i, row in enumerate(a):  # differences, not the expanded square: x·x - 2x·y + y·y loses close neighbours
        difference = b - row
        if metric == "euclidean":
            np.sqrt(np.einsum("ij,ij->i", difference, difference), out=scores[i])
        else:
            np.abs(difference, out=difference).sum(axis=1, out=scores[i])
    return np.negative(scores, out=scores)


def top_k(scores: Vectors, k: int) -> tuple[NDArray[np.int64], Vectors]:
    """The `k` best columns of each row of `scores` (n, m), best first: columns `(n, k)` and scores `(n, k)`.

    Equal scores come in the order of their columns. With fewer than `k` columns, all of them are returned.
    """
    m = scores.shape[1]
    k = min(k, m)
    if 4 * k >= m:
        columns = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    else:
        threshold = -np.partition(-scores, k - 1, axis=1)[:, k - 1 : k]
        columns = np.empty((len(scores), k), np.int64)
        for i, row in enumerate(scores):  # every tie at the threshold takes part, so the order is well defined
            candidates = np.flatnonzero(row >= threshold[i])
            columns[i] = candidates[np.argsort(-row[candidates], kind="stable")[:k]]
    return columns.astype(np.int64, copy=False), np.take_along_axis(scores, columns, axis=1)


def blocks(n: int, row_bytes: int, budget: int = BLOCK_BYTES) -> Iterator[slice]:
    """Consecutive slices that cover `range(n)`, each of as many rows as fit in `budget` bytes (one at least)."""
    step = max(1, budget // max(1, row_bytes))
    for start in range(0, n, step):
        yield slice(start, min(n, start + step))


def ranges(starts: NDArray[np.integer], lengths: NDArray[np.integer]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The numbers of n ranges, one after another, and in which range each is; starts, lengths: `(n,)`."""
    which = np.repeat(np.arange(len(lengths)), lengths)
    return np.arange(len(which)) + np.repeat(starts - (np.cumsum(lengths) - lengths), lengths), which


def connected(n: int, left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each of n things the smallest row that it is connected with by pairs, `(n,)`."""
    label = np.arange(n)
    while True:
        low = np.minimum(label[left], label[right])
        before = label.copy()
        np.minimum.at(label, label[left], low)
        np.minimum.at(label, label[right], low)
        while not np.array_equal(label, shorter := label[label]):
            label = shorter
        if np.array_equal(label, before):
            return label


def members(label: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """The rows of each group of two or more, groups and rows in order."""
    order = np.argsort(label, kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(label[order])) + 1)
    return [part for part in parts if len(part) > 1]


def gathered(batches: Iterable[tuple[Positions, Vectors]], most: int, dim: int) -> tuple[Positions, Vectors]:
    """Batches of positions `(b,)` and vectors `(b, dim)`, at most so many rows in all, as one of each.

    Copied into place as they come, so that a million vectors are in memory only once.
    """
    positions, vectors = np.empty(most, np.int64), np.empty((most, dim), np.float32)
    n = 0
    for some, rows in batches:
        block = slice(n, n := n + len(some))
        positions[block], vectors[block] = some, rows
    return positions[:n], vectors[:n]
