"""What questions about people are answered with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from knnife.tools._faces.thresholds import Decision

Problems = Sequence[tuple[str, str]]  # photos that could not be used, and why


class Person(NamedTuple):
    """Somebody who is known: the name, and by how many faces in how many photos."""

    name: str
    faces: int
    photos: int


@dataclass(frozen=True)
class AddedFaces:
    """How many photos were read, and what became of the faces in them. problems: photos of no use, and why."""

    photos: int
    added: int
    updated: int
    unchanged: int
    people: int
    problems: Problems = field(repr=False)

    def rows(self) -> Iterator[dict[str, Any]]:
        """The photos that could not be used."""
        yield from ({"photo": photo, "why": why} for photo, why in self.problems)


@dataclass(frozen=True)
class NamedFace:
    """One face of a photo: where it is, who it is (None: nobody known), and who else it may be.

    likeness: to the most similar person; chance: how often a stranger is so similar; candidates: best first.
    """

    photo: str
    face: int
    box: tuple[float, ...]
    confidence: float
    person: str | None
    likeness: float
    chance: float | None
    candidates: Sequence[tuple[str, float]]
    crop: bytes = field(repr=False)


@dataclass(frozen=True)
class Identified:
    """Who the faces in photos are. decision: the line below which nobody is named; problems: photos without faces."""

    faces: Sequence[NamedFace]
    decision: Decision
    problems: Problems

    def rows(self) -> Iterator[dict[str, Any]]:
        """One row a face."""
        for face in self.faces:
            yield {
                "photo": face.photo,
                "face": face.face,
                "person": face.person,
                "likeness": face.likeness,
                "chance": face.chance,
                "box": list(face.box),
                "confidence": face.confidence,
                "candidates": [{"person": person, "likeness": likeness} for person, likeness in face.candidates],
            }


@dataclass(frozen=True)
class FaceComparison:
    """Whether two photos show the same person.

    likeness: of the two faces; chance: how often two people are so similar, None where too few are known; decision: the
    threshold; boxes: of the faces compared.
    """

    same: bool
    likeness: float
    chance: float | None
    decision: Decision
    boxes: tuple[tuple[float, ...], tuple[float, ...]]

    def __bool__(self) -> bool:
        return self.same

    def rows(self) -> Iterator[dict[str, Any]]:
        """One row."""
        yield {
            "same": self.same,
            "likeness": self.likeness,
            "chance": self.chance,
            **self.decision.row(),
            "boxes": [list(box) for box in self.boxes],
        }
