"""What the commands print: JSON, plain lines, tables on a terminal; and that data gives it no orders."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import example, given, strategies as st
from rich.cells import cell_len
from tests.interfaces.running import CONTROL, HOSTILE, Knnife

from knnife.interfaces.cli.cells import json_line, plain_line, printable
from knnife.interfaces.cli.progress import describe
from knnife.interfaces.cli.table import cut, mark, write_table


def test_search_prints_tab_separated_lines_into_a_pipe_and_every_field_as_json(knnife: Knnife, folder: Path) -> None:
    plain = [line.split("\t") for line in knnife("search films.knnife bank robbers heist -k 2").lines]
    rows = [json.loads(line) for line in knnife("search films.knnife bank robbers heist -k 2 --json").lines]
    assert [(i, text) for _, i, text in plain] == [(row["id"], row["value"]) for row in rows]
    assert [float(score) for score, *_ in plain] == [row["score"] for row in rows]
    assert rows[0]["id"] == "Heat"
    assert rows[0]["query"] == "bank robbers heist"
    assert rows[0]["about"] == {"year": 1995, "genre": "crime", "watched": 1}


def test_explain_adds_ranks_and_words(knnife: Knnife, folder: Path) -> None:
    line = knnife("search films.knnife heist -k 1 --explain").lines[0].split("\t")
    row = json.loads(knnife("search films.knnife heist -k 1 --explain --json").out)
    assert line[1:3] == [str(row["meaning_rank"]), str(row["words_rank"])]
    assert json.loads(line[3]) == row["words"] == ["heist"]


def test_pages_follow_each_other_and_filters_hold(knnife: Knnife, folder: Path) -> None:
    def ids(line: str) -> list[str]:
        return [json.loads(row)["id"] for row in knnife(line + " --json").lines]

    whole = ids("search films.knnife crime -k 4 --by meaning")
    assert ids("search films.knnife crime -k 2 --by meaning") == whole[:2]
    assert ids("search films.knnife crime -k 2 --by meaning --page 2") == whole[2:]
    assert sorted(ids("search films.knnife anything --where 'year < 1946'")) == [
        "Brief Encounter",
        "Casablanca",
    ]
    assert ids("search films.knnife heist --by words --where 'genre = \"horror\"'") == []


def test_near_names_the_query_and_shows_the_text(knnife: Knnife, folder: Path) -> None:
    rows = [json.loads(line) for line in knnife("near films.knnife --id Heat --id Alien -k 2 --json").lines]
    assert [row["query"] for row in rows] == ["Heat", "Heat", "Alien", "Alien"]
    assert all(row["id"] != row["query"] and row["value"] for row in rows)
    by_vector = [json.loads(line) for line in knnife("near points.knnife --vectors points.npy -k 1 --json").lines]
    assert [row["query"] for row in by_vector] == list(range(8))
    assert by_vector[2]["id"] == "The Asphalt Jungle"
    assert by_vector[2]["score"] == pytest.approx(1)


def test_near_at_least_gives_all_above_and_none_below(knnife: Knnife, folder: Path) -> None:
    every = [json.loads(line) for line in knnife("near films.knnife 'a bank robbery' -k 8 --json").lines]
    limit = every[3]["score"]
    found = [
        json.loads(line)
        for line in knnife(f"near films.knnife 'a bank robbery' --at-least {limit - 1e-5} --json").lines
    ]
    assert [row["id"] for row in found] == [row["id"] for row in every[:4]]


def test_compare_gives_each_pair_once(knnife: Knnife) -> None:
    rows = [json.loads(line) for line in knnife("compare 'a king' 'a queen' 'stale bread' --json").lines]
    assert [(row["a"], row["b"]) for row in rows] == [
        ("a king", "a queen"),
        ("a king", "stale bread"),
        ("a queen", "stale bread"),
    ]
    assert rows[0]["score"] > rows[1]["score"]
    assert json.loads(knnife("compare same same --json").out)["score"] == pytest.approx(1, abs=1e-5)


def test_compare_by_ids_agrees_with_near(knnife: Knnife, folder: Path) -> None:
    compared = json.loads(knnife("compare Heat Rififi --space films.knnife --ids --json").out)["score"]
    neighbours = {
        row["id"]: row["score"] for row in map(json.loads, knnife("near films.knnife --id Heat -k 7 --json").lines)
    }
    assert compared == pytest.approx(neighbours["Rififi"], abs=1e-4)


def test_info_tells_what_the_space_is(knnife: Knnife, folder: Path) -> None:
    facts = dict(line.split("\t") for line in knnife("info films.knnife").lines)
    assert facts["things"] == "8"
    assert facts["metadata"] == "year, genre, watched"
    assert facts["metric"] == "cosine"
    assert "default; encoder english (" in facts["view english"]
    row = json.loads(knnife("info films.knnife --json").out)
    assert (row["things"], row["views"][0]["vectors"]) == (8, 8)
    parts = dict(line.split("\t") for line in knnife("info notes.knnife").lines)
    assert "parts of" in parts["things"]


def test_get_gives_vectors_on_request(knnife: Knnife, folder: Path) -> None:
    row = json.loads(knnife("get points.knnife Heat --vector --json").out)
    assert row["vector"] == pytest.approx([0.1, 0.1, 0.1, 1.1])
    assert "vector" not in json.loads(knnife("get points.knnife Heat --json").out)


def test_models_lists_the_packaged_encoder(knnife: Knnife) -> None:
    assert any(line.startswith("english\ttext\t") for line in knnife("models").lines)
    assert any(json.loads(line)["name"] == "english" for line in knnife("models --json").lines)


def test_add_tells_what_it_did(knnife: Knnife, folder: Path) -> None:
    again = knnife("add films.knnife films.csv --id title --text plot")
    assert again.out.startswith("films.csv: 8 unchanged in ")
    Path("films.csv").write_text(Path("films.csv").read_text().replace("1995", "1996"))
    told = json.loads(knnife("add films.knnife films.csv --id title --text plot --json").out)
    assert (told["updated"], told["unchanged"], told["encoded"]) == (1, 7, 0)


def test_broken_rows_are_told_with_file_and_line(knnife: Knnife, folder: Path) -> None:
    lines = [json.dumps({"text": f"note {i}"}) for i in range(30)]
    lines[1:20] = ["{broken"] * 19
    Path("notes.jsonl").write_text("\n".join(lines))
    stopped = knnife("add new.knnife notes.jsonl")
    assert stopped.code == 1
    assert stopped.err.startswith("knnife: notes.jsonl, line 2: ")
    skipped = knnife("add new.knnife notes.jsonl --on-error skip")
    assert skipped.code == 0
    assert "19 broken" in skipped.out
    assert skipped.err.splitlines()[0].startswith("skipped notes.jsonl, line 2: ")
    assert skipped.err.splitlines()[-1] == "skipped 19 broken rows in all"
    assert len(skipped.err.splitlines()) == 6


def test_hostile_texts_are_one_harmless_line_in_every_form(knnife: Knnife, folder: Path) -> None:
    thing = {"id": "id \x1b[2J\r\n", "text": HOSTILE, "na\x1bme": "va\x9blue"}
    Path("evil.jsonl").write_text(json.dumps(thing))
    assert knnife("add evil.knnife evil.jsonl --id id --text text").code == 0
    for command in (
        "search evil.knnife alert",
        "near evil.knnife alert",
        "get evil.knnife -",
        "export evil.knnife",
    ):
        for form in ("", "--json") if "export" not in command else ("",):
            outcome = knnife(f"{command} {form}", input=b"")
            if "get" in command:
                outcome = knnife(f"get evil.knnife {form}", thing["id"])
            assert outcome.code == 0, outcome.err
            assert not CONTROL.search(outcome.out.replace("\t", " "))
            assert outcome.out.count("\n") == 1
    assert json.loads(knnife("get evil.knnife --json", thing["id"]).out)["value"] == HOSTILE


def test_progress_tells_count_rate_and_time_left() -> None:
    assert describe(10, None, 0.1) == "10"
    assert describe(12_000, 0.25, 4.0) == "12,000 · 3,000 a second · 0:12 left"
    assert describe(12_000, None, 4.0) == "12,000 · 3,000 a second"
    assert describe(1_000_000, 0.5, 600.0) == "1,000,000 · 1,667 a second · 10:00 left"


@given(st.text())
def test_escaped_text_is_one_line_without_controls(text: str) -> None:
    assert not CONTROL.search(printable(text))
    assert "\n" not in printable(text)


@given(st.lists(st.text(), min_size=1, max_size=4))
def test_plain_fields_can_be_told_apart_and_restored(texts: list[str]) -> None:
    row = {str(i): text for i, text in enumerate(texts)}
    fields = plain_line(row, row).split("\t")
    assert [field.encode("latin-1", "backslashreplace").decode("unicode_escape") for field in fields] == texts


@given(st.dictionaries(st.text(), st.text() | st.floats(allow_nan=False, allow_infinity=False) | st.none()))
def test_a_json_line_is_one_line_and_loses_nothing(row: dict[str, object]) -> None:
    line = json_line(row)
    assert not CONTROL.search(line)
    assert json.loads(line) == row


@given(st.text(st.characters(exclude_categories=["C", "Zl", "Zp"])), st.integers(4, 40))
@example("0000\N{COMBINING GRAVE ACCENT}", 4)  # five characters, but four cells
def test_a_cut_text_fits_and_keeps_short_ones(text: str, width: int) -> None:
    piece = cut(text, width)
    assert cell_len(piece) <= width
    if cell_len(text) <= width:
        assert piece == text


def test_a_column_with_nothing_in_it_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    columns = {"also": "also", "read": "read", "id": "id"}
    write_table([{"also": [], "read": None, "id": "a"}, {"also": ["c"], "id": "b"}], columns, wrapped=False)
    assert capsys.readouterr().out.split() == ["also", "id", "a", "c", "b"]
    assert write_table([{"also": [], "id": ""}], columns, wrapped=False) == 1


@pytest.mark.parametrize("width", [60, 80, 200])
def test_a_table_fits_the_terminal_and_keeps_its_numbers_whole(
    width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    name = "package.module.Class.method"
    row = {"score": 20.995, "rank": 41, "words": ["message", "network"], "id": name, "value": f"{name}\n\nDoes a lot."}
    columns = {"score": "score", "rank": "meaning", "words": "found", "id": "id", "value": "text"}
    assert write_table([row], columns, wrapped=False) == 1
    heading, line = capsys.readouterr().out.splitlines()
    assert heading.split() == ["score", "meaning", "found", "id", "text"]
    assert line.split()[:2] == ["20.995", "41"]
    assert max(map(cell_len, (heading, line))) <= width
    if width >= 80:
        assert line.split()[-4:] == [name, "Does", "a", "lot."]


@pytest.mark.parametrize(
    "text", ["word " * 99 + "heist " + "word " * 99, "ж" * 500 + " heist " + "ж" * 500, "x" * 99 + " heist"]
)
def test_a_cut_text_shows_the_word_that_was_found(text: str) -> None:
    assert "heist" in cut(text, 30, ("heist",))


def test_words_are_marked_in_their_other_forms() -> None:
    text = mark("Heists, a heist; the robber and the cat ran. Theist! Catalogue", ("a", "heist", "robbers", "cats"))
    marked = [text.plain[span.start : span.end] for span in text.spans]
    assert marked == ["Heists", "heist", "robber"]
