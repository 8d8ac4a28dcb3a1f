"""Do two pictures show the same? Keypoints that look alike, and lie alike.

Points of both that look alike, and no other nearly so (Lowe's ratio test, 2004), are matches. The places, sizes and
directions of one match give a map between the pictures; the other matches agree with it or not. This is RANSAC
(Fischler and Bolles 1981) with every sample drawn, as one match is a sample (Philbin and others, "Object retrieval with
large vocabularies and fast spatial matching", CVPR 2007). The best map is fitted by least squares, at last affine.

The evidence is -log10 of the number of times that as many matches would be expected to agree if all of them were
wrong (Moisan and Stival, "A probabilistic criterion to detect rigid point matches between two images", IJCV 57 (2004)).
Positions are complex numbers: a turn with a change of size is then a multiplication.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from knnife.encoders.keypoints import QUANTUM, SIDE, Floats, Keypoints, agreement

Complex = NDArray[Any]  # of one axis, (n,)
Mask = NDArray[np.bool_]
Rows = NDArray[np.int64]

RATIO: Final = 0.8  # of the distance to the nearest descriptor, to that of the second nearest
LOOSE: Final = 0.03  # of SIDE: how far from its place a point may be at first, close to the match that says so,
SWERVE: Final = 0.12  # and for each pixel of distance from it, as directions and sizes of points are inexact
TIGHT: Final = 0.014  # of SIDE: how far at last
SCALES: Final = 0.7  # sizes of points that agree differ less: powers of e
TURNS: Final = math.radians(30)  # and directions
STARTS: Final = 5  # hypotheses that are refined
ROOMS: Final = [SIDE * LOOSE * (TIGHT / LOOSE) ** (step / 3) for step in range(4)]  # while a map is refined
FITTED: Final = 3  # matches that an affine map can always be fitted to
ON_A_LINE: Final = 0.02  # points less wide than this say nothing of what becomes of the other axis
MOST_SKEW: Final = 0.35  # of the turn: more is no picture taken from another place, but a wrong fit
SURE: Final = 5.0  # evidence from which pictures show the same: one of 100,000 other pairs would by chance
COPIED: Final = 0.6  # agreement from which they are copies: of copies 0.78 or more, under one caption others up to 0.46


@dataclass(frozen=True)
class Matched:
    """What two pictures have in common.

    a_points, b_points: the places of the matches that agree, in pixels of each picture's keypoints, `(m, 2)`.
    transform: `(2, 3)`, takes (x, y, 1) of a to b; None where nothing agrees. mirrored: b is as in a mirror.
    matches: how many there were before geometry. evidence: -log10 of the number of times that so many would be
    expected to agree by chance, 0 or more. overlap: the share of each picture's area that the other one shows, (a, b).
    agreement: of what both show, the share that looks alike where it has anything to see, 0 to 1.
    """

    a_points: Floats
    b_points: Floats
    transform: NDArray[np.float64] | None
    mirrored: bool
    matches: int
    evidence: float
    overlap: tuple[float, float]
    agreement: float

    def __len__(self) -> int:
        return len(self.a_points)

    @property
    def same(self) -> bool:
        """Whether something is in both: an object, a scene, or a caption alone."""
        return self.evidence >= SURE

    @property
    def copy(self) -> bool:
        """Whether one is made from the other: besides, most of what both show looks alike."""
        return self.same and self.agreement >= COPIED


NOTHING: Final = Matched(
    np.empty((0, 2), np.float32), np.empty((0, 2), np.float32), None, False, 0, 0.0, (0.0, 0.0), 0.0
)


def matched(a: Keypoints, b: Keypoints, *, mirrored: bool = False) -> Matched:
    """What the pictures with these keypoints have in common, however turned, sized or cropped.

    mirrored: a as in a mirror is tried as well, and the better of the two is returned (a shirt fits both).
    """
    found = _matched(a, b)
    if not mirrored:
        return found
    other = _matched(a.mirrored(), b)
    return found if other.evidence <= found.evidence else _unmirrored(other, a.width)


def _matched(a: Keypoints, b: Keypoints) -> Matched:
    rows, columns = _alike(a, b)
    if len(rows) <= FITTED:
        return replace(NOTHING, matches=len(rows))
    here, there = _complex(a.points), _complex(b.points)
    z, w = here[rows], there[columns]
    turned, sized = b.angles[columns] - a.angles[rows], np.log(b.sizes[columns] / a.sizes[rows])
    best, agree = _best(z, w, turned, sized)
    count = min(_places(z[agree]), _places(w[agree]))
    evidence = _evidence(len(rows), count, _chance(best, z, there, b))
    if not evidence:
        return replace(NOTHING, matches=len(rows))
    transform = best.matrix()
    overlap, alike = agreement(a, b, transform)
    a_points, b_points = a.points[rows[agree]], b.points[columns[agree]]
    return Matched(a_points, b_points, transform, False, len(rows), evidence, overlap, alike)


def _alike(a: Keypoints, b: Keypoints) -> tuple[Rows, Rows]:
    """Rows of both whose descriptors are each other's nearest, the second nearest being much farther."""
    if len(a) == 0 or len(b) < 2:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    similar = a.descriptors.astype(np.float32) @ b.descriptors.T.astype(np.float32)
    similar /= QUANTUM**2
    everyone = np.arange(len(a))
    nearest = similar.argmax(axis=1)
    mutual = similar.argmax(axis=0)[nearest] == everyone
    first = similar[everyone, nearest].copy()
    similar[everyone, nearest] = -1
    second = similar.max(axis=1)
    clear = 1 - first < RATIO**2 * (1 - second)  # squared distances of unit vectors are twice these
    rows = np.flatnonzero(mutual & clear)
    return rows, nearest[rows]


class _Map(NamedTuple):
    """w = turn z + skew conj(z) + shift: any affine map; one that only turns and sizes has no skew."""

    turn: complex
    skew: complex
    shift: complex

    def __call__(self, z: Complex) -> Complex:
        return self.turn * z + self.skew * z.conj() + self.shift

    def matrix(self) -> NDArray[np.float64]:
        x, y = self.turn + self.skew, 1j * (self.turn - self.skew)  # where the two axes go
        return np.array([[x.real, y.real, self.shift.real], [x.imag, y.imag, self.shift.imag]])


def _best(z: Complex, w: Complex, turned: Floats, sized: Floats) -> tuple[_Map, Mask]:
    """The map that most matches agree on, and which do; each is turned (radians) and sized (powers of e)."""
    said = np.exp(sized + 1j * turned)  # what each match says by itself
    apart_z, apart_w = z[None, :] - z[:, None], w[None, :] - w[:, None]
    off = np.abs(said[:, None] * apart_z - apart_w)
    near = np.minimum(1, np.abs(said))[:, None] * (LOOSE * SIDE + SWERVE * np.abs(apart_z))
    agree = (off < near) & _alike_in(turned[:, None] - turned, sized[:, None] - sized)
    support = agree.sum(axis=1)
    best: tuple[_Map, Mask] = _Map(1, 0, 0), np.zeros(len(z), bool)
    for start in np.argsort(-support, kind="stable")[:STARTS]:
        if support[start] <= max(FITTED, best[1].sum()) or 2 * best[1].sum() > len(z):
            break  # it would have to win matches, where refining loses some; or most agree already
        best = max(best, _refined(z, w, turned, sized, agree[start]), key=lambda each: int(each[1].sum()))
    return best


def _alike_in(turn: Floats, size: Floats) -> Mask:
    around = np.abs((turn + np.pi) % (2 * np.pi) - np.pi)
    near: Mask = (around < TURNS) & (np.abs(size) < SCALES)
    return near


def _refined(z: Complex, w: Complex, turned: Floats, sized: Floats, agree: Mask) -> tuple[_Map, Mask]:
    """Fitted to what agrees, again and again, with less and less room; affine once enough matches agree."""
    made = _Map(1, 0, 0)
    for room in ROOMS:
        if agree.sum() < 2:
            break
        made = _fitted(z[agree], w[agree])
        off = np.abs(made(z) - w)
        direction, size = np.angle(made.turn), np.log(np.abs(made.turn) + 1e-9)
        agree = (off < room * min(1, abs(made.turn))) & _alike_in(
            turned - np.float32(direction), sized - np.float32(size)
        )
    return made, agree


def _fitted(z: Complex, w: Complex) -> _Map:
    """The map with the least squared errors: affine, or without skew where few points, or a large skew, forbid it."""
    middle_z, middle_w = complex(z.mean()), complex(w.mean())
    z, w = z - middle_z, w - middle_w
    power, along = float(np.vdot(z, z).real), complex(np.vdot(z, w))
    turn, skew = along / max(power, 1e-9), 0j
    if len(z) >= 2 * FITTED:
        twist, across = complex(np.vdot(z.conj(), z)), complex(np.vdot(z.conj(), w))
        spread = power**2 - abs(twist) ** 2
        if spread > ON_A_LINE * power**2:
            affine = (power * along - twist.conjugate() * across) / spread
            skewed = (power * across - twist * along) / spread
            if abs(skewed) < MOST_SKEW * abs(affine):
                turn, skew = affine, skewed
    return _Map(turn, skew, middle_w - turn * middle_z - skew * middle_z.conjugate())


def _places(points: Complex) -> int:
    """How many places, two pixels apart: one place may have several directions, each a keypoint."""
    return len(np.unique(np.round(points / 2)))


def _chance(best: _Map, z: Complex, there: Complex, b: Keypoints) -> float:
    """The probability that a wrong match agrees: the share of b's keypoints, or of its area, that is near enough."""
    room = TIGHT * SIDE * min(1, abs(best.turn))
    near = np.abs(best(z)[:, None] - there[None, :]) < room
    return max(float(near.mean()), math.pi * room**2 / (b.width * b.height))


def _evidence(n: int, k: int, chance: float) -> float:
    """-log10 of how often k of n matches, or more, would agree on one of the maps that could be fitted to them."""
    if k <= FITTED:
        return 0.0
    ways = math.log(n - FITTED) + _log_binomial(n, k) + _log_binomial(k, FITTED)
    return max(0.0, -(ways + (k - FITTED) * math.log(chance)) / math.log(10))


def _log_binomial(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def _complex(points: Floats) -> Complex:
    return np.ascontiguousarray(points).view(np.complex64)[:, 0]


def _unmirrored(found: Matched, width: int) -> Matched:
    """What was found for a as in a mirror, said of a as it is."""
    points = found.a_points * np.array([-1, 1], np.float32) + np.array([width - 1, 0], np.float32)
    transform = found.transform
    if transform is not None:
        transform = np.column_stack(
            [-transform[:, 0], transform[:, 1], transform[:, 2] + (width - 1) * transform[:, 0]]
        )
    return replace(found, a_points=points, transform=transform, mirrored=True)
