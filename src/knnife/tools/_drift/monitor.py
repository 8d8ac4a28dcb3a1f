"""Drift in a stream: looked at as often as one likes, with one rate of false alarms for all looks together.

Half of the reference defines scores: how far a thing is from that half, which of its cells the thing lies in, and
where along its principal directions. The other half, and what came before in the stream, say how usual the score of a
newcomer is: its rank among them is uniform and independent of all earlier ranks as long as nothing changes (conformal
prediction; Vovk, Gammerman and Shafer 2005, chapter 8). A gambler bets against that. Without drift his wealth stays 1
on average whatever he does, and the chance that it ever reaches 1 / rate is at most the rate (Ville 1939; Shafer and
Vovk 2019, "Game-Theoretic Foundations for Probability and Finance"). He divides his stake among the scores and among
the looks at which the change may have begun, and bets on the ranks falling into tenths as often as they did since.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from knnife.encoders import Encoder
from knnife.errors import BadInput
from knnife.geometry import Metric
from knnife.space import Sample, comparable, is_space, sample
from knnife.space.space import Where
from knnife.tools._drift import monitor_file
from knnife.tools._drift.constants import usual, usual_apart
from knnife.tools._drift.pool import Floats
from knnife.tools._drift.scores import BINS, Scores

LEAST = 40  # things in the reference
PRIOR = 0.5  # imagined ranks in each bin before the first (Krichevsky and Trofimov 1981)
AT_ONCE = 512  # newcomers that are ranked among each other at once


class Look(NamedTuple):
    """What is known after some newcomers.

    seen: how many there were so far. evidence: the gambler's wealth now. p_value: 1 / his highest wealth, which may be
    read after any look. drifted: whether there was an alarm; it stays.
    """

    seen: int
    evidence: float
    p_value: float
    drifted: bool


@dataclass
class DriftMonitor:
    """Watches a stream for things that are not like a reference. Made by `of`; each `add` is a look.

    Newcomers must be exchangeable where nothing drifts: independent of each other given the reference. Neighbouring
    values of a time series are not; give their means over stretches that are long enough, as reference too.
    `save` and `load` carry it from one run of a program to the next.
    """

    scores: Scores
    known: list[Floats]  # of each score the sorted values of the second half, and of what came
    rate: float
    random: np.random.Generator
    counts: NDArray[np.int64]  # (looks + 1, scores, BINS): ranks that came before each look, and all so far
    reference: str  # by which the reference is known again
    highest: float = 1.0
    usual: Mapping[str, str | None] = field(default_factory=dict)  # of rows: what columns said that said the same

    @classmethod
    def of(
        cls,
        reference: Any,
        *,
        encoder: str | Encoder | None = None,
        metric: Metric | None = None,
        view: str | None = None,
        where: Where = None,
        rate: float = 0.05,
        seed: int = 0,
    ) -> Self:
        """A monitor for streams that should be like `reference`: a Space, vectors `(n, d)`, or things.

        view, where: of a space, which vectors of which things.
        rate: the chance of an alarm ever, where nothing drifts. seed: divides the reference, and breaks ties.

        Raises BadInput for fewer than 40 things.
        """
        if not 0 < rate < 1:
            raise BadInput(f"rate is {rate}; expected a share of false alarms between 0 and 1, such as 0.05")
        given = sample(reference, encoder=encoder, metric=metric, view=view, where=where, what="the reference")
        if len(given) < LEAST:
            raise BadInput(f"{given.source} has {len(given):,} things; a monitor needs {LEAST} to compare with")
        random = np.random.default_rng(seed)
        order = random.permutation(len(given))
        first, second = np.array_split(order, 2)
        scores = Scores.of(given.take(first))
        said = usual(given)
        values = scores.values(given.vectors[second], random)
        values[0] = values[0] + _apart(given.take(second), said)
        known = [np.sort(each) for each in values]
        counts = np.zeros((1, len(known), BINS), np.int64)
        return cls(scores, known, rate, random, counts, _mark(given), usual=said)

    def is_of(
        self, reference: Any, *, metric: Metric | None = None, view: str | None = None, where: Where = None
    ) -> bool:
        """Whether these are the vectors that the monitor was made of, in the same order; options are those of `of`."""
        own = None if is_space(reference) else metric or self.scores.sample.metric
        return self.reference == _mark(sample(reference, metric=own, view=view, where=where, what="the reference"))

    def add(self, things: Any, *, view: str | None = None, where: Where = None) -> Look:
        """Look at newcomers: a Space, vectors, or things, which are encoded as the reference was.

        view, where: of a space, which vectors of which things. Each thing is to be given once.

        Raises BadInput and EncoderMismatch for what cannot be compared with the reference.
        """
        own = self.scores.sample
        newcomers = sample(things, view=view, where=where, like=own, what="the newcomers")
        comparable(own, newcomers)
        counts = self.counts[-1].copy()
        apart = _apart(newcomers, self.usual)
        for start in range(0, len(newcomers), AT_ONCE):
            values = self.scores.values(newcomers.vectors[start : start + AT_ONCE], self.random)
            values[0] = values[0] + apart[start : start + AT_ONCE]  # the distance
            for number, each in enumerate(values):
                ranks, self.known[number] = ranked(each, self.known[number], self.random)
                bins = np.minimum((ranks * BINS).astype(np.int64), BINS - 1)
                counts[number] += np.bincount(bins, minlength=BINS)
        if len(newcomers):
            self.counts = np.concatenate([self.counts, counts[None]])
        return self._look()

    @property
    def looks(self) -> int:
        """How often there was something to look at."""
        return len(self.counts) - 1

    @property
    def drifted(self) -> bool:
        """Whether there was an alarm."""
        return self.highest >= 1 / self.rate

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes all that `load` needs into one file (safetensors); what was there before stays until it is whole."""
        monitor_file.write(Path(path), vars(self))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """The monitor in a file. Raises NotFound where there is none, BadInput for a file that is no monitor."""
        return cls(**monitor_file.read(Path(path)))

    def _look(self) -> Look:
        evidence = wealth(self.counts)
        self.highest = max(self.highest, evidence)
        return Look(int(self.counts[-1, 0].sum()), evidence, min(1.0, 1 / self.highest), self.drifted)


def _apart(rows: Sample, said: Mapping[str, str | None]) -> Floats:
    """What is added to the distances of rows `(n,)`, which are squares, by columns that no vector has."""
    found: Floats = (usual_apart(rows, said).astype(np.float64) ** 2).sum(axis=1)
    return found


def _mark(reference: Sample) -> str:
    described = f"{reference.metric} {reference.fingerprint} {reference.vectors.shape}".encode()
    return blake2b(described + np.ascontiguousarray(reference.vectors).tobytes(), digest_size=16).hexdigest()


def ranked(values: Floats, known: Floats, random: np.random.Generator) -> tuple[Floats, Floats]:
    """The rank of each value among those known and those before it, from 0 to 1; and all of them, sorted.

    A value takes its place among equal ones, itself included, by lot, which makes ranks uniform.
    """
    below = np.searchsorted(known, values, "left").astype(np.float64)
    equal = np.searchsorted(known, values, "right") - below
    before = np.tri(len(values), k=-1, dtype=bool)
    below += ((values[None, :] < values[:, None]) & before).sum(axis=1)
    equal += ((values[None, :] == values[:, None]) & before).sum(axis=1)
    total = len(known) + np.arange(len(values)) + 1
    ranks: Floats = (below + random.uniform(size=len(values)) * (equal + 1)) / total
    return ranks, np.sort(np.concatenate([known, values]))


def wealth(counts: NDArray[np.int64]) -> float:
    """What the stake 1 has become, divided among scores and among looks at which to start betting.

    The stake kept for look s = 1, 2, … is 1 / (s (s + 1)); what is kept for looks to come stays as it is. Betting on
    bins as often as they came so far multiplies a stake by the ratio of a Dirichlet mixture to the uniform chance.
    """
    looks = len(counts) - 1
    if not looks:
        return 1.0
    since = counts[-1] - counts[:-1]  # (looks, scores, BINS)
    totals = since.sum(axis=2)
    table = np.concatenate([[0], np.cumsum(np.log(PRIOR + np.arange(since.max())))])
    whole = np.concatenate([[0], np.cumsum(np.log(PRIOR * BINS + np.arange(totals.max())))])
    logs = table[since].sum(axis=2) - whole[totals] + totals * np.log(BINS)
    starts = np.arange(1, looks + 1)
    logs -= np.log(starts * (starts + 1))[:, None] + np.log(counts.shape[1])
    highest = max(float(logs.max()), 0.0)
    kept = np.exp(-highest) / (looks + 1)
    return float((np.exp(logs - highest).sum() + kept) * np.exp(min(highest, 700.0)))
