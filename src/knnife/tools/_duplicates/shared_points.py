"""Which pictures have parts in common? Those with keypoints that look alike, and are sized and turned alike.

The vectors of whole pictures find no picture within a window, beside others, or of which a quarter is left. Keypoints
do: each is put into one of many cells (the words of Sivic and Zisserman, "Video Google", ICCV 2003), by the nearest
centroids of both halves of its descriptor (the inverted multi-index of Babenko and Lempitsky, CVPR 2012). Within a
cell all are compared. Those that are alike vote for their two pictures, together with the others that say the same
change of size (the weak geometric consistency of Jégou, Douze and Schmid, ECCV 2008), and a keypoint that is alike to
many, as letters are, has one vote for all of them together (their burstiness: CVPR 2009).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from knnife.encoders.keypoints import QUANTUM, Keypoints
from knnife.geometry import Vectors, blocks
from knnife.statistics.kmeans import centroids
from knnife.tools._duplicates.shortlist import NEAREST, Candidates, Poses
from knnife.tools._duplicates.similarity_join import Rows

HALVES: Final = (slice(0, 64), slice(64, 128))  # of a descriptor
TOGETHER: Final = 128  # keypoints in a cell, on average
CROWDED: Final = 32 * TOGETHER  # a cell that holds more is of what is everywhere, and says nothing
LEARNED: Final = 100  # keypoints for each centroid that it is learned from
ROUNDS: Final = 6
ALIKE: Final = 0.88  # cosine of two descriptors: of copies most have more, of others in one cell one in 50
LINKS: Final = 16  # of a keypoint, those most alike
SIZES: Final = 0.5  # in powers of e: how much changes of size differ that say the same
VOTES: Final = 0.5  # that make a candidate; pictures that have nothing in common have less than a tenth of it

Mask = NDArray[np.bool_]


class PicturePoints(NamedTuple):
    """The keypoints of all pictures of a side: whose each is, its descriptor, direction, and logarithm of its size."""

    picture: Rows
    descriptors: NDArray[np.uint8]
    angles: Vectors
    sizes: Vectors

    @classmethod
    def of(cls, pictures: Sequence[Keypoints]) -> PicturePoints:
        """Those of these pictures, in their order."""
        empty = np.empty((0, 128), np.uint8), np.empty(0, np.float32), np.empty(0, np.float32)
        return cls(
            np.repeat(np.arange(len(pictures)), [len(each) for each in pictures]),
            np.concatenate([empty[0], *(each.descriptors for each in pictures)]),
            np.concatenate([empty[1], *(each.angles for each in pictures)]),
            np.log(np.concatenate([empty[2], *(each.sizes for each in pictures)])),
        )


class Links(NamedTuple):
    """Pairs of keypoints that are alike, rows of both sides, and what each counts."""

    left: Rows
    right: Rows
    weights: Vectors


def sharing(a: Sequence[Keypoints], b: Sequence[Keypoints] | None, poses: Poses) -> Candidates:
    """Pairs of pictures that have keypoints in common; b None: within a, the smaller row first."""
    known = PicturePoints.of(a if b is None else b)
    words = _PointWords(known.descriptors)
    found = []
    for mirrored in (False, True) if poses.mirrored else (False,):
        asked = (
            known
            if b is None and not mirrored
            else PicturePoints.of([each.mirrored() for each in a] if mirrored else a)
        )
        left, right = _elected(asked, known, words, poses, len(a), within=b is None)
        found.append(Candidates(left, right, np.full(len(left), mirrored)))
    return Candidates(*(np.concatenate(column) for column in zip(*found, strict=True)))


class _PointWords:
    """Centroids of the halves of descriptors; a cell is a pair of them."""

    def __init__(self, descriptors: NDArray[np.uint8]) -> None:
        self._count = max(1, round(np.sqrt(len(descriptors) / TOGETHER)))
        some = np.random.default_rng(0).permutation(len(descriptors))[: LEARNED * self._count]
        learned = descriptors[some].astype(np.float32)
        self._centroids = [
            centroids(learned[:, half], self._count, rounds=ROUNDS, seed=0) if self._count > 1 else None
            for half in HALVES
        ]

    def cells(self, descriptors: NDArray[np.uint8]) -> Rows:
        """The cell of each descriptor `(n,)`."""
        found = np.zeros(len(descriptors), np.int64)
        for half, middles in zip(HALVES, self._centroids, strict=True):
            if middles is None:
                continue
            length = 0.5 * np.square(middles).sum(axis=1)
            for some in blocks(len(descriptors), 4 * (64 + len(middles))):
                near = descriptors[some, half].astype(np.float32) @ middles.T - length
                found[some] = found[some] * self._count + near.argmax(axis=1)
        return found


def _elected(
    asked: PicturePoints, known: PicturePoints, words: _PointWords, poses: Poses, pictures: int, *, within: bool
) -> tuple[Rows, Rows]:
    """Pairs of pictures with votes enough, and those only that are among the NEAREST of one of the two."""
    parts = [_alike(asked, known, rows, columns, within=within) for rows, columns in _cells(asked, known, words)]
    if not parts:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    links = Links(*(np.concatenate(column) for column in zip(*parts, strict=True)))
    left, right, votes = _votes(asked, known, links, poses)
    enough = votes >= VOTES
    left, right, votes = left[enough], right[enough], votes[enough]
    if within:
        first = _rank(np.append(left, right), np.append(votes, votes)).reshape(2, -1)
    else:
        first = np.stack([_rank(left, votes), _rank(right, votes)])
    chosen = (first < NEAREST).any(axis=0)
    return left[chosen], right[chosen]


def _cells(asked: PicturePoints, known: PicturePoints, words: _PointWords) -> Iterator[tuple[Rows, Rows]]:
    """The rows of both sides in each cell that has some of both."""
    ours, theirs = words.cells(asked.descriptors), words.cells(known.descriptors)
    order, other = np.argsort(ours, kind="stable"), np.argsort(theirs, kind="stable")
    cells = np.intersect1d(ours, theirs)
    begin, end = (np.searchsorted(ours[order], cells, side) for side in ("left", "right"))
    start, stop = (np.searchsorted(theirs[other], cells, side) for side in ("left", "right"))
    for row in np.flatnonzero(np.maximum(end - begin, stop - start) <= CROWDED).tolist():
        yield order[begin[row] : end[row]], other[start[row] : stop[row]]


def _alike(asked: PicturePoints, known: PicturePoints, rows: Rows, columns: Rows, *, within: bool) -> Links:
    """Of the keypoints in one cell, pairs that are alike; of each the LINKS that are most so."""
    similar = asked.descriptors[rows].astype(np.float32) @ known.descriptors[columns].astype(np.float32).T
    ours, theirs = asked.picture[rows], known.picture[columns]
    if within:
        similar[ours[:, None] == theirs] = 0
    close = similar > ALIKE * QUANTUM**2
    by_row, by_column = close.sum(axis=1), close.sum(axis=0)
    close &= (similar >= _least(similar, by_row)[:, None]) | (similar >= _least(similar.T, by_column))
    if within:
        close &= ours[:, None] < theirs
    row, column = np.nonzero(close)
    return Links(rows[row], columns[column], (1 / np.maximum(by_row[row], by_column[column])).astype(np.float32))


def _least(similar: Vectors, counts: NDArray[np.integer]) -> Vectors:
    """For each row the similarity of its LINKS-th best, 0 where it has no more than these."""
    least = np.zeros(len(similar), np.float32)
    many = np.flatnonzero(counts > LINKS)
    if len(many):
        least[many] = np.partition(similar[many], -LINKS, axis=1)[:, -LINKS]
    return least


def _votes(asked: PicturePoints, known: PicturePoints, links: Links, poses: Poses) -> tuple[Rows, Rows, Vectors]:
    """Each pair of pictures with the votes that agree in the change of size and direction: left, right, votes."""
    turn = known.angles[links.right] - asked.angles[links.left]
    quarter = np.floor(turn / (np.pi / 2) + 0.5).astype(np.int64) % 4
    upright = slice(None) if poses.turned else quarter == 0
    left, right = asked.picture[links.left[upright]], known.picture[links.right[upright]]
    size = (known.sizes[links.right] - asked.sizes[links.left])[upright] / SIZES
    width = int(known.picture[-1]) + 1
    pairs, which = np.unique(left * width + right, return_inverse=True)
    best = np.zeros(len(pairs), np.float32)
    for offset in (0, 0.5):  # what is parted by one border is together between the others
        said = np.floor(size + offset).astype(np.int64)
        said += -said.min(initial=0)
        steps = int(said.max(initial=0)) + 1
        bins, place = np.unique((which * steps + said) * 4 + quarter[upright], return_inverse=True)
        np.maximum.at(best, bins // (4 * steps), np.bincount(place, links.weights[upright]).astype(np.float32))
    left, right = np.divmod(pairs, width)
    return left, right, best


def _rank(of: Rows, votes: Vectors) -> Any:
    """The place of each pair among those of the same picture, by votes."""
    order = np.lexsort((-votes, of))
    place = np.empty(len(of), np.int64)
    place[order] = np.arange(len(of)) - np.searchsorted(of[order], of[order])
    return place
