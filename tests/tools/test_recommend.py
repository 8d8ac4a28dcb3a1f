"""What somebody will like: twelve people with plain tastes, and films of four kinds that know which kind they are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tests import watched

import knnife
from knnife.tools.recommend import Recommendations

KINDS, TASTES = watched.kinds(), watched.tastes()
OWN = {user: max(KINDS.values(), key=[KINDS[film] for film in films].count) for user, films in TASTES.items()}
NEVER_WATCHED = {film for film in KINDS if not any(film in films for films in TASTES.values())}


@pytest.fixture(scope="module")
def taste(tmp_path_factory: pytest.TempPathFactory) -> Iterator[knnife.Space]:
    """Films with plots, what people watched, and what was learned from both."""
    folder = tmp_path_factory.mktemp("taste")
    watched.write(folder)
    with knnife.Space.open(folder / "taste.knnife") as space:
        space.add(knnife.read(folder / "plots.csv", id="film", text="plot"))
        knnife.add_interactions(space, folder / "watched.csv", item="film", rating="rating", time="day")
        knnife.train_recommender(space)
        yield space


def of_kind(films: list[str], kind: str) -> int:
    return sum(KINDS[film] == kind for film in films)


@pytest.mark.parametrize("user", TASTES)
def test_a_user_is_answered_the_film_of_the_own_kind_that_is_left(taste: knnife.Space, user: str) -> None:
    left = {film for film in KINDS if KINDS[film] == OWN[user]} - {*TASTES[user]}
    found = knnife.recommend(taste, user=user, by="taste", k=1).ids[0]
    assert {*found} <= left - NEVER_WATCHED
    assert of_kind(knnife.recommend(taste, user=user, k=2).ids[0], OWN[user]) >= 1


def test_by_content_what_is_like_the_choices_comes_first(taste: knnife.Space) -> None:
    hits = [of_kind(knnife.recommend(taste, user=user, by="content", k=2).ids[0], OWN[user]) for user in TASTES]
    assert sum(hits) >= 0.6 * 2 * len(TASTES)


def test_what_nobody_chose_is_placed_by_its_content(taste: knnife.Space) -> None:
    assert not NEVER_WATCHED & {*knnife.recommend(taste, user="anna", by="taste", k=24).ids[0]}
    found = knnife.recommend(taste, user=[*TASTES], k=24)
    for user, films in zip(found.users, found.ids, strict=True):
        new = [film for film in films if film in NEVER_WATCHED]
        assert {*new} == NEVER_WATCHED
        assert KINDS[new[0]] == OWN[user], user


def test_seen_things_are_left_out_unless_they_are_asked_for(taste: knnife.Space) -> None:
    assert not {*TASTES["anna"]} & {*knnife.recommend(taste, user="anna", k=24).ids[0]}
    assert {*TASTES["anna"]} < {*knnife.recommend(taste, user="anna", k=24, seen=True).ids[0]}


def test_users_at_once_are_answered_as_one_by_one(taste: knnife.Space) -> None:
    together = knnife.recommend(taste, user=[*TASTES], k=5)
    for row, user in enumerate(TASTES):
        alone = knnife.recommend(taste, user=user, k=5)
        assert alone.ids[0] == together.ids[row]
        assert alone.scores[0] == pytest.approx(together.scores[row], abs=1e-5)


def test_a_basket_is_answered_without_a_user(taste: knnife.Space) -> None:
    found = knnife.recommend(taste, liked=["Amélie", "Casablanca"], k=3)
    assert found.users == [""]
    assert of_kind(found.ids[0], "romance") >= 2
    assert not {"Amélie", "Casablanca"} & {*found.ids[0]}


def test_what_is_disliked_pushes_its_kind_down(taste: knnife.Space) -> None:
    liked = {"liked": ["Heat", "Up"], "k": 22, "by": "both"}
    usual, against = (knnife.recommend(taste, **liked, **more).ids[0] for more in ({}, {"disliked": "Coco"}))
    assert "Coco" not in against

    def place(films: list[str]) -> float:
        return float(np.mean([at for at, film in enumerate(films) if KINDS[film] == "family" and film != "Coco"]))

    assert place(against) > place(usual)


def test_likes_count_beside_what_a_user_chose(taste: knnife.Space) -> None:
    films = ["Casablanca", "Notting Hill", "Roman Holiday", "Before Sunrise"]
    found = knnife.recommend(taste, user="anna", liked=films, k=4).ids[0]
    assert "Amélie" in found
    assert of_kind(knnife.recommend(taste, user="anna", k=2).ids[0], "romance") < 2


def test_a_group_gets_what_suits_all_and_nothing_that_one_has_seen(taste: knnife.Space) -> None:
    found = knnife.recommend(taste, group=["anna", "judy"], k=4)
    assert found.users == ["anna and judy"]
    assert not {*TASTES["anna"], *TASTES["judy"]} & {*found.ids[0]}
    assert {KINDS[film] for film in found.ids[0]} >= {"heist", "romance"}


def test_a_group_of_one_is_answered_as_the_user(taste: knnife.Space) -> None:
    alone = knnife.recommend(taste, user="gus", k=9)
    assert knnife.recommend(taste, group=["gus"], k=9).ids == alone.ids


@pytest.mark.parametrize("by", ["both", "content"])
def test_a_filter_is_applied_before_ranking(taste: knnife.Space, by: str) -> None:
    found = knnife.recommend(taste, user="anna", where='genre = "romance"', k=6, by=by)  # type: ignore[arg-type]
    assert len(found.ids[0]) == 6
    assert of_kind(found.ids[0], "romance") == 6


def test_fewer_come_back_where_fewer_match(taste: knnife.Space) -> None:
    found = knnife.recommend(taste, user=["anna", "kim"], where="year < 1950", k=5)
    assert [len(ids) for ids in found.ids] == [2, 1]  # Casablanca, which kim has watched, and Brief Encounter
    assert found.scores.shape == (2, 5)
    assert np.isnan(found.scores[1, 1:]).all()
    assert len([*found.rows()]) == 3


def test_diverse_answers_are_less_alike(taste: knnife.Space) -> None:
    usual, mixed = (knnife.recommend(taste, user="kim", k=5, by="content", diverse=share) for share in (0.0, 0.9))
    assert usual.ids[0][0] == mixed.ids[0][0]

    def alike(found: Recommendations) -> float:
        vectors = taste.vectors(found.ids[0])[1]
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return float((vectors @ vectors.T)[np.triu_indices(5, 1)].mean())

    assert alike(mixed) < alike(usual)


def test_novel_answers_were_chosen_by_fewer(taste: knnife.Space) -> None:
    counts = {film: sum(film in films for films in TASTES.values()) for film in KINDS}
    means = []
    for novel in (0.0, 0.5, 1.0):
        found = knnife.recommend(taste, user=[*TASTES], k=5, novel=novel)
        means.append(np.mean([counts[film] for films in found.ids for film in films]))
    assert means[0] > means[1] >= means[2]


def test_because_names_what_was_liked(taste: knnife.Space) -> None:
    found = knnife.recommend(taste, user="anna", k=24, because=True)
    rows = {row["id"]: row for row in found.rows()}
    assert rows["Heat"]["chosen"]
    assert all(KINDS[film] == "heist" for film in rows["Heat"]["chosen"])
    assert rows["Heat"]["because"].startswith(("you liked ", "you chose "))
    assert rows["Logan Lucky"]["because"].startswith("its text is like ")
    assert all(set(row["chosen"]) <= {*TASTES["anna"]} for row in rows.values())


def test_what_was_chosen_before_says_so(taste: knnife.Space) -> None:
    rows = [*knnife.recommend(taste, user="anna", seen=True, k=99, because=True).rows()]
    assert {row["id"] for row in rows if row["because"] == "chosen before"} == {*TASTES["anna"]}


def test_because_of_a_basket_counts_who_chose_both(taste: knnife.Space) -> None:
    row = next(knnife.recommend(taste, liked="Heat", by="taste", k=1, because=True).rows())
    both = sum({"Heat", row["id"]} <= {*films} for films in TASTES.values())
    those = sum("Heat" in films for films in TASTES.values())
    assert row["because"] == f"{both} of {those} who chose Heat chose it"


def test_because_of_a_group_says_who(taste: knnife.Space) -> None:
    rows = [*knnife.recommend(taste, group=["anna", "judy"], by="taste", k=4, because=True).rows()]
    assert {row["because"].split()[0] for row in rows if KINDS[row["id"]] in ("heist", "romance")} == {"anna", "judy"}


def test_similar_users_have_the_same_taste(taste: knnife.Space) -> None:
    found = knnife.similar_users(taste, [*TASTES], 2)
    for user, ids, both in zip(found.queries, found.ids, found.both, strict=True):
        assert {OWN[other] for other in ids} == {OWN[user]}
        assert both == [len({*TASTES[user]} & {*TASTES[other]}) for other in ids]


def test_similar_items_are_chosen_by_the_same_users(taste: knnife.Space) -> None:
    found = knnife.similar_items(taste, "heat", 1)
    assert found.queries == ["Heat"]
    assert KINDS[found.ids[0][0]] == "heist"
    assert next(found.rows())["both"] == sum({"Heat", found.ids[0][0]} <= {*films} for films in TASTES.values())


def test_users_are_points_for_other_tools(taste: knnife.Space) -> None:
    from knnife.space import sample

    users = sample(taste, view="users")
    assert {*users.ids} == {*TASTES}
    assert [thing.id for thing in users.things] == users.ids
    near = knnife.clusters(taste, view="users", least=2).cut(4)
    assert len(near) == 4
    assert len([*knnife.outliers(taste, view="users").rows()]) == len(TASTES)
    with pytest.raises(knnife.BadInput, match="asks things, and the view 'users' has users"):
        sample(taste, view="users", where="year > 1990")


def test_a_thing_that_came_after_the_training_is_answered_by_its_content(tmp_path: Path) -> None:
    watched.write(tmp_path)
    with knnife.Space.open(tmp_path / "taste.knnife") as space:
        space.add(knnife.read(tmp_path / "plots.csv", id="film", text="plot"))
        knnife.add_interactions(space, tmp_path / "watched.csv", item="film", rating="rating")
        knnife.train_recommender(space)
        space.add([{"id": "Topkapi", "text": "A gang of thieves breaks into a museum at night to rob it of a dagger."}])
        new = [row for row in knnife.recommend(space, user="anna", k=3, because=True).rows() if row["id"] == "Topkapi"]
        assert new
        assert new[0]["because"].startswith("its text is like ")
        assert "Topkapi" not in knnife.recommend(space, user="anna", k=99, by="taste").ids[0]
        space.remove("Topkapi")  # and what is gone is not answered
        assert "Topkapi" not in knnife.recommend(space, user="anna", k=99).ids[0]


def test_tastes_of_many_are_found_again_where_they_are_known() -> None:
    """Two hundred users of one of four tastes each: what is left of their own comes first, for nearly all."""
    rng = np.random.default_rng(5)
    kind = {f"{group}{number}": group for group in "abcd" for number in range(20)}
    events, own = [], {}
    for user in range(200):
        own[str(user)] = "abcd"[user % 4]
        events += [(str(user), f"{own[str(user)]}{item}") for item in rng.permutation(20)[:8].tolist()]
        events += [(str(user), item) for item in rng.choice([*kind], 2, replace=False).tolist()]
    with knnife.Space.open(":memory:") as space:
        knnife.add_interactions(space, events)
        knnife.train_recommender(space)
        found = knnife.recommend(space, user=[*own], k=5)
    hits = [kind[item] == own[user] for user, items in zip(found.users, found.ids, strict=True) for item in items]
    assert np.mean(hits) > 0.9


def test_the_point_of_a_user_is_made_of_choices_in_their_order(tmp_path: Path) -> None:
    from knnife.space import sample

    events = [("ann", item, 1, when) for item, when in (("a", 3), ("b", 1), ("c", 2))]
    events += [(user, item, 1, when) for user in ("bo", "cy", "di") for when, item in enumerate("abcd")]
    with knnife.Space.open(tmp_path / "taste.knnife") as space:
        knnife.add_interactions(space, events)
        knnife.train_recommender(space, factors=2)
        users = sample(space, view="users")
        ann = users.vectors[list(users.ids).index("ann")]
        assert ann == pytest.approx(users.encoder.encode([["b", "c", "a"]])[0], abs=1e-6)


def test_a_space_that_holds_none_of_the_items_is_told_before_anything_is_learned() -> None:
    with knnife.Space.open(":memory:") as space:
        space.add([{"id": "tt1", "text": "Heat"}])
        knnife.add_interactions(space, [("ann", "Heat"), ("bo", "Up")])
        with pytest.raises(knnife.BadInput, match="none of the 2 items is a thing of .*'Heat', a thing 'tt1'"):
            knnife.train_recommender(space)


def test_later_items_of_a_space_that_a_log_made_become_things() -> None:
    with knnife.Space.open(":memory:") as space:
        knnife.add_interactions(space, [("ann", "Heat"), ("bo", "Up")])
        knnife.train_recommender(space)
        knnife.add_interactions(space, [("ann", "Alien"), ("bo", "Heat")])
        knnife.train_recommender(space)
        assert {thing.id for thing in space} == {"Heat", "Up", "Alien"}
        assert knnife.recommend(space, user="bo", k=5).ids == [["Alien"]]
