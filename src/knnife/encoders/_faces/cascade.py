"""Faces without any model file: OpenCV's cascades (Viola & Jones 2001; Lienhart & Maydt 2002).

One finds faces that look at the camera, one those that look aside where there are none of these, one the eyes, by which
a face is levelled. They find upright faces, and miss more than a network does. The confidence is made of how many
windows agree, and is no probability.
"""

from __future__ import annotations

import threading
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from knnife.encoders._faces.licences import CASCADE
from knnife.encoders.face_geometry import Face, Points, distinct, levelled, upright
from knnife.encoders.opencv import opencv, shrunk
from knnife.things.pixels import Pixels

FILES: Final = ("frontalface_alt2", "profileface", "eye_tree_eyeglasses")
SIDE: Final = 640  # of the picture it sees: larger pictures take longer, and bring more that is no face
SMALLEST: Final = 0.06  # of the shorter side: a face that looks at the camera
LARGE: Final = 0.2  # the same for one that looks aside
AGREE: Final = 4  # windows that have to agree on a face, a scale apart of 1.1
ASIDE: Final = 5  # the same for a face that looks aside, of which more is found that is none
# Where the points lie in its boxes: the medians of those that YuNet gives for the same faces, made symmetric.
SHARES: Final = np.array([[0.293, 0.387], [0.707, 0.387], [0.5, 0.63], [0.317, 0.795], [0.683, 0.795]])

Grey = NDArray[np.uint8]
Window = tuple[int, int, int, int]  # x, y, width, height


class Cascade:
    """A detector; `find` may be called from several threads at once."""

    name = "cascade"
    licence = CASCADE

    def __init__(self) -> None:
        self.fingerprint = f"opencv {' '.join(FILES)} {SIDE} {AGREE} {ASIDE}"
        self._own = threading.local()  # a cascade of OpenCV serves one thread at a time
        self._cascades()

    def find(self, picture: Pixels) -> list[Face]:
        """The faces in `picture`, each once, those of which it is surest first."""
        cv2 = opencv()
        frontal, profile, eyes = self._cascades()
        small, scale = shrunk(picture, SIDE)
        grey = cv2.equalizeHist(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY))
        windows = _windows(frontal, grey, AGREE, SMALLEST)
        if not windows:
            mirrored = [
                ((grey.shape[1] - x - width, y, width, height), count)
                for (x, y, width, height), count in _windows(profile, np.ascontiguousarray(grey[:, ::-1]), ASIDE, LARGE)
            ]
            windows = _windows(profile, grey, ASIDE, LARGE) + mirrored
        return distinct([_face(grey, window, count, scale, eyes) for window, count in windows])

    def _cascades(self) -> tuple[Any, ...]:
        if not hasattr(self._own, "cascades"):
            cv2 = opencv()
            paths = [f"{cv2.data.haarcascades}haarcascade_{name}.xml" for name in FILES]
            self._own.cascades = tuple(cv2.CascadeClassifier(path) for path in paths)
        cascades: tuple[Any, ...] = self._own.cascades
        return cascades


def _windows(cascade: Any, grey: Grey, agree: int, smallest: float) -> list[tuple[Window, int]]:
    """Where a cascade sees something of at least that share of the shorter side, and how many windows agreed."""
    least = max(20, round(smallest * min(grey.shape)))
    boxes, counts = cascade.detectMultiScale2(grey, scaleFactor=1.1, minNeighbors=agree, minSize=(least, least))
    return [(tuple(box), int(count)) for box, count in zip(np.reshape(boxes, (-1, 4)).tolist(), counts, strict=True)]


def _face(grey: Grey, window: Window, count: int, scale: float, eyes: Any) -> Face:
    """The face in a window of the picture that was made smaller by `scale`."""
    points = _points(grey, window, eyes)
    x, y, width, height = (each / scale for each in window)
    guess = upright((x, y, width, height), SHARES)
    return Face(
        (x, y, width, height),
        guess if points is None else points / scale,
        count / (count + AGREE),
        guessed=points is None,
    )


def _points(grey: Grey, window: Window, eyes: Any) -> Points | None:
    """The five points of a face, from its eyes; None where there are not two of them about where they should be."""
    x, y, width, height = window
    upper = grey[y : y + round(0.65 * height), x : x + width]
    least, most = max(8, round(0.12 * width)), width // 2
    found = eyes.detectMultiScale(upper, 1.05, 3, minSize=(least, least), maxSize=(most, most))
    centres = np.array([(left + wide / 2, top + high / 2) for left, top, wide, high in found]).reshape(-1, 2)
    pairs = [np.stack([a, b]) for a in centres for b in centres if _is_pair(a / width, b / width)]
    if not pairs:
        return None
    best = min(pairs, key=lambda pair: float(np.abs(pair / width - SHARES[:2]).sum()))
    return np.add(levelled(best), (x, y))


def _is_pair(left: NDArray[np.float64], right: NDArray[np.float64]) -> bool:
    """Could these be the two eyes of a face, in shares of its box's width?"""
    across, down = right - left
    return bool(0.25 < across < 0.6 and abs(down) < 0.4 * across and 0.2 < (left[1] + right[1]) / 2 < 0.55)
