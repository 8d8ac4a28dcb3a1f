"""Who is it, and are these two the same: one face compared with those of everybody who is known, or with another."""

from __future__ import annotations

from typing import Any

import numpy as np

from knnife.encoders import Encoder
from knnife.encoders.face_geometry import FaceDetector
from knnife.errors import BadInput
from knnife.geometry import Vectors, unit
from knnife.space import encode
from knnife.tools._faces.answers import FaceComparison, Identified, NamedFace
from knnife.tools._faces.face_crops import Cut, PhotoFaces, look, one_face
from knnife.tools._faces.face_training import is_learned
from knnife.tools._faces.gallery import Gallery
from knnife.tools._faces.photos import Photos
from knnife.tools._faces.thresholds import Decision


def identify(
    photos: Photos, gallery: Gallery, decision: Decision, detector: FaceDetector, *, k: int, whole: bool
) -> Identified:
    """See `Faces.identify`."""
    problems: list[tuple[str, str]] = []
    faces: list[NamedFace] = []
    encoder = gallery.faces.encoder
    for looked in look(photos, detector, whole=whole, learned=is_learned(encoder)):
        if not looked.faces:
            problems.append((looked.photo.name, looked.fault or "no face was found in it"))
            continue
        likenesses = gallery.likeness(encode(encoder, [face.crop for face in looked.faces]))
        for number, row in enumerate(likenesses):
            faces.append(_named(looked, number, row, gallery.people, decision, k))
    return Identified(faces, decision, photos.faults + problems)


def verify(
    a: Any, b: Any, encoder: Encoder, decision: Decision, detector: FaceDetector, *, whole: bool
) -> FaceComparison:
    """See `Faces.verify`."""
    one, other = (_only_face(each, detector, whole=whole, learned=is_learned(encoder)) for each in (a, b))
    points = unit(encode(encoder, [one.crop, other.crop]))
    likeness = float(points[0] @ points[1])
    same = likeness >= decision.threshold
    return FaceComparison(same, likeness, decision.chance(likeness), decision, (one.box, other.box))


def _only_face(given: Any, detector: FaceDetector, *, whole: bool, learned: bool) -> Cut:
    photos = Photos(given)
    found = list(look(photos, detector, whole=whole, learned=learned))
    if photos.faults:
        raise BadInput(": ".join(photos.faults[0]))
    if len(found) != 1:
        raise BadInput(f"expected one photo, got {len(found)}")
    face, why = one_face(found[0])
    if face is None:
        raise BadInput(f"{found[0].photo.name}: {why}")
    return face


def _named(
    looked: PhotoFaces, number: int, likenesses: Vectors, people: list[str], decision: Decision, k: int
) -> NamedFace:
    best = np.argsort(-likenesses, kind="stable")[: max(k, 1)].tolist()
    face, likeness = looked.faces[number], float(likenesses[best[0]])
    return NamedFace(
        photo=looked.photo.name,
        face=number + 1,
        box=face.box,
        confidence=face.confidence,
        person=people[best[0]] if likeness >= decision.threshold else None,
        likeness=likeness,
        chance=decision.chance(likeness),
        candidates=[(people[row], float(likenesses[row])) for row in best[:k]],
        crop=face.crop,
    )
