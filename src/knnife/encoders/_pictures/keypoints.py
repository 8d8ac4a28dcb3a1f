"""Points of a picture that can be found again in another one, and what each looks like: SIFT, compared as RootSIFT.

Lowe, "Distinctive image features from scale-invariant keypoints", IJCV 60 (2004); Arandjelović and Zisserman, "Three
things everyone should know to improve object retrieval", CVPR 2012: descriptors of length 1 in the sum of their
components, then the square root of each, so that a dot product compares them as histograms.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from knnife.encoders._pictures.opencv import opencv
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
