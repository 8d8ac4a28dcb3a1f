"""YuNet (Wu, Peng & Yu 2023, "YuNet: a tiny millisecond-level face detector"): boxes and five points.

The network looks at a picture, blue green red, in grids of 8, 16 and 32 pixels. Each cell gives how likely a face is
there (the geometric mean of two outputs), where its box lies relative to the cell, and the five points.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from knnife.encoders._faces.licences import licence
from knnife.encoders.face_geometry import Face, distinct
from knnife.encoders.graph import OnnxGraph
from knnife.encoders.opencv import shrunk
from knnife.things.pixels import Pixels

GRIDS: Final = (8, 16, 32)
PARTS: Final = ("cls", "obj", "bbox", "kps")
SIDES: Final = (320, 640, 1280)  # of the picture it sees: it finds faces of some 10 to 300 pixels, so several are tried
LEAST: Final = 0.7  # confidence: below, what it finds in photos without faces begins to outnumber the faces


class YuNet:
    """A detector; `find` may be called from several threads at once."""

    name = "yunet"

    def __init__(self, graph: OnnxGraph) -> None:
        self._graph = graph
        (self._input, tensor), *_ = graph.takes.items()
        self._side = tensor.axes[2] if len(tensor.axes) == 4 else None  # None: it takes any size
        self.licence, self.fingerprint = licence(graph.path), graph.digest.hex()

    @staticmethod
    def knows(graph: OnnxGraph) -> bool:
        """Is this the network of a YuNet, by the names of what it gives?"""
        return {f"{part}_{grid}" for part in PARTS for grid in GRIDS} <= graph.gives.keys() and len(graph.takes) == 1

    def find(self, picture: Pixels) -> list[Face]:
        """The faces in `picture`, each once, those of which it is surest first."""
        longest = max(picture.shape[:2])
        sides = [side for side in SIDES if side < longest] + [min(longest, SIDES[-1])]
        if self._side is not None:
            sides = [self._side]
        return distinct([face for side in dict.fromkeys(sides) for face in self._seen(picture, side)])

    def _seen(self, picture: Pixels, side: int) -> list[Face]:
        """The faces in the picture when its longer side is `side` pixels."""
        seen, scale = shrunk(picture, side)
        rows, columns = (self._side or -(-length // GRIDS[-1]) * GRIDS[-1] for length in seen.shape[:2])
        sheet = np.zeros((1, 3, rows, columns), np.float32)
        sheet[0, :, : seen.shape[0], : seen.shape[1]] = seen[:, :, ::-1].transpose(2, 0, 1)
        names = [f"{part}_{grid}" for grid in GRIDS for part in PARTS]
        outputs = dict(zip(names, self._graph.run({self._input: sheet}, names), strict=True))
        return [face for grid in GRIDS for face in _faces(outputs, grid, columns // grid, scale)]


def _faces(outputs: dict[str, NDArray[np.float32]], grid: int, columns: int, scale: float) -> list[Face]:
    """What the cells of one grid say, in pixels of the picture, which was made smaller by `scale`."""
    chance, is_face, boxes, points = (outputs[f"{part}_{grid}"][0] for part in PARTS)
    confidences = np.sqrt(np.clip(chance[:, 0], 0, 1) * np.clip(is_face[:, 0], 0, 1))
    best = np.flatnonzero(confidences >= LEAST)
    cells = np.stack([best % columns, best // columns], axis=1).astype(np.float64)
    centres = (cells + boxes[best, :2]) * grid / scale
    sizes = np.exp(boxes[best, 2:].astype(np.float64)) * grid / scale
    corners = (cells[:, None, :] + points[best].reshape(-1, 5, 2)) * grid / scale
    lows = centres - sizes / 2
    return [
        Face((*low.tolist(), *size.tolist()), five, float(confidence))
        for low, size, five, confidence in zip(lows, sizes, corners, confidences[best], strict=True)
    ]
