"""`knnife outliers`: what each reader gets, what is kept for later, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tests.interfaces.running import Knnife


@pytest.fixture
def pay(knnife: Knnife, folder: Path) -> Path:
    """A space of 60 payments; P7 is far too large. frauds.csv has two more, of which one is usual."""
    rows = [f"P{i},{20 + i % 9},{'FR' if i % 4 else 'DE'},{int(i in (7, 8, 9))}" for i in range(60)]
    rows[7] = "P7,90000,FR,1"
    Path("pay.csv").write_text("\n".join(["number,amount,country,fraud", *rows]))
    Path("new.csv").write_text("number,amount,country\nN1,24,FR\nN2,70000,DE\n")
    outcome = knnife("add pay.knnife pay.csv --row --id number --leave-out fraud")
    assert outcome.code == 0, outcome.err
    return Path("pay.knnife")


def test_json_says_which_columns_and_what_is_usual(knnife: Knnife, pay: Path) -> None:
    outcome = knnife("outliers pay.knnife -k 2 --json")
    first, second = map(json.loads, outcome.lines)
    assert (outcome.code, first["id"], first["columns"][0]["column"]) == (0, "P7", "amount")
    assert (first["columns"][0]["value"], first["about"]["fraud"]) == (90000, 1)
    assert first["score"] > second["score"]
    assert "worth a look" in outcome.err


def test_a_pipe_gets_the_columns_in_words(knnife: Knnife, pay: Path) -> None:
    score, p, _odd, id, like, what = knnife("outliers pay.knnife -k 1").lines[0].split("\t")
    assert (id, what[:22], "P7" in like) == ("P7", "amount 90000: usually ", False)
    assert float(score) > 2 > float(p)


def test_new_things_by_a_space_and_by_a_kept_detector(knnife: Knnife, pay: Path) -> None:
    straight = knnife("outliers pay.knnife --new new.csv --id number --json")
    assert [json.loads(line)["id"] for line in straight.lines] == ["N2", "N1"]
    kept = knnife("outliers pay.knnife --save pay.detector")
    assert (kept.code, kept.out, Path("pay.detector").exists()) == (0, "", True)
    later = knnife("outliers new.csv --detector pay.detector --id number --json")
    assert [json.loads(line)["score"] for line in later.lines] == [json.loads(line)["score"] for line in straight.lines]
    same = knnife("outliers pay.knnife --detector pay.detector -k 1 --json")
    assert json.loads(same.lines[0])["id"] == "P7"


def test_only_what_is_worth_a_look(knnife: Knnife, folder: Path) -> None:
    points = np.random.default_rng(0).normal(size=(200, 3))
    points[5] = 30
    np.save("cloud.npy", points)
    assert [json.loads(line)["position"] for line in knnife("outliers cloud.npy --odd --json").lines] == [5]
    outcome = knnife("outliers cloud.npy --odd --false-alarms 0.000001")
    assert (outcome.code, outcome.out) == (0, "")
    assert "0 of 200 things are worth a look" in outcome.err
    np.save("new.npy", points[4:6])
    assert [json.loads(line)["id"] for line in knnife("outliers cloud.npy --new new.npy --json").lines] == ["1", "0"]


def test_labels_say_whether_they_helped(knnife: Knnife, pay: Path) -> None:
    outcome = knnife("outliers pay.knnife --labels fraud -k 1")
    assert outcome.code == 0
    assert "what was learned" in outcome.err


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("notes.knnife", 1, "8 are needed"),
        ("nothing.knnife", 1, "there is no space nothing.knnife"),
        ("nothing.csv", 1, "no such file or folder: nothing.csv"),
        ("films.knnife --detector films.csv", 1, "expected a detector"),
        ("films.knnife --detector nothing", 1, "--save nothing` makes a detector"),
        ("films.knnife --labels colour", 1, "the fields are: genre, watched, year"),
        ("films.knnife --labels genre", 1, "neither true nor false"),
        ("films.knnife --new points.npy", 1, "of 4"),
        ("films.knnife --new points.knnife", 1, "of 4"),
        ("films.knnife --save d --new films.csv", 2, "--new comes later"),
        ("films.knnife --save d --detector e", 2, "--detector judges by what was kept"),
        ("films.csv --where 'year > 1990'", 2, "--where and --view are for a SPACE"),
        ("films.knnife --false-alarms 2", 2, "false-alarms"),
    ],
)
def test_what_cannot_be_done_is_one_line(knnife: Knnife, folder: Path, line: str, code: int, said: str) -> None:
    outcome = knnife(f"outliers {line}")
    assert (outcome.code, outcome.out) == (code, "")
    assert said in outcome.err
    assert outcome.err.count("\n") == 1
