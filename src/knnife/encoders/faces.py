"""Whose face it is, without a model file: learned from labelled faces.

A face is described by its edges and its grain (_faces/face_descriptor.py), projected by random signs, which preserve
distances (Achlioptas 2003). How pictures of one person differ, by light, look and turn of the head, is divided out
(within-class covariance normalisation, Hatch, Kajarekar & Stolcke 2006). The vectors of a face and of its mirror image
are averaged. With no person in two pictures only the mean face is subtracted, as far as there are enough faces.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from knnife.encoders import tensors
from knnife.encoders._faces import face_descriptor
from knnife.encoders._faces.face_descriptor import PARTS, SIZE, described
from knnife.encoders.protocol import check_list
from knnife.errors import BadInput
from knnife.geometry import Vectors, unit
from knnife.things.pictures import Value

VERSION: Final = 1  # of what `to_bytes` writes, and of how vectors follow from it
DIM: Final = 768
RIDGE: Final = 0.1  # of the mean variance within a person, added in each direction: few pictures say little of most
DOUBT: Final = 8.0  # faces it takes until half of the mean face is believed: of one face it is the face itself
_ABOUT: Final = {"descriptor": face_descriptor.VERSION}
_ENDS: Final = np.cumsum((0, *PARTS))
_PARTS: Final = [slice(low, high) for low, high in pairwise(_ENDS.tolist())]


class FaceEncoder:
    """Encodes faces; made by `train` or `from_bytes`. Safe to use from several threads at once."""

    name = "faces"
    kind = "face"
    form = "faces"
    cheap = True  # and no vector of a face is left in a cache, from where nobody would remove it
    licence = ""  # no weights but those made of the user's own pictures
    threshold: float | None = None
    dim = DIM

    def __init__(self, mean: NDArray[np.float32], scales: NDArray[np.float32], whitening: NDArray[np.float32]) -> None:
        """The mean `(SIZE,)` and scales `(parts,)` of descriptions; whitening `(DIM, DIM)` of the shorter ones."""
        self._mean, self._scales, self._whitening = mean, scales, whitening
        self.fingerprint = tensors.digest(self.form, VERSION, _ABOUT, self._tensors())

    @classmethod
    def train(cls, crops: Sequence[Value], people: Sequence[str | None], *, seed: int = 0) -> Self:
        """An encoder for faces like these.

        crops: one face each, as path or bytes, all framed alike (as `knnife faces` cuts them out, or as they were
            taken). people: who each is; None where that is not known. seed: nothing here is random, it changes nothing.

        Raises BadInput without any face, or where there is not a name (or None) for each; BadPictures where pictures
        cannot be read.
        """
        if len(crops) != len(people):
            raise BadInput(f"{len(crops)} faces and {len(people)} names: expected a name, or None, for each face")
        return cls.train_on(described(crops), people)

    @classmethod
    def train_on(cls, descriptions: Vectors, people: Sequence[str | None]) -> Self:
        """As `train`, on what `describe` gave: to train often on the same faces takes little time then."""
        if not len(descriptions) or len(descriptions) != len(people):
            raise BadInput(f"{len(descriptions)} faces and {len(people)} names: expected one face or more, all named")
        mean = np.asarray(descriptions.mean(axis=(0, 1)) * (len(people) / (len(people) + DOUBT)), np.float32)
        scales = np.array([_spread(descriptions[..., part] - mean[part]) for part in _PARTS], np.float32)
        short = _short(descriptions, mean, scales)
        return cls(mean, scales, _whitening(short, people))

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """The encoder that `to_bytes` wrote down. Raises BadInput for anything else."""
        return tensors.unpack(data, cls.form, VERSION, cls._made)

    def to_bytes(self) -> bytes:
        """All that was learned, as safetensors; equal encoders have equal bytes. No picture can be made of it."""
        return tensors.pack(self.form, VERSION, _ABOUT, self._tensors())

    def encode(self, values: Sequence[Value]) -> Vectors:
        """The vectors of faces (paths or bytes of pictures of one face each), float32 `(n, dim)`, of length 1.

        Raises BadPictures, naming those that cannot be read.
        """
        check_list(values, "face")
        return self.project(self.describe(values))

    @staticmethod
    def describe(values: Sequence[Value]) -> Vectors:
        """What the faces look like, before anything is learned: float32 `(n, 2, SIZE)`, as they are and mirrored."""
        return described(values)

    def project(self, descriptions: Vectors) -> Vectors:
        """The vectors `(n, dim)` of what `describe` gave."""
        return unit(_short(descriptions, self._mean, self._scales).mean(axis=1) @ self._whitening)

    def _tensors(self) -> dict[str, NDArray[np.float32]]:
        return {"mean": self._mean, "scales": self._scales, "whitening": self._whitening}

    @classmethod
    def _made(cls, about: dict[str, Any], held: tensors.Tensors) -> Self:
        if about["descriptor"] != face_descriptor.VERSION:
            raise ValueError(f"descriptions of version {about['descriptor']!r:.20}, not {face_descriptor.VERSION}")
        mean, whitening = tensors.floats(held, "mean", SIZE), tensors.floats(held, "whitening", DIM, DIM)
        scales = tensors.floats(held, "scales", len(PARTS))
        if not (scales > 0).all():
            raise ValueError("scales that are not above 0")
        return cls(mean, scales, whitening)


def _spread(part: Vectors) -> float:
    """The root of the mean square length of one part of the descriptions, `(n, 2, size)`; 1 where there is none."""
    return float(np.sqrt((part.astype(np.float64) ** 2).sum(axis=2).mean())) or 1.0


def _short(descriptions: Vectors, mean: NDArray[np.float32], scales: NDArray[np.float32]) -> Vectors:
    """Descriptions `(n, 2, SIZE)`, less the mean and each part to its scale, in DIM numbers."""
    each = np.repeat(1 / scales, PARTS).astype(np.float32)
    return np.asarray(((descriptions - mean) * each) @ _signs(), np.float32)


@cache
def _signs() -> Vectors:
    """The random signs `(SIZE, DIM)`, the same on every machine: the bits that NumPy promises not to change."""
    words = np.random.PCG64(0).random_raw(-(-SIZE * DIM // 64)).astype("<u8")
    bits = np.unpackbits(words.view(np.uint8), count=SIZE * DIM).reshape(SIZE, DIM)
    return np.asarray((2 * bits.astype(np.float32) - 1) / np.sqrt(DIM), np.float32)


def _whitening(short: Vectors, people: Sequence[str | None]) -> NDArray[np.float32]:
    """What makes pictures of one person differ equally in all directions, `(DIM, DIM)`."""
    rows = [np.empty((0, DIM))]
    for person in sorted({name for name in people if name is not None}):
        own = short[[i for i, name in enumerate(people) if name == person]].mean(axis=1).astype(np.float64)
        rows.append(own - own.mean(axis=0))
    apart = np.concatenate(rows)
    total = float((apart**2).sum())
    if not total:
        return np.eye(DIM, dtype=np.float32)
    # Few faces differ in few directions: only these are made shorter, and by how much tells the sizes of their rows.
    _, sizes, axes = np.linalg.svd(apart, full_matrices=False)
    ridge = RIDGE * total / DIM
    shorter = np.sqrt(ridge / (sizes**2 + ridge)) - 1
    return np.asarray(np.eye(DIM) + (axes.T * shorter) @ axes, np.float32)
