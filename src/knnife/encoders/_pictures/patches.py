"""What a picture is made of: small patches, as like as they are to some hundred typical ones (Coates, Lee & Ng 2011).

Patches are freed of brightness and contrast, and whitened; the typical ones are found by k-means. How much a patch is
like each of them, beyond a threshold (Coates & Ng 2011), is averaged over the picture, its quarters and its ninths, and
the square root taken, so that what covers much of the picture does not drown the rest. Each typical patch has a
mirrored twin, so the mirrored picture needs no second look; the mean of both is returned.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from knnife.geometry import Vectors, unit
from knnife.statistics.kmeans import centroids
from knnife.statistics.whitening import zca
from knnife.things.pixels import Pixels, resized

PIXELS: Final = 6  # of a patch, each way
LENGTH: Final = PIXELS * PIXELS * 3
GRIDS: Final = 1, 2, 3
FINEST: Final = 6  # parts each way, of which those of all grids can be put together
CELLS: Final = sum(grid * grid for grid in GRIDS)
QUIET: Final = 10.0  # variance of a patch, of values up to 255, that is no more than noise
ROUGH: Final = 0.1  # added to the variance of each direction before whitening: those that hold noise stay small
ALIKE: Final = 1.0  # from here on a patch is like a typical one
SLIMMEST: Final = 3.0  # the longer side of a picture over the shorter one
ROUNDS: Final = 10  # of k-means
BLOCK: Final = 8  # pictures that are worked on at once: few large products are quicker than many small ones
MIRRORED: Final = np.arange(LENGTH).reshape(3, PIXELS, PIXELS)[:, :, ::-1].ravel()


@dataclass(frozen=True)
class Patches:
    """Typical patches of pictures, looked at every `step` pixels.

    mean (LENGTH,) and whitening (LENGTH, LENGTH): of patches; typical (k, LENGTH): directions of whitened ones, without
    the twins.
    """

    step: int
    mean: Vectors
    whitening: Vectors
    typical: Vectors

    @classmethod
    def learn(cls, pictures: Sequence[Pixels], step: int, count: int, sample: int, seed: int) -> Self:
        """`count` typical patches, of about `sample` drawn from the pictures."""
        random = np.random.default_rng(seed)
        each = -(-sample // len(pictures))
        drawn = np.concatenate([_drawn(picture, each, random) for picture in pictures])
        both = np.concatenate([drawn, drawn[:, MIRRORED]])  # so that the twins are whitened alike
        mean, whitening = zca(both, ROUGH)
        white = (drawn - mean) @ whitening
        return cls(step, mean, whitening, unit(centroids(white, min(count, len(white)), rounds=ROUNDS, seed=seed)))

    @property
    def length(self) -> int:
        """How many numbers tell of a picture."""
        return CELLS * len(self.typical)

    def describe(self, pictures: Sequence[Pixels]) -> Vectors:
        """What the patches of pictures are like: `(n, length)`, each of length 1 or zeros."""
        found = [self._block(pictures[start : start + BLOCK]) for start in range(0, len(pictures), BLOCK)]
        return unit(np.concatenate(found))

    def _block(self, pictures: Sequence[Pixels]) -> Vectors:
        cut = [_cut(picture, self.step) for picture in pictures]
        white = (_normal(np.concatenate([patches for patches, _ in cut])) - self.mean) @ self.whitening
        twins = np.concatenate([self.typical, self.typical[:, MIRRORED]])
        alike = white @ twins.T
        np.maximum(np.subtract(alike, ALIKE, out=alike), 0, out=alike)
        ends = np.cumsum([len(patches) for patches, _ in cut])
        parts = np.split(alike, ends[:-1])
        means = [_means_of_cells(part.reshape(*shape, -1)) for part, (_, shape) in zip(parts, cut, strict=True)]
        roots = np.sqrt(np.stack(means)).reshape(len(pictures), CELLS, 2, len(self.typical))
        both: Vectors = roots[:, :, 0] + roots[:, _mirrored_cells(), 1]
        return both.reshape(len(pictures), -1)


def of_area(picture: Pixels, side: int, step: int) -> Pixels:
    """The picture with about `side` x `side` pixels, in its own shape; one that is very slim is squeezed.

    An even number of patches fits into it each way, so that those of the mirrored picture are the same ones.
    """
    shape = np.clip((picture.shape[0] / picture.shape[1]) ** 0.5, SLIMMEST**-0.5, SLIMMEST**0.5)
    patches = (2 * round(((size - PIXELS) / step + 1) / 2) for size in (side / shape, side * shape))
    width, height = (PIXELS + (count - 1) * step for count in patches)
    return resized(picture, width, height, "bilinear")


def _cut(picture: Pixels, step: int) -> tuple[Vectors, tuple[int, int]]:
    """All patches, `(rows * columns, LENGTH)`: colour by colour, row by row; and how many there are each way."""
    windows = np.lib.stride_tricks.sliding_window_view(picture, (PIXELS, PIXELS), axis=(0, 1))[::step, ::step]
    rows, columns = windows.shape[:2]
    return windows.reshape(rows * columns, LENGTH).astype(np.float32), (rows, columns)


def _drawn(picture: Pixels, count: int, random: np.random.Generator) -> Vectors:
    """Up to `count` patches of a picture, freed of brightness and contrast."""
    patches, _ = _cut(picture, 1)
    return _normal(patches[random.permutation(len(patches))[:count]])


def _normal(patches: Vectors) -> Vectors:
    """Patches with a mean of 0 and a variance of 1, or less where there is next to nothing in them."""
    patches = patches - patches.mean(axis=1, keepdims=True)
    variances = np.einsum("ij,ij->i", patches, patches) / LENGTH
    patches /= np.sqrt(variances + QUIET)[:, None]
    return patches


def _means_of_cells(values: Vectors) -> Vectors:
    """Averages over the cells of each grid, `(CELLS, k)`, of what is known of each place `(rows, columns, k)`."""
    down, across = (_edges(size) for size in values.shape[:2])
    sums = np.add.reduceat(np.add.reduceat(values, down, axis=0), across, axis=1).reshape(FINEST * FINEST, -1)
    sizes = np.outer(*(np.diff(edges, append=size) for edges, size in zip((down, across), values.shape, strict=False)))
    gathered = _gathering()
    return gathered @ sums / (gathered @ sizes.reshape(-1, 1).astype(np.float32))


def _edges(size: int) -> NDArray[np.int64]:
    """Where each of the finest parts begins among `size` places, an even number; the same from either end."""
    half = np.arange(FINEST // 2 + 1) * size // FINEST
    return np.concatenate([half, size - half[-2:0:-1]])


@cache
def _gathering() -> Vectors:
    """Which of the finest parts make up each cell, `(CELLS, FINEST * FINEST)`, 0 or 1."""
    rows = [np.kron(np.eye(grid), np.ones(FINEST // grid)) for grid in GRIDS]
    return np.concatenate([np.kron(row, row) for row in rows]).astype(np.float32)


@cache
def _mirrored_cells() -> NDArray[np.int64]:
    """Where each cell is in the mirrored picture."""
    starts = np.cumsum([0, *(grid * grid for grid in GRIDS)])
    grids = zip(starts, GRIDS, strict=False)
    return np.concatenate([start + np.arange(grid**2).reshape(grid, grid)[:, ::-1].ravel() for start, grid in grids])
