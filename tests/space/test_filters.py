"""The filter language against a plain Python reading of it, and against those who mean harm."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given, strategies as st

from knnife import BadFilter
from knnife.space.filters import MAX_CONDITIONS, parse_filter
from knnife.space.sqlite.conditions import Condition, compiled
from knnife.space.sqlite.connection import Connection


def compile_filter(where: Any) -> Condition:
    return compiled(parse_filter(where))


FILMS: list[dict[str, Any]] = [
    {"title": "Heat", "year": 1995, "genre": "crime", "watched": True, "tags": ["heist", "la"]},
    {"title": "Alien", "year": 1979, "genre": "horror", "watched": False, "tags": ["space"]},
    {"title": "Clue", "year": 1985, "genre": "comedy", "rating": 7.3},
    {"title": "Untold", "year": "unknown", "genre": None},
    {"title": "100% Wolf", "year": 2020, "genre": "family", "note's": "it's", "a b": 1},
    {},
]


def matching(where: Any) -> list[int]:
    """The numbers of the films that match, by running the compiled SQL."""
    db = Connection(":memory:")
    db.execute("CREATE TABLE things (pos INTEGER PRIMARY KEY, id TEXT, value, about TEXT, part_of TEXT)")
    rows = [(i, f"film{i}", "x", json.dumps(f), "set" if i < 2 else None) for i, f in enumerate(FILMS)]
    db.executemany("INSERT INTO things VALUES (?, ?, ?, ?, ?)", rows)
    condition = compile_filter(where)
    found = db.execute(f"SELECT pos FROM things WHERE {condition.sql} ORDER BY pos", condition.parameters)
    return [row[0] for row in found]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("year > 1990", [0, 4]),
        ("year >= 1979 and year < 1995", [1, 2]),
        ("year <= 1979", [1]),
        ('genre = "crime"', [0]),
        ("genre == 'crime'", [0]),
        ('genre != "crime"', [1, 2, 3, 4, 5]),
        ('genre <> "crime" and year > 0', [1, 2, 4]),
        ('genre in ("crime", "comedy")', [0, 2]),
        ('genre not in ("crime", "comedy")', [1, 3, 4, 5]),
        ("watched", [0]),
        ("not watched", [1, 2, 3, 4, 5]),
        ("watched = false", [1]),
        ("watched = true", [0]),
        ("genre = null", [3, 5]),
        ("genre != null", [0, 1, 2, 4]),
        ('tags has "heist"', [0]),
        ('genre has "crime"', [0]),
        ('title contains "AL"', [1]),
        ('title contains "%"', [4]),
        ('title contains "_"', []),
        ("rating > 7.2", [2]),
        ("rating = 7.30", [2]),
        ('title < "C"', [1, 4]),
        ('year > "a"', [3]),
        ("`a b` = 1", [4]),
        ("`note's` = \"it's\"", [4]),
        (r'genre = "a\"b"', []),
        ('id = "film2"', [2]),
        ('id in ("film2", "film4")', [2, 4]),
        ('part_of = "set"', [0, 1]),
        ("part_of = null", [2, 3, 4, 5]),
        ('year > 1990 and genre = "crime" and watched', [0]),
        ('genre = "crime" or genre = "horror" and watched', [0]),
        ('(genre = "crime" or genre = "horror") and not watched', [1]),
        ("not not watched", [0]),
        ("NOT watched AND year IN (1979)", [1]),
        ("year > -1e3 and year < +3000.", [0, 1, 2, 4]),
    ],
)
def test_conditions_find_what_they_say(where: str, expected: list[int]) -> None:
    assert matching(where) == expected


@pytest.mark.parametrize(
    ("text", "as_dict"),
    [
        (
            'year > 1990 and genre = "crime" and not watched',
            {"year": {">": 1990}, "genre": "crime", "watched": False},
        ),
        ("year > 1980 and year < 1990", {"year": {">": 1980, "<": 1990}}),
        ('genre in ("crime", "comedy")', {"genre": ["crime", "comedy"]}),
        ("genre = null", {"genre": None}),
        ("watched", {"watched": True}),
        ('tags has "heist"', {"tags": {"has": "heist"}}),
        ("watched or year = 1985", {"or": [{"watched": True}, {"year": 1985}]}),
        ("not (watched and year = 1995)", {"not": {"and": [{"watched": True}, {"year": 1995}]}}),
        ('genre not in ("crime")', {"genre": {"not in": ["crime"]}}),
    ],
)
def test_a_dict_says_the_same(text: str, as_dict: dict[str, Any]) -> None:
    assert matching(as_dict) == matching(text)


leaves = st.sampled_from(
    [
        ("year > 1984", lambda f: isinstance(f.get("year"), int) and f["year"] > 1984),
        ('genre = "crime"', lambda f: f.get("genre") == "crime"),
        ("watched", lambda f: bool(f.get("watched"))),
        ("rating = null", lambda f: f.get("rating") is None),
        ('tags has "space"', lambda f: "space" in (f.get("tags") or [])),
    ]
)
trees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda p: (f"({p[0][0]} and {p[1][0]})", lambda f: p[0][1](f) and p[1][1](f))),
        st.tuples(inner, inner).map(lambda p: (f"({p[0][0]} or {p[1][0]})", lambda f: p[0][1](f) or p[1][1](f))),
        inner.map(lambda p: (f"not {p[0]}", lambda f: not p[1](f))),
    ),
    max_leaves=8,
)


@given(trees)
def test_and_or_not_mean_what_they_mean_in_python(tree: Any) -> None:
    text, oracle = tree
    assert matching(text) == [i for i, film in enumerate(FILMS) if oracle(film)]


@given(st.text(max_size=60))
def test_any_text_is_either_a_filter_or_a_clear_error(text: str) -> None:
    with contextlib.suppress(BadFilter):  # anything else fails
        matching(text)


@given(st.text(min_size=1, max_size=30))
def test_any_value_is_found_and_never_read_as_sql(value: str) -> None:
    db = Connection(":memory:")
    db.execute("CREATE TABLE things (about TEXT)")
    db.execute("INSERT INTO things VALUES (?)", [json.dumps({"x": value})])
    if "\0" in value or any(0xD800 <= ord(c) < 0xE000 for c in value):
        return  # SQLite's JSON ends a text at NUL; a lone surrogate is no text
    condition = compile_filter({"x": value})
    assert db.execute(f"SELECT count(*) FROM things WHERE {condition.sql}", condition.parameters).fetchone()[0] == 1
    assert value not in condition.sql or value in "json_extract(about, '$.\"x\"') = ?"


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("", "empty"),
        ("year >", "expected a value .* found 'the end', at character 7"),
        ("year > 5 5", "expected and, or, or the end, found '5'"),
        ("a = 'x", "cannot read"),
        ("a; drop table things", "cannot read ';'"),
        ("1 = 1", "expected the name of a field"),
        ('"a" = 1', "expected the name of a field"),
        ("a in 5", "expected \\( and values"),
        ("a in ()", "expected a value"),
        ("a not b", "expected in"),
        ("a < null", "only = and != compare with null"),
        ("a contains 5", "expected a text"),
        ("a = 1e999", "finite number"),
        ("(a", "expected \\)"),
        ("and", "expected the name of a field"),
        ('`a"b` = 1', "may not be empty nor hold quotes"),
        ("(" * 60 + "a" + ")" * 60, "nested more than 50 deep"),
        (" or ".join(["a"] * (MAX_CONDITIONS + 1)), "more than 200 conditions"),
        ({}, "empty"),
        ({"a": {}}, "expected a value or"),
        ({"a": {"~": 1}}, "unknown operator '~'"),
        ({"a": float("nan")}, "finite number"),
        ({"a": b"x"}, "cannot compare with"),
        ({"a": {"in": 5}}, "expected a list"),
        ({1: 2}, "expected a name, got int"),
        ({"or": []}, "expected a list of conditions"),
        ({"not": 5}, "expected a dict"),
        (["a"], "a text or a dict, not list"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_place(where: Any, said: str) -> None:
    with pytest.raises(BadFilter, match=said):
        compile_filter(where)


def test_a_dict_nested_without_end_is_refused() -> None:
    where: dict[str, Any] = {"a": 1}
    for _ in range(5_000):
        where = {"not": where}
    with pytest.raises(BadFilter, match="nested more than 50 deep"):
        compile_filter(where)


def test_many_nots_and_the_longest_filter_still_compile() -> None:
    assert matching("not " * 1001 + "watched") == matching("not watched")
    assert matching(" or ".join(["watched"] * MAX_CONDITIONS)) == [0]
    assert matching({"year": list(range(100_000))}) == [0, 1, 2, 4]


def test_numbers_beyond_64_bits_compare_as_floats() -> None:
    assert matching(f"year < {10**25}") == [0, 1, 2, 4]
