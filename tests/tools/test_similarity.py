"""All pairs of two sides: known values, an obvious oracle, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra.numpy import arrays

from knnife import Space, Thing, similarity
from knnife.errors import BadInput, NotFound


class Counts:
    """An encoder whose vectors can be written by hand: how often a and b occur."""

    name, dim, kind, fingerprint = "counts", 2, "text", "counts-1"

    def encode(self, values):
        return np.array([[text.count("a"), text.count("b")] for text in values], np.float32).reshape(-1, 2)


SIDES = st.tuples(st.integers(1, 6), st.integers(1, 6), st.integers(1, 5)).flatmap(
    lambda s: st.tuples(
        arrays(np.float32, (s[0], s[2]), elements=st.floats(-4, 4, width=16)),
        arrays(np.float32, (s[1], s[2]), elements=st.floats(-4, 4, width=16)),
    )
)


def test_texts_are_compared_by_the_vectors_of_their_encoder() -> None:
    result = similarity(["a", "b", "ab"], ["aa", "bb"], Counts())
    half = np.sqrt(0.5)
    np.testing.assert_allclose(result.scores, [[1, 0], [0, 1], [half, half]], atol=1e-6)
    assert (result.a, result.b) == (["a", "b", "ab"], ["aa", "bb"])


def test_rows_come_pair_by_pair() -> None:
    assert [(row["a"], row["b"], round(row["score"])) for row in similarity(["a", "b"], "a", Counts()).rows()] == [
        ("a", "a", 1),
        ("b", "a", 0),
    ]


def test_one_thing_is_a_batch_of_one() -> None:
    assert similarity("a", "b", Counts()).scores.shape == (1, 1)
    assert similarity([1.0, 0.0], [[1.0, 0.0], [0.0, 1.0]]).scores.tolist() == [[1, 0]]


def test_vectors_are_named_by_their_rows_and_mix_with_texts() -> None:
    result = similarity(np.array([[3.0, 0.0]]), ["a", "b"], Counts())
    assert (list(result.a), result.b) == ([0], ["a", "b"])
    assert result.scores.tolist() == [[1, 0]]


@given(SIDES)
def test_every_metric_agrees_with_its_definition(sides: tuple[np.ndarray, np.ndarray]) -> None:
    a, b = (side.astype(np.float64) for side in sides)
    difference = a[:, None, :] - b[None, :, :]
    lengths = np.linalg.norm(a, axis=1)[:, None] * np.linalg.norm(b, axis=1)[None, :]
    dot = (a[:, None, :] * b[None, :, :]).sum(axis=2)
    expected = {
        "dot": dot,
        "cosine": np.divide(dot, lengths, out=np.zeros_like(dot), where=lengths > 0),
        "euclidean": -np.linalg.norm(difference, axis=2),
        "manhattan": -np.abs(difference).sum(axis=2),
    }
    for metric, values in expected.items():
        np.testing.assert_allclose(similarity(*sides, metric=metric).scores, values, atol=1e-4)


def test_a_space_brings_its_encoder_and_its_metric(tmp_path: Path) -> None:
    with Space.open(tmp_path / "a.knnife", metric="dot") as space:
        space.add(["one sentence", "and another"])
        result = similarity(["a dog"], ["a puppy", "a tax form"], space)
        assert np.allclose(result.scores, similarity(["a dog"], ["a puppy", "a tax form"], metric="dot").scores)
        assert np.allclose(
            similarity("a", "b", space, metric="euclidean").scores,
            similarity("a", "b", metric="euclidean").scores,
        )


def test_a_space_of_brought_vectors_cannot_encode_texts(tmp_path: Path) -> None:
    with Space.open(tmp_path / "a.knnife") as space:
        space.add([Thing("x", "x")], np.ones((1, 3), np.float32))
        with pytest.raises(BadInput, match="brought along"):
            similarity("a", "b", space)
        assert similarity(space.vectors(["x"])[1], [[1.0, 1.0, 1.0]], space).scores == pytest.approx(1)


def test_the_packaged_model_knows_what_is_alike() -> None:
    king, bread = similarity("a king", ["a queen", "stale bread"]).scores[0]
    assert king > bread


@pytest.mark.parametrize(
    ("a", "b", "options"),
    [
        (["a"], [[1.0, 2.0, 3.0]], {"encoder": Counts()}),
        ([[1.0, 2.0]], [[1.0, 2.0, 3.0]], {}),
        ([[float("nan"), 0.0]], [[1.0, 0.0]], {}),
        ([[1.0]], [[1.0]], {"metric": "hamming"}),
        (["a", 3], ["b"], {"encoder": Counts()}),
        (None, ["b"], {"encoder": Counts()}),
    ],
)
def test_what_cannot_be_compared_is_refused(a: object, b: object, options: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        similarity(a, b, **options)


def test_an_unknown_encoder_is_named() -> None:
    with pytest.raises(NotFound, match="nope"):
        similarity("a", "b", "nope")


@pytest.mark.parametrize(
    ("right", "typed"),
    [("hello", "helo"), ("hello", "helllo"), ("hello", "hEeeeelOo"), ("world", "wrld"),
     ("receive a message", "recieve a mesage")],
)  # fmt: skip
def test_a_misspelled_text_lies_near_to_what_was_meant(right: str, typed: str) -> None:
    found = similarity(right, typed)
    assert 0.65 < found.scores[0, 0] < 0.999
    assert found.read_as == {typed: right}
    assert similarity(typed, right).scores[0, 0] == pytest.approx(found.scores[0, 0], abs=1e-6)
    written = similarity(right, typed, as_written=True)
    assert written.read_as == {}
    assert written.scores[0, 0] < found.scores[0, 0] - 0.1


@pytest.mark.parametrize(
    "text",
    ["kubectl get pods", "Schrödinger", "pathlib.Path", "numpy and scipy", "der Hund ist groß", "le chat est mignon",
     "king", "colour", "kings' horses", "", "42", "retirees", "unreadable", "こんにちは"],
)  # fmt: skip
def test_what_is_not_misspelled_is_compared_as_it_is_written(text: str) -> None:
    assert similarity(text, "hello").read_as == {}


def test_a_text_is_read_alike_alone_and_among_others() -> None:
    texts = ["helo wrld", "a mesage", "kubectl", "recieve it"]
    together = similarity(texts, ["hello world", "receive a message"])
    assert list(together.read_as) == ["helo wrld", "a mesage", "recieve it"]
    for row, text in enumerate(texts):
        alone = similarity(text, ["hello world", "receive a message"])
        np.testing.assert_allclose(alone.scores[0], together.scores[row], atol=1e-6)


def test_spaces_with_the_model_read_alike_and_other_encoders_as_it_is_written(tmp_path: Path) -> None:
    with Space.open(tmp_path / "a.knnife") as space:
        space.add([{"id": "a", "text": "hello"}])
        assert similarity("helo", "hello", space).read_as == {"helo": "hello"}
        assert similarity("helo", "hello", space, as_written=True).read_as == {}
    assert similarity("helo", "ab", Counts()).read_as == {}
