"""Which faces in these photos show the same person, and who is it?

Faces are found, cut out, brought upright and encoded. Known people are named where strangers are seldom so much alike;
then all are grouped by average linkage. Faces of one photo are different people.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from knnife.encoders.face_geometry import FaceDetector
from knnife.encoders.protocol import Progress
from knnife.space import is_space
from knnife.things.sheets import Cell, sheet
from knnife.tools._faces.clustering import Shown, of_people, of_photos
from knnife.tools._faces.known import KnownFaces, Model
from knnife.tools._faces.thresholds import Decision


@dataclass(frozen=True)
class Album:
    """The faces in photos, by person.

    faces: all, in the order of the photos; group: of each face `(n,)`, from 0, the largest group first. decision: the
    likeness from which on groups are joined. problems: photos without a face, and why.
    """

    faces: Sequence[Shown]
    group: Sequence[int]
    decision: Decision
    problems: Sequence[tuple[str, str]]

    def rows(self) -> Iterator[dict[str, Any]]:
        """One row a face, group by group.

        Columns:
            group (int): the number of the person, the one with most faces first.
            id (str): the face.
            photo (str): the photo that it is in.
            face (int): which face of the photo it is.
            person (str | None): the name of who is known.
            box (list[float]): where it lies in the photo, in pixels: left, top, width, height.
            confidence (float): how sure the detector is.
        """
        for number, members in enumerate(self.groups()):
            for row in members:
                yield {"group": number, **self.faces[row].row()}

    def groups(self) -> list[list[int]]:
        """The positions of the faces of each group."""
        found: list[list[int]] = [[] for _ in range(max(self.group, default=-1) + 1)]
        for row, number in enumerate(self.group):
            found[number].append(row)
        return found

    def name(self, number: int) -> str | None:
        """The name of a group: of a person who is known, else None."""
        return next((self.faces[row].person for row in self.groups()[number] if self.faces[row].person), None)

    def sheet(self, path: str | os.PathLike[str]) -> int:
        """Write a page (HTML) that shows the faces by group; how many groups. Raises BadInput where it cannot be."""
        groups = (
            (
                f"{self.name(number) or f'group {number}'}: {len(rows)} face{'s' * (len(rows) > 1)}",
                [Cell(self.faces[row].crop, self.faces[row].id, self.faces[row].person is not None) for row in rows],
            )
            for number, rows in enumerate(self.groups())
        )
        return sheet("Faces by person", groups, path, private=True)


def faces(
    given: Any,
    *,
    known: KnownFaces | None = None,
    model: Model = None,
    detector: str | os.PathLike[str] | FaceDetector | None = None,
    false_matches: float | None = None,
    whole: bool = False,
    progress: Progress | None = None,
) -> Album:
    """Groups the faces in photos by person, and names those who are known.

    Args:
        given: photos (a path, a folder, a pattern, a zip archive, several paths, bytes, Things), or `Faces` or their
            path, all of whose faces are grouped then.
        known: people who are known; their file says what finds and encodes faces.
        model: without `known`, what encodes faces, as in `Faces.open`. None: an encoder trained on these faces alone,
            which knows no person from another, and is a poor judge.
        detector: without `known`, what finds faces, as in `Faces.open`.
        false_matches: at which rate different people may be alike enough to be joined; 0.001 by default. It is
            measured on the people known, where there are 3 or more; else the line is what the makers of the model
            advise, or is taken from the likenesses of the photos themselves.
        whole: without `known`, whether each photo is one face already, as in `Faces.add`.
        progress: called with the number of photos so far, and the share that is done.

    Raises:
        BadInput: what is given holds no photos; nothing in them is a face.
        NotFound: there is no such file.

    """
    if isinstance(given, str | os.PathLike) and is_space(given):
        with KnownFaces.open(given, read_only=True) as people:
            return faces(people, known=known, false_matches=false_matches)
    if isinstance(given, KnownFaces):
        found = of_people(given, false_matches)
    else:
        found = of_photos(given, known, model, detector, false_matches, whole=whole, progress=progress)
    return Album(*found)
