"""The parts of clusters, each against a slow and obvious way to do the same."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from knnife.space import nearest
from knnife.tools._clusters.asked_number import about_centres, explained, groups, halved
from knnife.tools._clusters.cluster_tree import cut, leaves, merges
from knnife.tools._clusters.communities import between, communities, merged, modularity, moved, paired
from knnife.tools._clusters.graph import Graph, from_ties, graph_of
from knnife.tools._clusters.levels import adjusted_rand, recovered, silhouettes
from knnife.tools._clusters.names import PRIOR, log_odds, typical_words

SEEDS = st.integers(0, 10_000)


def random_graph(seed: int, n: int = 24) -> tuple[Graph, np.ndarray]:
    """A graph, and its weights as a matrix."""
    random = np.random.default_rng(seed)
    dense = np.triu((random.random((n, n)) < 0.25) * random.random((n, n)), 1)
    dense[np.arange(n - 1), np.arange(1, n)] += 0.01  # nobody is alone
    rows, columns = np.nonzero(dense)
    return from_ties(rows, columns, dense[rows, columns], n), dense + dense.T


def slow_modularity(dense: np.ndarray, labels: np.ndarray, resolution: float) -> float:
    """The double sum over nodes, as it is defined."""
    total, degrees = dense.sum(), dense.sum(axis=1)
    pairs = [
        dense[i, j] - resolution * degrees[i] * degrees[j] / total
        for i in range(len(dense))
        for j in range(len(dense))
        if labels[i] == labels[j]
    ]
    return sum(pairs) / total


@given(SEEDS, st.floats(0.1, 3))
@settings(max_examples=30)
def test_modularity_is_its_double_sum(seed: int, resolution: float) -> None:
    graph, dense = random_graph(seed)
    labels = np.unique(np.random.default_rng(seed).integers(0, 5, len(graph)), return_inverse=True)[1]
    assert modularity(graph, labels, resolution) == pytest.approx(slow_modularity(dense, labels, resolution))
    assert between(graph, labels).sum() == pytest.approx(graph.total)
    assert graph.ties(3, 9, labels, 5)[2, 1] == pytest.approx(dense[5, labels == 1].sum())


@given(SEEDS, st.floats(0.3, 2))
@settings(max_examples=30)
def test_moves_and_merges_gain_until_none_does(seed: int, resolution: float) -> None:
    graph, dense = random_graph(seed)
    start = paired(graph, 12)
    found = communities(graph, start, resolution)
    best = slow_modularity(dense, found, resolution)
    assert best >= slow_modularity(dense, start, resolution) - 1e-9
    for a in range(found.max() + 1):
        for b in range(a):
            assert slow_modularity(dense, np.where(found == a, b, found), resolution) <= best + 1e-9
    assert len(np.unique(moved(graph, found, resolution))) == moved(graph, found, resolution).max() + 1
    assert merged(graph, found, resolution).max() == found.max()


def test_a_ring_of_cliques_is_its_cliques() -> None:
    """The best partition is known (Fortunato and Barthelemy 2007); at a low resolution, neighbours merge."""
    cliques, size = 10, 6
    pairs = [(c * size + i, c * size + j) for c in range(cliques) for i in range(size) for j in range(i)]
    pairs += [(c * size, (c + 1) % cliques * size + 1) for c in range(cliques)]
    rows, columns = np.array(pairs).T
    graph = from_ties(rows, columns, np.ones(len(rows)), cliques * size)
    truth = np.repeat(np.arange(cliques), size)
    assert adjusted_rand(truth, communities(graph, paired(graph, 30), 1.0)) == 1
    assert communities(graph, truth, 0.1).max() + 1 < cliques


def test_ties_go_both_ways_and_fall_with_distance() -> None:
    points = np.random.default_rng(0).standard_normal((60, 3)).astype(np.float32)
    rows, similarities = nearest(points, 5, metric="euclidean")
    graph = graph_of(rows, similarities)
    dense = np.zeros((60, 60))
    for i in range(60):
        distances = np.linalg.norm(points - points[i], axis=1)
        order = [j for j in np.argsort(distances) if j != i][:5]
        beyond = distances[order] - distances[order[0]]
        for j, far in zip(order, beyond, strict=True):
            weight = math.exp(-far / beyond.mean())
            dense[i, j] += weight
            dense[j, i] += weight
    built = np.zeros((60, 60))
    built[graph.rows, graph.columns] = graph.weights
    assert built == pytest.approx(dense, abs=1e-4)
    assert graph.degrees == pytest.approx(dense.sum(axis=1), abs=1e-3)


def test_silhouettes_are_those_of_all_pairs() -> None:
    random = np.random.default_rng(0)
    points = random.standard_normal((40, 3)).astype(np.float32)
    labels = np.concatenate([np.repeat([0, 1, 2], 13), [3]])
    squares = ((points[:, None] - points) ** 2).sum(axis=2)
    expected = []
    for i, own in enumerate(labels):
        inside = (labels == own) & (np.arange(40) != i)
        a = squares[i, inside].mean() if inside.any() else 0
        b = min(squares[i, labels == other].mean() for other in set(labels) - {own})
        expected.append((b - a) / max(a, b) if inside.any() else 0)
    assert silhouettes(points, labels) == pytest.approx(expected, abs=1e-5)


@given(SEEDS)
@settings(max_examples=30)
def test_agreement_counts_pairs(seed: int) -> None:
    random = np.random.default_rng(seed)
    a, b = (np.unique(random.integers(0, 4, 20), return_inverse=True)[1] for _ in range(2))
    together = [[x[i] == x[j] for i in range(20) for j in range(i)] for x in (a, b)]
    one, other = map(np.array, together)
    expected, most = one.sum() * other.sum() / len(one), (one.sum() + other.sum()) / 2
    assert adjusted_rand(a, b) == pytest.approx(((one & other).sum() - expected) / (most - expected))
    assert adjusted_rand(a, a) == 1
    assert recovered(a, a).tolist() == [1] * (a.max() + 1)
    first = [len(set(np.flatnonzero(a == 0)) & set(np.flatnonzero(b == j))) for j in range(b.max() + 1)]
    union = [len(set(np.flatnonzero(a == 0)) | set(np.flatnonzero(b == j))) for j in range(b.max() + 1)]
    assert recovered(a, b)[0] == pytest.approx(max(x / y for x, y in zip(first, union, strict=True)))


@given(SEEDS)
@settings(max_examples=30)
def test_a_tree_keeps_the_chosen_partition(seed: int) -> None:
    graph, _ = random_graph(seed, 40)
    chosen, finest = communities(graph, paired(graph, 12), 0.7), paired(graph, 20)
    fine = leaves(graph, chosen, finest, least=2)
    parents = np.zeros(fine.max() + 1, np.int64)
    parents[fine] = chosen
    assert (parents[fine] == chosen).all()  # no leaf is in two clusters
    order = merges(graph, fine, parents)
    assert len(order) == fine.max()
    assert adjusted_rand(cut(fine, order, chosen.max() + 1), chosen) == 1
    assert len(np.unique(cut(fine, order, 1))) == 1


@given(SEEDS, st.integers(1, 30))
@settings(max_examples=30)
def test_halves_lie_inside_what_was_halved(seed: int, count: int) -> None:
    random = np.random.default_rng(seed)
    points = random.integers(0, 3, (30, 2)).astype(np.float32)  # copies among them
    labels = np.unique(random.integers(0, 3, 30), return_inverse=True)[1]
    found = halved(points, labels, count)
    assert found.max() + 1 == max(count, labels.max() + 1)
    assert all(len(rows) for rows in groups(found))
    assert all(len(set(labels[rows])) == 1 for rows in groups(found))
    stray = halved(points, np.where(np.arange(30) < 2, -1, labels), count if count <= 28 else 28)
    assert (stray[:2] == -1).all()


def test_centres_take_over_where_ties_lead_nowhere() -> None:
    points = np.random.default_rng(0).random((400, 2)).astype(np.float32)
    anyhow = np.arange(400) % 4
    assert explained(points, about_centres(points, anyhow)) > 10 * explained(points, anyhow)
    sides = (points[:, 0] > 0.5).astype(np.int64)  # nearly as good as halves can be
    assert (about_centres(points, sides) == sides).all()


def test_words_in_every_group_name_none() -> None:
    counts = np.array([[50, 40, 0, 3], [50, 0, 40, 3]], float)
    scores = log_odds(counts)
    assert scores[0, 0] == pytest.approx(0, abs=1e-9)
    assert scores[0, 3] == pytest.approx(0, abs=1e-9)
    assert scores[0].argmax() == 1
    assert scores[1].argmax() == 2
    prior = PRIOR * counts.sum(axis=0) / counts.sum()  # by hand, for one word
    y, n, z, m = 40 + prior[1], 93 + PRIOR, 0 + prior[1], 93 + PRIOR
    expected = (math.log(y / (n - y)) - math.log(z / (m - z))) / math.sqrt(1 / y + 1 / z)
    assert scores[0, 1] == pytest.approx(expected)


def test_names_leave_out_what_is_rare_or_common() -> None:
    texts = ["The goal of the match"] * 30 + ["The vote of parliament"] * 30 + ["The goals xyzzy"]
    labels = np.array([0] * 30 + [1] * 30 + [-1])
    assert typical_words(texts, labels, 3) == [["goal", "match"], ["parliament", "vote"]]
