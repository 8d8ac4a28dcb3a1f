"""A face brought upright: turned, scaled and moved until eyes, nose and mouth lie where the models expect them.

The similarity that does it is the one with the least squares (Umeyama 1991, "Least-squares estimation of transformation
parameters between two point patterns"); the places are those of ArcFace (Deng et al. 2019), in 112 x 112 pixels.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from knnife.encoders._faces.detection import Face, Points
from knnife.encoders._pictures.opencv import opencv
from knnife.things.pixels import Pixels

SIDE: Final = 112
TEMPLATE: Final = np.array(  # where the five points belong, by ArcFace
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]]
)
Similarity = NDArray[np.float64]  # (2, 3): x, y -> A [x, y, 1]


def aligned(picture: Pixels, face: Face, size: int = SIDE) -> Pixels:
    """The face of a picture, upright, uint8 `(size, size, 3)`; beyond the picture its edges go on."""
    return warped(picture, similarity(face.points, TEMPLATE * (size / SIDE)), (size, size))


def similarity(source: Points, target: Points) -> Similarity:
    """The turn, scale and shift that bring points `(n, 2)` as near to others as can be, by the sum of squares."""
    from_mean, to_mean = source.mean(axis=0), target.mean(axis=0)
    a, b = source - from_mean, target - to_mean
    left, sizes, right = np.linalg.svd(b.T @ a)
    signs = np.array([1.0, np.sign(np.linalg.det(left) * np.linalg.det(right))])  # a turn, never a mirror
    spread = (a**2).sum()
    if not spread > 0:
        return np.column_stack([np.eye(2), to_mean - from_mean])  # all in one place: nothing says how to turn
    turn = (sizes * signs).sum() / spread * (left * signs) @ right
    return np.column_stack([turn, to_mean - turn @ from_mean])


def levelled(eyes: Points) -> Points:
    """The five points of a face of which only the eyes are known, `(2, 2)`: the template, laid on them."""
    fit = similarity(TEMPLATE[:2], eyes)
    return TEMPLATE @ fit[:, :2].T + fit[:, 2]


def warped(picture: Pixels, transform: Similarity, size: tuple[int, int]) -> Pixels:
    """What `transform` makes of a picture, as far as it falls into so many pixels (width, height)."""
    cv2 = opencv()
    scale = float(np.sqrt(abs(np.linalg.det(transform[:, :2]))))
    if scale < 0.5:  # a mixture of two neighbours would leave pixels out: first shrink by averages
        shorter = 2 * scale
        rows, columns = (max(1, round(length * shorter)) for length in picture.shape[:2])
        factors = np.array([columns / picture.shape[1], rows / picture.shape[0]])
        picture = cv2.resize(picture, (columns, rows), interpolation=cv2.INTER_AREA)
        # the centre of pixel i lies at (i + 0.5) * factor - 0.5
        back = np.column_stack([np.diag(1 / factors), 0.5 / factors - 0.5])
        transform = np.column_stack([transform[:, :2] @ back[:, :2], transform[:, :2] @ back[:, 2] + transform[:, 2]])
    found: Pixels = cv2.warpAffine(picture, transform, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return found
