"""The words of the built-in model: whole words, what is near to them, and words that are not among them."""

from __future__ import annotations

import numpy as np
import pytest
from scripts import words as recipe

import knnife
from knnife import BadInput, NotFound, Space
from knnife.encoders.english_words import english_words

ROYAL = {"kings", "monarch", "monarchs", "monarchy", "kingdom", "kingdoms", "throne", "queen", "queens", "rulers"}
ROYAL |= {"ruler", "royalty", "royal", "prince", "crown", "sovereign", "emperor", "princes", "dynasty", "reign"}


def test_they_are_whole_words_with_a_vector_each():
    words = knnife.words()
    assert len(words.words) == len(set(words.words)) > 28_000
    assert {"a", "i", "king", "queen"} <= set(words.words)
    assert all(word.isalpha() and word.islower() for word in words.words)
    assert words.vectors.shape == (len(words), 256 + 64 + 96)
    np.testing.assert_allclose(np.linalg.norm(words.vectors, axis=1), 1, atol=1e-5)


def test_the_first_part_is_what_the_model_makes_of_the_word():
    words = knnife.words()
    some = ["king", "car", "kidney"]
    own = words.vectors_of(some)[:, :256]
    encoded = knnife.load_encoder("english").encode(some)
    np.testing.assert_allclose(own / np.linalg.norm(own, axis=1, keepdims=True), encoded, atol=1e-5)


@pytest.mark.parametrize(
    ("word", "near"),
    [
        ("king", ROYAL),
        ("car", {"cars", "automobile", "vehicle", "automobiles", "vehicles", "automotive", "sedan", "porsche", "suv",
                 "buick", "chevrolet"}),
        ("three", {"four", "two", "five", "third", "six", "threes", "several", "seven", "nine", "eight"}),
    ],
)  # fmt: skip
def test_what_is_near_to_a_word_is_of_its_kind(word, near):
    assert set(knnife.words().near(word, 10).words[0]) <= near


def test_an_unknown_word_has_no_vector():
    words = knnife.words()
    assert "hEllllo" not in words
    with pytest.raises(NotFound, match="no word 'helo' among the 28,721 words; perhaps 'hello'"):
        words["helo"]
    assert list(words.unknown(["king", "helo", "queen"])) == ["helo"]


def test_one_unknown_word_does_not_end_a_batch():
    words = knnife.words()
    found = words.near(["king", "qzxw", "Paris"], 3)
    assert found.words == [words.near("king", 3).words[0], [], words.near("paris", 3).words[0]]
    assert (found.positions[1] == -1).all()
    assert np.isnan(found.scores[1]).all()
    assert list(found.missing) == ["qzxw"]
    assert [row["query"] for row in found.rows()] == [0, 0, 0, 2, 2, 2]
    assert np.isnan(words.similarity("king", ["queen", "qzxw"])).tolist() == [False, True]
    assert np.isnan(words.similarity(["king", "qzxw"], ["queen", "cat"])).tolist() == [False, True]
    odd = words.odd_one_out(["breakfast", "cat", "qzxw", "lunch", "dinner"])
    assert (odd.word, odd.words, list(odd.missing)) == ("cat", ("breakfast", "cat", "lunch", "dinner"), ["qzxw"])


@pytest.mark.parametrize(
    "ask",
    [
        lambda words: words.near(["qzxw", "wxzq"]),
        lambda words: words.near("king", plus=["qzxw"]),
        lambda words: words.similarity(["qzxw"], ["king", "queen"]),
        lambda words: words.odd_one_out(["king", "queen", "qzxw"]),
    ],
)
def test_where_nothing_is_left_to_answer_it_is_an_error(ask):
    with pytest.raises(NotFound, match="no word 'qzxw'"):
        ask(knnife.words())


def test_two_words_are_still_too_few_for_an_odd_one():
    with pytest.raises(BadInput, match="three words or more"):
        knnife.words().odd_one_out(["king", "queen"])


def test_they_can_be_asked_as_a_space(tmp_path):
    words = knnife.words()
    with Space.open(tmp_path / "few.knnife", words) as space:
        space.add([{"id": word, "text": word} for word in ("king", "queen", "potato")])
        assert space.near("monarch", k=2).ids == [["king", "queen"]]
    with Space.open(tmp_path / "few.knnife") as space:
        assert space.near("tomato", k=1).ids == [["potato"]]


def test_the_table_is_made_once():
    assert english_words() is english_words()


def test_a_word_that_the_corpus_lacks_keeps_no_company():
    learned = knnife.WordVectors(
        knnife.encoders.word_table.WordTable(["king", "queen"], np.array([[3, 4], [0, 2]], np.float32))
    )
    np.testing.assert_allclose(recipe.company(learned, ["queen", "moose", "king"]), [[0, 1], [0, 0], [0.6, 0.8]])


def test_the_strongest_components_keep_what_differs_and_zeros_stay():
    random = np.random.default_rng(0)
    points = random.normal(size=(200, 3)).astype(np.float32) * [5, 1, 0.1]
    points[7] = 0
    turned = recipe.strongest(points.astype(np.float32), 2)
    assert turned.shape == (200, 2)
    assert not turned[7].any()
    assert turned[:, 0].std() > turned[:, 1].std()
