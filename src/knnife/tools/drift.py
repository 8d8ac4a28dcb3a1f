"""Has what comes in moved away from what was there before, and what moved?

Two samples are put in one pool, and a permutation test asks whether labels given out at random would separate them as
well: by new things that gather, old ones that vanished, and means that shifted, joined so that the rate of false alarms
is the one that is stated. Then comes what a person needs: how large the change is, which regions, things, columns and
words mark it, and what it is expected to cost a model.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from knnife.encoders import Encoder
from knnife.encoders.protocol import Progress
from knnife.errors import BadInput
from knnife.geometry import Metric, Vectors
from knnife.space import Sample, comparable, is_space, sample
from knnife.space.space import Where
from knnife.statistics.ranks import auroc
from knnife.tools._drift import checks, findings, lost, picture, reasons
from knnife.tools._drift.constants import with_constants
from knnife.tools._drift.findings import Example, Mark, NewKind, Region
from knnife.tools._drift.lost import Accuracy, Strings
from knnife.tools._drift.pool import LEAST, Bools, Pool, joined, pooled, standing
from knnife.tools._drift.statistics import WEIGHTS, look, statistics


@dataclass(frozen=True)
class Drift:
    """What a test found between a reference and a new sample.

    p_value: how often chance separates samples as well, if nothing drifted. rate: of false alarms; there is drift
    where the p-value is not above it. parts: the p-value of each statistic alone, to see what kind of change it is;
    for the decision they are joined. moved: the share of things that changed regions, beyond what chance makes of it:
    0 to 1. told_apart: the chance that a new thing has more new neighbours than one of the reference: 0.5 to 1. These
    two say how large a change is, however many things there are.
    reasons: what changed, in at most three sentences. regions, marks, kinds: all that changed, the largest or surest
    first. new, vanished: things of the new sample far from all of the reference, and the other way round. Without
    drift there are no reasons, kinds, new or vanished things. shares_far: the shares of things so far, of both (by
    chance: the rate).
    doubts: why the rate may not hold for such data, or little could be seen.
    accuracy: what is expected of a model; None without labels.
    compared: how many of each sample were compared, `sizes` how many there were, block: in which blocks.
    plane, is_new, names: the things compared on two directions, for the picture.
    """

    p_value: float
    rate: float
    parts: Mapping[str, float]
    moved: float
    told_apart: float
    reasons: tuple[str, ...]
    doubts: tuple[str, ...]
    regions: tuple[Region, ...]
    marks: tuple[Mark, ...]
    kinds: tuple[NewKind, ...]
    new: tuple[Example, ...]
    vanished: tuple[Example, ...]
    shares_far: tuple[float, float]
    accuracy: Accuracy | None
    compared: tuple[int, int]
    sizes: tuple[int, int]
    block: int
    permutations: int
    seed: int
    plane: Vectors
    is_new: Bools
    names: Sequence[str]

    @property
    def drifted(self) -> bool:
        """Whether the p-value is at most the rate of false alarms."""
        return self.p_value <= self.rate

    @property
    def calibrated(self) -> bool:
        """Whether the rate can be relied on: nothing in the data speaks against it."""
        return not self.doubts

    def rows(self) -> Iterator[dict[str, Any]]:
        """First the test, then each finding: `found` says what it is.

        Columns:
            found (str): what the row is: "drift" or "no drift" of the test, "accuracy", "region", "mark", "kind",
                "new", "vanished".
            p_value (float): how often as much would be found without drift.
            rate (float): of the test: of false alarms.
            reasons (list[str]): of the test: what changed, in at most three sentences.
            calibrated (bool): of the test: whether its rate can be relied on.
            doubts (list[str]): of the test: why not.
            parts (dict): of the test: the p-value of each statistic.
            moved (float): of the test: the share of things that moved to other regions.
            told_apart (float): of the test: how well the samples are told apart; 0.5 is chance.
            far (float): of the test: the share of new things far from all of the reference.
            sizes (dict): of the test: how many things there are of both samples.
            compared (dict): of the test: how many of them were compared.
            block (int): of the test: things in time order that keep together.
            permutations (int): of the test: how often labels were shuffled.
            seed (int): of the test: of all that was drawn.
            share_reference (float): of a region: its share of the reference.
            share_new (float): of a region: its share of the new sample.
            reference (Any): before: of a region its central things, of a mark its figure, of a model its accuracy.
            new (Any): the same, now; of a kind its central things.
            words (list[str]): of a region or a kind: those that mark it.
            size (int): of a kind: how many new things stand together.
            others (int): of a kind: how many of the reference are among them.
            name (str): of a mark: which column or word differs.
            figure (str): of a mark: what differs, such as "mean" or "share".
            id (str): of a thing that is far from all of the other sample.
            position (int): where that stands in its sample.
            nearest (str): what of the other sample is nearest to it.
            similarity (float): how near that is.
            expected (float): the accuracy to be expected on new things.
            low (float): the low end of its 95% interval.
            high (float): the high end.
            by (str): whose accuracy, "predictions" or "nearest neighbours".
            weighing (float): how many things of the reference the expectation rests on.
            lost (float): how much accuracy is expected to be lost.
        """
        sizes = {"reference": self.sizes[0], "new": self.sizes[1]}
        yield {
            "found": "drift" if self.drifted else "no drift",
            "p_value": self.p_value,
            "rate": self.rate,
            "reasons": list(self.reasons),
            "calibrated": self.calibrated,
            "doubts": list(self.doubts),
            "parts": dict(self.parts),
            "moved": self.moved,
            "told_apart": self.told_apart,
            "far": self.shares_far[0],
            "sizes": sizes,
            "compared": dict(zip(sizes, self.compared, strict=True)),
            "block": self.block,
            "permutations": self.permutations,
            "seed": self.seed,
        }
        if self.accuracy is not None:
            yield {"found": "accuracy", **vars(self.accuracy), "lost": self.accuracy.lost}
        for kind, several in (
            ("region", self.regions),
            ("mark", self.marks),
            ("kind", self.kinds),
            ("new", self.new),
            ("vanished", self.vanished),
        ):
            for each in several:
                yield {"found": kind, **each._asdict()}

    def summary(self) -> str:
        """The finding in a line."""
        size = f"{self.moved:.0%} moved to other regions, told apart {self.told_apart:.2f} (0.5 is chance)"
        said = "drift" if self.drifted else "no drift was found"
        return f"{said}: p = {self.p_value:.3g} at a false-alarm rate of {self.rate:.0%}; {size}"

    def picture(self) -> str:
        """Both samples as SVG: across, what tells them apart, upwards the widest of the other directions."""
        return picture.svg(self.plane, self.is_new, self.names, self.summary())


def drift(
    reference: Any,
    new: Any,
    *,
    encoder: str | Encoder | None = None,
    metric: Metric | None = None,
    view: str | None = None,
    where: Where = None,
    new_where: Where = None,
    rate: float = 0.05,
    permutations: int = 999,
    block: int = 1,
    most: int = 5_000,
    labels: str | Sequence[Any] | None = None,
    predictions: str | Sequence[Any] | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Drift:
    """Tests whether a new sample comes from where a reference came from, and tells what changed.

    Args:
        reference: a Space, vectors `(n, d)`, or things (texts, a table, what `knnife.read` gives).
        new: likewise; things are encoded by the encoder of the reference.
        encoder: of a reference that is things.
        metric: of a reference that is no space.
        view: of spaces, not the default one.
        where: which things of a reference that is a space.
        new_where: which things of a new sample that is one.
        rate: of false alarms, where nothing drifted.
        permutations: how often labels are given out at random.
        block: things in time order that follow each other are alike; labels are then given out to blocks of so many
            things in a row. What does not fill a block at the end of a sample is left out.
        most: things of each sample that are compared, drawn by `seed` where there are more.
        labels: what is right for each thing of the reference `(n,)`, or the field with it; gives the accuracy that
            is expected on new things: of `predictions`, or else of the nearest neighbours.
        predictions: what a model said of each thing of the reference, likewise.
        seed: of all that is drawn.
        progress: called with the number of things done and the share (0 to 1) of the work.

    Raises:
        BadInput: too few things or blocks; an option out of range; labels of another number, or of one class.
        EncoderMismatch: the vectors were made by different encoders.

    """
    _check(rate, permutations, block, most)
    if predictions is not None and labels is None:
        raise BadInput("predictions without labels: expected what is right for the reference, too")
    tell = progress or (lambda done, share: None)
    before, after = _both(reference, new, encoder, metric, view, where, new_where)
    random = np.random.default_rng(seed)
    pool = pooled(before, after, rate=rate, block=block, most=most, random=random)
    known = None if labels is None else _known(before, labels, predictions, pool)
    tell(0, 0.1)
    cloud, given = look(pool), pool.labellings(permutations, random)
    tell(len(pool), 0.4)
    parts = statistics(cloud, given)
    p_value = standing(joined(np.stack(list(parts.values())), WEIGHTS), random)
    tell(len(pool), 0.7)
    old_rows, new_rows = pool.rows[~pool.new], pool.rows[pool.new]
    old, come = before.take(old_rows), after.take(new_rows)
    things = findings.both(cloud, old, come)
    far, gone = findings.far(come, old, rate, new_rows), findings.far(old, come, rate, old_rows)
    of_parts = {name: float((values >= values[0]).mean()) for name, values in parts.items()}
    drifted = p_value <= rate
    found = Drift(
        p_value=p_value,
        rate=rate,
        parts=of_parts,
        moved=findings.moved(cloud, given),
        told_apart=max(0.5, auroc(pool.new[cloud.near].mean(axis=1), pool.new)),
        **reasons.told(cloud, things, given, before.parts, rate, of_parts, drifted)._asdict(),
        doubts=checks.doubts(before, after, block),
        new=far[1] if drifted else (),
        vanished=gone[1] if drifted else (),
        shares_far=(far[0], gone[0]),
        accuracy=None if known is None else lost.accuracy(old, come, *known),
        compared=pool.sizes,
        sizes=(len(before), len(after)),
        block=block,
        permutations=permutations,
        seed=seed,
        plane=picture.plane(cloud),
        is_new=pool.new,
        names=things.ids,
    )
    tell(len(pool), 1.0)
    return found


def _check(rate: float, permutations: int, block: int, most: int) -> None:
    if not 0 < rate < 1:
        raise BadInput(f"rate is {rate}; expected a share of false alarms between 0 and 1, such as 0.05")
    if permutations < 1 / rate - 1:
        least = int(np.ceil(1 / rate - 1))
        raise BadInput(f"permutations is {permutations}; a test at the rate {rate:g} needs {least} or more")
    if block < 1:
        raise BadInput(f"block is {block}; expected 1 (things in no order) or a number of things")
    if most < 2 * block or most < LEAST:
        raise BadInput(f"most is {most}; expected {LEAST} or more, and two blocks of {block} at least")


def _both(
    reference: Any,
    new: Any,
    encoder: str | Encoder | None,
    metric: Metric | None,
    view: str | None,
    where: Where,
    new_where: Where,
) -> tuple[Sample, Sample]:
    """Both samples, compared by the metric of the reference; an empty one is refused."""
    before = sample(
        reference, encoder=encoder, metric=metric, view=view if is_space(reference) else None, where=where,
        what="the reference",
    )  # fmt: skip
    after = sample(
        new, encoder=None if is_space(new) else encoder, view=view if is_space(new) else None, where=new_where,
        like=before, what="the new sample",
    )  # fmt: skip
    for each in (before, after):
        if len(each) < LEAST:
            raise BadInput(f"{each.source} has {len(each):,} things; drift needs {LEAST} in each sample")
    comparable(before, after)
    return with_constants(before, after)


def _known(
    reference: Sample, labels: str | Sequence[Any], predictions: str | Sequence[Any] | None, pool: Pool
) -> tuple[Strings, Strings | None]:
    """What is right for each thing of the reference that is compared, and what a model said of it."""
    rows = pool.rows[~pool.new]
    right = lost.of_things(labels, reference, "labels")[rows]
    said = None if predictions is None else lost.of_things(predictions, reference, "predictions")[rows]
    return right, said
