"""The people in a file: opening it, reading it, and the error rates measured; `people.py` changes it and compares."""

from __future__ import annotations

import os
import warnings
from collections import defaultdict
from functools import cached_property
from pathlib import Path
from typing import Self

from knnife.encoders import Encoder, load_encoder
from knnife.encoders.face_detection import load_detector
from knnife.encoders.face_geometry import FaceDetector
from knnife.errors import BadInput, NotFound
from knnife.space import Space
from knnife.space.opening import keep_private
from knnife.things.kinds import kind
from knnife.tools._faces import face_training
from knnife.tools._faces.answers import Person
from knnife.tools._faces.error_rates import Limits
from knnife.tools._faces.gallery import Gallery
from knnife.tools._faces.photos import PERSON

Model = str | os.PathLike[str] | Encoder | None


class KnownFaces:
    """People who are known by their faces, for questions that change nothing.

    space: the space of the faces, which all other tools take.
    """

    def __init__(
        self, space: Space, detector: str | FaceDetector | None, model: Encoder | None, *, read_only: bool
    ) -> None:
        self.space = space
        self._found_by, self._model, self._read_only = detector, model, read_only

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        *,
        model: Model = None,
        detector: str | os.PathLike[str] | FaceDetector | None = None,
        read_only: bool = False,
        create: bool = True,
    ) -> Self:
        """Open the people in the file `path`; make it if there is none (unless `read_only`, or `create` is False).

        model: what turns a face into a vector: a name of `knnife models`, an *.onnx file, or an encoder of kind "face".
            None: the one the file was made with; in a new file an encoder that is trained on the faces added.
        detector: what finds faces: an *.onnx file (YuNet, UltraFace). None: the one used before, else OpenCV's cascade.

        Raises what `Space.open` raises; BadInput for a space of other things, or a model of other things.
        """
        if isinstance(detector, str | os.PathLike):
            load_detector(detector := os.path.abspath(detector))  # raises what is wrong with it before a file is made
        encoder = None if model is None else face_model(model)
        space = Space.open(path, encoder, read_only=read_only, create=create)
        try:
            noted = face_training.noted_in(space)
            if len(space) and not noted:
                raise BadInput(f"{path} is a space of other things than faces; choose another name")
            if face_training.erasing(space) is not None:
                warnings.warn(
                    f"the removal of people from {path} was interrupted, so traces of them may be in it; the same "
                    "`remove` again finishes it",
                    stacklevel=2,
                )
            told = noted.get("detector") if detector is None else detector if isinstance(detector, str) else None
            if not (noted or read_only):  # new: before anything is in it
                keep_private(space.path)
            wanted = {**noted, "version": face_training.VERSION, "detector": told}
            if not read_only and wanted != noted:
                face_training.note_down(space, wanted)
        except BaseException:
            space.close()
            raise
        return cls(space, detector or told, encoder, read_only=read_only)

    @cached_property
    def detector(self) -> FaceDetector:
        """What finds faces. Raises NotFound where its file is not there any more."""
        if isinstance(self._found_by, str) and not os.path.isfile(self._found_by):
            raise NotFound(
                f"the faces of {self.space.path} were found by {self._found_by}, which is not there any more; give "
                "the detector (--detector FILE)"
            )
        return as_detector(self._found_by)

    @property
    def whole(self) -> bool:
        """Is each photo one face already? Settled by the first photos that were added."""
        return face_training.noted_in(self.space).get("whole") is True

    @property
    def learned(self) -> bool:
        """Is the encoder trained on these faces, or will it be?"""
        return self._encoder is None or face_training.is_learned(self._encoder)

    @property
    def licences(self) -> dict[str, str]:
        """What the weights in use may be used for, as far as known: "" where nobody has stated it."""
        told = {f"detector {self.detector.name}": self.detector.licence}
        encoder = self._encoder
        if encoder is not None and not face_training.is_learned(encoder):
            told[f"model {encoder.name}"] = str(getattr(encoder, "licence", ""))
        return told

    def people(self) -> list[Person]:
        """All who are known, by name."""
        photos: dict[str, list[str | None]] = defaultdict(list)
        for thing in self.space.things():
            if isinstance(name := thing.about.get(PERSON), str):
                photos[name].append(thing.part_of)
        return [Person(name, len(photos[name]), len(set(photos[name]))) for name in sorted(photos)]

    @property
    def limits(self) -> Limits:
        """What was measured on the people known; measured at the first use, and stored until who is known changes."""
        return self.known()[1]

    def close(self) -> None:
        """Close the file. Closing twice is fine."""
        self.space.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def _encoder(self) -> Encoder | None:
        """What makes the vectors; None in a new file that is to learn from its faces."""
        return self._model if self._model is not None or not self.space.info().views else self.space.encoder

    def known(self) -> tuple[Gallery, Limits]:
        """All faces as arrays, and what was measured on those who have a name."""
        gallery = Gallery.of(self.space)
        return gallery, face_training.limits_of(self.space, gallery, keep=not self._read_only)


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
