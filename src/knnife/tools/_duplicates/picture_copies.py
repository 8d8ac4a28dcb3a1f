"""The surface of pictures: how much of one is found again in another, once it lies on it.

Candidates (shortlist.py) are laid on one another by their keypoints. The figure is the geometric mean of two shares: of
the keypoints of the common area that are found again in their places, counted evenly over the picture, and of the area
that looks alike. A common logo has something of the first, a shirt of the same cut the second, and copies have both.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Final, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from knnife.encoders import load_encoder
from knnife.encoders.keypoints import QUANTUM, Keypoints, keypoints
from knnife.encoders.picture_matching import matched
from knnife.encoders.protocol import Progress
from knnife.errors import BadInput, MissingPackage, NotFound
from knnife.geometry import Vectors
from knnife.space import Sample
from knnife.statistics.tails import NOTHING_KNOWN
from knnife.things.pictures import content
from knnife.things.pixels import each_picture
from knnife.threads import cores
from knnife.tools._duplicates.candidate_search import Close
from knnife.tools._duplicates.picture_tails import Inexact, PicturePairs, read_tail
from knnife.tools._duplicates.shared_points import sharing
from knnife.tools._duplicates.shortlist import ENCODER, Candidates, Poses, candidates, each_once
from knnife.tools._duplicates.similarity_join import Rows

SIDE: Final = 160  # pixels of the longer side: of copies as much is found again as at 256, in less than half the time
SOME: Final = 128  # pictures or pairs between two looks at the clock: an interruption waits for no more
POINTS: Final = 600  # of a picture; one of four side by side has a quarter of them
LOOKING: Final = 0.7  # of the time goes into finding keypoints; the rest into comparing pairs
ENOUGH: Final = 30  # keypoints of a picture, of which some would be found again in any copy
AGAIN: Final = 0.8  # cosine of the descriptors of one point in both pictures
EXACT: Final = 0.2  # of its size: how far from its place a point of a copy may be
WHOLE: Final = 0.8  # of a picture, that its copy shows if it is no part
CELLS: Final = 4  # to a side of a picture
CROWD: Final = 8  # keypoints of a cell that count: a caption or a pattern has more than its share
LEAST: Final = 1e-9

Floats = NDArray[Any]  # (n, 2)

T = TypeVar("T")


class Likeness(NamedTuple):
    """share: how much of one picture is found again in the other, 0 to 1. common: of each, how much the other shows.

    exactly: how exactly the points lie that are found again, 0 to 1.
    """

    share: float
    common: float
    exactly: float


class Pictures:
    """Pictures of the left side, and behind them those of the right side, if there is one."""

    def __init__(self, sides: Sequence[Sample], split: int | None, poses: Poses, progress: Progress | None) -> None:
        """`split`: how many are on the left; None compares each with each."""
        self._values: list[Any] = [thing.value for side in sides for thing in side.things]
        self._split, self._poses, self._progress = split, poses, progress
        encoder = load_encoder(ENCODER)
        vectors = [_vectors(side, encoder) for side in sides]
        self._candidates = candidates(vectors[0], vectors[1] if split is not None else None, poses, encoder)
        self._keypoints: dict[int, Keypoints] = {}
        self._inexact = Inexact(NOTHING_KNOWN, 1.0)
        self._known = PicturePairs(np.empty(0, np.int64), *(np.empty(0, kind) for kind in ("f4", "?", "f4")))

    def close(self, reach: float | None) -> Close:
        """Pairs at most `reach` apart; None: all that were compared, with the tail of those that are no copies."""
        found = [self._candidates]
        if self._poses.parts:
            self._look(range(len(self._values)))
            points = [self._keypoints[row] for row in range(len(self._values))]
            right_side = None if self._split is None else points[self._split :]
            found.append(sharing(points[: self._split], right_side, self._poses))
        pairs = self._known = self._compared(each_once(found))
        left, right = np.divmod(pairs.keys, max(1, len(self._values)))
        if reach is not None:
            near = pairs.distances <= reach
            return Close(left[near], right[near], pairs.distances[near], NOTHING_KNOWN)
        self._inexact = read_tail(pairs, left, right + (self._split or 0), len(self._values))
        return Close(left, right, self._inexact.distances(pairs), self._inexact.tail)

    def distances(self, left: Rows, right: Rows) -> Vectors:
        """The distances of these pairs `(p,)`."""
        new = ~np.isin(left * len(self._values) + right, self._known.keys)
        left_new, right_new = left[new], right[new]
        mirrored = np.zeros(len(left_new), bool)
        if self._poses.mirrored:
            left_new, right_new = np.tile(left_new, 2), np.tile(right_new, 2)
            mirrored = np.concatenate([mirrored, ~mirrored])
        more = self._compared(Candidates(left_new, right_new, mirrored))
        keys = np.concatenate([self._known.keys, more.keys])
        far = np.concatenate([self._inexact.distances(pairs) for pairs in (self._known, more)])
        order = np.argsort(keys)
        return far[order[np.searchsorted(keys, left * len(self._values) + right, sorter=order)]]

    def denied(self, left: Rows, right: Rows, distances: Vectors) -> NDArray[np.bool_]:
        """Which of these pairs are no copies, however close their vectors: points enough, and none found again."""
        behind = self._split or 0
        enough = [
            min(len(self._keypoints[a]), len(self._keypoints[b + behind])) >= ENOUGH
            for a, b in zip(left.tolist(), right.tolist(), strict=True)
        ]
        return np.asarray((distances >= 1) & np.array(enough, bool))

    def _compared(self, pairs: Candidates) -> PicturePairs:
        """Each pair once, posed so that it is closest."""
        found = self._laid(pairs)
        far = np.array([1 - each.share for each in found], np.float32)
        whole = np.array([each.common >= WHOLE for each in found], bool)
        keys = pairs.left * len(self._values) + pairs.right
        order = np.lexsort((far, keys))
        keys, first = np.unique(keys[order], return_index=True)
        best = order[first]
        exactly = np.array([found[row].exactly for row in best.tolist()], np.float32)
        return PicturePairs(keys, far[best], whole[best], exactly)

    def _laid(self, pairs: Candidates) -> list[Likeness]:
        behind = self._split or 0
        self._look(sorted(set(pairs.left.tolist()) | {row + behind for row in pairs.right.tolist()}))

        def one(pair: tuple[int, int, bool]) -> Likeness:
            left, right, mirrored = pair
            a = self._keypoints[left]
            return alike(a.mirrored() if mirrored else a, self._keypoints[right + behind])

        found: list[Likeness] = []
        with ThreadPoolExecutor(cores()) as pool:
            for done, some in _in_parts(list(zip(*(side.tolist() for side in pairs), strict=True))):
                found += pool.map(one, some)
                self._tell(done, LOOKING + (1 - LOOKING) * done / len(pairs.left))
        return found

    def _look(self, rows: Sequence[int]) -> None:
        """Finds the keypoints of those that were not looked at before."""
        new = [row for row in rows if row not in self._keypoints]
        for done, some in _in_parts(new):
            with _unread():
                found = each_picture(
                    [self._values[row] for row in some], lambda picture: keypoints(picture, POINTS), SIDE
                )
            self._keypoints.update(zip(some, found, strict=True))
            self._tell(done, LOOKING * done / len(new))

    def _tell(self, done: int, share: float) -> None:
        if self._progress is not None:
            self._progress(done, share)


def alike(a: Keypoints, b: Keypoints) -> Likeness:
    """How much of one picture is found again in the other, 0 to 1, however it is turned, sized, cropped or lit."""
    found = matched(a, b)
    if found.transform is None or not found.same or abs(np.linalg.det(found.transform[:, :2])) < LEAST:
        return Likeness(0.0, 0.0, 0.0)
    linear, shift = found.transform[:, :2], found.transform[:, 2]
    there = a.points @ linear.T + shift
    own = np.flatnonzero(_within(there, b.width, b.height))
    back = (b.points - shift) @ np.linalg.inv(linear).T
    other = np.flatnonzero(_within(back, a.width, a.height))
    near, again = _exact(a, b, own, other, there[own], float(np.sqrt(abs(np.linalg.det(linear)))))
    size = np.array([a.width, a.height])
    share = _again(a.points[own] / size, back[other] / size, again)
    exactly = float(again.sum() / max(1, near.sum()))
    return Likeness(float(np.sqrt(share * found.agreement)), min(found.overlap), exactly)


def _exact(
    a: Keypoints, b: Keypoints, own: Rows, other: Rows, there: Floats, scale: float
) -> tuple[NDArray[np.bool_], Vectors]:
    """Whether each point of a is found again in b near its place, and how exactly, 0 to 1: as only a copy's are.

    own, other: rows of a and b. there: the places in b of those of a, scale: how many times larger they are there.
    """
    apart = np.sqrt(np.square(there[:, None] - b.points[other]).sum(axis=2))
    similar = a.descriptors[own].astype(np.float32) @ b.descriptors[other].T.astype(np.float32)
    size = np.maximum(a.sizes[own][:, None] * scale, b.sizes[other])
    off = np.where(similar > AGAIN * QUANTUM**2, apart / size, np.inf).min(axis=1, initial=np.inf)
    return off < 1, np.exp(-0.5 * np.square(off / EXACT))


def _again(here: Floats, there: Floats, found: Vectors) -> float:
    """The share of keypoints that are found again, a crowd in one cell counted as a few.

    here, there: places (0 to 1) on one picture of its own keypoints, and of the other's. found: of its own, how
    exactly each is found again.
    """
    own, other, both = _counted(here), _counted(there), _counted(here, found)
    weight = np.minimum(np.maximum(own, other), CROWD)
    share = np.minimum(1, both / np.maximum(np.minimum(own, other), 1))
    return float((weight * share).sum() / max(1, weight.sum()))


def _counted(places: Floats, weights: Vectors | None = None) -> NDArray[Any]:
    """How many there are, or how much they weigh, in each of CELLS by CELLS cells."""
    column, row = np.clip((places * CELLS).astype(np.int64), 0, CELLS - 1).T
    return np.bincount(row * CELLS + column, weights, CELLS * CELLS)


def _within(points: Floats, width: int, height: int) -> NDArray[np.bool_]:
    return np.asarray(((points >= 0) & (points <= [width - 1, height - 1])).all(axis=1))


def contents(values: Sequence[Any]) -> list[bytes]:
    """What the files of these pictures have in common where they are exact copies: the hash of their bytes."""
    with _unread():
        return [content(value) for value in values]


def _vectors(side: Sample, encoder: Any) -> Vectors:
    """The vectors by which candidates are found: those of the side, if they are of this encoder."""
    if side.fingerprint == encoder.fingerprint:
        return side.vectors
    with _unread():
        found: Vectors = encoder.encode([thing.value for thing in side.things])
    return found


@contextmanager
def _unread() -> Iterator[None]:
    """Tells what can be done where pictures of a space are no more to be read."""
    try:
        yield
    except MissingPackage:
        raise
    except (BadInput, NotFound) as error:
        raise BadInput(f"{error}; by='vectors' compares the vectors alone, and reads no picture") from error


def _in_parts(items: Sequence[T]) -> Iterator[tuple[int, Sequence[T]]]:
    """A few at a time, with how many are done when they are."""
    for start in range(0, len(items), SOME):
        some = items[start : start + SOME]
        yield start + len(some), some
