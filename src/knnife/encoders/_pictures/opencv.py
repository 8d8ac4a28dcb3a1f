"""OpenCV, for local features, for geometry between pictures, and for finding faces without a model."""

from __future__ import annotations

from functools import cache
from typing import Any

from knnife.errors import MissingPackage


@cache
def opencv() -> Any:
    """The module. Raises MissingPackage where it is not installed."""
    try:
        import cv2
    except ImportError as error:
        raise MissingPackage("opencv-python-headless", "pictures", "this work with pictures") from error
    return cv2
