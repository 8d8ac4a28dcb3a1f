"""The filter language against a plain Python reading of it, and against those who mean harm."""

from __future__ import annotations

import contextlib
import datetime as dt
import decimal
import json
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pytest
from hypothesis import given, strategies as st
from tests.toys import Letters

from knnife import BadFilter, Space, read
from knnife.space import filter_tree
from knnife.space.filters import MAX_CONDITIONS, parse_filter
from knnife.space.sqlite.conditions import INDEXED_FROM, Condition, Lists, compiled
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


def matching(where: Any, things: list[dict[str, Any]] = FILMS, lists: Lists = "some") -> list[int]:
    """The numbers of the films that match, by running the compiled SQL."""
    db = Connection(":memory:")
    db.execute("CREATE TABLE things (pos INTEGER PRIMARY KEY, id TEXT, value, about TEXT, part_of TEXT)")
    rows = [(i, f"film{i}", "x", json.dumps(f), "set" if i < 2 else None) for i, f in enumerate(things)]
    db.executemany("INSERT INTO things VALUES (?, ?, ?, ?, ?)", rows)
    tree = parse_filter(where)
    condition = compiled(tree, {leaf.field: lists for leaf in filter_tree.leaves(tree)})
    found = db.execute(f"SELECT pos FROM things WHERE {condition.sql} ORDER BY pos", condition.parameters)
    return [row[0] for row in found]


def spaces(things: list[dict[str, Any]]) -> Iterator[Space]:
    """The same things in each store."""
    with tempfile.TemporaryDirectory() as folder:
        for path in (":memory:", f"{folder}/s.knnife"):
            with Space.open(path, Letters()) as space:
                space.add([{"text": "a", **thing} for thing in things])
                yield space


def ids(space: Space, where: Any) -> list[str | None]:
    return [thing.id for thing in space.things(where)]


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
    assert condition.sql == compile_filter({"x": f"{value} or another"}).sql


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


def test_integers_beyond_64_bits_are_equal_to_themselves_and_have_no_order() -> None:
    held = {"a": 2**64 + 1, "b": 2**64, "c": -(2**70), "d": 2**63 - 1, "e": 1e20, "f": 2.0**64}
    found = {name: f"n = {held[name]!r}" for name in held}
    for space in spaces([{"id": name, "n": value} for name, value in held.items()]):
        assert {name: ids(space, where) for name, where in found.items()} == {
            **{name: [name] for name in "acde"},
            **{name: ["b", "f"] for name in "bf"},  # one number, as an integer and as a float
        }
        assert ids(space, {"n": [2**64 + 1, 2**63 - 1]}) == ["a", "d"]
        assert ids(space, {"n": {"!=": decimal.Decimal(2**64)}}) == ["a", "c", "d", "e"]
        assert ids(space, "n >= 1e19") == ["e", "f"]
        for where in (f"n < {10**25}", {"n": {">": decimal.Decimal("1E+25")}}, {"n": {">=": np.uint64(2**64 - 1)}}):
            with pytest.raises(BadFilter, match="beyond 64 bits are kept as text"):
                ids(space, where)
    with pytest.raises(BadFilter, match="finite number"):
        parse_filter(f"n = {'1' * 5000}")


def test_a_constant_may_be_whatever_metadata_may_be() -> None:
    values = [
        dt.date(2020, 1, 2),
        dt.datetime(2020, 1, 2, 3),
        decimal.Decimal("12.50"),
        uuid.UUID(int=7),
        np.int64(1995),
        np.float32(0.5),
        np.datetime64("2021-05-06"),
        pandas.Timestamp("2020-01-02 03:04", tz="Europe/Berlin"),
        dt.timedelta(minutes=90),
        np.str_("crime"),
        np.bool_(True),
    ]
    for space in spaces([{"id": str(number), "m": value} for number, value in enumerate(values)]):
        for number, value in enumerate(values):
            assert ids(space, {"m": {"=": value}}) == ids(space, {"m": {"has": value}}) == [str(number)]
            assert ids(space, {"m": [value, "nothing"]}) == [str(number)]
        assert ids(space, {"m": {"<": dt.date(2020, 1, 3), ">=": dt.date(2020, 1, 2)}}) == ["0", "1", "7"]
        assert ids(space, {"m": np.array([1995, 12.5])}) == ids(space, {"m": pandas.Series([1995, 12.5])}) == ["2", "4"]
        assert ids(space, {"m": pandas.NA}) == ids(space, {"m": pandas.NaT}) == []
        assert ids(space, {"id": 3}) == ids(space, {"id": np.int64(3)}) == ids(space, "id = 3") == ["3"]
        with pytest.raises(BadFilter, match="cannot compare with"):
            ids(space, {"m": object()})


def test_null_among_values_takes_in_what_is_missing() -> None:
    things = [{"id": "a", "g": "x"}, {"id": "b", "g": None}, {"id": "c"}, {"id": "d", "g": "y"}]
    things += [{"id": "e", "g": ["x", None]}, {"id": "f", "g": ["y"]}, {"id": "g", "g": []}]
    for space in spaces(things):
        for where in ({"g": ["x", None]}, 'g in ("x", null)', {"g": {"in": ["x", pandas.NA]}}, {"g": ["x", np.nan]}):
            assert ids(space, where) == ["a", "b", "c", "e"]
        assert ids(space, 'g not in ("x", null)') == ["d", "f", "g"]
        assert ids(space, "g in (null)") == ids(space, "g = null") == ids(space, {"g": None}) == ["b", "c"]
        assert ids(space, "g has null") == ["b", "c", "e"]
        assert ids(space, "g != null") == ids(space, "g not in (null)") == ["a", "d", "e", "f", "g"]
        assert ids(space, "id in (null)") == ids(space, "part_of != null") == []


LISTS: dict[str, Any] = {
    "a": ["crime", "drama"],
    "b": "crime",
    "c": ["[crime]", 'a "b"'],
    "d": [1979, 2.5, True],
    "e": [],
    "f": "[1]",
}
ON_LISTS = {
    'm = "crime"': "ab",
    'm has "crime"': "ab",
    'm != "crime"': "cdef",
    'm in ("drama", 1979)': "ad",
    'm not in ("drama", "crime")': "cdef",
    "m > 1978": "d",
    "m < 1": "",
    "m = true": "d",
    'm >= "d"': "a",
    'm > "["': "abcf",
    'm < "b"': "cf",
    'm contains "RIM"': "abc",
    'm contains ","': "",
    """m contains 'a "b'""": "c",
    'm = "[crime]"': "c",
    'm = \'["crime","drama"]\'': "",
    'm = "[1]"': "f",
    'm in ("[]", "[1]")': "f",
    "m": "abcdf",
    "not m": "e",
}


def test_a_list_meets_a_condition_where_one_of_its_values_does() -> None:
    for space in spaces([{"id": name, "m": value} for name, value in LISTS.items()]):
        assert {where: "".join(map(str, ids(space, where))) for where in ON_LISTS} == ON_LISTS


@pytest.mark.parametrize("lists", ["some", "many"])
def test_however_many_lists_there_are_the_same_is_found(lists: Any) -> None:
    things = [{"m": value} for value in LISTS.values()]
    for where, expected in ON_LISTS.items():
        assert "".join("abcdef"[number] for number in matching(where, things, lists)) == expected, where


@pytest.mark.parametrize("others", ["single", ["a", "list"]])
def test_lists_are_found_by_an_index(tmp_path: Path, others: Any) -> None:
    with Space.open(tmp_path / "s.knnife", Letters(), durable=False) as space:
        space.add([{"id": name, "text": "a", "m": value, "n": 1} for name, value in LISTS.items()])
        space.add([{"text": str(number), "m": others, "n": "1"} for number in range(INDEXED_FROM)])
        for where, expected in ON_LISTS.items():
            assert "".join(space.near("a", 10, where=f"({where}) and n = 1").ids[0]) == expected, where


def test_one_instant_is_one_value_in_every_zone() -> None:
    written = ["2015-02-24T22:55:00Z", "2015-02-24T23:55:00+01:00", "2015-02-24 17:55:00.5-0500", "2015-02-24T22:55:00"]
    for space in spaces([{"id": str(number), "t": text} for number, text in enumerate(written)]):
        for same in ("2015-02-24T22:55:00+00:00", "2015-02-25T03:55+05:00"):
            assert (
                ids(space, {"t": same})
                == ids(space, f't in ("{same}", "x")')
                == ids(space, f't has "{same}"')
                == ["0", "1"]
            )
            assert ids(space, f't > "{same}"') == ["2"]
        assert ids(space, {"t": dt.datetime(2015, 2, 24, 22, 55, tzinfo=dt.UTC)}) == ["0", "1"]
        assert ids(space, 't contains "2015-02-24T22:55:00"') == ["0", "1", "2", "3"]


def test_one_instant_is_one_value_in_csv_too(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("id,text,t\na,x,2015-02-24T22:55:00Z\nb,y,2015-02-24T23:55:00+01:00\nc,z,\n")
    with Space.open(":memory:", Letters()) as space:
        space.add(read(tmp_path / "t.csv"))
        assert ids(space, 't = "2015-02-25T03:55+05:00"') == ["a", "b"]


def test_what_an_older_space_holds_is_found_as_it_was_written() -> None:
    written = ["2015-02-24T23:55:00+01:00", "2015-02-24T22:55:00+00:00"]
    assert [matching({"t": text}, [{"t": each} for each in written]) for text in written] == [[0, 1], [1]]


@pytest.mark.parametrize("field", ["cafe\u0301", "वर्ष", "ปี", "می\u200cخواهم", "Größe", "年"])
def test_a_name_may_have_marks_on_its_letters(field: str) -> None:
    for space in spaces([{"id": "a", field: "x"}, {"id": "b"}]):
        assert ids(space, f"{field} = 'x'") == ids(space, f"{field}") == ["a"]
        assert ids(space, f"not {field}") == ["b"]


@pytest.mark.parametrize(
    ("where", "said"), [("a§ = 1", "backticks"), ("5x = 1", "backticks"), ("a = 'x", "does not end")]
)
def test_what_no_name_holds_is_told_what_to_do(where: str, said: str) -> None:
    with pytest.raises(BadFilter, match=said):
        parse_filter(where)


def test_numbers_and_texts_without_end_are_read_at_once() -> None:
    began = time.perf_counter()
    for where in (
        "a = " + "1" * 200_000 + "x",
        "a = '" + "\\'" * 200_000,
        "a" + "\u0301" * 200_000,
        "a = 1e" + "1" * 200_000 + ".",
    ):
        with contextlib.suppress(BadFilter):
            parse_filter(where)
    assert time.perf_counter() - began < 2
