"""A detector of outliers: fitted once to a reference, then asked about any number of new things, and kept in a file."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knnife.encoders import Encoder
from knnife.encoders.protocol import Progress
from knnife.errors import BadInput
from knnife.geometry import Metric, Vectors
from knnife.space import Sample, comparable, nearest
from knnife.space.space import Where
from knnife.statistics.ranks import rank_p_values
from knnife.things import Thing
from knnife.tools._outliers import detector_file
from knnife.tools._outliers.calibrating import Numbers
from knnife.tools._outliers.explaining import Share, shares
from knnife.tools._outliers.given import take
from knnife.tools._outliers.labels import Labels, LearnedLabels, known
from knnife.tools._outliers.lifting import Lift
from knnife.tools._outliers.reasons import OddReason, reasons
from knnife.tools._outliers.regression import PointFeatures
from knnife.tools._outliers.samples import Rows
from knnife.tools._outliers.scoring import Scorer
from knnife.tools._outliers.table import ColumnLayout

BULK = 0.8  # the share of things that are taken to be ordinary without a question
LEAST = 8  # things: of fewer, nothing can be said of what is usual


@dataclass(frozen=True)
class Detector:
    """Says how unlike a reference things are. Make one with `Detector.fit` or `Detector.load`.

    reference: the things that others are compared with, up to 4,096 of those it was fitted to. rows: `(r,)`, their
    positions among those. scores: `(n,)`, of all that it was fitted to, each as one that is new would be scored.
    odd: `(n,)`, which of them are known to be odd. columns: which components come from which column, where that is
    known. learned: what labels taught, None without labels. lift: what is surprising in single columns, in pairs of
    them and by what others make of them; None where no columns are known, for few things, and in older files.
    rarity: `(n,)`, in nats, how rare what is surprising about each thing it was fitted to is among ordinary ones; None
    without `lift`, and in a detector that was loaded.
    """

    scorer: Scorer
    reference: Sample
    rows: Rows
    scores: Vectors
    odd: NDArray[np.bool_]
    columns: Mapping[str, slice]
    learned: LearnedLabels | None = None
    lift: Lift | None = None
    rarity: Numbers | None = None

    @classmethod
    def fit(
        cls,
        given: Any,
        *,
        labels: Labels | None = None,
        encoder: str | Encoder | None = None,
        metric: Metric | None = None,
        view: str | None = None,
        where: Where = None,
        seed: int = 0,
        progress: Progress | None = None,
    ) -> Detector:
        """A detector for things like these, of which some may well be odd themselves.

        given: a Space, an array `(n, d)`, a DataFrame of numbers, or texts and other things, which `encoder` encodes.
        labels: `(n,)`, true for things that are known to be odd, such as frauds: three at least. False or None are
            all others; they may hide odd ones too. Or the name of the field that holds this.
        metric: of arrays and things, by which they are compared; of arrays "euclidean" unless told. view, where: of
            a space, which vectors of which things. progress: called with the number of things done, and the share.

        Raises BadInput for fewer than 8 things, for NaN, and for labels that mark too few things or all.
        """
        return cls.of(*take(given, encoder=encoder, metric=metric, view=view, where=where), labels, seed, progress)

    @classmethod
    def of(
        cls,
        things: Sample,
        columns: Mapping[str, slice],
        labels: Labels | None,
        seed: int,
        progress: Progress | None = None,
    ) -> Detector:
        """As `fit`, for a sample and what is known of its columns."""
        if len(things) < LEAST:
            raise BadInput(f"{things.source}: {len(things)} things; to find those that are unlike, {LEAST} are needed")
        odd = np.zeros(len(things), np.bool_) if labels is None else known(labels, things.things)
        points = things.points
        scorer, marks, rows = Scorer.fit(points, seed, progress)
        learned, scores, reference = None, marks.mean(axis=1), things.take(rows)
        lift, rarity = _lift(reference, rows, columns, things, scores, seed)
        if lift is not None and rarity is not None:
            scores = lift.lifted(scores, rarity)
        if odd.any():
            learned, added = LearnedLabels.fit(PointFeatures.of(points, marks, scorer.axes[-1]), odd, seed)
            scores = scores + added
        return cls(scorer, reference, rows, scores, odd, columns, learned, lift, rarity)

    def score(self, new: Any) -> Vectors:
        """How unlike the reference each new thing is `(m,)`: about 0 is usual, higher is odder.

        new: as for `fit`; what is not encoded yet is encoded with the encoder of the reference.
        Raises BadInput for another dimension or NaN, EncoderMismatch for vectors of another encoder.
        """
        return self.score_things(self.take(new))

    def p_values(self, scores: Vectors) -> Numbers:
        """How often something like the reference scores as high `(m,)`: conformal p-values of new things."""
        return rank_p_values(scores, self.ordinary)

    def score_things(self, things: Sample) -> Vectors:
        """As `score`, for things as `take` gives them."""
        if not len(things):
            return np.empty(0, np.float32)
        points = things.points
        marks = self.scorer.marks(points)
        scores = marks.mean(axis=1)
        if self.lift is not None:
            surprises = self.lift.surprises
            table = surprises.layout.table(things.things, points)
            scores = self.lift.lifted(scores, self.lift.rarity(surprises.most(table)))
        if self.learned is not None and self.learned.weight:
            seen = PointFeatures.of(points, marks, self.scorer.axes[-1])
            scores = scores + self.learned.weight * self.learned.regression.verdict(seen)
        found: Vectors = np.asarray(scores, np.float32)
        return found

    def take(self, new: Any) -> Sample:
        """New things, as they are compared with the reference. Raises as `score` does."""
        things, columns = take(new, like=self.reference, what="the new things")
        if columns and self.columns and hasattr(new, "columns") and list(columns) != list(self.columns):
            raise BadInput(f"the columns are {', '.join(columns)}; expected those of the reference, in that order: "
                           f"{', '.join(self.columns)}")  # fmt: skip
        comparable(self.reference, things)
        return replace(things, metric=self.reference.metric)

    @property
    def encoder(self) -> Encoder | None:
        """What encoded the things of the reference; None where they came as vectors. Raises what loading it raises."""
        return None if self.reference.fingerprint is None else self.reference.encoder

    def like(self, points: Vectors, k: int = 3) -> Rows:
        """Which normal things of the reference are nearest to each of the points `(m, d)`, best first: `(m, k)`.

        Normal is what scores no higher than most of the reference, and is not known to be odd.
        """
        place, normal = self.scorer.axes[1].place, self._normal
        rows, _ = nearest(place(self.scorer.reference[normal]), k, place(points), metric="euclidean")
        return normal[rows]

    def why(self, point: Vectors, like: Rows, told: Sequence[str] = (), most: int = 3) -> list[Share]:
        """The columns that reasons told of, then those in which a point `(d,)` differs most from its nearest."""
        return shares(point, self.scorer.reference[like], self.scorer.axes[1], self.columns, told, most)

    def reasons(self, thing: Thing, point: Vectors, most: int = 3) -> list[OddReason]:
        """Why a thing at a point `(d,)` is odd, in words; nothing where no columns are known."""
        if self.lift is None:
            return []
        return reasons(self.lift, self.lift.surprises.layout.table([thing], point[None]), most)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes all that `load` needs into one file, in the format of safetensors."""
        detector_file.write(Path(path), vars(self))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Detector:
        """The detector in a file. Raises NotFound where there is none, BadInput for a file that is no detector."""
        return cls(**detector_file.read(Path(path)))

    @property
    def ordinary(self) -> Vectors:
        """The scores of all it was fitted to that are not known to be odd."""
        return self.scores[~self.odd]

    @cached_property
    def _normal(self) -> Rows:
        scores, odd = self.scores[self.rows], self.odd[self.rows]
        return np.flatnonzero(~odd & (scores <= np.quantile(scores[~odd], BULK)))


def _lift(
    reference: Sample, rows: Rows, columns: Mapping[str, slice], things: Sample, scores: Vectors, seed: int
) -> tuple[Lift | None, Numbers | None]:
    """What the things of a reference, at these rows of all, make surprising; and how rare that is of all things."""
    layout = ColumnLayout.of(reference, columns)
    table = layout.table(things.things, things.points)
    fitted = Lift.fit(layout, table.take(rows), scores[rows], np.random.default_rng(seed))
    if fitted is None:
        return None, None
    lift, own = fitted
    most = np.empty((len(scores), own.shape[1]))
    most[rows] = own
    others = np.setdiff1d(np.arange(len(scores)), rows)
    most[others] = lift.surprises.most(table.take(others))
    return lift, lift.rarity(most)
