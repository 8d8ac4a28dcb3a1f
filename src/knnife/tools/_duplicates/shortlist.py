"""Which pictures may be copies of which? Those whose vectors come close, as they are, mirrored or turned.

The vectors are those of the encoder "copies", which knows what they would be for the mirrored and turned picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from knnife.geometry import Vectors, blocks
from knnife.space import nearest
from knnife.tools._duplicates.similarity_join import Rows

ENCODER: Final = "copies"
NEAREST: Final = 10  # of each picture, if they are CLOSE: most copies have a cosine of 0.7 or more
CLOSE: Final = 0.6  # one pair in 300 of other photos comes so close
FIRST: Final = 3  # of each picture, if they are not FAR: of 4,624 copies the original was the first of all
FAR: Final = 0.3  # cosine: what lost a fifth to each side, or was turned by 10 degrees, may come down to it
RECALL: Final = 0.99  # of the nearest, where there are so many pictures that they are looked up in an index
TURNS: Final = 4  # quarter turns of the picture as it is; behind them those of its mirror image


class Poses(NamedTuple):
    """In which ways a copy may stand to its original, besides as it is.

    parts: it may be a part of it, or have it as a part; None where nobody has said.
    """

    mirrored: bool = False
    turned: bool = False
    parts: bool | None = None


class Candidates(NamedTuple):
    """Pairs of pictures, rows of both sides and whether the left one is to be mirrored, each `(c,)`; each pair once."""

    left: Rows
    right: Rows
    mirrored: Any  # NDArray[np.bool_]


def candidates(a: Vectors, b: Vectors | None, poses: Poses, encoder: Any) -> Candidates:
    """Pairs of a picture and those nearest to it; b None: within a, smaller row first. a, b: `(n, d)` of `encoder`."""
    turns = range(TURNS) if poses.turned else range(1)
    wanted = [(turn, False) for turn in turns] + [(TURNS + turn, True) for turn in turns if poses.mirrored]
    found: list[Rows] = []
    for variant, mirrored in wanted:
        for left, right in _both_ways(a, b, variant, encoder):
            if b is None:
                left, right = np.minimum(left, right), np.maximum(left, right)
                left, right = left[left != right], right[left != right]
            width = len(a if b is None else b)
            found.append((left * width + right) * 2 + mirrored)
    pairs, mirrors = np.divmod(np.unique(np.concatenate(found)), 2)
    left, right = np.divmod(pairs, max(1, len(a if b is None else b)))
    return Candidates(left, right, mirrors.astype(bool))


def each_once(found: Sequence[Candidates]) -> Candidates:
    """The pairs of all of these, each once, sorted."""
    left, right, mirrored = (np.concatenate(column).astype(np.int64) for column in zip(*found, strict=True))
    width = int(right.max(initial=0)) + 1
    pairs, mirrors = np.divmod(np.unique((left * width + right) * 2 + mirrored), 2)
    return Candidates(*np.divmod(pairs, width), mirrors.astype(bool))


def _both_ways(a: Vectors, b: Vectors | None, variant: int, encoder: Any) -> list[tuple[Rows, Rows]]:
    """Each picture of either side with its nearest, posed so; a mirror image is close both ways."""
    forth = _near(_posed(a, variant, encoder), a if b is None else b)
    if b is None:
        return [forth]
    right, left = _near(_posed(b, _back(variant), encoder), a)
    return [forth, (left, right)]


def _back(variant: int) -> int:
    """What undoes a turn: the turn the other way. A mirror image that is turned undoes itself."""
    return variant if variant >= TURNS else -variant % TURNS


def _posed(vectors: Vectors, variant: int, encoder: Any) -> Vectors:
    """The vectors of the pictures posed so; all eight poses of all of them at once could be too many."""
    if not variant:
        return vectors
    parts = [
        encoder.variants(vectors[some])[variant] for some in blocks(len(vectors), 2 * TURNS * vectors.shape[1] * 4)
    ]
    return np.concatenate([vectors[:0], *parts])


def _near(queries: Vectors, points: Vectors) -> tuple[Rows, Rows]:
    """Rows of the queries and of the points nearest to each, if they are close at all."""
    rows, scores = nearest(points, NEAREST + 1, queries, recall=RECALL)  # one more: it may be the picture itself
    own = np.arange(scores.shape[1]) <= FIRST  # one more, too
    which, column = np.nonzero((scores >= CLOSE) | ((scores >= FAR) & own))
    return which.astype(np.int64), rows[which, column]
