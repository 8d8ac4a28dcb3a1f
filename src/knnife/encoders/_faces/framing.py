"""The face with its outline and hair, as the encoder that is learned on the spot wants it (encoders/faces.py).

A network was taught on faces that five points brought upright. What is learned from a few faces has to live with the
points and boxes of a cascade, which tremble, and does better with more around the face. Where a face fills most of its
picture, somebody has framed it already, and steadier than any detector: there the whole picture is taken.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from knnife.encoders._faces.alignment import warped
from knnife.encoders._faces.detection import Face
from knnife.encoders._faces.scaling import shrunk
from knnife.things.pixels import Pixels

SIDE: Final = 224  # pixels of the longer side at the most; the encoder sees half of that
WIDE: Final = 1.23  # of the box's width; and so is a portrait framed, in which it fills most of the picture
HIGH: Final = 1.22  # of that width
ABOVE: Final = 0.07  # of the box's height: by so much the middle of a portrait is above that of the box
FILLED: Final = 0.6  # of a picture's width; a face that wide is all that the picture shows


def framed(picture: Pixels, face: Face) -> Pixels:
    """The face as in a portrait, uint8 `(height, width, 3)`; beyond the picture its edges go on."""
    x, y, width, height = face.box
    if width >= FILLED * picture.shape[1] and HIGH * WIDE * width >= FILLED * picture.shape[0]:
        return shrunk(picture, SIDE)[0]
    wide, middle = WIDE * width, (x + width / 2, y + (0.5 - ABOVE) * height)
    scale = SIDE / (2 * wide)
    columns, rows = SIDE // 2, round(HIGH * SIDE / 2)
    return warped(
        picture,
        np.array([[scale, 0, columns / 2 - scale * middle[0]], [0, scale, rows / 2 - scale * middle[1]]]),
        (columns, rows),
    )
