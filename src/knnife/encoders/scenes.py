"""Pictures by what they show, learned from the user's own pictures without labels: for "the same object or scene".

A picture is described by its outlines and by patches at two sizes (_pictures/scene_descriptor.py); what most pictures
have in common is subtracted, and the rest whitened (statistics/whitening.py). A mirrored picture has the same vector.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice, pairwise
from typing import Any, Final, Self

import numpy as np

from knnife.encoders._pictures.patches import LENGTH, Patches
from knnife.encoders._pictures.scene_descriptor import LEAST, SIZES, Glance, SceneDescriptor, glance, glances
from knnife.encoders.protocol import Progress, check_list
from knnife.encoders.sampling import drawn
from knnife.encoders.tensors import Tensors, digest, floats, pack, unpack
from knnife.errors import BadInput, BadPictures
from knnife.geometry import Metric, Vectors
from knnife.statistics.whitening import PrincipalWhitening
from knnife.things import as_things
from knnife.things.pictures import Value
from knnife.things.pixels import Pixels, each_picture

VERSION: Final = 1  # of what `to_bytes` writes, and of how vectors follow from it
MOST: Final = 256  # components of a vector
SHRINKAGE: Final = 0.15
OUTLINES: Final = 4.0  # how much the outlines count: of the variance, where patches of each size count 1
PATCHES_OF: Final = 500  # pictures, whose patches are learned from
ENOUGH: Final = 300  # pictures for the whitening; where there are fewer, parts of them are looked at too
FLAT: Final = 1e-9  # variance of a part of the description that says nothing
BATCH: Final = 64  # pictures that are held at once


class SceneEncoder:
    """Encodes pictures; made by `train` or `from_bytes`. Safe to use from several threads at once."""

    name = "scenes"
    kind = "image"
    form = "scenes"
    metric: Metric = "cosine"
    SAMPLE: Final = 3_000  # pictures learned from; of more, so many are drawn at random

    def __init__(self, descriptor: SceneDescriptor, whitening: PrincipalWhitening, pictures: int) -> None:
        """descriptor: of a picture; whitening: how much of that counts; pictures: how many were learned from."""
        self._descriptor, self._whitening = descriptor, whitening
        self.pictures = pictures
        self.dim = whitening.axes.shape[1]
        self.fingerprint = digest(self.form, VERSION, *self._parts)

    @classmethod
    def train(cls, pictures: Any, *, seed: int = 0, progress: Progress | None = None) -> Self:
        """An encoder for pictures like these.

        pictures: paths or bytes, or what `knnife.read` found. All are gone through; of more than 3,000, so many are
        drawn at random. Those that prove to be damaged are left out. seed: of all that is drawn.
        progress(done, fraction) is called with how many pictures were looked at.

        Raises BadInput where fewer than two pictures can be read, or all look the same; MissingPackage without Pillow.
        """
        things = as_things(pictures, pictures=True)
        values = drawn((thing.value for thing in things if thing.value is not None), cls.SAMPLE, seed)
        parts = -(-ENOUGH // max(1, len(values))) - 1
        batches = _batches(values, partial(glances, parts=parts), progress)
        seen = [one for batch in islice(batches, -(-min(PATCHES_OF, len(values)) // BATCH)) for one in batch]
        if len(seen) < 2:
            raise BadInput(f"{len(seen)} of {len(values)} pictures can be read; to learn from them takes 2 or more")
        descriptor = SceneDescriptor.learn([each[0] for each in seen], seed)
        described = [descriptor.describe(each) for each in seen]
        readable = len(seen)
        for batch in filter(None, batches):
            described.append(descriptor.describe([one for each in batch for one in each]))
            readable += len(batch)
        whitening = _whitening(np.concatenate(described), descriptor.lengths)
        if not whitening.axes.shape[1]:
            raise BadInput(f"all of these {len(values):,} pictures look the same; expected different ones")
        return cls(descriptor, whitening, readable)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """The encoder that `to_bytes` wrote down. Raises BadInput for anything else."""
        return unpack(data, cls.form, VERSION, cls._of)

    def to_bytes(self) -> bytes:
        """All that was learned: arrays, as safetensors."""
        return pack(self.form, VERSION, *self._parts)

    def encode(self, values: Sequence[Value]) -> Vectors:
        """The vectors of pictures, paths or bytes: float32 `(n, dim)`, of length 1.

        Raises BadPictures, naming all that cannot be read; MissingPackage without Pillow.
        """
        check_list(values, "picture")
        found = np.empty((len(values), self.dim), np.float32)
        faults: dict[int, str] = {}
        for start in range(0, len(values), BATCH):
            try:
                seen = each_picture(values[start : start + BATCH], glance, least=LEAST)
            except BadPictures as error:
                faults |= {start + place: why for place, why in error.faults.items()}
            else:
                found[start : start + BATCH] = self._whitening.apply(self._descriptor.describe(seen))
        if faults:
            raise BadPictures(faults, len(values))
        return found

    @property
    def _parts(self) -> tuple[dict[str, Any], Tensors]:
        """What the encoder is: in words, and in arrays."""
        arrays = {"mean": self._whitening.mean, "axes": self._whitening.axes}
        for number, each in enumerate(self._descriptor.patches):
            arrays |= {f"mean {number}": each.mean, f"whitening {number}": each.whitening}
            arrays[f"typical {number}"] = each.typical
        return {"pictures": self.pictures}, arrays

    @classmethod
    def _of(cls, about: Mapping[str, Any], arrays: Tensors) -> Self:
        patches = []
        for number, (_, step) in enumerate(SIZES):
            mean, whitening = (
                floats(arrays, f"mean {number}", LENGTH),
                floats(arrays, f"whitening {number}", LENGTH, LENGTH),
            )
            patches.append(Patches(step, mean, whitening, floats(arrays, f"typical {number}", None, LENGTH)))
        descriptor, pictures = SceneDescriptor(tuple(patches)), about["pictures"]
        if type(pictures) is not int:
            raise ValueError(f"{pictures!r:.40} pictures")
        length = sum(descriptor.lengths)
        principal = PrincipalWhitening(floats(arrays, "mean", length), floats(arrays, "axes", length, None))
        return cls(descriptor, principal, pictures)


def _batches(
    values: Sequence[Value], work: Callable[[Pixels], list[Glance]], progress: Progress | None
) -> Iterator[list[list[Glance]]]:
    """What `work` makes of the pictures that can be decoded, in batches, one of which begins at PATCHES_OF."""
    n = len(values)
    starts = [*range(0, min(PATCHES_OF, n), BATCH), *range(PATCHES_OF, n, BATCH)]
    for start, stop in pairwise([*starts, n]):
        batch = values[start:stop]
        try:
            seen = each_picture(batch, work, least=LEAST)
        except BadPictures as error:
            good = [value for place, value in enumerate(batch) if place not in error.faults]
            seen = each_picture(good, work, least=LEAST) if good else []
        yield seen
        if progress is not None:
            progress(stop, stop / n)


def _whitening(described: Vectors, lengths: Sequence[int]) -> PrincipalWhitening:
    """The whitening of descriptions `(n, d)`, in which each part has the share of the variance that it is to have."""
    weights = np.ones(described.shape[1], np.float32)
    start = 0
    for length, share in zip(lengths, (OUTLINES, *(1.0 for _ in lengths[1:])), strict=True):
        spread = float(described[:, start : start + length].var(axis=0).sum())
        weights[start : start + length] = (share / spread) ** 0.5 if spread > FLAT else 0.0
        start += length
    whitening = PrincipalWhitening.learn(described * weights, MOST, SHRINKAGE)
    return PrincipalWhitening(described.mean(axis=0), whitening.axes * weights[:, None])
