"""The description of a picture before anything is weighted: its outlines, and the patches that it is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Self

import numpy as np

from knnife.encoders._pictures import gradients
from knnife.encoders._pictures.patches import Patches, of_area
from knnife.geometry import Vectors
from knnife.things.pixels import Pixels

SIZES: Final = ((32, 1), (64, 3))  # pictures of about how many pixels squared are cut into patches, and how far apart
TYPICAL: Final = 200  # patches of each size
SAMPLE: Final = 40_000  # patches that they are learned from
LEAST: Final = 64  # pixels of the shorter side that are decoded
PARTS: Final = [  # (left, top, width) of the parts of a picture, as shares; the height is as the width
    (x * (1 - width), y * (1 - width), width)
    for width in (0.85, 0.7, 0.55)
    for x, y in ((0.5, 0.5), (0, 0), (1, 1), (1, 0), (0, 1), (0.5, 0), (0.5, 1), (0, 0.5), (1, 0.5))
]


class Glance(NamedTuple):
    """What is left of a picture once it is decoded: outlines `(LENGTH,)`, and the picture in each of SIZES."""

    outlines: Vectors
    small: tuple[Pixels, ...]


@dataclass(frozen=True)
class SceneDescriptor:
    """How pictures are described: by typical patches of each of SIZES, and by their outlines."""

    patches: tuple[Patches, ...]

    @classmethod
    def learn(cls, glances: Sequence[Glance], seed: int) -> Self:
        """Typical patches of these pictures."""
        return cls(
            tuple(
                Patches.learn([glance.small[number] for glance in glances], step, TYPICAL, SAMPLE, seed)
                for number, (_, step) in enumerate(SIZES)
            )
        )

    @property
    def lengths(self) -> tuple[int, ...]:
        """How many numbers each part of the description has: outlines first, then patches of each size."""
        return (gradients.LENGTH, *(each.length for each in self.patches))

    def describe(self, glances: Sequence[Glance]) -> Vectors:
        """The descriptions of pictures, `(n, sum(lengths))`; each part has length 1, or is zeros."""
        outlines = np.stack([glance.outlines for glance in glances])
        patches = [
            each.describe([glance.small[number] for glance in glances]) for number, each in enumerate(self.patches)
        ]
        return np.concatenate([outlines, *patches], axis=1)


def glance(picture: Pixels) -> Glance:
    """What is left of a picture once it is decoded."""
    return Glance(gradients.outlines(picture), tuple(of_area(picture, side, step) for side, step in SIZES))


def glances(picture: Pixels, parts: int) -> list[Glance]:
    """The same of a picture and of `parts` parts of it, each smaller than those before; of all there are, if fewer."""
    height, width = picture.shape[:2]
    found = [glance(picture)]
    for left, top, share in PARTS[:parts]:
        x, y = round(left * width), round(top * height)
        part = picture[y : y + max(1, round(share * height)), x : x + max(1, round(share * width))]
        found.append(glance(part))
    return found
