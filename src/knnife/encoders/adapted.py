"""Another encoder's vectors, bent by examples of what belongs together: an adapter over frozen vectors.

A general model does not know what makes two things alike for you. From a handful of labelled things, pairs or triplets
`AdaptedEncoder.train` learns a linear map (_adapted/neighbourhood.py), and holds examples out to see whether it helps:
only then it is worth its name. Whatever the encoder made before is bent without being encoded again.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from knnife.encoders._adapted.belonging import Belonging
from knnife.encoders._adapted.neighbourhood import STEPS, learned
from knnife.encoders.loading import load_encoder, packed_base, restored_base
from knnife.encoders.protocol import Encoder, Progress, as_encoder, check_values, encode_query
from knnife.encoders.tensors import Tensors, digest, floats, pack, unpack
from knnife.errors import BadInput
from knnife.geometry import Metric, Vectors, as_vectors, unit
from knnife.output_kinds import ADAPTER
from knnife.outputs import whole_file

VERSION: Final = 1  # of what `to_bytes` writes, and of how vectors follow from it
FOLDS: Final = 5
SURE: Final = 3.0  # standard errors: what gathers known examples gathers their partners, so 1 or 2 come from nothing
FEWEST: Final = 10  # examples with a partner
Groups = NDArray[np.int64]

ENDING: Final = ".adapter"


class AdapterCheck(NamedTuple):
    """What a map that had not seen them did to examples, each asked for those of its group among all others.

    before, after: the share whose nearest neighbour is of their group. gain: of the mean average precision; error: the
    standard error of that.
    """

    examples: int
    before: float
    after: float
    gain: float
    error: float

    @property
    def helps(self) -> bool:
        """Whether the gain is there beyond chance, and no fewer nearest neighbours are right."""
        return self.after >= self.before and self.gain > SURE * self.error


class AdaptedEncoder:
    """Encodes what its `base` encodes, with as many components; made by `train` or `from_bytes`.

    held_out: what it does to examples that it was not learned from.
    """

    form = "adapted"
    metric: Metric = "cosine"

    def __init__(self, base: Encoder, mean: Vectors, map_: Vectors, held_out: AdapterCheck) -> None:
        """base: whose vectors; mean `(d,)`, taken from their units; map_ `(d, d)`."""
        self.base, self.held_out = base, held_out
        self.name, self.kind, self.dim = f"{base.name}, adapted", base.kind, base.dim
        self.cheap = bool(getattr(base, "cheap", False))
        self._mean, self._map = mean, map_
        self.fingerprint = digest(self.form, VERSION, *self._parts)

    @classmethod
    def train(
        cls,
        encoder: str | Encoder,
        examples: Iterable[Any],
        *,
        labels: Iterable[Hashable] | None = None,
        seed: int = 0,
        progress: Progress | None = None,
        anyway: bool = False,
    ) -> Self:
        """An encoder by which things that belong together are near each other.

        encoder: any, or its name. examples: with `labels`, what the encoder takes, and those of one label belong
        together; else pairs (a, b) that do, or triplets (a, b, c) of which c does not belong to a and b.
        progress(steps, fraction): of six times 150 steps, as each fifth is held out once. anyway: keep what the
        examples held out say is no help.

        Raises BadInput where examples contradict each other, are too few, or do not help (the figures are told; with
        `anyway` they are in `held_out`); and what the encoder raises.
        """
        base = load_encoder(encoder) if isinstance(encoder, str) else as_encoder(encoder, "the encoder given")
        told = Belonging.paired(examples) if labels is None else Belonging.labelled(examples, labels)
        check_values(base, told.values)
        groups = told.groups
        with_partner = np.bincount(groups)[groups] > 1
        if with_partner.sum() < FEWEST or len({*groups[with_partner].tolist()}) < 2:
            raise BadInput(
                f"{with_partner.sum()} examples belong to another one, in {len({*groups[with_partner].tolist()})} "
                f"groups; expected {FEWEST} or more, in two groups or more, as some are held out to see if it helps"
            )
        vectors = unit(as_vectors(base.encode(told.values), base.dim, base.name))
        steps = _Steps(progress)
        held_out = _held_out(vectors, groups, seed, steps.done)
        if not (held_out.helps or anyway):
            raise BadInput(
                f"this does not help: of {held_out.examples:,} examples held out, {held_out.before:.1%} have one of "
                f"their group as nearest neighbour by {base.name}, {held_out.after:.1%} with what was learned from the "
                "others. Are there more examples, or do these contradict each other? (anyway=True, --anyway, keeps it)"
            )
        mean = vectors.mean(axis=0)
        return cls(base, mean, learned(unit(vectors - mean), groups, seed, steps.done), held_out)

    def save(self, path: str | Path) -> None:
        """Writes the encoder into a file whose name ends in .adapter, in one step; `load_encoder` reads it."""
        with whole_file(Path(path), ADAPTER) as stream:
            stream.write(self.to_bytes())

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """The encoder that `to_bytes` wrote down, over its base, which is loaded by its name where it has one.

        Raises BadInput for anything else, and where the base is another by now; NotFound where it is gone.
        """
        return unpack(data, cls.form, VERSION, cls._of)

    def to_bytes(self) -> bytes:
        """What was learned, and the base: its name, or all of it where it was itself trained. As safetensors."""
        about, tensors = self._parts
        base, its_own = packed_base(self.base)
        return pack(self.form, VERSION, {**about, **base, "held out": self.held_out}, {**tensors, **its_own})

    def encode(self, values: Sequence[Any]) -> Vectors:
        """The vectors of values, float32 `(n, dim)`, of length 1."""
        return self.bent(self.base.encode(values))

    def encode_query(self, values: Sequence[Any]) -> Vectors:
        """The vectors of queries, where the base words them otherwise."""
        return self.bent(encode_query(self.base, values))

    def bent(self, vectors: Vectors) -> Vectors:
        """Vectors `(n, dim)` that the base made, as this encoder makes them."""
        return unit(unit(unit(vectors) - self._mean) @ self._map)

    @property
    def _parts(self) -> tuple[dict[str, Any], Tensors]:
        """What the encoder is: in words, and in arrays."""
        return {"base": self.base.name, "fingerprint": self.base.fingerprint}, {"mean": self._mean, "map": self._map}

    @classmethod
    def _of(cls, about: Mapping[str, Any], tensors: Tensors) -> Self:
        base = restored_base(about, tensors, "an adapted encoder")
        examples, *shares = about["held out"]
        held_out = AdapterCheck(int(examples), *map(float, shares))
        return cls(base, floats(tensors, "mean", base.dim), floats(tensors, "map", base.dim, base.dim), held_out)


class _Steps:
    """Counts the steps of all folds, and tells how many are done."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress, self._count = progress, 0

    def done(self) -> None:
        self._count += 1
        if self._progress is not None:
            self._progress(self._count, self._count / (STEPS * (FOLDS + 1)))


def _held_out(vectors: Vectors, groups: Groups, seed: int, step_done: Callable[[], None]) -> AdapterCheck:
    """Each example asked for its group among all others, by a map that was learned without it."""
    asked = np.flatnonzero(np.bincount(groups)[groups] > 1)
    fold = np.random.default_rng(seed).permutation(len(groups)) % FOLDS
    found = np.zeros((2, 2, len(groups)))  # before and after: average precision, and whether the nearest is right
    for number in range(FOLDS):
        known, mine = fold != number, asked[fold[asked] == number]
        centred = unit(vectors - vectors[known].mean(axis=0))
        map_ = learned(centred[known], np.unique(groups[known], return_inverse=True)[1], seed, step_done)
        for place, units in enumerate((vectors, unit(centred @ map_))):
            found[place][:, mine] = _precision(units, groups, mine)
    (before, nearest_before), (after, nearest_after) = found[:, :, asked]
    gains = after - before
    error = float(gains.std(ddof=1) / len(asked) ** 0.5)
    return AdapterCheck(
        len(asked), float(nearest_before.mean()), float(nearest_after.mean()), float(gains.mean()), error
    )


def _precision(units: Vectors, groups: Groups, asked: Groups) -> NDArray[np.float64]:
    """Of each example asked: the average precision of its group among all others, and if the nearest is of it."""
    scores = units[asked] @ units.T
    scores[np.arange(len(asked)), asked] = np.inf  # itself comes first, and is left out
    order = np.argsort(-scores, axis=1, kind="stable")[:, 1:]
    right = groups[order] == groups[asked][:, None]
    hits = right.cumsum(axis=1) / np.arange(1, right.shape[1] + 1)
    return np.stack([(hits * right).sum(axis=1) / right.sum(axis=1), right[:, 0]])
