"""As many clusters as were asked for: communities of so many, and below the smallest of those, halves of halves.

The fewer clusters, the more neighbours each point is tied to, up to half of a cluster of mean size: communities then
follow what is common to many, and not the density of each place.
"""

from __future__ import annotations

import heapq
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knnife.geometry import Metric, Positions, Vectors
from knnife.space import nearest
from knnife.tools._clusters.communities import communities, paired
from knnife.tools._clusters.graph import Graph, graph_of
from knnife.tools._clusters.levels import centres

FEWEST, MOST = 10, 200  # neighbours
FINEST: Final = 512  # communities: beyond, clusters are halved
STARTS: Final = (1.5, 3.0, 6.0)  # resolutions for each cluster asked for; far too high, communities are anything
STEP: Final = 2.0**-0.25  # from one resolution to the next
ROUNDS = 10  # of moving points to the nearest centre, and of the search for a direction
GAIN: Final = 1.05  # of what centres explain, from which on communities are given up for them


def parted(points: Vectors, metric: Metric, count: int) -> tuple[Graph, Positions, Positions]:
    """The graph of `points` (n, d), its communities at which there are last `count` or more, and finer ones.

    Fewer, where `count` is above FINEST, or leaves less than four points for each.
    """
    n = len(points)
    count = min(count, FINEST, n // 4)
    neighbours = min(n - 1, int(np.clip(n / (2 * count), FEWEST, MOST)))
    graph = graph_of(*nearest(points, neighbours, metric=metric))
    pairs = paired(graph, FINEST)
    for start in STARTS:
        resolution = start * count
        labels = finest = fewer = communities(graph, pairs, resolution)
        if int(fewer.max()) + 1 >= count:
            break
    while int(fewer.max()) + 1 > count:
        labels, resolution = fewer, resolution * STEP
        fewer = communities(graph, labels, resolution)
    return graph, fewer if int(fewer.max()) + 1 == count else labels, finest


def about_centres(points: Vectors, labels: Positions) -> Positions:
    """The partition `(n,)` by the nearest centre (Lloyd), where that explains far more than the ties do.

    Ties lead from point to point, and where the points hardly form groups, nowhere.
    """
    count, found = int(labels.max()) + 1, labels
    for _ in range(ROUNDS):
        means = centres(points, found)
        nearer = (np.einsum("ij,ij->i", means, means) - 2 * points @ means.T).argmin(axis=1)
        if (nearer == found).all() or len(np.unique(nearer)) < count:
            break
        found = nearer
    return found if explained(points, found) > GAIN * explained(points, labels) else labels


def explained(points: Vectors, labels: Positions) -> float:
    """The sum of the squared distances of the centres to the mean, each as often as it has members."""
    away = centres(points, labels) - points.mean(axis=0)
    return float(np.bincount(labels) @ np.einsum("ij,ij->i", away, away))


def halved(points: Vectors, labels: Positions, count: int) -> Positions:
    """The clusters of `labels` (n,), the widest halved until there are `count`; -1 stays -1."""
    parts = groups(labels)
    widest = [(-_spread(points[rows]), number) for number, rows in enumerate(parts)]
    heapq.heapify(widest)
    while len(parts) < count:
        number = heapq.heappop(widest)[1]
        rows = parts[number]
        if len(rows) > 1:
            second = _second_half(points[rows])
            parts[number] = rows[~second]
            parts.append(rows[second])
            for each in (number, len(parts) - 1):
                heapq.heappush(widest, (-_spread(points[parts[each]]), each))
    found = np.full(len(labels), -1)
    for number, rows in enumerate(parts):
        found[rows] = number
    return found


def groups(labels: Positions) -> list[Positions]:
    """The rows of each label from 0 on; those of -1 are in none."""
    order = np.argsort(labels, kind="stable")[int((labels < 0).sum()) :]
    return np.split(order, np.cumsum(np.bincount(labels[order]))[:-1])


def _spread(points: Vectors) -> float:
    away = points - points.mean(axis=0)
    return float(np.einsum("ij,ij->", away, away))


def _second_half(points: Vectors) -> NDArray[np.bool_]:
    """Which of two or more points belong to the second half: 2-means, begun across the widest direction."""
    away = points - points.mean(axis=0)
    axis = away[np.einsum("ij,ij->i", away, away).argmax()]
    for _ in range(ROUNDS):
        axis = away.T @ (away @ axis)
        axis = axis / (np.linalg.norm(axis) or 1.0)
    second: NDArray[np.bool_] = away @ axis > 0
    for _ in range(ROUNDS):
        if second.all() or not second.any():
            break
        one, other = away[~second].mean(axis=0), away[second].mean(axis=0)
        second = (away - (one + other) / 2) @ (other - one) > 0
    if second.all() or not second.any():  # copies
        return np.arange(len(points)) >= len(points) // 2
    return second
