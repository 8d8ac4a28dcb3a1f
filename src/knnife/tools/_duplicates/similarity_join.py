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
from knnife.tools._duplicates.products import FAST, WIDEST, ByBytes, ByFloats, Sought, step

Rows = NDArray[np.int64]

ROWS = 256  # of one block of the product
FEW = 250_000  # pairs: the axes would take longer to find than all products
SAMPLE = 2_048  # points that the axes, and how many of them, are chosen by
GATHER = 200.0 if FAST else 40.0  # an exact distance costs as much as so many products of the same length at once
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
    pictures = _pictures(a, other, squared)
    products = ByBytes(pictures) if FAST and pictures.left.shape[1] <= WIDEST else ByFloats(pictures)
    found = []
    for rows in blocks(len(a), 1, ROWS):
        left, right = products.wanted(rows, rows.start if b is None else 0)
        if b is None:
            later = left < right
            left, right = left[later], right[later]
        far = between(a, other, left, right, metric)
        near = far <= reach
        found.append((left[near], right[near], far[near]))
        if progress:
            progress(rows.stop, _share(rows.stop, len(a), b is None))
    lefts, rights, fars = zip(*found, strict=True)
    return np.concatenate(lefts), np.concatenate(rights), np.concatenate(fars)


def _pictures(a: Vectors, b: Vectors, squared: float) -> Sought:
    """Both sides as narrow rows, and how large their product is at least where the squared distance is small enough.

    The product less half of both squares is minus half of the squared distance.
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
    slack = squared / 2 + ROUNDING * float(max(squares_a.max(), squares_b.max()))
    return Sought(left, right, squares_a / 2 - slack, squares_b / 2)


def _folded(turned: Vectors, kept: int) -> tuple[Vectors, NDArray[np.float64]]:
    """The first coordinates and the length of the others, and the squared lengths of all `(n,)`."""
    rest = np.sqrt(np.einsum("ij,ij->i", turned[:, kept:], turned[:, kept:]))
    squares = np.einsum("ij,ij->i", turned, turned)
    return np.hstack([turned[:, :kept], rest[:, None]]), squares.astype(np.float64)


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
    lost = 4 * step(a) * np.sqrt(np.array(choices) / 12 * float(of_left[:, -1].max())) if FAST else 0.0
    near = lengths(left - right) + np.square(tails) <= squared + lost
    passed = np.count_nonzero(near, axis=0) + 1  # one unseen, perhaps
    return choices[int(np.argmin(np.array(choices) + 8 + GATHER * dim * passed / len(left)))]


def _share(done: int, n: int, ordered: bool) -> float:
    left = 1 - done / n
    return 1 - left * left if ordered else 1 - left
