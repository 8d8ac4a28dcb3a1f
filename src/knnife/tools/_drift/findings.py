"""What moved: regions whose share changed, things far from all of the other sample, columns and words that mark them.

A region, a column or a word is told when it differs by more than the most different of all of them does, under labels
given out at random (the step-down method's first step, Westfall and Young 1993): the chance that any is told where
nothing drifted is the p-value that stands beside it. A thing is far when it is farther from the reference than nearly
all of the reference's own things are from the others: its p-value is the share of those that are as far.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from textwrap import shorten
from typing import Any, NamedTuple

import numpy as np

from knnife.geometry import Vectors
from knnife.space import Sample, nearest
from knnife.statistics.ranks import rank_p_values
from knnife.tools._drift.clumps import clumps
from knnife.tools._drift.columns import Figure, figures, frequent, sayings, share, words
from knnife.tools._drift.constants import constants
from knnife.tools._drift.pool import Bools, Floats, Labels, Rows, contrasts
from knnife.tools._drift.statistics import Cloud, standardised

FAR_RANK = 5  # a thing is as far as its so many-th nearest: one stray thing is no company
EXAMPLES, TYPICAL, WORDS = 10, 3, 6  # shown of things, of each region's things, and of its words
SHOWN = 40  # characters of a text
BEYOND = 2.0  # standard errors by which a share has to be above what chance makes of it


class Region(NamedTuple):
    """A part of the cloud whose share changed; with its most central things of both samples, and its words."""

    share_reference: float
    share_new: float
    p_value: float
    reference: tuple[str, ...]
    new: tuple[str, ...]
    words: tuple[str, ...]


class NewKind(NamedTuple):
    """New things that stand together, of a kind that was not there or was rarer.

    size: how many new things, others: how many of the reference among them. new: the most central, words: what marks
    them.
    """

    size: int
    others: int
    p_value: float
    new: tuple[str, ...]
    words: tuple[str, ...]


class Example(NamedTuple):
    """A thing far from all of the other sample: its id and position, and what is nearest there, how near."""

    id: str
    position: int
    nearest: str
    similarity: float
    p_value: float


class Mark(NamedTuple):
    """A column or a word that differs, and what is told of both samples.

    figure: of arrays "mean" or "spread" (standard deviation); of tables "median", "middle half" (its width) or "share"
    (of things with a category, a word, or without anything); of texts "share". None stands where nothing is there.
    """

    name: str
    figure: str
    reference: Any
    new: Any
    p_value: float


def both(cloud: Cloud, reference: Sample, new: Sample) -> Sample:
    """The things of both samples, each in the order of the pool, as one in that order; their ids are their own."""
    order = np.empty(len(cloud.pool), np.int64)
    order[~cloud.pool.new] = np.arange(len(reference))
    order[cloud.pool.new] = len(reference) + np.arange(len(new))
    together = replace(
        reference,
        ids=[*reference.ids, *new.ids],
        vectors=np.concatenate([reference.vectors, new.vectors]),
        things=[*reference.things, *new.things],
        source="both samples",
    )
    return together.take(order)


def regions(cloud: Cloud, things: Sample, labels: Labels, rate: float) -> tuple[Region, ...]:
    """The cells whose share changed, the largest change first."""
    _, p_values = _marked(cloud.members, labels)
    table = _Words.of(things)
    found = []
    for cell in np.flatnonzero(p_values <= rate):
        rows = np.flatnonzero(cloud.cells == cell)
        centre = cloud.pool.points[rows].mean(axis=0)
        rows = rows[np.argsort(((cloud.pool.points[rows] - centre) ** 2).sum(axis=1), kind="stable")]
        is_new = cloud.pool.new[rows]
        shares = [float(side.sum() / size) for side, size in zip((~is_new, is_new), cloud.pool.sizes, strict=True)]
        typical = [tuple(things.ids[row] for row in rows[side][:TYPICAL]) for side in (~is_new, is_new)]
        words = table.typical(cloud.cells == cell)
        found.append(Region(shares[0], shares[1], float(p_values[cell]), typical[0], typical[1], words))
    return tuple(sorted(found, key=lambda region: -abs(region.share_new - region.share_reference)))


def kinds(cloud: Cloud, things: Sample, labels: Labels, rate: float) -> tuple[NewKind, ...]:
    """Where new things stand together, the surest first; without those in a region that says as much.

    That is a region that grew, in which as large a share is new.
    """
    z, p_values = _marked(cloud.members, labels)
    grown = np.flatnonzero((z > 0) & (p_values <= rate))
    table, new = _Words.of(things), cloud.pool.new
    found = []
    for clump in clumps(cloud, labels, rate):
        rows = clump.rows[new[clump.rows]]
        home = np.bincount(cloud.cells[rows]).argmax()
        if home in grown and new[cloud.cells == home].mean() >= len(rows) / len(clump.rows):
            continue
        words = table.typical(np.isin(np.arange(len(things)), rows))
        shown = tuple(_shown(things, int(row)) for row in rows[:TYPICAL])
        found.append(NewKind(len(rows), len(clump.rows) - len(rows), clump.p_value, shown, words))
    return tuple(found)


def _shown(things: Sample, row: int) -> str:
    texts = None if things.parts else things.texts
    return things.ids[row] if texts is None else shorten(texts[row], SHOWN, placeholder=" …")


def far(asked: Sample, known: Sample, rate: float, rows: Rows) -> tuple[float, tuple[Example, ...]]:
    """The things of one sample that are far from all of another: their share (by chance: `rate`), the farthest first.

    rows: `(n,)`, the position of each thing of that sample in what it was drawn from.
    Every thing is compared with the same number of others, or one more, so that sizes do not decide. One whose copy is
    in the other sample is not far. None is shown where chance has as many.
    """
    k = min(FAR_RANK, len(known) - 1)
    own = nearest(known.vectors, k, metric=known.metric)[1][:, -1]
    near, close = nearest(known.vectors, k, asked.vectors, metric=known.metric)
    copies = ~np.any(known.points[near[:, 0]] != asked.points, axis=1)
    p_values = np.where(copies, 1.0, rank_p_values(-close[:, -1], -own))
    share = float((p_values <= rate).mean())
    if share <= rate + BEYOND * np.sqrt(rate * (1 - rate) * (1 / len(asked) + 1 / len(known))):
        return share, ()
    order = np.lexsort((close[:, -1], p_values))[:EXAMPLES]
    return share, tuple(
        Example(asked.ids[i], int(rows[i]), known.ids[near[i, 0]], float(close[i, 0]), float(p_values[i]))
        for i in order
        if p_values[i] <= rate
    )


def marks(things: Sample, labels: Labels, parts: Mapping[str, slice], rate: float) -> tuple[Mark, ...]:
    """The columns or words that differ: of rows and of plain arrays columns, of texts words; the surest first."""
    looked = _figures(things) or _of_vectors(things, parts)
    if not looked:
        return ()
    z, p_values = _marked(np.column_stack([each.values for each in looked]), labels)
    order = [f for f in np.argsort(-np.abs(z), kind="stable").tolist() if p_values[f] <= rate]
    moved = {looked[f].name for f in order if looked[f].figure == "median"}
    new = labels[:, 0].astype(bool)
    return tuple(
        Mark(each.name, each.figure, each.of(~new), each.of(new), float(p_values[f]))
        for f, each in ((f, looked[f]) for f in order)
        if each.figure != "middle half" or each.name not in moved  # as moving looks like spreading
    )


def _figures(things: Sample) -> list[Figure]:
    """Of the columns of a table; none of other things."""
    return figures([thing.about for thing in things.things], [*things.parts, *constants(things)])


def _of_vectors(things: Sample, parts: Mapping[str, slice]) -> list[Figure]:
    """Of texts their words, of plain arrays mean and spread of each column, of other things none."""
    if not parts and things.texts is not None:
        table = _Words.of(things)
        return [share(word, has) for word, has in zip(table.words, table.features.T, strict=True)]
    if not parts and things.fingerprint is not None:
        return []
    squares = (things.vectors - things.vectors.mean(axis=0)) ** 2
    means = [_mean(f"column {i}", "mean", values, 1.0) for i, values in enumerate(things.vectors.T)]
    return means + [_mean(f"column {i}", "spread", values, 0.5) for i, values in enumerate(squares.T)]


def _mean(name: str, figure: str, values: Vectors, power: float) -> Figure:
    return Figure(name, figure, values, lambda side: float(values[side].mean(dtype=np.float64)) ** power)


def moved(cloud: Cloud, labels: Labels) -> float:
    """The share of things that would have to change regions, beyond what chance makes of it: 0 to 1.

    That is the total variation between the shares of cells.
    """
    variation = np.abs(cloud.members.T @ contrasts(labels)).sum(axis=0) / 2
    chance = float(variation[1:].mean())
    return max(0.0, (float(variation[0]) - chance) / max(1e-9, 1 - chance))


def _marked(features: Vectors, labels: Labels) -> tuple[Floats, Floats]:
    """How far each feature differs, in standard errors, and how often the farthest does as far by chance."""
    z = standardised(features, labels)
    peaks = np.sort(np.abs(z).max(axis=0))
    first = np.abs(z[:, 0])
    return z[:, 0].astype(np.float64), (len(peaks) - np.searchsorted(peaks, first, "left")) / len(peaks)


class _Words(NamedTuple):
    """Which things have which words: `(N, w)`, 1 or 0; or how far they are what else may be said of rows."""

    words: list[str]
    features: Vectors

    @classmethod
    def of(cls, things: Sample) -> _Words:
        """The most frequent words of texts; what may be said of the columns of rows; nothing of other things."""
        if looked := _figures(things):
            names, values = sayings(looked)
            return cls(names, np.column_stack(values))
        texts = None if things.parts else things.texts
        return cls(*frequent([words(text) for text in texts or ()]))

    def typical(self, inside: Bools) -> tuple[str, ...]:
        """The words by which things inside differ most from the others."""
        if not self.words:
            return ()
        z = standardised(self.features, inside.astype(np.uint8)[:, None])[:, 0]
        return tuple(self.words[i] for i in np.argsort(-z, kind="stable")[:WORDS] if z[i] > 0)
