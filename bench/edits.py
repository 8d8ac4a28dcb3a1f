"""The edits by which copies of photos are made for bench.copies: fixed recipes, with fixed random choices.

Each takes a picture and a random generator and returns the edited picture; all but one are then saved as a JPEG of
quality 90, as whoever edits a picture saves it again.

jpeg: as it is, saved at quality 30. half: half the width and height. crop: a window of 90% of the width and height,
anywhere. brighter, darker: every value times 1.2 or 0.8. rotated: by 5 degrees either way, the corners black.
mirrored: left to right. captioned: a black bar over the lowest 12%, with white words.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps

DATA = Path(__file__).parents[1] / ".." / "shared" / "data"
QUALITY: Final = 90

Picture = Image.Image
Edit = Callable[[Picture, np.random.Generator], Picture]


def originals() -> list[Path]:
    """All shared photos that are not copies of others there: of clothing, of things, of people."""
    images, faces = DATA / "images", DATA / "faces" / "deepface-tests"
    if not images.is_dir():
        raise SystemExit(f"no photos in {images}: there is nothing to make copies of")
    people = [path for path in faces.glob("*.jpg") if "reflection" not in path.name]
    return sorted([*images.glob("clothing/*/*/*.jpg"), *images.glob("imagededup/base_images/*.jpg"), *people])


def edited(path: Path, edit: str) -> bytes:
    """The photo at `path` with that edit, as the bytes of a JPEG file; always the same."""
    random = np.random.default_rng([sum(path.name.encode()), list(EDITS).index(edit)])
    file = io.BytesIO()
    EDITS[edit](opened(path), random).save(file, "JPEG", quality=30 if edit == "jpeg" else QUALITY)
    return file.getvalue()


def opened(path: Path | io.BytesIO) -> Picture:
    """The picture in a file, upright and in colours."""
    with Image.open(path) as picture:
        return ImageOps.exif_transpose(picture).convert("RGB")


def write(paths: list[Path], folder: Path) -> dict[str, tuple[str, Path]]:
    """Every edit of every photo as a file in `folder`: its path -> the edit, and the original."""
    made: dict[str, tuple[str, Path]] = {}
    for edit in EDITS:
        for number, path in enumerate(paths):
            file = folder / edit / f"{number:04d}.jpg"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(edited(path, edit))
            made[str(file)] = edit, path
    return made


def _half(picture: Picture, _: np.random.Generator) -> Picture:
    return picture.resize((picture.width // 2, picture.height // 2), Image.Resampling.LANCZOS)


def _crop(picture: Picture, random: np.random.Generator) -> Picture:
    width, height = round(0.9 * picture.width), round(0.9 * picture.height)
    left = int(random.integers(picture.width - width + 1))
    top = int(random.integers(picture.height - height + 1))
    return picture.crop((left, top, left + width, top + height))


def _times(factor: float) -> Edit:
    return lambda picture, _: picture.point(lambda value: min(255, round(value * factor)))


def _rotated(picture: Picture, random: np.random.Generator) -> Picture:
    angle = 5 if random.random() < 0.5 else -5
    return picture.rotate(angle, Image.Resampling.BICUBIC)


def _captioned(picture: Picture, random: np.random.Generator) -> Picture:
    made = picture.copy()
    bar = round(0.12 * made.height)
    draw = ImageDraw.Draw(made)
    draw.rectangle((0, made.height - bar, made.width, made.height), fill="black")
    words = ["when you see it", "summer sale: 50% off", "me on mondays", "wait for it ..."][int(random.integers(4))]
    place = (0.04 * made.width, made.height - 0.9 * bar)
    draw.text(place, words, fill="white", font=ImageFont.load_default(0.6 * bar))
    return made


EDITS: Final[dict[str, Edit]] = {
    "jpeg": lambda picture, _: picture,
    "half": _half,
    "crop": _crop,
    "brighter": _times(1.2),
    "darker": _times(0.8),
    "rotated": _rotated,
    "mirrored": lambda picture, _: ImageOps.mirror(picture),
    "captioned": _captioned,
}
