"""Blank records match nothing, and leave the others as they are; so do texts of signs alone, which equal themselves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import knnife
from knnife import BadInput

ANNA, CAROL = {"name": "Anna Smith", "city": "Leeds"}, {"name": "Carol White", "city": "Bath"}
BLANK = {"name": None, "city": None}
LEFT = [{"id": "1", **ANNA}, {"id": "2", **BLANK}, {"id": "3", **CAROL}]
RIGHT = [{"id": "x", **ANNA}, {"id": "y", **CAROL}]
NAMES = ["Anna Smith", "", "Carol White", " ", None]
TEXTS = ["a cat sat on the mat today", "", "the dog ran away from home", " ", "a cat sat on the mat today", None]
SERIES: dict[str, Callable[[list[Any]], Any]] = {
    "list": list,
    "pandas": pd.Series,
    "polars": pl.Series,
    "numpy": lambda texts: np.array(texts, object),
}
series = pytest.mark.parametrize("of", SERIES.values(), ids=SERIES)


def pairs(found: Any) -> list[tuple[str, str]]:
    return [(row["a"], row["b"]) for row in found.rows()]


def answered(found: Any) -> list[tuple[str, Any]]:
    return [(row["id"], row["label"]) for row in found.rows()]


@pytest.mark.parametrize("table", [list, pd.DataFrame, pl.DataFrame])
def test_a_blank_record_matches_nothing(table: Callable[[Any], Any]) -> None:
    for left in (LEFT, [LEFT[1], LEFT[0], LEFT[2]]):
        found = knnife.match(table(left), table(RIGHT))
        assert (sorted(pairs(found)), found.unmatched()) == ([("1", "x"), ("3", "y")], ["2"])
    assert pairs(knnife.match(table(RIGHT), table(LEFT))) == [("x", "1"), ("y", "3")]
    assert pairs(knnife.match(table(LEFT), table(LEFT))) == [("1", "1"), ("3", "3")]


def test_a_blank_record_of_a_file_matches_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.csv").write_text("id,name,city\n1,Anna Smith,Leeds\n2,,\n3,Carol White,Bath\n")
    Path("a.jsonl").write_text(
        '{"id": 1, "name": "Anna Smith"}\n{"id": 2, "name": null}\n{"id": 3, "name": "Carol White"}\n'
    )
    pl.DataFrame(LEFT).write_parquet("a.parquet")
    for path in ("a.csv", "a.jsonl", "a.parquet"):
        found = knnife.match(path, RIGHT)
        assert (pairs(found), found.unmatched()) == ([("1", "x"), ("3", "y")], ["2"])
    assert knnife.typos("a.csv", column="name").texts == ["Anna Smith", "", "Carol White"]


@series
def test_a_blank_text_matches_nothing(of: Callable[[Any], Any]) -> None:
    assert pairs(knnife.match(of(NAMES), of(["Anna Smith", "Carol White"]))) == [("0", "0"), ("2", "1")]
    assert pairs(knnife.match(of(NAMES), of(NAMES))) == [("0", "0"), ("2", "2")]


def test_where_all_is_blank_the_message_says_that_nothing_can_be_compared() -> None:
    for left, right in (([""], ["a name"]), ([BLANK], [ANNA]), (["!!!", "..."], ["!!!"])):
        with pytest.raises(BadInput, match=r"nothing to compare: in no column .*\((text|name, city)\)"):
            knnife.match(left, right)


@pytest.mark.parametrize(
    ("left", "right", "found"),
    [
        (["🍕🍕", "🍔"], ["🍕🍕", "🍟"], [("0", "0")]),
        (["🇩🇪", "🇫🇷"], ["🇫🇷"], [("1", "0")]),
        (["👩‍💻", "👨‍💻"], ["👨‍💻"], [("1", "0")]),
        (["€", "£"], ["£"], [("1", "0")]),
        (["🍕🍕", "Anna Smith", "Carol White"], ["Anna Smith", "🍕🍕"], [("0", "1"), ("1", "0")]),
        ([{"food": "🍕"}, {"food": "🍔"}], [{"food": "🍔"}], [("1", "0")]),
    ],
)
def test_signs_match_where_they_are_equal(left: Any, right: Any, found: list[tuple[str, str]]) -> None:
    assert pairs(knnife.match(left, right)) == found


@series
@pytest.mark.parametrize("by", ["surface", "vectors", "both"])
def test_a_blank_text_is_a_copy_of_nothing(of: Callable[[Any], Any], by: Any) -> None:
    found = knnife.duplicates(of(TEXTS), by=by)
    assert (pairs(found), len(found.things), len(found.clean())) == ([("0", "4")], 6, 5)
    assert pairs(knnife.duplicates(of(TEXTS), of(TEXTS[:3]), by=by)) == [("0", "0"), ("2", "2"), ("4", "0")]


def test_all_blank_are_no_copies() -> None:
    assert pairs(knnife.duplicates(["", " "])) == []
    assert pairs(knnife.duplicates([{"id": "a", "text": ""}, {"id": "b", "text": None}])) == []


EXAMPLES = ["a film of crime and robbers", "the police hunt a robber", "", "love at the station", "a love story", None]
LABELS = ["crime", "crime", "crime", "love", "love", "love"]


@series
def test_a_blank_text_is_of_no_class_and_teaches_none(of: Callable[[Any], Any]) -> None:
    asked = ["a robber", "", "a story of love", None]
    right = [("0", "crime"), ("1", None), ("2", "love"), ("3", None)]
    assert answered(knnife.classify(of(EXAMPLES), of(asked), labels=LABELS)) == right
    assert answered(knnife.classify(of(EXAMPLES), of(asked), labels=LABELS, none=0)) == right
    found = knnife.classify(of([*EXAMPLES, "a robber", ""]), labels=[*LABELS, None, None])
    assert (answered(found), found.positions.tolist()) == ([("6", "crime")], [6])
    assert [id for id, _ in answered(knnife.classify(of(EXAMPLES), labels=LABELS, check=True))] == ["0", "1", "3", "4"]


@pytest.mark.parametrize("of", [pd.Series, pl.Series, np.array])
def test_columns_of_texts_are_taken_by_all_tools(of: Callable[[Any], Any]) -> None:
    texts = ["a cat sat on the mat", "the dog ran away", "the court ruled today", "the law of the land"] * 10
    column = of(texts)
    assert knnife.duplicates(column).summary() == knnife.duplicates(texts).summary()
    assert pairs(knnife.match(column, column)) == pairs(knnife.match(texts, texts))
    assert knnife.outliers(column).scores.tolist() == knnife.outliers(texts).scores.tolist()
    assert not knnife.drift(column, column).drifted
    assert len(list(knnife.clusters(column).things())) == 40
    assert answered(knnife.classify(column, of(texts[2:3]), labels=[0, 0, 1, 1] * 10)) == [("0", 1)]
    with knnife.Space.open(":memory:") as space:
        space.add(column)
        assert space.near(of(["a cat", "law"]), k=1).ids == space.near(["a cat", "law"], k=1).ids


def test_a_frame_that_is_not_computed_yet_is_refused() -> None:
    """Without a look at its columns, for which polars warns."""
    frame = pl.DataFrame({"text": ["a", "b"]}).lazy()
    with knnife.Space.open(":memory:") as space:
        for ask in (space.add, knnife.duplicates, knnife.clusters, lambda given: knnife.match(given, given)):
            with pytest.raises(BadInput, match=r"LazyFrame has no rows before it is computed; give its .collect\(\)"):
                ask(frame)
