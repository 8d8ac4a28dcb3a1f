"""OpenCV, which finds local features and faces, and brings pixels to another size."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knnife.errors import MissingPackage


@cache
def opencv() -> Any:
    """The module. Raises MissingPackage where it is not installed."""
    try:
        import cv2
    except ImportError as error:
        raise MissingPackage("opencv-python-headless", "pictures", "this work with pictures") from error
    return cv2


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
