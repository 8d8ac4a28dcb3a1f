"""Nearly equal things take one place: the best stays, the others are named beside it."""

import pytest
from hypothesis import given, strategies as st

from knnife import Space, Thing
from knnife.space.alike import Said, gathered

TEXT = "The quick brown fox jumps over the lazy dog that sleeps all day in the old house by the river of the town."


def alike(one, other):
    first, second = Said(Thing(*one)).like(Said(Thing(*other))), Said(Thing(*other)).like(Said(Thing(*one)))
    assert first == second
    return first


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("a", TEXT), ("b", TEXT)),
        (("a", TEXT), ("b", TEXT.upper() + " ")),
        (("a", TEXT), ("b", TEXT.replace("old", "new"))),  # 22 of 24 words
        (("ast.Param", "ast.Param\n\nUnused."), ("ast.Store", "ast.Store\n\nUnused.")),
        (
            ("io.open", "io.open\n\nOpen file.\n\nThe io module."),
            ("_pyio.open", "_pyio.open\n\nOpen file.\n\nIn Python."),
        ),
    ],
)
def test_what_says_the_same_is_alike(one, other):
    assert alike(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("a", TEXT), ("b", TEXT.replace("fox", "cat").replace("dog", "hen"))),
        (("a", TEXT + " Model 40."), ("b", TEXT + " Model 46.")),
        (("a", TEXT), ("b", TEXT + " " + TEXT)),
        (("bz2.open", "Open a file."), ("bz2.close", "Close a file.")),
        (("io.open", "io.open\n\nOpen file."), ("io.close", "io.close\n\nClose it.")),
        (("a", ""), ("b", "")),
    ],
)
def test_what_says_something_else_is_not(one, other):
    assert not alike(one, other)


def test_the_best_stays_unless_its_name_is_private():
    things = [Thing("_pyio.open", "Open it."), Thing("io.open", "Open it."), Thing("os.close", "Close a thing.")]
    assert gathered(enumerate(things), 10) == [[1, 0], [2]]
    assert gathered(enumerate(things[1:]), 10) == [[0], [1]]
    assert gathered(enumerate([Thing("b", TEXT), Thing("a", TEXT)]), 10) == [[0, 1]]


def test_what_has_no_text_is_like_nothing():
    assert gathered(enumerate([Thing("a", None), Thing("b", None), Thing("c", b"x"), Thing("d", b"x")]), 10) == [
        [0], [1], [2], [3]
    ]  # fmt: skip


@given(st.lists(st.sampled_from(["one", "two", "three"]), max_size=30), st.integers(1, 5))
def test_each_place_is_in_one_group_and_the_groups_are_in_order(texts, enough):
    groups = gathered(enumerate(Thing(str(n), text) for n, text in enumerate(texts)), enough)
    places = [place for group in groups for place in group]
    assert sorted(places) == list(range(len(places)))
    assert [group[0] for group in groups] == sorted(group[0] for group in groups)
    assert len(places) == len(texts) or len(groups) >= enough


@pytest.fixture
def space():
    texts = ["a harbour at night", "boats in a harbour", "an old harbour wall", "harbour lights seen from boats"]
    with Space.open(":memory:", "english") as space:
        space.add(Thing(f"{text[:4]}{n}", text) for text in texts for n in range(3))
        yield space


def test_a_search_names_the_others_beside_the_best(space):
    hits = space.search("harbour", 10, reader="none")
    assert len(hits) == 4
    assert sorted(id for hit in hits for id in (hit.id, *hit.also)) == sorted(thing.id for thing in space)
    assert all(len(hit.also) == 2 for hit in hits)
    assert [row["also"] for row in hits.rows()] == [hit.also for hit in hits]


def test_pages_go_on_where_the_last_one_ended(space):
    whole = [hit.id for hit in space.search("harbour", 4, reader="none")]
    assert [space.search("harbour", 1, page=n, reader="none")[0].id for n in (1, 2, 3, 4)] == whole
    assert not len(space.search("harbour", 1, page=5, reader="none"))


def test_apart_each_has_a_place_as_by_words_alone(space):
    assert len(space.search("harbour", 20, apart=True, reader="none")) == 12
    assert len(space.search("harbour", 20, by="words")) == 12
