"""Edits that leave a picture whole and put it somewhere else, or leave a part of it: for bench.copies and bench.stated.

letterbox: bars of one colour around it. screenshot: within a window or a telephone, with bars, buttons and text around.
quarter: a window with a quarter of its area. collage: beside others. Each has two halves, with other sizes, colours and
positions: the method was chosen in sight of the one, "chosen", and measured on the other, "held out", at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps

from bench.edits import QUALITY, opened

Picture = Image.Image
Random = np.random.Generator
Placed = Callable[[Picture, Sequence[Picture], Random], Picture]  # the picture, others for a collage -> a new one
Box = tuple[float, float, float, float]  # left, top, right, bottom: shares of the whole

LARGEST: Final = 800  # pixels of a canvas
_TEXT: Final = (
    "the of and to in we you for on that with this from more about share reply today photo sale new order price size "
    "delivery friends comment weather city house garden summer holiday message read next page home settings help"
)
WORDS: Final = _TEXT.split()


def letterbox(picture: Picture, _: Sequence[Picture], random: Random) -> Picture:
    """Chosen: black or white bars above and below, or on both sides, together 20 to 50% of the whole."""
    colour = (0, 0, 0) if random.random() < 0.7 else (255, 255, 255)
    bar = float(random.uniform(0.1, 0.25))
    return _barred(picture, (0, bar, 0, bar) if random.random() < 0.5 else (bar, 0, bar, 0), colour)


def passepartout(picture: Picture, _: Sequence[Picture], random: Random) -> Picture:
    """Held out: bars of any colour and any width, on any sides."""
    bars = np.where(random.random(4) < 0.6, random.uniform(0.03, 0.3, 4), 0)
    left, top, right, bottom = bars.tolist() if bars.any() else (0.15, 0.1, 0.15, 0.1)
    red, green, blue = random.integers(0, 256, 3).tolist()
    return _barred(picture, (left, top, right, bottom), (red, green, blue))


def browser(picture: Picture, _: Sequence[Picture], random: Random) -> Picture:
    """Chosen: the window of a browser, the picture in a page among text; it is 45 to 70% as wide as the window."""
    width, height = LARGEST, round(LARGEST * float(random.uniform(0.6, 0.8)))
    made = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(made)
    draw.rectangle((0, 0, width, 28), fill=(222, 225, 230))
    draw.rectangle((0, 28, width, 62), fill=(246, 246, 246))
    draw.rounded_rectangle((90, 34, width - 120, 56), 10, fill="white", outline=(200, 200, 200))
    _text(draw, (104, 38), width - 240, 1, 13, (90, 90, 90), random)
    for place in (16, 38, 60):
        draw.ellipse((place, 38, place + 13, 51), fill=(140, 140, 140))
    shown = ImageOps.contain(picture, (round(width * float(random.uniform(0.45, 0.7))), height - 120))
    left = int(random.integers(20, max(21, width - shown.width - 20)))
    top = int(random.integers(80, max(81, height - shown.height - 20)))
    _text(draw, (20, 72), width - 60, (height - 80) // 18, 14, (40, 40, 40), random)
    draw.rectangle((left - 12, top - 12, left + shown.width + 12, top + shown.height + 12), fill="white")
    made.paste(shown, (left, top))
    return made


def telephone(picture: Picture, _: Sequence[Picture], random: Random) -> Picture:
    """Held out: an upright telephone, light or dark, the picture as wide as the screen, between buttons and text."""
    width = round(LARGEST * float(random.uniform(0.46, 0.56)))
    dark = random.random() < 0.5
    ground, ink = ((18, 18, 20), (225, 225, 225)) if dark else ((250, 250, 252), (30, 30, 30))
    made = Image.new("RGB", (width, LARGEST), ground)
    draw = ImageDraw.Draw(made)
    margin = int(random.integers(0, 24))
    shown = ImageOps.contain(picture, (width - 2 * margin, round(0.62 * LARGEST)))
    top = int(random.integers(70, 150))
    _text(draw, (14, 8), 70, 1, 15, ink, random)
    draw.rectangle((width - 50, 10, width - 16, 24), outline=ink, width=2)
    draw.ellipse((12, 34, 44, 66), fill=tuple(random.integers(60, 220, 3).tolist()))
    _text(draw, (54, 40), width // 2, 1, 16, ink, random)
    made.paste(shown, ((width - shown.width) // 2, top))
    under = top + shown.height + 10
    for number in range(4):
        place = 16 + 46 * number
        draw.ellipse((place, under, place + 24, under + 24), outline=ink, width=3)
    _text(draw, (14, under + 34), width - 28, max(0, (LARGEST - under - 60) // 22), 16, ink, random)
    return made


def quadrant(picture: Picture, _: Sequence[Picture], random: Random) -> Picture:
    """Chosen: one of the four quarters."""
    x, y = (0.5 * random.integers(0, 2, 2)).tolist()
    return _cut(picture, (x, y, x + 0.5, y + 0.5))


def window(picture: Picture, _: Sequence[Picture], random: Random) -> Picture:
    """Held out: a quarter of the area anywhere, of another shape."""
    wide = float(random.uniform(0.42, 0.6))
    high = 0.25 / wide
    x, y = (random.random(2) * (1 - wide, 1 - high)).tolist()
    return _cut(picture, (x, y, x + wide, y + high))


def four(picture: Picture, others: Sequence[Picture], random: Random) -> Picture:
    """Chosen: four pictures of one size, this one at any place, with or without a gap."""
    return _collage(picture, others, [(x, y, x + 0.5, y + 0.5) for x in (0, 0.5) for y in (0, 0.5)], random)


def several(picture: Picture, others: Sequence[Picture], random: Random) -> Picture:
    """Held out: two, three or five side by side, in unequal sizes, whole or cut to fit."""
    layouts: list[list[Box]] = [
        [(0, 0, 0.5, 1), (0.5, 0, 1, 1)],
        [(0, 0, 0.6, 1), (0.6, 0, 1, 0.5), (0.6, 0.5, 1, 1)],
        [(0, 0, 1, 0.55), (0, 0.55, 0.5, 1), (0.5, 0.55, 1, 1)],
        [(0, 0, 0.5, 0.5), (0.5, 0, 1, 0.5), (0, 0.5, 0.34, 1), (0.34, 0.5, 0.67, 1), (0.67, 0.5, 1, 1)],
    ]
    return _collage(picture, others, layouts[int(random.integers(len(layouts)))], random)


def _barred(picture: Picture, bars: Box, colour: tuple[int, int, int]) -> Picture:
    """Bars by their shares of the whole: left, top, right, bottom."""
    width = round(picture.width / (1 - bars[0] - bars[2]))
    height = round(picture.height / (1 - bars[1] - bars[3]))
    made = Image.new("RGB", (width, height), colour)
    made.paste(picture, (round(bars[0] * width), round(bars[1] * height)))
    return made


def _cut(picture: Picture, box: Box) -> Picture:
    size = (picture.width, picture.height) * 2
    left, top, right, bottom = (round(share * length) for share, length in zip(box, size, strict=True))
    return picture.crop((left, top, right, bottom))


def _collage(picture: Picture, others: Sequence[Picture], boxes: Sequence[Box], random: Random) -> Picture:
    side, gap = LARGEST, int(random.integers(0, 13))
    ground = tuple(random.integers(0, 256, 3).tolist()) if random.random() < 0.5 else (255, 255, 255)
    made = Image.new("RGB", (side, side), ground)
    own = int(random.integers(len(boxes)))
    rest = iter(others)
    for number, box in enumerate(boxes):
        left, top, right, bottom = (round(share * side) for share in box)
        size = max(1, right - left - gap), max(1, bottom - top - gap)
        fit = ImageOps.fit if random.random() < 0.7 else ImageOps.pad
        shown = fit(picture if number == own else next(rest), size)
        made.paste(shown, (left + gap // 2, top + gap // 2))
    return made


def _text(
    draw: ImageDraw.ImageDraw, at: tuple[int, int], width: int, lines: int, size: int, ink: object, random: Random
) -> None:
    font = ImageFont.load_default(size)
    for line in range(lines):
        words = " ".join(WORDS[int(word)] for word in random.integers(len(WORDS), size=max(1, width // (4 * size))))
        draw.text((at[0], at[1] + round(1.3 * size * line)), words[: width // (size // 2)], fill=ink, font=font)


OTHERS: Final = 4  # pictures that a collage needs beside the one
PLACED: Final[dict[str, dict[str, Placed]]] = {
    "chosen": {"letterbox": letterbox, "screenshot": browser, "quarter": quadrant, "collage": four},
    "held out": {"letterbox": passepartout, "screenshot": telephone, "quarter": window, "collage": several},
}


def write(half: str, paths: Sequence[Path], donors: Sequence[Path], folder: Path) -> dict[str, tuple[str, Path]]:
    """Every edit of a half, of every photo, as a file in `folder`: its path -> the edit, and the photo.

    donors: photos that stand beside it in a collage.
    """
    made: dict[str, tuple[str, Path]] = {}
    for edit, place in PLACED[half].items():
        for number, path in enumerate(paths):
            random = np.random.default_rng([number, len(edit)])
            others = [opened(donors[int(row)]) for row in random.permutation(len(donors))[:OTHERS]]
            file = folder / half / edit / f"{number:04d}.jpg"
            file.parent.mkdir(parents=True, exist_ok=True)
            place(opened(path), others, random).save(file, quality=QUALITY)
            made[str(file)] = edit, path
    return made
