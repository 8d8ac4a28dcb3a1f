"""What cells say, what kind a field is, and how alike two records are: known answers, slow oracles beside the code."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from tests.toys import Letters

from knnife import BadInput, Space, Thing, read
from knnife.tools._match.bags import Rarity, gram_bag, key_of, word_bag
from knnife.tools._match.comparing import NAME, RECORD, RIVALS, Comparison, ahead, measured
from knnife.tools._match.fields import Field, Records, fields_of, kind_of
from knnife.tools._match.lexicon import Lexicon
from knnife.tools._match.overlap import Known, TableSide, letters
from knnife.tools._match.values import day_of, folded, number_of, text_of, words

BOTH = np.array([[0, 0]])


def compared(left: list[dict[str, object]], right: list[dict[str, object]], pairs: object = BOTH, **told: object):
    ours, theirs = Records.of(left), Records.of(right)
    return Comparison(ours, theirs, fields_of(ours, theirs, **told)).compare(np.array(pairs))


@pytest.mark.parametrize(
    ("cell", "number"),
    [("$1,299.00", 1299), ("1.299,50 €", 1299.5), ("12,5", 12.5), ("5.60 %", 5.6), ("-3", -3), ("3:45", 225),
     ("1:00:05", 3605), ("USD 20", 20), ("12 cm", None), ("1.2.3", None), ("", None), ("9" * 50, None)],
)  # fmt: skip
def test_numbers_are_read_as_people_write_them(cell: str, number: float | None) -> None:
    assert number_of(text_of(cell)) == number


@pytest.mark.parametrize(
    "cell", ["2001-02-03", "2001/2/3", "02/03/2001", "3.2.2001", "3 Feb 2001", "February 3, 2001", "03-Feb-01"]
)
def test_days_are_read_as_people_write_them(cell: str) -> None:
    assert day_of(text_of(cell)) == day_of("2001-02-03") is not None


def test_what_is_no_day_is_none() -> None:
    assert [day_of(text) for text in ("2001-02-30", "soon", "13/13/2001", "2001")] == [None] * 4


def test_cells_that_say_nothing_are_missing() -> None:
    assert [text_of(cell) for cell in (None, float("nan"), "", " - ", "N/A", "null", "...", "?")] == [None] * 8


def test_cells_stand_as_they_were_given_and_are_compared_without_case_and_accents() -> None:
    assert text_of("  Café &#40;Zürich&#41; ") == "Café (Zürich)"
    assert folded("Café (ZÜRICH)") == "cafe (zurich)"
    found = compared([{"x": "CAFÉ A-17B"}], [{"x": "cafe a17b"}])
    assert found.of(RECORD, "words")[0] == found.of(RECORD, "codes")[0] == 1
    assert text_of(395.0) == "395"


def test_names_of_models_are_one_word_and_other_words_are_parted() -> None:
    assert words("sony dsc-w120 13.5 john's rip-saw 10/100 800-555-1234") == [
        "sony", "dscw120", "13.5", "johns", "rip", "saw", "10", "100", "800", "555", "1234",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["$12.00", "1,299", "7"], "number"),
        (["2001-02-03", "4 may 2004"], "date"),
        (["212/632-5000", "800-555-1234"], "code"),
        (["9783161484100", "9780306406157"], "code"),
        (["dsc-w120", "sa750pu", "kx-tg1032"], "code"),
        (["the matrix", "alien", "12 monkeys"], "name"),
        (["red", "green"] * 50, "category"),
        ([" ".join(["word"] * 40)] * 3, "text"),
        ([], "name"),
    ],
)
def test_the_kind_of_a_field_is_read_from_its_cells(cells: list[str], kind: str) -> None:
    assert kind_of(cells) == kind


def test_records_come_from_all_that_holds_rows(tmp_path: Path) -> None:
    rows = [{"id": "a", "title": "cab", "price": 3}, {"id": "b", "title": "bad", "price": None}]
    (tmp_path / "rows.csv").write_text("id,title,price\na,cab,3\nb,bad,\n")
    wanted = {"title": ["cab", "bad"], "price": ["3", None]}
    pandas = pytest.importorskip("pandas")
    for given_rows in (rows, read(tmp_path / "rows.csv", row=True), pandas.DataFrame(rows)):
        found = Records.of(given_rows)
        assert list(found.ids) == ["a", "b"]
        assert dict(found.columns) == wanted
    with Space.open(tmp_path / "s.knnife", Letters()) as space:
        space.add([{"id": "a", "text": "cab", "size": 3}])
        assert dict(Records.of(space).columns) == {"text": ["cab"], "size": ["3"]}


def test_texts_are_records_of_one_column() -> None:
    found = Records.of(["Cab", "Bad"])
    assert (list(found.ids), dict(found.columns)) == (["0", "1"], {"text": ["Cab", "Bad"]})
    assert dict(Records.of([Thing("x", "cab")]).columns) == {"text": ["cab"]}


@pytest.mark.parametrize("given_rows", [3, b"bytes", "one text", [3], [Thing("a", b"\x00")]])
def test_what_holds_no_rows_is_refused(given_rows: object) -> None:
    with pytest.raises(BadInput):
        Records.of(given_rows)


def test_fields_are_the_columns_in_common_whatever_their_case() -> None:
    left, right = Records.of([{"Beer_Name": "ale", "x": "1"}]), Records.of([{"beer name": "ale", "y": "1"}])
    assert fields_of(left, right) == (Field("Beer_Name", "beer name", "name"),)
    assert fields_of(left, right, {("x", "y"): "code"}) == (Field("x", "y", "code"),)


@pytest.mark.parametrize("told", [["nothing"], [("x", "nothing")], [3], ["x", "x"], {"x": "colour"}])
def test_fields_that_there_are_not_are_refused(told: object) -> None:
    table = Records.of([{"x": "a"}])
    with pytest.raises(BadInput):
        fields_of(table, table, told)


def test_tables_without_a_common_column_are_refused_with_the_columns_of_both() -> None:
    with pytest.raises(BadInput, match="a;.* b"):
        fields_of(Records.of([{"a": "x"}]), Records.of([{"b": "x"}]))


def test_typos_initials_and_endings_of_models_are_near_and_numbers_are_not() -> None:
    pairs = [("brewery", "brewrey"), ("j", "john"), ("dsch50", "dsch50b"), ("lds4821ww", "lds4821wh"),
             ("2007", "2006"), ("dsch50", "dsch60"), ("ale", "red"), ("brewery", "anything")]  # fmt: skip
    lexicon = Lexicon([[list(pair) for pair in pairs]])
    place = {word: row for row, word in enumerate(lexicon.words)}
    near = lexicon.near(*(np.array([place[pair[side]] for pair in pairs]) for side in (0, 1)))
    assert (near[:4] >= [0.9, 0.6, 0.9, 0.7]).all()
    assert (near[4:] == 0).all()


texts = st.lists(st.text("abc ", max_size=8).map(lambda text: text.strip() or None), min_size=1, max_size=6)


@settings(max_examples=60)
@given(texts, texts)
def test_letters_are_the_cosine_of_weighted_runs_of_three(ours: list[str | None], theirs: list[str | None]) -> None:
    pairs = np.array([[a, b] for a in range(len(ours)) for b in range(len(theirs))])
    cells = [[text.split() if text else [] for text in table] for table in (ours, theirs)]
    bags = [(word_bag(table), gram_bag(table)) for table in cells]
    rarities = [Rarity.of([one[kind] for one in bags]) for kind in (0, 1)]
    known = Known(Lexicon(cells), rarities[1].keys, *rarities)
    left, right = (TableSide(*both, np.zeros((len(both[0]), 1), np.float32), known) for both in bags)
    found = letters(left, right, pairs)

    def runs(text: str | None) -> Counter[str]:
        spaced = f" {' '.join(text.split())} " if text else ""
        return Counter(spaced[place : place + 3] for place in range(len(spaced) - 2))

    everything = [runs(text) for text in (*ours, *theirs)]
    known = Counter(run for each in everything for run in each)
    rare = {run: math.log((1 + len(everything)) / (1 + count)) + 1 for run, count in known.items()}
    for (a, b), cosine in zip(pairs, found, strict=True):
        x, y = ({run: (1 + math.log(n)) * rare[run] for run, n in runs(text).items()} for text in (ours[a], theirs[b]))
        length = math.sqrt(sum(v * v for v in x.values()) * sum(v * v for v in y.values()))
        wanted = sum(x[run] * y.get(run, 0) for run in x) / length if length else math.nan
        assert cosine == pytest.approx(wanted, nan_ok=True)


KINDS = {"name": "name", "city": "name", "price": "number", "day": "date", "phone": "code"}


def test_what_is_missing_on_one_side_is_not_a_number_and_what_is_equal_is_one() -> None:
    day = "2001-02-03"
    found = compared(
        [{"name": "blue lagoon", "city": None, "price": "", "day": day, "phone": "1"}, {"city": "rome", "price": 4}],
        [{"name": "blue lagoon", "city": "paris", "price": 3, "day": day, "phone": None}, {"phone": "2"}],
        names=KINDS,
    )
    missing = [group in ("city", "price", "phone") for group, _ in found.names]
    assert np.isnan(found.measures[0, missing]).all()
    for measure in ("words", "held", "letters", "meaning"):
        assert found.of("name", measure)[0] == pytest.approx(1, abs=1e-6)
    assert found.of("day", "near")[0] == 1


def test_numbers_days_and_codes_are_near_as_the_page_says() -> None:
    left = [{"name": "a", "price": "$80", "day": "2001-03-05", "phone": "212/632-5000"}]
    right = [{"name": "b", "price": 100.0, "day": "2001-02-03", "phone": "212 632 9999"}]
    found = compared(left, right, names={name: kind for name, kind in KINDS.items() if name != "city"})
    assert found.of("price", "near")[0] == pytest.approx(0.8)
    assert found.of("day", "near")[0] == pytest.approx(math.exp(-1))
    assert found.of("phone", "near")[0] == pytest.approx(6 / 10)
    assert [found.of(field, "same")[0] for field in ("price", "day", "phone")] == [0, 0, 0]


def test_an_equal_value_says_the_more_the_rarer_it_is() -> None:
    rows = [{"name": "x", "price": price} for price in (1, 2, 2, 2, 3)]
    found = compared(rows, rows, [[0, 0], [1, 2], [4, 4]], names={"name": "name", "price": "number"})
    once, often, again = found.of("price", "same")
    assert once == again == 1 > often == pytest.approx(math.log(10 / 6) / math.log(10 / 2))


def test_measures_are_those_that_are_announced_and_lie_where_the_page_says() -> None:
    rows = [
        {"name": f"thing {row} of wood", "about": "long " * 20, "price": row, "code": f"ab-{row}00"} for row in range(9)
    ]
    kinds = {"name": "name", "about": "text", "price": "number", "code": "code"}
    found = compared(rows, rows, [[a, b] for a in range(9) for b in range(9)], names=kinds)
    assert list(found.names) == measured([Field(name, name, kind) for name, kind in kinds.items()])  # type: ignore[arg-type]
    others = [group != RIVALS for group, _ in found.names]
    inside = found.measures[:, others]
    assert np.nanmin(inside) >= 0
    assert np.nanmax(inside) <= 1 + 1e-6
    assert NAME in {group for group, _ in found.names}


def test_a_name_is_found_in_the_other_record_whatever_its_column() -> None:
    found = compared(
        [{"title": "pale ale", "maker": "dry dock"}, {"title": "red", "maker": "old mill"}],
        [{"title": "dry dock pale ale", "maker": None}, {"title": "stout", "maker": "mill"}],
        names=["title", "maker"],
    )
    assert found.of(NAME, "held right")[0] == pytest.approx(1)
    assert found.of(RECORD, "held")[0] == pytest.approx(1)


def test_large_work_is_done_in_parts_with_the_same_result(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"title": f"word{row % 7} other{row % 5} thing", "maker": f"house {row % 3}"} for row in range(30)]
    pairs = [[a, b] for a in range(30) for b in range(30)]
    whole = compared(rows, rows, pairs)
    monkeypatch.setattr("knnife.tools._match.overlap.AT_ONCE", 50)
    assert np.array_equal(compared(rows, rows, pairs).measures, whole.measures, equal_nan=True)


@pytest.mark.parametrize("columns", [["title"], ["title", "maker"], ["title", "plot"]])
def test_pairs_and_rivals_are_measured_by_the_same_similarity(columns: list[str]) -> None:
    cells = {"title": "tin cup", "maker": "old mill", "plot": "many words about it " * 5}
    rows = [{name: f"{cells[name]} {row % 4}x{row}" for name in columns} for row in range(12)]
    table = Records.of(rows)
    comparison = Comparison(table, Records.of(rows), fields_of(table, table))
    pairs = np.array([[a, b] for a in range(12) for b in range(12)])
    by_itself = comparison.compare(pairs, rivals=pairs[:40])
    again = comparison.compare(pairs[:40], rivals=np.concatenate([pairs, pairs]))
    same = [place for place, (group, _) in enumerate(again.names) if group != RIVALS]
    assert np.array_equal(by_itself.measures[:40, same], again.measures[:, same], equal_nan=True)
    assert np.array_equal(again.candidates.measures[:144, same], by_itself.measures[:, same], equal_nan=True)


@settings(max_examples=100)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 9)), max_size=12), st.integers(0, 1))
def test_a_pair_is_ahead_of_the_best_other_pair_of_its_record(found: list[tuple[int, int, int]], side: int) -> None:
    scores = {(a, b): score / 10 for a, b, score in found}
    rivals = np.array([*scores, *scores], np.int64).reshape(-1, 2)  # each twice, which changes nothing
    pairs = np.array([[a, b] for a in range(4) for b in range(4)])
    similarity = np.array([scores.get((a, b), 0.05) for a, b in pairs.tolist()])
    wanted = []
    for pair, own in zip(pairs.tolist(), similarity, strict=True):
        others = [score for key, score in scores.items() if key[side] == pair[side] and list(key) != pair]
        wanted.append(own - max(others, default=0))
    assert np.allclose(ahead(pairs, similarity, rivals, np.array([*scores.values()] * 2), side), wanted)


def test_within_one_table_a_rival_on_either_side_counts() -> None:
    table = Records.of(["red wooden chair", "red wooden chair", "red wooden stool", "blue lamp"])
    found = Comparison(table, table, fields_of(table, table)).compare(np.array([[0, 1], [0, 2], [1, 2]]))
    assert found.of(RIVALS, "ahead left")[0] > 0 > max(found.of(RIVALS, "ahead left")[1:])


def test_rarities_of_other_records_can_be_used() -> None:
    bag = word_bag([["a", "b"], ["a"]])
    rarity = Rarity.of([bag])
    weights = rarity.weights(np.array([key_of("a"), key_of("b"), key_of("never")]))
    assert weights[0] < weights[1] < weights[2] == 1
    assert gram_bag([["ab"], []]).sizes.tolist() == [2, 0]
