"""The parts of `classify`, each against a slow obvious oracle or what is known by hand."""

from __future__ import annotations

import numpy as np
import pytest
from tests.tools.test_classify import clouds

from knnife import Classifier
from knnife.errors import BadInput
from knnife.tools._classify.calibration import calibration_error, sharpness
from knnife.tools._classify.deciding import suspects
from knnife.tools._classify.fitting import Lesson, held_out
from knnife.tools._classify.names import texts_of, worded
from knnife.tools._classify.nystrom import Nystrom
from knnife.tools._classify.ridge import PENALTY, Ridge
from knnife.tools._classify.softmax import fit, shares, softmax


def loss(where: np.ndarray, points: np.ndarray, codes: np.ndarray, penalty: float) -> float:
    """What `fit` minimises, as it is written down."""
    total = 0.0
    for point, code in zip(points, codes, strict=True):
        logits = point @ where[:-1] + where[-1]
        total -= logits[code] - np.log(np.exp(logits).sum())
    return float(total + penalty / 2 * (where**2).sum())


@pytest.mark.parametrize("penalty", [0.03, 0.3, 3.0])
def test_no_small_step_from_the_weights_lowers_the_loss(penalty: float) -> None:
    points, codes = clouds(60, 3, apart=0.5, dim=5)
    found = fit(points, shares(codes, 3), penalty=penalty)
    best = np.vstack([found.slope, found.intercept]).astype(np.float64)
    least = loss(best, points, codes, penalty)
    random = np.random.default_rng(0)
    others = [loss(best + size * random.standard_normal(best.shape), points, codes, penalty) for size in [0.03] * 50]
    assert least < min(others)
    plain = np.zeros_like(best)  # gradient descent, by differences, slowly to the same place
    for _ in range(400):
        logits = points @ plain[:-1] + plain[-1]
        wrong = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        wrong[np.arange(60), codes] -= 1
        plain -= 0.02 * (np.vstack([points.T @ wrong, wrong.sum(axis=0)]) + penalty * plain)
    assert least == pytest.approx(loss(plain, points, codes, penalty), rel=5e-3)


def test_a_start_close_by_leads_to_the_same_weights() -> None:
    points, codes = clouds(200, 3, apart=1)
    cold = fit(points, shares(codes, 3), penalty=0.1)
    start = fit(points[:150], shares(codes[:150], 3), penalty=0.3)
    warm = fit(points, shares(codes, 3), penalty=0.1, start=start)
    np.testing.assert_allclose(softmax(cold.logits(points)), softmax(warm.logits(points)), atol=0.05)


def test_softmax_survives_huge_logits() -> None:
    found = softmax(np.array([[1e4, -1e4, 0], [1, 1, 1]], np.float32))
    np.testing.assert_allclose(found, [[1, 0, 0], [1 / 3] * 3], atol=1e-6)


def test_products_of_features_are_the_kernel_where_all_points_are_landmarks() -> None:
    points, _ = clouds(50, 3, apart=0.1, dim=4)
    features = Nystrom.of(points, seed=0).features(points)
    squares = ((points[:, None] - points[None]) ** 2).sum(axis=2)
    np.testing.assert_allclose(features @ features.T, np.exp(-squares / 2), atol=5e-3)


def test_held_out_examples_were_not_seen() -> None:
    """Labels by chance cannot be told: a head that had seen them would be right nearly always."""
    random = np.random.default_rng(0)
    points, codes = random.standard_normal((300, 300)).astype(np.float32), random.integers(2, size=300)
    lesson = Lesson(points, codes, 300, 2)
    seen = held_out(lesson, [0.03], None, seed=0)
    assert seen is not None
    assert sorted(seen.rows) == list(range(300))
    assert 0.35 < np.mean(seen.logits[0].argmax(axis=1) == codes[seen.rows]) < 0.65  # 5 standard errors
    assert np.mean(lesson.weights(np.arange(300), 0.03).logits(points).argmax(axis=1) == codes) > 0.9


def test_a_class_of_one_example_is_not_judged_without_it() -> None:
    points, codes = clouds(20, 2, apart=1)
    codes[0] = 2
    seen = held_out(Lesson(points, codes, 20, 3), [0.1], None, seed=0)
    assert seen is not None
    assert sorted(seen.rows) == list(range(1, 20))


def test_sharpness_undoes_a_scale() -> None:
    """Classes are drawn by the probabilities of logits, which are then made four times too small."""
    random = np.random.default_rng(0)
    logits = 2 * random.standard_normal((4_000, 3))
    codes = (softmax(logits).cumsum(axis=1) < random.random((4_000, 1))).sum(axis=1)
    assert sharpness((logits / 4).astype(np.float32), codes).value == pytest.approx(4, rel=0.15)
    sure = sharpness(np.array([[1, 0]] * 50, np.float32), np.zeros(50, np.int64)).value
    assert 3 < sure < 10  # 50 of 50 right is no certainty


def test_calibration_error_by_hand() -> None:
    probabilities = np.array([[0.8, 0.2]] * 5 + [[0.45, 0.55]] * 5)
    codes = np.array([0, 0, 0, 0, 1, 1, 1, 1, 1, 1])  # 4 of 5 where 0.8 is said, 5 of 5 where 0.55 is
    assert calibration_error(probabilities, codes) == pytest.approx(0.45 / 2)


def test_p_values_of_what_belongs_are_uniform() -> None:
    """A share of p has a value of at most p, whatever p is: on average over new things and sets of examples."""
    values = []
    for seed in range(40):
        points, codes = clouds(130, 2, apart=1, seed=seed)
        values.append(Classifier.fit(points[:100], codes[:100], metric="euclidean").fits(points[100:]))
    for p in (0.05, 0.2, 0.5):
        assert np.mean(np.concatenate(values) <= p) == pytest.approx(p, abs=0.04)


def test_what_is_said_of_an_example_left_out_is_what_is_learned_without_it_and_its_copies() -> None:
    """Against fits without it; example 7 is there three times, once with another label."""
    points, codes = clouds(40, 3, apart=1, dim=6)
    points, codes = np.vstack([points, points[[7, 7]]]), np.r_[codes, codes[7], (codes[7] + 1) % 3]
    found = Ridge.of(points, codes, 3).left_out(np.array([0, 7, 40]))
    for row, copies, at in ((0, [0], 0), (7, [7, 40, 41], 1), (7, [7, 40, 41], 2)):
        others = np.setdiff1d(np.arange(42), copies)
        if row == 0:  # the copies of the other one count once, as a mean of their labels
            others = np.setdiff1d(others, [40, 41])
        given = shares(codes, 3)
        given[7] = given[[7, 40, 41]].mean(axis=0)
        x, y = points[others].astype(np.float64), given[others]
        slope = np.linalg.solve(x.T @ x + PENALTY * np.eye(6), x.T @ y)
        np.testing.assert_allclose(found[at], points[row] @ slope, atol=1e-4)


def test_suspects_are_those_that_confident_learning_names() -> None:
    probabilities = np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.65, 0.35], [0.3, 0.7], [0.2, 0.8]])
    codes = np.array([0, 0, 0, 1, 1, 1])
    # Usual is (0.9 + 0.8 + 0.1) / 3 = 0.6 for class 0 and (0.35 + 0.7 + 0.8) / 3 = 0.62 for class 1
    assert suspects(probabilities, codes).tolist() == [False, False, True, True, False, False]


@pytest.mark.parametrize(
    ("label", "text"),
    [
        ("card_arrival", "card arrival"),
        ("CashWithdrawal", "Cash Withdrawal"),
        ("a.b-c/d", "a b c d"),
        ("_", "_"),
        (7, "7"),
    ],
)
def test_labels_are_worded(label: object, text: str) -> None:
    assert worded(label) == text


def test_a_description_stands_beside_the_name() -> None:
    assert texts_of(["a", "b_c"], {"a": "the first"}) == ["a: the first", "b c"]
    with pytest.raises(BadInput, match="both mean"):
        texts_of(["A", "a"], {})
