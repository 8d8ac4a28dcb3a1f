"""Who and what is meant: ids, titles, names that are nearly right, and names of several things."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

import knnife
from knnife.tools._recommend.named_things import near_names, things_named, title_of

TITLES = {
    "6": "Heat (1995)",
    "7": "Matrix, The (1999)",
    "8": "Sabrina (1954)",
    "9": "Sabrina (1995)",
    "10": "Amélie (Le fabuleux destin) (2001)",
    "heat": "Body Heat",
}


@pytest.fixture(scope="module")
def films() -> Iterator[knnife.Space]:
    with knnife.Space.open(":memory:") as space:
        things = [knnife.Thing(id, None, {"title": title}) for id, title in TITLES.items()]
        space.add(things, np.eye(len(things), dtype=np.float32))
        yield space


@pytest.mark.parametrize(
    ("name", "id"),
    [
        ("6", "6"),
        ("heat", "heat"),  # an id, before any title
        ("Heat (1995)", "6"),
        ("body heat", "heat"),
        ("The Matrix", "7"),
        ("matrix", "7"),
        ("MATRIX, The (1999)", "7"),
        ("Sabrina (1954)", "8"),
        ("amelie", "10"),
    ],
)
def test_a_thing_is_named_by_its_id_or_by_its_title(films: knnife.Space, name: str, id: str) -> None:
    assert things_named(films, [name]) == [id]


def test_a_title_of_several_things_is_refused(films: knnife.Space) -> None:
    with pytest.raises(knnife.BadInput, match=r"'Sabrina' is the name of 2 things \('8', '9'\); give the id"):
        things_named(films, ["Sabrina"])


def test_an_unknown_name_is_told_with_those_that_are_near(films: knnife.Space) -> None:
    with pytest.raises(knnife.NotFound, match=r"no item 'Sabrnia \(1954\)'; did you mean 'Sabrina \(1954\)'"):
        things_named(films, ["6", "Sabrnia (1954)"])


def test_names_that_differ_in_case_or_spaces_come_first() -> None:
    assert near_names("Ann ", ["anna", "ann", "bo"]) == ["ann"]
    assert near_names("godfather", ["Heat", "The Godfather Part II", "The Godfather"]) == ["The Godfather"]
    assert near_names("part", ["The Godfather Part II"]) == ["The Godfather Part II"]
    assert near_names("🍕", ["anna"]) == []


def test_a_number_is_called_as_its_text_begins() -> None:
    assert title_of(knnife.Thing("6", "Heat\nA thief and a detective.")) == "Heat"
    assert title_of(knnife.Thing("6", "x" * 500)) == "6"
    assert title_of(knnife.Thing("heat", "A thief and a detective.")) == "heat"
    assert title_of(knnife.Thing("6", b"bytes", {"title": " ", "name": "Heat"})) == "Heat"
