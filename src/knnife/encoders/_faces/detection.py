"""Where the faces of a picture are: what a detector is, and asking one so that tight crops are found too.

A detector is a network in a file (yunet.py, ultraface.py, told apart by what they give) or, without any file, the
cascade that comes with OpenCV (cascade.py). Detectors were made for photos of people, and look for a face with its
surroundings: in a picture that is cut at the chin and the hair they see nothing. So where none is found, the picture
is given a frame of a quarter of its size, by which its edges go on, and is looked at again.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from knnife.encoders._faces.scaling import shrunk
from knnife.errors import BadInput, NotFound
from knnife.things.pixels import Pixels

FRAME: Final = 0.25  # of the picture's longer side, on each side
TIGHT: Final = 320  # pixels of the longer side of a picture that is framed: its one face is large
OVERLAP: Final = 0.4  # of two boxes, of what both cover: more, and they are one face
WITHIN: Final = 0.7  # of the smaller box, that lies in the larger: more, and they are one face too

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


class Detector(Protocol):
    """Finds faces.

    name: for people and for files; licence: of its weights, "" where it is not known; fingerprint: as of encoders.
    """

    name: str
    licence: str
    fingerprint: str

    def find(self, picture: Pixels) -> list[Face]:
        """The faces in `picture`, each once, those of which it is surest first."""
        ...


def load_detector(path: str | Path | None = None) -> Detector:
    """The detector in an *.onnx file (YuNet, UltraFace), or OpenCV's cascade where none is given.

    Raises NotFound, BadInput where the file holds something else, MissingPackage (onnxruntime; OpenCV).
    """
    if path is None:
        from knnife.encoders._faces.cascade import Cascade

        return Cascade()
    from knnife.encoders._faces.ultraface import UltraFace
    from knnife.encoders._faces.yunet import YuNet
    from knnife.encoders.graph import Graph

    if not Path(path).is_file():
        raise NotFound(f"there is no file {path}: expected a face detector as *.onnx (YuNet, UltraFace)")
    graph = Graph(Path(path))
    if YuNet.knows(graph):
        return YuNet(graph)
    if UltraFace.knows(graph):
        return UltraFace(graph)
    raise BadInput(
        f"{path} is no face detector that knnife knows: expected YuNet (outputs cls_8, obj_8, bbox_8, kps_8 and so on) "
        f"or UltraFace (scores, boxes); it gives {', '.join(graph.gives)}"
    )


def find_faces(picture: Pixels, detector: Detector) -> list[Face]:
    """The faces in a picture `(height, width, 3)`, the largest and surest first; also in a tight crop of one.

    Boxes and points may reach beyond the picture, where a face is cut by its edge. Empty where there is no face.
    """
    found = detector.find(picture)
    if not found:
        small, scale = shrunk(picture, TIGHT)
        frame = int(np.ceil(FRAME * max(small.shape[:2])))
        framed = np.pad(small, ((frame, frame), (frame, frame), (0, 0)), mode="edge")
        found = [_unframed(face, frame, scale) for face in detector.find(framed)]
    return sorted(found, key=lambda face: -face.box[2] * face.box[3] * face.confidence)


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


def _unframed(face: Face, frame: int, scale: float) -> Face:
    """A face of a picture that was made smaller by `scale` and framed, in the pixels of the picture."""
    x, y, width, height = face.box
    box = ((x - frame) / scale, (y - frame) / scale, width / scale, height / scale)
    return face._replace(box=box, points=(face.points - frame) / scale)
