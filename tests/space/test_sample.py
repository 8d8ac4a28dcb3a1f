"""What a tool is asked about is the same, wherever it comes from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.toys import Lengths, Letters

from knnife import BadInput, EncoderMismatch, Space, Thing
from knnife.geometry import similarity, top_k
from knnife.space import Sample, comparable, nearest, sample


def test_a_space_gives_its_things_and_vectors_in_the_order_of_their_arrival(words: Space, letters: Letters) -> None:
    found = sample(words)
    assert found.ids == ["cab", "bad", "dad", "face", "egg", "high"]
    assert np.array_equal(found.vectors, letters.encode(found.texts or []))
    assert found.fingerprint == letters.fingerprint
    assert found.encoder is letters


def test_a_filter_leaves_only_what_it_matches(words: Space) -> None:
    assert sample(words, where="size = 4").ids == ["face", "high"]


def test_an_array_has_numbers_for_ids_and_no_encoder() -> None:
    found = sample([[1.0, 0.0], [0.0, 2.0]])
    assert found.ids == ["0", "1"]
    assert found.texts is None
    assert found.parts == {}
    with pytest.raises(BadInput, match="brought along"):
        _ = found.encoder


def test_texts_are_encoded(letters: Letters) -> None:
    found = sample(["bad", "egg"], encoder=letters)
    assert np.array_equal(found.vectors, letters.encode(["bad", "egg"]))
    assert found.texts == ["bad", "egg"]


def test_things_may_bring_their_vectors() -> None:
    found = sample([Thing("a", None, vector=[1, 2]), Thing("b", None, vector=[3, 4])])
    assert found.ids == ["a", "b"]
    assert found.vectors.tolist() == [[1, 2], [3, 4]]


def test_points_have_length_1_where_the_metric_is_the_cosine() -> None:
    assert np.allclose(sample([[3.0, 4.0]]).points, [[0.6, 0.8]])
    assert np.allclose(sample([[3.0, 4.0]], metric="euclidean").points, [[3, 4]])


@pytest.mark.parametrize("rows", [[2, 0], np.array([False, False, True])])
def test_some_can_be_taken_by_position_or_by_mask(rows: object) -> None:
    found = sample([[1.0], [2.0], [3.0]]).take(rows)
    assert found.vectors[0, 0] == 3
    assert found.ids[0] == "2"


@pytest.mark.filterwarnings("ignore:.* is new and empty")
def test_an_empty_space_is_an_empty_sample(tmp_path: Path) -> None:
    with Space.open(tmp_path / "empty.knnife") as space:
        assert len(sample(space)) == 0


@pytest.mark.parametrize(
    ("given", "options", "message"),
    [
        ([[1.0, np.nan]], {}, "NaN"),
        ([1, 2], {}, "row 1: expected a text"),
        (5, {}, "int"),
        ([[1.0]], {"where": "a = 1"}, "for spaces"),
        ([[1.0]], {"metric": "dance"}, "expected one of cosine, dot"),
    ],
)
def test_what_cannot_be_used_is_refused(given: object, options: dict[str, str], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        sample(given, **options)


def test_vectors_of_two_encoders_are_not_compared(words: Space) -> None:
    with pytest.raises(EncoderMismatch, match="different encoders"):
        comparable(sample(words), sample(["a"], encoder=Lengths()))
    with pytest.raises(BadInput, match="dimensions"):
        comparable(sample(np.ones((2, 3))), sample(np.ones((2, 4))))
    comparable(sample(words), sample(np.ones((2, 8))))  # of brought vectors nobody knows


def test_an_incomplete_view_is_not_taken_for_a_complete_one(words: Space) -> None:
    words.reencode(Lengths(), switch=False)
    words.add(["new"])
    with pytest.raises(BadInput, match="completes it"):
        sample(words, view="lengths")


@pytest.mark.parametrize("metric", ["cosine", "dot", "euclidean", "manhattan"])
def test_the_nearest_are_those_of_all_comparisons(metric: str) -> None:
    vectors = np.random.default_rng(1).standard_normal((300, 12)).astype(np.float32)
    scores = similarity(vectors, vectors, metric)  # type: ignore[arg-type]
    np.fill_diagonal(scores, -np.inf)
    rows, close = nearest(vectors, 5, metric=metric)  # type: ignore[arg-type]
    right, best = top_k(scores, 5)
    assert np.array_equal(rows, right)
    assert np.allclose(close, best, atol=1e-5)


def test_neighbours_are_sought_among_other_numbers_than_float32_too() -> None:
    line = np.arange(5.0)[:, None]
    rows, scores = nearest(line, 1, np.array([[1.2], [9.0]]), metric="euclidean")
    assert rows.tolist() == [[1], [4]]
    assert np.allclose(scores, [[-0.2], [-5]])
    with pytest.raises(BadInput, match="expected 1 dimensions"):
        nearest(line, 1, np.ones((1, 2)))


def test_a_sample_stays_itself() -> None:
    found = sample(np.ones((2, 2)))
    assert sample(found) is found
    assert isinstance(found, Sample)
