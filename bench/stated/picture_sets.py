"""Unlike sets of pictures, none a copy of another, and copies planted among them: for bench.stated.pictures.

Of the real sets a half is "chosen": the method was chosen in sight of it. The other half, "held out", was measured at
the end. Where the shared data are missing, the drawn sets are left.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont, ImageOps

from bench.edits import DATA, EDITS, opened
from bench.placed import OTHERS, PLACED, WORDS

Picture = Image.Image
Random = np.random.Generator


class Labelled(NamedTuple):
    """Files of pictures, and of each the numbers of the pictures that are in it; the edit, "" of those as they are."""

    files: list[bytes]
    shows: list[frozenset[int]]
    edits: list[str]


def photos(folder: str, pattern: str) -> Callable[[int], list[Picture]]:
    return lambda count: [opened(path) for path in _spread(sorted((DATA / folder).glob(pattern)), count)]


def people(first: int, last: int) -> Callable[[int], list[Picture]]:
    """Ten portraits of each of these people of ORL: alike, and no copies."""
    folder = DATA / "faces" / "att_faces"
    paths = [path for one in range(first, last + 1) for path in sorted((folder / f"s{one}").glob("*.pgm"))]
    return lambda count: [opened(path) for path in paths[:count]]


def tiny(part: str) -> Callable[[int], list[Picture]]:
    """Pictures of 32 pixels, enlarged five times."""

    def load(count: int) -> list[Picture]:
        path = DATA / "images" / "cifar10-sample.zip"
        if not path.exists():
            return []
        with zipfile.ZipFile(path) as archive:
            names = sorted(name for name in archive.namelist() if name.startswith(part) and name.endswith(".jpg"))
            some = [opened(io.BytesIO(archive.read(name))) for name in _spread(names, count)]
        return [picture.resize((160, 160), Image.Resampling.BICUBIC) for picture in some]

    return load


def scenes(seed: int) -> Callable[[int], list[Picture]]:
    """A sky, a ground, and things of one colour that stand there."""

    def one(random: Random) -> Picture:
        sky, ground = (tuple(colour) for colour in random.integers(60, 256, (2, 3)).tolist())
        made = Image.new("RGB", (320, 240), sky)
        draw = ImageDraw.Draw(made)
        draw.rectangle((0, int(random.integers(80, 170)), 320, 240), fill=ground)
        for _ in range(int(random.integers(20, 50))):
            x, y = (random.random(2) * (320, 240)).tolist()
            wide, high = random.uniform(4, 34, 2).tolist()
            shape = draw.rectangle if random.random() < 0.5 else draw.ellipse
            shape((x, y, x + wide, y + high), fill=tuple(random.integers(0, 256, 3).tolist()))
        return _grainy(made, random)

    return _drawn(one, seed)


def pages(seed: int, *, dark: bool) -> Callable[[int], list[Picture]]:
    """Pages of text, each with other words: what they share are letters."""
    ground, ink = ((24, 26, 30), (220, 220, 220)) if dark else ((255, 255, 255), (20, 20, 20))

    def one(random: Random) -> Picture:
        made = Image.new("RGB", (600, 420), ground)
        draw, size = ImageDraw.Draw(made), int(random.integers(14, 24))
        for line in range(int(random.integers(6, 400 // (size + 6)))):
            words = " ".join(WORDS[int(word)] for word in random.integers(len(WORDS), size=int(random.integers(3, 12))))
            draw.text((16, 12 + (size + 5) * line), words, fill=ink, font=ImageFont.load_default(size))
        return made

    return _drawn(one, seed)


def series(folder: str, pattern: str) -> Callable[[int], list[Picture]]:
    """Two photos of each thing, from two sides, in two lights, on two grounds: not copies (simulated)."""

    def load(count: int) -> list[Picture]:
        made = []
        for number, path in enumerate(_spread(sorted((DATA / folder).glob(pattern)), count // 2)):
            random = np.random.default_rng(number)
            photo = ImageOps.contain(opened(path), (400, 400))
            made += [photo, _taken_anew(photo, random)]
        return made

    return load


def icons(seed: int) -> Callable[[int], list[Picture]]:
    """Drawn signs of few lines, most of it one colour."""

    def one(random: Random) -> Picture:
        made = Image.new("RGB", (96, 96), "white")
        draw, ink = ImageDraw.Draw(made), tuple(random.integers(0, 160, 3).tolist())
        for _ in range(int(random.integers(2, 5))):
            x, y, u, v = sorted(random.integers(8, 88, 2).tolist()) + sorted(random.integers(8, 88, 2).tolist())
            shape = (draw.rectangle, draw.ellipse, draw.line)[int(random.integers(3))]
            shape(
                (x, u, y + 1, v + 1),
                width=int(random.integers(3, 9)),
                **({"fill": ink} if shape == draw.line else {"outline": ink}),
            )
        return made

    return _drawn(one, seed)


def plain(seed: int) -> Callable[[int], list[Picture]]:
    """Nearly one colour: a slope of light, and grain."""

    def one(random: Random) -> Picture:
        y, x = np.mgrid[0:160, 0:200] / 200
        slope, colour = random.normal(0, 30, 2), random.uniform(30, 225, 3)
        light = (slope[0] * x + slope[1] * y)[..., None] + random.normal(0, 3, (160, 200, 1))
        return Image.fromarray(np.clip(colour + light, 0, 255).astype(np.uint8))

    return _drawn(one, seed)


def planted(half: str, pictures: Sequence[Picture], share: float, seed: int) -> Labelled:
    """The pictures, and copies of some until `share` of all are copies, by all edits in turn."""
    random = np.random.default_rng([seed, round(1000 * share)])
    placed = PLACED[half]
    count = min(len(pictures) - OTHERS, round(len(pictures) * share / (1 - share)))
    made = Labelled([], [], [])
    for number, picture in enumerate(pictures):
        _add(made, picture, {number}, "")
    edits = [*placed, *(edit for edit in EDITS if edit != "mirrored")]
    order = random.permutation(len(pictures))
    for turn, number in enumerate(order[:count].tolist()):
        edit, picture = edits[turn % len(edits)], pictures[number]
        if edit in placed:
            others = random.choice(np.setdiff1d(order, [number]), OTHERS, replace=False).tolist()
            shown = {number, *others} if edit == "collage" else {number}
            _add(made, placed[edit](picture, [pictures[other] for other in others], random), shown, edit)
        else:
            _add(made, EDITS[edit](picture, random), {number}, edit)
    return made


def _add(made: Labelled, picture: Picture, shown: set[int], edit: str) -> None:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=30 if edit == "jpeg" else 90)
    made.files.append(file.getvalue())
    made.shows.append(frozenset(shown))
    made.edits.append(edit)


def _drawn(one: Callable[[Random], Picture], seed: int) -> Callable[[int], list[Picture]]:
    return lambda count: [one(np.random.default_rng([seed, number])) for number in range(count)]


def _taken_anew(photo: Picture, random: Random) -> Picture:
    """The thing as it lies another time: folds moved by up to 5%, in other light, softer, on another ground."""
    width, height = photo.size
    folds = [_smooth(photo.size, random) * 0.05 * width for _ in range(2)]
    y, x = np.mgrid[0:height, 0:width]
    rows, columns = (
        np.clip(np.round(place + fold), 0, length - 1).astype(int)
        for place, fold, length in ((y, folds[0], height), (x, folds[1], width))
    )
    light = 0.9 + 0.35 * _smooth(photo.size, random)[..., None]
    lit = np.clip(np.asarray(photo)[rows, columns] * light, 0, 255).astype(np.uint8)
    ground = _grainy(Image.new("RGB", (width, height), tuple(random.integers(0, 256, 3).tolist())), random)
    inset = ImageOps.contain(Image.fromarray(lit).filter(ImageFilter.GaussianBlur(1)), (round(0.8 * width), height))
    ground.paste(inset, (int(random.integers(width // 5)), int(random.integers(height // 5))))
    return ground


def _smooth(size: tuple[int, int], random: Random) -> np.ndarray:
    """A smooth field from -1 to 1, `(height, width)`."""
    coarse = Image.fromarray(random.uniform(-1, 1, (6, 6)).astype(np.float32))
    return np.asarray(coarse.resize(size, Image.Resampling.BICUBIC))


def _grainy(picture: Picture, random: Random) -> Picture:
    grain = random.normal(0, 4, (picture.height, picture.width, 1))
    return Image.fromarray(np.clip(np.asarray(picture) + grain, 0, 255).astype(np.uint8))


def _spread(items: Sequence[Path] | Sequence[str], count: int) -> list:
    step = max(1, len(items) // max(1, count))
    return list(items[::step][:count])


SETS: Final[dict[str, dict[str, Callable[[int], list[Picture]]]]] = {
    "chosen": {
        "clothes (train)": photos("images", "clothing/train/*/*.jpg"),
        "faces s1-s20": people(1, 20),
        "CIFAR train, enlarged": tiny("train"),
        "drawn scenes A": scenes(1),
        "pages of text, light": pages(2, dark=False),
        "series of clothes (train)": series("images", "clothing/train/*/*.jpg"),
    },
    "held out": {
        "clothes (test)": photos("images", "clothing/test/*/*.jpg"),
        "people and things": photos(".", "faces/deepface-tests/*.jpg"),
        "faces s21-s40": people(21, 40),
        "CIFAR test, enlarged": tiny("test"),
        "drawn scenes B": scenes(11),
        "pages of text, dark": pages(12, dark=True),
        "series of clothes (test)": series("images", "clothing/test/*/*.jpg"),
        "icons": icons(13),
        "nearly one colour": plain(14),
    },
}
