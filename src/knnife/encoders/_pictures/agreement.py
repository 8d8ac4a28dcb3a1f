"""How far one picture, laid on another, looks like it: in small windows, whatever the light.

A logo or a caption that two pictures share puts the one neatly on the other, and beside it nothing agrees; of a copy
nearly everything does.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from knnife.encoders._pictures.keypoints import Keypoints
from knnife.encoders._pictures.opencv import opencv

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
    asked = {"dsize": (width, height), "flags": cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP}
    laid = cv2.warpAffine(b.glance.astype(np.float32), small, **asked)
    inside = cv2.warpAffine(np.ones(b.glance.shape, np.float32), small, **asked) > 0.99
    common = float(inside.mean())
    of_b = common * height * width * abs(np.linalg.det(small[:, :2])) / b.glance.size
    return (common, min(1.0, float(of_b))), _alike(cv2, a.glance.astype(np.float32), laid, inside)


def _between_glances(a: Keypoints, b: Keypoints, transform: Map) -> Map:
    """The map between the small pictures; the middle of a pixel is at whole numbers in all of them."""
    up, down = (np.array(each.glance.shape[::-1]) / (each.width, each.height) for each in (a, b))
    linear = transform[:, :2] / up  # from pixels of the small a to pixels of b
    shift = transform[:, :2] @ (0.5 / up - 0.5) + transform[:, 2]
    made = np.empty((2, 3))
    made[:, :2] = linear * down[:, None]
    made[:, 2] = (shift + 0.5) * down - 0.5
    return made


def _alike(cv2: Any, a: NDArray[np.float32], b: NDArray[np.float32], inside: NDArray[np.bool_]) -> float:
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
