"""Pictures as 64 or 256 bits that differ little between pictures that look alike; the bits of the package imagehash.

The encoder "copies" finds more copies, at 2,312 bytes a picture.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from knnife.errors import BadInput
from knnife.things.pixels import Pixels, each_picture, resized

Kind = Literal["phash", "dhash"]
Bits = NDArray[np.uint8]

SIDES: Final = {64: 8, 256: 16}  # bits of a hash -> how many in each direction
OVERSAMPLED: Final = 4  # phash looks at so many pixels for each bit, in each direction


def picture_hashes(values: Sequence[Any], kind: Kind = "phash", *, bits: int = 64) -> Bits:
    """The hashes of pictures (paths or bytes): uint8 `(n, bits // 8)`; `row.tobytes().hex()` is the usual notation.

    kind: "phash" compares the lowest frequencies of the picture with their median (Zauner 2010), and is the more
        robust; "dhash" compares each pixel of a tiny picture with the one to its right. bits: 64 or 256.
    How many bits two rows differ in: `np.unpackbits(a ^ b).sum()`; of 64 bits up to 10 mean copies, mostly.

    Raises BadInput for other kinds and bits, BadPictures where some cannot be read, MissingPackage (Pillow).
    """
    works: dict[str, Callable[[Pixels, int], NDArray[np.bool_]]] = {"phash": _phash, "dhash": _dhash}
    if kind not in works or bits not in SIDES:
        raise BadInput(f"hashes of the kind {kind!r} with {bits} bits: expected 'phash' or 'dhash', with 64 or 256")
    side, work = SIDES[bits], works[kind]
    found = each_picture(values, lambda picture: np.packbits(work(picture, side))) if len(values) else []
    return np.array(found, np.uint8).reshape(-1, bits // 8)


def _phash(picture: Pixels, side: int) -> NDArray[np.bool_]:
    size = OVERSAMPLED * side
    waves = _cosines(size)[:side]
    lowest = waves @ _grey(picture, size, size).astype(np.float64) @ waves.T
    return lowest > np.median(lowest)


def _dhash(picture: Pixels, side: int) -> NDArray[np.bool_]:
    tiny = _grey(picture, side + 1, side)
    return tiny[:, 1:] > tiny[:, :-1]


def _grey(picture: Pixels, width: int, height: int) -> NDArray[np.uint8]:
    """Grey as Pillow makes it (in 16-bit fixed point), then resized: `(height, width)`."""
    weighted = picture.astype(np.uint32) @ np.array([19_595, 38_470, 7_471], np.uint32)
    grey = ((weighted + 0x8000) >> 16).astype(np.uint8)
    return resized(np.repeat(grey[:, :, None], 3, axis=2), width, height, "lanczos")[:, :, 0]


@cache
def _cosines(n: int) -> NDArray[np.float64]:
    """The cosine transform of n values as a matrix `(n, n)`, a frequency a row (DCT-II, as SciPy scales it)."""
    places = np.arange(n)
    return 2 * np.cos(np.pi * np.outer(places, 2 * places + 1) / (2 * n))
