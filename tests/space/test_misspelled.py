"""A misspelled question finds what it was meant to; a question that is not misspelled stays as it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from knnife import Space
from knnife.space.misspelled import LONGEST
from knnife.spelling.english import english, is_english, is_listed

TEXTS = {
    "inbox": "You receive a message, and the mailbox holds it until it is read",
    "outbox": "Send a letter to many people at once",
    "tkinter": "Widgets of tkinter, a window and its colours",
    "parse": "argparse parses the arguments of iterators that were serialized",
    "note": "Somebody wrote seperate for separate here",
    "film": "Quentin Tarantino directed Pulp Fiction",
}


@pytest.fixture(params=["s.knnife", ":memory:"])
def space(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Space]:
    name = request.param if request.param == ":memory:" else tmp_path / request.param
    with Space.open(name) as made:
        made.add([{"id": id, "text": text} for id, text in TEXTS.items()])
        yield made


def read(space: Space, query: str) -> str:
    """A query as it is read."""
    return space.search(query, 1, by="words").searched_for


@pytest.mark.parametrize("by", ["both", "meaning", "words"])
def test_a_misspelled_question_finds_what_was_meant(space: Space, by) -> None:
    meant, found = space.search("receive a message", by=by), space.search("recieve a mesage", by=by)
    assert found.hits == meant.hits
    assert found[0].id == "inbox"
    assert (found.query, found.searched_for) == ("recieve a mesage", "receive a message")
    assert found.corrections == (("recieve", "receive"), ("mesage", "message"))
    assert (meant.searched_for, meant.corrections) == ("receive a message", ())


def test_the_words_found_are_those_that_were_read(space: Space) -> None:
    hits = space.search("recieve a mesage", 1, explain=True)
    assert {"receive", "message"} <= {*hits[0].words}
    assert hits[0].words_rank == 1


def test_as_it_is_written_a_question_stays(space: Space) -> None:
    hits = space.search("recieve a mesage", as_written=True, by="words")
    assert (hits.searched_for, hits.corrections) == ("recieve a mesage", ())
    assert [hit.id for hit in space.search("recieve", as_written=True, by="words")] == []


@pytest.mark.parametrize(
    ("query", "meant"),
    [
        ("tkintr widgtes", "tkinter widgets"),  # words of the space that English lacks
        ("tarrantino", "tarantino"),
        ("Tarrantino", "Tarantino"),
        ("argprse", "argparse"),
        ("iteratrs", "iterators"),  # as the texts write it, and not by its stem
        ("serealized", "serialized"),
        ("goverment", "government"),  # an English word that the space lacks
        ("helllo", "hello"),
        ("hEeeeelOo there", "hello there"),
        ("the ‘mesage’", "the ‘message’"),
        ("the mailbxo's colours", "the mailbox's colours"),
        ("MAILBXO or mailbxo?", "MAILBOX or mailbox?"),
    ],
)
def test_misspelled_words_are_read_as_what_was_meant(space: Space, query: str, meant: str) -> None:
    assert read(space, query) == meant


@pytest.mark.parametrize(
    "query",
    [
        "seperate",  # the space has it
        "the mailbox's letters' colours aren't o'clock",
        "the precession of nuggets",  # English, though the space lacks it: no procession
        'a "mesage"',  # in quotes
        '"recieve a mesage"',
        "os.path.splt `mesage` mesage.py /home/mesage https://mesage.org #mesage mesage_2 getMesage",
        "MSGE",  # as abbreviations are written
        "Wer hat die Nachricht für meine Schwester geschrieben?",  # German
        "Où est la bibliothèque de mon père?",
        "сообщение получить",
        "收到消息",
        "xqzzt",  # like nothing
        "of 42 in",
        "?!",
    ],
)
def test_what_is_not_misspelled_stays(space: Space, query: str) -> None:
    assert read(space, query) == query


def test_a_word_stays_that_the_space_has_got_meanwhile(space: Space) -> None:
    assert read(space, "recieve") == "receive"
    space.add([{"id": "slip", "text": "They recieve it"}])
    assert read(space, "recieve") == "recieve"
    assert space.search("recieve", by="words")[0].id == "slip"
    space.remove("slip")
    assert read(space, "recieve") == "receive"


def test_words_of_names_are_words_of_the_space(space: Space) -> None:
    space.add([{"id": "os.path.splitroot", "text": "apart"}, {"id": "7", "text": "a film", "title": "Koyaanisqatsi"}])
    assert read(space, "koyanisqatsi") == "koyaanisqatsi"
    assert space.search("koyanisqatsi")[0].id == "7"
    assert read(space, "splitrot") == "splitroot"
    assert read(space, "koyaanisqatsi splitroot") == "koyaanisqatsi splitroot"


def test_a_space_without_words_knows_english(tmp_path: Path) -> None:
    with Space.open(tmp_path / "digits.knnife", "english") as digits:
        assert digits.search("recieve").searched_for == "recieve"  # nothing is asked
        digits.add([{"id": "digits", "text": "1 2 3"}])
        assert read(digits, "recieve") == "receive"


def test_a_very_long_question_stays(space: Space) -> None:
    query = "recieve a mesage " * (LONGEST // 16)
    assert read(space, query) == query


def test_a_space_that_may_not_be_written_is_asked_alike(tmp_path: Path) -> None:
    path = tmp_path / "s.knnife"
    with Space.open(path) as made:
        made.add([{"id": id, "text": text} for id, text in TEXTS.items()])
    before = path.read_bytes()
    with Space.open(path, read_only=True) as kept:
        assert read(kept, "recieve a mesage") == "receive a message"
    assert path.read_bytes() == before


WORDS = st.sampled_from(
    ["recieve", "mesage", "receive", "seperate", "a", "tkintr", "Tarrantino", "xqzzt", "the", "?", '"']
)


@given(st.lists(WORDS, min_size=1, max_size=8))
@settings(max_examples=60, deadline=None)
def test_only_the_words_that_are_told_are_others(words: list[str]) -> None:
    with Space.open(":memory:") as space:
        space.add([{"id": id, "text": text} for id, text in TEXTS.items()])
        hits = space.search(query := " ".join(words), by="words")
    for written, meant in hits.corrections:
        assert written not in ("seperate", "receive", "a", "the")
        query = query.replace(written, meant)
    assert hits.searched_for == query


def test_the_lists_of_english_words_agree() -> None:
    listed = english()
    for row in range(0, len(listed), 997):
        assert is_listed(listed.keys[row]) or listed.words[row].isupper()  # a rare abbreviation
        assert is_english(listed.keys[row]) == (listed.words[row] == listed.keys[row])
    assert is_listed("precession")
    assert not is_english("precession")
    assert all(map(is_listed, ["nasa", "usa", "ncaa"]))
    assert not any(
        map(is_listed, ["recieve", "mesage", "seperate", "helo", "wrld", "", "receiv", "naïve", "the 1104848"])
    )
