"""What things are called: asked for by its name, a thing comes first; in files of every age."""

import json
import sqlite3

import pytest
from hypothesis import given, strategies as st
from tests.older import write_with_plain_words

from knnife import Space, Thing
from knnife.space import naming


@pytest.mark.parametrize(
    ("id", "found", "whole", "ends"),
    [
        ("Titanic", "Titanic", {"titanic"}, set()),
        ("The Green Mile", "The Green Mile", {"green mile"}, set()),
        ("Hamlet (2)", "Hamlet (2)", {"hamlet"}, set()),
        ("Amélie & Zoë", "Amélie & Zoë", {"amelie zoe"}, set()),
        ("os.path.split", "os.path.split", {"os path split"}, {"path split", "split"}),
        (
            "collections.OrderedDict",
            "collections.OrderedDict collections.Ordered Dict",
            {"collections ordereddict", "collections ordered dict"},
            {"collections ordereddict", "collections ordered dict", "ordereddict", "ordered dict"},
        ),
        ("docs/tea/green_tea.md", "docs/tea/green_tea", {"docs tea green tea", "docs tea green tea md"}, {"green tea"}),
        ("report.2024.pdf", "report.2024", {"report 2024", "report 2024 pdf"}, set()),
        ("東京都", "東京都", {"東京都"}, set()),
        ("films.csv#12", "", set(), set()),
        ("4711", "", set(), set()),
        ("tt0012345", "", set(), set()),
        ("3f2a9c04d1e8b756", "", set(), set()),
        ("!?", "", set(), set()),
    ],
)
def test_an_id_is_a_name_in_parts(id, found, whole, ends):
    assert naming.words(id, "{}", None) == found
    assert naming.keys(id, "{}", None) == (whole, ends)


def test_titles_are_names_and_a_passage_has_the_words_of_its_whole():
    about = json.dumps({"title": "Tea", "year": 1990, "heading": "Brewing > Green"}, separators=(",", ":"))
    assert naming.words("7", about, None) == " Tea Brewing > Green"
    assert naming.keys("7", about, None) == ({"tea", "green"}, set())
    assert naming.words("docs/tea.md#3", about, "docs/tea.md") == "docs/tea Tea Brewing > Green"
    assert naming.keys("docs/tea.md#3", about, "docs/tea.md") == ({"tea", "green"}, set())
    assert naming.keys("7", '{"title":["a"],"name":null}', None) == (set(), set())


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40), st.sampled_from([None, "w.x"]))
def test_any_id_has_names(id, part_of):
    assert isinstance(naming.words(id, "{}", part_of), str)
    whole, ends = naming.keys(id, "{}", part_of)
    assert all(each and isinstance(each, str) for each in whole | ends)


FILMS = {
    "Titanic": "A ship meets an iceberg.",
    "Raise the Titanic": "The wreck of the titanic, the titanic of 1912, is raised: the Titanic.",
    "The Matrix": "A programmer learns what is real.",
    "Amélie": "A waitress in Paris makes people happy.",
    "Titanic (2)": "A musical of the year 1943.",
}


def first(space, query, k=1, **options):
    return [hit.id for hit in space.search(query, k, reader="none", **options)][:k]


@pytest.fixture(params=["memory", "sqlite"])
def films(request, tmp_path):
    with Space.open(":memory:" if request.param == "memory" else tmp_path / "films.knnife") as space:
        space.add([Thing(id, text) for id, text in FILMS.items()])
        yield space


@pytest.mark.parametrize("by", ["both", "words", "meaning"])
def test_what_is_asked_for_by_its_name_comes_first(films, by):
    assert {*first(films, "titanic", 2, by=by)} == {"Titanic", "Titanic (2)"}
    assert first(films, "raise the TITANIC", by=by) == ["Raise the Titanic"]
    assert first(films, "matrix", by=by) == first(films, "The Matrix", by=by) == ["The Matrix"]
    assert first(films, "amelie", by=by) == ["Amélie"]
    assert first(films, "titanic", 5, by=by, page=2, fold=True) == []


def test_names_count_as_words_and_are_told(films):
    hits = films.search("matrix programmer", by="words", explain=True)
    assert [(hit.id, hit.words) for hit in hits] == [("The Matrix", ("matrix", "programmer"))]
    assert first(films, "musical titanic", by="words") == ["Titanic (2)"]


def test_a_filter_holds_for_names_too(films):
    films.add([Thing("Heat", "Thieves in a city.", {"year": 1995}), Thing("Cold", "heat heat", {"year": 1990})])
    assert first(films, "heat", where="year = 1990") == ["Cold"]
    assert first(films, "heat", where="year > 1900") == ["Heat"]


def test_names_follow_what_changes_and_leave_with_their_thing(films):
    films.add([Thing("1", "A hobbit walks.", {"title": "The Ring"}), Thing("2", "It rings, the ring.")])
    assert first(films, "the ring") == ["1"]
    films.add([Thing("1", "A hobbit walks.", {"title": "The Walk"})])  # metadata alone
    assert first(films, "the ring", by="words") == ["2"]
    assert first(films, "the walk") == ["1"]
    films.remove("1")
    assert first(films, "walk", by="words") == []
    assert not films.info(check=True).faults


def test_things_without_texts_are_found_by_their_names():
    with Space.open(":memory:") as space:
        space.add([Thing("photos/red_bicycle.jpg", None, vector=[1, 0]), Thing("photos/cat.jpg", None, vector=[0, 1])])
        assert first(space, "a bicycle", by="words") == ["photos/red_bicycle.jpg"]


def test_an_id_that_is_no_name_is_found_as_it_is_written(films):
    films.add([Thing("tt0012345", "nothing"), Thing("0815", "nothing more")])
    assert first(films, "tt0012345") == ["tt0012345"]
    assert first(films, " 0815 ", by="words") == ["0815"]


# --- files of other versions --------------------------------------------------------------------------------


def terms(path):
    db = sqlite3.connect(path)
    found = {term for (term,) in db.execute("SELECT term FROM names_at")}
    db.close()
    return found


def as_older(path, *statements):
    """What a version that knows nothing of names writes: here it takes a thing out, or puts one in."""
    db = sqlite3.connect(path)
    for statement in statements:
        db.execute(statement)
    last = "(SELECT max(pos) FROM things)"
    sql = f"INSERT INTO commits SELECT number + 1, x'01', max(last, {last}), gone, (SELECT count(*) FROM things) "
    db.execute(f"{sql} FROM commits ORDER BY number DESC LIMIT 1")
    db.commit()
    db.close()


GONE = [
    "INSERT INTO words (words, rowid, value) SELECT 'delete', pos, value FROM things WHERE id = 'Titanic'",
    "DELETE FROM vectors_1 WHERE pos = (SELECT pos FROM things WHERE id = 'Titanic')",
    "DELETE FROM things WHERE id = 'Titanic'",
]


@pytest.fixture
def path(tmp_path):
    with Space.open(tmp_path / "films.knnife") as space:
        space.add([Thing(id, text) for id, text in FILMS.items()])
    return tmp_path / "films.knnife"


def test_a_file_without_names_answers_as_before_and_gets_them_with_the_next_add(tmp_path):
    path = tmp_path / "older.knnife"
    write_with_plain_words(path, FILMS)
    db = sqlite3.connect(path)
    db.execute("DROP TABLE names_at")
    db.execute("DROP TABLE names")
    db.commit()
    db.close()
    with Space.open(path, read_only=True) as space:
        assert first(space, "matrix", by="words") == []
        assert first(space, "Titanic", by="words") == ["Titanic"]  # an id is found as it is written
    with Space.open(path) as space:
        space.add([Thing("Alien", "A ship again.")])
        assert first(space, "matrix", by="words") == ["The Matrix"]
        assert first(space, "alien", by="words") == ["Alien"]
        assert not space.info(check=True).faults


def test_use_and_reencode_fill_names_in_several_transactions(path, monkeypatch):
    as_older(path)
    monkeypatch.setattr("knnife.space.reencoding.TEXTS", 2)
    with Space.open(path) as space:
        assert first(space, "matrix", by="words") == []
        space.use("english")
        assert first(space, "matrix", by="words") == ["The Matrix"]


def test_an_add_to_a_large_older_file_fills_some_things_at_a_time(path, monkeypatch):
    as_older(path)
    monkeypatch.setattr("knnife.space.sqlite.name_index.FILLED", 1)
    with Space.open(path) as space:
        space.add([Thing("Alien", "A ship again.")])
        assert first(space, "alien", by="words") != ["Alien"]
        for id in ("Aliens", "Heat", "Cold", "Jaws", "Up"):
            space.add([Thing(id, "Thieves.")])
        space.remove("Raise the Titanic")
        assert first(space, "heat", by="words") == first(space, "heat", by="both") == ["Heat"]
        assert first(space, "alien", by="words") == ["Alien"]
        assert not space.info(check=True).faults


def test_names_of_a_state_that_an_older_version_left_are_not_asked_and_begun_anew(path):
    as_older(path, *GONE)
    with Space.open(path) as space:
        assert first(space, "matrix", by="words") == []
        assert first(space, "ship", by="words") == []
        space.add([Thing("Alien", "A ship.")])
        assert first(space, "matrix", by="words") == ["The Matrix"]
        assert first(space, "titanic", by="words") == ["Titanic (2)"]
        assert not space.info(check=True).faults


@pytest.mark.parametrize("older", [False, True])
def test_compacting_leaves_no_name_of_what_was_removed(path, older):
    with Space.open(path) as space:
        space.add([Thing("Secretname", "a text")])
        if not older:
            space.remove("Secretname")
    if older:
        as_older(path, *(statement.replace("Titanic", "Secretname") for statement in GONE))
    with Space.open(path) as space:
        space.compact()
    assert b"secretnam" not in path.read_bytes().lower()


def test_names_that_belong_to_no_thing_are_told(path):
    db = sqlite3.connect(path)
    db.execute("INSERT INTO names (rowid, value) VALUES (99, 'stranger')")
    db.commit()
    db.close()
    with Space.open(path) as space:
        assert space.info(check=True).faults == ("1 names belong to no thing",)


def test_a_note_of_names_that_cannot_be_read_is_as_none(path):
    db = sqlite3.connect(path)
    db.execute("UPDATE notes SET value = '[?' WHERE name = 'names'")
    db.commit()
    db.close()
    with Space.open(path) as space:
        assert first(space, "matrix", by="words") == []
        space.add([Thing("Alien", "A ship.")])
        assert first(space, "matrix", by="words") == ["The Matrix"]
