"""People and their faces, in one file: who is known, by which faces, and who somebody is.

The file is a space: its things are faces cut out of photos, encoded by a model in a file, or by an encoder that is
trained on these very faces, and again whenever somebody is added, renamed or removed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from knnife.encoders.face_geometry import FaceDetector
from knnife.encoders.protocol import Progress
from knnife.errors import BadInput, NotFound, ReadOnly
from knnife.geometry import Vectors, unit
from knnife.space import encode
from knnife.tools._faces import face_training
from knnife.tools._faces.answers import AddedFaces, FaceComparison, Identified, NamedFace
from knnife.tools._faces.enrolment import Adding
from knnife.tools._faces.face_crops import Cut, PhotoFaces, look, one_face
from knnife.tools._faces.face_training import is_learned
from knnife.tools._faces.gallery import Gallery
from knnife.tools._faces.known import KnownFaces
from knnife.tools._faces.photos import PERSON, Photos, checked_name
from knnife.tools._faces.thresholds import RATE, Decision, decide
from knnife.tools.faces import Album, faces


class Faces(KnownFaces):
    """People who are known by their faces. Make one with `Faces.open`; use it as a context manager, or `close` it.

    space: the space of the faces, which all other tools take.
    """

    # --- people in and out ------------------------------------------------------------------------------------

    def add(
        self,
        photos: Any,
        person: str | None = None,
        *,
        by_folder: bool = False,
        whole: bool | None = None,
        progress: Progress | None = None,
    ) -> AddedFaces:
        """Add the faces in photos, or bring them up to date.

        Args:
            photos: a path, a folder, a pattern, a zip archive, several paths, bytes, or Things with pictures.
            person: whom they show; then each photo has to show one face, or one that is clearly the largest. None: who
                is named by the metadata of a Thing ("person"); else all faces of a photo, without names, or with those
                they had before.
            by_folder: the folder that a photo lies in is the name of the person ("people/anna/1.jpg").
            whole: each photo is one face already, all cut alike, and none is looked for. It is settled by the first
                photos of a file, and holds for all later ones; None: as settled, else False.
            progress: called with the number of faces so far, and the share of the photos that is done.

        Faces are committed in batches; the same call again goes on where this one stopped. Raises BadInput where no
        face could be added at all, with the first reasons.

        """
        if self._read_only:
            raise ReadOnly(f"{self.space.path} was opened for reading only; open it without read_only to change it")
        taken = Photos(photos, person, by_folder=by_folder)
        adding = Adding(self.space, taken, self.detector, whole=self._settled(whole), learned=self.learned)
        if self._encoder is None and (first := adding.first()):
            self.space.reencode(face_training.first_encoder(first))
        added = self.space.add(adding, progress=progress)
        problems = adding.problems
        if not added.added + added.updated + added.unchanged:
            reasons = "; ".join(f"{photo}: {why}" for photo, why in problems[:3]) or "there are no photos"
            raise BadInput(f"no face could be added; {reasons}")
        self._learn()
        return AddedFaces(
            adding.photos, added.added, added.updated, added.unchanged, len(self.people()), tuple(problems)
        )

    def name(self, names: Mapping[str, str]) -> int:
        """Give faces names: the id of a face -> the name of the person; how many. Raises NotFound, BadInput."""
        checked = {id: checked_name(person) for id, person in names.items()}
        things = self.space.get(checked)
        self.space.add([thing._replace(about={**thing.about, PERSON: checked[str(thing.id)]}) for thing in things])
        self._learn()
        return len(things)

    def rename(self, old: str, new: str) -> int:
        """Rename a person, or merge with a known one; how many faces changed. Raises NotFound for an unknown person."""
        return self.name(dict.fromkeys(self._ids_of([old]), new))

    def remove(self, people: str | Iterable[str]) -> int:
        """Remove people: their faces and vectors, and what was learned from them; how many faces.

        The file is written anew, so that nothing of them stays in it. Where this was interrupted, or another process
        had the file open, the same call again finishes it. Raises NotFound for an unknown person, and then removes
        nobody; SpaceBusy where another process has the file open.
        """
        wanted, begun = [people] if isinstance(people, str) else list(people), face_training.erasing(self.space)
        ids = self._ids_of([*wanted, *(begun or ())], begun)
        face_training.note_erasing(self.space, [*wanted, *(begun or ())])
        count = self.space.remove(ids)
        self._learn()
        face_training.forget_others(self.space)
        face_training.note_erasing(self.space, [])  # what is left of them are bytes that nothing leads to
        self.space.compact()
        face_training.note_erasing(self.space, None)
        return count

    # --- questions --------------------------------------------------------------------------------------------

    def identify(self, photos: Any, k: int = 3, *, false_matches: float = RATE) -> Identified:
        """Who the faces in photos are; nobody who is less alike than strangers are, at the rate `false_matches`.

        photos: as for `add`. k: how many candidates are named for each face. false_matches: the share of
            strangers who may get a name, up to 0.05; 1 takes everybody for one of those known.

        Raises BadInput where nobody is known, and where too few are known to estimate how alike strangers look.
        """
        gallery, limits = self.known()
        if not gallery.people:
            raise BadInput(f"nobody is known in {self.space.path}; add photos of somebody, with the name")
        encoder = gallery.faces.encoder
        decision = decide(limits.strangers, limits, encoder, false_matches)
        problems: list[tuple[str, str]] = []
        faces: list[NamedFace] = []
        taken = Photos(photos)
        for looked in look(taken, self.detector, whole=self.whole, learned=is_learned(encoder)):
            if not looked.faces:
                problems.append((looked.photo.name, looked.fault or "no face was found in it"))
                continue
            likenesses = gallery.likeness(encode(encoder, [face.crop for face in looked.faces]))
            for number, row in enumerate(likenesses):
                faces.append(_named(looked, number, row, gallery.people, decision, k))
        return Identified(faces, decision, taken.faults + problems)

    def verify(self, a: Any, b: Any, *, false_matches: float = RATE) -> FaceComparison:
        """Do two photos show the same person?

        a, b: a path or the bytes of a photo with one face, or one that is clearly the largest. false_matches: at which
            rate two people may be taken for one, up to 0.05, as measured on the people who are known.

        Raises BadInput for a photo without a face, and where too few people are known to estimate that rate.
        """
        _, limits = self.known()
        encoder = self._encoder
        if encoder is None:
            raise BadInput(
                f"{self.space.path} has neither faces to learn from nor a model; add photos of people, or give a model"
            )
        decision = decide(limits.pairs, limits, encoder, false_matches)
        learned = is_learned(encoder)
        one, other = (_only_face(each, self.detector, whole=self.whole, learned=learned) for each in (a, b))
        points = unit(encode(encoder, [one.crop, other.crop]))
        likeness = float(points[0] @ points[1])
        same = likeness >= decision.threshold
        return FaceComparison(same, likeness, decision.chance(likeness), decision, (one.box, other.box))

    def cluster(self, *, false_matches: float | None = None) -> Album:
        """Which of the faces show the same person: see `knnife.faces`."""
        return faces(self, false_matches=false_matches)

    def _learn(self) -> None:
        """Bring an encoder that is trained on these faces in step with who is known."""
        face_training.relearn(self.space, Gallery.of(self.space))

    def _settled(self, whole: bool | None) -> bool:
        """Is each photo one face already? Noted with the first faces; raises BadInput where those were not."""
        held = self.whole
        if whole is None or whole == held:
            return held
        if len(self.space):
            was, now = ("whole photos", "found in photos")[:: 1 if held else -1]
            raise BadInput(
                f"the faces in {self.space.path} are {was}, and these were to be {now}; the two cannot be compared, "
                "so give them a file of their own"
            )
        face_training.note_down(self.space, {**face_training.noted_in(self.space), "whole": whole})
        return whole

    def _ids_of(self, people: Iterable[str], erasing: Sequence[str] | None = None) -> list[str]:
        """The ids of their faces. erasing: whose removal was begun, who may have none; empty: it may be anybody."""
        ids = []
        for person in dict.fromkeys(people):
            found = [str(thing.id) for thing in self.space.things({PERSON: person})]
            if not found and (erasing is None or (erasing and person not in erasing)):
                known = f"`knnife faces people {self.space.path}` names all who are"
                raise NotFound(f"nobody called {person!r} is known; {known}")
            ids += found
        return ids


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
