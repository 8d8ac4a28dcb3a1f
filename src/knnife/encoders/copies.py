"""Pictures by what they look like from afar, to find copies that were saved again, resized, cropped or captioned.

No model is needed. The picture is resized to 64 x 64 pixels. Each of 8 x 8 cells has nine numbers: the strength of its
edges in each of six directions (Dalal & Triggs 2005), two differences of colours, and its brightness against its
surroundings. Four things make that robust:

- cells overlap softly, so that a crop or a small rotation changes each number a little;
- edges count by the square root of their contrast, and all cells weigh the same, so a caption changes its own cells;
- only differences enter, so that brightness falls out;
- cells at the rim, where crops, corners and captions are, weigh less.

A mirror or a quarter turn only reorders these numbers: `VARIANTS` holds the eight orders.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from knnife.geometry import Vectors, as_vectors, unit
from knnife.things.pixels import Pixels, each_picture, resized

GRID: Final = 8  # cells in each direction
DIRECTIONS: Final = 6  # of edges, from 0 to 180 degrees; an even number, so that a quarter turn only shifts them
SIDE: Final = 64  # pixels of the square
DIM: Final = GRID * GRID * (DIRECTIONS + 3) + 2

SOFTNESS: Final = 0.5  # the standard deviation of a cell's window, in cells
AROUND: Final = 1.5  # and that of its surroundings
RIM: Final = 1.0  # of the weight of cells: at the rim it is exp(-1/2)
FLAT_EDGES: Final = 0.02  # below this a cell is taken to have no edges; of values from 0 to 1, as the next two
FLAT_DIRECTIONS: Final = 0.14
FLAT_COLOURS: Final = 0.045
FLAT_LIGHT: Final = 0.02
COLOURS: Final = 0.5  # the weight of colours, where that of edges is 1
LIGHT: Final = 0.35  # and of brightness against the surroundings
WHOLE: Final = 0.05  # and of the brightness of the whole, which is all that a picture of one colour has
LEAST: Final = 2 * SIDE  # pixels of the shorter side that are decoded: twice what is looked at


class CopyEncoder:
    """A near-duplicate descriptor of pictures: 578 components, compared by the cosine.

    It keeps close what is the same picture with other compression, size, brightness or colours, with a caption, with a
    tenth cropped away, or turned by a few degrees; with `variants` also what is mirrored or turned by quarters.
    """

    name = "copies"
    dim = DIM
    kind = "image"
    metric = "cosine"
    cheap = True
    fingerprint = "copies-1"

    def encode(self, values: Sequence[Any]) -> Vectors:
        """The vectors of pictures, paths or bytes: float32 `(n, 578)` of length 1.

        Raises BadPictures, naming all that cannot be read, and MissingPackage where Pillow is not installed.
        """
        found = each_picture(values, described, least=LEAST) if len(values) else []
        return np.array(found, np.float32).reshape(-1, self.dim)

    def variants(self, vectors: Vectors) -> Vectors:
        """The vectors that the same pictures would have if they were turned and mirrored: `(8, n, 578)`.

        0: as they are. 1, 2, 3: turned counter-clockwise by 90, 180, 270 degrees. 4 to 7: the same after they were
        mirrored left to right. Nothing is decoded: the components are put into another order.

        Raises BadInput where these are no vectors of this encoder.
        """
        return np.ascontiguousarray(np.moveaxis(as_vectors(vectors, self.dim)[:, VARIANTS], 1, 0))


def described(picture: Pixels) -> Vectors:
    """A picture `(height, width, 3)` as a vector of length 1 `(DIM,)`."""
    square = np.sqrt(resized(picture, SIDE, SIDE, "bilinear").astype(np.float32) / 255)  # as the eye sees it
    red, green, blue = np.moveaxis(square, 2, 0)
    light = np.sqrt(0.299 * red**2 + 0.587 * green**2 + 0.114 * blue**2)
    colours = np.stack([red - green, (red + green) / 2 - blue])
    cells = np.concatenate([_edges(light), COLOURS * _soft(_pooled(colours), FLAT_COLOURS), LIGHT * _light(square)])
    cells *= _weights()
    angle = float(square.mean()) * np.pi / 2
    whole = WHOLE * GRID * np.array([np.cos(angle), np.sin(angle)], np.float32)
    components: Vectors = np.concatenate([np.moveaxis(cells, 0, 2).ravel(), whole]).astype(np.float32)
    return np.asarray(unit(components[None])[0])


def _edges(light: Vectors) -> Vectors:
    """How much of the edges of each cell runs in each direction `(DIRECTIONS, GRID, GRID)`, compared with the mean."""
    beyond = np.pad(light, 1, mode="edge")
    right, down = beyond[1:-1, 2:] - beyond[1:-1, :-2], beyond[2:, 1:-1] - beyond[:-2, 1:-1]
    angle = np.arctan2(down, right) % np.pi * (DIRECTIONS / np.pi)
    apart = np.abs(angle - np.arange(DIRECTIONS, dtype=np.float32)[:, None, None])
    share = np.clip(1 - np.minimum(apart, DIRECTIONS - apart), 0, None)  # between the two nearest directions
    pooled = _pooled(np.sqrt(np.hypot(right, down)) * share)
    amount = np.sqrt(pooled / (pooled.sum(axis=0) + FLAT_EDGES))
    return _soft(amount - amount.mean(axis=0), FLAT_DIRECTIONS)


def _light(square: Vectors) -> Vectors:
    """Whether each cell is brighter than what lies around it, from -1 to 1 `(1, GRID, GRID)`."""
    mean = square.mean(axis=2)[None]
    return _soft(_pooled(mean) - _pooled(mean, AROUND), FLAT_LIGHT)


def _soft(cells: Vectors, flat: float) -> Vectors:
    """The numbers of each cell scaled to length 1, less where they are hardly more than `flat`."""
    scaled: Vectors = cells / np.sqrt(np.square(cells).sum(axis=0) + np.float32(flat**2))
    return scaled


def _pooled(maps: Vectors, width: float = SOFTNESS) -> Vectors:
    """Weighted means of maps `(m, SIDE, SIDE)` around the centres of the cells `(m, GRID, GRID)`."""
    windows = _windows(width)
    return np.asarray(windows @ maps @ windows.T, np.float32)


@cache
def _windows(width: float) -> Vectors:
    """A Gaussian around the centre of each cell of a row, `(GRID, SIDE)`; each sums to 1."""
    centres, places = (np.arange(GRID) + 0.5) / GRID, (np.arange(SIDE) + 0.5) / SIDE
    found = np.exp(-0.5 * np.square((places - centres[:, None]) * GRID / width))
    scaled: Vectors = (found / found.sum(axis=1, keepdims=True)).astype(np.float32)
    return scaled


@cache
def _weights() -> Vectors:
    """How much each cell counts `(GRID, GRID)`."""
    from_centre = (2 * np.arange(GRID) + 1) / GRID - 1
    along = np.exp(-0.5 * np.square(from_centre / RIM))
    return np.outer(along, along).astype(np.float32)


def _orders() -> NDArray[np.int64]:
    """Where the components of the vectors of the eight variants stand in that of the picture, `(8, DIM)`."""
    count = GRID * GRID * (DIRECTIONS + 3)
    upright = np.arange(count).reshape(GRID, GRID, -1)
    direction, rest = np.arange(DIRECTIONS), np.arange(DIRECTIONS, DIRECTIONS + 3)
    mirrored = upright[:, ::-1, np.concatenate([-direction % DIRECTIONS, rest])]
    turned_directions = np.concatenate([(direction + DIRECTIONS // 2) % DIRECTIONS, rest])
    orders = []
    for cells in (upright, mirrored):
        for _ in range(4):
            orders.append(np.concatenate([cells.ravel(), np.arange(count, DIM)]))
            cells = np.rot90(cells)[:, :, turned_directions]
    return np.array(orders)


# Turned counter-clockwise by 0, 90, 180, 270 degrees; then so after mirroring left to right.
VARIANTS: Final = _orders()
