"""Whose face it is, by a network in an *.onnx file: SFace, MobileFaceNet, ArcFace and their kin.

They take an upright face of 112 x 112 pixels (face_geometry.py), red green blue, and give a vector, compared by the
cosine. The axes of the input say whether colours come first; where the first steps of the network do not scale the
pixels themselves, as in networks of MXNet, they are scaled to between -1 and 1.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knnife.encoders._faces.licences import licence
from knnife.encoders.graph import OnnxGraph
from knnife.encoders.opencv import stretched
from knnife.encoders.protocol import check_list
from knnife.errors import BadInput, NotFound
from knnife.geometry import Vectors, unit
from knnife.things.pictures import Value
from knnife.things.pixels import Pixels, each_picture

SIDE: Final = 112
WIDEST: Final = 2048  # numbers of a vector: what gives more is no network for faces
HEAD: Final = 1 << 14  # bytes at the beginning of a file, in which the first steps of its network are named
OWN_SCALE: Final = ((b"_minusscalar", b"_mulscalar"), (b"Sub", b"Mul"))  # steps that scale the pixels
THRESHOLDS: Final = {"sface": 0.363}  # cosines published with a model: opencv_zoo, face_recognition_sface, for LFW


class OnnxFaceEncoder:
    """Encodes faces with a network in an *.onnx file. Safe to use from several threads at once."""

    kind = "face"
    cheap = True  # so that no vector of a face is left in a cache, from where nobody would remove it

    def __init__(self, graph: OnnxGraph, *, name: str = "face", scaled: bool | None = None) -> None:
        """scaled: whether the network scales the pixels (0 to 255) itself; None: as its first steps say."""
        if not self.knows(graph):
            raise BadInput(f"{graph.path} is no network for faces: {_DESCRIBED}; it takes {graph.takes}")
        self.name, self.licence = name, licence(graph.path)
        self.threshold = next((value for model, value in THRESHOLDS.items() if model in self.licence), None)
        self._graph = graph
        ((self._input, tensor),) = graph.takes.items()
        self._colours_first = tensor.axes[1] == 3
        self._scaled = _scales_itself(graph.path) if scaled is None else scaled
        self.dim = self._vector(np.full((SIDE, SIDE, 3), 128, np.uint8)).shape[0]
        own = f"faces 1 {self._scaled}".encode()
        self.fingerprint = hashlib.blake2b(own + graph.digest, digest_size=16).hexdigest()

    @staticmethod
    def knows(graph: OnnxGraph) -> bool:
        """Does it take one picture of 112 x 112 pixels, and give one vector?"""
        takes, gives = ([tensor.axes for tensor in some.values()] for some in (graph.takes, graph.gives))
        if len(takes) != 1 or len(gives) != 1 or len(takes[0]) != 4 or len(gives[0]) != 2:
            return False
        width = gives[0][1]
        return takes[0][1:] in ((3, SIDE, SIDE), (SIDE, SIDE, 3)) and (width is None or width <= WIDEST)

    @classmethod
    def load(cls, path: str | Path, *, name: str | None = None, scaled: bool | None = None) -> OnnxFaceEncoder:
        """The network in a file, or the one in a folder; its name leads to it from anywhere.

        Raises NotFound, BadInput where it holds something else or several, MissingPackage without onnxruntime.
        """
        path = Path(path)
        files = sorted(path.glob("*.onnx")) if path.is_dir() else [path]
        files = [file for file in files if "int8" not in file.stem] or files  # a variant that is quicker, and worse
        if len(files) != 1 or not files[0].is_file():
            found = ", ".join(file.name for file in files if file.is_file()) or "none"
            error = BadInput if len(files) > 1 else NotFound
            raise error(f"{path}: expected one *.onnx file, a network for faces; found {found}")
        return cls(OnnxGraph(files[0]), name=os.path.abspath(path) if name is None else name, scaled=scaled)

    def encode(self, values: Sequence[Value]) -> Vectors:
        """The vectors of faces (paths or bytes of pictures of one upright face each), float32 `(n, dim)`, of length 1.

        Raises BadPictures, naming those that cannot be read.
        """
        check_list(values, "face")
        vectors = each_picture(values, self._vector, 2 * SIDE)
        return unit(np.stack(vectors)) if vectors else np.empty((0, self.dim), np.float32)

    def _vector(self, picture: Pixels) -> NDArray[np.float32]:
        """The vectors of a face and of its mirror image, added: together they are steadier than either."""
        face = stretched(picture, SIDE, SIDE).astype(np.float32)
        if not self._scaled:
            face = (face - np.float32(127.5)) / np.float32(127.5)
        sides = [np.ascontiguousarray(each) for each in (face, face[:, ::-1])]
        found = sum(self._seen(each) for each in sides)
        return np.asarray(found, np.float32)

    def _seen(self, face: NDArray[np.float32]) -> NDArray[np.float32]:
        sheet = face.transpose(2, 0, 1)[None] if self._colours_first else face[None]
        vector = self._graph.run({self._input: np.ascontiguousarray(sheet)})[0].astype(np.float32).ravel()
        if not np.isfinite(vector).all():
            raise BadInput(f"{self.name}: the network gives NaN or infinity for a face")
        found: NDArray[np.float32] = unit(vector[None])[0]
        return found


def _scales_itself(path: Path) -> bool:
    """Do the first steps of the network scale the pixels? Their names stand near the beginning of the file."""
    with path.open("rb") as file:
        head = file.read(HEAD)
    return any(all(step in head for step in steps) for steps in OWN_SCALE)


_DESCRIBED: Final = f"expected one that takes a picture of {SIDE} x {SIDE} pixels in three colours and gives one vector"
