"""Does another picture show the same object or scene, and is it made from this one?

Points of both that look alike are matched, and counted where one map takes all of them from the one picture to the
other (encoders/picture_matching.py). How sure that is, is the number of pairs of pictures, as a power of ten, of
which one would by chance agree as well. What lies between the points then tells a copy from the same thing, taken anew.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from knnife.encoders.keypoints import SIDE, Keypoints, keypoints
from knnife.encoders.picture_matching import Matched, matched
from knnife.errors import BadInput, BadPictures
from knnife.things import Thing
from knnife.things.pictures import Value
from knnife.things.pixels import Pixels, each_picture
from knnife.things.sheets import page
from knnife.tools._verify.candidates import candidates_of, value_of
from knnife.tools._verify.shown import Points, side_by_side

TOGETHER = 32  # pictures that are decoded at once
POINTS = 800  # of a picture: what is a small part of another one has few of the strongest points there
Progress = Callable[[int, float | None], None]
Size = tuple[int, int]  # width and height


@dataclass(frozen=True)
class Verified:
    """What a picture has in common with n candidates, in the order in which these were given.

    picture: the one that was asked about. candidates: things whose values are pictures. found: what each has in common
    with the picture. size, sizes: width and height in which points were looked for, of the picture and of each.
    """

    picture: Value
    candidates: Sequence[Thing]
    found: Sequence[Matched]
    size: Size
    sizes: Sequence[Size]

    def __len__(self) -> int:
        return len(self.found)

    @property
    def order(self) -> list[int]:
        """The positions of the candidates: those that show the same by their evidence, then the others as they came."""
        return sorted(range(len(self)), key=lambda i: (not self.found[i].same, -self._evidence(i), i))

    @property
    def same(self) -> list[str]:
        """The ids of the candidates that show the same, the surest first."""
        return [self.candidates[i].id or "" for i in self.order if self.found[i].same]

    def rows(self) -> Iterator[dict[str, Any]]:
        """One row a candidate: those that show the same first, the surest before the others.

        Columns:
            id (str): the candidate.
            position (int): where it stands in what was given.
            same (bool): whether it shows the same object or scene.
            copy (bool): whether it was made from the picture, or the picture from it.
            evidence (float): of other pictures one in so many, as a power of ten, would agree as well by chance.
            points (int): how many pairs of points agree.
            matches (int): among how many pairs that look alike.
            agreement (float): how much of what both show looks alike, 0 to 1.
            covers (float): the share of the picture that the candidate shows.
            covered (float): the share of the candidate that the picture shows.
            mirrored (bool): whether it shows it as in a mirror.
        """
        for i in self.order:
            found = self.found[i]
            yield {
                "id": self.candidates[i].id,
                "position": i,
                "same": found.same,
                "copy": found.copy,
                "evidence": found.evidence,
                "points": len(found),
                "matches": found.matches,
                "agreement": found.agreement,
                "covers": found.overlap[0],
                "covered": found.overlap[1],
                "mirrored": found.mirrored,
            }

    def points(self, position: int) -> tuple[Points, Points]:
        """The places that agree, in the picture and in a candidate: x and y as shares of width and height, `(m, 2)`."""
        found = self.found[position]
        return _shares(found.a_points, self.size), _shares(found.b_points, self.sizes[position])

    def outline(self, position: int) -> Points:
        """Where the four corners of the picture lie in a candidate, as shares of its width and height, `(4, 2)`.

        Raises BadInput where they have nothing in common.
        """
        transform = self.found[position].transform
        if transform is None:
            raise BadInput(f"{self.candidates[position].id!r} has nothing in common with the picture")
        corners = np.array([(0, 0), (1, 0), (1, 1), (0, 1)]) * self.size - 0.5  # 0 is the middle of the first pixel
        return _shares(corners @ transform[:, :2].T + transform[:, 2], self.sizes[position])

    def show(self, path: str | os.PathLike[str]) -> int:
        """Write a page with the points of each candidate that shows the same; how many these were.

        It is one HTML file that holds the pictures and needs no network. Raises BadInput where it cannot be written.
        """
        shown = [i for i in self.order if self.found[i].same]
        page("What the pictures have in common", self._sections(shown), path)
        return len(shown)

    def _sections(self, shown: Sequence[int]) -> Iterator[str]:
        for i in shown:
            left = self.picture, self.size[0] / self.size[1]
            right = value_of(self.candidates[i]), self.sizes[i][0] / self.sizes[i][1]
            heading = f"{self.candidates[i].id}: {_told(self.found[i])}"
            yield from side_by_side(heading, left, right, *self.points(i), self.outline(i))
        if not shown:
            yield f"<p>None of {len(self):,} candidates shows the same.</p>\n"

    def _evidence(self, position: int) -> float:
        found = self.found[position]
        return found.evidence if found.same else 0.0


def verify(
    picture: Value,
    candidates: Any,
    *,
    ids: Iterable[str] | None = None,
    k: int = 20,
    mirrored: bool = False,
    progress: Progress | None = None,
) -> Verified:
    """Which of the candidates show the same as a picture, by the places of points that look alike.

    Args:
        picture: its path, or the bytes of its file.
        candidates: likewise, one or several; a folder, pattern or archive by its name, or what `knnife.read` gives; or
            a Space of pictures.
        ids: of a space, the things to compare; unless told, the k nearest of the picture.
        k: how many of a space's nearest are compared.
        mirrored: candidates that show it as in a mirror count, too. Turned and resized ones always do.
        progress: called with the candidates done, and their share (0 to 1).

    Raises:
        BadInput: something is no picture (BadPictures names all of these), or there are no candidates.
        NotFound: there is no such file, or no such id.
        MissingPackage: Pillow or OpenCV is not installed (the extra `pictures`).

    """
    [own] = each_picture([picture], _looked_at, SIDE)
    things = candidates_of(candidates, picture, ids, k)

    def compared(pixels: Pixels) -> tuple[Matched, Size]:
        other = _looked_at(pixels)
        return matched(own, other, mirrored=mirrored), (other.width, other.height)

    done = _each([value_of(thing) for thing in things], compared, progress)
    return Verified(picture, things, [found for found, _ in done], (own.width, own.height), [size for _, size in done])


def _looked_at(pixels: Pixels) -> Keypoints:
    return keypoints(pixels, POINTS)


def _each(values: Sequence[Value], work: Callable[[Pixels], Any], progress: Progress | None) -> list[Any]:
    """What `each_picture` makes of them, some at a time. Raises BadPictures that names all that cannot be read."""
    done: list[Any] = []
    faults: dict[int, str] = {}
    for start in range(0, len(values), TOGETHER):
        some = values[start : start + TOGETHER]
        try:
            done += each_picture(some, work, SIDE)
        except BadPictures as error:
            faults |= {start + place: why for place, why in error.faults.items()}
        if progress is not None:
            progress(start + len(some), (start + len(some)) / len(values))
    if faults:
        raise BadPictures(faults, len(values))
    return done


def _shares(points: Any, size: Size) -> Points:
    """Pixels as shares of the width and the height."""
    shares: Points = (np.asarray(points, np.float64) + 0.5) / size
    return shares


def _told(found: Matched) -> str:
    what = "a copy" if found.copy else "the same object or scene"
    return f"{what}{', mirrored' if found.mirrored else ''}, {len(found)} points agree, evidence {found.evidence:.0f}"
