"""`knnife reencode` and `knnife changes`: there, how much it changes, and back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.interfaces.running import Knnife
from tests.older import write_with_plain_words

from knnife import Space


def default(knnife: Knnife) -> str:
    views = json.loads(knnife("info films.knnife --json").out)["views"]
    return next(view["name"] for view in views if view["default"])


def test_there_with_a_report_and_back_by_the_line_it_prints(knnife: Knnife, folder: Path) -> None:
    told = knnife("reencode films.knnife --encoder ./model --name small --queries queries.txt").lines
    assert told[0].startswith("2 queries: of the first 10 answers 100% stay (median 100%), rank-biased overlap 0.")
    assert told[1].startswith("8 encoded, the view small answers now; to go back: ")
    assert default(knnife) == "small"
    back = told[1].split("to go back: knnife ")[1]
    assert knnife(back).lines[0].startswith("0 encoded, the view english answers now")
    assert default(knnife) == "english"


def test_without_switching_the_old_view_answers_on(knnife: Knnife, folder: Path) -> None:
    told = knnife("reencode films.knnife --encoder ./model --name small --no-switch --queries queries.txt").lines
    assert (
        told[-1] == "8 encoded, the view small is complete; to let it answer: knnife reencode films.knnife --use small"
    )
    assert default(knnife) == "english"


def test_things_added_meanwhile_are_completed_on_the_way_back(knnife: Knnife, folder: Path) -> None:
    knnife("reencode films.knnife --encoder ./model --name small")
    knnife("add films.knnife notes.txt")
    facts = dict(line.split("\t") for line in knnife("info films.knnife").lines)
    assert facts["view small"].startswith("default; ")
    lacking = facts["view english"].split("; ")[0]
    assert lacking == "lacks 4 of 12 things: knnife reencode films.knnife --encoder english --no-switch"
    outcome = knnife("changes films.knnife --queries queries.txt --before english")
    assert (outcome.code, outcome.err.count("\n")) == (1, 1)
    assert "8 of 12 things" in outcome.err
    assert knnife("reencode films.knnife --use english").out.startswith("4 encoded, ")
    assert "water the plants" in knnife("near films.knnife 'water the plants' -k 1").out.lower()


def test_programs_get_one_object(knnife: Knnife, folder: Path) -> None:
    row = json.loads(knnife("reencode films.knnife --encoder ./model --name small --queries queries.txt --json").out)
    assert (row["view"], row["before"], row["switched"], row["encoded"]) == ("small", "english", True, 8)
    assert row["changes"]["queries"] == 2
    assert row["changes"]["overlap"] == 1
    row = json.loads(knnife("reencode films.knnife --use english --json").out)
    assert (row["view"], row["encoded"]) == ("english", 0)
    assert json.loads(knnife("reencode films.knnife --drop small --json").out) == {"dropped": "small"}


def test_changes_of_each_query(knnife: Knnife, folder: Path) -> None:
    knnife("reencode films.knnife --encoder ./model --name small")
    rows = [
        json.loads(line)
        for line in knnife("changes films.knnife --queries queries.txt --before english -k 3 --json").lines
    ]
    assert [row["query"] for row in rows] == ["a heist goes wrong", "love at a station"]
    assert all(len(row["came"]) == len(row["went"]) == round(3 * (1 - row["overlap"])) for row in rows)
    lines = knnife("changes films.knnife --queries - --before english --after english", input="love\n\nheist\n").lines
    assert lines == ["love\t1\t1\tTrue\t[]\t[]", "heist\t1\t1\tTrue\t[]\t[]"]
    summary = knnife("changes films.knnife --queries queries.txt --before english --summary -k 8").out
    assert summary.startswith("2 queries: of the first 8 answers 100% stay")
    assert (
        json.loads(knnife("changes films.knnife --queries queries.txt --before small --summary --json").out)["rbo"] == 1
    )


@pytest.mark.parametrize(
    ("line", "code", "part"),
    [
        ("reencode films.knnife --use english --encoder ./model", 2, "--encoder and --use"),
        ("reencode films.knnife --use english --queries queries.txt", 2, "--queries goes with --encoder"),
        ("reencode films.knnife --drop english --no-switch", 2, "--no-switch goes with --encoder"),
        ("reencode films.knnife --use nope", 1, "its views: english"),
        ("reencode films.knnife --drop english", 1, "--use VIEW"),
        ("reencode films.knnife --encoder ./model --queries nowhere.txt", 1, "nowhere.txt"),
        ("reencode films.knnife --encoder ./model --queries empty.txt", 1, "empty.txt holds no queries"),
        ("reencode points.knnife --encoder ./model --queries queries.txt", 1, "brought along"),
        ("changes films.knnife --queries queries.txt", 2, "--before"),
        ("changes films.knnife --queries queries.txt --before nope", 1, "nope"),
        ("changes films.knnife --queries nowhere.txt --before english", 1, "nowhere.txt"),
    ],
)
def test_what_goes_wrong_is_told_in_a_line_and_changes_nothing(
    knnife: Knnife, folder: Path, line: str, code: int, part: str
) -> None:
    (folder / "empty.txt").write_text("\n \n")
    outcome = knnife(line)
    assert (outcome.code, outcome.out) == (code, "")
    assert outcome.err.startswith("knnife: ")
    assert outcome.err.count("\n") == 1
    assert part in outcome.err
    assert len(json.loads(knnife("info films.knnife --json").out)["views"]) == 1


def test_near_in_several_views_by_their_weights(knnife: Knnife, folder: Path) -> None:
    knnife("reencode films.knnife --encoder ./model --name small --no-switch")
    one = knnife("near films.knnife 'a heist goes wrong' -k 3 --view small").lines
    same = knnife("near films.knnife 'a heist goes wrong' -k 3 --view small=2").lines
    assert [line.split("\t")[2:] for line in same] == [line.split("\t")[2:] for line in one]
    assert len(knnife("near films.knnife 'a heist goes wrong' -k 3 --view english=1,small=2").lines) == len(one)
    outcome = knnife("near films.knnife heist --view english=much")
    assert (outcome.code, outcome.err.count("\n")) == (2, 1)
    assert "a view, or several with weights: plot=1,taste=2" in outcome.err
    assert "there is no view 'plot'" in knnife("near films.knnife heist --view plot=1").err
    assert "no similarity in common" in knnife("near films.knnife heist --view english=1 --at-least 0.1").err


def test_info_says_where_a_derived_view_comes_from_and_whether_it_is_stale(knnife: Knnife, folder: Path) -> None:
    def facts() -> str:
        return dict(line.split("\t") for line in knnife("info films.knnife").lines)["view map"]

    with Space.open("films.knnife") as films:
        films.derive("map", [[number, 0] for number in range(len(films))], source="t-SNE, seed 0", metric="euclidean")
    assert facts().startswith("derived: t-SNE, seed 0; vectors brought along; 8 x 2 float32")
    knnife("add films.knnife notes.txt")
    assert facts().startswith("derived: t-SNE, seed 0, stale; ")


def test_words_that_an_earlier_version_indexed_are_told_and_brought_up_to_date(knnife: Knnife, tmp_path: Path) -> None:
    path = tmp_path / "older.knnife"
    write_with_plain_words(path, {"zh": "我住在北京", "de": "große Straße", "en": "plain"})
    told = knnife(f"info {path}").out
    assert "3 texts indexed by an earlier knnife" in told
    assert (line := f"knnife reencode {path} --use english") in told
    assert not knnife(f"search {path} 北京 --by words").out
    assert knnife(line.removeprefix("knnife ")).lines[-1] == "words of 2 texts brought up to date"
    assert knnife(f"search {path} 北京 --by words").lines[0].endswith("我住在北京")
    assert "an earlier knnife" not in knnife(f"info {path}").out
    assert json.loads(knnife(f"info {path} --json").out)["older_words"] == 0
