"""Faces drawn for the tests and the pages: people who never were, in photos that a detector finds them in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from knnife.things.pixels import jpeg

Pixels = NDArray[np.uint8]
Grid = NDArray[np.float64]

NAMES = ("anna", "bela", "carl", "dora", "eva", "gus", "hana", "ivan", "kofi", "lena", "leo", "max")
DRAWN = 240  # the sizes below are for a photo of so many pixels
SIDE = 120  # pixels of a photo: small ones are looked at quickly
EACH = 5  # photos of everybody who is known


def photo(person: str, number: int, side: int = SIDE) -> Pixels:
    """A photo of a person, `(side, side, 3)`: the same face for the same name, another pose and light each number."""
    y, x = np.mgrid[0:side, 0:side] * (DRAWN / side)
    chance = np.random.default_rng([number, *person.encode()])
    turn, size = chance.normal(0, 0.02), chance.uniform(1.14, 1.2)
    across, down = x - DRAWN / 2 - chance.normal(0, 3), y - DRAWN / 2 - chance.normal(0, 3)
    u = (across * np.cos(turn) + down * np.sin(turn)) / size
    v = (down * np.cos(turn) - across * np.sin(turn)) / size
    picture = np.full((side, side, 3), chance.uniform(140, 160, 3))
    picture = _face(picture, u, v, person, smile=float(chance.uniform(-2, 5)))
    light = chance.uniform(0.92, 1.06) * (1 + chance.normal(0, 0.03) * x[..., None] / DRAWN)
    grain = chance.normal(0, 3, (side, side, 1))
    return np.clip(picture * light + grain, 0, 255).astype(np.uint8)


def group(people: tuple[str, ...], number: int) -> Pixels:
    """A photo of several people, side by side."""
    return np.concatenate([photo(person, 100 + number + i) for i, person in enumerate(people)], axis=1)


def write(folder: Path) -> None:
    """people/NAME/1.jpg to 5.jpg of all, and album/ with more photos of some of them, of a stranger, and of nobody."""
    for name in NAMES:
        (folder / "people" / name).mkdir(parents=True)
        for number in range(1, EACH + 1):
            (folder / "people" / name / f"{number}.jpg").write_bytes(jpeg(photo(name, 15 + number), 90))
    (folder / "album").mkdir()
    album = {
        "anna-5": photo("anna", 5),
        "anna-6": photo("anna", 6),
        "bela-5": photo("bela", 5),
        "stranger-1": photo("zoe", 1),
        "stranger-2": photo("zoe", 2),
        "two": group(("anna", "carl"), 1),
        "wall": np.full((SIDE, SIDE, 3), 150, np.uint8),
    }
    for name, picture in album.items():
        (folder / "album" / f"{name}.jpg").write_bytes(jpeg(picture, 90))


def _face(picture: Grid, u: Grid, v: Grid, person: str, smile: float) -> Grid:
    """A face around (0, 0), about 130 pixels wide, drawn over a picture."""
    own = np.random.default_rng([*person.encode()])
    skin = np.array([224, 178, 150]) * own.uniform(0.75, 1.08) + own.normal(0, 5, 3)
    hair = np.array([90, 62, 40]) * own.uniform(0.25, 1.7)
    width, height = own.uniform(56, 70), own.uniform(76, 90)
    apart, eye, brow = own.uniform(23, 30), own.uniform(8, 11), own.uniform(12, 18)
    nose, mouth = own.uniform(18, 28), own.uniform(15, 25)
    fringe = own.uniform(-52, -34)
    picture = _put(picture, _oval(u, v + 12, width + own.uniform(6, 16), height + own.uniform(4, 12)), hair)
    picture = _put(picture, _oval(u, v - 95, own.uniform(26, 38), 60.0), skin * 0.82)
    shade = 1 - 0.25 * (u / width)[..., None] ** 2
    picture = _put(picture, _oval(u, v, width, height), skin * shade)
    picture = _marked(picture, u, v, own, skin, _oval(u, v, width - 3, height - 3))
    picture = _put(picture, _oval(u, v, width, height) * _soft(fringe - v + own.normal(0, 0.2) * u), hair)
    for side in (-1, 1):
        picture = _put(picture, 0.6 * _oval(u - side * apart, v + 14, eye * 2.1, eye * 1.5), skin * 0.5)
        picture = _put(picture, _oval(u - side * apart, v + 12, eye * 1.35, eye * 0.62), np.full(3, 215.0))
        picture = _put(picture, _oval(u - side * apart, v + 12, eye * 0.6, eye * 0.62), np.full(3, 20.0))
        slant = own.uniform(-0.2, 0.2) * side * (u - side * apart)
        thick = own.uniform(2.0, 4.5)
        picture = _put(picture, _oval(u - side * apart, v + 12 + brow + slant, eye * 1.9, thick), hair * 0.7)
        picture = _put(picture, 0.5 * _oval(u - side * 7, v - nose, 4, 3), skin * 0.4)
    picture = _put(picture, 0.4 * _oval(u, v - nose / 2, 5, nose * 0.7), np.minimum(skin * 1.2, 255))
    curve = smile * (u / mouth) ** 2
    picture = _put(picture, _oval(u, v - 46 + curve, mouth, own.uniform(3, 6.5)), skin * np.array([0.75, 0.42, 0.42]))
    if own.random() < 0.3:  # glasses
        for side in (-1, 1):
            ring = np.hypot((u - side * apart) / (eye * 2.1), (v + 12) / (eye * 1.6))
            picture = _put(picture, np.exp(-(((ring - 1) * 8) ** 2)), np.full(3, 30.0))
    return picture


def _marked(picture: Grid, u: Grid, v: Grid, own: np.random.Generator, skin: Grid, inside: Grid) -> Grid:
    """Marks on the skin, which tell drawn people apart most."""
    for _ in range(own.integers(4, 10)):
        across, down, size = own.uniform(-45, 45), own.uniform(8, 65), own.uniform(3, 6)
        picture = _put(picture, 0.8 * inside * _oval(u - across, v - down, size, size), skin * own.uniform(0.4, 0.7))
    return picture


def _oval(u: Grid, v: Grid, width: float, height: float) -> Grid:
    """1 within an oval, 0 outside, with an edge of about two pixels."""
    return _soft((1 - np.hypot(u / width, v / height)) * min(width, height))


def _soft(distance: Grid) -> Grid:
    return 1 / (1 + np.exp(-np.clip(1.6 * distance, -30, 30)))


def _put(picture: Grid, share: Grid, colour: Grid) -> Grid:
    """A colour over a picture, as much of it as `share` says."""
    return picture + share[..., None] * (colour - picture)
