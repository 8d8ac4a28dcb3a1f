"""What finds faces and what encodes them, as people give it: a file, a name, or the object itself."""

from __future__ import annotations

import os
from pathlib import Path

from knnife.encoders import Encoder, load_encoder
from knnife.encoders.face_detection import load_detector
from knnife.encoders.face_geometry import FaceDetector
from knnife.errors import BadInput
from knnife.things.kinds import kind

Model = str | os.PathLike[str] | Encoder | None


def as_detector(detector: str | os.PathLike[str] | FaceDetector | None) -> FaceDetector:
    """A detector that is given, in a file, or (None) the one that needs no file. Raises what `load_detector` does."""
    if isinstance(detector, os.PathLike):
        detector = os.fspath(detector)
    return load_detector(detector) if detector is None or isinstance(detector, str) else detector


def face_model(model: str | os.PathLike[str] | Encoder) -> Encoder:
    """The model of faces called so, or in this file. Raises BadInput for a model of other things."""
    found = load_encoder(Path(model) if isinstance(model, os.PathLike) else model)
    if not kind(found.kind).cut_out:
        raise BadInput(f"the model {found.name} takes {found.kind}; expected one of faces (`knnife models` lists them)")
    return found
