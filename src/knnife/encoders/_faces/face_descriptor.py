"""What a face looks like, without any model, as two kinds of histograms over cells of the face:

- gradients by direction (Dalal & Triggs 2005), in cells of two sizes that overlap, as faces are never in exactly the
  same place; light and contrast are taken out by the surroundings of each cell;
- local binary patterns (Ahonen, Hadid & Pietikäinen 2006): which of eight points around a pixel are brighter than it.

Square roots are taken of both (Hellinger distance). A face and its mirror image are described together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knnife.encoders.opencv import opencv, stretched
from knnife.geometry import Vectors
from knnife.things.pictures import Value
from knnife.things.pixels import Pixels, each_picture

VERSION: Final = 1  # of what follows from a picture
SIDE: Final = 112
DIRECTIONS: Final = 8
GRADIENTS: Final = ((1.5, 8), (3.0, 5))  # by how much the face is blurred, and cells on a side
PATTERNS: Final = (1.2, 4.0, 7)  # the same for patterns, with the distance of the eight points in between
PARTS: Final = (*(cells * cells * DIRECTIONS for _, cells in GRADIENTS), PATTERNS[2] ** 2 * 59)
SIZE: Final = sum(PARTS)

Floats = NDArray[np.float32]


def described(values: Sequence[Value]) -> Vectors:
    """Faces in pictures, stretched to a square, as they are and mirrored: `(n, 2, SIZE)`. Raises BadPictures."""
    found = each_picture(values, _described, 2 * SIDE)
    return np.stack(found) if found else np.empty((0, 2, SIZE), np.float32)


def _described(picture: Pixels) -> Floats:
    cv2 = opencv()
    grey = cv2.cvtColor(stretched(picture, SIDE, SIDE), cv2.COLOR_RGB2GRAY).astype(np.float32)
    gradients = [_gradients(cv2.GaussianBlur(grey, (0, 0), blur), cells) for blur, cells in GRADIENTS]
    blurred = cv2.GaussianBlur(grey, (0, 0), PATTERNS[0])
    parts = [
        [*(_levelled(each) for each in gradients), _patterns(blurred)],
        [*(_levelled(_mirrored(each)) for each in gradients), _patterns(np.ascontiguousarray(blurred[:, ::-1]))],
    ]
    return np.stack([np.concatenate(each) for each in parts])


def _gradients(grey: Floats, cells: int) -> Floats:
    """How strong the edges of each direction are in each cell, `(cells, cells, DIRECTIONS)`."""
    cv2 = opencv()
    across = cv2.Sobel(grey, cv2.CV_32F, 1, 0, ksize=1)
    down = cv2.Sobel(grey, cv2.CV_32F, 0, 1, ksize=1)
    strength = np.hypot(across, down)
    angle = np.arctan2(down, across)
    directions = 2 * np.pi * np.arange(DIRECTIONS, dtype=np.float32) / DIRECTIONS
    planes = strength * np.maximum(np.cos(angle - directions[:, None, None]), 0) ** 3
    windows = _windows(cells)
    return np.moveaxis(windows @ planes @ windows.T, 0, 2)


def _windows(cells: int) -> Floats:
    """How much each pixel of a side counts for each cell, `(cells, SIDE)`: a bell half a cell wide about its middle."""
    middles = (np.arange(cells) + 0.5) * (SIDE / cells) - 0.5
    bells = np.exp(-2 * ((np.arange(SIDE) - middles[:, None]) * (cells / SIDE)) ** 2)
    found: Floats = (bells / bells.sum(axis=1, keepdims=True)).astype(np.float32)
    return found


def _mirrored(cells: Floats) -> Floats:
    """The gradients of the mirrored face: cells change sides, and an edge at angle a is one at half a turn less a."""
    return cells[:, ::-1, (DIRECTIONS // 2 - np.arange(DIRECTIONS)) % DIRECTIONS]


def _levelled(cells: Floats) -> Floats:
    """Square roots, after dividing by how strong the edges are around each cell."""
    cv2 = opencv()
    around = cv2.blur((cells**2).sum(axis=2), (3, 3), borderType=cv2.BORDER_REPLICATE)
    found: Floats = np.sqrt(cells / np.sqrt(around + 1e-4)[..., None]).ravel()
    return found


def _patterns(grey: Floats) -> Floats:
    """Square roots of the shares of the 58 uniform patterns, and all others, in each cell."""
    cv2 = opencv()
    _, distance, cells = PATTERNS
    codes = np.zeros(grey.shape, np.uint8)
    for bit in range(8):
        angle = 2 * np.pi * bit / 8
        shift = np.array([[1, 0, distance * np.cos(angle)], [0, 1, distance * np.sin(angle)]])
        moved = cv2.warpAffine(grey, shift, grey.shape, borderMode=cv2.BORDER_REPLICATE)
        codes |= (moved >= grey - 0.01).astype(np.uint8) << np.uint8(bit)
    kinds = _UNIFORM[codes]
    place = np.arange(SIDE) * cells // SIDE
    counts = np.bincount(((place[:, None] * cells + place) * 59 + kinds).ravel(), minlength=cells * cells * 59)
    shares = counts.reshape(cells * cells, 59).astype(np.float32)
    found: Floats = np.sqrt(shares / shares.sum(axis=1, keepdims=True)).ravel()
    return found


def _uniform() -> NDArray[np.int64]:
    """Of each of the 256 patterns its number among the 58 that change at most twice around the circle, else 58."""
    bits = (np.arange(256)[:, None] >> np.arange(8)) & 1
    few = (bits != np.roll(bits, 1, axis=1)).sum(axis=1) <= 2
    return np.where(few, np.cumsum(few) - 1, 58)


_UNIFORM: Final = _uniform()
