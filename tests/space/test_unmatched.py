"""A filter that finds nothing, or everything, for the want of a field or by the kind of its value, says so."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.toys import Letters

from knnife import BadFilter, Space
from knnife.space.sample import sample

FILMS = [
    {"id": "Heat", "text": "heat", "year": 1995, "watched": True, "seen": "false", "tags": ["la"], "note": None},
    {"id": "Alien", "text": "alien", "year": 1979, "watched": False, "seen": "true", "tags": ["space"], "note": None},
]


@pytest.fixture(params=[":memory:", "s.knnife"])
def films(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Space]:
    path = request.param if request.param == ":memory:" else tmp_path / request.param
    with Space.open(path, Letters()) as space:
        space.add(FILMS)
        yield space


def told(films: Space, where: Any) -> list[str]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        list(films.things(where))
    assert all(each.filename == __file__ for each in caught)  # the line of the caller, not one of ours
    return [str(each.message) for each in caught]


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("yaer > 1990", "no thing has a field 'yaer'; did you mean 'year'?"),
        ("YEAR > 1990", "no thing has a field 'YEAR'; did you mean 'year'?"),
        ({"text": {"contains": "x"}}, "no thing has a field 'text'; the fields are: year, watched, seen, tags, note"),
        ("not wached", "no thing has a field 'wached'; did you mean 'watched'?"),
        ("yaer = null", "no thing has a field 'yaer'; did you mean 'year'?"),
        ("yaer != 1990", "no thing has a field 'yaer'; did you mean 'year'?"),
        (
            'year > "1990"',
            "'year' holds numbers, as 1995, and is compared with the text '1990': numbers are written without",
        ),
        ('year != "1990"', "'year' holds numbers, as 1995, and is compared with the text '1990'"),
        ("tags = 5", "'tags' holds texts, as 'la', and is compared with the number 5: texts are written in quotation"),
        (
            'watched = "True"',
            "'watched' holds true or false, and is compared with the text 'True': write watched, or not",
        ),
        ("not seen", "'seen' holds texts, as 'false', each of which counts as there"),
        ("seen", "'seen' holds texts, as 'false', each of which counts as there"),
    ],
)
def test_what_may_not_be_meant_is_told(films: Space, where: Any, said: str) -> None:
    (message,) = told(films, where)
    assert message.startswith(said)


@pytest.mark.parametrize(
    "where",
    [
        *(None, "year > 5000", "note > 5", "note = null", 'tags = "x"', 'id = "x"', "part_of = null", "year > 1980"),
        *("watched", "yaer > 1990 or watched", "year != null"),
    ],
)
def test_a_filter_that_says_what_was_meant_is_met_with_silence(films: Space, where: Any) -> None:
    assert told(films, where) == []


def test_an_empty_space_has_no_fields_and_nobody_is_told() -> None:
    with Space.open(":memory:", Letters()) as space:
        assert told(space, "yaer > 1990") == []


@pytest.mark.parametrize(
    "ask",
    [
        lambda space, where: space.near("a", where=where),
        lambda space, where: space.within("a", where=where),
        lambda space, where: space.search("a", where=where),
        lambda space, where: space.remove(where=where),
        lambda space, where: list(space.things(where)),
        lambda space, where: sample(space, where=where),
    ],
)
def test_every_verb_tells_and_again_when_asked_again(films: Space, ask: Any) -> None:
    for _ in range(2):
        with pytest.warns(UserWarning, match="did you mean 'year'"):
            ask(films, "yaer > 1990")


def test_not_everything_is_removed_for_the_want_of_a_field(films: Space) -> None:
    for where in ("not wached", "yaer = null", 'year != "1990"'):
        with pytest.raises(BadFilter, match=r"matches all 2 things for that; nothing was removed"):
            films.remove(where=where)
    assert len(films) == 2
    assert films.remove(where="year > 0") == 2


def test_a_field_that_only_a_late_thing_has_is_known(films: Space) -> None:
    films.add([{"id": str(number), "text": "a", "year": 1} for number in range(1_100)])
    films.add([{"id": "late", "text": "b", "rating": 7.5}])
    assert told(films, "rating > 9") == []
    assert told(films, 'rating > "9"')[0].startswith("'rating' holds numbers, as 7.5")
    assert told(films, "ratign > 9") == [
        "no thing has a field 'ratign'; the fields are: year, watched, seen, tags, note"
    ]
