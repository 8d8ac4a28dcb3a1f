"""What a reader reads of a thing: sentences, whole where they are few, under their heading."""

import pytest
from hypothesis import given, strategies as st

from knnife import Thing
from knnife.space.parts import BEGINNING, HEADING, LEAST, MOST, SENTENCES, parts, telling

LONG = "The crew sails to an island that no map shows, where the captain was born. " * 3
CAST = "The film stars Ada One, Ben Two, Cy Three, Dee Four, Eve Five, Flo Six, Gus Seven and Hal Eight."


def test_a_short_text_is_one_part():
    assert parts(Thing("a", "One sentence.  Another\none.")) == ["One sentence. Another one."]


def test_of_a_long_text_the_beginning_is_read_and_each_sentence():
    first, second = "A film of 1958 directed by Derek Twist after a novel that was much read in its time.", CAST
    third = "A doctor is suspected when one after the other his rich wives die, of whom nobody had heard before then."
    assert parts(Thing("a", f"{first} {second} {third}")) == [f"{first} {second} {third}", first, second, third]
    long = f"{first} {second} {third} {LONG}"
    assert parts(Thing("a", long))[0] == " ".join(long.split()[:BEGINNING])


def test_initials_and_titles_do_not_end_a_sentence():
    sentence = "It was written by J. R. Smith and Dr. Jones, Mr. Brown vs. St. John in the U.S. and directed by hand."
    assert parts(Thing("a", f"{sentence} {CAST} {LONG}"))[1] == sentence


def test_short_sentences_go_with_the_next():
    text = f"Who is it? Nobody knows. {LONG} {CAST}"
    assert parts(Thing("a", text))[1].startswith("Who is it? Nobody knows. The crew sails")


@pytest.mark.parametrize("text", ["stops stand alone . so it is here .", "これは文です。次の長い長い文です。"])
def test_where_sentences_end(text):
    found = parts(Thing("a", text * 40))
    assert len(found) > 10
    assert " ".join(found[1:]).replace(" ", "") == (text * 40).replace(" ", "")


def test_a_heading_is_read_with_each_part():
    about = LONG.strip() + "\n\n" + CAST
    assert [part.split("\n")[0] for part in parts(Thing("x", f"Guide > Removing\n\n{about}"))] == [
        "Guide > Removing"
    ] * 5
    assert parts(Thing("os.remove", "os.remove\n\nRemove a file.")) == ["os.remove\nRemove a file."]


def test_what_is_no_text_has_no_parts():
    assert [parts(Thing("a", value)) for value in (None, b"picture", "", " \n\n ")] == [[], [], [], []]


@given(st.lists(st.sampled_from(["ab", "Ab", "a.", "Ab?", "x" * 30, "字。", "\n\n"]), max_size=150))
def test_parts_hold_every_word_of_a_text_and_are_short(words):
    found = parts(Thing(None, " ".join(words)))
    assert {*"".join(words).replace("\n", "")} == {*"".join(found).replace(" ", "").replace("\n", "")}
    assert all(len(part.split()) <= max(BEGINNING, MOST + LEAST) + HEADING for part in found)


def test_the_parts_that_hold_the_rare_words_of_a_question_tell():
    films = [["begins", "directed by a man", "a man and a shark", "a man, a boat, a shark"], ["a man"], []]
    assert telling("a man kills the shark from his boat", films) == [["begins", *films[0][:1:-1]], ["a man"], []]


def test_where_no_word_tells_the_first_parts_do():
    each = [f"part {n}" for n in range(5)]
    assert telling("something else", [each]) == [each[: 1 + SENTENCES]]
