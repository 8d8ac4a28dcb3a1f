"""From one partition to a tree: its clusters split into finer ones, and merged into coarser ones, each inside the next.

Two clusters merge when their ties are the most for their size: weight between / product of degrees. That ratio is the
resolution at which modularity would merge them.
"""

from __future__ import annotations

import numpy as np

from knnife.geometry import Positions
from knnife.tools._clusters.communities import between
from knnife.tools._clusters.graph import Graph, Weights

Merges = tuple[tuple[int, int], ...]


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
        ratio = _ratio(weights, degrees, alive)
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


def _ratio(weights: Weights, degrees: Weights, alive: Positions) -> Weights:
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
