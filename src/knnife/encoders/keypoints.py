"""Keypoints of a picture with a descriptor each: SIFT, compared as RootSIFT.

Lowe, "Distinctive image features from scale-invariant keypoints", IJCV 60 (2004); Arandjelović and Zisserman, "Three
things everyone should know to improve object retrieval", CVPR 2012: descriptors of length 1 in the sum of their
components, then the square root of each, so that a dot product compares them as histograms.

`agreement` compares two pictures, laid on each other by their keypoints, in small windows whatever the light: pictures
that share a logo agree there and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from knnife.encoders.opencv import opencv
from knnife.things.pixels import Pixels

Floats = NDArray[np.float32]

SIDE: Final = 256  # pixels of the longer side; SIFT doubles it within. 400 takes three times as long and finds no more
LEAST: Final = 128  # a smaller picture is enlarged so far, so that points near its edges count,
GROWN: Final = 8  # but not more than so many times
MOST: Final = 300  # points; all of a copy are found again, so it takes no more
CONTRAST: Final = 0.01  # a quarter of SIFT's own: pictures of one plain thing have few strong points
EDGES: Final = 12.0
GLANCE: Final = 64  # side of the small grey picture that is kept for comparing what lies between the points
QUANTUM: Final = 255.0  # of a component of a descriptor, kept as one byte
_BINS: Final = np.arange(128).reshape(4, 4, 8)  # of a descriptor: row, column, direction of the gradient
_MIRROR: Final = _BINS[::-1, :, (8 - np.arange(8)) % 8].ravel()  # upside down about the point's own direction


@dataclass(frozen=True)
class Keypoints:
    """n points of a picture, the strongest first.

    points: x and y in pixels, `(n, 2)`. sizes: diameters in pixels `(n,)`. angles: radians, from x towards y, `(n,)`.
    descriptors: RootSIFT in steps of 1/255, uint8 `(n, 128)`. width, height: of the picture that the points are in.
    glance: the picture in grey, uint8, its longer side GLANCE pixels.
    """

    points: Floats
    sizes: Floats
    angles: Floats
    descriptors: NDArray[np.uint8]
    width: int
    height: int
    glance: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.points)

    def mirrored(self) -> Keypoints:
        """Those of the picture as in a mirror, left for right, without looking at it again."""
        points = self.points * np.array([-1, 1], np.float32) + np.array([self.width - 1, 0], np.float32)
        return replace(
            self,
            points=points,
            angles=np.float32(np.pi) - self.angles,
            descriptors=np.ascontiguousarray(self.descriptors[:, _MIRROR]),
            glance=np.ascontiguousarray(self.glance[:, ::-1]),
        )


def keypoints(picture: Pixels, most: int = MOST) -> Keypoints:
    """The keypoints of a picture `(height, width, 3)`, which should be decoded with `side=SIDE`; the `most` strongest.

    One much smaller than that is enlarged; the points are in the pixels of what comes of it (`width`, `height`).
    Raises MissingPackage where OpenCV is not installed.
    """
    cv2 = opencv()
    grey = _large_enough(cv2, cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY))
    height, width = grey.shape
    sift = cv2.SIFT_create(most, contrastThreshold=CONTRAST, edgeThreshold=EDGES)
    found, raw = sift.detectAndCompute(grey, None)
    order = sorted(range(len(found)), key=lambda i: -found[i].response)[:most]
    rows = [found[i] for i in order]
    descriptors = np.zeros((0, 128), np.float32) if raw is None else raw[order]
    total = np.maximum(descriptors.sum(axis=1, keepdims=True), 1e-9)
    return Keypoints(
        np.array([each.pt for each in rows], np.float32).reshape(-1, 2),
        np.array([each.size for each in rows], np.float32),
        np.radians(np.array([each.angle for each in rows], np.float32)),
        np.round(np.sqrt(descriptors / total) * QUANTUM).astype(np.uint8),
        width,
        height,
        _glance(cv2, grey),
    )


def _large_enough(cv2: Any, grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    growth = min(GROWN, LEAST / max(grey.shape))
    if growth <= 1:
        return grey
    grown: NDArray[np.uint8] = cv2.resize(grey, None, fx=growth, fy=growth, interpolation=cv2.INTER_CUBIC)
    return grown


def _glance(cv2: Any, grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture with its longer side at GLANCE pixels."""
    shrink = GLANCE / max(grey.shape)
    size = tuple(max(1, round(length * shrink)) for length in grey.shape[::-1])
    small: NDArray[np.uint8] = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    return small


WINDOW: Final = 7  # pixels of the small picture
TEXTURE: Final = 6.0  # grey levels: the standard deviation in a window from which there is something to see
CHANCE: Final = 0.3  # correlation in a window that other pictures often have,
ALIKE: Final = 0.8  # and that of pictures which are the same, but for light, noise and a little shift
SEEN: Final = 20.0  # windows' worth of texture; with less of it, nothing can be said

Map = NDArray[np.float64]


def agreement(a: Keypoints, b: Keypoints, transform: Map) -> tuple[tuple[float, float], float]:
    """The share of each picture's area that the other one shows (a, b), and how much of what both show looks alike.

    transform: `(2, 3)`, from pixels of a to those of b. The correlation of both within each window, from CHANCE
    (0) to ALIKE (1), is averaged, windows with little to see weighing less.
    """
    cv2 = opencv()
    small = _between_glances(a, b, transform)
    height, width = a.glance.shape
    options = {"dsize": (width, height), "flags": cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP}
    laid = cv2.warpAffine(b.glance.astype(np.float32), small, **options)
    inside = cv2.warpAffine(np.ones(b.glance.shape, np.float32), small, **options) > 0.99
    common = float(inside.mean())
    of_b = common * height * width * abs(np.linalg.det(small[:, :2])) / b.glance.size
    return (common, min(1.0, float(of_b))), _alike_there(cv2, a.glance.astype(np.float32), laid, inside)


def _between_glances(a: Keypoints, b: Keypoints, transform: Map) -> Map:
    """The map between the small pictures; the middle of a pixel is at whole numbers in all of them."""
    up, down = (np.array(each.glance.shape[::-1]) / (each.width, each.height) for each in (a, b))
    linear = transform[:, :2] / up  # from pixels of the small a to pixels of b
    shift = transform[:, :2] @ (0.5 / up - 0.5) + transform[:, 2]
    made = np.empty((2, 3))
    made[:, :2] = linear * down[:, None]
    made[:, 2] = (shift + 0.5) * down - 0.5
    return made


def _alike_there(cv2: Any, a: NDArray[np.float32], b: NDArray[np.float32], inside: NDArray[np.bool_]) -> float:
    def mean(values: NDArray[np.float32]) -> NDArray[np.float32]:
        return cv2.boxFilter(values, -1, (WINDOW, WINDOW), borderType=cv2.BORDER_ISOLATED)  # type: ignore[no-any-return]

    full = cv2.erode(inside.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
    weight = inside.astype(np.float32)
    count = np.maximum(mean(weight), 1e-6)
    a, b = a * weight, b * weight
    mean_a, mean_b = mean(a) / count, mean(b) / count
    var_a = np.maximum(mean(a * a) / count - mean_a**2, 0)
    var_b = np.maximum(mean(b * b) / count - mean_b**2, 0)
    both = mean(a * b) / count - mean_a * mean_b
    correlation = both / np.sqrt(var_a * var_b + 1.0)  # 1 grey level of noise, so that flat windows have none
    alike = np.clip((correlation - CHANCE) / (ALIKE - CHANCE), 0, 1)
    texture = np.clip(np.maximum(var_a, var_b) / TEXTURE**2, 0, 1) * full
    total = float(texture.sum())
    return float((alike * texture).sum()) / total if total >= SEEN else 0.0
