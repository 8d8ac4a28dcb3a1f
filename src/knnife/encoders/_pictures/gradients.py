"""The outlines of a whole picture: histograms of oriented gradients (Dalal & Triggs 2005), blind to mirroring.

The picture is squeezed to 64 x 64 pixels in cells of 8 x 8; each cell is scaled by its surroundings, four times over,
so that light and contrast do not matter. The result is averaged with that of the mirrored picture.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from knnife.geometry import Vectors
from knnife.things.pixels import Pixels, resized

SIDE: Final = 64  # pixels
CELLS: Final = 8  # in a row
BINS: Final = 9  # directions of edges, over half a turn
MOST: Final = 0.2  # of what a block holds, one direction: one strong edge must not drown the others
FLAT: Final = 0.01  # strength of edges below which a block is without any
LENGTH: Final = (CELLS - 1) * (CELLS // 2) * 4 * BINS  # of what `outlines` returns


def outlines(picture: Pixels) -> Vectors:
    """What the outlines of a picture look like: `(LENGTH,)`, of length 1 or zeros."""
    small = np.sqrt(resized(picture, SIDE, SIDE, "bilinear"), dtype=np.float32)  # nearer to what the eye sees
    blocks = _blocks(_cells(small))
    mirrored = blocks[:, ::-1, ::-1, :, ::-1]  # its columns change places, the cells within a block, and directions
    both = (blocks + mirrored)[:, : CELLS // 2].ravel()  # the other half is the same again
    length = float(np.linalg.norm(both))
    return both / length if length else both


def _cells(picture: Vectors) -> Vectors:
    """How strong the edges of each direction are in each cell: `(CELLS, CELLS, BINS)`."""
    across, down = np.zeros_like(picture), np.zeros_like(picture)
    across[:, 1:-1] = picture[:, 2:] - picture[:, :-2]
    down[1:-1] = picture[2:] - picture[:-2]
    strongest = (across**2 + down**2).argmax(axis=2)[..., None]  # of the three colours
    across, down = (np.take_along_axis(each, strongest, axis=2)[..., 0] for each in (across, down))
    angle = np.arctan2(down, across) % np.pi * (BINS / np.pi) - 0.5  # in bins, whose middles are whole numbers
    lower = np.floor(angle)
    strength, share = np.hypot(across, down), angle - lower
    along = np.arange(SIDE) // (SIDE // CELLS)
    cell = (along[:, None] * CELLS + along) * BINS  # of each pixel
    first = lower.astype(np.int64) % BINS
    size = CELLS * CELLS * BINS
    counted = np.bincount((cell + first).ravel(), (strength * (1 - share)).ravel(), size)
    counted += np.bincount((cell + (first + 1) % BINS).ravel(), (strength * share).ravel(), size)
    return (counted / (SIDE // CELLS) ** 2).astype(np.float32).reshape(CELLS, CELLS, BINS)


def _blocks(cells: Vectors) -> Vectors:
    """Each block of 2 x 2 cells, scaled: `(CELLS - 1, CELLS - 1, 2 across, 2 down, BINS)`."""
    n = CELLS - 1
    blocks = np.stack([np.stack([cells[y : y + n, x : x + n] for y in (0, 1)], axis=2) for x in (0, 1)], axis=2)
    strength = np.sqrt((blocks**2).sum(axis=(2, 3, 4), keepdims=True)) + FLAT
    found: Vectors = np.minimum(blocks / strength, MOST)
    return found
