"""Does another picture show the same object or scene, and is it made from this one?

Points of both that look alike are matched, and counted where one map takes all of them from one picture to the other
(encoders/picture_matching.py). What lies between the points tells a copy from the same thing, taken anew.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knnife.encoders.keypoints import SIDE, Keypoints, keypoints
from knnife.encoders.picture_matching import Matched, matched
from knnife.encoders.protocol import Progress
from knnife.errors import BadInput, BadPictures
from knnife.space import Input, is_space, opened
from knnife.things import Thing
from knnife.things.pictures import Value
from knnife.things.pixels import Pixels, each_picture
from knnife.things.sheets import escaped, page, uri

TOGETHER = 32  # pictures that are decoded at once
POINTS = 800  # of a picture: what is a small part of another one has few of the strongest points there
Size = tuple[int, int]  # width and height

TALL = 360  # of a picture, in units of the drawing
GAP = 16
SHARP = 720  # pixels of the longer side of a picture in the page
GOLDEN = 137.508  # degrees between the hues of lines that follow each other

Points = NDArray[np.float64]  # (m, 2): x and y as shares of the width and the height
Side = tuple[Value, float]  # a picture, and its width by its height


@dataclass(frozen=True)
class Verified:
    """What a picture has in common with n candidates, in the order in which these were given.

    picture: the query. candidates: things whose values are pictures. found: what each has in common
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
        return sorted(range(len(self)), key=lambda i: -self.found[i].evidence if self.found[i].same else math.inf)

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
            right = _picture_of(self.candidates[i]), self.sizes[i][0] / self.sizes[i][1]
            heading = f"{self.candidates[i].id}: {_told(self.found[i])}"
            yield from _side_by_side(heading, left, right, *self.points(i), self.outline(i))
        if not shown:
            yield f"<p>None of {len(self):,} candidates shows the same.</p>\n"


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
        ids: of a space, the things to compare; by default the k nearest of the picture.
        k: how many of a space's nearest are compared.
        mirrored: candidates that show it as in a mirror count, too. Turned and resized ones always do.
        progress: called with the candidates done, and their share (0 to 1).

    Raises:
        BadInput: something is no picture (BadPictures names all of these), or there are no candidates.
        NotFound: there is no such file, or no such id.
        MissingPackage: Pillow or OpenCV is not installed (the extra `pictures`).

    """
    [own] = each_picture([picture], _looked_at, SIDE)
    things = _candidates_of(candidates, picture, ids, k)

    def compared(pixels: Pixels) -> tuple[Matched, Size]:
        other = _looked_at(pixels)
        return matched(own, other, mirrored=mirrored), (other.width, other.height)

    done = _each([_picture_of(thing) for thing in things], compared, progress)
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
    return (np.asarray(points, np.float64) + 0.5) / size


def _told(found: Matched) -> str:
    what = "a copy" if found.copy else "the same object or scene"
    return f"{what}{', mirrored' if found.mirrored else ''}, {len(found)} points agree, evidence {found.evidence:.0f}"


def _candidates_of(given: Any, picture: Value, ids: Iterable[str] | None, k: int) -> list[Thing]:
    """The pictures given, each with an id: its path, or its number where there is none.

    given: as `verify` takes it; of a Space those of `ids`, or the k nearest of the picture. Raises BadInput where
    there are none.
    """
    if is_space(given):
        with opened(given) as space:
            found = space.get(space.near(picture, k).ids[0] if ids is None else ids) if len(space) else []
    elif ids is not None:
        raise BadInput("ids= says which things of a space are compared; the candidates are no space")
    elif isinstance(given, str | os.PathLike):
        with opened(Input(os.fspath(given), pictures=True), what="candidates") as reading:
            found = list(reading)
    else:
        if not isinstance(given, Iterable):
            kind = type(given).__name__
            raise BadInput(f"candidates are pictures, a folder of them or a Space, not {kind}: {given!r:.60}")
        several = [given] if isinstance(given, bytes | Thing) else given
        found = [_thing(each, number) for number, each in enumerate(several)]
    if not found:
        raise BadInput("there are no candidates; expected one picture or more")
    return found


def _picture_of(thing: Thing) -> Value:
    """The picture of a thing. Raises BadInput where it has none."""
    if isinstance(thing.value, str | bytes):
        return thing.value
    raise BadInput(f"{thing.id!r} has no picture; expected the path or the bytes of one")


def _thing(given: Any, number: int) -> Thing:
    if isinstance(given, Thing):
        return given if given.id is not None else given._replace(id=str(number))
    if isinstance(given, str | os.PathLike):
        return Thing(os.fspath(given), os.fspath(given))
    if isinstance(given, bytes):
        return Thing(str(number), given)
    raise BadInput(f"a candidate is the path or the bytes of a picture, not {type(given).__name__}: {given!r:.60}")


def _side_by_side(heading: str, left: Side, right: Side, a: Points, b: Points, outline: Points) -> Iterator[str]:
    """The HTML of a section: both pictures, a line for each pair of points, and where the left one lies in the right.

    outline: the four corners of the left picture in the right one. Raises what decoding raises.
    """
    wide, other = TALL * left[1], TALL * right[1]
    corners = " ".join(f"{x:.1f},{y:.1f}" for x, y in outline * (other, TALL))
    frame = f'<polygon points="{corners}" fill="none" stroke="#fff" stroke-width="2"/>'
    yield f"<section><h2>{escaped(heading)}</h2>\n"
    yield f'<svg viewBox="0 0 {wide + GAP + other:.0f} {TALL}" style="width:100%;max-height:80vh" role="img">\n'
    yield _placed(left[0], 0, wide, "")
    yield _placed(right[0], wide + GAP, other, frame)
    here, there = a * (wide, TALL), b * (other, TALL) + (wide + GAP, 0)
    for number, ((x, y), (u, v)) in enumerate(zip(here.tolist(), there.tolist(), strict=True)):
        colour = f"hsl({number * GOLDEN % 360:.0f} 90% 55%)"
        yield f'<path d="M{x:.1f} {y:.1f}L{u:.1f} {v:.1f}" stroke="{colour}" stroke-width=".8" opacity=".7"/>'
        yield "".join(f'<circle cx="{p:.1f}" cy="{q:.1f}" r="2" fill="{colour}"/>' for p, q in ((x, y), (u, v)))
    yield "\n</svg></section>\n"


def _placed(picture: Value, start: float, width: float, above: str) -> str:
    """A picture from `start` on, and what is drawn above it, as far as it lies within."""
    place = f'width="{width:.1f}" height="{TALL}"'
    shown = f'<image {place} preserveAspectRatio="none" href="{uri(picture, SHARP)}"/>'
    return f'<svg x="{start:.1f}" y="0" {place}>{shown}{above}</svg>\n'
