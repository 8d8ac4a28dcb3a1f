"""Communities in a graph: groups of nodes with more ties among themselves than chance would give them.

What is maximised is modularity with a resolution g (Reichardt and Bornholdt 2006): for each community

    weight of the ties inside - g * (sum of degrees)^2 / (sum of all weights)

As in Louvain (Blondel et al. 2008) nodes move to the community that gains most, and communities merge while that gains;
but nodes decide a block at a time, and the start is a fine partition by heavy-edge matching (Karypis and Kumar 1998).
"""

from __future__ import annotations

import numpy as np

from knnife.geometry import Positions
from knnife.tools._clusters.graph import Graph, Weights, from_ties

ROUNDS = 8  # of pairing; those whose best is taken choose again
BLOCKS = 4  # nodes decide in so many groups, one after another: all at once they would swap places for ever
SWEEPS = 10  # at most; the last ones move almost nobody
SETTLED = 500  # when less than one node in so many moves, the others are left where they are


def paired(graph: Graph, at_most: int) -> Positions:
    """A fine partition `(n,)` into about `at_most` communities: partners become one node, again and again."""
    labels = np.arange(len(graph))
    while len(graph) > at_most:
        partner = _partners(graph)
        joined = np.unique(np.minimum(partner, np.arange(len(graph))), return_inverse=True)[1]
        count = int(joined.max()) + 1
        if count > 0.95 * len(graph):
            break
        labels = joined[labels]
        graph = from_ties(joined[graph.rows], joined[graph.columns], graph.weights / 2, count)
    return labels


def _partners(graph: Graph) -> Positions:
    """For each node the one it is paired with, or itself: two are paired when each is the other's best."""
    n = len(graph)
    partner = np.arange(n)
    worth = graph.weights / np.sqrt(graph.degrees[graph.rows] * graph.degrees[graph.columns])
    order = np.lexsort((-worth, graph.rows))  # stable: of equal ones the first node comes first
    rows, columns = graph.rows[order], graph.columns[order]
    for _ in range(ROUNDS):
        first = np.ones(len(rows), bool)
        first[1:] = rows[1:] != rows[:-1]
        best = np.full(n, -1)
        best[rows[first]] = columns[first]
        mutual = (best >= 0) & (best[best] == np.arange(n))
        partner[mutual] = best[mutual]
        free = ~mutual & (partner == np.arange(n))
        keep = free[rows] & free[columns]
        rows, columns = rows[keep], columns[keep]
        if not len(rows):
            break
    return partner


def between(graph: Graph, labels: Positions) -> Weights:
    """The weight between each two communities, and inside each (both ways): `(c, c)`."""
    count = int(labels.max()) + 1
    keys = labels[graph.rows] * count + labels[graph.columns]
    sums = np.bincount(keys, graph.weights, minlength=count * count)
    return sums.reshape(count, count).astype(np.float64)  # without any ties NumPy counts in integers


def modularity(graph: Graph, labels: Positions, resolution: float = 1.0) -> float:
    """The share of the weight inside communities, less what chance would put there times the resolution."""
    weights = between(graph, labels) / graph.total
    return float(np.trace(weights) - resolution * (weights.sum(axis=0) ** 2).sum())


def outward(graph: Graph, labels: Positions) -> float:
    """The weight of the ties that lead out of their community, as a share of what chance would put there."""
    weights = between(graph, labels) / graph.total
    return float((1 - np.trace(weights)) / max(1e-12, 1 - (weights.sum(axis=0) ** 2).sum()))


def communities(graph: Graph, labels: Positions, resolution: float) -> Positions:
    """From a partition `(n,)` to one of higher modularity, by moves and merges until neither gains."""
    labels = moved(graph, labels, resolution)
    while True:
        fewer = merged(graph, labels, resolution)
        if fewer.max() == labels.max():
            return labels
        labels = moved(graph, fewer, resolution)


def moved(graph: Graph, labels: Positions, resolution: float) -> Positions:
    """Nodes go where that gains most, until few move; communities that were left empty are gone."""
    labels = labels.copy()
    count = int(labels.max()) + 1
    degrees = np.bincount(labels, graph.degrees, minlength=count)  # of each community
    for _ in range(SWEEPS):
        moves = 0
        for first, last in graph.blocks(BLOCKS):
            own, mine = labels[first:last], graph.degrees[first:last]
            at = np.arange(last - first)
            gains = graph.ties(first, last, labels, count)
            gains -= (resolution / graph.total) * mine[:, None] * degrees
            gains[at, own] += resolution / graph.total * mine**2  # without itself
            best = gains.argmax(axis=1)
            better = gains[at, best] > gains[at, own] + 1e-12
            labels[first:last][better] = best[better]
            moves += int(better.sum())
            degrees = np.bincount(labels, graph.degrees, minlength=count)
        if moves * SETTLED <= len(graph):
            break
    return np.unique(labels, return_inverse=True)[1]


def merged(graph: Graph, labels: Positions, resolution: float) -> Positions:
    """The two communities whose union gains most become one, until no union gains."""
    weights = between(graph, labels) / graph.total
    degrees = weights.sum(axis=0)
    gains = weights - resolution * np.outer(degrees, degrees)
    np.fill_diagonal(gains, -np.inf)
    new = np.arange(len(degrees))
    while gains.size and (best := int(gains.argmax())) >= 0 and gains.flat[best] > 1e-12:
        a, b = divmod(best, len(degrees))
        new[new == b] = a
        gains[a] += gains[b]  # gains of unions add up
        gains[:, a] += gains[:, b]
        gains[a, a] = -np.inf
        gains[b], gains[:, b] = -np.inf, -np.inf
    return np.unique(new[labels], return_inverse=True)[1]
