"""UltraFace (Linzaer, "Ultra-Light-Fast-Generic-Face-Detector-1MB"): boxes, no points.

It takes a picture stretched to 320 x 240 pixels, or the size its file says, as (value - 127) / 128, red green blue; for
each of some thousand places it gives how likely no face and a face are there, and a box in shares of the picture.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from knnife.encoders._faces.licences import licence
from knnife.encoders.face_geometry import Box, Face, distinct, upright
from knnife.encoders.graph import OnnxGraph
from knnife.encoders.opencv import stretched
from knnife.things.pixels import Pixels

LEAST: Final = 0.7
# Where the points lie in its boxes: the medians of those that YuNet gives for the same faces, made symmetric.
SHARES: Final = np.array([[0.275, 0.41], [0.725, 0.41], [0.5, 0.62], [0.31, 0.763], [0.69, 0.763]])


class UltraFace:
    """A detector; `find` may be called from several threads at once."""

    name = "ultraface"

    def __init__(self, graph: OnnxGraph) -> None:
        self._graph = graph
        (self._input, tensor), *_ = graph.takes.items()
        self._rows, self._columns = tensor.axes[2] or 240, tensor.axes[3] or 320
        self.licence, self.fingerprint = licence(graph.path), graph.digest.hex()

    @staticmethod
    def knows(graph: OnnxGraph) -> bool:
        """Is this the network of an UltraFace, by the names of what it gives and the axes of what it takes?"""
        takes = [tensor.axes for tensor in graph.takes.values()]
        return graph.gives.keys() == {"scores", "boxes"} and len(takes) == 1 and len(takes[0]) == 4

    def find(self, picture: Pixels) -> list[Face]:
        """The faces in `picture`, each once, those of which it is surest first."""
        seen = stretched(picture, self._rows, self._columns)
        sheet = ((seen - np.float32(127)) / np.float32(128)).transpose(2, 0, 1)[None]
        scores, boxes = self._graph.run({self._input: np.ascontiguousarray(sheet)}, ["scores", "boxes"])
        confidences = scores[0, :, 1]
        best = np.flatnonzero(confidences >= LEAST)
        high, wide = picture.shape[:2]
        corners = boxes[0, best].astype(np.float64) * (wide, high, wide, high)
        return distinct(
            [
                _face((left, top, right - left, bottom - top), float(confidence))
                for (left, top, right, bottom), confidence in zip(corners.tolist(), confidences[best], strict=True)
                if right > left and bottom > top
            ]
        )


def _face(box: Box, confidence: float) -> Face:
    return Face(box, upright(box, SHARES), confidence, guessed=True)
