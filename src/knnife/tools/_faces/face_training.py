"""The encoder of faces that is trained on the people of a space, and the error rates on them; its file stores both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from knnife.encoders import Encoder
from knnife.encoders.face_geometry import SIDE
from knnife.encoders.faces import FaceEncoder
from knnife.errors import KnnifeError, NotASpace
from knnife.geometry import Vectors
from knnife.space import Space
from knnife.space.notes import note, set_note
from knnife.things import Thing
from knnife.things.pictures import Value
from knnife.things.pixels import jpeg
from knnife.tools._faces.error_rates import Codes, Limits, measure
from knnife.tools._faces.gallery import Gallery
from knnife.tools._faces.photos import PERSON

LEARNED: Final = "faces"  # the form of encoders that are trained on faces
NOTE: Final = "faces"  # the name of what is noted in a space: the detector, what was learned from, what was measured
VERSION: Final = 1


def is_learned(encoder: Encoder) -> bool:
    """Was this encoder trained on the faces themselves?"""
    return getattr(encoder, "form", None) == LEARNED


def learns(space: Space) -> bool:
    """Is the encoder of a space trained on its faces? It is in the file then; a model elsewhere may be missing."""
    try:
        return is_learned(space.encoder)
    except NotASpace:
        raise
    except KnnifeError:
        return False


def first_encoder(things: Sequence[Thing]) -> FaceEncoder:
    """An encoder for a space that has none yet, from the first faces."""
    names = [thing.about.get(PERSON) for thing in things]
    crops = [thing.value for thing in things if thing.value is not None]
    return FaceEncoder.train(crops, [str(name) if name else None for name in names])


def trained_on(crops: Sequence[Value]) -> Encoder:
    """An encoder for faces of whom nobody is known."""
    return FaceEncoder.train(crops, [None] * len(crops))


def relearn(space: Space, gallery: Gallery) -> bool:
    """Train the encoder again on the faces as they are now, and re-encode all; was there anything to do?"""
    noted = noted_in(space)
    if noted.get("learned") == gallery.state or not learns(space):
        return False
    old = next(view.name for view in space.info().views if view.default)
    crops = _crops(gallery) or [jpeg(np.full((SIDE, SIDE, 3), 128, np.uint8))]  # nothing of those who were removed
    encoder = FaceEncoder.train(crops, _names(gallery) or [None])
    if encoder.fingerprint != space.encoder.fingerprint:
        space.reencode(encoder, name=f"{LEARNED}-{encoder.fingerprint[:8]}")
        space.drop(old)
    note_down(space, {**noted, "learned": gallery.state})
    return True


def forget_others(space: Space) -> None:
    """Drop the views of encoders that were trained on the faces of a space, but for the one in use."""
    for view in space.info().views:
        if not view.default and view.encoder == LEARNED:
            space.drop(view.name)


def limits_of(space: Space, gallery: Gallery, *, keep: bool) -> Limits:
    """What was measured on the people of a space, now or before. keep: note it in the file for the next time."""
    noted, of = noted_in(space), f"{gallery.state} {gallery.faces.fingerprint}"
    held = noted.get("limits")
    if isinstance(held, dict) and held.get("of") == of:
        try:
            return Limits.of_state(held["measured"])
        except (KeyError, TypeError, ValueError) as error:
            raise NotASpace(
                f"{space.path} is damaged: what was measured on its faces cannot be read: {error}"
            ) from error
    limits = _measured(gallery, trained=learns(space))
    if keep:
        note_down(space, {**noted, "limits": {"of": of, "measured": limits.state()}})
    return limits


def noted_in(space: Space) -> dict[str, Any]:
    """What is noted of the faces of a space; empty where nothing is. Raises NotASpace for what this cannot read."""
    found = note(space, NOTE)
    if found is None:
        return {}
    if not isinstance(found, dict) or found.get("version") != VERSION:
        raise NotASpace(f"what {space.path} notes of its faces is of another knnife, or damaged")
    return found


def note_down(space: Space, noted: dict[str, Any]) -> None:
    """Keep in the file of a space what `noted_in` reads."""
    set_note(space, NOTE, noted)


def erasing(space: Space) -> list[str] | None:
    """Whose removal was begun and not finished: names, none where bytes alone are left of them; None for nobody."""
    held = noted_in(space).get("erasing")
    return None if held is None else [str(name) for name in held]


def note_erasing(space: Space, people: Sequence[str] | None) -> None:
    """Note whose removal is begun, or that it is finished (None); what was measured with them goes at once."""
    noted = {name: value for name, value in noted_in(space).items() if name not in ("erasing", "limits")}
    note_down(space, noted if people is None else {**noted, "erasing": sorted(set(people))})


def _measured(gallery: Gallery, *, trained: bool) -> Limits:
    named = gallery.named
    codes = gallery.codes[named]
    if not trained or not len(named):
        return measure(codes, lambda _: gallery.faces.vectors[named], trained=False)
    crops, names = _crops(gallery), _names(gallery)
    seen = FaceEncoder.describe([crops[row] for row in named])

    def encode(rows: Codes | None) -> Vectors:
        rows = np.arange(len(named)) if rows is None else rows
        return FaceEncoder.train_on(seen[rows], [names[row] for row in named[rows]]).project(seen)

    return measure(codes, encode, trained=True)


def _crops(gallery: Gallery) -> list[Any]:
    return [thing.value for thing in gallery.faces.things]


def _names(gallery: Gallery) -> list[str | None]:
    return [gallery.people[code] if code >= 0 else None for code in np.asarray(gallery.codes).tolist()]
