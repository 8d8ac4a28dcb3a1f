"""The faces of a space as arrays: whose they are, and how alike a face is to each person."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from knnife.geometry import Vectors, unit
from knnife.space import Sample, Space, sample
from knnife.tools._faces.error_rates import Codes, best_of_each
from knnife.tools._faces.photos import PERSON


@dataclass(frozen=True, eq=False)
class Gallery:
    """All faces of a space. people: sorted names; codes: whose each face is `(n,)`, -1 where it has no name."""

    faces: Sample
    people: list[str]
    codes: Codes

    @classmethod
    def of(cls, space: Space) -> Gallery:
        """Reads a space."""
        faces = sample(space)
        names = [thing.about.get(PERSON) for thing in faces.things]
        people = sorted({name for name in names if isinstance(name, str)})
        place = {name: i for i, name in enumerate(people)}
        codes = np.array([place[name] if isinstance(name, str) else -1 for name in names], np.int64)
        return cls(faces, people, codes)

    @cached_property
    def named(self) -> Codes:
        """The rows of the faces that have a name."""
        return np.flatnonzero(self.codes >= 0)

    @cached_property
    def points(self) -> Vectors:
        """The vectors of all faces, of length 1, `(n, d)`."""
        return unit(self.faces.vectors)

    def likeness(self, vectors: Vectors) -> Vectors:
        """How alike faces `(m, d)` are to each person, by the face of that person that is most alike: `(m, people)`."""
        own = self.named
        return best_of_each(unit(vectors) @ self.points[own].T, self.codes[own], len(self.people))

    @cached_property
    def state(self) -> str:
        """A hash of which faces are of the same person, whatever they are called: a new name changes nothing."""
        hashed = hashlib.blake2b(digest_size=16)
        number: dict[int, int] = {}  # of each person, in the order of their first faces
        for row, code in zip(self.named.tolist(), self.codes[self.named].tolist(), strict=True):
            thing = self.faces.things[row]
            value = thing.value if isinstance(thing.value, bytes) else str(thing.value).encode()
            for part in (str(thing.id).encode(), b"%d" % number.setdefault(code, len(number)), value):
                hashed.update(len(part).to_bytes(8, "little") + part)
        return hashed.hexdigest()
