"""Faces cut out of photos: found, brought upright, and stored as the bytes of small pictures, which are things.

The crop is both encoded and shown, so another model can encode it later without the photo.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import count, islice
from typing import Final, NamedTuple

from knnife.encoders.face_detection import find_faces
from knnife.encoders.face_geometry import Face, FaceDetector, aligned, framed
from knnife.errors import BadPictures
from knnife.things.pictures import Value
from knnife.things.pixels import Pixels, each_picture, jpeg
from knnife.tools._faces.photos import Photo

SIDE: Final = 1280  # pixels of the longer side of a photo in which faces are looked for
WHOLE: Final = 224  # of a photo that is a face already
QUALITY: Final = 95  # of the crops, as JPEG
BATCH: Final = 32  # photos decoded together
CLEARLY: Final = 1.5  # so many times as wide as the next must the face of a named person be
ENOUGH: Final = 0.7  # of the box of a named person's face has to be in the photo; half a face teaches half of it


class Cut(NamedTuple):
    """A face cut out: the bytes of its picture, and where it was in the photo, in pixels of the photo shown upright.

    box: x, y, width, height; points: x, y of eyes, nose and corners of the mouth, () where they are not known.
    visible: the share of the box that lies in the photo, about 0.5 of half a face at its edge.
    """

    crop: bytes
    box: tuple[float, ...]
    points: tuple[float, ...]
    confidence: float
    visible: float


class PhotoFaces(NamedTuple):
    """A photo that was looked at, the faces in it, the largest first; `fault` says why it could not be read."""

    photo: Photo
    faces: list[Cut]
    fault: str | None = None


Seen = Callable[[Photo], list[Cut] | None]  # the faces of a photo that was looked at before; None: look


def look(
    photos: Iterable[Photo], detector: FaceDetector, *, whole: bool, learned: bool, seen: Seen = lambda _: None
) -> Iterator[PhotoFaces]:
    """The faces of each photo, in order, decoded in batches by all cores.

    whole: each photo is one face already. learned: cut them out as suits an encoder that is trained on them, with what
    is around the face; models want a face brought upright.
    """
    frame = framed if learned else aligned

    def cut(picture: Pixels) -> tuple[int, list[Cut]]:
        faces = (
            [_whole(picture)]
            if whole
            else [_of_face(frame(picture, face), face, picture) for face in find_faces(picture, detector)]
        )
        return max(picture.shape), faces

    stream = iter(photos)
    while batch := list(islice(stream, BATCH)):
        before = [seen(photo) for photo in batch]
        values: list[Value] = [photo.value for photo, held in zip(batch, before, strict=True) if held is None]
        faults: dict[int, str] = {}
        side = WHOLE if whole else SIDE
        try:
            found = each_picture(values, cut, side)
        except BadPictures as error:
            faults = error.faults
            found = each_picture([value for i, value in enumerate(values) if i not in faults], cut, side)
        cuts, place = iter(found), count()
        for photo, held in zip(batch, before, strict=True):
            if held is not None:
                yield PhotoFaces(photo, held)
            elif (fault := faults.get(next(place))) is not None:
                yield PhotoFaces(photo, [], fault)
            else:
                shown, faces = next(cuts)
                yield PhotoFaces(photo, [_scaled(face, photo.side / shown) for face in faces])


def one_face(looked: PhotoFaces) -> tuple[Cut | None, str]:
    """The face of a photo that should show one person, or why none can be chosen."""
    if looked.fault is not None:
        return None, looked.fault
    if not looked.faces:
        return None, "no face was found in it"
    if len(looked.faces) > 1 and looked.faces[0].box[2] < CLEARLY * looked.faces[1].box[2]:
        many = f"{len(looked.faces)} faces are in it"
        return None, f"{many}, and none is clearly the largest; cut out the one that is meant"
    if looked.faces[0].visible < ENOUGH:
        return None, f"only {looked.faces[0].visible:.0%} of the face is in it; expected a photo of the whole face"
    return looked.faces[0], ""


def _of_face(crop: Pixels, face: Face, picture: Pixels) -> Cut:
    points = () if face.points is None else tuple(float(number) for number in face.points.ravel())
    box, confidence = tuple(map(float, face.box)), float(face.confidence)
    return Cut(jpeg(crop, QUALITY), box, points, confidence, round(face.visible(picture), 2))


def _whole(picture: Pixels) -> Cut:
    height, width = picture.shape[:2]
    return Cut(jpeg(picture, QUALITY), (0.0, 0.0, float(width), float(height)), (), 1.0, 1.0)


def _scaled(face: Cut, by: float) -> Cut:
    """The same in pixels of the photo, which was decoded smaller; tenths of a pixel are enough."""
    box, points = (tuple(round(number * by, 1) for number in numbers) for numbers in (face.box, face.points))
    return face._replace(box=box, points=points, confidence=round(face.confidence, 4))
