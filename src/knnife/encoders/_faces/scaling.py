"""Pixels at another size, by OpenCV: averages where there are fewer, mixtures of neighbours where there are more."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from knnife.encoders._pictures.opencv import opencv


def shrunk(picture: NDArray[np.uint8], side: int) -> tuple[NDArray[np.uint8], float]:
    """The picture with at most `side` pixels on its longer side; and by what it was scaled, 1 where it is smaller."""
    scale = min(1.0, side / max(picture.shape[:2]))
    rows, columns = (max(1, round(length * scale)) for length in picture.shape[:2])
    return stretched(picture, rows, columns), scale


def stretched(picture: NDArray[np.uint8], rows: int, columns: int) -> NDArray[np.uint8]:
    """The picture at `rows` x `columns`, its proportions changed where they differ."""
    if picture.shape[:2] == (rows, columns):
        return picture
    cv2 = opencv()
    fewer = rows * columns < picture.shape[0] * picture.shape[1]
    found: NDArray[np.uint8] = cv2.resize(
        picture, (columns, rows), interpolation=cv2.INTER_AREA if fewer else cv2.INTER_LINEAR
    )
    return found
