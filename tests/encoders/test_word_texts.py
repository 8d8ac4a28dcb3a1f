"""Texts encoded by the vectors of their words."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from tests import worded

from knnife import BadInput, WordVectors
from knnife.encoders.word_table import WordTable
from knnife.geometry import unit


@pytest.fixture(scope="module")
def wiki() -> WordVectors:
    return worded.wiki()


def test_one_word_has_its_own_vector_and_so_has_a_phrase_of_the_vocabulary(wiki):
    vectors = wiki.encode(["king", "King!", "new_york", "king of nowhere", "nothing here", ""])
    for row, word in ((0, "king"), (1, "king"), (2, "new_york")):
        np.testing.assert_array_equal(vectors[row], wiki[word])
    assert not np.array_equal(vectors[3], wiki["king"])
    assert not vectors[4:].any()


def test_words_of_a_text_that_make_a_phrase_count_as_one(wiki):
    np.testing.assert_array_equal(wiki.encode(["New York"])[0], wiki["new_york"])
    a, b = wiki.encode(["the king of New York", "the king of new_york"])
    np.testing.assert_array_equal(a, b)
    words = ["new", "york", "new_york", "new_york_times"]
    joined = WordVectors(WordTable(words, np.eye(4, dtype=np.float32)))._sentences._joined
    assert joined(["York", "New", "York", "times", "new", "York"]) == ["York", "New_York_times", "new_York"]


def test_a_text_is_the_weighted_mean_of_its_words_less_what_texts_have_in_common(wiki):
    frequent = wiki.counts / wiki.counts.sum()
    weight = 1e-3 / (1e-3 + frequent)
    rows = [wiki.words.index(word) for word in ("the", "king", "of", "france")]
    mean = (weight[rows, None] * unit(wiki.vectors[rows])).mean(axis=0)
    common = wiki._sentences.common
    assert np.linalg.norm(common) == pytest.approx(1, abs=1e-5)
    expected = mean - (mean @ common) * common
    np.testing.assert_allclose(wiki.encode(["The KING of (unseen) France"])[0], expected, atol=1e-6)


def test_what_texts_have_in_common_is_the_first_component_of_many_random_ones(wiki):
    """Of texts of 20 words, each drawn by its frequency."""
    chance = np.random.default_rng(0)
    share = wiki.counts / wiki.counts.sum()
    drawn = chance.choice(len(wiki), size=(20_000, 20), p=share)
    texts = (wiki._sentences.weights[:, None] * unit(wiki.vectors))[drawn].mean(axis=1)
    first = np.linalg.svd(texts, full_matrices=False)[2][0]
    assert abs(first @ wiki._sentences.common) > 0.999


def test_without_counts_words_are_as_frequent_as_zipfs_law_has_it(wiki):
    words = WordVectors(WordTable(wiki.words, wiki.vectors))
    share = 1 / np.arange(1, 31)
    share /= share.sum()
    np.testing.assert_allclose(words._sentences.weights, 1e-3 / (1e-3 + share), rtol=1e-5)


def test_a_long_text_is_read_to_its_end(wiki):
    once, often = wiki.encode(["cat dog horse", "cat dog horse " * 5_000])
    np.testing.assert_allclose(often, once, rtol=1e-3, atol=1e-5)


def test_encode_takes_lists_of_texts_only(wiki):
    with pytest.raises(BadInput, match=r"write \[text\]"):
        wiki.encode("king")
    with pytest.raises(BadInput, match="value 1 is of type int"):
        wiki.encode(["king", 3])


@settings(max_examples=30)
@given(st.lists(st.sampled_from(list(worded.MEANINGS)), min_size=1, max_size=8))
def test_the_order_of_words_does_not_matter(words):
    wiki = worded.wiki()
    a, b = wiki.encode([" ".join(words), " ".join(reversed(words))])
    np.testing.assert_allclose(a, b, atol=1e-6)


def test_words_and_unknown_ones_are_counted(wiki):
    found = wiki.tokens(["the king of nowhere", "", "new_york", "New York and elsewhere"])
    assert found.read.tolist() == [4, 0, 1, 3]
    assert found.unknown.tolist() == [1, 0, 0, 1]
    assert found.cut.tolist() == [0, 0, 0, 0]
