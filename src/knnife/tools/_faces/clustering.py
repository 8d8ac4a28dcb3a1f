"""The faces of an album, or of all who are in a file, put into groups."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, NamedTuple

import numpy as np

from knnife.encoders import Encoder
from knnife.encoders.face_geometry import FaceDetector
from knnife.encoders.protocol import Progress
from knnife.errors import BadInput
from knnife.geometry import Vectors, unit
from knnife.space import encode
from knnife.tools._faces.average_linkage import group
from knnife.tools._faces.error_rates import FEWEST, Codes, Limits
from knnife.tools._faces.face_crops import look
from knnife.tools._faces.face_training import trained_on
from knnife.tools._faces.known import KnownFaces, Model, as_detector, face_model
from knnife.tools._faces.photos import Photos
from knnife.tools._faces.thresholds import Decision, advised, decide

RATE: Final = 0.001  # of pairs of different people that are alike enough to be joined, by default
WIDTHS: Final = 3.5  # of the lower half of likenesses, above their middle: where nothing better is known
LOOKED_AT: Final = 2_000  # faces that the threshold is estimated from


@dataclass(frozen=True)
class Shown:
    """One face of an album: its id, its photo, which face of that it is, where, and who (None: not known)."""

    id: str
    photo: str
    face: int
    box: tuple[float, ...]
    confidence: float
    person: str | None
    crop: bytes = field(repr=False)

    def row(self) -> dict[str, Any]:
        """What is known of it, but for its picture."""
        return {
            "id": self.id,
            "photo": self.photo,
            "face": self.face,
            "person": self.person,
            "box": list(self.box),
            "confidence": self.confidence,
        }


class Grouped(NamedTuple):
    """See `Album`."""

    faces: Sequence[Shown]
    group: Sequence[int]
    decision: Decision
    problems: Sequence[tuple[str, str]]


def of_people(known: KnownFaces, false_matches: float | None) -> Grouped:
    """All faces of a file; those who have a name keep it."""
    gallery, limits = known.known()
    if not len(gallery.faces):
        raise BadInput(f"there are no faces in {known.space.path}; add some")
    shown = []
    for thing, code in zip(gallery.faces.things, gallery.codes.tolist(), strict=True):
        about: Any = thing.about
        assert isinstance(thing.value, bytes)
        place = (str(about.get("photo", thing.part_of)), int(about.get("face", 1)), tuple(about.get("box", ())))
        person = gallery.people[code] if code >= 0 else None
        shown.append(Shown(str(thing.id), *place, float(about.get("confidence", 0.0)), person, thing.value))
    decision = _line(limits, gallery.faces.encoder, gallery.points, false_matches)
    return _grouped(shown, gallery.points, decision, ())


def of_photos(
    given: Any,
    known: KnownFaces | None,
    model: Model,
    detector: str | os.PathLike[str] | FaceDetector | None,
    false_matches: float | None,
    *,
    whole: bool,
    progress: Progress | None,
) -> Grouped:
    """The faces in photos; those are named who are known."""
    if known is not None and (model is not None or detector is not None):
        raise BadInput("model and detector are those of the people known; leave them out")
    photos = Photos(given)
    finder = as_detector(detector) if known is None else known.detector
    whole = whole if known is None else known.whole
    learned = model is None if known is None else known.learned
    shown: list[Shown] = []
    problems: list[tuple[str, str]] = []
    for number, looked in enumerate(look(photos, finder, whole=whole, learned=learned), 1):
        name = looked.photo.name
        if not looked.faces:
            problems.append((name, looked.fault or "no face was found in it"))
        shown += [
            Shown(f"{name}#{place}", name, place, face.box, face.confidence, None, face.crop)
            for place, face in enumerate(looked.faces, 1)
        ]
        if progress is not None:
            progress(number, photos.fraction)
    problems = photos.faults + problems
    if not shown:
        reasons = "; ".join(f"{photo}: {why}" for photo, why in problems[:3]) or "there are no photos"
        raise BadInput(f"no face was found; {reasons}")
    if known is not None:
        return _with_known(shown, known, false_matches, problems)
    crops = [face.crop for face in shown]
    encoder = face_model(model) if model is not None else trained_on(crops)
    points = unit(encode(encoder, crops))
    return _grouped(shown, points, _line(None, encoder, points, false_matches), problems)


def _with_known(
    shown: list[Shown], known: KnownFaces, false_matches: float | None, problems: list[tuple[str, str]]
) -> Grouped:
    gallery, limits = known.known()
    encoder = gallery.faces.encoder
    points = unit(encode(encoder, [face.crop for face in shown]))
    if gallery.people:
        strangers = decide(limits.strangers, limits, encoder)
        likenesses = gallery.likeness(points)
        for i, row in enumerate(likenesses.argmax(axis=1).tolist()):
            if likenesses[i, row] >= strangers.threshold:
                shown[i] = replace(shown[i], person=gallery.people[row])
    return _grouped(shown, points, _line(limits, encoder, points, false_matches), problems)


def _grouped(shown: list[Shown], points: Vectors, decision: Decision, problems: Sequence[tuple[str, str]]) -> Grouped:
    names = _numbers([face.person for face in shown])
    found = group(points, _numbers([face.photo for face in shown]), names, decision.threshold)
    return Grouped(shown, found.tolist(), decision, problems)


def _line(limits: Limits | None, encoder: Encoder, points: Vectors, rate: float | None) -> Decision:
    """The likeness from which on groups are joined."""
    none = Limits(0, 0, None, None, ())
    told = limits or none
    if told.pairs is not None or advised(encoder) is not None:
        return decide(told.pairs, told, encoder, RATE if rate is None else rate)
    if rate is not None:
        raise BadInput(f"a rate of false matches is measured on people who are known, and {FEWEST} are needed for it")
    rows = np.random.default_rng(0).permutation(len(points))[:LOOKED_AT]
    likenesses = (points[rows] @ points[rows].T)[np.triu_indices(len(rows), 1)]
    low, middle = np.quantile(likenesses, [0.16, 0.5]) if len(likenesses) else (0.0, 0.0)
    line = min(float(middle + WIDTHS * (middle - low)), 0.99)
    return Decision(line, None, None, None, 0, "taken from the likenesses of these faces; nothing was measured")


def _numbers(names: Sequence[str | None]) -> Codes:
    """A number for each different name, -1 for None."""
    place = {name: i for i, name in enumerate(dict.fromkeys(name for name in names if name is not None))}
    return np.array([-1 if name is None else place[name] for name in names], np.int64)
