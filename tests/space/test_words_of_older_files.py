"""Spaces whose words were indexed by versions that knew only words between spaces: asked, changed, renewed."""

import sqlite3

import pytest
from tests.older import write_with_plain_words

from knnife import NewerFormat, NotASpace, Space, Thing
from knnife.space.sqlite import file

TEXTS = {"zh": "我住在北京", "word": "北京", "de": "große Straße", "en": "plain naïve words"}


@pytest.fixture
def older(tmp_path):
    write_with_plain_words(tmp_path / "older.knnife", TEXTS)
    return tmp_path / "older.knnife"


def found(space, query):
    return [(hit.id, *hit.words) for hit in space.search(query, by="words", explain=True)]


def indexed(path):
    """How often each term is in the index."""
    db = sqlite3.connect(path)
    terms = [term for (term,) in db.execute("SELECT term FROM words_at ORDER BY term")]
    db.close()
    return terms


def formats(path):
    with Space.open(path) as space:
        info = space.info(check=True)
    assert not info.faults
    return info.format, info.older_words


def test_an_older_file_answers_as_before(older):
    with Space.open(older, read_only=True) as space:
        assert found(space, "北京") == [("word", "北京")]
        assert found(space, "我住在北京")[0] == ("zh", "我住在北京")
        assert found(space, '"我住在北京"') == [("zh", "我住在北京")]
        assert found(space, "Straße naive") == [("de", "straße"), ("en", "naive")]
    assert formats(older) == (1, 4)


def test_what_is_added_is_found_in_any_script_and_what_is_removed_leaves_no_term(older):
    with Space.open(older) as space:
        space.add([Thing("new", "在北京吃面")])
        assert {id for id, *_ in found(space, "北京")} == {"word", "new"}
        assert found(space, "吃面") == [("new", "吃面")]
    assert formats(older) == (2, 4)
    with Space.open(older) as space:
        space.remove(["zh", "word", "de", "en", "new"])
    assert indexed(older) == []


@pytest.mark.parametrize("added", [None, "plain", "在北京"])
def test_use_and_reencode_bring_all_words_up_to_date(older, added, monkeypatch):
    monkeypatch.setattr("knnife.space.reencoding.TEXTS", 2)  # in several transactions
    with Space.open(older) as space:
        if added:
            space.add([Thing("new", added)])
        assert space.use("english").words == 3
        assert space.reencode("english").words == 0
        assert {id for id, *_ in found(space, "北京")} == {"zh", "word"} | ({"new"} if added == "在北京" else set())
        assert found(space, "strasse") == [("de", "strasse")]
    assert formats(older) == (2, 0)
    with Space.open(older) as space:
        space.remove([thing.id for thing in space])
    assert indexed(older) == []


def test_a_file_of_plain_texts_stays_in_the_format_that_older_versions_read(tmp_path, older):
    path = tmp_path / "plain.knnife"
    with Space.open(path) as space:
        space.add([Thing("a", "café – “naïve” 😀"), Thing("b", "Привет, שלום")])
        space.remove("a")
        space.add([Thing("c", "more")])
    assert formats(path) == (1, 0)
    with Space.open(path) as space:
        space.add([Thing("zh", "北京")])
    assert formats(path) == (2, 0)
    with Space.open(older) as space:  # nothing differs, once what does is gone
        space.remove(["zh", "word", "de"])
        assert space.use("english").words == 0
    assert formats(older) == (1, 0)


def test_what_an_older_version_adds_to_a_file_of_the_new_one_is_known_as_such(tmp_path, older):
    path = tmp_path / "both.knnife"
    with Space.open(path) as space:
        space.add([Thing("a", "plain")])
    db = sqlite3.connect(path)
    db.execute("INSERT INTO things VALUES (2, 'b', '我住在北京', '{}', NULL, x'00')")
    db.execute("INSERT INTO words (rowid, value) VALUES (2, '我住在北京')")
    db.execute("INSERT INTO vectors_1 SELECT 2, vector FROM vectors_1")
    db.execute("INSERT INTO commits SELECT number + 1, x'01', 2, gone, 2 FROM commits ORDER BY number DESC LIMIT 1")
    db.commit()
    db.close()
    assert formats(path) == (1, 2)
    with Space.open(path) as space:
        space.add([Thing("c", "北京")])
        assert [id for id, *_ in found(space, "北京")] == ["c"]
        assert space.use("english").words == 1
        assert {id for id, *_ in found(space, "北京")} == {"b", "c"}


def test_a_version_that_knows_format_1_alone_refuses_what_it_would_read_wrongly(tmp_path, monkeypatch):
    path = tmp_path / "new.knnife"
    with Space.open(path) as space:
        space.add([Thing("zh", "北京")])
    monkeypatch.setattr(file, "FORMAT", 1)
    with pytest.raises(NewerFormat, match="format 2"):
        Space.open(path)


def test_a_note_that_is_no_position_is_damage(older):
    with Space.open(older) as space:
        space.add([Thing("zh2", "北京")])
    db = sqlite3.connect(older)
    db.execute("UPDATE notes SET value = '\"?\"' WHERE name = 'words'")
    db.commit()
    db.close()
    with Space.open(older) as space, pytest.raises(NotASpace, match="damaged"):
        space.search("北京", by="words")
