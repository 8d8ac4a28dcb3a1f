"""All pairs of points that are close to each other, exactly.

Points are rotated to their principal axes; the first coordinates stay, and the length of the others becomes one more.
That makes no distance greater (Cauchy and Schwarz), so one product of narrow matrices finds all pairs that may be
close, and exact distances decide. How many axes stay is chosen by the work that a sample predicts.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from knnife.encoders.protocol import Progress
from knnife.geometry import Metric, Vectors, blocks

Rows = NDArray[np.int64]

ROWS, COLUMNS = 1_024, 4_096  # of one block of the product: it stays in the cache of the processor
FEW = 250_000  # pairs: the axes would take longer to find than all products
SAMPLE = 2_048  # points that the axes, and how many of them, are chosen by
GATHER = 40.0  # an exact distance costs as much as so many products of the same length within a matrix product
ROUNDING = 2e-6  # relative error of the squares in float32, with room to spare
SAME = 1e-6  # cosines are rounded so much: nearer points are taken to be one


def between(a: Vectors, b: Vectors, left: Rows, right: Rows, metric: Metric) -> Vectors:
    """How far a[left[i]] is from b[right[i]] `(p,)`: 1 - cosine, for points of length 1, or a length."""
    found: Vectors = np.empty(len(left), np.float32)
    for some in blocks(len(left), a.shape[1] * 8):
        here, there = a[left[some]], b[right[some]]
        if metric in ("cosine", "dot"):
            found[some] = 1 - np.einsum("ij,ij->i", here, there)
        elif metric == "euclidean":
            found[some] = np.linalg.norm(here - there, axis=1)
        else:
            found[some] = np.abs(here - there).sum(axis=1)
    if metric in ("cosine", "dot"):
        found[found < SAME] = 0
    return found


def close_pairs(
    a: Vectors, b: Vectors | None, reach: float, metric: Metric, progress: Progress | None = None
) -> tuple[Rows, Rows, Vectors]:
    """All pairs at most `reach` apart: rows of `a`, rows of `b`, and distances, each `(p,)`.

    b: None compares the points of `a` with each other, each pair once, the smaller row first. Points are compared by
    "cosine" (they have length 1, and the distance is 1 - cosine), "euclidean" or "manhattan".
    """
    other = a if b is None else b
    if not len(a) or not len(other) or reach < 0:
        return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32)
    squared = 2 * reach if metric in ("cosine", "dot") else reach * reach
    flat_a, flat_b, limit = _pictures(a, other, squared)
    found = []
    for rows in blocks(len(a), 1, ROWS):
        left, right = _candidates(flat_a[rows], flat_b, limit, rows.start, b is None)
        far = between(a, other, left, right, metric)
        near = far <= reach
        found.append((left[near], right[near], far[near]))
        if progress:
            progress(rows.stop, _share(rows.stop, len(a), b is None))
    lefts, rights, fars = zip(*found, strict=True)
    return np.concatenate(lefts), np.concatenate(rights), np.concatenate(fars)


def _candidates(some: Vectors, others: Vectors, limit: float, first: int, ordered: bool) -> tuple[Rows, Rows]:
    """Rows whose product is at least the limit; `first` is the row of some[0], `ordered`: only larger rows."""
    lefts, rights = [], []
    for start in range(first if ordered else 0, len(others), COLUMNS):
        products = some @ others[start : start + COLUMNS].T
        passed = np.flatnonzero((products >= limit).ravel())
        if len(passed):
            left, right = np.divmod(passed, products.shape[1])
            lefts.append(left + first)
            rights.append(right + start)
    if not lefts:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    left, right = np.concatenate(lefts), np.concatenate(rights)
    if ordered:
        wanted = left < right
        left, right = left[wanted], right[wanted]
    return left, right


def _pictures(a: Vectors, b: Vectors, squared: float) -> tuple[Vectors, Vectors, float]:
    """Both sides as rows whose product is at least the third value wherever the squared distance is small enough.

    The product is that of the picture, less half of both squares: minus half of the squared distance.
    """
    centre = a.mean(axis=0)
    kept = a.shape[1]
    turned_a = a - centre
    turned_b = turned_a if a is b else b - centre
    if len(a) * len(b) > FEW:
        random = np.random.default_rng(0)  # decides how quickly the pairs are found, not which
        sample = turned_a[np.sort(random.permutation(len(a))[:SAMPLE])]
        axes = np.linalg.eigh(sample.T.astype(np.float64) @ sample)[1][:, ::-1].astype(np.float32)
        turned_a = turned_a @ axes
        turned_b = turned_a if a is b else turned_b @ axes
        kept = _how_many(turned_a, turned_b, squared, random)
    left, squares_a = _folded(turned_a, kept)
    right, squares_b = (left, squares_a) if a is b else _folded(turned_b, kept)
    ones_a, ones_b = np.ones((len(left), 1), np.float32), np.ones((len(right), 1), np.float32)
    slack = ROUNDING * float(max(squares_a.max(), squares_b.max()))
    return np.hstack([left, ones_a, -squares_a / 2]), np.hstack([right, -squares_b / 2, ones_b]), -squared / 2 - slack


def _folded(turned: Vectors, kept: int) -> tuple[Vectors, Vectors]:
    """The first coordinates and the length of the others, and the squared lengths of all `(n, 1)`."""
    rest = np.sqrt(np.einsum("ij,ij->i", turned[:, kept:], turned[:, kept:]))
    squares = np.einsum("ij,ij->i", turned, turned)
    return np.hstack([turned[:, :kept], rest[:, None]]), squares[:, None]


def _how_many(a: Vectors, b: Vectors, squared: float, random: np.random.Generator) -> int:
    """How many axes make the least work, judged by pairs of a sample."""
    dim = a.shape[1]
    left = a[random.integers(len(a), size=SAMPLE * 8)]
    right = b[random.integers(len(b), size=SAMPLE * 8)]
    choices = [kept for kept in (4, 8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768) if kept < dim] + [dim]

    def lengths(points: Vectors) -> Vectors:
        """The squares of the first coordinates, so many as each choice says, summed `(n, choices)`."""
        return np.add.reduceat(np.square(points), [0, *choices[:-1]], axis=1).cumsum(axis=1)

    of_left, of_right = lengths(left), lengths(right)
    tails = np.sqrt(of_left[:, -1:] - of_left) - np.sqrt(of_right[:, -1:] - of_right)
    passed = np.count_nonzero(lengths(left - right) + np.square(tails) <= squared, axis=0) + 1  # one unseen, perhaps
    return choices[int(np.argmin(np.array(choices) + 8 + GATHER * dim * passed / len(left)))]


def _share(done: int, n: int, ordered: bool) -> float:
    left = 1 - done / n
    return 1 - left * left if ordered else 1 - left
