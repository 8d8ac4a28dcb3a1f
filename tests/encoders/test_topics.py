"""The encoder "topics": what a text is about, whoever is in it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st

from knnife import BadInput, load_encoder
from knnife.encoders.topics import without_names

PEOPLE = ["Ann Lee", "Bob Stone", "Cy Hall", "Dora Wood"]
TOPICS = ["a shark attacks a beach town", "two thieves plan a heist", "a ghost haunts an old house"]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("A heist film by Michael Mann from 1995.", "A heist film by from ."),
        ("Jaws is old. The shark returns.", "Jaws is old. The shark returns."),
        ('He said: "Wait for Ann!" Then he left.', 'He said: "Wait for !" Then he left.'),
        ("She works for the FBI and I do not", "She works for the FBI and I do not"),
        ("Stocks Fall After Central Bank Decision", "Stocks Fall After Central Bank Decision"),
        ("THIS IS LOUD", "THIS IS LOUD"),
        ("2001", "2001"),
        ("", ""),
    ],
)
def test_what_is_capitalised_within_a_sentence_and_numbers_are_left_out(text, left):
    assert " ".join(without_names(text).split()) == left


def test_texts_of_one_topic_are_near_whoever_is_in_them():
    texts = [
        f"A film with {one} and {other}, in which {topic}." for topic in TOPICS for one in PEOPLE for other in PEOPLE
    ]
    topic = np.repeat(np.arange(len(TOPICS)), len(PEOPLE) ** 2)
    vectors = load_encoder("topics").encode(texts)
    for number in range(len(TOPICS)):
        own = vectors[topic == number]
        np.testing.assert_allclose(own @ own.T, 1, atol=1e-5)


@given(st.text(max_size=80))
def test_nothing_is_made_up_and_nothing_goes_wrong(text):
    left = without_names(text)
    letters = iter("".join(text.split()))
    assert all(letter in letters for letter in "".join(left.split()))  # some of the letters, in their order
    assert left.strip() or not text.strip()


def test_only_texts_are_taken():
    with pytest.raises(BadInput, match="expected texts"):
        load_encoder("topics").encode([3])
