"""Which records are of the same thing: planted partners, one-to-one, within a table, labels, bad input."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np
import pytest

import knnife
from knnife.tools._match.matcher import one_to_one
from knnife.tools.match import Matches

MAKERS = ["Sonara", "Veltron", "Okami", "Brightline", "Kestrel", "Nordhaus"]
KINDS = ["camera", "printer", "headphones", "kettle", "monitor", "keyboard", "drill", "lamp"]
ADJECTIVES = ["compact", "wireless", "professional", "silver", "black", "portable", "heavy duty", "travel"]


def products(n: int, seed: int = 0) -> list[dict[str, str | None]]:
    chance = random.Random(seed)
    return [
        {
            "title": f"{chance.choice(MAKERS)} {chance.choice(ADJECTIVES)} {chance.choice(KINDS)} "
            f"{chance.choice('KXDT')}{chance.randrange(100, 999)}",
            "price": f"${chance.randrange(20, 900)}.99",
        }
        for _ in range(n)
    ]


def elsewhere(product: dict[str, str | None], chance: random.Random) -> dict[str, str | None]:
    """The same product as another shop has it."""
    words = (product["title"] or "").split()
    if chance.random() < 0.5:
        words.pop(1)
    if chance.random() < 0.4:
        at = chance.randrange(len(words[0]) - 1)
        words[0] = words[0][:at] + words[0][at + 1 :]
    if chance.random() < 0.5:
        words[-1] = words[-1].lower()
    price = None if chance.random() < 0.3 else str(float((product["price"] or "$0")[1:]) + chance.choice([0, 0, -5]))
    return {"title": " ".join(words), "price": price}


@pytest.fixture(scope="module")
def shops() -> tuple[list[dict[str, str | None]], list[dict[str, str | None]]]:
    """300 products, and 400 of another shop: the first 200 of them are among the 300, in the same order."""
    chance = random.Random(1)
    left = products(300)
    return left, [elsewhere(each, chance) for each in left[:200]] + products(200, seed=2)


@pytest.fixture(scope="module")
def matched(shops: tuple[list[dict[str, str | None]], list[dict[str, str | None]]]) -> Matches:
    return knnife.match(*shops)


def pairs(found: Matches) -> Iterator[tuple[int, int]]:
    return ((row["position_a"], row["position_b"]) for row in found.rows())


def test_planted_partners_are_found_without_any_label(matched: Matches) -> None:
    found = set(pairs(matched))
    hits = sum(a == b for a, b in found)
    assert hits >= 180
    assert hits >= 0.85 * len(found)


def test_probabilities_say_how_many_are_wrong(matched: Matches) -> None:
    """Expected and true numbers of wrong matches agree within what chance does to them, and a margin."""
    found = list(pairs(matched))
    wrong = sum(a != b or a >= 200 for a, b in found)
    assert abs(matched.summary()["expected wrong"] - wrong) <= 0.08 * len(found) + 5


def test_every_row_tells_what_decided(matched: Matches) -> None:
    row = next(iter(matched.rows()))
    assert set(row) == {"a", "b", "probability", "decided", "position_a", "position_b"}
    assert "title" in row["decided"]
    weights = [abs(each) for each in row["decided"].values()]
    assert weights == sorted(weights, reverse=True)


def test_one_to_one_gives_each_record_one_partner(shops: tuple[list, list]) -> None:
    found = list(pairs(knnife.match(*shops, one_to_one=True, threshold=0.2)))
    assert len({a for a, _ in found}) == len({b for _, b in found}) == len(found)


def test_greedy_assignment_is_stable_and_ties_go_to_the_first() -> None:
    left, right = np.array([0, 0, 1, 1, 2]), np.array([0, 1, 0, 1, 1])
    stays = one_to_one(left, right, np.array([0.9, 0.8, 0.95, 0.1, 0.8]))
    assert stays.tolist() == [False, True, True, False, False]
    within = one_to_one(np.array([0, 1]), np.array([1, 2]), np.array([0.5, 0.6]), within=True)
    assert within.tolist() == [False, True]


def test_within_one_table_partners_become_sets() -> None:
    chance = random.Random(5)
    base = products(150, seed=3)
    table = [*base, *(elsewhere(each, chance) for each in base[:60])]
    found = knnife.match(table)
    assert all(a < b for a, b in pairs(found))
    planted = {(i, 150 + i) for i in range(60)}
    assert len(planted & set(pairs(found))) >= 50
    assert any(set(each) == {"0", "150"} for each in found.sets())
    with pytest.raises(knnife.BadInput, match="one table"):
        knnife.match(table[:50], table[50:]).sets()


def test_labels_are_obeyed_and_a_matcher_can_be_used_again(shops: tuple[list, list], matched: Matches) -> None:
    labels = [(i, i, 1) for i in range(25)] + [(i, i + 200, 0) for i in range(25)]
    found = knnife.match(*shops, labels=labels)
    assert found.matcher.labelled == 50
    assert sum(a == b for a, b in pairs(found)) >= 180
    again = knnife.match(*shops, matcher=found.matcher)
    assert np.allclose(again.probability, found.probability)


def test_strings_match_as_records_of_one_field() -> None:
    left = ["Anna Karenina", "War and Peace", "The Idiot", "Crime and Punishment", "Dead Souls", "Fathers and Sons"]
    right = ["WAR & PEACE", "Karenina, Anna", "Dead Souls (novel)", "The Idoit", "Moby Dick"]
    found = knnife.match(left, right, one_to_one=True, threshold=0.3)
    assert {(0, 1), (1, 0), (4, 2), (2, 3)} <= set(pairs(found))
    assert (3, 4) not in set(pairs(found))


def test_borderline_pairs_are_those_nearest_to_the_threshold(matched: Matches) -> None:
    near = matched.borderline(10)
    assert len(near) == 10
    distances = [abs(row["probability"] - 0.5) for row in near]
    assert distances == sorted(distances)
    assert max(distances) <= np.sort(np.abs(matched.probability - 0.5))[10] + 1e-12


def test_a_threshold_can_be_moved_afterwards(matched: Matches) -> None:
    strict = matched.at(0.95)
    assert len(strict) < len(matched)
    assert all(row["probability"] >= 0.95 for row in strict.rows())
    with pytest.raises(knnife.BadInput, match="threshold is 1.5"):
        matched.at(1.5)


def test_unmatched_records_are_named(matched: Matches) -> None:
    alone = matched.unmatched()
    assert len(alone) + len({a for a, _ in pairs(matched)}) == 300


def test_the_same_input_gives_the_same_answer(shops: tuple[list, list], matched: Matches) -> None:
    again = knnife.match(*shops)
    assert np.array_equal(again.a, matched.a)
    assert np.array_equal(again.probability, matched.probability)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"threshold": 2}, "threshold is 2"),
        ({"threshold": float("nan")}, "threshold is nan"),
        ({"k": 0}, "k is 0"),
        ({"fields": ["colour"]}, "no column 'colour'"),
        ({"labels": [("0", "0")]}, "label 1"),
        ({"labels": [("0", "0", 1), ("0", "0", 0)]}, "the other way"),
        ({"labels": [("0", "0", "maybe")]}, "maybe"),
        ({"labels": [("nobody", "0", 1)]}, "nobody"),
    ],
)
def test_bad_input_says_what_was_expected(asked: dict, said: str) -> None:
    table = products(12)
    with pytest.raises(knnife.KnnifeError, match=said):
        knnife.match(table, table[::-1], **asked)


@pytest.mark.parametrize("table", [[], [{"title": None}], [{"title": ""}]])
def test_tables_with_nothing_in_them_match_nothing_or_say_so(table: list) -> None:
    with pytest.raises(knnife.BadInput):
        knnife.match(table, products(3))


def test_columns_of_other_names_are_compared_where_one_says_so() -> None:
    left = products(60)
    right = [{"name": each["title"], "cost": each["price"]} for each in reversed(left)]
    with pytest.raises(knnife.BadInput, match="no column to compare"):
        knnife.match(left, right)
    found = knnife.match(left, right, fields=[("title", "name"), ("price", "cost")], one_to_one=True)
    assert sum(a == 59 - b for a, b in pairs(found)) >= 55


def test_tables_of_numbers_and_days_alone_are_matched_by_them() -> None:
    chance = random.Random(3)
    left = [{"born": f"19{chance.randrange(40, 99)}-0{1 + i % 9}-1{i % 10}", "pay": 1000 + 37 * i} for i in range(60)]
    found = knnife.match(left, left[::-1], one_to_one=True, threshold=0.0)
    assert sum(a == 59 - b for a, b in pairs(found)) >= 55
