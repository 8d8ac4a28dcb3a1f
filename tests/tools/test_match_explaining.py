"""What two records agree and differ in, in words: models, units, years, colours, slips, whole cells."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st

import knnife
from knnife import NotFound
from knnife.tools._match.explaining import Reasons, reasons
from knnife.tools._match.fields import Field, Kind, Records
from knnife.tools._match.matcher import Matcher
from knnife.tools._match.word_pieces import aligned


def of_cells(left: str, right: str, kind: Kind = "name") -> Reasons:
    ours, theirs = Records.of([{"x": left}], "left"), Records.of([{"x": right}], "right")
    field = Field("x", "x", kind)
    rarity = Matcher.fit([{"x": left}, {"x": "the others"}], [{"x": right}], fields={"x": "name"}).rarities[0]
    return reasons(ours, theirs, 0, 0, [field], rarity)


@pytest.mark.parametrize(
    ("left", "right", "said"),
    [
        ("LG television 42LC2D", "LG 42LC2R television", "x: 42LC2D differs from 42LC2R"),
        ("memory card 2 GB", "memory card, 16 GB", "x: 2 GB differs from 16 GB"),
        ("memory card 2GB", "memory card, 16 GB", "x: 2GB differs from 16 GB"),
        ("printer zen 2003 laser jet", "laser jet printer zen 2004", "x: 2003 differs from 2004"),
        ("Okami kettle black", "Okami kettle white", "x: black differs from white"),
        ("season 3 of the show", "the show, season 5", "x: 3 differs from 5"),
        ("46 cedar ave", "433 church ave", "x: 46 differs from 433"),
        ("Anna", "Boris", "x: Anna differs from Boris"),
        ("red lamp with a long neck", "red lamp", "x: only the left has with, a, long, neck"),
    ],
)
def test_what_differs_is_said_with_what_stands_there(left: str, right: str, said: str) -> None:
    assert said in of_cells(left, right).differs


@pytest.mark.parametrize(
    ("left", "right", "said"),
    [
        ("Sonara camera", "Sonarra camera", "x: Sonara is nearly Sonarra"),
        ("monitor D 240", "D240 monitor", "x: D 240, monitor"),
        ("lens 50mm", "lens 50 mm", "x: 50mm, lens"),
        ("DSC-W120", "dscw120", "x: DSC-W120"),
    ],
)
def test_what_is_written_otherwise_agrees(left: str, right: str, said: str) -> None:
    found = of_cells(left, right)
    assert said in [text.replace("lens, 50mm", "50mm, lens").replace("monitor, D 240", "D 240, monitor")
                    for text in found.agrees]  # fmt: skip
    assert found.differs == []


@pytest.mark.parametrize(
    ("kind", "left", "right", "agrees", "differs"),
    [
        ("number", "$199.99", "199.99", ["x: $199.99"], []),
        ("number", "100", "104.5", ["x: 100 is close to 104.5"], []),
        ("number", "100", "899", [], ["x: 100 differs from 899"]),
        ("number", "2003", "2004", [], ["x: 2003 differs from 2004"]),
        ("number", "0", "0.0", ["x: 0"], []),
        ("date", "2015-05-18", "May 18, 2015", ["x: 2015-05-18"], []),
        ("date", "2015-05-18", "19.5.2015", [], ["x: 2015-05-18 differs from 19.5.2015 by 1 day"]),
        ("code", "212/632-5000", "212-632-5000", ["x: 212/632-5000"], []),
        ("code", "212/632-5000", "212-632-5001", [], ["x: 212/632-5000 differs from 212-632-5001"]),
    ],
)
def test_numbers_days_and_codes_are_compared_whole(
    kind: Kind, left: str, right: str, agrees: list[str], differs: list[str]
) -> None:
    assert of_cells(left, right, kind) == (agrees, differs)


def test_the_strongest_comes_first_and_what_is_missing_is_no_reason() -> None:
    shop = [{"title": "Veltron headphones X120 for home", "price": None}, {"title": "headphones for home", "price": 3}]
    found = knnife.match(shop, [{"title": "Veltron headphones X130 for work", "price": 4}]).explain(0, 0)
    assert found["differs"][0] == "title: X120 differs from X130"
    assert not any("price" in each for each in found["agrees"] + found["differs"])


def test_a_word_that_stands_in_another_column_is_not_lacking() -> None:
    left = [{"title": "Hoyle solitaire", "maker": "Encore"}]
    right = [{"title": "Encore Hoyle solitaire deluxe", "maker": None}, {"title": "Chess", "maker": "Ubi"}]
    assert knnife.match(left, right).explain(0, 0)["differs"] == ["title: only the right has deluxe"]


def test_rejected_pairs_are_explained_compared_or_not() -> None:
    left = [{"name": f"red river ale no {n}", "id": f"l{n}"} for n in range(30)]
    right = [{"name": f"red river ale no {n}", "id": f"r{n}"} for n in range(30)]
    found = knnife.match(left, right, fields=["name"], k=1, one_to_one=True)
    taken, never = found.explain("l3", "r3"), found.explain("l3", "r17")
    assert (taken["a"], taken["b"], taken["match"], never["match"]) == ("l3", "r3", True, False)
    assert taken["differs"] == []
    assert "name: 3 differs from 17" in never["differs"]
    assert any(each.startswith("l3 is closer to r3") for each in never["differs"])
    with pytest.raises(NotFound, match="r99"):
        found.explain("l3", "r99")


def test_within_one_table_the_order_of_the_two_makes_no_difference() -> None:
    found = knnife.match(["black kettle 2 l", "white kettle 2 l", "a lamp", "another lamp"])
    assert found.explain(1, 0) == found.explain(0, 1)


def test_rows_are_explained_when_asked() -> None:
    found = knnife.match(["Anna Karenina", "The Idiot"], ["Karenina, Anna", "The Idoit"])
    assert all(not {"agrees", "differs"} & set(row) for row in found.rows())
    assert next(row["agrees"] for row in found.rows(explain=True)) == ["text: Anna, Karenina"]


TEXT = st.text(st.sampled_from("ab1 24.-gGB🍕é"), max_size=24)


@given(TEXT, TEXT)
def test_every_word_stands_in_one_place_and_both_sides_mirror_each_other(left: str, right: str) -> None:
    there, back = aligned(left, right), aligned(right, left)
    pairs = len(there.nearly) + len(there.instead)
    assert (len(there.same), pairs) == (len(back.same), len(back.nearly) + len(back.instead))
    assert (len(there.left), len(there.right)) == (len(back.right), len(back.left))
    assert aligned(left, left)[1:] == ([], [], [], [])
    assert not {each.key for each in there.left} & {each.key for each in there.right}


def test_a_long_text_is_explained_quickly_and_in_short() -> None:
    random = np.random.default_rng(0)
    one, two = (" ".join(f"w{n}" for n in random.integers(0, 400, 300)) for _ in "ab")
    found = of_cells(one, two, "text")
    assert len(found.agrees) == 1
    assert all(len(each) < 200 for each in found.agrees + found.differs)
