"""A face of a picture: where it is, and how it is cut out, upright for models or with its surroundings.

Upright, it is turned, scaled and moved until eyes, nose and mouth lie at the places of ArcFace (Deng et al. 2019) in
112 x 112 pixels, by the similarity with the least squares (Umeyama 1991, "Least-squares estimation of transformation
parameters between two point patterns"). Networks were trained on such faces.

What is learned from a few faces works on the imprecise boxes of a cascade, and does better with more around the face.
Where a face fills most of its picture, the whole picture is taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from knnife.encoders.opencv import opencv, shrunk
from knnife.things.pixels import Pixels

OVERLAP: Final = 0.4  # of two boxes, of what both cover: more, and they are one face
WITHIN: Final = 0.7  # of the smaller box, that lies in the larger: more, and they are one face too
SIDE: Final = 112
TEMPLATE: Final = np.array(  # where the five points belong, by ArcFace
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]]
)
Similarity = NDArray[np.float64]  # (2, 3): x, y -> A [x, y, 1]
PORTRAIT: Final = 224  # pixels of the longer side at the most; the encoder sees half of that
WIDE: Final = 1.23  # of the box's width; and so is a portrait framed, in which it fills most of the picture
HIGH: Final = 1.22  # of that width
ABOVE: Final = 0.07  # of the box's height: by so much the middle of a portrait is above that of the box
FILLED: Final = 0.6  # of a picture's width; a face that wide is all that the picture shows

Points = NDArray[np.float64]  # (5, 2), x and y: the eye on the left of the picture, the other, nose, mouth left, right
Box = tuple[float, float, float, float]  # x, y of the upper left corner, width, height; may reach beyond the picture


class Face(NamedTuple):
    """One face of a picture, in its pixels. `confidence` is 0 to 1; `guessed`: the points only follow from the box."""

    box: Box
    points: Points
    confidence: float
    guessed: bool = False

    def visible(self, picture: Pixels) -> float:
        """What share of the box lies in the picture: a half face at its edge has about 0.5."""
        (x, y, width, height), (rows, columns) = self.box, picture.shape[:2]
        across = min(x + width, columns) - max(x, 0.0)
        down = min(y + height, rows) - max(y, 0.0)
        return float(max(across, 0.0) * max(down, 0.0) / (width * height))


class FaceDetector(Protocol):
    """Finds faces.

    name: for people and for files; licence: of its weights, "" where it is not known; fingerprint: as of encoders.
    """

    name: str
    licence: str
    fingerprint: str

    def find(self, picture: Pixels) -> list[Face]:
        """The faces in `picture`, each once, those of which it is surest first."""
        ...


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


def framed(picture: Pixels, face: Face) -> Pixels:
    """The face as in a portrait, uint8 `(height, width, 3)`; beyond the picture its edges go on."""
    x, y, width, height = face.box
    if width >= FILLED * picture.shape[1] and HIGH * WIDE * width >= FILLED * picture.shape[0]:
        return shrunk(picture, PORTRAIT)[0]
    wide, middle = WIDE * width, (x + width / 2, y + (0.5 - ABOVE) * height)
    scale = PORTRAIT / (2 * wide)
    columns, rows = PORTRAIT // 2, round(HIGH * PORTRAIT / 2)
    return warped(
        picture,
        np.array([[scale, 0, columns / 2 - scale * middle[0]], [0, scale, rows / 2 - scale * middle[1]]]),
        (columns, rows),
    )


def distinct(faces: Sequence[Face]) -> list[Face]:
    """Each face once, the surest of those that lie on each other (greedy non-maximum suppression), surest first."""
    left = sorted(faces, key=lambda face: -face.confidence)
    boxes = np.array([face.box for face in left], np.float64).reshape(-1, 4)
    low, high, areas = boxes[:, :2], boxes[:, :2] + boxes[:, 2:], boxes[:, 2] * boxes[:, 3]
    open_ = np.ones(len(left), bool)
    kept = []
    for i, face in enumerate(left):
        if open_[i]:
            kept.append(face)
            sides = np.clip(np.minimum(high, high[i]) - np.maximum(low, low[i]), 0, None)
            both = sides[:, 0] * sides[:, 1]
            same = (both > OVERLAP * (areas + areas[i] - both)) | (both > WITHIN * np.minimum(areas, areas[i]))
            open_ &= ~same
    return kept


def upright(box: Box, shares: Points) -> Points:
    """The five points of a face that stands upright in its box, where they lie at these shares of it on average."""
    x, y, width, height = box
    return (x, y) + shares * (width, height)
