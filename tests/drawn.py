"""Pictures drawn for the tests and the pages: ten scenes, and copies of four of them."""

from __future__ import annotations

import base64
import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

# name -> colours of the sky, the ground and what stands there, and how many things stand there
SCENES = {
    "beach": ((120, 180, 240), (230, 210, 160), (200, 60, 50), 9),
    "bridge": ((200, 200, 210), (70, 110, 150), (110, 70, 60), 24),
    "city": ((150, 160, 190), (90, 90, 95), (60, 60, 80), 30),
    "field": ((140, 200, 250), (190, 180, 60), (220, 40, 40), 45),
    "forest": ((170, 200, 180), (60, 90, 40), (30, 80, 40), 38),
    "harbour": ((180, 210, 230), (40, 90, 130), (240, 240, 235), 16),
    "lake": ((160, 190, 230), (60, 120, 160), (50, 100, 60), 20),
    "market": ((220, 190, 160), (160, 120, 90), (230, 140, 30), 50),
    "mountain": ((190, 220, 250), (110, 120, 110), (240, 245, 250), 13),
    "road": ((210, 150, 110), (80, 80, 80), (240, 220, 90), 27),
}
ENDINGS = {"forest": ".png", "harbour": ".webp"}  # the others are JPEG
COPIES = ("beach-small.jpg", "city-darker.jpg", "mountain-crop.jpg", "lake-mirrored.jpg")

# 48 x 32 pixels: red above blue, left of both a quarter white; taken 2023-05-06 07:08:09. pi-heif writes no such files.
HEIC = base64.b64decode(
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAb5tZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAAADRpbG9jAA"
    "AAAERAAAIAAQAAAAAB4gABAAAAAAAAAFUAAgAAAAACNwABAAAAAAAAADgAAAA4aWluZgAAAAAAAgAAABVpbmZlAgAAAAABAABodmMxAAAAABVp"
    "bmZlAgAAAQACAABFeGlmAAAAAA5waXRtAAAAAAABAAAA/WlwcnAAAADdaXBjbwAAAHZodmNDAQNwAAAAkAAAAAAAHvAA/P34+AAADwNgAAEAGE"
    "ABDAH//wNwAAADAJAAAAMAAAMAHroCQGEAAQAqQgEBA3AAAAMAkAAAAwAAAwAeoCCBBZbq5Ka5uAhoMCAAAAMDIAAAAwAhYgABAAZEAcFzwIkA"
    "AAATY29scm5jbHgAAQANAAaAAAAAFGlzcGUAAAAAAAAAQAAAAEAAAAAoY2xhcAAAADAAAAABAAAAIAAAAAH////wAAAAAv///+AAAAACAAAAEH"
    "BpeGkAAAAAAwgICAAAABhpcG1hAAAAAAAAAAEAAQWBAgMFhAAAABppcmVmAAAAAAAAAA5jZHNjAAIAAQABAAAAlW1kYXQAAABRKAGvCeDhSzxD"
    "rx4iNibL7q8EgxKNVzqmb7Uw88bUetVcy4lbeHiHFp2mt8gsosbT71xUvnakYtcgMqgx0R1l53A58egJTJqvFnB2iF2amaZYAAAABkV4aWYAAE"
    "1NACoAAAAIAAEBMgACAAAAFAAAABoAAAAAMjAyMzowNTowNiAwNzowODowOQA="
)


def scene(name: str, width: int = 320, height: int = 240) -> Pixels:
    """A scene by its name, always the same: sky and ground, things that stand there, and some grain."""
    sky, ground, own, count = SCENES[name]
    chance = np.random.default_rng([ord(letter) for letter in name])
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    horizon = height * chance.uniform(0.35, 0.65) + 12 * np.sin(x / chance.uniform(20, 60))
    below = (y > horizon)[..., None]
    shade = 1 - 0.35 * np.abs(y - horizon)[..., None] / height
    picture = np.where(below, np.float32(ground), np.float32(sky)) * shade
    for _ in range(count):
        left, top = chance.uniform(0, width), chance.uniform(0.2, 0.95) * height
        wide, high = chance.uniform(0.02, 0.12, 2) * height
        square = np.maximum(np.abs(x - left) / wide, np.abs(y - top) / high)
        round_ = np.hypot((x - left) / wide, (y - top) / high)
        inside = (square if chance.random() < 0.6 else round_) < 1
        picture[inside] = np.float32(own) * chance.uniform(0.5, 1.1) + chance.normal(0, 18, 3)
    grain = np.repeat(np.repeat(chance.normal(0, 9, (height // 2, width // 2, 1)), 2, 0), 2, 1)
    return np.clip(picture + grain, 0, 255).astype(np.uint8)


def write(folder: Path) -> None:
    """photos/ with the ten scenes, photos/copies/ with changed copies of four, and photos.csv, which describes some."""
    from PIL import Image

    photos, copies = folder / "photos", folder / "photos" / "copies"
    copies.mkdir(parents=True)
    for name in SCENES:
        exif = Image.Exif()
        exif[0x0132] = f"2024:07:{len(name):02d} 12:00:00"
        Image.fromarray(scene(name)).save(photos / f"{name}{ENDINGS.get(name, '.jpg')}", quality=90, exif=exif)
    changed = (
        scene("beach")[::2, ::2],
        (scene("city") * 0.8).astype(np.uint8),
        scene("mountain")[24:, 32:],
        scene("lake")[:, ::-1],
    )
    for name, picture in zip(COPIES, changed, strict=True):
        Image.fromarray(np.ascontiguousarray(picture)).save(copies / name, quality=60)
    rows = [
        f"{name},photos/{name}.jpg,{'water' if name in ('beach', 'lake') else 'land'}"
        for name in ("beach", "lake", "city")
    ]
    (folder / "photos.csv").write_text("\n".join(["name,file,place", *rows, ""]))


def png_head(width: int, height: int) -> bytes:
    """A PNG file that says it has so many pixels, and ends there."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(64))) + chunk(b"IEND", b"")
