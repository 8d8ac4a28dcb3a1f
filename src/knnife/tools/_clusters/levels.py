"""How many? Partitions from fine to coarse, and which of them the points speak for.

The worth of a level is made of
- its silhouette (Rousseeuw 1987);
- less that of points that fill a box of the same covariance evenly, cut into as many pieces in the same way (the gap of
  Tibshirani, Walther and Hastie 2001);
- its stability: how well it comes back when half of the ties are taken away at random;
and of two levels that are about as good, the one with fewer clusters is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from knnife.geometry import Metric, Positions, Vectors, blocks, unit
from knnife.space import nearest
from knnife.tools._clusters.communities import communities, modularity, outward, paired
from knnife.tools._clusters.graph import Graph, Weights, from_ties, graph_of

NEIGHBOURS = 50  # of each point; fewer see small clusters only, and then need many merges to reach large ones
FINEST = 256  # communities to start from
RESOLUTIONS = 22.4 * 2.0 ** -np.arange(0, 24, 0.6)
SEEN = 0.4  # of the neighbours, so many members has a mean cluster at least: smaller ones have most ties elsewhere
RESAMPLES = 3
FEWER = 0.2  # a level of k clusters is worth k^-FEWER: twice as many have to be 15 % better, less where all is clear
APART = 0.75  # of the ties that lead out of the pieces of such a box, at most so many do: else there are none

Chance = Callable[[int], tuple[float, float]]
Tell = Callable[[float], None]


@dataclass(frozen=True)
class Level:
    """One partition of the n points.

    labels: `(n,)`. worth: higher is better. again: what was found there when half of the ties were gone.
    """

    labels: Positions
    worth: float
    again: list[Positions]

    @property
    def count(self) -> int:
        """How many clusters."""
        return int(self.labels.max()) + 1

    @cached_property
    def stability(self) -> Weights:
        """Of each cluster the share that comes back `(c,)`."""
        found: Weights = np.mean([recovered(self.labels, other) for other in self.again], axis=0)
        return found


def levels(points: Vectors, metric: Metric, seed: int, tell: Tell) -> tuple[Graph, list[Level]]:
    """The graph of `points` (n, d) in random order, and its partitions, finest first, of which none may be left.

    tell: is called with the share of the work that is done.
    """
    random = np.random.default_rng(seed)
    neighbours = min(NEIGHBOURS, max(5, len(points) // 5))
    graph = graph_of(*nearest(points, neighbours, metric=metric))
    others = [_halved(graph, random) for _ in range(RESAMPLES)]
    chance = by_chance(points, metric, neighbours, random)
    best: dict[int, Level] = {}
    for step, (candidates, again) in enumerate(_partitions(graph, others)):
        tell((step + 1) / len(RESOLUTIONS))
        for labels in candidates:
            if (int(labels.max()) + 1) * SEEN * neighbours > len(points):
                continue
            level = _judged(points, graph, labels, again, chance)
            if level.count not in best or level.worth > best[level.count].worth:
                best[level.count] = level
        if min(outward(graph, labels) for labels in candidates) < 1e-9:  # what no tie joins, no resolution joins
            break
    best.pop(1, None)
    return graph, [best[count] for count in sorted(best, reverse=True)]


def _judged(points: Vectors, graph: Graph, labels: Positions, again: list[Positions], chance: Chance) -> Level:
    count = int(labels.max()) + 1
    clear, out = float(silhouettes(points, labels).mean()), outward(graph, labels)
    clear_by_chance, out_by_chance = chance(count)
    stable = np.mean([adjusted_rand(labels, other) for other in again])
    worth = float((clear - clear_by_chance) * stable * count ** (-FEWER * (1 - clear)))
    return Level(labels, worth if out <= APART * out_by_chance else 0.0, again)


def _partitions(graph: Graph, others: list[Graph]) -> Iterator[tuple[list[Positions], list[Positions]]]:
    """For each of RESOLUTIONS the partitions of `graph` that were found, and one of each of the others.

    A search begins with the last partition, with the finest, and, in `graph`, with those of the others. The one of most
    modularity is where the next resolution goes on.
    """
    finest = [communities(each, paired(each, FINEST), RESOLUTIONS[0]) for each in (graph, *others)]
    labels, *again = finest
    for resolution in RESOLUTIONS:
        again = [
            _best(other, _all(other, (before, first), resolution), resolution)
            for other, before, first in zip(others, again, finest[1:], strict=True)
        ]
        candidates = _all(graph, (labels, finest[0], *again), resolution)
        labels = _best(graph, candidates, resolution)
        yield candidates, again
        if not labels.any():
            break


def _all(graph: Graph, starts: Iterable[Positions], resolution: float) -> list[Positions]:
    """The different communities that these partitions lead to."""
    found = [communities(graph, start, resolution) for start in starts]
    return list({labels.tobytes(): labels for labels in found}.values())


def _best(graph: Graph, candidates: list[Positions], resolution: float) -> Positions:
    return max(candidates, key=lambda labels: modularity(graph, labels, resolution))


def _halved(graph: Graph, random: np.random.Generator) -> Graph:
    """The graph with each tie kept or not by the toss of a coin."""
    rows, columns = graph.rows, graph.columns
    keep = (rows < columns) & (random.random(len(rows)) < 0.5)
    return from_ties(rows[keep], columns[keep], graph.weights[keep], len(graph))


def by_chance(points: Vectors, metric: Metric, neighbours: int, random: np.random.Generator) -> Chance:
    """What is found in a filled box of the same covariance: for c clusters their silhouette and outward ties."""
    _, widths, axes = np.linalg.svd(points, full_matrices=False)
    sides = widths * np.float32(np.sqrt(12 / len(points)))  # the variance of a uniform number is 1 / 12
    shapeless: Vectors = ((random.random((len(points), len(widths)), dtype=np.float32) - 0.5) * sides) @ axes
    shapeless = unit(shapeless) if metric == "cosine" else shapeless
    graph = graph_of(*nearest(shapeless, neighbours, metric=metric))
    labels, found = paired(graph, FINEST), {}
    for resolution in RESOLUTIONS[::2]:
        labels = communities(graph, labels, resolution)
        count = int(labels.max()) + 1
        if count < 2:
            break
        if count * SEEN * neighbours > len(points):
            continue
        found[count] = float(silhouettes(shapeless, labels).mean()), outward(graph, labels)
    counts = np.array(sorted(found, reverse=True) or [1])
    figures = np.array([found.get(count, (0.0, 1.0)) for count in counts.tolist()]).T

    def at(count: int) -> tuple[float, float]:
        clear, out = (float(np.interp(count**-0.5, counts**-0.5, each)) for each in figures)  # both nearly linear in it
        return clear, out

    return at


def centres(points: Vectors, labels: Positions) -> Vectors:
    """The mean of each cluster `(c, d)`; every label from 0 on must have a member."""
    order = np.argsort(labels, kind="stable")
    sizes = np.bincount(labels)
    means: Vectors = np.add.reduceat(points[order], np.cumsum(sizes) - sizes, axis=0)
    means /= sizes[:, None].astype(np.float32)
    return means


def silhouettes(points: Vectors, labels: Positions) -> Weights:
    """Of each point, from -1 (belongs elsewhere) to 1: (b - a) / max(a, b); 0 where a cluster has one member `(n,)`.

    a and b are the mean squared Euclidean distances to the others of its own cluster and to the nearest other cluster,
    which sums give without any pair being looked at; for vectors of length 1 that is 2 - 2 cosine.
    """
    sizes, means = np.bincount(labels), centres(points, labels)
    squares: Weights = np.einsum("ij,ij->i", points, points).astype(np.float64)
    inside = np.bincount(labels, squares) / sizes
    own, other = np.empty(len(labels)), np.zeros(len(labels))
    for block in blocks(len(labels), 16 * len(sizes)):
        distances: Weights = squares[block, None] - 2 * points[block] @ means.T + inside
        at = np.arange(len(distances)), labels[block]
        own[block] = distances[at] * sizes[labels[block]] / np.maximum(sizes[labels[block]] - 1, 1)
        distances[at] = np.inf
        if len(sizes) > 1:
            other[block] = distances.min(axis=1)
    most = np.maximum(own, other)
    found = np.divide(other - own, most, out=np.zeros(len(labels)), where=most > 0)
    return np.where(sizes[labels] > 1, found, 0)


def contingency(a: Positions, b: Positions) -> Weights:
    """How many points are in cluster i of one and j of the other: `(clusters of a, clusters of b)`."""
    width = int(b.max()) + 1
    return np.bincount(a * width + b, minlength=(int(a.max()) + 1) * width).reshape(-1, width).astype(np.float64)


def adjusted_rand(a: Positions, b: Positions) -> float:
    """1 where two partitions are the same, about 0 where they agree by chance only (Hubert and Arabie 1985)."""
    counts = contingency(a, b)

    def pairs(sizes: Weights) -> float:
        return float((sizes * (sizes - 1)).sum()) / 2

    both, one, other = pairs(counts), pairs(counts.sum(axis=1)), pairs(counts.sum(axis=0))
    expected = one * other / max(1.0, pairs(np.array([counts.sum()])))
    most = (one + other) / 2
    return (both - expected) / (most - expected) if most > expected else 1.0


def recovered(a: Positions, b: Positions) -> Weights:
    """For each cluster of a the share it has in common with the most similar one of b (Jaccard; Hennig 2007)."""
    counts = contingency(a, b)
    union = counts.sum(axis=1)[:, None] + counts.sum(axis=0) - counts
    best: Weights = (counts / np.maximum(union, 1)).max(axis=1)
    return best
