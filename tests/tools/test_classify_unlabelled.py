"""Things without a label: they help where classes go on beyond the examples, and are left alone where they do not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.tools.test_classify import clouds

from knnife import Classifier, classify
from knnife.tools._classify import softmax
from knnife.tools._classify.calibration import calibration_error
from knnife.tools._classify.fitting import MOST, Unlabelled

FEW = 3  # examples of a class


def partly(codes: np.ndarray, few: int = FEW) -> list[int | None]:
    """Labels of the first few of each class."""
    order = np.argsort(codes, kind="stable")
    first = {row for code in np.unique(codes) for row in order[codes[order] == code][:few].tolist()}
    return [int(code) if row in first else None for row, code in enumerate(codes)]


def right(head: Classifier, asked: np.ndarray, truth: np.ndarray) -> float:
    return float(np.mean(np.array(head.predict(asked)) == truth))


def both(points: np.ndarray, labels: list[int | None], seed: int = 0) -> tuple[Classifier, Classifier]:
    """Learned from the labelled things alone, and from all."""
    known = [row for row, label in enumerate(labels) if label is not None]
    alone = Classifier.fit(points[known], [labels[row] for row in known], metric="euclidean", seed=seed)
    return alone, Classifier.fit(points, labels, metric="euclidean", seed=seed)


def test_classes_that_lie_in_heaps_are_told_better() -> None:
    """Three examples of each of 10 classes in 32 dimensions say little of where the heaps lie."""
    for seed in range(4):
        points, codes = clouds(800, 10, apart=0.7, seed=seed, dim=32)
        new, truth = clouds(1_000, 10, apart=0.7, seed=100 + seed, dim=32)
        alone, helped = both(points, partly(codes))
        assert helped.unlabelled == 800 - 10 * FEW
        assert right(helped, new, truth) > right(alone, new, truth) + 0.05
        assert calibration_error(helped.predict_proba(new), truth) < 0.12


@pytest.mark.parametrize("strange", [0.0, 4.0])
def test_things_of_no_class_do_no_harm(strange: float) -> None:
    """What lacks a label lies in one heap, amid the classes or elsewhere."""
    lost = []
    for seed in range(5):
        points, codes = clouds(60, 4, apart=0.8, seed=seed)
        new, truth = clouds(1_000, 4, apart=0.8, seed=100 + seed)
        others = np.random.default_rng(seed).standard_normal((500, 16)).astype(np.float32) + np.float32(strange)
        alone, head = both(np.vstack([points, others]), [*codes.tolist(), *[None] * 500])
        lost.append(right(alone, new, truth) - right(head, new, truth))
    assert np.mean(lost) < 0.01
    assert max(lost) < 0.03


def test_labels_that_say_nothing_gain_nothing_from_more_things() -> None:
    random = np.random.default_rng(0)
    points = random.standard_normal((600, 16)).astype(np.float32)
    labels = [*random.integers(2, size=100).tolist(), *[None] * 500]
    alone, head = both(points, labels)
    new = random.standard_normal((500, 16)).astype(np.float32)
    assert head.predict_proba(new).max(axis=1).mean() < alone.predict_proba(new).max(axis=1).mean() + 0.1


def test_with_one_example_of_each_class_nothing_tells_whether_they_help() -> None:
    points, codes = clouds(200, 4, apart=2)
    assert both(points, partly(codes, 1))[1].unlabelled == 0


def test_of_very_many_some_are_enough() -> None:
    points, codes = clouds(MOST + 1_000, 2, apart=0.7, dim=4)
    head = both(points, partly(codes, 20))[1]
    assert head.unlabelled == MOST


def test_the_same_seed_gives_the_same_head_and_no_batch_changes_it(tmp_path: Path) -> None:
    points, codes = clouds(500, 5, apart=0.7)
    labels = partly(codes)
    first, second = (both(points, labels, seed=3)[1] for _ in range(2))
    assert first.unlabelled
    assert np.array_equal(first.predict_proba(points), second.predict_proba(points))
    one_by_one = np.concatenate([first.predict_proba(row) for row in points[:20]])
    np.testing.assert_allclose(one_by_one, first.predict_proba(points)[:20], atol=1e-5)
    first.save(tmp_path / "head")
    again = Classifier.load(tmp_path / "head")
    assert again.unlabelled == first.unlabelled
    assert np.array_equal(again.predict_proba(points), first.predict_proba(points))


def test_the_things_that_lack_the_label_are_answered_and_the_reasons_are_examples() -> None:
    points, codes = clouds(500, 5, apart=0.7)
    labels = partly(codes)
    found = classify(points, labels=labels, metric="euclidean", none=0)
    assert found.positions.tolist() == [row for row, label in enumerate(labels) if label is None]
    assert all(labels[int(reason.id)] is not None for because in found.because for reason in because)
    asked = classify(points, points[found.positions], labels=labels, metric="euclidean", none=0)
    assert asked.labels == found.labels


def test_what_is_guessed_leans_toward_the_proportions_of_the_examples() -> None:
    """A head that answers nearly always the first class."""
    random = np.random.default_rng(0)
    features = random.standard_normal((400, 1)).astype(np.float32)
    weights = softmax.Weights(np.array([[1, -1]], np.float32), np.array([2, -2], np.float32))
    plain = softmax.softmax(weights.logits(features)).mean(axis=0)
    guessed = Unlabelled(features, 1.0)._guessed(weights, np.array([0.5, 0.5], np.float32))
    np.testing.assert_allclose(guessed.sum(axis=1), 1, atol=1e-5)
    assert 0.5 < guessed.mean(axis=0)[0] < plain[0] - 0.1
