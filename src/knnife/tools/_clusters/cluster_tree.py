"""From points to a tree of clusters, by way of a sample where there are many points, and which of them are outliers.

Two clusters merge when their ties are the most for their size: weight between / product of degrees. That ratio is the
resolution at which modularity would merge them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from knnife.geometry import Metric, Positions, Vectors, blocks, unit
from knnife.space import nearest
from knnife.tools._clusters.asked_number import about_centres, parted
from knnife.tools._clusters.communities import between
from knnife.tools._clusters.graph import Graph, Weights
from knnife.tools._clusters.levels import Level, Tell, levels

Merges = tuple[tuple[int, int], ...]

VOTERS = 15  # neighbours whose clusters a point that was not looked at joins
CROWD = 10  # how far the neighbour of this rank is, says how alone a point is
FENCE = 3.0  # interquartile ranges of the log beyond the upper quartile: Tukey's "far out"
NEARBY = 1.5  # so many times as many clusters are about as many
FOUND_AGAIN = 0.75  # of a cluster that is there, so much comes back on average (Hennig 2007)
MARGIN = 1.1  # and so many times the quartile, for clusters whose members are all equally close


@dataclass(frozen=True)
class Tree:
    """Fine clusters, how they merge, and at how many it is best to stop.

    leaves: `(n,)`, -1 for outliers. merges: pairs of leaves, in order. best: the number of clusters to show, which may
        be more than there are leaves.
    levels: all numbers at which something speaks for stopping. stability: `(best,)` in the order of the leaves.
    """

    leaves: Positions
    merges: Merges
    best: int
    levels: tuple[int, ...]
    stability: Weights


class Partition(NamedTuple):
    """The clusters `(n,)` of some points to show, and the finest ones; levels, stability: as in Tree."""

    graph: Graph
    labels: Positions
    finest: Positions
    levels: tuple[int, ...]
    stability: Weights


def comparable_points(points: Vectors, metric: Metric) -> tuple[Vectors, Metric]:
    """The points about their mean; by angle where directions are what is compared.

    What all texts have in common says nothing about groups among them, so it is taken away first.
    """
    centred = points - points.mean(axis=0, dtype=np.float64).astype(np.float32)
    if metric not in ("cosine", "dot"):
        return centred, metric
    rounding = 1e-5 * float(np.abs(points).max(initial=0))
    centred[np.abs(centred).max(axis=1, initial=0) <= rounding] = 0  # equal to the mean: noise has no direction
    return unit(centred), "cosine"


def find(points: Vectors, metric: Metric, *, about: int | None, least: int, most: int, seed: int, tell: Tell) -> Tree:
    """The tree of clusters of `points` (n, d), which `comparable_points` made.

    about: how many clusters are shown; None: as the points say. least: members of a cluster. most: points that are
    looked at to find the clusters; the others join them.
    """
    n = len(points)
    random = np.random.default_rng(seed)
    looked = random.permutation(n)[:most]
    if n < 2 * least or not np.ptp(points[looked], axis=0).any():
        return _whole(np.zeros(n, bool), about)
    alone = outlying(points, points[looked], metric, np.zeros(n, np.int64))
    looked = looked[~alone[looked]]  # strays would stretch the space
    some = points[looked]
    found = _asked(some, metric, about) if about else _clear(some, metric, seed, tell)
    if found is None:
        return _whole(alone, about)
    fine = leaves(found.graph, found.labels, found.finest, least)
    parents = np.zeros(int(fine.max()) + 1, np.int64)
    parents[fine] = found.labels
    order = merges(found.graph, fine, parents)
    rest = np.setdiff1d(np.arange(n), looked)
    joined = np.empty(n, np.int64)
    joined[looked], joined[rest] = fine, join(points[rest], some, metric, fine, parents)
    alone |= outlying(points, some, metric, parents[joined])
    joined[alone] = -1
    return Tree(joined, order, len(found.stability), found.levels, found.stability)


def _whole(alone: Positions | NDArray[np.bool_], about: int | None) -> Tree:
    """All in one cluster, but for outliers."""
    best = about or 1
    return Tree(np.where(alone, -1, 0), (), best, (1,), np.full(best, 1.0 if best == 1 else np.nan))


def _clear(points: Vectors, metric: Metric, seed: int, tell: Tell) -> Partition | None:
    """The level that the points speak for: of those whose clusters are found again, the one of most worth."""
    graph, found = levels(points, metric, seed, tell)
    some = [level for level in found if level.worth > 0]
    enough = min(FOUND_AGAIN, max((level.stability.mean() for level in some), default=0))
    steady = [level for level in some if level.stability.mean() >= enough]
    if not steady:
        return None
    chosen = max(steady, key=lambda level: level.worth)
    chosen = replace(chosen, labels=about_centres(points, chosen.labels))
    return Partition(graph, chosen.labels, found[0].labels, _peaks(found, chosen), chosen.stability)


def _asked(points: Vectors, metric: Metric, count: int) -> Partition | None:
    """So many clusters, or as many as can be told apart, which is less."""
    if count == 1 or len(points) < 4 * 2:
        return None
    graph, labels, finest = parted(points, metric, count)
    order = merges(graph, labels, np.zeros(int(labels.max()) + 1, np.int64))
    labels = about_centres(points, cut(labels, order, count))
    found = int(labels.max()) + 1
    return Partition(graph, labels, finest, tuple(sorted({1, count})), np.full(count, np.nan)) if found > 1 else None


def _peaks(found: list[Level], chosen: Level) -> tuple[int, ...]:
    """The numbers of clusters that are worth more than those within NEARBY times as many."""

    def about_as_many(a: int, b: int) -> bool:
        return max(a, b) / min(a, b) < NEARBY

    best = {each.count: max(other.worth for other in found if about_as_many(each.count, other.count)) for each in found}
    peaks = {level.count for level in found if 0 < level.worth >= best[level.count]}
    return tuple(sorted(peaks | {1, chosen.count}))


def join(points: Vectors, some: Vectors, metric: Metric, labels: Positions, parents: Positions) -> Positions:
    """The leaf of each of `points` (n, d) by a vote of its nearest of `some` (m, d): of the cluster, then in it."""
    joined = np.empty(len(points), np.int64)
    family = np.eye(int(parents.max()) + 1)[parents]  # (leaves, clusters)
    for block in blocks(len(points), 8 * len(parents) * 2):
        rows, similarities = nearest(some, VOTERS, points[block], metric=metric)
        beyond = similarities[:, :1] - similarities
        weights = np.exp(-beyond / np.maximum(beyond.mean(axis=1, keepdims=True), 1e-12))
        keys = np.arange(len(rows))[:, None] * len(parents) + labels[rows]
        votes = np.bincount(keys.ravel(), weights.ravel(), minlength=len(rows) * len(parents)).reshape(len(rows), -1)
        cluster = (votes @ family).argmax(axis=1)
        joined[block] = np.where(parents == cluster[:, None], votes, -1.0).argmax(axis=1)
    return joined


def outlying(points: Vectors, some: Vectors, metric: Metric, labels: Positions) -> Positions:
    """Which points are far from everything `(n,)`, by the measure of their cluster: true for outliers.

    Far is the distance to the neighbour of rank CROWD, against the quartiles of that distance in the cluster.
    """
    similarities = nearest(some, CROWD + 1, points, metric=metric)[1][:, -1].astype(np.float64)
    distances = np.sqrt(np.maximum(2 - 2 * similarities, 0)) if metric == "cosine" else -similarities
    far: Positions = np.zeros(len(points), bool)
    for label in range(int(labels.max()) + 1):
        members = labels == label
        low, high = np.quantile(distances[members], [0.25, 0.75])
        if low > 0:  # else most are copies of others, and there is no measure
            far[members] = distances[members] > high * max((high / low) ** FENCE, MARGIN)
    return far


def leaves(graph: Graph, chosen: Positions, finest: Positions, least: int) -> Positions:
    """The finest partition cut at the borders of the chosen one; pieces below `least` join others of their cluster."""
    cells = np.unique(chosen * (int(finest.max()) + 1) + finest, return_inverse=True)[1]
    sizes = np.bincount(cells)
    parents = np.zeros(len(sizes), np.int64)
    parents[cells] = chosen
    largest = np.zeros(len(sizes), bool)  # of each cluster one piece stays, however small
    order = np.lexsort((-sizes, parents))
    largest[order[np.unique(parents[order], return_index=True)[1]]] = True
    stays = largest | (sizes >= least)
    for first, last in graph.blocks(max(1, len(graph) * len(sizes) // (1 << 22))):
        lost = np.flatnonzero(~stays[cells[first:last]])
        ties = graph.ties(first, last, cells, len(sizes))[lost]
        allowed = (parents[None, :] == chosen[first:last][lost][:, None]) & stays
        cells[first + lost] = np.where(allowed, ties, -1.0).argmax(axis=1)
    return np.unique(cells, return_inverse=True)[1]


def merges(graph: Graph, labels: Positions, parents: Positions) -> Merges:
    """In which order the clusters merge, those with the same of `parents` (c,) first; b goes into a, a < b."""
    weights = between(graph, labels)
    degrees = weights.sum(axis=0)
    alive = np.ones(len(degrees), bool)
    parents = parents.copy()
    found = []
    while alive.sum() > 1:
        ratio = _tie_ratios(weights, degrees, alive)
        siblings = np.where(parents[:, None] == parents, ratio, -np.inf)
        best = int((siblings if siblings.max() > -np.inf else ratio).argmax())
        a, b = sorted(divmod(best, len(degrees)))
        weights[a] += weights[b]
        weights[:, a] += weights[:, b]
        degrees[a] += degrees[b]
        alive[b] = False
        if parents[a] != parents[b]:
            parents[:] = 0
        found.append((a, b))
    return tuple(found)


def _tie_ratios(weights: Weights, degrees: Weights, alive: Positions) -> Weights:
    ratio = weights / np.maximum(np.outer(degrees, degrees), 1e-300)
    ratio[~alive] = -np.inf
    ratio[:, ~alive] = -np.inf
    np.fill_diagonal(ratio, -np.inf)
    return ratio


def cut(labels: Positions, order: Merges, count: int) -> Positions:
    """The labels `(n,)` of the leaves after as many merges as leave `count` clusters; -1 stays -1."""
    new = np.arange(len(order) + 1)
    for a, b in order[: max(0, len(new) - count)]:
        new[new == b] = a
    new = np.unique(new, return_inverse=True)[1]
    return np.where(labels < 0, -1, new[labels])
