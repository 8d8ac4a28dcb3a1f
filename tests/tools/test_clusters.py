"""Clusters: known geometry, real news, the same answer from the same seed, and what is refused."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from tests.conftest import shared

from knnife import BadInput, Space, Thing, clusters, load_encoder
from knnife.tools._clusters.levels import adjusted_rand
from knnife.tools.clusters import Clusters


def blobs(count: int, each: int, dim: int, apart: float = 9, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Gaussian groups of different widths around centres equally far from each other: points, and the group of each."""
    random = np.random.default_rng(seed)
    groups = np.repeat(np.arange(count), each)
    centres = 2 * apart * np.eye(dim)[:count]
    widths = np.linspace(0.5, 2, count)[groups, None]
    return centres[groups] + widths * random.standard_normal((len(groups), dim)), groups


def agreement(found: Clusters, groups: np.ndarray) -> float:
    return adjusted_rand(found.labels + 1, np.asarray(groups))


@pytest.mark.parametrize(("count", "each", "dim"), [(3, 60, 4), (5, 120, 8), (8, 100, 30)])
def test_separate_groups_are_found_without_their_number(count: int, each: int, dim: int) -> None:
    points, groups = blobs(count, each, dim)
    found = clusters(points, metric="euclidean")
    assert len(found) == count
    assert agreement(found, groups) > 0.98
    assert found.sizes.sum() + len(found.outliers) == len(points)
    assert (found.cohesion > 0.6).all()
    assert found.stability.mean() > 0.9


@pytest.mark.parametrize(
    ("shape", "dim"),
    [("normal", 2), ("normal", 10), ("normal", 60), ("uniform", 2), ("uniform", 3), ("uniform", 10), ("uniform", 60)],
)
def test_points_without_groups_are_one_cluster(shape: str, dim: int) -> None:
    random = np.random.default_rng(1)
    points = random.standard_normal((700, dim)) if shape == "normal" else random.random((700, dim))
    found = clusters(points, metric="euclidean")
    assert len(found) == 1
    assert found.levels == (1,)
    assert len(found.outliers) <= 7


def test_points_far_from_everything_are_outliers() -> None:
    points, _ = blobs(3, 150, 4)
    strays = 200 * np.eye(4)
    found = clusters(np.vstack([points, strays]), metric="euclidean")
    assert set(found.outliers.tolist()) >= {450, 451, 452, 453}
    assert len(found.outliers) < 4 + 9
    assert len(found) == 3
    assert [row["cluster"] for row in found.things()][-4:] == [None] * 4


def test_the_same_seed_gives_the_same_answer_and_order_does_not_matter() -> None:
    points, _ = blobs(4, 80, 6, apart=3)
    one, two = (clusters(points, metric="euclidean", seed=3) for _ in range(2))
    assert one.labels.tolist() == two.labels.tolist()
    assert list(one.rows()) == list(two.rows())
    shuffled = np.random.default_rng(0).permutation(len(points))
    other = clusters(points[shuffled], metric="euclidean", seed=5)
    assert adjusted_rand(one.labels[shuffled] + 1, other.labels + 1) > 0.97


def test_most_filled_squares_are_one_cluster_and_none_falls_apart() -> None:
    counts = [
        len(clusters(np.random.default_rng(seed).random((500, 2)), metric="euclidean", seed=seed)) for seed in range(8)
    ]
    assert counts.count(1) >= 6
    assert max(counts) <= 3


def test_progress_goes_up_to_the_end() -> None:
    told: list[tuple[int, float | None]] = []
    points = blobs(3, 60, 4)[0]
    clusters(points, metric="euclidean", progress=lambda done, share: told.append((done, share)))
    shares = [share for _, share in told]
    assert len(told) > 3
    assert shares == sorted(shares)
    assert told[-1] == (180, 1.0)
    assert all(done == round(180 * share) for done, share in told)


def test_clusters_form_a_tree() -> None:
    found = clusters(blobs(6, 12, 6)[0], metric="euclidean")
    assert found.cut(1).sizes.sum() == len(found.labels) - len(found.outliers)
    finer = found.cut(found.finest)
    for count in range(found.finest - 1, 0, -1):
        coarser = found.cut(count)
        assert len(coarser) == count
        assert coarser.sizes.tolist() == sorted(coarser.sizes.tolist(), reverse=True)
        for label in range(len(finer)):  # each lies wholly inside one
            assert len(set(coarser.labels[finer.labels == label].tolist())) == 1
        finer = coarser
    assert found.cut(len(found)).labels.tolist() == found.labels.tolist()
    assert len(found) in found.levels


def test_who_knows_the_number_gets_it() -> None:
    points, groups = blobs(6, 60, 6)
    for count in (1, 2, 6, 8):
        assert len(clusters(points, metric="euclidean", about=count)) == count
    assert agreement(clusters(points, metric="euclidean", about=6), groups) > 0.98


def test_any_number_can_be_asked_for() -> None:
    points = np.vstack([blobs(3, 20, 4)[0], np.zeros((10, 4))])  # and copies
    for count in (1, 5, 40, 70):
        found = clusters(points, metric="euclidean", about=count, least=2)
        assert len(found) == count
        assert (found.sizes > 0).all()
        assert len(clusters(points, metric="euclidean").cut(min(count, 60))) == min(count, 60)
    assert len(clusters(np.eye(3), about=2)) == 2
    assert (
        len(clusters(np.random.default_rng(0).random((300, 2)), metric="euclidean", about=4)) == 4
    )  # of shapeless points


def test_many_small_groups_are_found_with_and_without_their_number() -> None:
    random = np.random.default_rng(3)
    groups = np.repeat(np.arange(60), 20)
    points = 2 * random.standard_normal((60, 16))[groups] + random.standard_normal((1200, 16))
    for found in (clusters(points, metric="euclidean"), clusters(points, metric="euclidean", about=60)):
        assert 55 <= len(found) <= 65
        assert agreement(found, groups) > 0.9


def test_texts_are_named_by_their_words(tmp_path: Path) -> None:
    subjects = {
        "sea": ["ship", "harbour", "sailor", "waves", "anchor"],
        "food": ["bread", "kitchen", "butter", "oven", "recipe"],
        "law": ["judge", "court", "lawyer", "verdict", "trial"],
    }
    random = np.random.default_rng(0)
    things = [
        Thing(f"{subject}-{i}", "the " + " and the ".join(random.permutation(words)[:3]))
        for i in range(40)
        for subject, words in subjects.items()
    ]
    with Space.open(tmp_path / "s.knnife") as space:
        space.add(things)
        found = clusters(space)
        assert len(clusters(space, where={"id": "sea-1"}).ids) == 1
    assert len(found) == 3
    for row in found.rows():
        (subject,) = {id.split("-")[0] for id in row["central"]}
        assert set(row["words"]) <= set(subjects[subject])
        assert row["name"] == ", ".join(row["words"])
        members = {id for id, label in zip(found.ids, found.labels, strict=True) if label == row["cluster"]}
        assert members <= {thing.id for thing in things if thing.id and thing.id.startswith(subject)}
    assert clusters(things).labels.tolist() == found.labels.tolist()


def test_without_texts_clusters_are_named_by_what_is_in_their_middle() -> None:
    points = np.vstack([np.arange(-20, 21)[:, None] * [0.1, 0], np.arange(-20, 21)[:, None] * [0.1, 0] + [0, 50]])
    found = clusters(points, metric="euclidean")
    assert [row["central"][0] for row in found.rows()] == ["20", "61"]
    assert found.names[0].startswith("20, ")
    assert list(found.words) == [[], []]


def test_of_many_points_the_others_join_those_that_were_looked_at() -> None:
    points, groups = blobs(5, 1000, 6)
    found = clusters(points, metric="euclidean", looked_at=600)
    assert len(found) == 5
    assert agreement(found, groups) > 0.98


@pytest.mark.parametrize("metric", ["cosine", "dot", "euclidean", "manhattan"])
def test_every_metric_finds_groups(metric: str) -> None:
    points, groups = blobs(4, 80, 8)
    found = clusters(points, metric=metric)
    assert len(found) == 4
    assert agreement(found, groups) > 0.95


def test_news_fall_into_their_sections_whatever_the_seed() -> None:
    with gzip.open(shared("films_news/bbc-news.jsonl.gz"), "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines][::3]
    texts = [row["title"] + ". " + row["text"] for row in rows]
    found = clusters(texts)
    groups = np.unique([row["label"] for row in rows], return_inverse=True)[1]
    assert agreement(found, groups) > 0.8
    assert adjusted_rand(found.labels + 1, clusters(texts, seed=1).labels + 1) > 0.9
    words = {word for row in found.rows() for word in row["words"]}
    assert words & {"film", "films"}
    assert not words & {"the", "and", "of", "said"}


def test_copies_and_constant_columns_are_no_obstacle() -> None:
    copies = np.repeat(np.eye(4), 30, axis=0)
    assert clusters(copies, metric="euclidean").sizes.tolist() == [30] * 4
    same = clusters(np.ones((200, 3)))
    assert (len(same), same.sizes.tolist(), same.outliers.tolist()) == (1, [200], [])
    points, groups = blobs(3, 80, 4)
    constant = np.hstack([points, np.full((len(points), 2), 7.0)])
    assert agreement(clusters(constant, metric="euclidean"), groups) > 0.98


@given(st.integers(1, 30), st.integers(1, 4), st.integers(0, 5))
@settings(max_examples=25)
def test_few_points_are_answered_whatever_they_are(n: int, dim: int, seed: int) -> None:
    points = np.random.default_rng(seed).integers(-3, 4, (n, dim)).astype(np.float32)
    found = clusters(points, metric="euclidean")
    assert len(found.labels) == n
    assert len(found) >= 1
    assert found.sizes.sum() + len(found.outliers) == n
    assert len(list(found.rows())) == len(found)
    assert len(list(found.things())) == n


@pytest.mark.parametrize(
    ("given", "options", "part"),
    [
        (np.empty((0, 3)), {}, "nothing to cluster"),
        ([], {}, "nothing to cluster"),
        (np.array([[1.0, np.nan]]), {}, "NaN"),
        (np.eye(3), {"about": 4}, "3 of 3 things are in clusters"),
        (np.eye(3), {"about": 0}, "about is 0"),
        (np.eye(3), {"least": 1}, "least is 1"),
        (np.eye(3), {"looked_at": 10}, "looked_at is 10"),
        (blobs(3, 50, 4)[0], {"about": 151}, "no more than"),
    ],
)
def test_what_cannot_be_clustered_is_refused(given: object, options: dict, part: str) -> None:
    with pytest.raises(BadInput, match=part):
        clusters(given, **options)


def test_a_cut_that_is_not_there_is_refused() -> None:
    found = clusters(blobs(3, 50, 4)[0])
    for count in (0, found.finest + 1):
        with pytest.raises(BadInput, match=f"from 1 to {found.finest}"):
            found.cut(count)


def test_an_empty_space_is_refused(tmp_path: Path) -> None:
    with Space.open(tmp_path / "s.knnife", load_encoder("english")) as space, pytest.raises(BadInput, match="nothing"):
        clusters(space)
