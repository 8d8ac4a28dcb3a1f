"""Where the faces of a picture are, also in a tight crop of one.

A detector is a network in a file (_faces/yunet.py, _faces/ultraface.py, recognised by their outputs) or the cascade
that comes with OpenCV (_faces/cascade.py). Detectors look for a face with its surroundings. So where none is found, the
picture gets a frame of a quarter of its size, which continues its edges, and is searched again.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from knnife.encoders._faces.cascade import Cascade
from knnife.encoders._faces.ultraface import UltraFace
from knnife.encoders._faces.yunet import YuNet
from knnife.encoders.face_geometry import Face, FaceDetector
from knnife.encoders.graph import OnnxGraph
from knnife.encoders.opencv import shrunk
from knnife.errors import BadInput, NotFound
from knnife.things.pixels import Pixels

FRAME: Final = 0.25  # of the picture's longer side, on each side
TIGHT: Final = 320  # pixels of the longer side of a picture that is framed: its one face is large


def load_detector(path: str | Path | None = None) -> FaceDetector:
    """The detector in an *.onnx file (YuNet, UltraFace), or OpenCV's cascade where none is given.

    Raises NotFound, BadInput where the file holds something else, MissingPackage (onnxruntime; OpenCV).
    """
    if path is None:
        return Cascade()
    if not Path(path).is_file():
        raise NotFound(f"there is no file {path}: expected a face detector as *.onnx (YuNet, UltraFace)")
    graph = OnnxGraph(Path(path))
    if YuNet.knows(graph):
        return YuNet(graph)
    if UltraFace.knows(graph):
        return UltraFace(graph)
    raise BadInput(
        f"{path} is no face detector that knnife knows: expected YuNet (outputs cls_8, obj_8, bbox_8, kps_8 and so on) "
        f"or UltraFace (scores, boxes); it gives {', '.join(graph.gives)}"
    )


def find_faces(picture: Pixels, detector: FaceDetector) -> list[Face]:
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


def _unframed(face: Face, frame: int, scale: float) -> Face:
    """A face of a picture that was made smaller by `scale` and framed, in the pixels of the picture."""
    x, y, width, height = face.box
    box = ((x - frame) / scale, (y - frame) / scale, width / scale, height / scale)
    return face._replace(box=box, points=(face.points - frame) / scale)
