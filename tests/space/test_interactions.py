"""Interactions of a space: a source is brought up to date, nothing is counted twice, nothing else is touched."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.toys import Letters

import knnife
from knnife import Space, Thing
from knnife.space import interactions as module
from knnife.space.interactions import add_interactions, add_users, facts_of_users, interactions

Pairs = dict[tuple[str, str], float]


@pytest.fixture(params=[":memory:", "s.knnife"])
def space(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Space]:
    path = request.param if request.param == ":memory:" else tmp_path / request.param
    with Space.open(path, Letters()) as made:
        made.add([Thing("Heat", "a film")])
        yield made


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("knnife.things.events.AT_ONCE", 3)


def pairs(space: Space) -> Pairs:
    found = interactions(space)
    names = zip(found.of.tolist(), found.chosen.tolist(), found.weights.tolist(), strict=True)
    return {(found.users[user], found.items[item]): weight for user, item, weight in names}


def log(path: Path, *rows: str) -> Path:
    path.write_text("user,item,n\n" + "".join(f"{row}\n" for row in rows))
    return path


def test_weights_are_added_up_and_of_ratings_the_last_one_counts(space: Space) -> None:
    events = [("a", "x", 1, 5), ("a", "x", 3, 2), ("b", "x", 2, 1), ("a", "y", 1, 1)]
    add_interactions(space, events)
    assert pairs(space) == {("a", "x"): 4, ("a", "y"): 1, ("b", "x"): 2}
    with Space.open(":memory:", Letters()) as rated:
        columns = ("user", "item", "stars", "at")
        rows = [dict(zip(columns, event, strict=True)) for event in events]
        add_interactions(rated, rows, rating="stars", time="at")
        assert pairs(rated) == {("a", "x"): 1, ("a", "y"): 1, ("b", "x"): 2}
        with pytest.raises(knnife.BadInput, match=r"have ratings, these have weights; name the column as rating="):
            add_interactions(rated, events)


def test_an_id_may_be_that_of_a_user_and_of_an_item_and_things_stay_what_they_are(space: Space) -> None:
    add_interactions(space, [("Heat", "Heat"), ("x", "Heat")])
    assert pairs(space) == {("Heat", "Heat"): 1, ("x", "Heat"): 1}
    assert len(space) == 1
    assert space.get("Heat")[0].value == "a film"


@pytest.mark.usefixtures("small_batches")
def test_a_source_that_is_added_again_counts_once_and_may_grow_shrink_and_change(space: Space, tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    first = [f"u{number},i{number},1" for number in range(7)]
    done = add_interactions(space, log(path, *first), weight="n")
    assert (done.events, done.new, done.users, done.items) == (7, 7, 7, 7)
    again = add_interactions(space, log(path, *first), weight="n")
    assert (again.events, again.new, again.users) == (7, 0, 0)
    grown = add_interactions(space, log(path, *first, "u0,i0,5"), weight="n")
    assert (grown.events, grown.new) == (8, 2)  # the last block was not full
    assert pairs(space)["u0", "i0"] == 6
    add_interactions(space, log(path, "u9,i9,2", *first[1:4]), weight="n")
    assert pairs(space) == {("u9", "i9"): 2, ("u1", "i1"): 1, ("u2", "i2"): 1, ("u3", "i3"): 1}
    add_interactions(space, [("u9", "i9")])
    add_interactions(space, [("u9", "i9")])
    assert pairs(space)["u9", "i9"] == 4


@pytest.mark.usefixtures("small_batches")
def test_what_was_read_before_it_stopped_is_kept_and_the_same_call_goes_on(space: Space, tmp_path: Path) -> None:
    rows = [f"u,i{number},1" for number in range(8)]
    with pytest.raises(knnife.BadRow, match="row 8"):
        add_interactions(space, log(tmp_path / "log.csv", *rows[:7], "u,,1"), weight="n")
    assert len(pairs(space)) == 6
    told: list[int] = []
    done = add_interactions(
        space, log(tmp_path / "log.csv", *rows), weight="n", progress=lambda count, share: told.append(count)
    )
    assert (done.events, done.new) == (8, 2)
    assert told == [3, 6, 8]
    skipped = add_interactions(space, log(tmp_path / "b.csv", "u,,1", "v,x,1"), weight="n", on_error="skip")
    assert (skipped.events, skipped.broken) == (1, 1)
    assert "row 1" in skipped.problems[0]


def test_names_that_differ_in_case_or_space_only_are_told(space: Space) -> None:
    done = add_interactions(space, [("Ann", "x"), ("ann ", "X"), ("Bob", "y")])
    assert list(done.alike) == ["the users 'Ann' and 'ann '", "the items 'x' and 'X'"]
    assert len(pairs(space)) == 3


def test_contexts_are_asked_for_by_name(space: Space) -> None:
    add_interactions(space, [("a", "x", 1, None, "web"), ("a", "y", 1, None, "shop"), ("a", "z")])
    web = interactions(space, context="web")
    assert [web.items[item] for item in web.chosen] == ["x"]
    assert len(interactions(space)) == 3
    with pytest.raises(knnife.NotFound, match="no events of the context 'mail'; there are: web, shop"):
        interactions(space, context="mail")


def test_users_have_facts(space: Space, tmp_path: Path) -> None:
    (tmp_path / "users.csv").write_text("user,age\n007,30\nnew,40\n")
    add_interactions(space, [("007", "x")])
    assert add_users(space, tmp_path / "users.csv", id="user") == 2
    add_users(space, [{"id": "new", "age": 41}])
    assert facts_of_users(space) == {"007": {"age": 30}, "new": {"age": 41}}
    assert list(interactions(space).users) == ["007", "new"]
    with pytest.raises(knnife.BadInput, match="no users were given"):
        add_users(space, [])


@pytest.mark.parametrize("given", [[], [("a", "")]])
def test_nothing_to_add_is_told(space: Space, given: list[tuple[str, str]]) -> None:
    with pytest.raises(knnife.BadInput, match="has no events"):
        add_interactions(space, given, on_error="skip")
    assert len(interactions(space)) == 0


def test_pairs_are_gathered_once_until_events_come(space: Space) -> None:
    add_interactions(space, [("a", "x")])
    found = interactions(space)
    assert interactions(space) is found
    add_interactions(space, [("a", "y")])
    assert len(interactions(space)) == 2
    assert module._held[space][1] is not found


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("UPDATE events SET weights = zeroblob(8)", "not what was stored, by their checksum"),
        ("UPDATE events SET users = zeroblob(4)", "not what was stored, by their checksum"),
        ("DELETE FROM event_names WHERE what = 'user' AND number = 0", "the numbers of its users have gaps"),
        ("DELETE FROM event_names WHERE what = 'item'", "are of nobody that it names"),
        ("UPDATE event_names SET about = '3' WHERE about NOTNULL", "metadata of a thing are '3'"),
    ],
)
def test_damage_is_told(tmp_path: Path, sql: str, why: str) -> None:
    with Space.open(tmp_path / "s.knnife", Letters()) as space:
        add_interactions(space, [("a", "x", 2), ("b", "y", 1)])
        add_users(space, [{"id": "a", "age": 3}])
    db = sqlite3.connect(tmp_path / "s.knnife")
    with db:
        db.execute(sql)
    db.close()
    with Space.open(tmp_path / "s.knnife") as space, pytest.raises(knnife.SpaceError, match=why):
        interactions(space)
        facts_of_users(space)
    with Space.open(tmp_path / "s.knnife") as space:
        assert "metadata" in why or any(why in fault for fault in space.info(check=True).faults or ())
