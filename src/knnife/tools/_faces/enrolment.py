"""Enrolment: each photo becomes the faces cut out of it, which are things of a space and parts of the photo.

Each face notes the hash of its photo and how many faces were found there, so an unchanged photo is not decoded again.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice
from typing import Any, Final

from knnife.encoders.face_geometry import FaceDetector
from knnife.space import Space
from knnife.things import Thing
from knnife.things.pictures import content
from knnife.tools._faces.face_crops import Cut, PhotoFaces, look, one_face
from knnife.tools._faces.photos import PERSON, Photo, Photos

FIRST: Final = 64  # faces that the first encoder is trained on; all are learned from once they are there


class Adding:
    """The things that photos hold, once, as a source for `Space.add`; counts photos, and notes what was of no use."""

    def __init__(self, space: Space, given: Photos, detector: FaceDetector, *, whole: bool, learned: bool) -> None:
        self.photos = 0
        # Faces of photos that are given without a name keep the one they have; and all that were in a photo are told,
        # so that those it no longer shows are removed.
        self.complete = not given.named
        self._space, self._given, self._detector = space, given, detector
        self._problems: list[tuple[str, str]] = []
        self._names: dict[str, tuple[object, str]] = {}  # of faces there already: the crop, and whose it is
        self._things = self._stream(look(given, detector, whole=whole, learned=learned, seen=self._seen))
        self._ahead: list[Thing] = []

    def __iter__(self) -> Iterator[Thing]:
        ahead, self._ahead = self._ahead, []
        return chain(ahead, self._things)

    @property
    def fraction(self) -> float | None:
        """The share of the photos that is done, None where nobody can know."""
        return self._given.fraction

    @property
    def problems(self) -> list[tuple[str, str]]:
        """The photos that no face could be taken of, and why."""
        return self._given.faults + self._problems

    def first(self) -> list[Thing]:
        """The first things; iterating gives them again, and goes on."""
        self._ahead += islice(self._things, max(0, FIRST - len(self._ahead)))
        return self._ahead

    def _stream(self, photos: Iterator[PhotoFaces]) -> Iterator[Thing]:
        for looked in photos:
            self.photos += 1
            faces, why = looked.faces, looked.fault or "no face was found in it"
            if looked.photo.person is not None:
                face, why = one_face(looked)
                faces = [] if face is None else [face]
            if not faces:
                self._problems.append((looked.photo.name, why))
            for number, face in enumerate(faces, 1):
                yield self._thing(looked, number, face)

    def _seen(self, photo: Photo) -> list[Cut] | None:
        """The faces that the space has of a photo, where that is still the same; notes the names they have."""
        things: list[Thing] = []
        while (id := f"{photo.name}#{len(things) + 1}") in self._space:
            things += self._space.get([id])
        for thing in things:
            if isinstance(name := thing.about.get(PERSON), str):
                self._names[str(thing.id)] = (thing.value, name)
        now = {"content": content(photo.value).hex(), "faces": len(things), "detector": self._detector.name}
        same = things and all({name: thing.about.get(name) for name in now} == now for thing in things)
        return [_cut(thing) for thing in things] if same else None

    def _thing(self, looked: PhotoFaces, number: int, face: Cut) -> Thing:
        photo = looked.photo
        id = f"{photo.name}#{number}"
        crop, name = self._names.pop(id, (None, None))
        person = photo.person or (name if crop == face.crop else None)
        about: dict[str, Any] = {} if person is None else {PERSON: person}
        about |= {
            "photo": photo.name,
            "face": number,
            "box": list(face.box),
            "points": list(face.points),
            "confidence": face.confidence,
            "visible": face.visible,
            "detector": self._detector.name,
            "faces": len(looked.faces),
            "content": content(photo.value).hex(),
        }
        return Thing(id, face.crop, about, photo.name)


def _cut(thing: Thing) -> Cut:
    """A face that was cut out before."""
    assert isinstance(thing.value, bytes)
    about: Any = thing.about
    numbers = float(about["confidence"]), float(about["visible"])
    return Cut(thing.value, tuple(about["box"]), tuple(about["points"]), *numbers)
