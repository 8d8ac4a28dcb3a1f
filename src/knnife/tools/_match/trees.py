"""Boosted trees: many small trees, each of which mends what those before it got wrong.

Gradient boosting for the logistic loss with Newton steps: Friedman, "Greedy function approximation: a gradient boosting
machine" (2001); Chen and Guestrin, "XGBoost: a scalable tree boosting system" (2016), also for missing values. All
trees have DEPTH levels, so that a forest is four arrays and a prediction is indexing.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from knnife.tools._match.bags import Numbers

Bins = NDArray[np.intp]

DEPTH = 3
SPLITS, LEAVES = 2**DEPTH - 1, 2**DEPTH
TREES = 120
BINS = 32  # values that are told apart of a measure; as many more stand for those that are missing: 1
STEP = 0.08  # what is believed of each tree
RIDGE = 2.0  # added to the curvature of each leaf: small leaves say little
LEAST = 1.0  # curvature on either side of a split
SHARE, FEWEST = 0.4, 4  # of the measures, drawn anew for each tree, which makes trees differ; and how many at least
ROWS = 0.7  # of the pairs, likewise
MOST = 20_000  # pairs that a tree learns from


class Forest(NamedTuple):
    """t trees: at each split the measure that is asked `(t, SPLITS)`, the value from which on it goes right, whether
    it goes right where it is missing, and what each leaf adds to the log-odds `(t, LEAVES)`.
    """

    measure: NDArray[np.int64]
    value: Numbers
    missing_right: NDArray[np.bool_]
    leaves: Numbers

    @classmethod
    def fit(cls, measures: Numbers, start: Numbers, labels: Numbers, random: np.random.Generator) -> Forest:
        """Learns to add to `start` (m,), log-odds, what the labels `(m,)`, 0 or 1, ask for; measures `(m, f)`."""
        edges = np.stack([_edges(column) for column in measures.T], axis=1)  # (BINS - 1, f)
        binned = [np.searchsorted(edge, column, "right") for edge, column in zip(edges.T, measures.T, strict=True)]
        bins = np.where(np.isnan(measures), BINS, np.stack(binned, axis=1))
        logits, trees = start.copy(), []
        for _ in range(TREES):
            rows = random.permutation(len(labels))[: min(MOST, max(2, round(ROWS * len(labels))))]
            columns = np.sort(random.permutation(bins.shape[1])[: max(FEWEST, round(SHARE * bins.shape[1]))])
            chance = 1 / (1 + np.exp(-logits[rows]))
            tree = _grow(bins[np.ix_(rows, columns)], chance - labels[rows], chance * (1 - chance))
            split, cut, right, leaves = tree
            forest = cls(columns[split][None], edges[cut, columns[split]][None], right[None], STEP * leaves[None])
            logits += forest.log_odds(measures)
            trees.append(forest)
        return cls(*(np.concatenate(parts) for parts in zip(*trees, strict=True)))

    def log_odds(self, measures: Numbers) -> Numbers:
        """What the trees add to the log-odds of pairs with these measures `(m, f)`: `(m,)`."""
        found, rows = np.zeros(len(measures)), np.arange(len(measures))
        for measure, value, missing_right, leaves in zip(*self, strict=True):
            node = np.zeros(len(measures), np.int64)
            for _ in range(DEPTH):
                asked = measures[rows, measure[node]]
                right = np.where(np.isnan(asked), missing_right[node], asked >= value[node])
                node = 2 * node + 1 + right
            found += leaves[node - SPLITS]
        return found


def _edges(column: Numbers) -> Numbers:
    """The values from which on the next bin begins `(BINS - 1,)`."""
    there = column[~np.isnan(column)]
    if not len(there):
        return np.zeros(BINS - 1)
    return np.quantile(there, np.arange(1, BINS) / BINS)


def _grow(
    bins: Bins, slopes: Numbers, curves: Numbers
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_], Numbers]:
    """One tree for pairs in bins `(m, c)`: column, bin and side of what is missing at each split; the leaves."""
    column, cut, right = np.zeros(SPLITS, np.int64), np.zeros(SPLITS, np.int64), np.zeros(SPLITS, np.bool_)
    node, rows = np.zeros(len(bins), np.int64), np.arange(len(bins))
    for depth in range(DEPTH):
        first = 2**depth - 1
        here = slice(first, first + 2**depth)
        column[here], cut[here], right[here] = _best(bins, node - first, slopes, curves, 2**depth)
        asked = bins[rows, column[node]]
        goes = np.where(asked == BINS, right[node], asked > cut[node])
        node = 2 * node + 1 + goes
    leaf = node - SPLITS
    return column, cut, right, -np.bincount(leaf, slopes, LEAVES) / (np.bincount(leaf, curves, LEAVES) + RIDGE)


def _best(
    bins: Bins, node: Bins, slopes: Numbers, curves: Numbers, nodes: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """The best split of each of the nodes, of which every pair is in one `(m,)`."""
    columns = bins.shape[1]
    places = ((node[:, None] * columns + np.arange(columns)) * (BINS + 1) + bins).ravel()
    size = nodes * columns * (BINS + 1)

    def sums(values: Numbers) -> Numbers:
        total = np.bincount(places, np.repeat(values, columns), size).astype(np.float64)
        return total.reshape(nodes, columns, BINS + 1)

    gains = []
    slope, curve = sums(slopes), sums(curves)
    all_slope, all_curve = slope.sum(axis=2, keepdims=True), curve.sum(axis=2, keepdims=True)
    for missing in (slope[..., -1:], curve[..., -1:]), (np.zeros(1), np.zeros(1)):  # on the left, on the right
        left_slope = np.cumsum(slope[..., : BINS - 1], axis=2) + missing[0]
        left_curve = np.cumsum(curve[..., : BINS - 1], axis=2) + missing[1]
        gain = left_slope**2 / (left_curve + RIDGE)
        gain += (all_slope - left_slope) ** 2 / (all_curve - left_curve + RIDGE)
        gain[(left_curve < LEAST) | (all_curve - left_curve < LEAST)] = -np.inf
        gains.append(gain)
    best = np.stack(gains, axis=1).reshape(nodes, -1).argmax(axis=1)  # of (2, columns, BINS - 1)
    side, rest = np.divmod(best, columns * (BINS - 1))
    column, cut = np.divmod(rest, BINS - 1)
    return column, cut, side == 1
